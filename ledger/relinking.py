"""Link the order of a refund to another NetSuite record: an operator's decision, and what follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from ledger import due, orders, queries, refunds
from ledger.models import OrderLink
from ledger.orders import NetSuiteOrder
from ledger.queries import NoOrderError
from ledger.states import State


@dataclass(frozen=True, slots=True)
class Relinked:
    """What came of it.

    Attributes:
        woken: The refunds that waited for the order, as (id, platform): a worker is to be woken for them.
        disputed: The ids of the order's discrepancies, which can be retried now.
    """

    link: OrderLink
    woken: Sequence[tuple[int, str]]
    disputed: Sequence[int]


def relink(session: Session, refund_id: int, order: NetSuiteOrder, *, now: datetime, actor: str) -> Relinked:
    """Link a refund's order anew, and have the refunds that wait for it looked at again.

    Raises:
        ledger.refunds.RefundNotFoundError: If there is no such refund.
        ledger.queries.NoOrderError: If no order is known for it yet.
    """
    link = refunds.load(session, refund_id).order_link
    if link is None:
        raise NoOrderError(
            f"refund {refund_id} has no order yet; `refund-sync refund retry {refund_id}` looks for it"
        )
    orders.relink(session, link, order, now=now, actor=actor)
    waiting = refunds.waiting_for_order(session, [link.id])
    for each in waiting:
        refunds.reconsider(session, each, "FACTS_CHANGED", now=now)
    disputed = queries.of_order(session, link.id, State.DISCREPANCY)
    return Relinked(link, due.carried(session, [each.id for each in waiting]), disputed)
