"""Is the service well? For load balancers and for people; names nobody."""

import sqlalchemy as sa

from evidence_api.models import LedgerEntry
from evidence_api.policy import Permission
from evidence_api.work import Work, act


@act(Permission.HEALTH, read_only=True)
def live(work: Work) -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@act(Permission.HEALTH, read_only=True)
def ready(work: Work) -> dict[str, object]:
    """The database answers, and the store was found to keep what it must when it was probed at the start."""
    work.session.execute(sa.select(LedgerEntry.id).limit(1))
    store = work.site.findings
    faults = [finding for finding in store if finding.level == "fault"]
    return {
        "status": "fault" if faults else "ok",
        "store": [{"code": f.code, "level": f.level, "message": f.message} for f in store],
    }
