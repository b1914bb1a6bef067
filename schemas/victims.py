"""Victims in and out. What is in the vault goes out through a reveal alone."""

from typing import Any

from marshmallow import fields, validate

from evidence_api.domain.victim import (
    AXES,
    Axis,
    Barrier,
    Care,
    Gender,
    Identification,
    MissedHow,
    Purpose,
    Whereabouts,
    Willingness,
)
from schemas.cases import COUNTRY
from schemas.common import LANGUAGE, In, Moment, Out, PageIn, ReasonIn, Text

MAX_PEOPLE = 500


class VictimChangeIn(In):
    """What to change of what is known of her; null where it turns out not to be known."""

    gender = fields.Enum(Gender, by_value=True, metadata={"description": "As she says herself; else as she was met."})
    minor = fields.Boolean(
        allow_none=True,
        metadata={"description": "Whether she is a child. Left out, the estimated age decides it."},
    )
    estimated_age = fields.Integer(
        allow_none=True, validate=validate.Range(0, 120), metadata={"description": "In years."}
    )
    languages = fields.List(
        fields.String(validate=LANGUAGE),
        validate=validate.Length(max=20),
        metadata={"description": "Those that she speaks, the best first (ISO 639)."},
    )
    country = fields.String(
        allow_none=True, validate=COUNTRY, metadata={"description": "Where she is from (ISO 3166-1)."}
    )
    family_members = fields.Integer(
        allow_none=True, validate=validate.Range(0, MAX_PEOPLE), metadata={"description": "Of her household."}
    )
    dependents = fields.Integer(
        allow_none=True, validate=validate.Range(0, MAX_PEOPLE), metadata={"description": "Who depend on her."}
    )


class VictimIn(VictimChangeIn):
    """Somebody who is, or may be, a victim. There is no field for a name: her identity goes into the vault."""

    case = fields.UUID(required=True)
    gender = fields.Enum(Gender, by_value=True, required=True)
    minor = fields.Boolean(allow_none=True, load_default=None)
    estimated_age = fields.Integer(allow_none=True, load_default=None, validate=validate.Range(0, 120))
    languages = fields.List(fields.String(validate=LANGUAGE), load_default=list, validate=validate.Length(max=20))
    country = fields.String(allow_none=True, load_default=None, validate=COUNTRY)
    family_members = fields.Integer(allow_none=True, load_default=None, validate=validate.Range(0, MAX_PEOPLE))
    dependents = fields.Integer(allow_none=True, load_default=None, validate=validate.Range(0, MAX_PEOPLE))


class VictimsIn(PageIn):
    """Which victims."""

    identification = fields.Enum(Identification, by_value=True)
    whereabouts = fields.Enum(Whereabouts, by_value=True)
    care = fields.Enum(Care, by_value=True)


def _allowed(victim: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for axis, lifecycle in AXES.items():
        found[axis.value] = lifecycle.allowed(getattr(victim, axis.value))
    return found


class VictimOut(Out):
    """A victim, under her pseudonym."""

    id = fields.UUID()
    pseudonym = fields.String()
    case = fields.UUID(
        attribute="home", allow_none=True, metadata={"description": "Her home case; null where it is not mine."}
    )
    cases = fields.List(fields.UUID(), metadata={"description": "Those of my cases that know her."})
    gender = fields.Enum(Gender, by_value=True)
    minor = fields.Boolean(allow_none=True)
    estimated_age = fields.Integer(allow_none=True)
    languages = fields.List(fields.String())
    country = fields.String(allow_none=True)
    family_members = fields.Integer(allow_none=True)
    dependents = fields.Integer(allow_none=True)
    identification = fields.Enum(Identification, by_value=True)
    whereabouts = fields.Enum(Whereabouts, by_value=True)
    missed_how = fields.Enum(
        MissedHow, by_value=True, allow_none=True, metadata={"description": "How she was missed, the last time."}
    )
    care = fields.Enum(Care, by_value=True)
    willingness = fields.Enum(
        Willingness,
        attribute="told_willingness",
        by_value=True,
        allow_none=True,
        metadata={"description": "To work with the authorities; null, too, where my role is not told of her care."},
    )
    out_at = Moment(allow_none=True, metadata={"description": "When she last left her exploitation."})
    created_at = Moment()
    allowed = fields.Function(
        _allowed,
        metadata={
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
            "description": "The actions that are legal now, by axis.",
        },
    )


class VictimMoveIn(ReasonIn):
    """Take her a step on one axis."""

    axis = fields.Enum(Axis, by_value=True, required=True)
    action = fields.String(
        required=True, validate=validate.OneOf([action for axis in AXES.values() for action in axis.actions])
    )
    how = fields.Enum(
        MissedHow,
        by_value=True,
        metadata={"description": "Only with `miss`. Left out, the reason counts, where it is one of these codes."},
    )
    occurred_at = Moment(metadata={"description": "When it happened, if not now."})


class VictimStepOut(Out):
    """A step that she can take from where she is."""

    axis = fields.Enum(Axis, by_value=True)
    action = fields.String()
    target = fields.String()
    mine = fields.Boolean(metadata={"description": "Whether the role in which I act may take it."})
    open = fields.List(
        fields.String(),
        allow_none=True,
        metadata={"description": "What is still missing, in sentences. The first is what 409 says. Null if not mine."},
    )


class VictimMoveOut(Out):
    """A step that she took."""

    axis = fields.Enum(Axis, by_value=True)
    action = fields.String()
    target = fields.String()
    how = fields.Enum(MissedHow, by_value=True, allow_none=True)
    reason = fields.String(metadata={"description": "Empty where the reason is not for my role."})
    by = fields.String(allow_none=True)
    occurred_at = Moment()


class ShareIn(In):
    """Which case comes to know her."""

    case = fields.UUID(required=True)


class IdentityIn(In):
    """Who she is. What is left out stays as it is; null takes it out."""

    name = Text(allow_none=True)
    born = Text(
        allow_none=True,
        most=10,
        metadata={"description": "A date, such as 2009-03-14; or 2009-03 or 2009, where no more is known."},
    )
    nationality = Text(allow_none=True, most=100)
    contact = Text(allow_none=True, most=2000, lines=True)


class IdentityOut(Out):
    """Who she is, as far as it is known."""

    name = fields.String(allow_none=True)
    born = fields.String(allow_none=True)
    nationality = fields.String(allow_none=True)
    contact = fields.String(allow_none=True)


class AddressIn(In):
    """Where she lives. Null takes it out."""

    address = Text(allow_none=True, most=2000, lines=True)


class AddressOut(Out):
    """Where she lives, if it is known."""

    address = fields.String(allow_none=True)


class ConsentIn(In):
    """To what she consents."""

    purpose = fields.Enum(Purpose, by_value=True, required=True)
    scope = Text(required=True, most=2000, lines=True, metadata={"description": "How far it goes, in her words."})
    given_at = Moment(metadata={"description": "When she gave it, if not now."})
    expires_on = fields.Date(allow_none=True, metadata={"description": "The last day on which it holds."})


class ConsentOut(Out):
    """A consent."""

    id = fields.UUID()
    victim = fields.UUID(attribute="victim_id")
    purpose = fields.Enum(Purpose, by_value=True)
    scope = fields.String()
    given_at = Moment()
    expires_on = fields.Date(allow_none=True)
    withdrawn_at = Moment(allow_none=True)


class KeepApartIn(In):
    """Who must be kept away from her: a perpetrator, or another victim."""

    barrier = fields.Enum(Barrier, by_value=True, required=True)
    perpetrator = fields.UUID()
    victim = fields.UUID()


class KeepApartOut(Out):
    """Whom to keep away from her. The person is null where she or he is in no case of mine."""

    id = fields.UUID()
    barrier = fields.Enum(Barrier, by_value=True)
    perpetrator = fields.UUID(attribute="perpetrator.id", allow_none=True, dump_default=None)
    victim = fields.UUID(attribute="victim.id", allow_none=True, dump_default=None)
    since = Moment()
    ended_at = Moment(allow_none=True)
    placement_conflict = fields.Boolean(
        metadata={"description": "As it is recorded: whether she sleeps where it says that she must not."}
    )
