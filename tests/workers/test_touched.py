"""Orders that a thin push names: what it does not tell is read, now or when the platform shows it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from ledger import pausing
from ledger.clock import utcnow
from ledger.events import OrderTouched, SubscriptionOffered
from ledger.models import Account, Delivery
from ledger.models.deliveries import DeliveryState
from ledger.states import State
from tests.support.ledger import make_seen
from tests.support.sandboxed import SHIRT, Books, Shop
from tests.support.world import World, while_held
from workers.platforms.storefront import Storefront
from workers.understanding import touched

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
ONE = [{"sku": SHIRT, "quantity": 1}]
LOOKS = Storefront.late_looks


@pytest.fixture
def shop(world: World, netsuite: Books) -> Shop:
    """A shop whose refunds go to NetSuite, connected for an hour."""
    return world.add_shop(netsuite, now=utcnow() - HOUR)


@pytest.fixture
def order(netsuite: Books, shop: Shop) -> dict[str, Any]:
    """An order that is billed in NetSuite."""
    made = shop.order(silent=True)
    netsuite.order(made["name"], silent=True)
    return made


def touch(order: dict[str, Any], expected_at: datetime | None = None) -> OrderTouched:
    return OrderTouched(str(order["id"]), expected_at)


def refund(shop: Shop, order: dict[str, Any]) -> None:
    shop.refund(order, lines=ONE, silent=True)


def age(world: World, delivery_id: int, by: timedelta) -> None:
    """Let time pass since a delivery came."""
    with world.database.write() as session:
        received = utcnow() - by
        session.execute(update(Delivery).where(Delivery.id == delivery_id).values(received_at=received))


def test_the_refunds_of_an_order_that_was_touched_are_read_and_carried(
    world: World, netsuite: Books, shop: Shop, order: dict[str, Any]
) -> None:
    refund(shop, order)
    refund(shop, order)
    delivery = world.tell(shop, touch(order))
    assert (delivery.state, delivery.reason, delivery.due_at) == (DeliveryState.PROCESSED, "", None)
    first, second = world.refunds()
    assert first.state is State.POSTED
    assert world.carry_through(second.id).state is State.POSTED
    assert netsuite.writes() == {"creditMemo": 2}


def test_an_order_without_refunds_is_fine_where_none_was_told_of(
    world: World, netsuite: Books, shop: Shop, order: dict[str, Any]
) -> None:
    delivery = world.tell(shop, touch(order))
    assert (delivery.state, delivery.reason) == (DeliveryState.PROCESSED, "")
    assert world.refunds() == []


def test_a_refund_that_was_told_of_and_is_not_there_is_looked_for_again_until_it_is(
    world: World, netsuite: Books, shop: Shop, order: dict[str, Any]
) -> None:
    delivery_id = world.deliver(shop, touch(order, utcnow()))
    waiting = world.process(delivery_id)
    assert (waiting.state, waiting.reason, waiting.attempts) == (DeliveryState.RECEIVED, "ROWS_LATE", 0)
    assert waiting.due_at == waiting.not_before == waiting.received_at + LOOKS[0]
    age(world, delivery_id, LOOKS[0] + MINUTE)
    waiting = world.process(delivery_id)
    assert waiting.due_at == waiting.received_at + LOOKS[1]
    refund(shop, order)
    done = world.process(delivery_id)
    assert (done.state, done.reason, done.attempts) == (DeliveryState.PROCESSED, "", 1)
    assert world.only_refund().state is State.POSTED


def test_a_refund_that_never_shows_is_left_at_that(
    world: World, netsuite: Books, shop: Shop, order: dict[str, Any]
) -> None:
    delivery_id = world.deliver(shop, touch(order, utcnow()))
    for look, after in zip(LOOKS, (*LOOKS[1:], None), strict=True):
        age(world, delivery_id, look + MINUTE)
        delivery = world.process(delivery_id)
        if after is not None:
            assert (delivery.reason, delivery.due_at) == ("ROWS_LATE", delivery.received_at + after)
    assert (delivery.state, delivery.reason) == (DeliveryState.PROCESSED, "NOTHING_FOUND")
    assert delivery.due_at is None
    assert world.refunds() == []


def test_what_is_known_already_is_not_what_was_told_of(
    world: World, netsuite: Books, shop: Shop, order: dict[str, Any]
) -> None:
    refund(shop, order)
    world.tell(shop, touch(order))
    delivery = world.tell(shop, touch(order, utcnow() + HOUR))
    assert (delivery.state, delivery.reason) == (DeliveryState.RECEIVED, "ROWS_LATE")
    refund(shop, order)
    assert world.process(delivery.id).state is DeliveryState.PROCESSED
    assert netsuite.writes() == {"creditMemo": 2}


@pytest.mark.parametrize(
    ("made", "is_late"),
    [
        ([], True),
        ([-10 * MINUTE], True),
        ([-4 * MINUTE], False),
        ([timedelta(0)], False),
        ([9 * MINUTE], False),
        ([-10 * MINUTE, MINUTE], False),
    ],
)
def test_a_refund_is_late_while_none_was_made_since_it_was_told_of(
    made: list[timedelta], *, is_late: bool
) -> None:
    now = utcnow()
    seen = tuple(make_seen(refund_id=str(n), occurred_at=now + at) for n, at in enumerate(made))
    assert touched.is_late(OrderTouched("1", now), seen) is is_late
    assert not touched.is_late(OrderTouched("1"), seen)


def test_an_order_that_cannot_be_read_now_is_read_later(
    world: World, netsuite: Books, shop: Shop, order: dict[str, Any]
) -> None:
    refund(shop, order)
    shop.fault("graphql:query", "throttle")
    delivery_id = world.deliver(shop, touch(order))
    assert world.process(delivery_id).reason == "RATE_LIMITED"
    assert world.process(delivery_id).state is DeliveryState.PROCESSED
    assert world.only_refund().state is State.POSTED


def test_an_order_that_is_gone_is_given_up_for_all_to_see(
    world: World, netsuite: Books, shop: Shop, order: dict[str, Any]
) -> None:
    shop.delete(order)
    delivery = world.tell(shop, touch(order))
    assert (delivery.state, delivery.reason) == (DeliveryState.RECEIVED, "NONEXISTENT_RECORD")


def test_a_paused_account_is_not_asked(
    world: World, netsuite: Books, shop: Shop, order: dict[str, Any]
) -> None:
    with world.database.write() as session:
        account = session.get_one(Account, shop.id)
        pausing.pause(session, account, "SHOP_INACTIVE", "", now=utcnow(), actor="cli:ada")
    delivery = world.tell(shop, touch(order))
    assert (delivery.state, delivery.reason, delivery.detail) == (
        DeliveryState.RECEIVED,
        "ACCOUNT_PAUSED",
        "SHOP_INACTIVE",
    )
    assert shop.operations() == []


def test_a_worker_whose_delivery_was_taken_over_does_not_put_it_off(
    world: World, netsuite: Books, shop: Shop, order: dict[str, Any]
) -> None:
    delivery_id = world.deliver(shop, touch(order, utcnow()))
    with (
        while_held(shop, "graphql:query", lambda: world.process(delivery_id), after=0),
        world.database.write() as session,
    ):
        delivery = session.get_one(Delivery, delivery_id)
        delivery.lease_token += 1
        delivery.lease_until = None
    assert world.delivery(delivery_id).reason == ""
    assert [line["outcome"] for line in world.log if line["event"] == "worked_off"] == ["lease_lost"]


def test_a_platform_without_subscriptions_confirms_none(world: World, netsuite: Books, shop: Shop) -> None:
    delivery = world.tell(shop, SubscriptionOffered("https://sns.eu-west-1.amazonaws.com/?Token=1"))
    assert (delivery.state, delivery.reason) == (DeliveryState.FAILED, "REFUSED")
    assert "no subscription of this platform" in delivery.detail
    assert world.refunds() == []


def test_netsuite_has_no_orders_to_touch(world: World, netsuite: Books, shop: Shop) -> None:
    assert world.tell(netsuite, OrderTouched("1")).state is DeliveryState.PROCESSED
