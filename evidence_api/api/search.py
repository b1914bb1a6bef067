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
    says="What I may know of, by its words or how they begin: the exact ref first, then whole words, then the newest",
)
