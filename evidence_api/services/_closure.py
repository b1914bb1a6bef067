"""What an inspection of a venue means for the orders that close it."""

from datetime import timedelta

import sqlalchemy as sa

from evidence_api.domain.closure import GRANTED
from evidence_api.models import ClosureOrder, Inspection, Venue
from evidence_api.services._court import jurisdiction_of
from evidence_api.work import Work


def inspected(work: Work, inspection: Inspection) -> None:
    """Somebody has looked at a venue, which the caller holds locked: the orders in force about it, unless she sought
    its closing or drafted them herself, are next looked at after the time that the jurisdiction gives."""
    if str(inspection.inspector_id) in work.session.get_one(Venue, inspection.venue_id).seekers:
        return
    standing = sa.select(ClosureOrder).where(
        ClosureOrder.venue_id == inspection.venue_id,
        ClosureOrder.state.in_(GRANTED),
        ClosureOrder.drafter_id != inspection.inspector_id,
    )
    for order in work.session.scalars(standing.order_by(ClosureOrder.id).with_for_update(key_share=True)):
        following = inspection.inspected_on + timedelta(days=jurisdiction_of(work, order.case_id).deadlines.inspection)
        if order.inspect_by is None or following > order.inspect_by:
            order.inspect_by = following
        work.record(order, "order:inspected", data={"inspection": str(inspection.id)})
