"""How things stand, on both databases."""

from datetime import datetime, timedelta

from sqlalchemy import select, update

from ledger import deliveries, standing
from ledger.database import Database
from ledger.models import Account, Delivery, Refund
from ledger.states import State
from tests.support.ledger import make_delivery, make_refund, make_seen


def test_unsettled_refunds_are_counted_by_state_and_reason_and_settled_ones_are_not(
    database: Database, shop: Account, now: datetime
) -> None:
    states = [State.ERROR, State.ERROR, State.WAITING, State.POSTED, State.IGNORED, State.RESOLVED]
    with database.write() as session:
        for number, state in enumerate(states):
            row = make_refund(session, shop, make_seen(refund_id=str(number)), now=now)
            since = now - timedelta(hours=number)
            session.execute(
                update(Refund)
                .where(Refund.id == row.id)
                .values(state=state, reason="REFUSED", updated_at=since)
            )
    with database.read() as session:
        assert standing.refunds_by_reason(session) == {("error", "REFUSED"): 2, ("waiting", "REFUSED"): 1}
        assert standing.oldest(session) == {
            "error": now - timedelta(hours=1),
            "waiting": now - timedelta(hours=2),
        }


def test_deliveries_that_are_not_worked_off_are_counted(
    database: Database, shop: Account, now: datetime
) -> None:
    with database.write() as session:
        for key in ("a", "b", "done"):
            deliveries.accept(session, make_delivery(shop, key=key), now=now)
        deliveries.accept(session, make_delivery(shop, key="odd", reason="NOT_JSON"), now=now)
        done = session.scalars(select(Delivery).where(Delivery.delivery_key == "done")).one()
        deliveries.finish(session, done, now=now)
    with database.read() as session:
        assert standing.deliveries_by_state(session) == {"received": 2, "quarantined": 1}
