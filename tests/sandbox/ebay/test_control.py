"""What the control API refuses, and what it shows."""

import pytest

from tests.sandbox.helpers import Control
from tests.support.sandboxed import SHIRT
from tests.support.sandboxed_ebay import EbaySeller

LINE = {"sku": "PEN", "price": "10.00"}


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("sellers", {"seller_id": "rs_shirts"}, "The seller rs_shirts exists already."),
        ("sellers", {}, "The body: seller_id is missing."),
        (
            "sellers",
            {"seller_id": "x", "refund_seconds": -1},
            "The body: refund_seconds must not be negative.",
        ),
        (
            "sellers",
            {"seller_id": "x", "push": {"url": "u", "topics": ["GOSSIP"]}},
            "The body: push: there is no topic GOSSIP.",
        ),
        (
            "sellers",
            {
                "seller_id": "x",
                "push": {
                    "url": "u",
                    "legacy": {"dev_id": "d", "app_id": "a", "cert_id": "c", "events": ["Gossip"]},
                },
            },
            "The body: push: legacy: there is no event Gossip.",
        ),
        (
            "sellers",
            {"seller_id": "x", "push": {"url": "u", "verification_token": "short"}},
            "The body: push: verification_token must be 32 to 80 letters, digits, _ and -.",
        ),
        ("nobody/orders", {}, "There is no seller nobody."),
        ("rs_shirts/challenge", {}, "The seller rs_shirts has no destination."),
        ("rs_shirts/orders", {}, "The body: lines is missing."),
        ("rs_shirts/orders", {"lines": [{**LINE, "quantity": 0}]}, "The body: quantity must be at least 1."),
        (
            "rs_shirts/orders",
            {"lines": [{**LINE, "price": "1.001"}]},
            "The body: price must be an amount, to the cent.",
        ),
        (
            "rs_shirts/orders",
            {"lines": [LINE], "created": "yesterday"},
            "The body: created must be a time, such as 2015-08-04T19:09:02.768Z.",
        ),
        ("rs_shirts/orders", {"lines": [LINE], "colour": "red"}, "The body has unknown keys: colour."),
        ("rs_shirts/orders/1/refund", {}, "There is no order 1."),
        ("rs_shirts/requests/1/close", {}, "There is no request 1."),
        ("rs_shirts/refunds/1/status", {}, "There is no refund 1."),
        ("rs_shirts/webhooks/1/redeliver", {}, "There is no delivery 1."),
    ],
)
def test_what_makes_no_sense_is_refused(
    control: Control, seller: EbaySeller, path: str, body: object, reason: str
) -> None:
    assert control.refusal("POST", f"ebay/{path}", body) == reason


@pytest.mark.parametrize(
    ("tail", "body", "reason"),
    [
        ("refund", {"amount": "100.01"}, "The order has 100.00 left to refund."),
        ("refund", {"amount": "0"}, "The order has 100.00 left to refund."),
        ("refund", {"for": "1"}, "The body: the order has no request 1."),
        (
            "refund",
            {"amount": "2.00", "lines": [{"line": SHIRT, "amount": "1.00"}]},
            "The body: amount is not the sum of the lines.",
        ),
        (
            "refund",
            {"lines": [{"line": SHIRT, "amount": "100.01"}]},
            "The line TSHIRT-M has 100.00 left to refund.",
        ),
        ("refund", {"lines": [{"line": "INK"}]}, "The body: the order has no line INK."),
        ("requests", {"kind": "return", "quantity": 6}, "The body: quantity must be one the line has."),
        (
            "requests",
            {"kind": "wish"},
            "The body: kind must be one of return, cancellation, inquiry, case.",
        ),
    ],
)
def test_what_an_order_cannot_bear_is_refused(
    control: Control, seller: EbaySeller, tail: str, body: object, reason: str
) -> None:
    order = seller.order()
    assert control.refusal("POST", f"{seller.path}/orders/{order['orderId']}/{tail}", body) == reason


def test_nothing_ends_twice(control: Control, seller: EbaySeller) -> None:
    order = seller.order()
    number = seller.ask(order, "cancellation")
    path = f"{seller.path}/requests/{number}"
    assert control.refusal("POST", f"{path}/escalate") == "A cancellation cannot be escalated."
    seller.close(number)
    assert control.refusal("POST", f"{path}/close") == f"The cancellation {number} is closed already."
    seller.cancel(order)
    reason = f"The order {order['orderId']} is cancelled already."
    assert control.refusal("POST", f"{seller.path}/orders/{order['orderId']}/cancel") == reason


def test_an_order_s_id_may_be_chosen_once(control: Control, seller: EbaySeller) -> None:
    order = seller.order(id="12-34567-89012", created="2026-11-01T00:00:00Z")
    assert (order["orderId"], order["creationDate"]) == ("12-34567-89012", "2026-11-01T00:00:00.000Z")
    body = {"id": "12-34567-89012", "lines": [LINE]}
    reason = "The order 12-34567-89012 exists already."
    assert control.refusal("POST", f"{seller.path}/orders", body) == reason


def test_settings_change_one_by_one(control: Control, seller: EbaySeller) -> None:
    seller.change(marketplace="EBAY_DE", eu=True)
    shown = control.get(seller.path)
    assert (shown["currency"], shown["eu"], shown["in_flight"]) == ("EUR", True, 0)
    seller.change(quotas={"finances": 1})
    assert control.get(seller.path)["eu"] is True
    reason = "The body: a seller's id cannot be changed."
    assert control.refusal("PATCH", seller.path, {"seller_id": "x"}) == reason
    assert seller.order()["pricingSummary"]["total"]["currency"] == "EUR"


def test_a_refund_of_lines_is_shown_with_them(seller: EbaySeller) -> None:
    order = seller.order()
    number = seller.refund(order, lines=[{"line": SHIRT, "amount": "20.00"}], keep_open=True)
    (shown,) = seller.refunds(order)
    assert (shown["refund"], shown["amount"], shown["by_api"]) == (number, "20.00", False)
    assert shown["lines"] == {order["lineItems"][0]["lineItemId"]: "20.00"}
    assert seller.refunded(order) == 20


def test_a_request_may_stay_open_after_a_refund(seller: EbaySeller) -> None:
    order = seller.order()
    number = seller.ask(order, "return", quantity=1)
    seller.refund(order, amount="5.00", keep_open=True, **{"for": number})
    (shown,) = seller.state(order)["requests"]
    assert (shown["open"], shown["amount"]) == (True, "20.00")
