"""Magento through the real workers: what its refunds become in NetSuite."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from ledger.clock import utcnow
from ledger.events import OrderTouched
from ledger.models.accounts import Direction
from ledger.models.deliveries import DeliveryState
from ledger.states import State
from tests.support.carried_magento import credited, standing, touch
from tests.support.sandboxed import SHIRT, Books
from tests.support.sandboxed_magento import Store
from tests.support.specs_magento import check_calls
from tests.support.world import World


@pytest.fixture
def store(world: World, netsuite: Books) -> Store:
    """A store whose refunds go to NetSuite."""
    return world.add_magento(netsuite)


def total(netsuite: Books) -> Decimal:
    """Return the total of the only credit memo in NetSuite."""
    (memo,) = netsuite.records("creditMemo")
    return Decimal(str(memo["total"]))


def test_a_credit_memo_becomes_one_in_netsuite(world: World, netsuite: Books, store: Store) -> None:
    order = store.order()
    netsuite.order(order["increment_id"])
    store.refund(order, lines=[{"sku": SHIRT, "qty": 2}])
    touch(world, store, order)
    refund = world.only_refund()
    assert standing(refund) == (State.POSTED, "POSTED")
    assert (refund.storefront_order_name, refund.source_refund_id) == (order["increment_id"], "1")
    assert total(netsuite) == Decimal("40.00")
    (line,) = netsuite.lines("creditMemo")
    assert Decimal(str(line["quantity"])) == 2
    assert store.operations() == ["orders:list", "creditmemos:list", "creditmemo:comments"]


def test_an_order_that_is_touched_again_is_posted_once(world: World, netsuite: Books, store: Store) -> None:
    order = store.order()
    netsuite.order(order["increment_id"])
    store.refund(order)
    touch(world, store, order)
    touch(world, store, order)
    assert standing(world.only_refund()) == (State.POSTED, "POSTED")
    assert netsuite.writes() == {"creditMemo": 1}


def test_shipping_and_adjustments_go_to_the_generic_items(
    world: World, netsuite: Books, store: Store
) -> None:
    order = store.order(shipping="5.00")
    netsuite.order(
        order["increment_id"],
        lines=[
            {"sku": SHIRT, "quantity": 5, "rate": "20.00"},
            {"sku": "item_shipping", "quantity": 1, "rate": "5.00"},
        ],
    )
    store.refund(order, lines=[{"sku": SHIRT, "qty": 1}], shipping="5.00", adjustment_negative="3.00")
    touch(world, store, order)
    assert standing(world.only_refund()) == (State.POSTED, "POSTED")
    assert total(netsuite) == Decimal("22.00")


def test_every_credit_memo_of_an_order_is_a_refund_of_its_own(
    world: World, netsuite: Books, store: Store
) -> None:
    order = store.order()
    netsuite.order(order["increment_id"])
    for _ in range(2):
        store.refund(order, lines=[{"sku": SHIRT, "qty": 1}])
    touch(world, store, order)
    assert [standing(each) for each in world.refunds()] == [(State.POSTED, "POSTED")] * 2
    assert netsuite.writes() == {"creditMemo": 2}


def test_a_credit_memo_that_is_open_waits_for_its_money(world: World, netsuite: Books, store: Store) -> None:
    order = store.order()
    netsuite.order(order["increment_id"])
    memo = store.refund(order)
    store.save_memo(memo, "open")
    touch(world, store, order)
    refund = world.only_refund()
    assert standing(refund) == (State.WAITING, "MONEY_PENDING")
    store.save_memo(memo, "refunded")
    # The look finds the news, and the refund is taken up with it anew.
    world.carry(refund.id)
    assert standing(world.carry_through(refund.id)) == (State.POSTED, "POSTED")


def test_a_credit_memo_that_was_canceled_moved_no_money(world: World, netsuite: Books, store: Store) -> None:
    order = store.order()
    netsuite.order(order["increment_id"])
    store.save_memo(store.refund(order), "canceled")
    touch(world, store, order)
    assert standing(world.only_refund()) == (State.IGNORED, "NO_MONEY_MOVED")


def test_a_credit_memo_that_is_told_of_before_it_is_there_is_looked_for_again(
    world: World, netsuite: Books, store: Store
) -> None:
    order = store.order()
    netsuite.order(order["increment_id"])
    event = OrderTouched(str(order["entity_id"]), utcnow() - timedelta(seconds=1))
    delivery = world.tell(store, event)
    assert (delivery.state, delivery.reason) == (DeliveryState.RECEIVED, "ROWS_LATE")
    store.refund(order)
    assert world.process(delivery.id).state is DeliveryState.PROCESSED
    assert standing(world.only_refund()) == (State.POSTED, "POSTED")


def test_orders_are_matched_by_id_where_the_account_says_so(world: World, netsuite: Books) -> None:
    store = world.add_magento(netsuite, order_match_value="id")
    order = store.order()
    netsuite.order(str(order["entity_id"]))
    store.refund(order)
    touch(world, store, order)
    assert standing(world.only_refund()) == (State.POSTED, "POSTED")


def test_books_in_the_buyers_currency_get_the_buyers_amounts(world: World, netsuite: Books) -> None:
    store = world.add_magento(netsuite, currency_mode="presentment")
    order = store.order(currency="EUR", rate="0.9")
    netsuite.order(
        order["increment_id"],
        currency="EUR",
        lines=[{"sku": SHIRT, "quantity": 5, "rate": "18.00"}],
    )
    store.refund(order, lines=[{"sku": SHIRT, "qty": 1}])
    touch(world, store, order)
    assert standing(world.only_refund()) == (State.POSTED, "POSTED")
    assert total(netsuite) == Decimal("18.00")


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"acl": ["Magento_Sales::actions_view"]}, "NO_PERMISSION"),
        ({"oauth": {"access_token": "othertoken0123456789abcdefghijkl"}}, "BAD_CREDENTIALS"),
    ],
)
def test_an_integration_that_may_not_read_pauses_the_account(
    world: World, netsuite: Books, store: Store, settings: dict[str, object], reason: str
) -> None:
    order = store.order()
    netsuite.order(order["increment_id"])
    store.change(**settings)
    touch(world, store, order)
    assert world.account(store).paused_reason == reason
    assert world.refunds() == []


def test_what_went_to_magento_does_not_come_back(world: World, netsuite: Books) -> None:
    store = world.add_magento(netsuite, direction=Direction.FROM_NETSUITE)
    order = store.order()
    there = credited(world, netsuite, order)
    assert standing(there) == (State.POSTED, "POSTED")
    touch(world, store, order)
    back = world.refunds()[-1]
    assert (back.id != there.id, *standing(back)) == (True, State.IGNORED, "ECHO")
    assert netsuite.writes() == {}


def test_all_calls_are_of_the_api(world: World, netsuite: Books, store: Store, specs_dir: Path) -> None:
    order = store.order()
    netsuite.order(order["increment_id"])
    store.refund(order)
    touch(world, store, order)
    assert check_calls(specs_dir, store.calls()) == 3
