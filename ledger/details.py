"""One refund or delivery with everything that is known of it, as JSON values; see `ledger.views`."""

from sqlalchemy.orm import Session

from ledger import queries
from ledger.models import Delivery, Refund
from ledger.views import (
    View,
    attempt_view,
    audit_view,
    delivery_view,
    line_view,
    link_view,
    refund_facts,
    refund_view,
)


def refund_detail(session: Session, found: Refund) -> View:
    """Return a refund with its order link, lines, attempts, audit trail and the deliveries behind it.

    Args:
        session: To look up what belongs to it.
        found: As `ledger.queries.refund` returns it.
    """
    names = queries.owners(session)
    return {
        **refund_view(found),
        **refund_facts(found),
        "order_link": link_view(found.order_link),
        "lines": [line_view(found, line) for line in found.lines],
        "attempts": [attempt_view(each) for each in queries.attempts(session, found.id)],
        "audit": [audit_view(each) for each in queries.audit_trail(session, "refund", found.id)],
        "deliveries": [
            delivery_view(each, names[each.netsuite_account_id, each.account_id])
            for each in queries.deliveries_behind(session, found)
        ],
    }


def delivery_detail(session: Session, found: Delivery) -> View:
    """Return a delivery without its body: headers, what was understood of it, and its audit trail."""
    names = queries.owners(session)
    return {
        **delivery_view(found, names[found.netsuite_account_id, found.account_id]),
        "headers": found.headers,
        "events": found.events,
        "audit": [audit_view(each) for each in queries.audit_trail(session, "delivery", found.id)],
    }
