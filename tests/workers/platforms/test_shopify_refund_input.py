"""What Shopify is asked for, from what is planned and what Shopify suggests."""

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLInputType, GraphQLSchema, build_client_schema
from graphql.utilities import coerce_input_value
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import Money, total
from tests.workers.platforms.world import usd
from workers.platforms.errors import PlatformError
from workers.platforms.shopify import RefundLineInput, SuggestedPayment, Suggestion
from workers.platforms.shopify_ids import with_gids
from workers.platforms.shopify_queries import API_VERSION
from workers.platforms.shopify_refund_input import lines_of, refund_input, shares
from workers.rules.views import StorefrontPlan, StorefrontPlanLine

KEPT = StorefrontPlanLine("703073504", 2, restock=False, position=0, net=usd("20.00"), tax=usd("1.60"))
RETURNED = StorefrontPlanLine("703073505", 1, restock=True, position=1, net=usd("20.00"), tax=usd("1.60"))


def plan(amount: Money | None = None, **more: Any) -> StorefrontPlan:  # noqa: ANN401 - as given
    known: dict[str, Any] = {
        "order_id": "450789469",
        "amount": amount or usd("40.00"),
        "lines": (KEPT,),
        "shipping": None,
        "shipping_tax": None,
        "method": "original",
        "location_id": "",
        "notify": False,
        "note": "NetSuite creditmemo rs-shop-70",
    }
    return StorefrontPlan(**{**known, **more})


def payment(amount: Money, maximum: Money | None = None, parent_id: str = "179259969") -> SuggestedPayment:
    return SuggestedPayment("shopify_payments", parent_id, amount, maximum or amount)


def suggestion(amount: Money, *payments: SuggestedPayment) -> Suggestion:
    zero = Money.zero(amount.currency)
    return Suggestion(amount, amount, payments or (payment(amount),), zero, zero, amount, zero)


def test_a_refund_of_what_shopify_suggests_is_asked_for_as_it_is() -> None:
    assert refund_input(plan(), suggestion(usd("40.00"))) == {
        "orderId": "gid://shopify/Order/450789469",
        "currency": "USD",
        "note": "NetSuite creditmemo rs-shop-70",
        "notify": False,
        "refundLineItems": [
            {"lineItemId": "gid://shopify/LineItem/703073504", "quantity": 2, "restockType": "NO_RESTOCK"}
        ],
        "transactions": [
            {
                "orderId": "gid://shopify/Order/450789469",
                "gateway": "shopify_payments",
                "kind": "REFUND",
                "amount": "40.00",
                "parentId": "179259969",
            }
        ],
    }


def test_goods_that_come_back_are_restocked_at_the_accounts_place_and_others_nowhere() -> None:
    kept, returned = lines_of(plan(lines=(KEPT, RETURNED), location_id="99"))
    assert kept == RefundLineInput("703073504", 2, "NO_RESTOCK", "")
    assert returned == RefundLineInput("703073505", 1, "RETURN", "99")
    asked = refund_input(plan(lines=(KEPT, RETURNED), location_id="99"), suggestion(usd("40.00")))
    assert [line.get("locationId") for line in asked["refundLineItems"]] == [None, "99"]


@pytest.mark.parametrize(("suggested", "reason"), [("40.00", None), ("39.99", "OTHER"), ("55.00", "OTHER")])
def test_an_amount_that_is_not_shopifys_own_is_declared(suggested: str, reason: str | None) -> None:
    most = payment(usd(suggested), usd("55.00"))
    asked = refund_input(plan(), suggestion(usd(suggested), most))
    assert asked.get("discrepancyReason") == reason
    assert [each["amount"] for each in asked["transactions"]] == ["40.00"]


def test_shipping_is_asked_for_only_where_there_is_some() -> None:
    assert "shipping" not in refund_input(plan(), suggestion(usd("40.00")))
    asked = refund_input(plan(shipping=usd("5.00")), suggestion(usd("40.00")))
    assert asked["shipping"] == {"amount": "5.00"}


@pytest.mark.parametrize("notify", [True, False])
def test_the_customer_is_told_where_the_account_wants_it(*, notify: bool) -> None:
    assert refund_input(plan(notify=notify), suggestion(usd("40.00")))["notify"] is notify


def test_a_refund_that_is_only_written_down_moves_no_money() -> None:
    asked = refund_input(plan(method="offline"), suggestion(usd("40.00")))
    assert asked["transactions"] == []
    assert "refundMethods" not in asked


def test_store_credit_takes_the_place_of_every_payment() -> None:
    asked = refund_input(plan(method="store_credit"), suggestion(usd("40.00")))
    assert asked["transactions"] == []
    credit = {"amount": {"amount": "40.00", "currencyCode": "USD"}}
    assert asked["refundMethods"] == [{"storeCreditRefund": credit}]


@pytest.mark.parametrize(
    ("currency", "amount", "text"),
    [("JPY", "1500", "1500"), ("KWD", "1.5", "1.500"), ("JPY", "1E+3", "1000")],
)
def test_an_amount_has_the_decimals_of_its_currency(currency: str, amount: str, text: str) -> None:
    money = Money(Decimal(amount), currency)
    asked = refund_input(plan(money, shipping=money), suggestion(money))
    assert (asked["currency"], asked["shipping"], asked["transactions"][0]["amount"]) == (
        currency,
        {"amount": text},
        text,
    )


def test_a_refund_of_an_amount_alone_names_no_lines() -> None:
    assert refund_input(plan(lines=()), suggestion(usd("40.00")))["refundLineItems"] == []


def test_payments_are_used_as_suggested_before_they_are_used_up() -> None:
    first = payment(usd("10.00"), usd("30.00"), "1")
    second = payment(usd("15.00"), usd("20.00"), "2")
    assert shares(usd("25.00"), [first, second]) == [(first, usd("10.00")), (second, usd("15.00"))]
    assert shares(usd("28.00"), [first, second]) == [(first, usd("13.00")), (second, usd("15.00"))]
    assert shares(usd("48.00"), [first, second]) == [(first, usd("30.00")), (second, usd("18.00"))]
    assert shares(usd("5.00"), [first, second]) == [(first, usd("5.00"))]


@pytest.mark.parametrize("payments", [(), (payment(usd("39.99")),)])
def test_more_than_the_payments_hold_is_refused_with_both_amounts(
    payments: tuple[SuggestedPayment, ...],
) -> None:
    with pytest.raises(PlatformError) as caught:
        shares(usd("40.00"), payments)
    held = "39.99" if payments else "0.00"
    assert (caught.value.reason, caught.value.detail) == (
        "OVER_REFUND",
        f"40.00 USD asked, the order's payments hold {held} USD",
    )


_YEN = st.integers(1, 10_000).map(lambda amount: Money(Decimal(amount), "JPY"))


@given(_YEN, st.lists(_YEN, min_size=1, max_size=4), st.sampled_from(["original", "store_credit"]))
def test_what_is_asked_for_adds_up_to_the_plan_or_is_refused(
    amount: Money,
    held: list[Money],
    method: str,
) -> None:
    payments = [payment(each, parent_id=str(number)) for number, each in enumerate(held)]
    suggested = suggestion(amount, *payments)
    wanted = plan(amount, method=method)
    if amount > total(held, "JPY") and method == "original":
        with pytest.raises(PlatformError):
            refund_input(wanted, suggested)
        return
    asked = refund_input(wanted, suggested)
    given_back = [Money.parse(each["amount"], "JPY") for each in asked["transactions"]]
    credited = [each["storeCreditRefund"]["amount"]["amount"] for each in asked.get("refundMethods", [])]
    assert total([*given_back, *(Money.parse(each, "JPY") for each in credited)], "JPY") == amount
    assert all(each["amount"] != "0" for each in asked["transactions"])


@pytest.fixture(scope="session")
def input_type(specs_dir: Path) -> GraphQLInputType:
    with gzip.open(specs_dir / "shopify" / f"admin_{API_VERSION}.json.gz") as file:
        schema: GraphQLSchema = build_client_schema(json.load(file)["data"], assume_valid=True)
    found = schema.type_map["RefundInput"]
    assert isinstance(found, GraphQLInputType)
    return found


@pytest.mark.parametrize(
    "wanted",
    [
        plan(),
        plan(usd("41.00"), lines=(KEPT, RETURNED), location_id="99", shipping=usd("5.00"), notify=True),
        plan(method="store_credit"),
        plan(lines=()),
    ],
)
def test_what_is_asked_for_is_of_the_published_shape(
    input_type: GraphQLInputType, wanted: StorefrontPlan
) -> None:
    asked = refund_input(wanted, suggestion(usd("40.00"), payment(usd("40.00"), usd("50.00"), "")))
    coerce_input_value(with_gids(asked), input_type)
