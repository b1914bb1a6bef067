"""What a route is: a method, a path, a use case, what goes in and what comes out. Nothing else may be one.

`Api.route` refuses, at import, a use case that declares no permission. The same declarations make the OpenAPI
document and the table of permissions that the tests hold every route against. Checks come in this order: known (401),
can see it (404), may do it (403), input (422), fresh code (403), state (409).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from flask import Blueprint, Response, request
from marshmallow import Schema, ValidationError
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from evidence_api import auth
from evidence_api.api.repeats import Repeat
from evidence_api.domain.errors import InvalidInput, StaleVersion
from evidence_api.domain.roles import Actor
from evidence_api.policy import PUBLIC
from evidence_api.work import Act, Work, act_of, begin
from schemas.common import In

MAX_JSON_BYTES = 1 << 20
_ETAG = re.compile(r'(?:W/)?"v(\d{1,18})"')


@dataclass(frozen=True)
class Route:
    """One route's contract. `own` marks a view that reads or writes the raw body itself, in several short acts."""

    method: str
    rule: str
    use: Callable[..., Any]
    body: type[Schema] | None
    query: type[Schema] | None
    out: type[Schema] | None
    status: int
    many: bool
    says: str
    also: Mapping[int, str]
    prepare: Callable[..., Any] | None
    own: Callable[..., Response] | None
    document: Mapping[str, Any]
    answer: Callable[[Any], int] | None
    secret: bool

    @property
    def act(self) -> Act:
        return act_of(self.use)

    @property
    def name(self) -> str:
        return re.sub(r"\W+", "_", self.method.lower() + re.sub(r"<(?:\w+:)?(\w+)>", r"\1", self.rule))


class Api(Blueprint):
    """A blueprint whose every route is a contract."""

    routes: list[Route]

    def __init__(self, name: str, import_name: str) -> None:
        super().__init__(name, import_name)
        self.routes = []

    def route(  # type: ignore[override]
        self,
        method: str,
        rule: str,
        use: Callable[..., Any],
        *,
        says: str,
        body: type[Schema] | None = None,
        query: type[Schema] | None = None,
        out: type[Schema] | None = None,
        status: int = 200,
        many: bool = False,
        also: Mapping[int, str] | None = None,
        prepare: Callable[..., Any] | None = None,
        own: Callable[..., Response] | None = None,
        document: Mapping[str, Any] | None = None,
        answer: Callable[[Any], int] | None = None,
        secret: bool = False,
    ) -> None:
        """Add a route. Raises TypeError where the use case declares no permission.

        `prepare(actor, *path)` is done before the act and outside its transaction, such as reading a whole object; its
        result goes to the use case behind the path. `answer` picks another status than `status` from the result;
        `also` documents such and other statuses. The answer of a `secret` one is never kept.
        """
        act_of(use)
        made = Route(
            method,
            rule,
            use,
            body,
            query,
            out,
            status,
            many,
            says,
            also or {},
            prepare,
            own,
            document or {},
            answer,
            secret,
        )
        self.routes.append(made)
        view = own or _view(made)
        self.add_url_rule(rule, made.name, view, methods=[method], provide_automatic_options=False)


def _view(route: Route) -> Callable[..., Response]:
    def view(**path: UUID) -> Response:
        actor = auth.current_actor(public=route.act.permission in PUBLIC)
        body_bytes = _read_body(route)
        try:
            repeat = Repeat.asked(route.act, actor, body_bytes)
            kept = repeat.answered(actor, route.act, path) if repeat else None
            if kept is not None:
                return kept
            given = _given(route, body_bytes)
            if_match = _if_match()
        except (InvalidInput, StaleVersion, BadRequest, UnsupportedMediaType):
            authorise(route.act, actor, path)
            raise
        with acting(route, actor, path, given, if_match) as (work, use):
            kept = repeat.claim(work, route.act, path) if repeat else None
            if kept is not None:
                return kept
            response = answer(route, use(), work)
            if repeat is not None:
                repeat.remember(work, response, secret=route.secret)
        return response

    view.__name__ = route.name
    return view


@contextmanager
def acting(
    route: Route, actor: Actor, path: Mapping[str, UUID], given: dict[str, Any], if_match: int | None = None
) -> Iterator[tuple[Work, Callable[[], Any]]]:
    """The act of a route, for pages too: uses up the code in `given`, prepares, opens the transaction.

    Gives the act's work and the use case, to be called within the block.
    """
    if route.act.permission not in PUBLIC:
        actor = auth.with_code(actor, given.pop("otp", None) or request.headers.get("X-OTP"))
    prepared = [route.prepare(actor, *path.values())] if route.prepare else []
    with begin(auth.current_site(), actor, read_only=route.act.read_only, if_match=if_match) as work:
        yield work, partial(route.use, work, *path.values(), *prepared, **given)


def authorise(act: Act, actor: Actor, path: Mapping[str, UUID]) -> None:
    """Before input is found fault with: raise what stands before it in the order of checks."""
    if act.permission not in PUBLIC:
        with begin(auth.current_site(), actor, read_only=True) as work:
            act.enter(work, next(iter(path.values()), None))


def answer(route: Route, result: Any, work: Work) -> Response:
    """The response for a result, made while the transaction is open so that what it shows is what was done."""
    if not work.read_only:
        work.finish()
    status = route.answer(result) if route.answer else route.status
    if isinstance(result, Response):
        return result
    response = Response(status=status)
    if route.out is not None:
        schema = route.out()
        if route.many:
            items, following = result
            payload: Any = {"items": schema.dump(items, many=True), "next": following}
        else:
            payload = schema.dump(result)
        response = Response(orjson.dumps(payload), status=status, mimetype="application/json")
    version = None if route.many else getattr(result, "version", None)
    if version is not None:
        response.headers["ETag"] = f'"v{version}"'
    return response


def _read_body(route: Route) -> bytes:
    request.max_content_length = MAX_JSON_BYTES
    return b"" if route.method == "GET" else request.get_data(cache=False)


def _given(route: Route, body: bytes) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if route.query is not None:
        given |= load(route.query, {name: value for name, value in request.args.items() if value})
    elif request.args:
        raise InvalidInput({name: ["This is not known here."] for name in request.args})
    return given | load(route.body or In, _without_unknowns(route, _parse(body)))


def _without_unknowns(route: Route, values: dict[str, Any]) -> dict[str, Any]:
    """What is made anew has a null for what is not known: the same as leaving it out, where it may be left out.

    In a change a null takes something out, or is refused.
    """
    if route.method != "POST" or route.body is None:
        return values
    fields = route.body().fields
    optional = {field.data_key or name for name, field in fields.items() if not (field.required or field.allow_none)}
    return {name: value for name, value in values.items() if value is not None or name not in optional}


def read_json(schema: type[Schema], most: int = MAX_JSON_BYTES) -> dict[str, Any]:
    """The JSON body, of `most` bytes, checked, for a view of its own. Raises InvalidInput."""
    if request.args:
        raise InvalidInput({name: ["This is not known here."] for name in request.args})
    request.max_content_length = most
    return load(schema, _parse(request.get_data(cache=False)))


def _parse(body: bytes) -> Any:
    if not body.strip():
        return {}
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("Send JSON, with Content-Type: application/json.")
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest("The body is not JSON.") from error
    if not isinstance(found, dict):
        raise BadRequest("The body must be a JSON object.")
    return found


def load(schema: Callable[[], Schema], values: Mapping[str, Any]) -> dict[str, Any]:
    """Check what came in. Raises InvalidInput with sentences by field."""
    try:
        loaded: dict[str, Any] = schema().load(values)
    except ValidationError as error:
        raise InvalidInput(_flat(error.messages)) from error
    return loaded


def _flat(messages: Any, prefix: str = "") -> dict[str, list[str]]:
    if isinstance(messages, dict):
        flat: dict[str, list[str]] = {}
        for name, inner in messages.items():
            flat |= _flat(inner, f"{prefix}.{name}" if prefix else str(name))
        return flat
    return {prefix: list(messages)}


def _if_match() -> int | None:
    value = request.headers.get("If-Match")
    if value is None or value.strip() == "*":
        return None
    found = _ETAG.fullmatch(value.strip())
    if found is None:
        raise StaleVersion
    return int(found[1])
