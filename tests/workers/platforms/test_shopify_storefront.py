from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import Money, total
from ledger.policy import Policy
from tests.workers.platforms.shop import DOMAIN, TOKEN, Shop
from workers.platforms.errors import PlatformError
from workers.platforms.http import Http
from workers.platforms.shopify import SuggestedPayment
from workers.platforms.shopify_refund_input import shares
from workers.platforms.shopify_storefront import ShopifyStorefront
from workers.rules.views import StorefrontPlan, StorefrontPlanLine

KEY = "rs-myshop-70"


def usd(amount: str) -> Money:
    return Money.parse(amount, "USD")


def plan(order: dict[str, Any], amount: str = "21.60", **more: Any) -> StorefrontPlan:  # noqa: ANN401 - as given
    line = next(str(each["id"]) for each in order["line_items"] if each["sku"] == "TSHIRT-M")
    known: dict[str, Any] = {
        "order_id": str(order["id"]),
        "amount": usd(amount),
        "lines": (StorefrontPlanLine(line, 1, restock=False, position=0, net=usd("20.00"), tax=usd("1.60")),),
        "shipping": None,
        "shipping_tax": None,
        "method": "original",
        "location_id": "",
        "notify": False,
        "note": f"NetSuite creditmemo {KEY}",
    }
    return StorefrontPlan(**{**known, **more})


@pytest.fixture
def storefront(shop: Shop, http: Http) -> ShopifyStorefront:
    return ShopifyStorefront(DOMAIN, shop.url, {"access_token": TOKEN}, http)


def test_a_plan_becomes_a_refund(shop: Shop, storefront: ShopifyStorefront) -> None:
    made = shop.order()
    written = storefront.refund(plan(made), key=KEY)
    order = storefront.order(str(made["id"]))
    assert order is not None
    (refund,) = order.refunds
    assert (refund.id, refund.amount) == (written.id, usd("21.60"))
    assert KEY in refund.note.split()


def test_a_plan_that_is_carried_out_again_makes_no_second_refund(
    shop: Shop, storefront: ShopifyStorefront
) -> None:
    made = shop.order()
    first = storefront.refund(plan(made), key=KEY)
    # Shopify suggests something else by now, but the key tells that it is the same refund.
    assert storefront.refund(plan(made), key=KEY) == first
    assert shop.made() == 1


@pytest.mark.parametrize("amount", ["5.00", "21.60", "30.00"])
def test_the_refund_is_of_the_plans_amount_whatever_the_lines_are_worth(
    shop: Shop, storefront: ShopifyStorefront, amount: str
) -> None:
    made = shop.order()
    storefront.refund(plan(made, amount), key=KEY)
    (seen,) = storefront.refunds(str(made["id"]), policy=Policy(), mark_prefix="rs-")
    assert seen.amount == usd(amount)
    assert total([part.gross for part in seen.balanced()], "USD") == usd(amount)
    assert seen.mark == KEY


def test_shipping_and_goods_are_given_back(shop: Shop, storefront: ShopifyStorefront) -> None:
    made = shop.order()
    line = plan(made).lines[0]
    returned = StorefrontPlanLine(
        line.line_id, 1, restock=True, position=0, net=usd("20.00"), tax=usd("1.60")
    )
    wanted = plan(made, "27.00", lines=(returned,), shipping=usd("5.00"), location_id=shop.location)
    storefront.refund(wanted, key=KEY)
    (seen,) = storefront.refunds(str(made["id"]), policy=Policy(), mark_prefix="rs-")
    assert [part.kind.value for part in seen.parts] == ["item", "shipping"]
    assert seen.parts[0].restock
    assert seen.source_location_id == shop.location


def test_money_goes_back_to_every_payment_it_came_from(shop: Shop, storefront: ShopifyStorefront) -> None:
    payments = [{"gateway": "gift_card", "amount": "10.00"}, {"gateway": "card", "amount": "48.10"}]
    made = shop.order(payments=payments)
    storefront.refund(plan(made, "50.00"), key=KEY)
    (refund,) = shop.state(made)["refunds"]
    assert sorted(str(each["amount"]) for each in refund["transactions"]) == ["10.00", "40.00"]


def test_store_credit_is_given_where_the_account_wants_it(shop: Shop, storefront: ShopifyStorefront) -> None:
    made = shop.order(customer={"email": "ada@example.com"})
    storefront.refund(plan(made, method="store_credit"), key=KEY)
    (refund,) = shop.state(made)["refunds"]
    (transaction,) = refund["transactions"]
    assert transaction["gateway"] == "shopify_store_credit"


def test_more_than_the_payments_hold_is_not_even_asked_for(shop: Shop, storefront: ShopifyStorefront) -> None:
    with pytest.raises(PlatformError) as caught:
        storefront.refund(plan(shop.order(), "58.11"), key=KEY)
    assert caught.value.reason == "OVER_REFUND"
    assert "graphql:refundCreate" not in shop.operations()


def test_an_order_is_found_and_credentials_are_checked(shop: Shop, storefront: ShopifyStorefront) -> None:
    made = shop.order(name="#1001")
    storefront.check()
    order = storefront.find_order("#1001", by="name")
    assert order is not None
    assert order.id == str(made["id"])


_CENTS = st.integers(0, 10_000).map(lambda cents: Decimal(cents) / 100)


@given(_CENTS, st.lists(st.tuples(_CENTS, _CENTS), max_size=5))
def test_an_amount_is_spread_without_a_cent_lost_or_a_payment_overdrawn(
    amount: Decimal, held: list[tuple[Decimal, Decimal]]
) -> None:
    payments = [
        SuggestedPayment(f"g{number}", str(number), Money(min(pair), "USD"), Money(max(pair), "USD"))
        for number, pair in enumerate(held)
    ]
    wanted = Money(amount, "USD")
    available = total([payment.maximum for payment in payments], "USD")
    if wanted > available:
        with pytest.raises(PlatformError) as caught:
            shares(wanted, payments)
        assert caught.value.reason == "OVER_REFUND"
        return
    spread = shares(wanted, payments)
    assert total([share for _, share in spread], "USD") == wanted
    assert all(Money.zero("USD") < share <= payment.maximum for payment, share in spread)
