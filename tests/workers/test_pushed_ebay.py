"""eBay's pushes from their signature to the end: what they say is taken over, or asked for, and posted."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from ledger import polls
from ledger.clock import utcnow
from ledger.models.deliveries import DeliveryState
from ledger.states import State
from tests.support.carried_ebay import standing
from tests.support.pushed_ebay import LEGACY, Pushed, pushing
from tests.support.sandboxed import Books
from tests.support.world import World
from tests.workers.conftest import Work
from workers import polling

BUYER = "ada_lovelace_1815"
ACTIVITIES = {
    "return": "ORDER_RETURN_ACTIVITY",
    "cancellation": "ORDER_CANCELLATION_ACTIVITY",
    "inquiry": "ORDER_INQUIRY_ACTIVITY",
}


@pytest.fixture
def pushed(world: World, netsuite: Books, work: Work) -> Iterator[Pushed]:
    """A seller whose notifications come to us."""
    del work  # by its being here, jobs find their environment
    with pushing(world, netsuite) as made:
        yield made


def requested(pushed: Pushed, netsuite: Books, kind: str) -> tuple[dict[str, Any], str]:
    """Let a buyer order and ask for something, as eBay tells at once; return the order and the request."""
    order = pushed.seller.order(buyer=BUYER)
    netsuite.order(order["orderId"])
    request = pushed.seller.ask(order, kind)
    pushed.settle()
    assert pushed.world.refunds() == []
    return order, request


def is_posted(pushed: Pushed, netsuite: Books) -> None:
    """Assert that the buyer's money is in the books, once, and every delivery is worked off."""
    assert standing(pushed.world.only_refund()) == (State.POSTED, "POSTED")
    (memo,) = netsuite.records("creditMemo")
    assert Decimal(str(memo["total"])) == Decimal("100.00")
    assert netsuite.writes() == {"creditMemo": 1}
    assert {each.state for each in pushed.deliveries()} == {DeliveryState.PROCESSED}


@pytest.mark.parametrize("kind", ACTIVITIES)
def test_an_activity_of_a_request_leads_to_its_orders_refund(
    pushed: Pushed, netsuite: Books, kind: str
) -> None:
    pushed.listen(topics=[ACTIVITIES[kind]])
    order, request = requested(pushed, netsuite, kind)
    pushed.seller.refund(order, **{"for": request})
    pushed.settle()
    is_posted(pushed, netsuite)
    assert {each.topic for each in pushed.deliveries()} == {ACTIVITIES[kind]}


@pytest.mark.parametrize(("kind", "asked"), [("return", "getReturn"), ("cancellation", "getCancellation")])
def test_of_an_activity_that_names_itself_only_ebay_is_asked_whose_order_it_is(
    pushed: Pushed, netsuite: Books, kind: str, asked: str
) -> None:
    pushed.listen(topics=[ACTIVITIES[kind]], names_orders=False)
    order, request = requested(pushed, netsuite, kind)
    pushed.seller.refund(order, **{"for": request})
    pushed.settle()
    is_posted(pushed, netsuite)
    assert {each.topic for each in pushed.deliveries()} == {ACTIVITIES[kind]}
    assert asked in pushed.seller.operations()
    assert "getOrders" not in pushed.seller.operations()


def test_a_platform_notification_of_old_leads_to_its_returns_refund(pushed: Pushed, netsuite: Books) -> None:
    pushed.listen(topics=[], legacy=LEGACY)
    order, request = requested(pushed, netsuite, "return")
    pushed.seller.refund(order, **{"for": request})
    pushed.settle()
    is_posted(pushed, netsuite)
    assert [each.topic for each in pushed.deliveries()] == ["ReturnCreated", "ReturnClosed"]
    assert "getOrders" not in pushed.seller.operations()


def test_of_an_inquiry_ebay_tells_no_order_and_the_account_is_asked_for_changes_at_once(
    pushed: Pushed, netsuite: Books
) -> None:
    pushed.listen(topics=[ACTIVITIES["inquiry"]], names_orders=False)
    order, request = requested(pushed, netsuite, "inquiry")
    pushed.seller.refund(order, **{"for": request})
    pushed.settle()
    is_posted(pushed, netsuite)
    told = pushed.deliveries(ACTIVITIES["inquiry"])
    assert [each.reason for each in told] == ["ORDER_UNTOLD", "ORDER_UNTOLD"]
    assert len(pushed.deliveries("poll")) == 1


@pytest.mark.parametrize(("operation", "status"), [("getReturn", 403), ("getReturn", 404), ("getOrder", 404)])
def test_where_ebay_refuses_to_tell_the_account_is_asked_for_changes_at_once(
    pushed: Pushed, netsuite: Books, operation: str, status: int
) -> None:
    pushed.listen(topics=[], legacy={**LEGACY, "events": ["ReturnClosed"]})
    order, request = requested(pushed, netsuite, "return")
    pushed.seller.fault(operation, "status", status=status, body="")
    pushed.seller.refund(order, **{"for": request})
    pushed.settle()
    is_posted(pushed, netsuite)
    assert [each.reason for each in pushed.deliveries("ReturnClosed")] == ["ORDER_UNTOLD"]


def test_a_poll_that_is_under_way_may_have_read_past_it_and_is_waited_for(
    pushed: Pushed, netsuite: Books
) -> None:
    order, request = requested(pushed, netsuite, "inquiry")
    with pushed.world.database.write() as session:
        poll = polls.hurry(session, pushed.world.account(pushed.seller), now=utcnow())
        claimed = polls.claim(session, poll.id, now=utcnow())
        assert claimed is not None
    pushed.listen(topics=[ACTIVITIES["inquiry"]], names_orders=False)
    pushed.seller.refund(order, **{"for": request})
    pushed.settle()
    (told,) = pushed.deliveries()
    assert (told.state, told.reason, told.attempts) == (DeliveryState.RECEIVED, "ORDER_UNTOLD", 0)
    with pushed.world.database.write() as session:
        polls.finish(session, claimed, found=0, interval=timedelta(days=1), now=utcnow())
    assert pushed.world.process(told.id).state is DeliveryState.PROCESSED
    pushed.settle()
    is_posted(pushed, netsuite)


def test_a_platform_that_could_not_be_asked_is_not_pressed(pushed: Pushed, netsuite: Books) -> None:
    with pushed.world.database.write() as session:
        poll = polls.hurry(session, pushed.world.account(pushed.seller), now=utcnow())
        claimed = polls.claim(session, poll.id, now=utcnow())
        assert claimed is not None
        polls.fail(
            session, claimed, "RATE_LIMITED", "", interval=timedelta(days=1), now=utcnow(), retry_after=3600
        )
    pushed.listen(topics=[ACTIVITIES["inquiry"]], names_orders=False)
    order, request = requested(pushed, netsuite, "inquiry")
    pushed.seller.refund(order, **{"for": request})
    pushed.settle()
    assert "getOrders" not in pushed.seller.operations()
    polling.poll(pushed.world.runtime, poll.id)
    assert "getOrders" not in pushed.seller.operations()
