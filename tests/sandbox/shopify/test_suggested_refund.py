from typing import Any

import pytest

from tests.sandbox.helpers import Shop

SUGGEST = """query($id: ID!, $lines: [RefundLineItemInput!], $duties: [RefundDutyInput!], $shipping: Money,
    $allShipping: Boolean, $full: Boolean, $method: RefundMethodAllocation) { order(id: $id) {
  suggestedRefund(refundLineItems: $lines, refundDuties: $duties, shippingAmount: $shipping,
      refundShipping: $allShipping, suggestFullRefund: $full, refundMethodAllocation: $method) {
    amountSet { shopMoney { amount } } maximumRefundableSet { shopMoney { amount } }
    subtotalSet { shopMoney { amount } } discountedSubtotalSet { shopMoney { amount } }
    totalTaxSet { shopMoney { amount } } totalDutiesSet { shopMoney { amount } }
    totalCartDiscountAmountSet { shopMoney { amount } }
    shipping { amountSet { shopMoney { amount } } taxSet { shopMoney { amount } }
      maximumRefundableSet { shopMoney { amount } } }
    refundLineItems { id quantity lineItem { sku } } refundDuties { amountSet { shopMoney { amount } } }
    suggestedTransactions { kind gateway formattedGateway accountNumber amountSet { shopMoney { amount } }
      maximumRefundableSet { shopMoney { amount } } parentTransaction { id kind } }
    suggestedRefundMethods { __typename amount { shopMoney { amount } } } } } }"""


@pytest.fixture
def order(shop: Shop) -> Any:  # noqa: ANN401  # JSON
    return shop.order(
        lines=[{"sku": "PEN", "quantity": 2, "price": "10", "tax_rate": "0.1", "duty": "4"}],
        shipping={"price": "5", "tax_rate": "0.2"},
        payments=[{"gateway": "gift_card", "amount": "7"}, {"gateway": "visa", "amount": "25"}],
    )


def suggest(shop: Shop, order: Any, **wanted: object) -> Any:  # noqa: ANN401  # JSON
    return shop.graphql(SUGGEST, {"id": order["admin_graphql_api_id"], **wanted})["order"]["suggestedRefund"]


def amounts(suggestion: Any, *names: str) -> list[str]:  # noqa: ANN401  # JSON
    return [suggestion[name]["shopMoney"]["amount"] for name in names]


def lines(order: Any, quantity: int) -> list[dict[str, object]]:  # noqa: ANN401  # JSON
    return [{"lineItemId": order["line_items"][0]["admin_graphql_api_id"], "quantity": quantity}]


def test_a_suggestion_adds_up_its_parts_and_spreads_the_money(shop: Shop, order: Any) -> None:  # noqa: ANN401  # JSON
    found = suggest(shop, order, lines=lines(order, 1), shipping="2.50")
    assert amounts(found, "subtotalSet", "discountedSubtotalSet", "totalTaxSet", "amountSet") == [
        "10.0",
        "10.0",
        "1.5",
        "14.0",
    ]
    assert amounts(found["shipping"], "amountSet", "taxSet", "maximumRefundableSet") == ["2.5", "0.5", "5.0"]
    assert amounts(found, "maximumRefundableSet", "totalCartDiscountAmountSet") == ["32.0", "0.0"]
    assert [(each["gateway"], *amounts(each, "amountSet")) for each in found["suggestedTransactions"]] == [
        ("gift_card", "7.0"),
        ("visa", "7.0"),
    ]
    first = found["suggestedTransactions"][0]
    assert (first["kind"], first["parentTransaction"]["kind"]) == ("SUGGESTED_REFUND", "SALE")
    assert found["refundLineItems"] == [{"id": None, "quantity": 1, "lineItem": {"sku": "PEN"}}]
    assert found["suggestedRefundMethods"] == []


def test_a_full_suggestion_is_all_that_is_left(shop: Shop, order: Any) -> None:  # noqa: ANN401  # JSON
    whole = suggest(shop, order, full=True)
    assert amounts(whole, "amountSet", "totalDutiesSet") == ["32.0", "4.0"]
    shop.refund(order, lines=[{"sku": "PEN", "quantity": 1}], shipping="5")
    rest = suggest(shop, order, full=True)
    assert amounts(rest, "amountSet", "maximumRefundableSet") == ["15.0", "15.0"]
    assert amounts(rest["shipping"], "amountSet") == ["0.0"]


def test_no_more_is_suggested_than_was_received(shop: Shop, order: Any) -> None:  # noqa: ANN401  # JSON
    shop.refund(order, amount="30.00")
    assert amounts(suggest(shop, order, lines=lines(order, 2)), "amountSet") == ["2.0"]


def test_all_shipping_and_duties_can_be_asked_for(shop: Shop, order: Any) -> None:  # noqa: ANN401  # JSON
    duty = f"gid://shopify/Duty/{order['line_items'][0]['duties'][0]['id']}"
    found = suggest(shop, order, allShipping=True, duties=[{"dutyId": duty, "refundType": "FULL"}])
    assert amounts(found, "amountSet", "totalDutiesSet") == ["10.0", "4.0"]


def test_store_credit_is_suggested_as_a_method(shop: Shop, order: Any) -> None:  # noqa: ANN401  # JSON
    found = suggest(shop, order, lines=lines(order, 1), method="STORE_CREDIT")
    assert found["suggestedTransactions"] == []
    assert found["suggestedRefundMethods"] == [
        {"__typename": "SuggestedStoreCreditRefund", "amount": {"shopMoney": {"amount": "11.0"}}}
    ]


def test_nothing_asked_for_is_worth_nothing_and_changes_nothing(shop: Shop, order: Any) -> None:  # noqa: ANN401  # JSON
    found = suggest(shop, order)
    assert (amounts(found, "amountSet"), found["suggestedTransactions"]) == (["0.0"], [])
    assert shop.state(order) == order


def test_what_does_not_fit_the_order_is_an_error(shop: Shop, order: Any) -> None:  # noqa: ANN401  # JSON
    variables = {"id": order["admin_graphql_api_id"], "lines": lines(order, 3)}
    (error,) = shop.errors(SUGGEST, variables)
    assert error["message"] == "Quantity cannot refund more items than were purchased"
