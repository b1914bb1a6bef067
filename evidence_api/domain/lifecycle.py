"""Lifecycles as tables that a prosecutor could check."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from evidence_api.domain.errors import IllegalTransition
from evidence_api.domain.roles import Role
from evidence_api.domain.sentences import Sentence, Term, sentence

S = TypeVar("S", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Step(Generic[S]):
    """One row: `action` leads from any of `sources` to `target`, taken by one of `roles`.

    A `target` of None returns to the state that was left (see the lifecycle's own page for which).
    """

    action: str
    sources: frozenset[S]
    target: S | None
    roles: frozenset[Role]


class Lifecycle(Generic[S]):
    """A table of steps. No action stands twice for one source."""

    def __init__(self, noun: str, initial: S, steps: Iterable[Step[S]]) -> None:
        self.noun = noun
        self.initial = initial
        self.steps = tuple(steps)
        self._table: Mapping[tuple[S, str], Step[S]] = {
            (s, step.action): step for step in self.steps for s in step.sources
        }
        if len(self._table) != sum(len(step.sources) for step in self.steps):
            raise ValueError(f"{noun}: an action stands twice for one state")

    @property
    def actions(self) -> tuple[str, ...]:
        """Every action of the table, once, in its order."""
        return tuple(dict.fromkeys(step.action for step in self.steps))

    def allowed(self, state: S) -> list[str]:
        """The actions that are legal from `state`, in the table's order."""
        return [step.action for step in self.steps if state in step.sources]

    def step(self, state: S, action: str) -> Step[S]:
        """The row for `action` from `state`. Raises IllegalTransition with what is legal instead."""
        try:
            return self._table[state, action]
        except KeyError:
            allowed = self.allowed(state)
            raise IllegalTransition(_not_now(state, action, allowed), state=state.value, allowed=allowed) from None

    def roles(self, action: str) -> frozenset[Role]:
        """Everyone who may take `action` from some state."""
        return frozenset().union(*(step.roles for step in self.steps if step.action == action))


def _not_now(state: StrEnum, action: str, allowed: Iterable[str]) -> Sentence:
    terms = [Term(name) for name in allowed]
    if not terms:
        return sentence("This cannot be done now: {action}. The state is: {state}.", action=Term(action), state=state)
    template = "This cannot be done now: {action}. The state is: {state}. Possible now: {allowed}."
    return sentence(template, action=Term(action), state=state, allowed=terms)


def step(action: str, sources: S | Iterable[S], target: S | None, *roles: Role) -> Step[S]:
    """A row of a table, written short."""
    found = frozenset([sources]) if isinstance(sources, StrEnum) else frozenset(sources)
    return Step(action, found, target, frozenset(roles))
