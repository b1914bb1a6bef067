"""A victim: three independent axes, her episodes of exploitation, her consents, whom to keep away (DESIGN.md
section 5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from evidence_api.domain.lifecycle import Lifecycle, step
from evidence_api.domain.roles import Role


class Axis(StrEnum):
    """The three things that are known of her apart from one another."""

    IDENTIFICATION = "identification"
    WHEREABOUTS = "whereabouts"
    CARE = "care"


class Gender(StrEnum):
    """As she says herself; else as she was met."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNKNOWN = "unknown"


class Identification(StrEnum):
    """Whether she is a victim of trafficking, as far as that is settled."""

    POSSIBLE = "possible"
    CONFIRMED = "confirmed"
    NOT_VICTIM = "not_victim"


class Whereabouts(StrEnum):
    """Where she is, as seen from her exploitation."""

    IN_EXPLOITATION = "in_exploitation"
    RESCUED = "rescued"
    INTERCEPTED = "intercepted"
    SELF_EXITED = "self_exited"
    MISSED = "missed"
    MISSING = "missing"
    LOCATED = "located"


class MissedHow(StrEnum):
    """Why an intervention did not find her."""

    HID = "hid"
    TOLD_TO_HIDE = "told_to_hide"
    MOVED = "moved"
    ABSENT = "absent"


class Care(StrEnum):
    """How far she has come with those who care for her."""

    NONE = "none"
    CONTACTED = "contacted"
    ASSESSED = "assessed"
    ENGAGED = "engaged"
    DECLINED = "declined"
    STABILISING = "stabilising"
    RESTORING = "restoring"
    REINTEGRATING = "reintegrating"
    INDEPENDENT = "independent"


class Willingness(StrEnum):
    """What she said when she was asked whether she wants to go on with care."""

    WILLING = "willing"
    UNDECIDED = "undecided"
    UNWILLING = "unwilling"


class Exit(StrEnum):
    """How an episode ended."""

    RESCUED = "rescued"
    INTERCEPTED = "intercepted"
    SELF_EXITED = "self_exited"
    RELEASED = "released"
    MOVED = "moved"
    OTHER = "other"


class EpisodeClass(StrEnum):
    """What an episode is to the one before it."""

    FIRST = "first"
    MOVED_WITHOUT_EXIT = "moved_without_exit"
    RE_ENTERED_AFTER_EXIT = "re_entered_after_exit"


class Purpose(StrEnum):
    """What she consents to. For a child, her guardian consents to testimony, and she herself assents."""

    CARE = "care"
    DATA = "data"
    SHARING = "sharing"
    TESTIMONY = "testimony"
    TESTIMONY_ASSENT = "testimony_assent"
    RECORDING = "recording"
    MEDICAL = "medical"
    PUBLICITY = "publicity"


class Barrier(StrEnum):
    """Whom she must be kept away from, and how."""

    DO_NOT_PLACE_WITH = "do_not_place_with"
    DO_NOT_CONTACT = "do_not_contact"


class SearchKind(StrEnum):
    """Why somebody is sought: missed by an intervention, gone missing, or reported missing by others."""

    MISSED = "missed"
    MISSING = "missing"
    REPORTED = "reported"


class SearchEnd(StrEnum):
    """How a search ended. One that was `merged` goes on as the other search for the same person."""

    LOCATED = "located"
    MISTAKEN = "mistaken"
    MERGED = "merged"


class AlertKind(StrEnum):
    """What those who know her must hear of."""

    MOVED_WITHOUT_EXIT = "moved_without_exit"
    RE_ENTERED_AFTER_EXIT = "re_entered_after_exit"
    LOCATED = "located"
    VENUE_REOPENED = "venue_reopened"


OUT = frozenset({Whereabouts.RESCUED, Whereabouts.INTERCEPTED, Whereabouts.SELF_EXITED, Whereabouts.LOCATED})
"""Whoever is here has left her exploitation, or has been found again."""

SOUGHT = frozenset({Whereabouts.MISSED, Whereabouts.MISSING})
"""Whoever is here is searched for until she is found."""

FIRST_HOURS = timedelta(hours=72)
"""In which the first needs are to be met, from the moment at which she is out."""

_I, _C, _S = Role.INVESTIGATOR, Role.CASEWORKER, Role.SUPERVISOR
_W = Whereabouts

IDENTIFICATION: Lifecycle[Identification] = Lifecycle(
    "victim",
    Identification.POSSIBLE,
    [
        step("confirm", {Identification.POSSIBLE, Identification.NOT_VICTIM}, Identification.CONFIRMED, _C),
        step("rule_out", {Identification.POSSIBLE, Identification.CONFIRMED}, Identification.NOT_VICTIM, _C),
    ],
)

WHEREABOUTS: Lifecycle[Whereabouts] = Lifecycle(
    "victim",
    Whereabouts.IN_EXPLOITATION,
    [
        step("rescue", {_W.IN_EXPLOITATION, _W.MISSED, _W.MISSING}, _W.RESCUED, _I, _C),
        step("intercept", {_W.IN_EXPLOITATION, _W.MISSED, _W.MISSING}, _W.INTERCEPTED, _I, _C),
        step("exit", {_W.IN_EXPLOITATION, _W.MISSED, _W.MISSING}, _W.SELF_EXITED, _I, _C),
        step("miss", _W.IN_EXPLOITATION, _W.MISSED, _I, _C),
        step("report_missing", frozenset(_W) - {_W.MISSED, _W.MISSING}, _W.MISSING, _I, _C),
        step("locate", {_W.MISSED, _W.MISSING}, _W.LOCATED, _I, _C),
        step("re_enter", OUT, _W.IN_EXPLOITATION, _I, _C),
        step("correct", SOUGHT, _W.IN_EXPLOITATION, _I, _C),
    ],
)
"""`re_enter` is what a later episode does to her; `rescue` and the like end a search as `locate` does. `correct` is for
whoever was never missed nor missing: her search was a mistake."""

_HELPED = frozenset({Care.ENGAGED, Care.STABILISING, Care.RESTORING, Care.REINTEGRATING})

CARE: Lifecycle[Care] = Lifecycle(
    "victim",
    Care.NONE,
    [
        step("contact", {Care.NONE, Care.DECLINED}, Care.CONTACTED, _C),
        step("assess", Care.CONTACTED, Care.ASSESSED, _C),
        step("engage", Care.ASSESSED, Care.ENGAGED, _C),
        step("stabilise", Care.ENGAGED, Care.STABILISING, _C),
        step("restore", Care.STABILISING, Care.RESTORING, _C),
        step("reintegrate", Care.RESTORING, Care.REINTEGRATING, _C),
        step("become_independent", Care.REINTEGRATING, Care.INDEPENDENT, _C),
        step("set_back", {Care.RESTORING, Care.REINTEGRATING, Care.INDEPENDENT}, Care.STABILISING, _C),
        step("decline", {Care.CONTACTED, Care.ASSESSED} | _HELPED, Care.DECLINED, _C),
    ],
)
"""Contact, assessment, willingness, engagement; then stability, restoration, the way back, and a life of her own."""

AXES: dict[Axis, Lifecycle[Identification] | Lifecycle[Whereabouts] | Lifecycle[Care]] = {
    Axis.IDENTIFICATION: IDENTIFICATION,
    Axis.WHEREABOUTS: WHEREABOUTS,
    Axis.CARE: CARE,
}


class Means(StrEnum):
    """Means of control: `MethodsOfControl` of the Human Trafficking Case Data Standard (HTCDS 2.0, IOM), in lower snake
    case.

    `deception` is its `FalsePromises`.
    """

    DEBT_BONDAGE = "debt_bondage"
    TAKES_EARNINGS = "takes_earnings"
    RESTRICTS_FINANCIAL_ACCESS = "restricts_financial_access"
    THREATS = "threats"
    PSYCHOLOGICAL_ABUSE = "psychological_abuse"
    PHYSICAL_ABUSE = "physical_abuse"
    SEXUAL_ABUSE = "sexual_abuse"
    DECEPTION = "deception"
    PSYCHOACTIVE_SUBSTANCES = "psychoactive_substances"
    RESTRICTS_MOVEMENT = "restricts_movement"
    RESTRICTS_MEDICAL_CARE = "restricts_medical_care"
    EXCESSIVE_WORKING_HOURS = "excessive_working_hours"
    USES_CHILDREN = "uses_children"
    THREAT_OF_LAW_ENFORCEMENT = "threat_of_law_enforcement"
    WITHHOLDS_NECESSITIES = "withholds_necessities"
    WITHHOLDS_DOCUMENTS = "withholds_documents"
    OTHER = "other"


class Exploitation(StrEnum):
    """Forms of exploitation as in the Human Trafficking Case Data Standard (HTCDS 2.0, IOM), in lower snake case: the
    forms, then its `TypeOfSexExploitation`, then its `TypeOfLabourExploitation`.

    Where a kind is known, the form is given beside it.
    """

    SEXUAL_EXPLOITATION = "sexual_exploitation"
    FORCED_LABOUR = "forced_labour"
    SLAVERY_AND_PRACTICES = "slavery_and_practices"
    FORCED_MARRIAGE = "forced_marriage"
    FORCED_MILITARY = "forced_military"
    ORGAN_REMOVAL = "organ_removal"
    OTHER = "other"
    PROSTITUTION = "prostitution"
    PORNOGRAPHY = "pornography"
    REMOTE_INTERACTIVE_SERVICES = "remote_interactive_services"
    PRIVATE_SEXUAL_SERVICES = "private_sexual_services"
    AGRICULTURE = "agriculture"
    AQUAFARMING = "aquafarming"
    BEGGING = "begging"
    CONSTRUCTION = "construction"
    DOMESTIC_WORK = "domestic_work"
    HOSPITALITY = "hospitality"
    ILLICIT_ACTIVITIES = "illicit_activities"
    MANUFACTURING = "manufacturing"
    MINING_OR_DRILLING = "mining_or_drilling"
    PEDDLING = "peddling"
    TRANSPORTATION = "transportation"


EXITS = frozenset({Exit.RESCUED, Exit.INTERCEPTED, Exit.SELF_EXITED, Exit.RELEASED})
"""Ends after which she was out. Who was moved was not; of any `other` end nobody knows."""


@dataclass(frozen=True, slots=True)
class Spell:
    """An episode as far as its place among the others depends on it.

    `was_out`: as it was recorded, it was the first since she had come out.
    """

    started_on: date | None = None
    ended_on: date | None = None
    exit: Exit | None = None
    was_out: bool = False

    @property
    def day(self) -> date | None:
        """The day by which it is placed: its first, else its last, else none."""
        return self.started_on or self.ended_on

    @property
    def running(self) -> bool:
        """Whether she is in it still, as far as is known."""
        return self.ended_on is None and self.exit is None

    def is_since(self, out_on: date, *, recorded_since: bool) -> bool:
        """Whether it lies after the day on which she came out. Of no known day it does if it still runs, and was
        recorded since."""
        if self.started_on is not None:
            return self.started_on >= out_on
        if self.ended_on is not None:
            return self.ended_on > out_on
        return self.running and recorded_since


def in_order(spells: Sequence[Spell]) -> list[int]:
    """The places in `spells`, which stand in the order of their recording, put in the order of time.

    Those with a day are ordered by it. One without any comes after all that were recorded before it: so what is new
    and vague raises one alert too many rather than one too few.
    """
    order: list[int] = []
    for place, spell in enumerate(spells):
        later = (at for at, other in enumerate(order) if _is_later(spells[other], spell))
        order.insert(next(later, len(order)), place)
    return order


def _is_later(one: Spell, other: Spell) -> bool:
    return one.day is not None and other.day is not None and one.day > other.day


def classify(spells: Sequence[Spell]) -> list[EpisodeClass]:
    """What each episode is to the one before it in time; `spells` in the order of their recording.

    She re-entered where the one before ended by an exit, as far as is known not later than this one began, or where
    she `was_out`. Otherwise she was moved.
    """
    classes = [EpisodeClass.FIRST] * len(spells)
    before: Spell | None = None
    for place in in_order(spells):
        spell = spells[place]
        if spell.was_out or (before is not None and _had_exited(before, spell)):
            classes[place] = EpisodeClass.RE_ENTERED_AFTER_EXIT
        elif before is not None:
            classes[place] = EpisodeClass.MOVED_WITHOUT_EXIT
        before = spell
    return classes


def _had_exited(before: Spell, spell: Spell) -> bool:
    if before.exit not in EXITS:
        return False
    return before.ended_on is None or spell.started_on is None or before.ended_on <= spell.started_on
