"""Accounts, sessions and tokens in and out."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from evidence_api.domain.languages import LANGUAGES
from evidence_api.domain.roles import PERSONAL_ROLES, Role, Scope
from schemas.common import In, Moment, Out, PageIn, Text, code

MAX_TYPED = 1024


class PersonalRole(fields.String):
    """One of the roles that a person can have."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=validate.OneOf([role.value for role in PERSONAL_ROLES]), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        return Role(text) if text in PERSONAL_ROLES else text


def a_password(**kwargs: Any) -> fields.String:
    """A password as typed, spaces and all."""
    return fields.String(validate=validate.Length(min=1, max=MAX_TYPED), **kwargs)


class PasswordIn(In):
    """A user name and its password."""

    username = fields.String(required=True, validate=validate.Length(min=1, max=64))
    password = a_password(required=True)


class SessionIn(PasswordIn):
    """Sign in."""

    otp = code(required=True, metadata={"description": "A fresh code from the authenticator, or a recovery code."})
    role = PersonalRole(metadata={"description": "The role to act in; the first that you have, if left out."})


class TokenIn(PasswordIn):
    """Make a token."""

    otp = code(required=True)
    name = Text(required=True, most=100, metadata={"description": "What it is for, such as the laptop's name."})
    role = PersonalRole(metadata={"description": "The role that it acts in; the first that you have, if left out."})
    scope = fields.Enum(Scope, by_value=True, load_default=Scope.UPLOAD)
    days = fields.Integer(strict=True, load_default=30, validate=validate.Range(1, 365))


class ConfirmIn(PasswordIn):
    """Show that the authenticator works."""

    otp = code(required=True)
    new_password = a_password(metadata={"description": "Needed where the answer to the enrolment said so."})


class NewPasswordIn(In):
    """Change the password."""

    password = a_password(required=True)
    new_password = a_password(required=True)
    otp = code()


class RoleIn(In):
    """A role."""

    role = PersonalRole(required=True)


class StepUpRoleIn(RoleIn):
    """A role, with a fresh code."""

    otp = code()


class StepUpIn(In):
    """A fresh code."""

    otp = code()


class LanguageIn(In):
    """A language."""

    language = fields.String(required=True, validate=validate.OneOf(list(LANGUAGES)))


class EverywhereIn(In):
    """Whether the tokens end too."""

    tokens = fields.Boolean(load_default=False)


class UserIn(In):
    """A new account."""

    username = Text(required=True, most=64)
    roles = fields.List(
        PersonalRole(),
        required=True,
        validate=validate.Length(1, len(PERSONAL_ROLES), error="Choose one role or more."),
    )
    otp = code()


class PeopleIn(PageIn):
    """Which people."""

    role = PersonalRole()


class PersonOut(Out):
    """A person of the office."""

    id = fields.UUID()
    username = fields.String()
    roles = fields.List(fields.Enum(Role, by_value=True), attribute="role_names")


class UserOut(PersonOut):
    """An account."""

    enrolled = fields.Function(lambda user: user.enrolled_at is not None, metadata={"type": "boolean"})
    disabled = fields.Function(lambda user: user.disabled_at is not None, metadata={"type": "boolean"})
    created_at = Moment()


class DisabledOut(Out):
    """A disabled account, and what a supervisor has to settle: how many open cases it leads, and items it holds."""

    user = fields.Nested(UserOut)
    leads = fields.Integer()
    holds = fields.Integer()


class AddedOut(Out):
    """An account, and the initial password for its first sign-in, shown once."""

    user = fields.Nested(UserOut)
    password = fields.String()


class MeOut(Out):
    """Who you are, in which role you act, and how far a token reaches."""

    id = fields.UUID(attribute="user.id")
    username = fields.String(attribute="user.username")
    roles = fields.List(fields.Enum(Role, by_value=True), attribute="user.role_names")
    role = fields.Enum(Role, by_value=True)
    scope = fields.Enum(Scope, by_value=True)
    enrolled = fields.Function(lambda me: me.user.enrolled_at is not None, metadata={"type": "boolean"})
    office = fields.String()
    zone = fields.String(metadata={"description": "The office's time zone, by its IANA name."})
    language = fields.String(
        allow_none=True, metadata={"description": "Of the pages; null where the browser's counts."}
    )
    email = fields.String(
        attribute="user.email", allow_none=True, metadata={"description": "Where reminders are sent."}
    )
    reminders = fields.Boolean(attribute="user.reminders")
    recovery_codes_left = fields.Integer()
    csrf = fields.String(metadata={"description": "For a session: what to send in `X-CSRF-Token`."})


class OwnSessionOut(Out):
    """A session of yours. `seen_at`, to the minute, is when it was last in use; `current` is the one that asks."""

    id = fields.UUID(attribute="row.id")
    role = fields.Enum(Role, by_value=True, attribute="row.role")
    created_at = Moment(attribute="row.created_at")
    seen_at = Moment()
    expires_at = Moment(attribute="row.expires_at")
    locked = fields.Boolean()
    current = fields.Boolean()


class TokenOut(Out):
    """A token, without its secret."""

    id = fields.UUID()
    name = fields.String()
    role = fields.Enum(Role, by_value=True)
    scope = fields.Enum(Scope, by_value=True)
    created_at = Moment()
    expires_at = Moment()


class NewTokenOut(Out):
    """A new token. The secret is shown once."""

    token = fields.String(attribute="secret")
    id = fields.UUID(attribute="row.id")
    name = fields.String(attribute="row.name")
    role = fields.Enum(Role, by_value=True, attribute="row.role")
    scope = fields.Enum(Scope, by_value=True, attribute="row.scope")
    created_at = Moment(attribute="row.created_at")
    expires_at = Moment(attribute="row.expires_at")


class SessionOut(Out):
    """A new session; its cookie comes in `Set-Cookie`."""

    role = fields.Enum(Role, by_value=True)
    roles = fields.List(fields.Enum(Role, by_value=True), attribute="user.role_names")
    recovery_codes_left = fields.Integer()
    csrf = fields.String(required=True)


class EnrolledOut(SessionOut):
    """A new session, and the recovery codes, shown once."""

    recovery_codes = fields.List(fields.String())


class EnrolmentOut(Out):
    """What to put into the authenticator: the URI, or the same as a QR code (SVG)."""

    otpauth_uri = fields.String()
    qr = fields.String()
    must_change_password = fields.Boolean()
