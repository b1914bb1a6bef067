"""Bookings of witnesses, and what conflicts with them."""

from evidence_api.api.contract import Api
from evidence_api.services import bookings
from schemas.bookings import BookingIn, BookingMadeOut, BookingOut, ConflictingOut, ConflictsIn
from schemas.common import PageIn, ReasonIn
from schemas.testimonies import TestimonyOut

api = Api("bookings", __name__)
ONE = "/testimonies/<uuid:id>"

api.route(
    "POST",
    f"{ONE}/book",
    bookings.book,
    body=BookingIn,
    out=BookingMadeOut,
    says="Book a time for a witness, provisionally; 409 says what blocks it, and the nearest times that would do",
)
api.route(
    "POST",
    f"{ONE}/confirm",
    bookings.confirm,
    out=TestimonyOut,
    says="Confirm anew what is booked for a witness who is scheduled already; 409 says what is open",
)
api.route(
    "POST",
    f"{ONE}/release",
    bookings.release,
    body=ReasonIn,
    out=TestimonyOut,
    says="Let go of what is booked for a witness",
)
api.route(
    "GET",
    f"{ONE}/bookings",
    bookings.list_of_testimony,
    query=PageIn,
    out=BookingOut,
    many=True,
    says="What is and was booked for a witness, newest first",
)
api.route(
    "GET",
    "/testimonies/conflicts",
    bookings.list_conflicts,
    query=ConflictsIn,
    out=ConflictingOut,
    many=True,
    says="What is booked or planned in my cases and conflicts with something now, the soonest first",
)
