"""Searching: `/api/v1/search`."""

from evidence_api.api.contract import Api
from evidence_api.services import search
from schemas.search import FindsOut, SearchIn

api = Api("search", __name__)

api.route(
    "GET",
    "/search",
    search.find,
    query=SearchIn,
    out=FindsOut,
    says="Cases and items by a part of their ref, title or tag: the exact ref first, then the newest",
)
