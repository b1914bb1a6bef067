"""Which cases know a victim."""

from uuid import UUID

from evidence_api.models import Victim, VictimCase
from evidence_api.work import Work


def knows(work: Work, case_id: UUID, victim: Victim) -> bool:
    """Whether the case knows her."""
    return work.session.get(VictimCase, (victim.id, case_id)) is not None


def let_know(work: Work, case_id: UUID, victim: Victim) -> None:
    """Let a case know her from now on, if it does not. Call it with the victim locked, for who may see both."""
    if knows(work, case_id, victim):
        return
    work.session.add(VictimCase(victim_id=victim.id, case_id=case_id, since=work.now))
    work.record(victim, "victim:share", facts={"case": str(case_id)})
