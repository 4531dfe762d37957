"""Which orders' refunds changed in a time, and what became of a refund of ours."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ledger.clock import utcnow
from ledger.events import MoneyState
from tests.workers.platforms.shop import DOMAIN, KEY, TOKEN, Shop
from tests.workers.platforms.world import usd
from workers.platforms import shopify, shopify_queries
from workers.platforms.errors import PlatformError, TooMuchError
from workers.platforms.http import Http
from workers.platforms.shopify_storefront import ShopifyStorefront
from workers.platforms.storefront import Asked, Change
from workers.rules.facts import StorefrontOrder, StorefrontRefund

MINUTE = timedelta(minutes=1)
ONE = [{"sku": "TSHIRT-M", "quantity": 1}]


@pytest.fixture
def storefront(shop: Shop, http: Http) -> ShopifyStorefront:
    return ShopifyStorefront(DOMAIN, shop.url, {"access_token": TOKEN}, http)


@pytest.fixture
def changes(storefront: ShopifyStorefront) -> Callable[[], list[Change]]:
    """Returns what changed within the last minute."""
    return lambda: list(storefront.changes(utcnow() - MINUTE, utcnow() + MINUTE))


def refund(shop: Shop, order: dict[str, Any], status: str = "success", **more: Any) -> str:  # noqa: ANN401 - JSON
    """Refund a dollar of an order, by a payment in some state; return the refund's id."""
    return str(shop.refund(order, transactions=[{"amount": "1.00", "status": status}], **more)["id"])


def test_an_order_with_refunds_that_changed_is_told_with_them(
    shop: Shop, changes: Callable[[], list[Change]]
) -> None:
    before = utcnow()
    shop.order()
    order = shop.order()
    refunds = (refund(shop, order), refund(shop, order))
    (change,) = changes()
    assert (change.order_id, change.refund_ids) == (str(order["id"]), refunds)
    assert before - timedelta(seconds=1) <= change.changed_at <= utcnow()
    assert change == changes()[0]


def test_orders_are_told_in_the_order_they_changed_over_all_pages(
    shop: Shop, changes: Callable[[], list[Change]]
) -> None:
    orders = [shop.order() for _ in range(shopify_queries.ORDERS_A_PAGE + 1)]
    for order in reversed(orders):
        refund(shop, order)
    told = changes()
    assert [change.order_id for change in told] == [str(order["id"]) for order in reversed(orders)]
    assert shop.operations().count("graphql:query") == 2


def test_only_the_time_asked_for_is_told_of(shop: Shop, storefront: ShopifyStorefront) -> None:
    refund(shop, shop.order())
    now = utcnow()
    assert list(storefront.changes(now - 9 * MINUTE, now - 8 * MINUTE)) == []
    assert list(storefront.changes(now + 8 * MINUTE, now + 9 * MINUTE)) == []


def test_an_order_whose_money_is_on_its_way_is_told_when_it_has_moved(
    shop: Shop, changes: Callable[[], list[Change]]
) -> None:
    order = shop.order()
    made = shop.refund(order, transactions=[{"amount": "1.00", "status": "pending"}])
    assert changes() == []
    transaction = made["transactions"][0]["id"]
    shop.control.post(f"shopify/{DOMAIN}/transactions/{transaction}/status", {"status": "success"})
    assert [change.refund_ids for change in changes()] == [(str(made["id"]),)]


def test_a_second_refund_is_another_version(shop: Shop, changes: Callable[[], list[Change]]) -> None:
    order = shop.order()
    refund(shop, order)
    (first,) = changes()
    refund(shop, order)
    (second,) = changes()
    assert first.version != second.version


def test_no_refunds_are_named_of_an_order_that_may_have_more_than_are_listed(
    shop: Shop, changes: Callable[[], list[Change]]
) -> None:
    order = shop.order()
    for _ in range(shopify_queries.REFUNDS_LISTED - 1):
        refund(shop, order)
    assert [len(change.refund_ids) for change in changes()] == [shopify_queries.REFUNDS_LISTED - 1]
    refund(shop, order)
    assert [change.refund_ids for change in changes()] == [()]


def test_more_than_can_be_read_says_so(
    shop: Shop, changes: Callable[[], list[Change]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shopify, "_MOST_PAGES", 1)
    for _ in range(shopify_queries.ORDERS_A_PAGE + 1):
        refund(shop, shop.order())
    with pytest.raises(TooMuchError) as caught:
        changes()
    assert caught.value.reason == "REFUSED"


def test_a_shop_that_cannot_say_says_why(shop: Shop, changes: Callable[[], list[Change]]) -> None:
    shop.fault("graphql:query", "throttle")
    with pytest.raises(PlatformError) as caught:
        changes()
    assert caught.value.reason == "RATE_LIMITED"


@pytest.mark.parametrize(
    ("status", "pending", "failed"),
    [
        ("success", False, False),
        ("pending", True, False),
        ("failure", False, True),
        ("error", False, True),
    ],
)
def test_a_refund_is_asked_how_its_payments_are(
    shop: Shop, http: Http, status: str, *, pending: bool, failed: bool
) -> None:
    number = refund(shop, shop.order(), status)
    state = shop.client(http).refund_state(number)
    assert state is not None
    assert (state.id, state.payments_pending, state.payments_failed) == (number, pending, failed)
    assert state.amount == usd("1.00" if status == "success" else "0.00")


def test_a_refund_that_is_not_there_has_no_state(http: Http, shop: Shop) -> None:
    assert shop.client(http).refund_state("1") is None


def outcome(
    storefront: ShopifyStorefront, order: dict[str, Any], began_at: datetime | None, target_id: str = ""
) -> StorefrontRefund | None:
    read = storefront.order(str(order["id"]))
    assert isinstance(read, StorefrontOrder)
    return storefront.outcome(read, Asked(KEY, target_id, began_at))


BEGAN = datetime(2026, 3, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "money", "problem"),
    [
        ("success", MoneyState.MOVED, ""),
        ("pending", MoneyState.PENDING, ""),
        ("failure", MoneyState.FAILED, "PAYMENT_FAILED"),
    ],
)
@pytest.mark.parametrize("found_by", ["key", "id"])
def test_what_became_of_a_refund_of_ours_is_told_by_its_payments(
    shop: Shop, storefront: ShopifyStorefront, status: str, money: MoneyState, problem: str, found_by: str
) -> None:
    order = shop.order()
    refund(shop, order, note="by hand")
    note = f"NetSuite creditmemo {KEY}" if found_by == "key" else "somebody changed it"
    number = refund(shop, order, status, note=note)
    found = outcome(storefront, order, BEGAN, "" if found_by == "key" else number)
    assert found is not None
    assert (found.id, found.money, found.problem) == (number, money, problem)


def test_a_refund_that_was_never_made_has_no_outcome(shop: Shop, storefront: ShopifyStorefront) -> None:
    order = shop.order()
    refund(shop, order, note="rs-myshop-71")
    assert outcome(storefront, order, BEGAN) is None
    assert shop.operations() == ["graphql:query"]


def test_payments_are_not_asked_for_before_a_write_was_begun(
    shop: Shop, storefront: ShopifyStorefront
) -> None:
    order = shop.order()
    refund(shop, order, "pending", note=KEY)
    found = outcome(storefront, order, None)
    assert found is not None
    assert shop.operations() == ["graphql:query"]


def test_a_refund_that_went_while_its_payments_were_asked_for_is_taken_as_it_was_read(
    shop: Shop, storefront: ShopifyStorefront
) -> None:
    order = shop.order()
    number = refund(shop, order, note=KEY)
    shop.fault("graphql:query", "status", status=200, body={"data": {"refund": None}})
    gone = StorefrontRefund(id=number, amount=usd("1.00"), note=KEY)
    read = StorefrontOrder(
        id=str(order["id"]),
        name="#1001",
        cancelled=False,
        currency="USD",
        shop_currency="USD",
        shop_rate=usd("1.00").amount,
        paid=usd("50.00"),
        lines=(),
        refunds=(gone,),
    )
    assert storefront.outcome(read, Asked(KEY, "", BEGAN)) == gone


def test_shopify_has_no_subscriptions_to_confirm(storefront: ShopifyStorefront) -> None:
    with pytest.raises(PlatformError) as caught:
        storefront.confirm("https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription")
    assert caught.value.reason == "REFUSED"
