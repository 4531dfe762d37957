"""What the control API lets a merchant do, and what it refuses."""

import pytest

from tests.sandbox.helpers import Control, Shop


def adjustments(refund: dict[str, list[dict[str, str]]]) -> list[tuple[str, str]]:
    return [(each["reason"], each["amount"]) for each in refund["order_adjustments"]]


def test_an_order_is_answered_with_its_lines_and_transactions(shop: Shop) -> None:
    order = shop.order(id=820982911946154508, name="#77", gateway="paypal")
    assert (order["id"], order["name"]) == (820982911946154508, "#77")
    assert [line["sku"] for line in order["line_items"]] == ["PEN"]
    (payment,) = order["transactions"]
    assert (payment["kind"], payment["gateway"], payment["amount"]) == ("sale", "paypal", "33.00")
    assert shop.state(order) == order


def test_no_two_shops_share_an_id(control: Control, shop: Shop) -> None:
    control.post("shopify/shops", {"domain": "other.myshopify.com"})
    other = Shop(control, "other.myshopify.com")
    assert shop.order()["id"] != other.order()["id"]
    assert control.get(shop.path)["id"] != control.get(other.path)["id"]


def test_orders_are_numbered_from_1001(shop: Shop) -> None:
    assert [shop.order()["name"] for _ in range(2)] == ["#1001", "#1002"]


def test_a_refund_gives_back_to_the_payments_in_their_order(shop: Shop) -> None:
    order = shop.order(
        payments=[{"gateway": "gift_card", "amount": "5"}, {"gateway": "visa", "amount": "28"}]
    )
    refund = shop.refund(order, lines=[{"sku": "PEN", "quantity": 1}])
    assert [(each["gateway"], each["amount"]) for each in refund["transactions"]] == [
        ("gift_card", "5.00"),
        ("visa", "6.00"),
    ]


def test_a_line_refunded_unit_by_unit_gives_back_what_was_paid(shop: Shop) -> None:
    order = shop.order(
        lines=[{"sku": "PEN", "quantity": 3, "price": "3.33", "tax_rate": "0.0725", "discount": "1"}]
    )
    for _ in range(3):
        shop.refund(order, lines=[{"sku": "PEN", "quantity": 1}])
    assert shop.state(order)["financial_status"] == "refunded"


def test_less_or_more_money_than_the_lines_say_is_a_discrepancy(shop: Shop) -> None:
    order = shop.order()
    shop.refund(order, lines=[{"sku": "PEN", "quantity": 1}], amount="8.00")
    shop.refund(order, amount="4.00")
    less, only = shop.state(order)["refunds"]
    assert adjustments(less) == [("Refund discrepancy", "3.00")]
    assert adjustments(only) == [("Refund discrepancy", "-4.00")]


def test_money_on_its_way_is_adjusted_for_until_it_arrives(control: Control, shop: Shop) -> None:
    order = shop.order()
    made = shop.refund(
        order,
        lines=[{"sku": "PEN", "quantity": 1}],
        transactions=[{"amount": "11.00", "status": "pending"}],
    )
    (pending,) = shop.state(order)["refunds"]
    assert adjustments(pending) == [("Pending refund discrepancy", "11.00")]
    path = f"{shop.path}/transactions/{made['transactions'][0]['id']}/status"
    control.post(path, {"status": "success"})
    (settled,) = shop.state(order)["refunds"]
    assert adjustments(settled) == []
    control.post(path, {"status": "failure"})
    (failed,) = shop.state(order)["refunds"]
    assert adjustments(failed) == [("Refund discrepancy", "11.00")]
    assert failed["transactions"][0]["error_code"] == "processing_error"
    assert shop.state(order)["financial_status"] == "paid"


def test_tax_alone_can_be_refunded_once(shop: Shop) -> None:
    order = shop.order()
    shop.refund(order, lines=[{"sku": "PEN", "quantity": 3, "tax_only": True}])
    shop.refund(order, lines=[{"sku": "PEN", "quantity": 3}])
    first, second = shop.state(order)["refunds"]
    assert (first["refund_line_items"][0]["subtotal"], first["refund_line_items"][0]["total_tax"]) == (0, 3)
    assert (second["refund_line_items"][0]["subtotal"], second["refund_line_items"][0]["total_tax"]) == (
        30,
        0,
    )
    assert shop.state(order)["financial_status"] == "refunded"


def test_a_restock_moves_no_money(shop: Shop) -> None:
    order = shop.order()
    refund = shop.refund(
        order, lines=[{"sku": "PEN", "quantity": 1, "restock_type": "cancel"}], transactions=[]
    )
    assert refund["transactions"] == []
    assert shop.state(order)["refunds"][0]["restock"] is True


def test_an_order_not_paid_at_all_is_pending_and_voided_when_cancelled(control: Control, shop: Shop) -> None:
    order = shop.order(payments=[])
    assert (order["financial_status"], order["total_outstanding"]) == ("pending", "33.00")
    control.post(f"{shop.path}/orders/{order['id']}/cancel", {"reason": "fraud"})
    state = shop.state(order)
    assert (state["financial_status"], state["cancel_reason"]) == ("voided", "fraud")
    assert shop.order(payments=[{"amount": "1"}])["financial_status"] == "partially_paid"


def test_a_deleted_order_is_gone(control: Control, shop: Shop) -> None:
    order = shop.order()
    control.delete(f"{shop.path}/orders/{order['id']}")
    assert control.refusal("GET", f"{shop.path}/orders/{order['id']}") == f"There is no order {order['id']}."


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"lines": [{"sku": "PEN", "quantity": 4}]}, "The body: PEN has 3 left to refund."),
        ({"lines": [{"sku": "INK", "quantity": 1}]}, "The body: the order has no line with the SKU INK."),
        ({"amount": "33.01"}, "The body: the refund gives back more than was received."),
        ({"transactions": [{"amount": "34"}]}, "The body: the refund gives back more than was received."),
        (
            {"transactions": [{"amount": "3"}], "amount": "4"},
            "The body: amount is not what the transactions add up to.",
        ),
        ({"shipping": "1"}, "The body: shipping is more than is left to refund."),
        ({"money": "1"}, "The body has unknown keys: money."),
        (
            {"transactions": [{"amount": "1", "status": "done"}]},
            "The body: transactions[0]: status must be one of success, pending, failure, error.",
        ),
    ],
)
def test_refunds_that_make_no_sense_are_refused_and_change_nothing(
    control: Control, shop: Shop, body: object, reason: str
) -> None:
    order = shop.order()
    assert control.refusal("POST", f"{shop.path}/orders/{order['id']}/refund", body) == reason
    assert shop.state(order) == order


def test_a_refund_s_id_can_be_chosen_once(control: Control, shop: Shop) -> None:
    order = shop.order()
    assert shop.refund(order, id=890088186047892319, amount="1")["id"] == 890088186047892319
    body = {"id": 890088186047892319, "amount": "1"}
    assert control.refusal("POST", f"{shop.path}/orders/{order['id']}/refund", body) == (
        "Refund 890088186047892319 exists already."
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            {"presentment_currency": "EUR"},
            "The body: exchange_rate is needed where presentment_currency differs from currency.",
        ),
        ({"exchange_rate": "0"}, "The body: exchange_rate must be above 0."),
        (
            {"lines": [{"sku": "A", "quantity": 0, "price": "1"}]},
            "The body: a line needs a quantity of 1 or more and a price of 0 or more.",
        ),
        (
            {"lines": [{"sku": "A", "quantity": 1, "price": "1", "tax_rate": "8"}]},
            "The body: lines[0]: tax_rate is a fraction, such as 0.08 for 8 %.",
        ),
        ({"lines": [{"sku": "A", "price": "1"}]}, "The body: lines[0]: quantity is missing."),
        ({"id": 5}, "Order 5 exists already."),
        ({"discount": "1"}, "The body has unknown keys: discount."),
    ],
)
def test_orders_that_make_no_sense_are_refused(
    control: Control, shop: Shop, body: dict[str, object], reason: str
) -> None:
    shop.order(id=5)
    whole = {"lines": [], "silent": True} | body
    assert control.refusal("POST", f"{shop.path}/orders", whole) == reason
    assert shop.order()["name"] == "#1002"


@pytest.mark.parametrize(
    ("method", "path", "reason"),
    [
        ("PATCH", "shopify/nobody", "There is no shop nobody."),
        ("POST", "shopify/test.myshopify.com/transactions/1/status", "There is no transaction 1."),
        ("POST", "shopify/test.myshopify.com/webhooks/x/redeliver", "There is no delivery x."),
        ("POST", "shopify/shops", "The shop test.myshopify.com exists already."),
    ],
)
def test_what_is_not_there_is_said_so(
    control: Control, shop: Shop, method: str, path: str, reason: str
) -> None:
    bodies = {"shopify/shops": {"domain": shop.domain}}
    body = bodies.get(path, {"status": "success"} if "status" in path else {})
    assert control.refusal("PATCH", shop.path, {"locations": "x"}) == "The body: locations must be a list."
    assert control.refusal(method, path, body) == reason


def test_a_shop_s_settings_are_changed_one_by_one(control: Control, shop: Shop) -> None:
    before = control.get(shop.path)
    after = control.patch(shop.path, {"currency": "EUR", "bucket": {"maximum": 50}})
    assert after["currency"] == "EUR"
    assert after["bucket"] == {"maximum": 50, "restore_rate": 100}
    assert after["access_token"] == before["access_token"]
    assert (
        control.refusal("PATCH", shop.path, {"domain": "other"})
        == "The body: a shop's domain cannot be changed."
    )
