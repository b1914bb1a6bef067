"""Accounts, their roles and their tokens. Every change is on the chain of the account that it concerns."""

import zoneinfo
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm.attributes import flag_modified

from evidence_api import authenticator, credentials
from evidence_api.domain.case import ENDED
from evidence_api.domain.errors import Conflict, InvalidInput, SessionLocked
from evidence_api.domain.languages import LANGUAGES
from evidence_api.domain.roles import OPERATOR, PERSONAL_ROLES, Actor, Role, Scope
from evidence_api.domain.sentences import sentence
from evidence_api.models import Assignment, Case, Evidence, Installation, Office, Token, Tries, User, UserRole
from evidence_api.policy import Permission
from evidence_api.services._accounts import USERNAME, NewToken, end_all, new_token
from evidence_api.services._pages import Page, page
from evidence_api.work import Work, act, act_on

UTC = "UTC"
USERNAME_RULE = "Take 2 to 64 letters a to z, digits, dots, dashes or underscores, beginning with a letter or digit."


@dataclass(frozen=True, slots=True)
class Added:
    """A new account and what is shown of it once: an initial password, or authenticator and recovery codes."""

    user: User
    password: str | None
    otpauth_uri: str | None
    recovery_codes: list[str]


@dataclass(frozen=True, slots=True)
class Disabled:
    """A disabled account, and what a supervisor has to settle: how many open cases it leads, and items it holds."""

    user: User
    leads: int
    holds: int

    @property
    def version(self) -> int:
        return self.user.version


@dataclass(frozen=True, slots=True)
class Me:
    """Who is asking, in which role, and how far a token reaches."""

    user: User
    role: Role
    scope: Scope
    office: str
    zone: str
    recovery_codes_left: int

    @property
    def language(self) -> str | None:
        """The language that she has chosen; None where her browser's counts."""
        return self.user.language


@act(Permission.OPERATE)
def initialise(work: Work, *, office: str, name: str, zone: str = UTC) -> bool:
    """The installation's first rows, and its first entry. Safe to repeat: False where they are there already.

    Raises InvalidInput for a `zone` that the IANA time zone database does not have.
    """
    _check_zone(zone)
    if work.session.scalars(sa.select(Installation)).one_or_none() is not None:
        return False
    installation = Installation(id=work.site.installation, origin=work.site.origin, created_at=work.now)
    first = Office(code=office, name=name, zone=zone)
    work.session.add_all([installation, first])
    work.session.flush()
    work.record(installation, "system:init")
    work.record(first, "office:created", data={"code": office}, facts={"name": name, "zone": zone})
    return True


@act(Permission.OPERATE)
def set_zone(work: Work, *, zone: str) -> Office:
    """Show the office's times in this zone from now on; what is kept is UTC all the same. Raises InvalidInput."""
    _check_zone(zone)
    office = work.session.get_one(Office, _office(work))
    office.zone = zone
    work.record(office, "office:zone", facts={"zone": zone})
    return office


def _check_zone(zone: str) -> None:
    if zone != UTC and zone not in zoneinfo.available_timezones():
        raise InvalidInput({"zone": ["Give a time zone by its IANA name, such as Asia/Phnom_Penh."]})


@act(Permission.ACCOUNT_MANAGE)
def add_user(work: Work, *, username: str, roles: Sequence[Role], password: str | None = None) -> Added:
    """A new account. With a password its authenticator is made at once; without, she sets up both at first sign-in.

    Raises InvalidInput for a name that is taken or of the wrong form, a weak password, or no role.
    """
    _step_up(work)
    name = username.strip().casefold()
    _check_new_user(work, name, roles, password)
    initial = None if password else credentials.initial_password()
    user = User(
        office_id=_office(work),
        username=name,
        password_hash=credentials.hash_password(password or initial or ""),
        must_change_password=password is None,
        created_at=work.now,
        roles=[UserRole(role=role) for role in dict.fromkeys(roles)],
    )
    work.session.add(user)
    work.session.flush()
    uri, codes = None, []
    if password:
        uri = authenticator.issue_secret(work, user)
        codes = authenticator.issue_recovery_codes(work, user)
        user.enrolled_at = work.now
    held = " ".join(sorted(role.value for role in user.role_names))
    work.record(user, "user:created", data={"roles": held, "enrolled": password is not None}, facts={"username": name})
    return Added(user, initial, uri, codes)


def _check_new_user(work: Work, name: str, roles: Sequence[Role], password: str | None) -> None:
    errors: dict[str, list[str]] = {}
    if not USERNAME.fullmatch(name):
        errors["username"] = [USERNAME_RULE]
    elif work.session.scalars(sa.select(User.id).where(User.username == name)).first() is not None:
        errors["username"] = ["This user name is taken. Take another."]
    if not roles or not set(roles) <= set(PERSONAL_ROLES):
        errors["roles"] = [sentence("Give at least one role of: {roles}.", roles=PERSONAL_ROLES)]
    faults = credentials.password_faults(password, name) if password is not None else []
    if faults:
        errors["password"] = faults
    if errors:
        raise InvalidInput(errors)


def _office(work: Work) -> UUID:
    """The actor's own office; for the system, the first."""
    if work.actor.office_id is not None:
        return work.actor.office_id
    return work.session.scalars(sa.select(Office.id).order_by(Office.id).limit(1)).one()


def _step_up(work: Work) -> None:
    """A person needs a fresh code; whoever runs the command line has the machine already."""
    if work.actor.role is not Role.SYSTEM:
        work.step_up()


@act(Permission.ACCOUNT_MANAGE, read_only=True)
def list_users(work: Work, *, limit: int = 50, cursor: UUID | None = None) -> Page[User]:
    """The accounts of the office, newest first."""
    return page(work, work.query(User), User.id, limit, cursor)


@act(Permission.ACCOUNT_LOOK_UP, read_only=True)
def names(work: Work, ids: Iterable[UUID]) -> dict[UUID, str]:
    """The user names of those of these people who are of the office."""
    found = work.query(User).where(User.id.in_(set(ids))).with_only_columns(User.id, User.username)
    return {row.id: row.username for row in work.session.execute(found)}


@act(Permission.ACCOUNT_LOOK_UP, read_only=True)
def list_people(work: Work, *, limit: int = 50, cursor: UUID | None = None, role: Role | None = None) -> Page[User]:
    """The people of the office who can be assigned or offered something, newest account first."""
    find = work.query(User).where(User.disabled_at.is_(None))
    if role is not None:
        find = find.where(User.id.in_(sa.select(UserRole.user_id).where(UserRole.role == role)))
    return page(work, find, User.id, limit, cursor)


@act_on(User, Permission.ACCOUNT_MANAGE, read_only=True)
def get_user(work: Work, user: User) -> User:
    """One account of the office."""
    return user


@act(Permission.ACCOUNT_MANAGE, read_only=True)
def blocked_until(work: Work, users: Sequence[User]) -> dict[UUID, datetime]:
    """Which of these people have to wait after wrong tries, and until when (UTC)."""
    keys = {str(user.id): user.id for user in users}
    waiting = sa.select(Tries).where(Tries.key.in_(keys), Tries.blocked_until > work.now)
    return {keys[tries.key]: tries.blocked_until for tries in work.session.scalars(waiting) if tries.blocked_until}


@act_on(User, Permission.ACCOUNT_MANAGE)
def grant_role(work: Work, user: User, *, role: Role) -> User:
    """Let the account act in one role more. Never one's own account."""
    _not_oneself(work, user)
    _step_up(work)
    if role in user.role_names:
        raise Conflict("The account has this role already.")
    user.roles.append(UserRole(role=role))
    _touch(user)
    work.record(user, "user:role_granted", data={"role": role.value})
    return user


@act_on(User, Permission.ACCOUNT_MANAGE)
def revoke_role(work: Work, user: User, *, role: Role) -> User:
    """Take a role away; sessions and tokens in that role end with it. Never one's own account."""
    _not_oneself(work, user)
    _step_up(work)
    held = next((held for held in user.roles if held.role is role), None)
    if held is None:
        raise Conflict("The account does not have this role.")
    if len(user.roles) == 1:
        raise Conflict("This is the account's last role. Disable the account instead, or grant another role first.")
    _end_assignments(work, user, role)
    user.roles.remove(held)
    _touch(user)
    ended = end_all(work, user, role=role)
    work.record(user, "user:role_revoked", data={"role": role.value, **ended})
    return user


def _end_assignments(work: Work, user: User, role: Role) -> None:
    """Take her off every case that she is assigned to in this role, so that a later grant does not bring her back."""
    assigned = (
        sa.select(Assignment, Case)
        .join(Case, Case.id == Assignment.case_id)
        .where(Assignment.user_id == user.id, Assignment.role == role, Assignment.ended_at.is_(None))
    )
    # The cases first, in one order: no act on them comes between.
    locked = assigned.order_by(Case.id).with_for_update(of=[Case, Assignment], key_share=True)
    found = work.session.execute(locked).all()
    if any(case.lead_id == user.id for _, case in found):
        raise Conflict("She leads a case in this role. Give the lead of her cases to others first.")
    held = sa.select(Evidence.id).where(
        Evidence.custodian_id == user.id, Evidence.case_id.in_([case.id for _, case in found])
    )
    if work.session.execute(held.limit(1)).first() is not None:
        raise Conflict("She holds items of a case in this role. Have them handed over first, or disable the account.")
    for assignment, case in found:
        assignment.ended_at = work.now
        named = str(work.known_as(case.id, user.id))
        work.record(case, "case:unassign", data={"user": named, "assigned_role": role.value, "role_revoked": True})


def _not_oneself(work: Work, user: User) -> None:
    if user.id == work.actor.user_id:
        raise work.forbid(
            "Nobody changes her own roles or account. Ask another administrator.", Permission.ACCOUNT_MANAGE, user
        )


def _touch(user: User) -> None:
    """Roles are rows of their own: the account's version must rise with them all the same."""
    flag_modified(user, "username")


@act_on(User, Permission.ACCOUNT_MANAGE)
def disable(work: Work, user: User) -> Disabled:
    """Shut the account: no sign-in, and everything that is signed in ends now, whatever she still leads or holds."""
    _not_oneself(work, user)
    _step_up(work)
    if user.disabled_at is not None:
        raise Conflict("The account is disabled already.")
    user.disabled_at = work.now
    work.record(user, "user:disabled", data=end_all(work, user))
    leads = sa.select(sa.func.count()).where(Case.lead_id == user.id, Case.stage.not_in(ENDED))
    holds = sa.select(sa.func.count()).where(Evidence.custodian_id == user.id)
    return Disabled(user, work.session.scalars(leads).one(), work.session.scalars(holds).one())


@act_on(User, Permission.ACCOUNT_MANAGE)
def enable(work: Work, user: User) -> User:
    """Open a disabled account again."""
    _not_oneself(work, user)
    _step_up(work)
    if user.disabled_at is None:
        raise Conflict("The account is not disabled.")
    user.disabled_at = None
    work.record(user, "user:enabled")
    return user


@act_on(User, Permission.ACCOUNT_MANAGE)
def unblock(work: Work, user: User) -> User:
    """Forget the wrong tries, so that she may sign in at once. Never one's own: a thief could guess codes for ever."""
    _not_oneself(work, user)
    tokens = work.session.scalars(sa.select(Token.id).where(Token.user_id == user.id, Token.revoked_at.is_(None)))
    keys = [str(user.id), *map(str, tokens)]
    work.session.execute(sa.update(Tries).where(Tries.key.in_(keys)).values(failures=0, blocked_until=None))
    work.record(user, "user:unblocked")
    return user


@act_on(User, Permission.ACCOUNT_MANAGE)
def reset_authenticator(work: Work, user: User) -> Added:
    """For a lost phone: she starts as at first sign-in, with an initial password. Everything that is signed in ends."""
    _not_oneself(work, user)
    _step_up(work)
    initial = credentials.initial_password()
    user.password_hash = credentials.hash_password(initial)
    user.must_change_password = True
    authenticator.remove(work, user)
    work.record(user, "user:authenticator_reset", data=end_all(work, user))
    return Added(user, initial, None, [])


@act(Permission.OPERATE, read_only=True)
def supervisor_at_host(work: Work, *, username: str) -> Actor:
    """A supervisor at the host's command line, for an act that asks for her fresh code. Raises InvalidInput."""
    find = work.query(User).where(User.username == username.strip().casefold(), User.disabled_at.is_(None))
    found = work.session.scalars(find).one_or_none()
    if found is None or Role.SUPERVISOR not in found.role_names:
        raise InvalidInput({"user": ["No supervisor has this name. `unbroken user list` shows who is one."]})
    return Actor(found.id, Role.SUPERVISOR, OPERATOR.auth, office_id=found.office_id)


@act_on(User, Permission.OPERATE)
def add_token(work: Work, user: User, *, role: Role | None = None, scope: Scope, days: int, name: str) -> NewToken:
    """A token made by whoever runs the command line."""
    return new_token(work, user, role=role, scope=scope, days=days, name=name)


@act(Permission.ACCOUNT_OWN, read_only=True)
def list_tokens(work: Work, *, limit: int = 50, cursor: UUID | None = None) -> Page[Token]:
    """One's own tokens that are still good, newest first."""
    good = work.query(Token).where(Token.revoked_at.is_(None), Token.expires_at > work.now)
    return page(work, good, Token.id, limit, cursor)


@act_on(Token, Permission.ACCOUNT_OWN)
def revoke_token(work: Work, token: Token) -> None:
    """End one's own token now."""
    if token.revoked_at is not None:
        raise Conflict("The token is revoked already.")
    token.revoked_at = work.now
    work.record(token, "user:token_revoked", data={"token": str(token.id)})


@act(Permission.ACCOUNT_OWN)
def choose_language(work: Work, *, language: str) -> Me:
    """In which language the pages speak to her from now on. Raises InvalidInput for one that there is not."""
    if language not in LANGUAGES:
        raise InvalidInput({"language": [sentence("Give one of: {languages}.", languages=list(LANGUAGES))]})
    assert work.actor.user_id is not None
    user = work.get(User, work.actor.user_id, Permission.ACCOUNT_OWN, lock=True)
    user.language = language
    work.record(user, "user:language", data={"language": language})
    return me(work)


@act(Permission.ACCOUNT_SELF, read_only=True)
def me(work: Work) -> Me:
    """Who is asking. A locked session does not say. Raises SessionLocked."""
    if work.actor.locked:
        raise SessionLocked
    assert work.actor.user_id is not None
    user = work.get(User, work.actor.user_id, Permission.ACCOUNT_SELF)
    office = work.session.get_one(Office, user.office_id)
    return Me(
        user, work.actor.role, work.actor.scope, office.code, office.zone, authenticator.recovery_codes_left(work, user)
    )
