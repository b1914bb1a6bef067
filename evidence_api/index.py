"""The index of what can be searched for: the gate keeps it in step with the rows, `unbroken init` fills it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from evidence_api.db import Base
from evidence_api.domain.search import Kind, Searched, is_spelt, misspellings, searchable, tokens, words
from evidence_api.models import SearchSpelling, SearchText, Victim, VictimCase

BATCH = 500
MARK = "\ue000"
"""What the marks among the tokens begin with. No word has this in it."""

SEARCHED: list[type[Base]] = [m.class_ for m in Base.registry.mappers if m.class_.searched is not Base.searched]
"""The classes that can be searched for."""


def mark(name: UUID | str = "") -> str:
    """What marks, among the tokens, the rows of a case, and (without a name) those of no case."""
    return MARK + (name.hex if isinstance(name, UUID) else name)


def of_kind(kind: Kind, token: str) -> str:
    """What a token is, besides, in the rows of a kind: one kind among all that have a common word could only be found
    row by row."""
    return f"{MARK}{kind}{MARK}{token}"


def keep(session: Session, changed: Iterable[Base]) -> None:
    """Bring the index in step with rows that are new, otherwise than before, or gone; they are flushed."""
    found = {row for row in (one.found_as(session) for one in changed) if isinstance(row, tuple(SEARCHED))}
    if found:
        write(session, found)


def write(session: Session, rows: Collection[Base]) -> None:
    """Write what rows are found by, oldest first, with a few statements for all of them."""
    now = {row.id: row.searched if sa.inspect(row).persistent else None for row in rows}  # type: ignore[attr-defined]
    before = {kept.row_id: kept for kept in session.scalars(sa.select(SearchText).where(SearchText.row_id.in_(now)))}
    cases = _cases_of_victims(session, [row.id for row in rows if isinstance(row, Victim)])
    was = {word for kept in before.values() for word in kept.text.split()}
    are: set[str] = set()
    for id, found in sorted(now.items()):
        kept = before.get(id)
        if found is None:
            if kept is not None:
                session.delete(kept)
            continue
        if kept is None:
            kept = SearchText(kind=found.kind, row_id=id)
            session.add(kept)
        kept.ref = " ".join(words(found.ref)) if found.ref else None
        kept.text = searchable((found.ref, *found.texts))
        kept.tokens = held(found, kept.text, cases.get(id, found.cases))
        are.update(kept.text.split())
    session.flush()
    _learn(session, {word for word in are - was if is_spelt(word)})
    _forget(session, {word for word in was - are if is_spelt(word)})


def held(found: Searched, text: str, cases: Iterable[UUID]) -> str:
    """All tokens of a row with that `text`, which is known in these cases."""
    plain = tokens(text)
    marks = {mark(case) for case in cases} or {mark()}
    return " ".join(sorted(plain | marks | {of_kind(found.kind, one) for one in plain}))


def _cases_of_victims(session: Session, victims: list[UUID]) -> Mapping[UUID, list[UUID]]:
    cases: dict[UUID, list[UUID]] = defaultdict(list)
    if victims:
        known = sa.select(VictimCase.victim_id, VictimCase.case_id).where(VictimCase.victim_id.in_(victims))
        for victim, case in session.execute(known):
            cases[victim].append(case)
    return cases


def _learn(session: Session, learnt: set[str]) -> None:
    if not learnt:
        return
    spelt = SearchSpelling.misspelling == SearchSpelling.word
    # Held until the end of the act, so that nobody forgets meanwhile what is used here and not seen by others yet.
    held = sa.select(SearchSpelling.word).where(spelt, SearchSpelling.word.in_(learnt)).order_by(SearchSpelling.word)
    known = session.scalars(held.with_for_update(read=True, key_share=True))
    # In one order whoever writes them, so that no two wait for one another.
    new = sorted((misspelling, word) for word in learnt.difference(known) for misspelling in misspellings(word))
    if new:
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        values = [{"misspelling": misspelling, "word": word} for misspelling, word in new]
        session.execute(insert(SearchSpelling).on_conflict_do_nothing(), values)


def _forget(session: Session, forgotten: set[str]) -> None:
    """What no text has any longer is no spelling either. What another act is learning just now stays."""
    spelt = SearchSpelling.misspelling == SearchSpelling.word
    free = sa.select(SearchSpelling.word).where(spelt, SearchSpelling.word.in_(forgotten))
    # Held before it is looked whether a text has it: that must see what those have written who held it until now.
    forgotten = set(session.scalars(free.with_for_update(skip_locked=True))) if forgotten else set()
    if forgotten:
        dialect = session.get_bind().dialect.name
        quote = _QUOTES[dialect]
        held = matching(sa.select(sa.literal(1)), dialect, quote + SearchSpelling.word + quote)
        gone = sa.delete(SearchSpelling).where(SearchSpelling.word.in_(forgotten), ~held.exists())
        session.execute(gone, execution_options={"synchronize_session": False})


_QUOTES: Mapping[str, str] = {"sqlite": '"', "postgresql": "'"}
_INDEX = sa.table("search_index", sa.column("rowid", sa.Integer))


def matching(query: sa.Select[Any], dialect: str, sought: Any) -> sa.Select[Any]:
    """`query`, for those rows of the index alone that have what is `sought`, as the database writes it: `phrased`."""
    if dialect == "sqlite":
        hit = sa.literal_column("search_index").op("MATCH")(sought)
        return query.select_from(_INDEX).join(SearchText, SearchText.id == _INDEX.c.rowid).where(hit)
    hit = sa.literal_column("search_text.search_index").op("@@")(sa.cast(sought, postgresql.TSQUERY))
    return query.select_from(SearchText).where(hit)


def having(dialect: str, text: str) -> sa.ColumnElement[bool]:
    """That the text of a row has this in it. Not by LIKE: PostgreSQL takes whatever that finds for rare, and would
    fetch all that the index has first."""
    position = sa.func.instr if dialect == "sqlite" else sa.func.strpos
    return position(SearchText.text, text) > 0


def newest(dialect: str) -> Any:
    """What to order the rows of `matching` by."""
    return (_INDEX.c.rowid if dialect == "sqlite" else SearchText.id).desc()


def phrased(dialect: str, sought: Iterable[Iterable[tuple[str, bool]]]) -> str:
    """A query for the index: of each group at least one token, or one that begins with it where that is enough."""
    quote, begins, either, both = _QUOTES[dialect], *(_SQLITE if dialect == "sqlite" else _POSTGRESQL)
    groups = (
        either.join(f"{quote}{token}{quote}{begins if beginning else ''}" for token, beginning in group)
        for group in sought
    )
    return both.join(f"({group})" for group in groups)


_SQLITE, _POSTGRESQL = (" *", " OR ", " AND "), (":*", " | ", " & ")


def lacking(session: Session) -> Iterator[tuple[UUID, type[Base]]]:
    """The rows that should be in the index and are not, oldest first."""
    found: list[tuple[UUID, type[Base]]] = []
    for model in SEARCHED:
        key = sa.inspect(model).primary_key[0]
        absent = sa.select(key).where(~sa.exists().where(SearchText.row_id == key), model.is_searched())
        found += [(id, model) for id in session.scalars(absent)]
    return iter(sorted(found, key=lambda one: one[0]))


def fill(engine: sa.Engine) -> None:
    """Write what the index lacks, such as what was there before it; a transaction for every `BATCH` rows."""
    with Session(engine) as session:
        missing = lacking(session)
    while batch := list(islice(missing, BATCH)):
        with Session(engine) as session, session.begin():
            write(session, [row for id, model in batch if (row := session.get(model, id)) is not None])
