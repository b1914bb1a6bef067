"""The one gate. Every act is a `Work`: permission, lifecycle, change and ledger entry in one transaction.

`begin` holds the only commit of the service. It refuses to commit a change that nobody recorded. A use case is a
function `f(work, ...)` under `@act(permission)`; one that is not, fails at import.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from evidence_api import counting, index
from evidence_api.config import Settings
from evidence_api.db import Base, database_time, insert_if_absent, open_session
from evidence_api.domain.errors import (
    Conflict,
    Denied,
    Forbidden,
    Hidden,
    IllegalTransition,
    NotFound,
    SessionLocked,
    StaleVersion,
    StepUpRequired,
)
from evidence_api.domain.lifecycle import Lifecycle, S
from evidence_api.domain.lifecycle import Step as LifecycleStep
from evidence_api.domain.roles import Actor
from evidence_api.domain.sentences import Term, sentence
from evidence_api.keys import KeyStore
from evidence_api.ledger import chain
from evidence_api.ledger.entry import Fact
from evidence_api.models import CaseActor, Counter, LedgerEntry
from evidence_api.policy import LOCKED, Permission, refusal
from evidence_api.sight import visible
from evidence_api.storage import Finding, Storage
from evidence_api.vault import Vault

log = structlog.get_logger()

M = TypeVar("M", bound=Base)
P = ParamSpec("P")
R = TypeVar("R")


class UnrecordedChange(Exception):
    """A use case changed rows and recorded nothing. A defect of ours: nothing is committed."""


class Subject(Protocol):
    """Whatever an entry can be about."""

    @property
    def subject(self) -> str: ...


@dataclass(frozen=True)
class Site:
    """What every act needs and none owns: the engine, the keys, the store, the ledger's origin."""

    engine: sa.Engine
    settings: Settings
    keys: KeyStore
    storage: Storage
    origin: str
    installation: UUID
    findings: tuple[Finding, ...] = ()

    @property
    def subject(self) -> str:
        """The installation's own chain."""
        return f"system:{self.installation}"

    @property
    def vault(self) -> Vault:
        """What seals identities and addresses, under keys of its own."""
        return Vault(self.settings.key_files["vault"])


@dataclass
class Work:
    """One act, in one transaction, by one actor."""

    actor: Actor
    session: Session
    site: Site
    if_match: int | None = None
    read_only: bool = False
    drafts: list[chain.Draft] = field(default_factory=list)
    written: list[LedgerEntry] = field(default_factory=list)
    changed: dict[int, Base] = field(default_factory=dict)
    covered: set[int] = field(default_factory=set)
    tables: set[str] = field(default_factory=set)
    entered: Base | None = None
    """The row that the act is about, which the gate has let in and locked."""
    _now: datetime | None = None
    _queries: dict[tuple[type[Base], Actor], sa.Select[Any]] = field(default_factory=dict)
    _names: dict[tuple[UUID, UUID], UUID] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)
    _raised: set[str] = field(default_factory=set)

    @property
    def storage(self) -> Storage:
        return self.site.storage

    @property
    def keys(self) -> KeyStore:
        return self.site.keys

    @property
    def now(self) -> datetime:
        """The moment of this act, UTC, by the one clock; the same throughout the act."""
        if self._now is None:
            self._now = database_time(self.session)
        return self._now

    def query(self, model: type[M]) -> sa.Select[M]:
        """A select of the rows of `model` that exist for this actor."""
        asked = model, self.actor
        if asked not in self._queries:
            self._queries[asked] = sa.select(model).where(visible(model, self.actor))
        return self._queries[asked]

    def get(self, model: type[M], id: UUID, permission: Permission, *, lock: bool = False) -> M:
        """The row, if the actor may know of it. Raises NotFound; a row that is hidden is recorded as a denial."""
        key = sa.inspect(model).primary_key[0]
        find = self.query(model).where(key == id)
        if lock:
            find = find.with_for_update(of=model, key_share=True).execution_options(populate_existing=True)
        found = self.session.scalars(find).one_or_none()
        if found is None:
            hidden = self.session.get(model, id)
            if hidden is not None:
                raise Hidden(permission=permission.value, subject=hidden.subject)
            raise NotFound
        return found

    def require(self, permission: Permission, thing: Base | None = None) -> None:
        """Raise Forbidden unless the actor may. What she may not even see never comes this far."""
        self.require_open(permission)
        refused = refusal(self.session, self.actor, permission, thing)
        if refused is not None:
            subject = None if thing is None else thing.subject
            raise Forbidden(refused.detail, permission=permission.value, subject=subject)

    def require_open(self, permission: Permission) -> None:
        """Raise SessionLocked for what a locked session is not good for. No denial: who is it that asks?"""
        if self.actor.locked and permission not in LOCKED:
            raise SessionLocked

    def forbid(self, detail: str, permission: Permission, thing: Subject) -> Forbidden:
        """A refusal that only the use case can see, to be raised: it is recorded like any other."""
        return Forbidden(detail, permission=permission.value, subject=thing.subject)

    def step_up(self) -> None:
        """Raise StepUpRequired unless a fresh code came with this very request and was good."""
        if not self.actor.fresh:
            raise StepUpRequired

    def step(
        self, lifecycle: Lifecycle[S], state: S, action: str, permission: Permission, thing: Subject
    ) -> LifecycleStep[S]:
        """The lifecycle's row for `action`. Role first (403), then the state (409 with what is legal now)."""
        self.require_role(lifecycle, action, permission, thing)
        row = lifecycle.step(state, action)
        if self.actor.role not in row.roles:
            allowed = [s.action for s in lifecycle.steps if state in s.sources and self.actor.role in s.roles]
            raise IllegalTransition("Not from here.", state=state.value, allowed=allowed)
        return row

    def require_role(self, lifecycle: Lifecycle[S], action: str, permission: Permission, thing: Subject) -> None:
        """Raise Forbidden where the actor's role takes `action` from no state at all."""
        roles = lifecycle.roles(action)
        if roles and self.actor.role not in roles:
            template = "This is not for your role: {action}. You act as: {role}."
            raise self.forbid(sentence(template, action=Term(action), role=self.actor.role), permission, thing)

    def transition(
        self,
        thing: Any,
        attribute: str,
        lifecycle: Lifecycle[S],
        action: str,
        permission: Permission,
        *,
        target: S | None = None,
        data: Mapping[str, Fact] | None = None,
        facts: Mapping[str, Fact | float] | None = None,
        occurred_at: datetime | None = None,
        private: bool = False,
        covers: Sequence[Base] = (),
    ) -> None:
        """Move `thing.attribute` along its lifecycle and record it, both or neither.

        `target` is given only where the table leaves it open. Where the step is `private`, the entry names the
        attribute alone, and what was done is a commitment. Raises Forbidden or IllegalTransition.
        """
        state = getattr(thing, attribute)
        row = self.step(lifecycle, state, action, permission, thing)
        reached = target or row.target
        if reached is None:
            raise Conflict("It is not known where to return to.")
        setattr(thing, attribute, reached)
        noun = thing.subject.split(":")[0]
        moved: dict[str, Fact] = {"from": state.value, "to": reached.value}
        verb = attribute if private else action
        open_, sealed = ({}, {"action": action, **moved}) if private else (moved, {})
        self.record(
            thing,
            f"{noun}:{verb}",
            data={**open_, **(data or {})},
            facts={**sealed, **(facts or {})},
            occurred_at=occurred_at,
            covers=covers,
        )

    def record(
        self,
        thing: Subject | str,
        action: str,
        *,
        data: Mapping[str, Fact] | None = None,
        facts: Mapping[str, Fact | float] | None = None,
        occurred_at: datetime | None = None,
        covers: Sequence[Base] = (),
    ) -> None:
        """Queue a ledger entry about `thing`; it is written just before the commit, or nothing is.

        `data` holds opaque facts only. Whatever is personal, a place, a name or free text belongs in `facts`. An entry
        speaks for the changed rows of its own subject, and for those more that it `covers`.
        """
        self.covered.update(map(id, covers))
        subject = thing if isinstance(thing, str) else thing.subject
        case_id: UUID | None = getattr(thing, "case_id", None) if not isinstance(thing, str) else None
        self.drafts.append(
            chain.Draft(
                subject=subject,
                action=action,
                actor=self.known_as(case_id),
                role=self.actor.role.value,
                auth=self.actor.auth,
                data=data or {},
                facts=facts or {},
                occurred_at=occurred_at,
                case_id=case_id,
            )
        )

    def known_as(self, case_id: UUID | None, user_id: UUID | None = None) -> UUID | None:
        """The id under which a person (the actor, unless another is named) stands in the chains of that case."""
        user_id = user_id or self.actor.user_id
        if case_id is None or user_id is None:
            return user_id
        if (case_id, user_id) not in self._names:
            find = sa.select(CaseActor.actor).where(CaseActor.case_id == case_id, CaseActor.user_id == user_id)
            found = self.session.execute(find).scalar_one_or_none()
            if found is None:
                insert_if_absent(self.session, CaseActor, case_id=case_id, user_id=user_id)
                found = self.session.execute(find).scalar_one()
            self._names[case_id, user_id] = found
        return self._names[case_id, user_id]

    def next_number(self, series: str) -> int:
        """The next number of a series, from 1, without gaps among what is committed."""
        if series in self._numbers:
            # The series is this act's alone until it ends; what it has reached is written once, at the end.
            self._numbers[series] += 1
            self._raised.add(series)
        else:
            insert_if_absent(self.session, Counter, series=series, last=0)
            raised = (
                sa.update(Counter).where(Counter.series == series).values(last=Counter.last + 1).returning(Counter.last)
            )
            self._numbers[series] = self.session.execute(raised).scalar_one()
        return self._numbers[series]

    def write_ledger(self) -> Sequence[LedgerEntry]:
        """Write the queued entries now, for a use case that must answer with them."""
        drafts, self.drafts = self.drafts, []
        self.session.flush()
        self.written += chain.append(self.session, self.keys, self.site.origin, drafts)
        return self.written

    def finish(self) -> None:
        """Write what is queued. Raises UnrecordedChange where rows changed and no entry says so."""
        while self._raised:
            series = self._raised.pop()
            self.session.execute(
                sa.update(Counter).where(Counter.series == series).values(last=self._numbers[series]),
                execution_options={"synchronize_session": False},
            )
        self.session.flush()
        if self.drafts:
            self.write_ledger()
        recorded = {entry.subject for entry in self.written}
        silent = {
            type(o).__name__ for key, o in self.changed.items() if key not in self.covered and o.subject not in recorded
        }
        if not recorded:
            silent |= self.tables
        if silent:
            raise UnrecordedChange(", ".join(sorted(silent)))
        index.keep(self.session, self.changed.values())
        counting.keep(self.session, self.keys, self.changed.values(), self.now)


_current: ContextVar[Work | None] = ContextVar("work", default=None)
_CHANGE = re.compile(
    r"(?is)\s*(?:with\b.*?\)\s*)?(insert\s+(?:or\s+\w+\s+)?into|replace\s+into|update|delete\s+from)\s+[\"`]?(\w+)"
)
_BOOKKEEPING = frozenset(m.class_.__tablename__ for m in Base.registry.mappers if m.class_.bookkeeping)


@event.listens_for(Session, "before_flush")
def _note_changes(session: Session, _context: Any, _instances: Any) -> None:
    work = session.info.get("work")
    if work is not None:
        touched = [*session.new, *session.deleted, *(o for o in session.dirty if session.is_modified(o))]
        work.changed.update({id(o): o for o in touched if not o.bookkeeping})


@event.listens_for(sa.Engine, "before_cursor_execute")
def _note_statements(_c: Any, _cursor: Any, statement: str, _parameters: Any, _context: Any, _many: bool) -> None:
    """Whatever way a statement comes, through the mapper, Core or as text: the gate sees what table it changes."""
    work = _current.get()
    found = _CHANGE.match(statement) if work is not None else None
    if work is not None and found is not None and found[2] not in _BOOKKEEPING:
        work.tables.add(found[2])


@contextmanager
def begin(
    site: Site, actor: Actor, *, read_only: bool = False, if_match: int | None = None, patience: float | None = None
) -> Iterator[Work]:
    """One act. Committed as the block ends; on any exception nothing is kept but the record of a denial.

    `patience`, in seconds, is how long at most it waits each time that others are writing. Raises StaleVersion where
    another act on the same row came between.
    """
    try:
        with open_session(site.engine, read_only=read_only, patience=patience) as session:
            work = Work(actor, session, site, if_match, read_only)
            session.info["work"] = work
            token = _current.set(work)
            try:
                yield work
                if not read_only:
                    work.finish()
                    session.info["finished"] = True
                    session.commit()
            finally:
                _current.reset(token)
    except StaleDataError as error:
        raise StaleVersion from error
    except IntegrityError as error:
        log.warning("integrity", table=_table_of(error))
        raise Conflict("Somebody else did the same at the same moment. Read it again.") from error
    except Denied as denied:
        if actor.user_id is not None:
            _record_denial(site, actor, denied)
        raise


def _table_of(error: IntegrityError) -> str:
    constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    return constraint or type(error.orig).__name__


def _record_denial(site: Site, actor: Actor, denied: Denied) -> None:
    """In an act of its own, on the actor's chain: what was refused has been rolled back. About which victim it was is
    a commitment."""
    about: dict[str, Fact] = {"subject": denied.subject}
    private = (denied.subject or "").startswith("victim:")
    with begin(site, actor) as work:
        open_: dict[str, Fact] = {"permission": denied.permission, **({} if private else about)}
        work.record(actor.subject, "user:denied", data=open_, facts=about if private else None)


@dataclass(frozen=True, slots=True)
class Act:
    """What a use case declares: the permission it needs, the row it is about, whether it only reads."""

    permission: Permission
    on: type[Base] | None
    read_only: bool
    lock: bool = True

    def enter(self, work: Work, id: UUID | None = None) -> Base | None:
        """Settle in this order: is she there (423), can she see it (404), may she do it (403), is it still what she
        read (412)."""
        work.require_open(self.permission)
        if self.on is None or id is None:
            work.require(self.permission)
            return None
        lock = self.lock and not (self.read_only or work.read_only)
        thing = work.get(self.on, id, self.permission, lock=lock)
        work.require(self.permission, thing)
        work.entered = thing if lock else work.entered
        if work.if_match is not None and work.if_match != getattr(thing, "version", None):
            raise StaleVersion
        return thing


def act(
    permission: Permission, *, read_only: bool = False
) -> Callable[[Callable[Concatenate[Work, P], R]], Callable[Concatenate[Work, P], R]]:
    """Declare a use case that is about no row that exists yet."""

    def declare(function: Callable[Concatenate[Work, P], R]) -> Callable[Concatenate[Work, P], R]:
        declared = Act(permission, None, read_only)

        @wraps(function)
        def gated(work: Work, /, *args: P.args, **kwargs: P.kwargs) -> R:
            declared.enter(work)
            return function(work, *args, **kwargs)

        gated.__act__ = declared  # type: ignore[attr-defined]
        return gated

    return declare


def act_on(
    model: type[M], permission: Permission, *, read_only: bool = False, lock: bool = True
) -> Callable[[Callable[Concatenate[Work, M, P], R]], Callable[Concatenate[Work, UUID, P], R]]:
    """Declare a use case about one row, named by its id. The gate finds, locks and checks it first.

    Without `lock` the use case locks it itself, behind what must be locked before it: a case before its operations,
    those before victims, a victim before what hangs on her.
    """

    def declare(function: Callable[Concatenate[Work, M, P], R]) -> Callable[Concatenate[Work, UUID, P], R]:
        declared = Act(permission, model, read_only, lock)

        @wraps(function)
        def gated(work: Work, id: UUID, /, *args: P.args, **kwargs: P.kwargs) -> R:
            thing = declared.enter(work, id)
            return function(work, thing, *args, **kwargs)  # type: ignore[arg-type]

        gated.__act__ = declared  # type: ignore[attr-defined]
        return gated

    return declare


def act_of(function: Callable[..., Any]) -> Act:
    """The declaration of a use case. Raises TypeError where there is none: such a function must not be reachable."""
    declared = getattr(function, "__act__", None)
    if not isinstance(declared, Act):
        raise TypeError(f"{function.__module__}.{function.__qualname__} declares no permission")
    return declared
