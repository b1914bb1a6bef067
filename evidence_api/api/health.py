"""`/health/live`, `/health/ready` and `/metrics`, outside `/api/v1`."""

from flask import Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from evidence_api.api.contract import Api
from evidence_api.logs import REGISTRY
from evidence_api.services import health
from schemas.health import HealthOut


def metrics() -> Response:
    """Counts and times by route, for Prometheus. Nothing in them names a person or a case."""
    return Response(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


api = Api("health", __name__)
api.route("GET", "/health/live", health.live, out=HealthOut, says="The process answers")
api.route(
    "GET",
    "/health/ready",
    health.ready,
    out=HealthOut,
    also={503: "A fault was found"},
    answer=lambda found: 200 if found["status"] == "ok" else 503,
    says="Database and store answer, and what the store was found to keep",
)
api.route(
    "GET",
    "/metrics",
    health.live,
    own=metrics,
    document={"content": {"text/plain": {"schema": {"type": "string"}}}},
    says="Metrics",
)
