"""`Idempotency-Key`: a POST that is sent again is answered again, and done once.

The key is claimed in the act's own transaction, so of two at the same moment the second waits and gets the first one's
answer. It is answered only where the actor may still do the act, in the same role and with the same token scope.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import orjson
import sqlalchemy as sa
from flask import Response, current_app, request

from evidence_api import auth
from evidence_api.db import insert_if_absent
from evidence_api.domain.errors import InvalidInput
from evidence_api.domain.roles import Actor
from evidence_api.errors import MEDIA_TYPE
from evidence_api.models import Answer
from evidence_api.services.upkeep import ANSWERS_KEPT
from evidence_api.work import Act, Work, begin

CLAIMED = 0
SHOWN_ONCE_STATUS = 409
SHOWN_ONCE = {
    "type": "done-before",
    "title": "Done before",
    "status": SHOWN_ONCE_STATUS,
    "detail": "This was done the first time. Its answer held a secret that is shown once; make a new one.",
}


@dataclass(frozen=True, slots=True)
class Repeat:
    """A request that says by its key that it may have been sent before."""

    user_id: UUID
    key: str
    fingerprint: str

    @classmethod
    def asked(cls, act: Act, actor: Actor, body: bytes) -> "Repeat | None":
        """The key of this request; None where there is none, or where repeating changes nothing anyway.

        Raises InvalidInput for a key that cannot be one.
        """
        key = request.headers.get("Idempotency-Key")
        if key is None or request.method != "POST" or act.read_only or actor.user_id is None:
            return None
        if not 1 <= len(key) <= 200 or not key.isprintable():
            raise InvalidInput({"Idempotency-Key": ["Give between 1 and 200 printable characters."]})
        said = [request.method, request.full_path, actor.role.value, actor.scope.value]
        secret = current_app.secret_key
        assert isinstance(secret, bytes)
        found = hmac.new(secret, b"\n".join([part.encode() for part in said] + [body]), "sha256")
        return cls(actor.user_id, key, found.hexdigest())

    def answered(self, actor: Actor, act: Act, path: Mapping[str, UUID]) -> Response | None:
        """The answer of before, if the actor may still do the act. Looked up before a fresh code would be used up."""
        with begin(auth.current_site(), actor, read_only=True) as work:
            row = work.session.get(Answer, (self.user_id, self.key))
            if row is None or self._old(work, row):
                return None
            act.enter(work, next(iter(path.values()), None))
            return self._again(work, row)

    def claim(self, work: Work, act: Act, path: Mapping[str, UUID]) -> Response | None:
        """Take the key for this act; or, where another did so meanwhile, the answer that it got."""
        values = {"fingerprint": self.fingerprint, "status": CLAIMED, "sealed": b"", "created_at": work.now}
        insert_if_absent(work.session, Answer, user_id=self.user_id, key=self.key, **values)
        find = sa.select(Answer).where(Answer.user_id == self.user_id, Answer.key == self.key).with_for_update()
        row = work.session.scalars(find.execution_options(populate_existing=True)).one()
        if row.status != CLAIMED and not self._old(work, row):
            work.if_match = None
            act.enter(work, next(iter(path.values()), None))
            return self._again(work, row)
        for name, value in values.items():
            setattr(row, name, value)
        return None

    def remember(self, work: Work, response: Response, *, secret: bool) -> None:
        """Keep the answer, sealed under the actor's key; of a secret one, only that it was given."""
        row = work.session.get_one(Answer, (self.user_id, self.key))
        body = orjson.dumps(SHOWN_ONCE) if secret else response.get_data()
        row.status = SHOWN_ONCE_STATUS if secret else response.status_code
        row.sealed = work.keys.seal(work.session, work.actor.subject, body, f"answer:{self.key}")
        work.session.flush()

    def _again(self, work: Work, row: Answer) -> Response:
        if not hmac.compare_digest(row.fingerprint, self.fingerprint):
            raise InvalidInput({"Idempotency-Key": ["This key was used for another request. Take a new one."]})
        body = work.keys.open(work.session, f"user:{self.user_id}", row.sealed, f"answer:{self.key}")
        kind = MEDIA_TYPE if row.status >= 400 else "application/json"
        response = Response(body, status=row.status, mimetype=kind if body else None)
        response.headers["Idempotency-Replayed"] = "true"
        return response

    @staticmethod
    def _old(work: Work, row: Answer) -> bool:
        return work.now - row.created_at > ANSWERS_KEPT
