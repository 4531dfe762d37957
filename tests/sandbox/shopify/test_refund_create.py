"""The refundCreate mutation: what it makes, and what it refuses in which words."""

import uuid
from typing import Any

import pytest

from tests.sandbox.helpers import Control, Receiver, Shop

CREATE = """mutation($input: RefundInput!, $key: String!) {
  refundCreate(input: $input) @idempotent(key: $key) {
  refund { id note totalRefundedSet { presentmentMoney { amount currencyCode } shopMoney { amount } }
    refundLineItems(first: 5) { nodes { quantity restockType location { id }
      subtotalSet { shopMoney { amount } } } }
    refundShippingLines(first: 5) { nodes { subtotalAmountSet { shopMoney { amount } } } }
    orderAdjustments(first: 5) { nodes { reason amountSet { shopMoney { amount } } } }
    duties { amountSet { shopMoney { amount } } }
    transactions(first: 5) { nodes { id gateway status parentTransaction { id } } } }
  order { id totalRefundedSet { shopMoney { amount } } }
  userErrors { field message } } }"""


def gid(kind: str, number: object) -> str:
    return f"gid://shopify/{kind}/{number}"


def money(order: Any, amount: str, **more: object) -> dict[str, object]:  # noqa: ANN401  # JSON
    (payment,) = [each for each in order["transactions"] if each["kind"] == "sale"][:1]
    return {
        "orderId": order["admin_graphql_api_id"],
        "kind": "REFUND",
        "gateway": payment["gateway"],
        "amount": amount,
        "parentId": gid("OrderTransaction", payment["id"]),
    } | more


def line(order: Any, quantity: int, **more: object) -> dict[str, object]:  # noqa: ANN401  # JSON
    return {"lineItemId": order["line_items"][0]["admin_graphql_api_id"], "quantity": quantity} | more


def create(shop: Shop, order: Any, **given: object) -> Any:  # noqa: ANN401  # JSON
    """Send the mutation with a new key; return its payload."""
    given = {"orderId": order["admin_graphql_api_id"]} | given
    return shop.graphql(CREATE, {"input": given, "key": str(uuid.uuid4())})["refundCreate"]


def errors(payload: Any) -> list[tuple[object, str]]:  # noqa: ANN401  # JSON
    assert payload["refund"] is None
    return [(each["field"], each["message"]) for each in payload["userErrors"]]


def test_a_refund_is_made_as_asked(control: Control, shop: Shop) -> None:
    order = shop.order(shipping={"price": "5.00"})
    place = control.get(shop.path)["locations"][0]["id"]
    made = create(
        shop,
        order,
        note="rs-shop-1",
        refundLineItems=[line(order, 1, restockType="RETURN", locationId=gid("Location", place))],
        shipping={"amount": "2.00"},
        transactions=[money(order, "13.00")],
    )
    refund = made["refund"]
    assert made["userErrors"] == []
    assert refund["note"] == "rs-shop-1"
    assert refund["totalRefundedSet"]["presentmentMoney"] == {"amount": "13.0", "currencyCode": "USD"}
    (part,) = refund["refundLineItems"]["nodes"]
    assert (part["quantity"], part["restockType"]) == (1, "RETURN")
    assert part["location"] == {"id": gid("Location", place)}
    assert refund["refundShippingLines"]["nodes"] == [{"subtotalAmountSet": {"shopMoney": {"amount": "2.0"}}}]
    assert refund["orderAdjustments"]["nodes"] == []
    assert refund["transactions"]["nodes"][0]["parentTransaction"]["id"] == money(order, "0")["parentId"]
    assert made["order"]["totalRefundedSet"]["shopMoney"]["amount"] == "13.0"
    assert control.get("writes")["shopify"] == {shop.domain: {"refundCreate": 1}}


def test_a_refund_through_the_api_sends_the_webhooks_of_a_merchant_s(
    hooked: Shop, receiver: Receiver
) -> None:
    order = hooked.order()
    made = create(hooked, order, transactions=[money(order, "1.00")])
    sent = receiver.wait(3)
    assert {each.topic for each in sent} == {"refunds/create", "order_transactions/create", "orders/updated"}
    assert receiver.of("refunds/create")[0].json["admin_graphql_api_id"] == made["refund"]["id"]


def test_without_transactions_no_money_moves(shop: Shop) -> None:
    order = shop.order()
    made = create(shop, order, refundLineItems=[line(order, 2)])
    assert made["refund"]["totalRefundedSet"]["shopMoney"]["amount"] == "0.0"
    assert made["refund"]["transactions"]["nodes"] == []
    assert made["refund"]["orderAdjustments"]["nodes"][0]["amountSet"]["shopMoney"]["amount"] == "22.0"
    assert shop.state(order)["line_items"][0]["current_quantity"] == 1


def test_money_beyond_the_lines_is_a_discrepancy_with_its_reason(shop: Shop) -> None:
    order = shop.order()
    made = create(shop, order, transactions=[money(order, "4.00")], discrepancyReason="DAMAGE")
    assert made["refund"]["orderAdjustments"]["nodes"] == [
        {"reason": "DAMAGE", "amountSet": {"shopMoney": {"amount": "-4.0"}}}
    ]
    made = create(shop, order, transactions=[money(order, "4.00")], discrepancyReason="OTHER")
    assert made["refund"]["orderAdjustments"]["nodes"][0]["reason"] == "REFUND_DISCREPANCY"


def test_the_payment_of_a_refund_may_be_found_by_its_gateway_alone(shop: Shop) -> None:
    order = shop.order(
        payments=[{"gateway": "gift_card", "amount": "3"}, {"gateway": "visa", "amount": "30"}]
    )
    made = create(shop, order, transactions=[money(order, "20", gateway="visa", parentId=None)])
    (transaction,) = made["refund"]["transactions"]["nodes"]
    visa = next(each for each in order["transactions"] if each["gateway"] == "visa")
    assert transaction["parentTransaction"]["id"] == gid("OrderTransaction", visa["id"])


def test_a_gateway_may_take_its_time(control: Control, shop: Shop) -> None:
    control.patch(shop.path, {"refund_status": "pending"})
    order = shop.order()
    made = create(shop, order, transactions=[money(order, "4.00")])
    assert made["refund"]["transactions"]["nodes"][0]["status"] == "PENDING"
    assert made["refund"]["totalRefundedSet"]["shopMoney"]["amount"] == "0.0"
    reasons = [each["reason"] for each in made["refund"]["orderAdjustments"]["nodes"]]
    assert reasons == ["REFUND_DISCREPANCY", "PENDING_REFUND_DISCREPANCY"]


def test_store_credit_is_given_by_refund_methods(shop: Shop) -> None:
    order = shop.order(customer={"email": "jon@example.com"})
    credit = {"storeCreditRefund": {"amount": {"amount": "5.00", "currencyCode": "USD"}}}
    made = create(shop, order, refundMethods=[credit])
    (transaction,) = made["refund"]["transactions"]["nodes"]
    assert (transaction["gateway"], transaction["status"]) == ("shopify_store_credit", "SUCCESS")
    assert made["refund"]["totalRefundedSet"]["shopMoney"]["amount"] == "5.0"


def test_a_refund_method_names_one_kind(shop: Shop) -> None:
    order = shop.order()
    given = {"orderId": order["admin_graphql_api_id"], "refundMethods": [{}]}
    assert shop.errors(CREATE, {"input": given, "key": "k"})


def test_duties_are_given_back_whole_or_by_share(shop: Shop) -> None:
    order = shop.order(lines=[{"sku": "PEN", "quantity": 4, "price": "10", "duty": "8"}])
    duty = gid("Duty", order["line_items"][0]["duties"][0]["id"])
    made = create(
        shop,
        order,
        refundLineItems=[line(order, 1)],
        refundDuties=[{"dutyId": duty, "refundType": "PROPORTIONAL"}],
        transactions=[money(order, "12")],
    )
    assert made["refund"]["duties"] == [{"amountSet": {"shopMoney": {"amount": "2.0"}}}]
    made = create(
        shop, order, refundDuties=[{"dutyId": duty, "refundType": "FULL"}], transactions=[money(order, "6")]
    )
    assert made["refund"]["duties"] == [{"amountSet": {"shopMoney": {"amount": "6.0"}}}]


def test_all_shipping_can_be_refunded_at_once(shop: Shop) -> None:
    order = shop.order(shipping={"price": "5.00", "tax_rate": "0.1"})
    made = create(shop, order, shipping={"fullRefund": True}, transactions=[money(order, "5.50")])
    assert made["refund"]["orderAdjustments"]["nodes"] == []


def test_more_than_was_received_is_refused_in_shopify_s_words(shop: Shop) -> None:
    order = shop.order(payments=[{"gateway": "visa", "amount": "20"}, {"gateway": "visa", "amount": "13"}])
    create(shop, order, transactions=[money(order, "8.00")])
    over = [money(order, "12.00"), money(order, "13.01", parentId=gid("OrderTransaction", 1))]
    assert create(shop, order, transactions=over)["userErrors"][0]["message"] == (
        "Parent transaction does not exist"
    )
    second = gid("OrderTransaction", order["transactions"][1]["id"])
    both = [money(order, "12.00"), money(order, "13.00", parentId=second)]
    shop.refund(order, transactions=[{"amount": "1.00", "gateway": "manual"}])
    assert errors(create(shop, order, transactions=both)) == [
        (None, "Refund amount $25.00 is greater than net payment received $24.00")
    ]


def test_over_refunding_can_be_allowed(shop: Shop) -> None:
    order = shop.order()
    made = create(shop, order, transactions=[money(order, "100.00")], allowOverRefunding=True)
    assert made["refund"]["totalRefundedSet"]["shopMoney"]["amount"] == "100.0"


@pytest.mark.parametrize(
    ("part", "field", "message"),
    [
        ({"quantity": 4}, "quantity", "Quantity cannot refund more items than were purchased"),
        ({"quantity": 0}, "quantity", "Quantity must be greater than 0"),
        ({"lineItemId": "gid://shopify/LineItem/1"}, "lineItemId", "Line item does not exist"),
        ({"lineItemId": "PEN"}, "lineItemId", "Line item does not exist"),
        ({"restockType": "RETURN"}, "locationId", "Location must be specified for items being restocked"),
        ({"restockType": "CANCEL"}, "locationId", "Location must be specified for items being restocked"),
        (
            {"restockType": "RETURN", "locationId": "gid://shopify/Location/1"},
            "locationId",
            "Location does not exist",
        ),
        (
            {"restockType": "LEGACY_RESTOCK"},
            "restockType",
            "Restock type LEGACY_RESTOCK is not accepted for new refunds",
        ),
    ],
)
def test_lines_that_do_not_fit_the_order_are_refused(
    control: Control, shop: Shop, part: dict[str, object], field: str, message: str
) -> None:
    order = shop.order()
    made = create(shop, order, refundLineItems=[line(order, 1) | part])
    assert errors(made) == [(["refundLineItems", "0", field], message)]
    assert made["order"]["id"] == order["admin_graphql_api_id"]
    assert shop.state(order)["refunds"] == []
    assert control.get("writes")["shopify"] == {}


def test_units_of_one_line_are_counted_together(shop: Shop) -> None:
    order = shop.order()
    made = create(shop, order, refundLineItems=[line(order, 2), line(order, 2)])
    assert errors(made) == [
        (["refundLineItems", "1", "quantity"], "Quantity cannot refund more items than were purchased")
    ]


@pytest.mark.parametrize(
    ("part", "field", "message"),
    [
        ({"amount": "0"}, "amount", "Amount must be greater than zero"),
        ({"amount": "33.01"}, "amount", "Amount is greater than the 33.0 left on the parent transaction"),
        ({"kind": "SALE"}, "kind", "Kind must be REFUND"),
        ({"gateway": "paypal"}, "gateway", "Gateway was not used to pay for the order"),
        ({"parentId": "gid://shopify/OrderTransaction/1"}, "parentId", "Parent transaction does not exist"),
        ({"orderId": "gid://shopify/Order/1"}, "orderId", "Transaction does not belong to the order"),
    ],
)
def test_transactions_that_do_not_fit_the_order_are_refused(
    shop: Shop, part: dict[str, object], field: str, message: str
) -> None:
    order = shop.order()
    made = create(shop, order, transactions=[money(order, "1.00") | part])
    assert errors(made) == [(["transactions", "0", field], message)]


def test_the_currency_must_be_the_customer_s(shop: Shop) -> None:
    order = shop.order(presentment_currency="EUR", exchange_rate="1.1")
    given = {"transactions": [money(order, "1.00")]}
    assert errors(create(shop, order, **given)) == [
        (["currency"], "Currency must be specified for multi-currency orders")
    ]
    assert errors(create(shop, order, currency="USD", **given)) == [
        (["currency"], "Currency must match the presentment currency of the order")
    ]
    made = create(shop, order, currency="EUR", **given)
    assert made["refund"]["totalRefundedSet"] == {
        "presentmentMoney": {"amount": "1.0", "currencyCode": "EUR"},
        "shopMoney": {"amount": "1.1"},
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"shipping": {"amount": "5.01"}}, "Shipping amount is greater than what can be refunded"),
        ({"refundDuties": [{"dutyId": "gid://shopify/Duty/1"}]}, "Duty does not exist"),
        (
            {"refundMethods": [{"storeCreditRefund": {"amount": {"amount": "1", "currencyCode": "USD"}}}]},
            "Store credit needs an order with a customer",
        ),
        (
            {"refundMethods": [{"storeCreditRefund": {"amount": {"amount": "1", "currencyCode": "EUR"}}}]},
            "Currency must match the presentment currency of the order",
        ),
        ({"orderId": "gid://shopify/Order/1"}, "Order does not exist"),
    ],
)
def test_other_inputs_that_do_not_fit_are_refused(shop: Shop, given: dict[str, object], message: str) -> None:
    order = shop.order(shipping={"price": "5.00"})
    assert message in [text for _, text in errors(create(shop, order, **given))]


@pytest.mark.parametrize("amount", ["ten", "NaN", {"a": 1}])
def test_an_amount_that_is_no_number_is_an_error_of_the_request(shop: Shop, amount: object) -> None:
    order = shop.order()
    given = {
        "orderId": order["admin_graphql_api_id"],
        "transactions": [money(order, "1") | {"amount": amount}],
    }
    assert shop.errors(CREATE, {"input": given, "key": "k"})
