"""Acts of custody as forms: hand-over, check-out and -in, court, hold, restriction, correction, verification."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from evidence_api.domain.custody import RETURNING, TAKING
from evidence_api.domain.roles import Role
from evidence_api.models import Evidence
from evidence_api.services import evidence, handovers, readers
from evidence_api.work import Work
from web.forms import CODE, WHEN, Choices, Field, Form, Path, add, contract
from web.texts import said, when

ITEM = "/items/<uuid:id>"
HANDOVER = "/handovers/<uuid:id>"


def supervises(work: Work, _thing: Any) -> bool:
    """Whether the reader acts as a supervisor, who needs a code where she acts in another's place."""
    return work.actor.role is Role.SUPERVISOR


def _item(work: Work, id: UUID, *_more: UUID) -> Evidence:
    return evidence.read(work, id)


def _to_item(_thing: Any, path: Path) -> str:
    return url_for("pages.item", id=path["id"])


def _handover(work: Work, id: UUID) -> handovers.Waiting:
    return handovers.told(work, id)


def _to_handed(handover: handovers.Waiting, _path: Path) -> str:
    return url_for("pages.item", id=handover.evidence_id)


def _receivers(work: Work, item: Evidence) -> Choices:
    return [(str(user.id), user.username) for user in handovers.receivers(work, item.id)]


REASON = Field("reason", _l("Reason"), "lines", _l("It stands in the item's chain for good."))
CODE_OF_SUPERVISOR = Field(
    "otp", _l("Code"), "code", _l("You act in the place of one who has left: it takes a fresh code."), when=supervises
)
PLACE = Field("place", _l("Place"), hint=_l("Where the item is from now on, such as a shelf, a safe or a court."))


def on_item(name: str, path: str, rule: str, title: Any, button: Any, fields: Sequence[Field], **more: Any) -> Form:
    """Add a form about an item, over the API's POST to `/evidence/<id>/<rule>`."""
    return add(
        Form(
            name,
            f"{ITEM}/{path}",
            contract("POST", f"/evidence/<uuid:id>/{rule}"),
            title,
            button,
            fields,
            thing=_item,
            head="_item_head.html",
            back=_to_item,
            **more,
        )
    )


on_item(
    "offer",
    "offer",
    "transfers",
    _l("Hand over"),
    _l("Offer it"),
    [Field("to", _l("To whom"), "choice", choices=_receivers), REASON, CODE_OF_SUPERVISOR],
    says=_l(
        "You stay responsible for the item until the other person accepts it, with a code from her own phone. "
        "Only investigators and lawyers who are assigned to the case can be handed an item."
    ),
    done=_l("The item is offered. It is yours until the other person accepts it."),
    then=lambda _transfer, path: url_for("pages.item", id=path["id"]),
)

MOVES: dict[str, tuple[Any, Any, Any]] = {
    "check_out": (
        _l("Check out"),
        _l("You are the item's custodian from now on, until you check it in again."),
        _l("The item is checked out to you."),
    ),
    "check_in": (
        _l("Check in"),
        _l("The item goes back to the person who held it before."),
        _l("The item is checked in."),
    ),
    "take_to_court": (
        _l("Take to court"),
        _l("You are the item's custodian from now on, until you bring it back from court."),
        _l("The item is at court, in your custody."),
    ),
    "return_from_court": (
        _l("Bring back from court"),
        _l("The item goes back to the person who held it before."),
        _l("The item is back from court."),
    ),
}
assert set(MOVES) == TAKING | RETURNING

for _action, (_title, _says, _done) in MOVES.items():
    _taking = _action in TAKING
    on_item(
        _action,
        _action.replace("_", "-"),
        "moves",
        _title,
        _title,
        [
            REASON,
            PLACE,
            *([Field("due_at", _l("Back by"), "moment", _l("When you mean to bring it back."))] if _taking else []),
            WHEN,
            *([] if _taking else [CODE_OF_SUPERVISOR]),
        ],
        says=_says,
        done=_done,
        fixed={"action": _action},
    )

on_item(
    "hold",
    "hold",
    "hold",
    _l("Put under legal hold"),
    _l("Put under legal hold"),
    [REASON],
    says=_l("An item under legal hold is never disposed of. Only another supervisor can lift the hold."),
    done=_l("The item is under legal hold."),
)
on_item(
    "lift_hold",
    "lift-hold",
    "lift-hold",
    _l("Lift the legal hold"),
    _l("Lift the hold"),
    [REASON, CODE],
    says=_l("You need not have set the hold, nor have gathered or hold the item: a second person lifts it."),
    done=_l("The legal hold is lifted."),
    danger=True,
)
on_item(
    "restrict",
    "restrict",
    "sensitivity",
    _l("Restrict the item"),
    _l("Restrict it"),
    [REASON],
    says=_l(
        "For imagery of abuse. Only the people whom you name then can open the item, each time with a fresh code; it "
        "is never shown unasked. Whoever was named before is named no longer."
    ),
    done=_l("The item is restricted. Name who may open it."),
    fixed={"sensitivity": "restricted"},
)
on_item(
    "unrestrict",
    "unrestrict",
    "sensitivity",
    _l("Lift the restriction"),
    _l("Lift the restriction"),
    [REASON, CODE],
    says=_l("Everybody who is assigned to the case can then open the item. A second person lifts a restriction."),
    done=_l("The item is no longer restricted."),
    fixed={"sensitivity": "ordinary"},
    danger=True,
)
on_item(
    "release",
    "release",
    "release",
    _l("Release from quarantine"),
    _l("Read it again, and release it if it matches"),
    [REASON, CODE],
    says=_l(
        "The file is read again in full, and the chain is checked. Only if both match is the item released. "
        "This can take some minutes for a large file."
    ),
    done=_l("The file and its chain match the record. The item is released."),
    danger=True,
)
on_item(
    "verify",
    "verify",
    "verify",
    _l("Verify the item"),
    _l("Verify it now"),
    [],
    says=_l(
        "The file is read again in full and held against its record, and so is its chain. What is found stands in the "
        "chain for good; if anything does not match, the item is quarantined at once. This can take some minutes for a "
        "large file."
    ),
    then=lambda _verdict, path: url_for("pages.item", id=path["id"], _anchor="custody"),
    wrong=lambda verdict: _failed(verdict),
    done=_l("The file and its chain match their record."),
)


def _failed(verdict: evidence.Verdict) -> Any:
    if "fail" not in (verdict.object, verdict.chain):
        return None
    return _("The check failed: the item does not match its record. It is quarantined; a supervisor acts now.")


def _corrigible(work: Work, item: Evidence) -> Choices:
    """The entries that say something of the item which can turn out wrong; the newest first."""
    links, _more = evidence.custody(work, item.id, limit=1000)
    stating = {"evidence:ingest", "evidence:register", "evidence:correct", *(f"evidence:{act}" for act in MOVES)}
    return [
        (
            link.hash,
            _(
                "Entry %(seq)s: %(act)s, %(time)s",
                seq=link.seq,
                act=said(link.action),
                time=when(link.recorded_at).striptags(),
            ),
        )
        for link in reversed(links)
        if link.action in stating
    ]


on_item(
    "note",
    "notes",
    "notes",
    _l("Notes and transcript"),
    _l("Keep the notes"),
    [Field("text", _l("What is said or seen in it"), "lines", value=lambda item: item.content)],
    says=_l(
        "Everyone who sees the item reads its notes, and search finds it by their words. What they said before stays "
        "in the item's chain."
    ),
    done=_l("The notes are kept."),
)

on_item(
    "correct",
    "correct",
    "corrections",
    _l("Correct what was said"),
    _l("Correct it"),
    [
        Field("corrects", _l("Which entry said it wrongly"), "choice", choices=_corrigible),
        Field("title", _l("Title")),
        Field("captured_at", _l("Recorded on"), "moment", _l("When the recording was made, or the thing was seized.")),
        Field("method", _l("How it was obtained")),
        Field("device", _l("Device")),
        Field("latitude", _l("Latitude"), "number"),
        Field("longitude", _l("Longitude"), "number"),
        Field("tag", _l("Tag on the thing")),
        PLACE,
        REASON,
    ],
    says=_l("Fill in only what is to be corrected. The wrong entry stays, and a new one says what is right."),
    done=_l("It is corrected. The entry that said it wrongly stays in the chain."),
)


def _assigned(work: Work, item: Evidence) -> Choices:
    return [(str(user.id), user.username) for user in readers.namable(work, item.id)]


on_item(
    "name_reader",
    "readers/name",
    "readers",
    _l("Name who may open it"),
    _l("Name this person"),
    [Field("user", _l("Person"), "choice", choices=_assigned)],
    says=_l("A restricted item is opened only by those named. A caseworker sees an item only once she is named."),
    done=_l("The person may open the item now."),
    then=lambda _reader, path: url_for("pages.readers", id=path["id"]),
)
add(
    Form(
        "drop_reader",
        f"{ITEM}/readers/<uuid:user>/end",
        contract("POST", "/evidence/<uuid:id>/readers/<uuid:user>/end"),
        _l("End a person's being named"),
        _l("End it"),
        [REASON],
        thing=_item,
        head="_item_head.html",
        back=lambda _item, path: url_for("pages.readers", id=path["id"]),
        done=_l("The person is named no longer."),
    )
)


def on_handover(action: str, title: Any, button: Any, fields: Sequence[Field], **more: Any) -> Form:
    """Add a form about a hand-over, over the API's POST to `/transfers/<id>/<action>`."""
    return add(
        Form(
            action,
            f"{HANDOVER}/{action}",
            contract("POST", f"/transfers/<uuid:id>/{action}"),
            title,
            button,
            fields,
            thing=_handover,
            head="_handover_head.html",
            back=_to_handed,
            **more,
        )
    )


on_handover(
    "accept",
    _l("Accept the item"),
    _l("Accept it"),
    [CODE],
    says=_l("You are responsible for the item from the moment that you accept it."),
    done=_l("The item is in your custody."),
)
on_handover(
    "refuse",
    _l("Refuse the item"),
    _l("Refuse it"),
    [REASON],
    says=_l("The item stays with the person who offered it."),
    done=_l("You have refused the item. It stays where it was."),
)
on_handover(
    "withdraw",
    _l("Withdraw the offer"),
    _l("Withdraw it"),
    [REASON, CODE_OF_SUPERVISOR],
    says=_l("The item stays with the person who holds it."),
    done=_l("The offer is withdrawn."),
)
