"""Requests to authorities: what was asked of whom, until when, and what they said."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.errors import InvalidInput
from evidence_api.domain.operation import REQUEST, RequestState
from evidence_api.ledger.entry import Fact
from evidence_api.models import AuthorityRequest, Case, Evidence, Operation
from evidence_api.policy import Permission
from evidence_api.services._checks import named_in_case, not_after_today, office_day, refuse_ended
from evidence_api.services._operations import lock_running
from evidence_api.services._pages import Page, page
from evidence_api.work import Work, act, act_on


@act_on(Case, Permission.OPERATION_WRITE)
def send(
    work: Work,
    case: Case,
    *,
    authority: str,
    asks: str,
    sent_on: date,
    due_on: date | None = None,
    operation: UUID | None = None,
) -> AuthorityRequest:
    """Record what an authority was asked for. Where it is to answer by a day, it is overdue after that."""
    not_after_today(work, sent_on=sent_on)
    if due_on is not None and due_on < sent_on:
        raise InvalidInput({"due_on": ["It cannot be due before it was sent."]})
    named_in_case(work, Operation, case.id, "operation", operation)
    refuse_ended(work, case.id)
    request = AuthorityRequest(
        case_id=case.id,
        operation_id=operation,
        ref=f"{case.ref}-R{work.next_number(f'request:{case.id}')}",
        authority=authority,
        asks=asks,
        state=REQUEST.initial,
        sent_on=sent_on,
        due_on=due_on,
    )
    work.session.add(request)
    work.session.flush()
    days: dict[str, Fact] = {"sent_on": sent_on.isoformat(), "due_on": due_on.isoformat() if due_on else None}
    work.record(
        request,
        "request:send",
        data={} if operation is None else {"operation": str(operation)},
        facts={"ref": request.ref, "authority": authority, "asks": asks, **days},
    )
    return request


@act_on(AuthorityRequest, Permission.CASEWORK_READ, read_only=True)
def read(work: Work, request: AuthorityRequest) -> AuthorityRequest:
    """One request."""
    return request


@act(Permission.CASEWORK_READ, read_only=True)
def list_requests(
    work: Work,
    *,
    limit: int = 50,
    cursor: UUID | None = None,
    state: RequestState | None = None,
    overdue: bool = False,
) -> Page[AuthorityRequest]:
    """The requests of all the actor's cases, newest first; with `overdue`, only those whose answer is late."""
    return page(work, _asked(work, state, overdue), AuthorityRequest.id, limit, cursor)


@act_on(Case, Permission.CASEWORK_READ, read_only=True)
def list_of_case(
    work: Work,
    case: Case,
    *,
    limit: int = 50,
    cursor: UUID | None = None,
    state: RequestState | None = None,
    overdue: bool = False,
) -> Page[AuthorityRequest]:
    """The requests of a case, newest first."""
    query = _asked(work, state, overdue).where(AuthorityRequest.case_id == case.id)
    return page(work, query, AuthorityRequest.id, limit, cursor)


def _asked(work: Work, state: RequestState | None, overdue: bool) -> sa.Select[AuthorityRequest]:
    query = work.query(AuthorityRequest)
    if state is not None:
        query = query.where(AuthorityRequest.state == state)
    if overdue:
        query = query.where(AuthorityRequest.state == RequestState.SENT, AuthorityRequest.due_on < office_day(work))
    return query


@act_on(AuthorityRequest, Permission.OPERATION_WRITE, lock=False)
def reply(
    work: Work, request: AuthorityRequest, *, replied_on: date, reply: str, document: UUID | None = None
) -> AuthorityRequest:
    """Record what the authority said. `document` is its letter, an item of the case."""
    lock_running(work, request, Permission.OPERATION_WRITE)
    not_after_today(work, replied_on=replied_on)
    if replied_on < request.sent_on:
        raise InvalidInput({"replied_on": ["It cannot be answered before it was sent."]})
    named_in_case(work, Evidence, request.case_id, "document", document)
    request.replied_on, request.reply, request.reply_evidence_id = replied_on, reply, document
    work.transition(
        request,
        "state",
        REQUEST,
        "reply",
        Permission.OPERATION_WRITE,
        data={} if document is None else {"document": str(document)},
        facts={"reply": reply, "replied_on": replied_on.isoformat()},
    )
    return request


@act_on(AuthorityRequest, Permission.OPERATION_WRITE, lock=False)
def withdraw(work: Work, request: AuthorityRequest, *, reason: str) -> AuthorityRequest:
    """The request is not pursued any more."""
    lock_running(work, request, Permission.OPERATION_WRITE)
    work.transition(request, "state", REQUEST, "withdraw", Permission.OPERATION_WRITE, facts={"reason": reason})
    return request
