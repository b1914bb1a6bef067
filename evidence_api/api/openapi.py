"""The OpenAPI 3.1 document, made from the very contracts that the routes run by, and its readable page."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Response, jsonify, render_template
from marshmallow import Schema

from evidence_api.api.contract import Api, Route
from evidence_api.domain.roles import PERSONAL_ROLES
from evidence_api.errors import MEDIA_TYPE
from evidence_api.policy import ALWAYS, PUBLIC, SCOPES, TABLE
from evidence_api.services import health
from schemas.common import ProblemOut

_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")

MEANINGS = {
    400: "The request cannot be read",
    401: "Not signed in",
    403: "Not allowed, or a fresh code is needed (`step-up`)",
    404: "Not there, or not shared with you",
    405: "Not a method of this path",
    409: "Not possible in the present state; `allowed` has what is",
    412: "It has changed since it was read",
    413: "Too large",
    415: "Another media type is needed",
    422: "The input is at fault; `errors` says where",
    429: "Too many wrong tries",
    503: "Not available just now",
}


def _name_of(schema: Schema | type[Schema]) -> str:
    return schema.__name__ if isinstance(schema, type) else type(schema).__name__


@cache
def document(version: str = "0.1.0") -> dict[str, Any]:
    """The whole document as a dictionary."""
    from evidence_api.api import APIS, OUTSIDE, PREFIX

    plugin = MarshmallowPlugin(schema_name_resolver=_name_of)
    spec = APISpec("Unbroken", version, "3.1.0", plugins=[plugin], info={"description": DESCRIPTION})
    spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    spec.components.security_scheme("session", {"type": "apiKey", "in": "cookie", "name": "unbroken"})
    spec.components.schema("Problem", schema=ProblemOut)
    for prefix, apis in ((PREFIX, APIS), ("", OUTSIDE)):
        for api in apis:
            for route in api.routes:
                path = prefix + _PARAMETER.sub(r"{\2}", route.rule)
                spec.path(path=path, operations={route.method.lower(): _operation(api, route)})
    made: dict[str, Any] = _mended(spec.to_dict())
    return made


def _mended(part: Any) -> Any:
    """Python's anchors as JSON Schema writes them (ECMA-262 has no `\\A`), and the type beside an enumeration."""
    if isinstance(part, list):
        return [_mended(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    mended = {name: _mended(inner) for name, inner in part.items()}
    if isinstance(mended.get("pattern"), str):
        mended["pattern"] = mended["pattern"].replace("\\A", "^").replace("\\Z", "$")
    if "type" not in mended and isinstance(mended.get("enum"), list) and None not in mended["enum"]:
        mended = {"type": "string", **mended}
    return mended


DESCRIPTION = (
    "Evidence and prosecutions against human trafficking. Send `Authorization: Bearer <token>`, or a session cookie "
    "with `X-CSRF-Token`. Errors are problems (RFC 9457); `type` is a slug. Lists take `limit` and `cursor`. Changes "
    "answer `ETag` and honour `If-Match`. `Idempotency-Key` makes a POST safe to repeat. A fresh code goes in `otp` or "
    "in the header `X-OTP`."
)


def _operation(api: Api, route: Route) -> dict[str, Any]:
    public = route.act.permission in PUBLIC
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.says,
        "tags": [api.name],
        "parameters": [*_path_parameters(route), *_header_parameters(route), *route.document.get("parameters", [])],
        "responses": {str(status): response for status, response in _responses(route, public)},
        "x-permission": route.act.permission.value,
        "x-roles": _roles(route),
        "x-scopes": [scope.value for scope, permitted in SCOPES.items() if route.act.permission in permitted],
        "security": [] if public else [{"token": []}, {"session": []}],
    }
    if route.query is not None:
        operation["parameters"].append({"in": "query", "schema": route.query})
    if "requestBody" in route.document:
        operation["requestBody"] = route.document["requestBody"]
    elif route.body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": route.body}}}
    return operation


def _roles(route: Route) -> dict[str, str]:
    """The roles that may, each with its condition beyond need-to-know; empty where anyone may."""
    conditions = TABLE[route.act.permission]
    return {
        role.value: "" if conditions[role] is ALWAYS else (conditions[role].__doc__ or "").split(".")[0]
        for role in PERSONAL_ROLES
        if role in conditions
    }


def _path_parameters(route: Route) -> Iterator[dict[str, Any]]:
    for kind, name in _PARAMETER.findall(route.rule):
        schema = {"type": "string", "format": "uuid"} if kind == "uuid" else {"type": "string"}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _header_parameters(route: Route) -> Iterator[dict[str, Any]]:
    if route.own is not None:
        return
    if route.method == "POST":
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "A name of your own for this act: sent again with it, it is done once and answered alike.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 200},
        }
    if route.method in {"POST", "PATCH", "PUT", "DELETE"} and route.act.on is not None:
        yield {
            "name": "If-Match",
            "in": "header",
            "description": "The `ETag` that you read; 412 where it has changed since.",
            "schema": {"type": "string"},
        }


def _responses(route: Route, public: bool) -> Iterator[tuple[int, dict[str, Any]]]:
    yield route.status, _success(route)
    for status, meaning in route.also.items():
        yield status, {**_success(route), "description": meaning} if status < 300 else _problem(meaning)
    wanted = {400, 404, 405, 422, 503} | ({429} if public else {401, 403, 429})
    if not route.act.read_only:
        wanted |= {409, 412}
    if route.body is not None or route.own is not None:
        wanted |= {409, 413, 415}
    for status in sorted(wanted - {route.status} - set(route.also)):
        yield status, _problem(MEANINGS[status])


def _success(route: Route) -> dict[str, Any]:
    meaning: dict[str, Any] = {"description": "Done"}
    if "content" in route.document:
        meaning["content"] = route.document["content"]
    elif route.out is not None:
        schema: Any = route.out
        if route.many:
            schema = {
                "type": "object",
                "required": ["items", "next"],
                "properties": {"items": {"type": "array", "items": route.out}, "next": {"type": ["string", "null"]}},
            }
        meaning["content"] = {"application/json": {"schema": schema}}
    if "headers" in route.document:
        meaning["headers"] = route.document["headers"]
    return meaning


def _problem(meaning: str) -> dict[str, Any]:
    return {"description": meaning, "content": {MEDIA_TYPE: {"schema": "Problem"}}}


def as_json() -> Response:
    """The document itself."""
    return jsonify(document())


api = Api("openapi", __name__)
api.route(
    "GET",
    "/openapi.json",
    health.live,
    own=as_json,
    document={"content": {"application/json": {"schema": {"type": "object"}}}},
    says="This document",
)


def page() -> str:
    """The document to read: every route with who it is for, what goes in and what comes out."""
    return render_template("api_docs.html", document=document())
