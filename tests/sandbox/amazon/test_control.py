"""What the control API refuses, and how it shows a seller."""

import pytest

from tests.sandbox.amazon.client import Api, Json
from tests.sandbox.helpers import Control
from tests.support.sandboxed import SHIRT
from tests.support.sandboxed_amazon import Seller

LINE = {"sku": SHIRT, "quantity": 1, "price": "1.00"}
PUSH = {"via": "sns", "url": "http://127.0.0.1:9/"}


def test_a_seller_s_settings_are_shown_and_changed(seller: Seller) -> None:
    shown = seller.control.get(seller.path)
    assert (shown["marketplace_name"], shown["currency"], shown["page_size"]) == ("Amazon.com", "USD", 500)
    assert shown["usage_plans"]["createFeed"] == {"rate": 0.0083, "burst": 15}
    seller.change(page_size=7, feed_seconds={"queue": 1}, push={"via": "bare", "url": "http://127.0.0.1:9/"})
    changed = seller.control.get(seller.path)
    assert (changed["page_size"], changed["feed_seconds"]) == (7, {"queue": 1, "process": 10})
    assert changed["push"]["via"] == "bare"
    assert seller.in_flight() == 0
    assert {name for name in shown if shown[name] != changed[name]} == {"page_size", "feed_seconds", "push"}


def test_a_reset_forgets_sellers(control: Control, seller: Seller) -> None:
    control.post("reset")
    assert control.refusal("GET", seller.path) == f"There is no seller {seller.tenant}."
    control.post("amazon/sellers", {"seller_id": seller.tenant})


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"seller_id": "A3TH9S8BH6GOGM"}, "The seller A3TH9S8BH6GOGM exists already."),
        ({}, "The body: seller_id is missing."),
        ({"seller_id": "B", "marketplace": "MARS"}, "The body: marketplace must be one of "),
        ({"seller_id": "B", "page_size": 0}, "The body: page_size must be 1 or more."),
        ({"seller_id": "B", "late_seconds": -1}, "The body: late_seconds must not be negative."),
        (
            {"seller_id": "B", "usage_plans": {"getMoney": {}}},
            "The body: usage_plans has unknown keys: getMoney.",
        ),
        ({"seller_id": "B", "push": {**PUSH, "via": "pigeon"}}, "The body: push: via must be one of "),
        ({"seller_id": "B", "push": {**PUSH, "topic_arn": "x"}}, "The body: push: topic_arn must be an ARN"),
        ({"seller_id": "B", "colour": "red"}, "The body has unknown keys: colour."),
    ],
)
def test_sellers_that_make_no_sense(control: Control, seller: Seller, settings: Json, reason: str) -> None:
    assert control.refusal("POST", "amazon/sellers", settings).startswith(reason)


def test_a_seller_s_id_stays(control: Control, seller: Seller) -> None:
    reason = control.refusal("PATCH", seller.path, {"seller_id": "B"})
    assert reason == "The body: a seller's id cannot be changed."


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({"lines": []}, "The body: an order needs lines."),
        ({"lines": [LINE, LINE]}, "The body: two lines of an order have the same sku."),
        ({"lines": [{**LINE, "quantity": 0}]}, "A line: quantity must be 1 or more"),
        ({"lines": [{**LINE, "price": -1}]}, "A line: quantity must be 1 or more"),
        ({"lines": [{**LINE, "tax": -1}]}, "A line: amounts must not be negative."),
        ({"lines": [LINE], "status": "LOST"}, "The body: status must be one of "),
    ],
)
def test_orders_that_make_no_sense(control: Control, seller: Seller, order: Json, reason: str) -> None:
    assert control.refusal("POST", f"{seller.path}/orders", order).startswith(reason)


@pytest.mark.parametrize(
    ("refund", "reason"),
    [
        ({"lines": []}, "The body: there is nothing to refund."),
        ({"lines": [{"sku": SHIRT}]}, "A line: give a quantity or amounts."),
        ({"lines": [{"sku": SHIRT, "quantity": 6}]}, f"There are not 6 of {SHIRT} left to refund."),
        ({"lines": [{"sku": SHIRT, "tax": "-1"}]}, "A line: amounts must not be negative."),
        ({"lines": [{"sku": "PEN", "quantity": 1}]}, "The order "),
        ({"goodwil": 1}, "The body has unknown keys: goodwil."),
    ],
)
def test_refunds_that_make_no_sense(control: Control, seller: Seller, refund: Json, reason: str) -> None:
    order = seller.order()
    path = f"{seller.path}/orders/{order['id']}/refund"
    assert control.refusal("POST", path, refund).startswith(reason)
    assert seller.transactions(order) == []
    assert seller.state(order)["lines"][0]["refunded"] == {}


def test_a_refund_of_money_may_be_more_than_was_paid(seller: Seller, api: Api) -> None:
    order = seller.order()
    seller.refund(order, lines=[{"sku": SHIRT, "principal": "1000.00"}])
    (row,) = api.refunds(order)
    assert row["totalAmount"]["currencyAmount"] == -855


def test_an_order_s_stations_have_an_order(control: Control, seller: Seller) -> None:
    order = seller.order()
    path = f"{seller.path}/orders/{order['id']}"
    assert control.refusal("POST", f"{path}/cancel") == f"The order {order['id']} is SHIPPED."
    assert control.refusal("POST", f"{path}/ship") == f"The order {order['id']} is SHIPPED."
    waiting = seller.order(status="UNSHIPPED")
    reason = control.refusal("POST", f"{seller.path}/orders/{waiting['id']}/refund")
    assert reason == f"The order {waiting['id']} is UNSHIPPED."
    twice = control.refusal("POST", f"{seller.path}/orders", {"id": order["id"], "lines": [LINE]})
    assert twice == f"The order {order['id']} exists already."


@pytest.mark.parametrize(
    ("method", "path", "reason"),
    [
        ("GET", "orders/1", "There is no order 1."),
        ("POST", "webhooks/1/redeliver", "There is no delivery 1."),
        ("POST", "notifications/1/duplicate", "There is no notification 1."),
        ("POST", "sns/subscribe", "The seller's notifications do not go by way of SNS."),
    ],
)
def test_what_is_not_there(control: Control, seller: Seller, method: str, path: str, reason: str) -> None:
    assert control.refusal(method, f"{seller.path}/{path}") == reason


def test_ending_a_subscription_that_is_none_does_nothing(seller: Seller) -> None:
    assert seller.control.post(f"{seller.path}/sns/unsubscribe")["push"] is None
