"""Refunds as people find them in the portal: many, in any state, with what led to it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger import attempts, orders, refunds
from ledger.models import Account, OrderLink, Refund
from ledger.orders import NetSuiteOrder
from ledger.states import State, Transition
from tests.support.ledger import NOW, make_part, make_payment, make_refund, make_seen

WAYS: dict[State, tuple[tuple[Transition, str], ...]] = {
    State.SCHEDULED: (),
    State.POSTING: ((Transition.BEGIN, "RECEIVED"),),
    State.POSTED: ((Transition.POST, "POSTED"),),
    State.WAITING: ((Transition.WAIT, "NOT_BILLED"),),
    State.RETRYING: ((Transition.RETRY_LATER, "TRANSIENT"),),
    State.ERROR: ((Transition.FAIL, "MAPPING_MISSING"),),
    State.DISCREPANCY: ((Transition.DISPUTE, "ORDER_DELETED"),),
    State.RESOLVED: ((Transition.DISPUTE, "ORDER_DELETED"), (Transition.RESOLVE, "RESOLVED_BY_PERSON")),
    State.HELD: ((Transition.HOLD, "REVIEW_FIRST"),),
    State.CANCELLED: ((Transition.CANCEL, "CANCELLED_BY_PERSON"),),
    State.IGNORED: ((Transition.IGNORE, "NO_MONEY_MOVED"),),
}
"""How a refund comes into each state, with a reason that belongs to it."""


def make_transaction(
    session: Session,
    account: Account,
    number: int = 1,
    *,
    state: State = State.SCHEDULED,
    reason: str = "",
    detail: str = "",
    amount: str = "20.00",
    currency: str = "USD",
    origin: str = "",
    link: OrderLink | None = None,
    at: datetime = NOW,
) -> Refund:
    """Write a refund down and bring it into a state.

    Its order is `#{1000 + number}` with the id 4500000000 + number, its own id 9000000000 + number.
    """
    seen = make_seen(
        origin=origin or account.platform.value,
        refund_id=str(9_000_000_000 + number),
        order_id=str(4_500_000_000 + number),
        order_name=f"#{1000 + number}",
        occurred_at=at,
        currency=currency,
        parts=(make_part(amount, currency=currency),),
        payments=(make_payment(amount, currency=currency),),
    )
    refund = make_refund(session, account, seen, link, now=at)
    for transition, usual in WAYS[state]:
        is_last = (transition, usual) == WAYS[state][-1]
        refunds.move(
            session,
            refund,
            transition,
            reason if reason and is_last else usual,
            now=at + timedelta(seconds=1),
            detail=detail if is_last else "",
        )
    return refund


def make_link(
    session: Session, account: Account, number: int = 1, *, netsuite_id: str = "60211"
) -> OrderLink:
    """Return the link of the order of `make_transaction`'s refund, billed by a cash sale in NetSuite."""
    name = f"#{1000 + number}"
    link = orders.ensure(session, account.id, str(4_500_000_000 + number), now=NOW, name=name)
    order = NetSuiteOrder(netsuite_id, "salesorder", billed_type="cashsale", billed_id="70311")
    orders.link_netsuite(link, order, now=NOW)
    session.flush()
    return link


def make_attempt(session: Session, refund: Refund, calls: Sequence[dict[str, Any]], **ended: str) -> None:
    """Write down an attempt with its calls, ended in `outcome` for `reason` and `detail`."""
    attempts.begin(session, refund, now=NOW)
    attempts.end(
        session,
        refund.id,
        refund.lease_token,
        now=NOW + timedelta(seconds=2),
        outcome=ended.get("outcome", "fail"),
        reason=ended.get("reason", "REFUSED"),
        detail=ended.get("detail", ""),
        calls=list(calls),
    )


def make_many_like(session: Session, refund: Refund, numbers: range) -> None:
    """Write refunds down that differ from one in their names only, as `make_transaction` numbers them."""
    session.flush()
    names = {
        "source_refund_id": "CAST(9000000000 + g AS text)",
        "key": "replace(key, source_refund_id, CAST(9000000000 + g AS text))",
        "storefront_order_id": "CAST(4500000000 + g AS text)",
        "storefront_order_name": "'#' || CAST(1000 + g AS text)",
    }
    columns = [column.name for column in Refund.__table__.columns if column.name != "id"]
    values = ", ".join(names.get(name, name) for name in columns)
    statement = f"""
WITH RECURSIVE each(g) AS (SELECT CAST(:first AS bigint) UNION ALL SELECT g + 1 FROM each WHERE g < :last)
INSERT INTO refunds ({", ".join(columns)}) SELECT {values} FROM each, refunds WHERE refunds.id = :like
ORDER BY g"""  # noqa: S608 - names of our own columns
    session.execute(text(statement), {"first": numbers[0], "last": numbers[-1], "like": refund.id})
