"""Tables of a case: taking one out, and bringing one in by way of its mapping and a trial."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import IO, Any
from uuid import UUID

from flask import Request, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from evidence_api import auth
from evidence_api.api.contract import authorise
from evidence_api.api.exports import SOURCES, give_table
from evidence_api.api.imports import fields_of, guess, rows_of, without_identities
from evidence_api.domain.case import ENDED
from evidence_api.domain.errors import Conflict, Hidden, InvalidInput, NotFound
from evidence_api.domain.table import MOST_BYTES, Encoding, Table, TableKind, decode, parse
from evidence_api.policy import Permission
from evidence_api.services import cases, exports, imports
from evidence_api.services.imports import NotBroughtIn, Report
from evidence_api.work import act_of, begin
from web.cases import ROOMS, Room
from web.pages import FORM_BYTES, MAX_FORM_BYTES, Page, may, page, reading, refused
from web.texts import LABELS, translated

SAMPLE = 5
"""How many rows of a table are shown beside the mapping."""
MOST_SHOWN = 200
"""How many rows of a report are shown, those that are wrong first."""
FORM_BYTES["pages.import_table"] = MOST_BYTES + MAX_FORM_BYTES

ROOMS.append(Room("case_tables", _l("Tables, in and out"), Permission.CASE_READ))

FIELDS: Mapping[str, Any] = {
    "alias": _l("The name by which people speak of her or him"),
    "aliases": _l("Other names"),
    "amount": _l("Amount, in the smallest unit of its currency"),
    "appeal_until": _l("Can be appealed until"),
    "area": _l("Quarter, village or district"),
    "case_ref": _l("Reference of the case, if the table says it"),
    "convicted_of": _l("Statute of the conviction, if it is another"),
    "count": _l("Number of the count"),
    "country": _l("Country, as two capital letters"),
    "court": _l("Court"),
    "court_ref": _l("The court's reference"),
    "currency": _l("Currency, as three capital letters"),
    "days": _l("Time, in days"),
    "decided_on": _l("Decided on"),
    "dependents": _l("How many depend on her"),
    "description": _l("What it is"),
    "disposition": _l("What became of it"),
    "edition": _l("Edition, 1 unless it was amended"),
    "estimated_age": _l("Estimated age"),
    "family_members": _l("How many are in her household"),
    "filed_on": _l("Filed with the court on"),
    "for_life": _l("For life: true or false"),
    "gender": _l("Gender"),
    "held_from": _l("How it stood when the warrant was issued"),
    "imposed_on": _l("Imposed on"),
    "kind": _l("Kind"),
    "languages": _l("Languages, as codes such as km"),
    "latitude": _l("Latitude"),
    "longitude": _l("Longitude"),
    "minor": _l("Minor: true or false"),
    "note": _l("Note"),
    "offence_from": _l("First day of the offence"),
    "offence_until": _l("Last day of the offence"),
    "particulars": _l("Particulars"),
    "perpetrator": _l("Who is charged, by name or reference"),
    "place": _l("Place"),
    "plea": _l("Plea"),
    "pleaded_on": _l("Plea entered on"),
    "roles": _l("Roles"),
    "running": _l("Concurrent or consecutive"),
    "sentence": _l("Kind of sentence"),
    "sentence_note": _l("Note on the sentence"),
    "statute": _l("Statute, by its code"),
    "suspended": _l("Suspended: true or false"),
    "withdrawal": _l("Why it was withdrawn"),
}
"""What the columns of an imported table are, by the names of the API."""


class InMemory(Request):
    """A request whose files stay in memory: what is uploaded may name people, and is not written to a disk in the
    clear. No page takes more than a few megabytes; evidence comes another way."""

    def _get_file_stream(self, *_about: Any, **_more: Any) -> IO[bytes]:
        return BytesIO()


@page("/cases/<uuid:id>/tables", cases.read_case)
def case_tables(id: UUID) -> Page:
    """What can be taken out and brought in."""
    with reading() as work:
        found = cases.read_case(work, id)
        allowed = may(work, Permission.IMPORT, found)
        return render_template(
            "tables.html",
            case=found,
            kinds=[kind for kind in SOURCES if may(work, act_of(SOURCES[kind].announce).permission, found)],
            imports=allowed and found.stage not in ENDED and imports.kinds(work, id),
        )


for _kind, _use in (
    (TableKind.VICTIMS, exports.victims),
    (TableKind.PERPETRATORS, exports.perpetrators),
    (TableKind.VENUES, exports.venues),
    (TableKind.CHARGES, exports.charges),
    (TableKind.ITEMS, exports.items),
):

    def _give(id: UUID, kind: TableKind = _kind) -> Page:
        return give_table(auth.session_actor(), kind, id)

    _give.__name__ = f"export_{_kind.value}"
    page(f"/cases/<uuid:id>/export/{_kind.value}", _use, "POST")(_give)


@page("/cases/<uuid:id>/import", imports.keep_table, "GET", "POST")
def import_table(id: UUID) -> Page:
    """Upload a table; the next page asks what its columns say."""
    actor = auth.session_actor()
    authorise(act_of(imports.keep_table), actor, {"id": id})
    if request.method == "GET":
        return _upload(id, {})
    try:
        kind, table = _sent()
        with begin(auth.current_site(), actor) as work:
            draft = imports.keep_table(work, id, kind=kind, table=table)
    except InvalidInput as error:
        return _upload(id, error.errors)
    return redirect(url_for("pages.map_table", id=id, draft=draft), 303)


def _sent() -> tuple[TableKind, Table]:
    errors: dict[str, list[str]] = {}
    sent, kinds = request.files.get("csv"), {kind.value for kind in TableKind}
    raw = sent.read(MOST_BYTES + 1) if sent else b""
    if request.form.get("kind") not in kinds - {TableKind.ITEMS.value}:
        errors["kind"] = ["Fill this in."]
    if not raw:
        errors["csv"] = [_("Choose a file that is not empty.")]
    if len(raw) > MOST_BYTES:
        errors["csv"] = [_("It is larger than 5 MB. Divide it.")]
    if errors:
        raise InvalidInput(errors)
    kind = TableKind(request.form["kind"])
    stated = request.form.get("encoding")
    text = decode(raw, Encoding(stated) if stated in set(Encoding) else None)
    return kind, without_identities(kind, parse(text))


def _upload(id: UUID, errors: Mapping[str, Sequence[str]]) -> Page:
    with reading() as work:
        html = render_template(
            "import.html",
            case=cases.read_case(work, id),
            kinds=[(kind.value, LABELS[TableKind][kind.value]) for kind in imports.kinds(work, id)],
            encodings=[(one.value, LABELS[Encoding][one.value]) for one in Encoding],
            errors=errors,
            given=request.form,
        )
    return html, 422 if errors else 200


@page("/cases/<uuid:id>/import/<uuid:draft>", imports.bring_in, "GET", "POST")
def map_table(id: UUID, draft: UUID) -> Page:
    """What the columns say, a trial, and the import itself."""
    actor = auth.session_actor()
    authorise(act_of(imports.bring_in), actor, {"id": id})
    try:
        with reading() as work:
            kind, table = imports.kept_table(work, id, draft)
    except Hidden:
        raise
    except NotFound as error:
        flash(translated(error.detail), "attention")
        return redirect(url_for("pages.import_table", id=id), 303)
    if request.method == "GET":
        return _mapped(id, kind, table, guess(kind, table.header))
    mapping = {name: request.form[name] for name in fields_of(kind) if request.form.get(name)}
    dry_run = "import" not in request.form
    try:
        rows = rows_of(kind, table, mapping)
        with begin(auth.current_site(), actor) as work:
            report = imports.bring_in(work, id, kind=kind, rows=rows, dry_run=dry_run)
    except InvalidInput as error:
        errors = {name.removeprefix("mapping."): found for name, found in error.errors.items()}
        return _mapped(id, kind, table, mapping, errors=errors, status=422)
    except Conflict as error:
        return _mapped(id, kind, table, mapping, wrong=refused(error)[0], status=409)
    except NotBroughtIn as undone:
        status = 422 if undone.report.wrong else 200
        return _mapped(id, kind, table, mapping, report=undone.report, status=status)
    done = ngettext("%(num)s row is imported.", "%(num)s rows are imported.", len(report.rows))
    flash(str(done), "good")
    return redirect(url_for(f"pages.case_{kind.value}", id=id), 303)


def _mapped(
    id: UUID,
    kind: TableKind,
    table: Table,
    mapping: Mapping[str, str],
    *,
    errors: Mapping[str, Sequence[str]] | None = None,
    wrong: str = "",
    report: Report | None = None,
    status: int = 200,
) -> Page:
    with reading() as work:
        case = cases.read_case(work, id)
    shown = [] if report is None else [*report.wrong, *(row for row in report.rows if not row.errors)]
    html = render_template(
        "import_mapping.html",
        case=case,
        kind=kind,
        table=table,
        sample=table.rows[:SAMPLE],
        columns=[(name, name) for name in table.header],
        fields=sorted(
            ((name, FIELDS.get(name, name), required) for name, required in fields_of(kind).items()),
            key=lambda field: not field[2],
        ),
        labels_of=FIELDS,
        mapping=mapping,
        errors=errors or {},
        wrong=wrong,
        report=report,
        rows=shown[:MOST_SHOWN],
    )
    return html, status
