"""The lifecycles as tables: every state and action tried, and what the design fixes held against them."""

import importlib
import itertools
import pkgutil
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence_api import domain
from evidence_api.domain.case import ENDED, STAGES, Stage
from evidence_api.domain.custody import CUSTODY, HOLDERS, RETURNING, TRANSFERS
from evidence_api.domain.errors import IllegalTransition
from evidence_api.domain.lifecycle import Lifecycle, step
from evidence_api.domain.roles import Role

ROOMS = [importlib.import_module(f"{domain.__name__}.{found.name}") for found in pkgutil.iter_modules(domain.__path__)]
FOUND = {id(table): table for room in ROOMS for table in vars(room).values() if isinstance(table, Lifecycle)}
TABLES: list[tuple[Lifecycle[Any], type[StrEnum]]] = [(table, type(table.initial)) for table in FOUND.values()]
"""Every table that there is, with its states."""
EVERY = [
    (table, state, action) for table, states in TABLES for state, action in itertools.product(states, table.actions)
]


@pytest.mark.parametrize(("table", "state", "action"), EVERY, ids=lambda v: getattr(v, "noun", str(v)))
def test_every_action_from_every_state_is_either_in_the_table_or_refused_with_what_is_legal(
    table: Lifecycle[Any], state: Any, action: str
) -> None:
    legal = [s.action for s in table.steps if state in s.sources]
    if action in legal:
        assert state in table.step(state, action).sources
    else:
        with pytest.raises(IllegalTransition) as refused:
            table.step(state, action)
        assert refused.value.allowed == legal


@pytest.mark.parametrize(("table", "states"), TABLES, ids=lambda v: getattr(v, "noun", ""))
def test_every_state_can_be_reached_from_the_first(table: Lifecycle[Any], states: type[StrEnum]) -> None:
    reached = {table.initial}
    while True:
        more = {s.target for s in table.steps if s.target is not None and reached & s.sources} - reached
        if not more:
            break
        reached |= more
    assert reached == set(states)


def test_the_case_goes_from_intake_to_closed_by_the_verbs_of_the_field() -> None:
    state = STAGES.initial
    for action in ("investigate", "plan_intervention", "intervene", "charge", "try", "judge", "monitor", "close"):
        target = STAGES.step(state, action).target
        assert target is not None
        state = target
    assert state is Stage.CLOSED


def test_only_a_closed_case_among_those_ended_may_go_on() -> None:
    assert {state: STAGES.allowed(state) for state in ENDED} == {
        Stage.CLOSED: ["reopen"],
        Stage.DECLINED: [],
        Stage.RESOLVED: [],
    }


@given(st.lists(st.sampled_from(CUSTODY.actions), max_size=30))
def test_whatever_is_tried_an_item_is_always_in_a_known_state_with_a_way_on(actions: list[str]) -> None:
    state = CUSTODY.initial
    for action in actions:
        try:
            target = CUSTODY.step(state, action).target
        except IllegalTransition:
            continue
        assert target is not None
        state = target
        assert CUSTODY.allowed(state)


def test_nobody_but_those_who_hold_items_moves_them_and_a_supervisor_settles_only_what_they_left_open() -> None:
    assert {role for s in CUSTODY.steps for role in s.roles} - {Role.SUPERVISOR} == set(HOLDERS)
    settled = {s.action for table in (CUSTODY, TRANSFERS) for s in table.steps if Role.SUPERVISOR in s.roles}
    assert settled == {"offer", "withdraw", *RETURNING}


def test_an_action_cannot_stand_twice_for_one_state() -> None:
    with pytest.raises(ValueError, match="twice"):
        Lifecycle("x", Stage.INTAKE, [step("a", Stage.INTAKE, Stage.CLOSED), step("a", Stage.INTAKE, Stage.JUDGED)])
