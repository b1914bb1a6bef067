"""Whose law an installation works under: its statutes with their elements, its deadlines, when courts sit."""

from evidence_api.domain.errors import NotFound
from evidence_api.domain.jurisdiction import Jurisdiction
from evidence_api.policy import Permission
from evidence_api.work import Work, act


@act(Permission.CASE_READ, read_only=True)
def list_jurisdictions(work: Work) -> tuple[list[Jurisdiction], None]:
    """Those in use; the first is that of a case that names none."""
    return list(work.site.settings.jurisdictions.all.values()), None


@act(Permission.CASE_READ, read_only=True)
def read(work: Work, code: str) -> Jurisdiction:
    """One of them, by its code."""
    found = work.site.settings.jurisdictions.all.get(code)
    if found is None:
        raise NotFound
    return found
