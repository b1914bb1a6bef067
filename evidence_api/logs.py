"""Logs as JSON lines and metrics, with nothing in either that could expose a person.

A request is logged by its route's rule, never by its path, query, body or headers.
"""

import logging
import sys
import time
import traceback
import uuid
from pathlib import Path

import structlog
from flask import Flask, Response, g, jsonify, request
from prometheus_client import CollectorRegistry, Counter, Histogram

REGISTRY = CollectorRegistry()
REQUESTS = Counter(
    "unbroken_requests_total", "Requests by route and status.", ["method", "route", "status"], registry=REGISTRY
)
SECONDS = Histogram("unbroken_request_seconds", "Seconds taken by a request, by route.", ["route"], registry=REGISTRY)

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})

log = structlog.get_logger()


def configure_output() -> None:
    """Log as JSON lines on standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def defect(error: Exception) -> tuple[Response, int]:
    """Log a defect of ours, and answer it with the number of the request, by which it is found in the log."""
    cause = getattr(error, "original_exception", error)
    frames = [f"{Path(f.filename).name}:{f.lineno}" for f in traceback.extract_tb(cause.__traceback__)[-6:]]
    # Only where it broke: an exception's message may quote a row.
    log.error("defect", kind=type(cause).__name__, at=frames, request=g.get("request_id"))
    body = {
        "type": "defect",
        "title": "A fault of ours",
        "status": 500,
        "detail": f"Nothing was changed. Tell your administrator the number {g.get('request_id')}.",
    }
    response = jsonify(body)
    response.mimetype = "application/problem+json"
    return response, 500


def configure(app: Flask) -> None:
    """Log every request of `app` and count it."""
    configure_output()

    # Flask's own line has the path and the exception's text.
    app.log_exception = lambda exc_info: None  # type: ignore[method-assign]

    app.register_error_handler(500, defect)

    @app.before_request
    def begin() -> None:
        g.started = time.perf_counter()
        g.request_id = uuid.uuid4().hex

    @app.after_request
    def end(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "none"
        seconds = time.perf_counter() - g.get("started", time.perf_counter())
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(method, route, response.status_code).inc()
        SECONDS.labels(route).observe(seconds)
        response.headers["X-Request-Id"] = g.get("request_id", "")
        log.info(
            "request",
            method=method,
            route=route,
            status=response.status_code,
            ms=round(seconds * 1000, 1),
            request=g.get("request_id"),
        )
        return response
