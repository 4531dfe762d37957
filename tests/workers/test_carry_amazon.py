"""Amazon through the real workers: what its refunds become in NetSuite."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from ledger.clock import utcnow
from ledger.events import OrderTouched, SubscriptionOffered
from ledger.models import Account, Delivery, Refund
from ledger.models.deliveries import DeliveryState
from ledger.states import State
from tests.support.sandboxed import SHIRT, Books
from tests.support.sandboxed_amazon import Seller
from tests.support.world import World

Json = dict[str, Any]

TAXED = {"sku": SHIRT, "quantity": 5, "price": "20.00", "tax": "8.00", "facilitator_tax": "8.00"}


@pytest.fixture
def seller(world: World, netsuite: Books) -> Seller:
    """A seller whose refunds go to NetSuite."""
    return world.add_amazon(netsuite)


def touch(world: World, seller: Seller, order: Json, **more: Any) -> Delivery:  # noqa: ANN401 - see OrderTouched
    """Say that a transaction of an order was posted, as a push or a poll does."""
    return world.tell(seller, OrderTouched(order["id"], **more))


def standing(refund: Refund) -> tuple[State, str]:
    return refund.state, refund.reason


def item_ids(lines: list[Json]) -> list[str]:
    return [line["item"]["id"] for line in lines]


@pytest.mark.parametrize(("billed", "record"), [("invoice", "creditMemo"), ("cashSale", "cashRefund")])
def test_a_refund_becomes_the_record_that_its_order_was_billed_for(
    world: World, netsuite: Books, seller: Seller, billed: str, record: str
) -> None:
    order = seller.order()
    netsuite.order(order["id"], billed=billed)
    made = seller.refund(order, 2)
    touch(world, seller, order)
    refund = world.only_refund()
    assert standing(refund) == (State.POSTED, "POSTED")
    assert (refund.source_refund_id, refund.storefront_order_name) == (made["refund_id"], order["id"])
    (written,) = netsuite.records(record)
    assert written["externalId"] == refund.key == f"rs-amazon-{made['refund_id']}"
    assert Decimal(str(written["total"])) == Decimal("40.00")
    (line,) = netsuite.lines(record)
    assert Decimal(str(line["quantity"])) == 2
    assert seller.operations() == ["token", "listTransactions"]


def test_an_order_that_is_touched_again_is_posted_once(world: World, netsuite: Books, seller: Seller) -> None:
    order = seller.order()
    netsuite.order(order["id"])
    seller.refund(order)
    for _ in range(2):
        touch(world, seller, order)
    assert standing(world.only_refund()) == (State.POSTED, "POSTED")
    assert netsuite.writes() == {"creditMemo": 1}


def test_tax_that_amazon_gives_back_itself_cancels_out(world: World, netsuite: Books, seller: Seller) -> None:
    order = seller.order(lines=[TAXED])
    netsuite.order(order["id"])
    seller.refund(order)
    touch(world, seller, order)
    assert standing(world.only_refund()) == (State.POSTED, "POSTED")
    (memo,) = netsuite.records("creditMemo")
    assert Decimal(str(memo["total"])) == Decimal("20.00")
    goods, *generic = item_ids(netsuite.lines("creditMemo"))
    assert goods not in {"904", "913"}
    assert sorted(generic) == ["904", "913"]


def test_every_kind_of_amount_goes_to_its_item(world: World, netsuite: Books, seller: Seller) -> None:
    line = {
        "sku": SHIRT,
        "quantity": 5,
        "price": "20.00",
        "shipping": "5.00",
        "gift_wrap": "4.00",
        "promotion": "2.00",
    }
    order = seller.order(lines=[line])
    netsuite.order(order["id"])
    seller.refund(order, goodwill="3.00", restocking_fee="1.50")
    touch(world, seller, order)
    assert standing(world.only_refund()) == (State.POSTED, "POSTED")
    (memo,) = netsuite.records("creditMemo")
    assert Decimal(str(memo["total"])) == Decimal("22.90")  # 20 + 1 + 0.80 - 0.40 + 3 - 1.50
    assert set(item_ids(netsuite.lines("creditMemo"))) > {"901", "909", "910", "911", "912"}


@pytest.mark.parametrize(("setting", "total"), [("leave", "20.00"), ("post", "17.60")])
def test_selling_fees_are_posted_only_where_the_account_wants_it(
    world: World, netsuite: Books, setting: str, total: str
) -> None:
    seller = world.add_amazon(netsuite, selling_fees=setting)
    order = seller.order()
    netsuite.order(order["id"])
    seller.refund(order)
    touch(world, seller, order)
    (memo,) = netsuite.records("creditMemo")
    assert Decimal(str(memo["total"])) == Decimal(total)


def test_money_only_goes_to_the_adjustment_item(world: World, netsuite: Books, seller: Seller) -> None:
    order = seller.order()
    netsuite.order(order["id"])
    seller.refund(order, lines=[{"sku": SHIRT, "principal": "7.50"}])
    touch(world, seller, order)
    assert standing(world.only_refund()) == (State.POSTED, "POSTED")
    assert item_ids(netsuite.lines("creditMemo")) == ["902"]


def test_a_refund_in_several_rows_is_posted_once(world: World, netsuite: Books, seller: Seller) -> None:
    lines = [{"sku": SHIRT, "quantity": 5, "price": "20.00"}, {"sku": "MUG", "quantity": 1, "price": "9.50"}]
    order = seller.order(lines=lines)
    netsuite.order(
        order["id"],
        lines=[{"sku": SHIRT, "quantity": 5, "rate": "20.00"}, {"sku": "MUG", "quantity": 1, "rate": "9.50"}],
    )
    refunded = [{"sku": SHIRT, "quantity": 1}, {"sku": "MUG", "quantity": 1}]
    seller.refund(order, lines=refunded, split_rows=True)
    touch(world, seller, order)
    assert standing(world.only_refund()) == (State.POSTED, "POSTED")
    (memo,) = netsuite.records("creditMemo")
    assert Decimal(str(memo["total"])) == Decimal("29.50")


def test_money_that_amazon_holds_back_is_waited_for(world: World, netsuite: Books, seller: Seller) -> None:
    order = seller.order()
    netsuite.order(order["id"])
    seller.refund(order, deferred_seconds=7 * 24 * 3600)
    touch(world, seller, order)
    refund = world.only_refund()
    assert standing(refund) == (State.WAITING, "MONEY_PENDING")
    assert standing(world.carry(refund.id)) == (State.WAITING, "MONEY_PENDING")
    seller.release(order)
    assert standing(world.carry(refund.id)) == (State.SCHEDULED, "FACTS_CHANGED")
    assert standing(world.carry(refund.id)) == (State.POSTED, "POSTED")
    touch(world, seller, order)
    assert netsuite.writes() == {"creditMemo": 1}


def test_a_refund_that_amazon_does_not_show_yet_is_looked_for_again(
    world: World, netsuite: Books, seller: Seller
) -> None:
    order = seller.order()
    netsuite.order(order["id"])
    delivery = touch(world, seller, order, expected_at=utcnow())
    assert (delivery.state, delivery.reason) == (DeliveryState.RECEIVED, "ROWS_LATE")
    assert delivery.due_at is not None
    assert delivery.due_at - delivery.received_at == timedelta(hours=2)
    seller.refund(order)
    assert world.process(delivery.id).state is DeliveryState.PROCESSED
    assert standing(world.only_refund()) == (State.POSTED, "POSTED")


def test_the_last_look_is_after_a_month(world: World, netsuite: Books, seller: Seller) -> None:
    order = seller.order()
    delivery = touch(world, seller, order, expected_at=utcnow())
    hour, day = timedelta(hours=1), timedelta(days=1)
    for look, after in ((2 * hour, 2 * day), (2 * day, 14 * day), (14 * day, 30 * day), (30 * day, None)):
        assert delivery.due_at == delivery.not_before == delivery.received_at + look
        with world.database.write() as session:
            received = utcnow() - look
            session.execute(update(Delivery).where(Delivery.id == delivery.id).values(received_at=received))
        delivery = world.process(delivery.id)
        if after is not None:
            assert (delivery.state, delivery.reason) == (DeliveryState.RECEIVED, "ROWS_LATE")
            assert delivery.due_at == delivery.received_at + after
    assert (delivery.due_at, delivery.not_before) == (None, None)
    assert (delivery.state, delivery.reason) == (DeliveryState.PROCESSED, "NOTHING_FOUND")


def test_the_old_api_posts_too(world: World, netsuite: Books) -> None:
    seller = world.add_amazon(netsuite, seller={"v0_late_seconds": 0}, credentials={"finances": "v0"})
    order = seller.order()
    netsuite.order(order["id"])
    seller.refund(order)
    touch(world, seller, order)
    assert standing(world.only_refund()) == (State.POSTED, "POSTED")
    assert seller.operations() == ["token", "listFinancialEventsByOrderId"]


@pytest.mark.parametrize(("name", "reason"), [("refresh_token", "BAD_CREDENTIALS")])
def test_credentials_that_are_refused_pause_the_account(
    world: World, netsuite: Books, name: str, reason: str
) -> None:
    seller = world.add_amazon(netsuite, credentials={name: "Atzr|revoked"})
    order = seller.order()
    delivery = touch(world, seller, order)
    assert (delivery.state, delivery.reason) == (DeliveryState.RECEIVED, reason)
    account = world.account(seller)
    assert isinstance(account, Account)
    assert account.paused_reason == reason


def test_a_usage_plan_that_is_used_up_is_waited_for(world: World, netsuite: Books, seller: Seller) -> None:
    order = seller.order()
    netsuite.order(order["id"])
    seller.refund(order)
    seller.fault("listTransactions", "throttle")
    delivery = touch(world, seller, order)
    assert (delivery.state, delivery.reason) == (DeliveryState.RECEIVED, "RATE_LIMITED")
    assert delivery.due_at is not None
    assert delivery.due_at >= utcnow() + timedelta(seconds=1)


def test_a_subscription_is_confirmed(world: World, netsuite: Books) -> None:
    push = {"via": "sns", "url": "http://127.0.0.1:9/webhooks/amazon/amazon"}
    seller = world.add_amazon(netsuite, seller={"push": push})
    shown = seller.control.get(seller.path)["push"]
    url = (
        "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription"
        f"&TopicArn={shown['topic_arn']}&Token={shown['token']}"
    )
    assert world.tell(seller, SubscriptionOffered(url)).state is DeliveryState.PROCESSED
    assert seller.control.get(seller.path)["push"]["confirmed"]
