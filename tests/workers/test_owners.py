"""Several storefronts on one set of books, one of which cannot be asked: the others do not wait for it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from sqlalchemy import update

from ledger.clock import utcnow
from ledger.models import Delivery
from ledger.models.accounts import Direction
from ledger.models.deliveries import DeliveryState
from ledger.states import State
from tests.support.sandboxed import Books, Tenant
from tests.support.world import World, changed

PLATFORMS: Final = ("shopify", "magento", "amazon", "ebay")
NUMBERS: Final = {"shopify": "name", "magento": "increment_id", "amazon": "id", "ebay": "orderId"}
POLL: Final = timedelta(minutes=15)

Open = Callable[..., Any]


@pytest.fixture
def join(world: World, netsuite: Books) -> Open:
    """Joins a storefront to the books, by default one that gets NetSuite's refunds."""

    def opened(platform: str, slug: str = "", direction: Direction = Direction.FROM_NETSUITE) -> Any:  # noqa: ANN401 - any platform's tenant
        add = getattr(world, {"shopify": "add_shop"}.get(platform, f"add_{platform}"))
        return add(netsuite, slug or platform, direction=direction)

    return opened


def credited(netsuite: Books, number: str, **more: Any) -> str:  # noqa: ANN401 - JSON
    """Import an order and enter a credit memo of it; return the memo."""
    return netsuite.refund(netsuite.order(number, silent=True, **more), silent=True)


def silence(world: World, tenant: Tenant, trouble: str) -> None:
    if trouble == "paused":
        world.set(tenant, paused_reason="BAD_CREDENTIALS")
    else:
        tenant.fault("*", "status", status=503, times=500)
        world.runtime.breaker.clock = lambda: 0.0


def pass_time(world: World, delivery_id: int, by: timedelta = POLL) -> None:
    """Let a delivery have come earlier."""
    with world.database.write() as session:
        before = update(Delivery).where(Delivery.id == delivery_id)
        session.execute(before.values(received_at=utcnow() - by))


def owners(world: World) -> list[tuple[int, State]]:
    return [(refund.account_id, refund.state) for refund in world.refunds()]


def due(delivery: Delivery) -> datetime:
    assert delivery.due_at is not None
    return delivery.due_at


@pytest.mark.parametrize("trouble", ["paused", "503"])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_an_account_that_takes_no_refunds_is_not_asked_for_anothers_order(
    world: World, netsuite: Books, join: Open, platform: str, trouble: str
) -> None:
    silent = join(platform, "silent", Direction.TO_NETSUITE)
    shop = join("shopify")
    silence(world, silent, trouble)
    memo = credited(netsuite, shop.order(silent=True)["name"])
    assert world.tell(netsuite, changed("creditmemo", memo)).state is DeliveryState.PROCESSED
    assert owners(world)[0][0] == shop.id
    assert silent.operations() == []


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_refund_waits_for_another_store_no_longer_than_a_poll(
    world: World, netsuite: Books, join: Open, platform: str
) -> None:
    silent, shop = join("shopify", "silent"), join(platform)
    silence(world, silent, "503")
    memo = credited(netsuite, shop.order(silent=True)[NUMBERS[platform]])
    delivery_id = world.deliver(netsuite, changed("creditmemo", memo))
    delivery = world.process(delivery_id)
    assert (delivery.state, delivery.reason) == (DeliveryState.RECEIVED, "TRANSIENT")
    assert "silent may have the order" in delivery.detail
    assert due(delivery) <= delivery.received_at + POLL
    assert world.refunds() == []
    pass_time(world, delivery_id)
    assert world.process(delivery_id).state is DeliveryState.PROCESSED
    ((owner, state),) = owners(world)
    assert owner == shop.id
    assert state in {State.POSTED, State.WAITING}  # a marketplace is asked later what became of it
    assert silent.writes() == {}


def test_the_last_look_is_not_later_than_a_poll_however_often_it_was_tried(
    world: World, netsuite: Books, join: Open
) -> None:
    silent, shop = join("magento", "silent"), join("shopify")
    silence(world, silent, "503")
    memo = credited(netsuite, shop.order(silent=True)["name"])
    delivery_id = world.deliver(netsuite, changed("creditmemo", memo))
    with world.database.write() as session:
        session.execute(update(Delivery).where(Delivery.id == delivery_id).values(attempts=11))
    delivery = world.process(delivery_id)
    assert (delivery.state, due(delivery)) == (DeliveryState.RECEIVED, delivery.received_at + POLL)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_paused_store_is_not_waited_for(world: World, netsuite: Books, join: Open, platform: str) -> None:
    silent, shop = join(platform, "silent"), join("shopify")
    silence(world, silent, "paused")
    memo = credited(netsuite, shop.order(silent=True)["name"])
    assert world.tell(netsuite, changed("creditmemo", memo)).state is DeliveryState.PROCESSED
    assert owners(world) == [(shop.id, State.POSTED)]


@pytest.mark.parametrize("trouble", ["paused", "503"])
@pytest.mark.parametrize("rate", ["19.00", "21.00"])
def test_an_order_of_the_same_number_that_is_not_quite_netsuites_is_left_to_a_person(
    world: World, netsuite: Books, join: Open, trouble: str, rate: str
) -> None:
    silent, shop = join("magento", "silent"), join("shopify")
    silence(world, silent, trouble)
    lines = [{"sku": "TSHIRT-M", "quantity": 5, "rate": rate}]
    memo = credited(netsuite, shop.order(silent=True)["name"], lines=lines)
    delivery_id = world.deliver(netsuite, changed("creditmemo", memo))
    pass_time(world, delivery_id)
    delivery = world.process(delivery_id)
    assert (delivery.state, delivery.reason) == (DeliveryState.FAILED, "OWNER_UNSURE")
    assert "100.00 USD in the storefront" in delivery.detail
    assert delivery.detail.endswith("silent cannot be asked")
    assert world.refunds() == []
    assert shop.writes() == {}


def test_an_order_of_the_same_number_may_be_of_an_account_that_takes_no_refunds(
    world: World, netsuite: Books, join: Open
) -> None:
    """One of the two is not quite NetSuite's, so that both are asked, and a person tells which it is."""
    seller, shop = join("magento", "seller", Direction.TO_NETSUITE), join("shopify")
    number = shop.order(silent=True)["name"]
    seller.order(increment_id=number, silent=True)
    memo = credited(netsuite, number, lines=[{"sku": "TSHIRT-M", "quantity": 5, "rate": "19.00"}])
    delivery = world.tell(netsuite, changed("creditmemo", memo))
    assert (delivery.state, delivery.reason) == (DeliveryState.FAILED, "AMBIGUOUS_ORDER")
    assert world.refunds() == []


def test_the_refund_of_an_order_that_only_a_silent_store_can_have_is_its_own_matter(
    world: World, netsuite: Books, join: Open
) -> None:
    silent, shop = join("magento", "silent"), join("shopify")
    order = silent.order(silent=True)
    silence(world, silent, "503")
    memo = credited(netsuite, order["increment_id"])
    delivery_id = world.deliver(netsuite, changed("creditmemo", memo))
    pass_time(world, delivery_id)
    delivery = world.process(delivery_id)
    assert (delivery.state, delivery.reason) == (DeliveryState.RECEIVED, "TRANSIENT")
    silent.control.delete("faults")
    world.process(delivery_id)
    assert owners(world) == [(silent.id, State.POSTED)]
    assert shop.writes() == {}


@pytest.mark.parametrize("platform", ["amazon", "ebay"])
def test_a_marketplace_whose_numbers_look_otherwise_is_not_asked(
    world: World, netsuite: Books, join: Open, platform: str
) -> None:
    silent, shop = join(platform, "silent"), join("shopify")
    silence(world, silent, "503")
    memo = credited(netsuite, shop.order(silent=True)["name"])
    assert world.tell(netsuite, changed("creditmemo", memo)).state is DeliveryState.PROCESSED
    assert owners(world) == [(shop.id, State.POSTED)]
    assert silent.operations() == []


def test_a_store_whose_credentials_cannot_be_read_is_paused_and_holds_up_nobody(
    world: World, netsuite: Books, join: Open
) -> None:
    broken, shop = join("magento", "broken"), join("shopify")
    world.set(broken, credentials=b"not sealed by any key of ours")
    memo = credited(netsuite, shop.order(silent=True)["name"])
    assert world.tell(netsuite, changed("creditmemo", memo)).state is DeliveryState.PROCESSED
    assert world.account(broken).paused_reason == "BAD_CREDENTIALS"
    assert owners(world) == [(shop.id, State.POSTED)]
