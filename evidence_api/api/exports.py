"""Tables taken out of a case: `/api/v1/cases/<id>/export`. Victims stand in them under their pseudonyms alone."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import Schema

from evidence_api import auth
from evidence_api.api.contract import Api
from evidence_api.domain.roles import Actor
from evidence_api.domain.table import BOM, TableKind, line
from evidence_api.services import charge_tables, evidence, exports, perpetrators, venues, victims
from evidence_api.services.exports import Export
from evidence_api.work import Site, begin
from schemas.charges import ChargeLineOut
from schemas.common import MAX_PAGE
from schemas.evidence import EvidenceOut
from schemas.perpetrators import PerpetratorOut
from schemas.venues import VenueOut
from schemas.victims import VictimOut

api = Api("exports", __name__)


@dataclass(frozen=True)
class Source:
    """Where the rows of a table come from: the act that records it, the list, what is shown of each row."""

    announce: Callable[..., Export]
    rows: Callable[..., tuple[Any, str | None]]
    schema: type[Schema]
    columns: tuple[str, ...]


SOURCES: Mapping[TableKind, Source] = {
    TableKind.VICTIMS: Source(
        exports.victims,
        victims.list_of_case,
        VictimOut,
        (
            *("pseudonym", "gender", "minor", "estimated_age", "languages", "country", "family_members", "dependents"),
            *("identification", "whereabouts", "missed_how", "care", "out_at", "created_at"),
        ),
    ),
    TableKind.PERPETRATORS: Source(
        exports.perpetrators,
        perpetrators.list_of_case,
        PerpetratorOut,
        ("ref", "alias", "aliases", "roles", "gender", "country", "note", "created_at"),
    ),
    TableKind.VENUES: Source(
        exports.venues,
        venues.list_of_case,
        VenueOut,
        (
            *("ref", "kind", "description", "place", "area", "country", "latitude", "longitude"),
            *("state", "new_use", "created_at"),
        ),
    ),
    TableKind.CHARGES: Source(
        exports.charges, charge_tables.lines, ChargeLineOut, tuple(ChargeLineOut._declared_fields)
    ),
    TableKind.ITEMS: Source(
        exports.items,
        evidence.list_of_case,
        EvidenceOut,
        (
            *("ref", "title", "filename", "media_type", "size", "sha256", "captured_at", "received_at", "method"),
            *("device", "latitude", "longitude", "tag", "place", "derivation", "sensitivity", "state"),
            *("quarantined", "held", "verified_at", "due_at"),
        ),
    ),
}


def give_table(actor: Actor, kind: TableKind, id: UUID) -> Response:
    """The table, once it is recorded that it is given out. It is read page by page, so that a slow line holds no
    transaction open, and each time by who may still see it."""
    site = auth.current_site()
    with begin(site, actor) as work:
        export = SOURCES[kind].announce(work, id)
    response = Response(_lines(site, actor, id, export), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{export.ref}-{kind.value}.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _lines(site: Site, actor: Actor, id: UUID, export: Export) -> Iterator[str]:
    source = SOURCES[export.kind]
    yield BOM + line(source.columns)
    schema = source.schema(only=source.columns)
    cursor = export.begin
    while cursor is not None:
        with begin(site, actor, read_only=True) as work:
            rows, following = source.rows(work, id, limit=MAX_PAGE, cursor=cursor)
            dumped = schema.dump(rows, many=True)
        yield "".join(line(_cell(row[name]) for name in source.columns) for row in dumped)
        cursor = UUID(following) if following else None


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


def _view(kind: TableKind) -> Callable[..., Response]:
    def view(id: UUID) -> Response:
        return give_table(auth.current_actor(), kind, id)

    return view


for _kind, _source in SOURCES.items():
    api.route(
        "GET",
        f"/cases/<uuid:id>/export/{_kind.value}.csv",
        _source.announce,
        own=_view(_kind),
        document={"content": {"text/csv": {"schema": {"type": "string"}}}},
        says=f"The {_kind.value} of a case as a table; no cell of it is run as a formula. Recorded",
    )
