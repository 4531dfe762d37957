"""What is put off stays so, whoever wakes a worker for it; a claim is renewed only while it holds."""

from datetime import datetime, timedelta

import pytest

from ledger import deliveries, orders, refunds
from ledger.database import Database
from ledger.models import Account, Delivery, Refund
from ledger.refunds import LEASE, LeaseLostError
from ledger.states import Transition
from tests.support.ledger import make_delivery, make_refund, make_seen

HOUR = timedelta(hours=1)


def put_off(
    database: Database, refund_id: int, transition: Transition, until: datetime, now: datetime
) -> None:
    with database.write() as session:
        refund = refunds.load(session, refund_id)
        refunds.move(session, refund, transition, "TRANSIENT", now=now, due_at=until)


@pytest.mark.parametrize("transition", [Transition.RETRY_LATER, Transition.WAIT])
def test_a_refund_that_is_put_off_is_not_taken_before_its_time(
    database: Database, refund_id: int, now: datetime, transition: Transition
) -> None:
    put_off(database, refund_id, transition, now + HOUR, now)
    with database.write() as session:
        assert refunds.claim(session, refund_id, now=now + HOUR / 2) is None
        assert refunds.claim(session, refund_id, now=now + HOUR) is not None


def test_news_ends_the_delay(database: Database, refund_id: int, now: datetime) -> None:
    put_off(database, refund_id, Transition.WAIT, now + HOUR, now)
    with database.write() as session:
        refunds.reconsider(session, session.get_one(Refund, refund_id), "FACTS_CHANGED", now=now)
        assert refunds.claim(session, refund_id, now=now) is not None


@pytest.mark.parametrize(("counts", "attempts"), [(True, 2), (False, 1)])
def test_a_delivery_that_is_put_off_is_not_taken_before_its_time(
    database: Database, shop: Account, now: datetime, *, counts: bool, attempts: int
) -> None:
    with database.write() as session:
        number = deliveries.accept(session, make_delivery(shop), now=now)
        assert number is not None
        claimed = deliveries.claim(session, number, now=now)
        assert claimed is not None
        deliveries.postpone(session, claimed, now + HOUR, reason="TRANSIENT", detail="", counts=counts)
    with database.write() as session:
        assert deliveries.claim(session, number, now=now + HOUR / 2) is None
        again = deliveries.claim(session, number, now=now + HOUR)
        assert again is not None
        assert again.attempts == attempts


def test_a_replay_ends_the_delay(database: Database, shop: Account, now: datetime) -> None:
    with database.write() as session:
        number = deliveries.accept(session, make_delivery(shop), now=now)
        assert number is not None
        claimed = deliveries.claim(session, number, now=now)
        assert claimed is not None
        deliveries.postpone(session, claimed, now + HOUR, reason="TRANSIENT", detail="")
    with database.write() as session:
        deliveries.replay(session, session.get_one(Delivery, number), (), now=now, actor="test")
        assert deliveries.claim(session, number, now=now) is not None


def test_a_claim_is_renewed_by_whoever_holds_it(database: Database, refund_id: int, now: datetime) -> None:
    later = now + LEASE / 2
    with database.write() as session:
        claimed = refunds.claim(session, refund_id, now=now)
        assert claimed is not None
        refunds.renew(session, claimed, claimed.lease_token, now=later)
    with database.write() as session:
        assert refunds.claim(session, refund_id, now=now + LEASE) is None
        assert refunds.claim(session, refund_id, now=later + LEASE) is not None
        with pytest.raises(LeaseLostError):
            refunds.renew(session, claimed, claimed.lease_token - 1, now=later)


def test_the_other_refunds_of_an_order_are_those_that_move_or_moved_lately(
    database: Database, shop: Account, now: datetime
) -> None:
    with database.write() as session:
        link = orders.ensure(session, shop.id, "450789469", now=now)
        elsewhere = orders.ensure(session, shop.id, "2", now=now)
        mine, early, late, moving, waiting = (
            make_refund(session, shop, make_seen(refund_id=str(number)), link, now=now) for number in range(5)
        )
        other = make_refund(session, shop, make_seen(refund_id="9", order_id="2"), elsewhere, now=now)
        for refund, posted_at in ((early, now), (late, now + HOUR), (other, now + HOUR)):
            refunds.move(session, refund, Transition.POST, "POSTED", now=now)
            refund.posted_at = posted_at
        refunds.move(session, moving, Transition.BEGIN, "POSTED", now=now)
        ids = (mine.id, [late.id, moving.id], waiting.id)
    with database.write() as session:
        refund = refunds.load(session, ids[0])
        assert refunds.others_of_order(session, refund, since=now + HOUR / 2) == ids[1]


def test_a_refund_without_an_order_has_no_others(database: Database, refund_id: int, now: datetime) -> None:
    with database.write() as session:
        refund = refunds.load(session, refund_id)
        refund.order_link_id = None
        assert refunds.others_of_order(session, refund, since=now) == []
