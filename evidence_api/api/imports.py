"""Tables brought into a case: `/api/v1/cases/<id>/imports`. Each row is checked by the schema of its own route."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import Schema, fields

from evidence_api import auth
from evidence_api.api.contract import Api, answer, authorise, load, read_json
from evidence_api.domain.errors import InvalidInput
from evidence_api.domain.sentences import sentence
from evidence_api.domain.table import MOST_BYTES, Row, Table, TableKind, parse
from evidence_api.services import imports
from evidence_api.services.imports import NotBroughtIn, Report
from evidence_api.work import act_of, begin
from schemas.charges import ChargeRowIn
from schemas.perpetrators import PerpetratorIn
from schemas.tables import ImportIn, ReportOut
from schemas.venues import VenueIn
from schemas.victims import VictimIn

api = Api("imports", __name__)

SCHEMAS: Mapping[TableKind, type[Schema]] = {
    TableKind.VICTIMS: VictimIn,
    TableKind.PERPETRATORS: PerpetratorIn,
    TableKind.VENUES: VenueIn,
    TableKind.CHARGES: ChargeRowIn,
}
SEVERAL = re.compile(r"[;,،\n]")
"""What stands between several in one cell."""

SYNONYMS: Mapping[str, str] = {
    "accused": "perpetrator",
    "address": "place",
    "age": "estimated_age",
    "case": "case_ref",
    "charge": "count",
    "children": "dependents",
    "date_of_sentence": "imposed_on",
    "date_of_verdict": "decided_on",
    "defendant": "perpetrator",
    "district": "area",
    "docket": "court_ref",
    "filed": "filed_on",
    "household": "family_members",
    "language": "languages",
    "lat": "latitude",
    "lng": "longitude",
    "lon": "longitude",
    "long": "longitude",
    "name": "alias",
    "nationality": "country",
    "notes": "note",
    "offence": "statute",
    "other_names": "aliases",
    "outcome": "disposition",
    "remarks": "note",
    "role": "roles",
    "section": "statute",
    "sex": "gender",
    "state": "disposition",
    "type": "kind",
    "verdict": "disposition",
    "version": "edition",
    "village": "area",
}
"""What columns are often called."""

IDENTIFYING = frozenset(
    {
        *("name", "names", "surname", "forename", "firstname", "lastname", "fullname", "nickname", "alias"),
        *("aliases", "phone", "telephone", "mobile", "email", "mail", "address", "dob", "birth"),
        *("birthday", "birthdate", "passport", "id", "nid", "identity", "facebook", "telegram"),
    }
)
"""Words in the name of a column that tell who a victim is. Her identity goes into the vault by the hand of her
caseworker, and never comes by a table."""


def fields_of(kind: TableKind) -> dict[str, bool]:
    """What a row of a table can say, and whether it must."""
    return {name: field.required for name, field in SCHEMAS[kind]().fields.items() if name != "case"}


def identifying(kind: TableKind, column: str) -> bool:
    """Whether a column seems to tell who a victim is, and is therefore not read."""
    return kind is TableKind.VICTIMS and bool(IDENTIFYING & set(_words(column)))


def without_identities(kind: TableKind, table: Table) -> Table:
    """The table without the columns that seem to tell who a victim is."""
    kept = [n for n, name in enumerate(table.header) if name and not identifying(kind, name)]
    return Table([table.header[n] for n in kept], [(line, [cells[n] for n in kept]) for line, cells in table.rows])


def guess(kind: TableKind, header: list[str]) -> dict[str, str]:
    """For each field the column that is probably meant, by its name."""
    named = {"_".join(_words(column)): column for column in reversed(header)}
    by_synonym = {SYNONYMS[name]: column for name, column in named.items() if name in SYNONYMS}
    found = {**by_synonym, **named}
    return {name: found[name] for name in fields_of(kind) if name in found}


def _words(column: str) -> list[str]:
    return re.findall(r"[^\W_]+", column.casefold())


def rows_of(kind: TableKind, table: Table, mapping: Mapping[str, str]) -> list[Row]:
    """Every row as its use case takes it, or with what is wrong. Raises InvalidInput for the mapping itself."""
    schema = SCHEMAS[kind]()
    columns = _columns(kind, table, mapping)
    found = []
    for line, cells in table.rows:
        texts = {name: cells[n].strip() for name, n in columns.items() if cells[n].strip()}
        row = Row(line, texts, {})
        try:
            # Any id does for a case: the use case puts in the one into which the table comes.
            into = {"case": _ANY} if "case" in schema.fields else {}
            said = load(lambda: schema, {**into, **{name: _value(schema.fields[name], texts[name]) for name in texts}})
        except InvalidInput as error:
            row.errors = error.errors
        else:
            row.said = {name: value for name, value in said.items() if name != "case"}
        found.append(row)
    return found


_ANY = str(UUID(int=0))


def _columns(kind: TableKind, table: Table, mapping: Mapping[str, str]) -> dict[str, int]:
    known = fields_of(kind)
    errors: dict[str, list[str]] = {}
    for name, column in mapping.items():
        if name not in known:
            errors[f"mapping.{name}"] = [sentence("Give one of: {choices}.", choices=list(known))]
        elif identifying(kind, column):
            errors[f"mapping.{name}"] = [
                "This column seems to tell who they are. Identities are not imported: a caseworker writes each one "
                "on the page of the victim."
            ]
        elif column not in table.header:
            errors[f"mapping.{name}"] = ["There is no such column. Look at the first line."]
    for name, required in known.items():
        if required and name not in mapping:
            errors[f"mapping.{name}"] = ["Name the column that says this."]
    if errors:
        raise InvalidInput(errors)
    return {name: table.header.index(column) for name, column in mapping.items()}


def _value(field: Any, text: str) -> Any:
    """A cell as the schema takes it: codes as people write them, several divided."""
    if isinstance(field, fields.List):
        return [_value(field.inner, part.strip()) for part in SEVERAL.split(text) if part.strip()]
    if isinstance(field, fields.Enum):
        return "_".join(_words(text))
    return text


def bring(id: UUID) -> Response:
    """The table in the body. Everything, or nothing where a row is wrong: then 422 says what, row by row."""
    actor = auth.current_actor()
    authorise(act_of(imports.bring_in), actor, {"id": id})
    given = read_json(ImportIn, MOST_JSON)
    kind: TableKind = given["kind"]
    authorise(act_of(imports.REGISTER[kind][1]), actor, {})
    rows = rows_of(kind, parse(given["csv"]), given["mapping"])
    try:
        with begin(auth.current_site(), actor) as work:
            report = imports.bring_in(work, id, kind=kind, rows=rows, dry_run=given["dry_run"])
            return answer(IMPORT, report, work)
    except NotBroughtIn as undone:
        if not given["dry_run"]:
            raise InvalidInput(errors_of(undone.report)) from undone
        with begin(auth.current_site(), actor, read_only=True) as work:
            return answer(IMPORT, undone.report, work)


def errors_of(report: Report) -> dict[str, list[str]]:
    """What is wrong, by line and field, such as `line 3.kind`."""
    return {f"line {row.line}.{name}": found for row in report.wrong for name, found in row.errors.items()}


MOST_JSON = 2 * MOST_BYTES
"""Bytes of a body: in JSON a table is longer than by itself."""

api.route(
    "POST",
    "/cases/<uuid:id>/imports",
    imports.bring_in,
    own=bring,
    body=ImportIn,
    out=ReportOut,
    says="Bring a table into a case, all of its rows or none; or try it out",
)
IMPORT = api.routes[-1]
