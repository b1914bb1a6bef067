"""The steps that are legal from where something is."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from evidence_api.domain.lifecycle import Lifecycle
from evidence_api.domain.roles import PERSONAL_ROLES, Role
from evidence_api.work import Work

S = TypeVar("S", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class NextStep(Generic[S]):
    """A step that is legal now: by whom, whether by the actor, and in sentences what is still missing for it."""

    action: str
    target: S | None
    roles: list[Role]
    mine: bool
    open: list[str]


def legal_steps(
    work: Work, lifecycle: Lifecycle[S], state: S, missing: Callable[[str], list[str]]
) -> list[NextStep[S]]:
    """Every step from the state, in the order of the table. `missing` says what an action still lacks."""
    rows = [row for row in lifecycle.steps if state in row.sources]
    return [
        NextStep(
            row.action,
            row.target,
            [role for role in PERSONAL_ROLES if role in row.roles],
            work.actor.role in row.roles,
            missing(row.action),
        )
        for row in rows
    ]
