"""A jurisdiction: its offences and their elements, its deadlines, when its courts sit. Read from a file that an office
edits; no law stands in the code."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, time
from typing import Any, TypeVar

T = TypeVar("T")

MAJORITY = 18
"""Years after which nobody is a child any more (Convention on the Rights of the Child, article 1)."""


class BadJurisdiction(ValueError):
    """The file cannot be used; the message says where and what to do."""


@dataclass(frozen=True, slots=True)
class Element:
    """Something that must be proven for an offence."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Statute:
    """An offence. `limitation_years` none: it can be charged at any time. `lesser`: the codes of offences that a court
    may convict of instead."""

    code: str
    title: str
    elements: tuple[Element, ...]
    limitation_years: int | None = None
    limitation_from_majority: bool = False
    lesser: tuple[str, ...] = ()

    def last_day(self, offence: date) -> date | None:
        """The last day on which an offence of that day can be charged; none where there is always time.

        Where the years begin when the victim comes of age, it is the last day on which it can be so for anybody.
        """
        if self.limitation_years is None:
            return None
        years = self.limitation_years + (MAJORITY if self.limitation_from_majority else 0)
        # Without a 29th of February, the anniversary is the day after the 28th.
        try:
            anniversary = offence.replace(year=offence.year + years)
        except ValueError:
            anniversary = date(offence.year + years, 3, 1)
        return anniversary


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long each takes, in days: `remand` from the arrest to the first hearing, `appeal` from the verdict or the
    sentence, `disclosure` before a hearing by which statements are with the defence, `measure` before a hearing by
    which a measure that is needed must be decided, `temporary_closure` the longest term of a temporary order,
    `inspection` between two inspections of a closed venue, `near` from when on a deadline is called near."""

    remand: int
    appeal: int
    disclosure: int
    measure: int
    temporary_closure: int
    inspection: int
    near: int


@dataclass(frozen=True, slots=True)
class Sittings:
    """When courts sit: `days` by ISO number (Monday is 1), from `opens` to `closes` in local time, and the customs that
    scheduling keeps, in minutes: `travel` between two places, `apart` between the arrival of a witness and that of the
    accused, `child_session` without a recess; `interviews`: more than so many are too many."""

    days: frozenset[int]
    opens: time
    closes: time
    travel: int
    apart: int
    child_session: int
    interviews: int
    holidays: frozenset[date] = frozenset()
    exams: tuple[tuple[date, date], ...] = ()

    def sits_on(self, day: date) -> bool:
        return day.isoweekday() in self.days and day not in self.holidays


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """A set of rules, `fictional` where no court knows it; `source` says where the text of the law was read."""

    code: str
    name: str
    fictional: bool
    source: str
    deadlines: Deadlines
    sittings: Sittings
    statutes: Mapping[str, Statute] = field(default_factory=dict)


class Jurisdictions:
    """Those that an installation uses; the first is the one of a case that names none."""

    def __init__(self, found: Sequence[Jurisdiction]) -> None:
        """Raises BadJurisdiction where there is none, or a code stands twice."""
        if not found:
            raise BadJurisdiction("there is no jurisdiction; give at least one")
        self.all: Mapping[str, Jurisdiction] = {one.code: one for one in found}
        self._statutes = {code: statute for one in found for code, statute in one.statutes.items()}
        if len(self.all) != len(found) or len(self._statutes) != sum(len(one.statutes) for one in found):
            raise BadJurisdiction("a code stands twice; each jurisdiction and each statute needs its own")

    @property
    def default(self) -> Jurisdiction:
        return next(iter(self.all.values()))

    def statute(self, code: str) -> Statute | None:
        """The statute of that code, of whichever jurisdiction; none where no file has it any more."""
        return self._statutes.get(code)

    def of(self, code: str | None) -> Jurisdiction:
        """The jurisdiction of that code; of one that is not named, or no longer in use, the default."""
        return self.all.get(code or "", self.default)


# --- from a file ------------------------------------------------------------------------------------------------------

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_MOST = {"code": 20, "statutes": 40, "elements": 40}
_DAY = 1440


def parse(found: Mapping[str, Any]) -> Jurisdiction:
    """The jurisdiction of a file that was read. Raises BadJurisdiction with what is wrong and where."""
    _known(found, "the file", {"code", "name", "fictional", "source", "deadlines", "sittings", "statutes"})
    statutes = _tables(found, "the file", "statutes")
    read = [_statute(one) for one in statutes]
    codes = {one.code for one in read}
    if not read:
        raise BadJurisdiction("it has no statutes; give at least one, each under [[statutes]]")
    if len(codes) != len(read):
        raise BadJurisdiction("two of its statutes have the same code; give each its own")
    for one in read:
        strange = [code for code in one.lesser if code not in codes or code == one.code]
        if strange:
            raise BadJurisdiction(f"{one.code} has a `lesser` that is no other statute of the file: {strange[0]}")
    return Jurisdiction(
        code=_code(found, "the file", _MOST["code"]),
        name=_text(found, "the file", "name"),
        fictional=_given(found, "the file", "fictional", bool, "true or false"),
        source=_text(found, "the file", "source"),
        deadlines=_deadlines(_table(found, "deadlines")),
        sittings=_sittings(_table(found, "sittings")),
        statutes={one.code: one for one in read},
    )


def _statute(found: Mapping[str, Any]) -> Statute:
    code = _code(found, "a statute", _MOST["statutes"])
    _known(found, code, {"code", "title", "elements", "limitation_years", "limitation_from_majority", "lesser"})
    years = _number(found, code, "limitation_years", 1, 200) if "limitation_years" in found else None
    lesser = found.get("lesser", [])
    if not isinstance(lesser, list) or any(not isinstance(one, str) for one in lesser):
        raise BadJurisdiction(f"{code} must give `lesser` as a list of codes")
    from_majority = found.get("limitation_from_majority", False)
    if not isinstance(from_majority, bool) or (from_majority and years is None):
        raise BadJurisdiction(f"{code} must give `limitation_from_majority` as true or false, and the years beside it")
    elements = []
    for one in _tables(found, code, "elements"):
        element = _code(one, f"an element of {code}", _MOST["elements"])
        _known(one, f"{element} of {code}", {"code", "text"})
        elements.append(Element(element, _text(one, f"{element} of {code}", "text")))
    if not elements or len({one.code for one in elements}) != len(elements):
        raise BadJurisdiction(f"{code} must have at least one element, and each a code of its own")
    return Statute(code, _text(found, code, "title", 200), tuple(elements), years, from_majority, tuple(lesser))


def _deadlines(found: Mapping[str, Any]) -> Deadlines:
    names = [field.name for field in fields(Deadlines)]
    _known(found, "[deadlines]", set(names))
    return Deadlines(**{name: _number(found, "[deadlines]", name, 0, 3660) for name in names})


def _sittings(found: Mapping[str, Any]) -> Sittings:
    where = "[sittings]"
    _known(found, where, {field.name for field in fields(Sittings)})
    days = found.get("days")
    if not isinstance(days, list) or not days or any(type(day) is not int or not 1 <= day <= 7 for day in days):
        raise BadJurisdiction(f"{where} must give `days` as a list of numbers from 1, Monday, to 7, Sunday")
    opens = _given(found, where, "opens", time, "a time such as 08:00:00")
    closes = _given(found, where, "closes", time, "a time such as 17:00:00")
    if closes <= opens:
        raise BadJurisdiction(f"{where} must close later than it opens")
    holidays = found.get("holidays", [])
    if not isinstance(holidays, list) or any(type(day) is not date for day in holidays):
        raise BadJurisdiction(f"{where} must give `holidays` as a list of days such as 2027-01-01")
    return Sittings(
        days=frozenset(days),
        opens=opens,
        closes=closes,
        travel=_number(found, where, "travel", 0, _DAY),
        apart=_number(found, where, "apart", 0, _DAY),
        child_session=_number(found, where, "child_session", 1, _DAY),
        interviews=_number(found, where, "interviews", 1, 100),
        holidays=frozenset(holidays),
        exams=tuple(_span(one) for one in _tables(found, where, "exams")),
    )


def _span(found: Mapping[str, Any]) -> tuple[date, date]:
    first, last = found.get("from"), found.get("until")
    if found.keys() != {"from", "until"} or type(first) is not date or type(last) is not date or last < first:
        raise BadJurisdiction("[sittings] must give each of `exams` as { from = 2027-06-07, until = 2027-06-18 }")
    return first, last


def _known(found: Mapping[str, Any], where: str, names: set[str]) -> None:
    unknown = sorted(found.keys() - names)
    if unknown:
        raise BadJurisdiction(f"{where} says something that is not known: {', '.join(unknown)}")


def _given(found: Mapping[str, Any], where: str, name: str, kind: type[T], what: str) -> T:
    value = found.get(name)
    if not isinstance(value, kind):
        raise BadJurisdiction(f"{where} must give `{name}` as {what}")
    return value


def _text(found: Mapping[str, Any], where: str, name: str, most: int = 1000) -> str:
    value = _given(found, where, name, str, "text").strip()
    if not 0 < len(value) <= most:
        raise BadJurisdiction(f"{where} must give `{name}` as text of at most {most} letters")
    return value


def _code(found: Mapping[str, Any], where: str, most: int) -> str:
    code = _text(found, where, "code", most)
    if not _CODE.fullmatch(code):
        raise BadJurisdiction(f"{where} has a code that holds more than letters, digits, dots and hyphens: {code}")
    return code


def _number(found: Mapping[str, Any], where: str, name: str, least: int, most: int) -> int:
    value = found.get(name)
    if type(value) is not int or not least <= value <= most:
        raise BadJurisdiction(f"{where} must give `{name}` as a whole number from {least} to {most}")
    return value


def _table(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value: Mapping[str, Any] = _given(found, "the file", name, dict, f"a table of its own: [{name}]")
    return value


def _tables(found: Mapping[str, Any], where: str, name: str) -> list[Mapping[str, Any]]:
    value = found.get(name, [])
    if not isinstance(value, list) or any(not isinstance(one, dict) for one in value):
        raise BadJurisdiction(f"{where} must give `{name}` as a list of tables")
    return value
