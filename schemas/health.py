"""Health out."""

from marshmallow import fields

from schemas.common import Out


class FindingOut(Out):
    """What a probe of the store found; the message says what to do."""

    code = fields.String()
    level = fields.String()
    message = fields.String()


class HealthOut(Out):
    """Whether the service is well."""

    status = fields.String()
    store = fields.List(fields.Nested(FindingOut))
