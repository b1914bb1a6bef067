"""Items of evidence, their custody and hand-overs, in and out."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from evidence_api.domain.custody import RETURNING, TAKING, Custody, Derivation, Sensitivity, TransferState
from schemas.common import MAX_PAGE, In, Moment, Out, PageIn, ReasonIn, Text, code

DIGEST = validate.Regexp(r"\A[0-9a-f]{64}\Z", error="Give a SHA-256 as 64 lower-case hexadecimal digits.")
FOR_ANOTHER = "A fresh code, where a supervisor acts in the place of one who has left."


def whole_place(data: Mapping[str, Any]) -> None:
    """Raise ValidationError where one half of a place is given without the other."""
    for name, other in (("latitude", "longitude"), ("longitude", "latitude")):
        if name in data and (other not in data or (data[name] is not None and data[other] is None)):
            raise ValidationError("Give latitude and longitude together.", other)


class ItemsIn(PageIn):
    """Which items of a case."""

    state = fields.Enum(Custody, by_value=True)
    sha256 = fields.String(validate=DIGEST)


class AllItemsIn(PageIn):
    """Which items of all the actor's cases."""

    custodian = fields.UUID()
    state = fields.Enum(Custody, by_value=True)
    quarantined = fields.Boolean()
    tag = Text(most=100)


class UncheckedIn(In):
    """Which items, the one whose check lies longest back first."""

    limit = fields.Integer(
        load_default=50, validate=validate.Range(1, MAX_PAGE), metadata={"description": "How many at most."}
    )
    cursor = fields.String(
        load_default=None, validate=validate.Length(1, 80), metadata={"description": "The `next` of the page before."}
    )
    state = fields.Enum(Custody, by_value=True)
    quarantined = fields.Boolean()
    held = fields.Boolean()
    overdue = fields.Boolean(metadata={"description": "Taken and not brought back by the time that was named."})


class OverviewOut(Out):
    """An office in figures. `long_unchecked`: checked once, but not for 30 days."""

    items = fields.Integer()
    never_checked = fields.Integer()
    long_unchecked = fields.Integer()
    quarantined = fields.Integer()
    out = fields.Integer(metadata={"description": "Checked out or at court."})
    overdue = fields.Integer(metadata={"description": "Of those, past the time named for bringing them back."})
    late_offers = fields.Integer(metadata={"description": "Offered for over 24 hours, and not decided."})


class EvidenceOut(Out):
    """An item of evidence. `claims` is what the file says; `differences` is where that and the uploader disagree."""

    id = fields.UUID()
    case = fields.UUID(attribute="case_id")
    ref = fields.String()
    title = fields.String()
    filename = fields.String(allow_none=True)
    sha256 = fields.String(allow_none=True)
    size = fields.Integer(allow_none=True, metadata={"description": "Bytes."})
    media_type = fields.String(
        allow_none=True, metadata={"description": "As the content shows it, whatever the name says."}
    )
    captured_at = Moment(allow_none=True)
    received_at = Moment()
    method = fields.String(allow_none=True)
    device = fields.String(allow_none=True)
    latitude = fields.Float(allow_none=True)
    longitude = fields.Float(allow_none=True)
    claims = fields.Dict(allow_none=True)
    differences = fields.List(fields.Dict(), allow_none=True)
    tag = fields.String(allow_none=True)
    place = fields.String(allow_none=True)
    original = fields.UUID(attribute="original_id", allow_none=True)
    derivation = fields.Enum(Derivation, by_value=True, allow_none=True)
    sensitivity = fields.Enum(Sensitivity, by_value=True)
    state = fields.Enum(Custody, by_value=True)
    custodian = fields.UUID(attribute="custodian_id")
    collector = fields.UUID(attribute="collector_id")
    quarantined = fields.Boolean()
    held = fields.Boolean()
    verified_at = Moment(allow_none=True)
    due_at = Moment(allow_none=True, metadata={"description": "By when who took it brings it back."})
    duplicate = fields.Boolean(
        metadata={"description": "True in the answer to an upload of a file that the case has already."}
    )


class ItemOut(EvidenceOut):
    """An item of evidence, with what is written of its content."""

    notes = fields.String(
        attribute="content",
        allow_none=True,
        metadata={"description": "What is said or seen in it; null, too, where it is restricted and not mine to open."},
    )


class CustodyIn(In):
    """Which part of the chain."""

    limit = fields.Integer(load_default=1000, validate=validate.Range(1, 1000))
    after = fields.Integer(
        data_key="cursor",
        load_default=None,
        validate=validate.Range(0, 2**53),
        metadata={"description": "The `next` of the page before."},
    )


class LinkOut(Out):
    """One entry of a chain. `entry` is its exact bytes: SHA-256 over them is `hash`, and the next entry's `prev`."""

    seq = fields.Integer()
    action = fields.String()
    recorded_at = Moment(allow_none=True)
    hash = fields.String()
    entry = fields.String()
    disclosures = fields.Dict(keys=fields.String(), values=fields.String())


class FaultOut(Out):
    """One thing that is wrong."""

    subject = fields.String()
    seq = fields.Integer(allow_none=True)
    message = fields.String()
    warning = fields.Boolean()


class VerdictOut(Out):
    """What a verification found."""

    object = fields.String(
        allow_none=True,
        validate=validate.OneOf(["pass", "fail"]),
        metadata={"description": "Null for a physical thing."},
    )
    chain = fields.String(validate=validate.OneOf(["pass", "fail"]))
    sha256 = fields.String(allow_none=True)
    entries = fields.Integer()
    faults = fields.List(fields.Nested(FaultOut))
    quarantined = fields.Boolean()
    verified_at = Moment()


class TransferIn(ReasonIn):
    """To whom the item is offered."""

    to = fields.UUID(required=True)
    otp = code(metadata={"description": FOR_ANOTHER})


class TransfersIn(PageIn):
    """Which hand-overs."""

    mine = fields.Boolean(load_default=False, metadata={"description": "Only those offered to me."})
    state = fields.Enum(TransferState, by_value=True, load_default=None)


class WithdrawIn(ReasonIn):
    """Why the offer is taken back."""

    otp = code(metadata={"description": FOR_ANOTHER})


class AcceptIn(In):
    """Take the item over."""

    otp = code()


class TransferOut(Out):
    """A hand-over. Its reason stands in the item's chain."""

    id = fields.UUID()
    evidence = fields.UUID(attribute="evidence_id")
    case = fields.UUID(attribute="case_id")
    giver = fields.UUID(attribute="from_id", data_key="from")
    receiver = fields.UUID(attribute="to_id", data_key="to")
    state = fields.Enum(TransferState, by_value=True)
    offered_at = Moment()
    decided_at = Moment(allow_none=True)


class WaitingOut(Out):
    """An open offer to me or by me, with what it is about and between whom."""

    id = fields.UUID()
    evidence = fields.UUID(attribute="evidence_id")
    ref = fields.String()
    title = fields.String()
    case = fields.UUID(attribute="case_id")
    case_ref = fields.String()
    giver = fields.UUID(attribute="from_id", data_key="from")
    giver_name = fields.String(attribute="from_name", data_key="from_name")
    receiver = fields.UUID(attribute="to_id", data_key="to")
    receiver_name = fields.String(attribute="to_name", data_key="to_name")
    to_me = fields.Boolean()
    offered_at = Moment()
    late = fields.Boolean(metadata={"description": "Offered over 24 hours ago."})


class MoveIn(ReasonIn):
    """Check out or in, take to court or bring back."""

    action = fields.String(required=True, validate=validate.OneOf(sorted(TAKING | RETURNING)))
    place = Text()
    due_at = Moment(metadata={"description": "By when it is to be back."})
    occurred_at = Moment(metadata={"description": "When it happened, if not now."})
    otp = code(metadata={"description": FOR_ANOTHER})


class CorrectionIn(ReasonIn):
    """What is right instead, and the hash of the entry that said it wrongly."""

    corrects = fields.String(required=True, validate=DIGEST)
    title = Text()
    captured_at = Moment()
    method = Text(most=100)
    device = Text()
    latitude = fields.Float(validate=validate.Range(-90, 90))
    longitude = fields.Float(validate=validate.Range(-180, 180))
    tag = Text(most=100)
    place = Text()

    @validates_schema
    def _whole_place(self, data: dict[str, Any], **_: Any) -> None:
        whole_place(data)


class NotesIn(In):
    """What is said or seen in the item, all of it. Without a text the notes are taken away."""

    text = Text(load_default=None, allow_none=True, most=20_000, lines=True)


class ReaderIn(In):
    """Who may open the item."""

    user = fields.UUID(required=True)


class ReaderOut(Out):
    """A person who may open the item."""

    user = fields.UUID(attribute="user_id")


class SensitivityIn(ReasonIn):
    """How sensitive the item is."""

    sensitivity = fields.Enum(Sensitivity, by_value=True, required=True)
    otp = code()


class OpeningIn(In):
    """Open the content of an item in a page: a supervisor's reason, and a fresh code for a restricted one."""

    reason = Text(most=2000, lines=True)
    otp = code()


class ClockFaultIn(ReasonIn):
    """The interval in which the clock was wrong."""

    begins_at = Moment(required=True)
    ends_at = Moment(required=True)
    otp = code()


class ClockFaultOut(Out):
    """An interval in which the clock is declared to have been wrong."""

    id = fields.UUID()
    begins_at = Moment()
    ends_at = Moment()


class LedgerVerdictOut(Out):
    """What a verification of all chains found; objects are read again item by item, or by `unbroken ledger verify`."""

    chains = fields.String(validate=validate.OneOf(["pass", "fail"]))
    entries = fields.Integer()
    faults = fields.List(fields.Nested(FaultOut))
