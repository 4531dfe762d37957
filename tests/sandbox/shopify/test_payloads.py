"""Webhook bodies have the keys, and the kinds of values, of Shopify's official examples."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.helpers import Received, Receiver, Shop

OTHER_KINDS = {
    # Always null in the examples, filled here.
    "browser_ip",
    "parent_id",
    "processed_at",
    "created_at",
    "updated_at",
    "duties",
}


@pytest.fixture(scope="module")
def examples(specs_dir: Path) -> dict[str, Any]:
    folder = specs_dir / "shopify" / "webhook-examples"
    return {
        str(path.relative_to(folder).with_suffix("")): json.loads(path.read_text())["response"]
        for path in folder.rglob("*.json")
    }


@pytest.fixture
def sent(hooked: Shop, receiver: Receiver) -> dict[str, Received]:
    """One webhook of every topic, from a life of an order with all there can be in it."""
    order = hooked.order(
        silent=False,
        customer={"email": "jon@example.com"},
        lines=[
            {"sku": "PEN", "quantity": 2, "price": "10.00", "tax_rate": "0.1", "discount": "1.00", "duty": 2},
            {"sku": "", "quantity": 1, "price": "5.00", "gift_card": True},
        ],
        shipping={"price": "4.00", "tax_rate": "0.1"},
    )
    hooked.refund(
        order,
        lines=[{"sku": "PEN", "quantity": 1, "restock_type": "return"}],
        shipping="2.00",
        amount="9.00",
        note="Things were damaged",
        duties=[{"sku": "PEN"}],
    )
    hooked.control.post(f"{hooked.path}/orders/{order['id']}/cancel")
    hooked.control.delete(f"{hooked.path}/orders/{order['id']}")
    return {each.topic: each for each in receiver.wait(8)}


def compare(ours: object, example: object, path: str) -> None:
    """Compare two values: objects by their keys and all below, lists by their first items, others by kind."""
    if isinstance(example, dict) and isinstance(ours, dict):
        missing = set(example) - set(ours)
        assert not missing, f"{path} lacks {missing}"
        for key, value in example.items():
            compare(ours[key], value, f"{path}.{key}")
    elif isinstance(example, list):
        assert isinstance(ours, list), path
        if ours and example:
            compare(ours[0], example[0], path)
    elif example is not None and ours is not None and path.rpartition(".")[2] not in OTHER_KINDS:
        numbers = (int, float)
        if (
            isinstance(example, numbers)
            and not isinstance(example, bool)
            and "id" not in path.rpartition(".")[2]
        ):
            assert isinstance(ours, numbers), path
        else:
            assert type(ours) is type(example), path


@pytest.mark.parametrize(
    "topic",
    ["orders/create", "orders/updated", "orders/cancelled", "orders/delete", "refunds/create"],
)
def test_bodies_have_the_shape_of_the_official_example(
    topic: str, sent: dict[str, Received], examples: dict[str, Any]
) -> None:
    compare(sent[topic].json, examples[topic], topic)


def test_top_level_keys_are_exactly_those_of_the_examples(
    sent: dict[str, Received], examples: dict[str, Any]
) -> None:
    for topic, example in examples.items():
        assert set(sent[topic].json) == set(example), topic


def test_a_transaction_body_has_the_shape_of_the_official_example(
    sent: dict[str, Received], examples: dict[str, Any]
) -> None:
    compare(sent["order_transactions/create"].json, examples["order_transactions/create"], "transaction")


def test_ids_are_exact_64_bit_integers_that_no_double_holds(sent: dict[str, Received]) -> None:
    body = sent["refunds/create"].json
    ids = [body["id"], body["order_id"], *(each["id"] for each in body["refund_line_items"])]
    ids += [each["id"] for each in body["transactions"]]
    for number in ids:
        assert 2**53 < number < 2**63
        assert int(float(number)) != number
    assert body["admin_graphql_api_id"] == f"gid://shopify/Refund/{body['id']}"


def test_a_refund_tells_lines_shipping_duties_and_money_apart(sent: dict[str, Received]) -> None:
    body = sent["refunds/create"].json
    (line,) = body["refund_line_items"]
    assert (line["quantity"], line["restock_type"], line["location_id"] is not None) == (1, "return", True)
    assert line["subtotal_set"]["shop_money"] == {"amount": "9.50", "currency_code": "USD"}
    assert (line["subtotal"], line["total_tax"]) == (9.5, 0.95)
    (shipping,) = body["refund_shipping_lines"]
    assert shipping["subtotal_amount_set"]["shop_money"]["amount"] == "2.00"
    assert shipping["tax_amount_set"]["shop_money"]["amount"] == "0.20"
    assert body["total_duties_set"]["shop_money"]["amount"] == "2.00"
    assert [each["amount"] for each in body["transactions"]] == ["9.00"]
    assert [(each["kind"], each["amount"]) for each in body["order_adjustments"]] == [
        ("refund_discrepancy", "5.65")
    ]
    assert body["restock"] is True
    assert body["note"] == "Things were damaged"


def test_an_order_carries_its_refunds_and_what_is_left(sent: dict[str, Received]) -> None:
    body = sent["orders/updated"].json
    assert [refund["id"] for refund in body["refunds"]] == [sent["refunds/create"].json["id"]]
    assert (body["currency"], body["presentment_currency"]) == ("USD", "USD")
    assert body["financial_status"] == "partially_refunded"
    assert body["total_price"] == "32.30"
    assert body["current_subtotal_price"] == "14.50"
    assert [line["current_quantity"] for line in body["line_items"]] == [1, 1]
    assert sent["orders/cancelled"].json["cancelled_at"] is not None
    assert sent["orders/delete"].json == {"id": body["id"]}


def test_the_official_example_s_oddities_can_be_had(hooked: Shop, receiver: Receiver) -> None:
    order = hooked.order()
    hooked.refund(order, lines=[{"sku": "PEN", "quantity": 1}], amount="9.99", official_example=True)
    body = receiver.of("refunds/create")[0].json
    assert [(each["amount"], each["currency"]) for each in body["transactions"]] == [
        ("5.00", None),
        ("4.99", None),
    ]
    assert body["transactions"][0]["total_unsettled_set"]["shop_money"] == {
        "amount": "0.0",
        "currency": "XXX",
    }
    assert body["order_adjustments"] == []


@pytest.mark.parametrize(
    ("currency", "price", "amount", "text"),
    [("JPY", "1000", "333", "333"), ("KWD", "1.250", "0.505", "0.505"), ("USD", "10", "1.5", "1.50")],
)
def test_amounts_have_the_decimals_of_their_currency(
    hooked: Shop, receiver: Receiver, currency: str, price: str, amount: str, text: str
) -> None:
    order = hooked.order(currency=currency, lines=[{"sku": "PEN", "quantity": 1, "price": price}])
    hooked.refund(order, amount=amount)
    body = receiver.of("refunds/create")[0].json
    assert body["transactions"][0]["amount"] == text
    assert body["transactions"][0]["currency"] == currency
    assert body["order_adjustments"][0]["amount_set"]["shop_money"] == {
        "amount": f"-{text}",
        "currency_code": currency,
    }


def test_money_is_given_in_both_currencies_of_an_order(hooked: Shop, receiver: Receiver) -> None:
    order = hooked.order(
        presentment_currency="JPY",
        exchange_rate="0.0066",
        lines=[{"sku": "PEN", "quantity": 3, "price": "1000", "tax_rate": "0.1"}],
    )
    hooked.refund(order, lines=[{"sku": "PEN", "quantity": 1}])
    body = receiver.of("refunds/create")[0].json
    assert body["refund_line_items"][0]["subtotal_set"] == {
        "shop_money": {"amount": "6.60", "currency_code": "USD"},
        "presentment_money": {"amount": "1000", "currency_code": "JPY"},
    }
    assert (body["transactions"][0]["amount"], body["transactions"][0]["currency"]) == ("1100", "JPY")


def test_shipping_is_an_adjustment_too_where_the_old_way_is_asked_for(
    hooked: Shop, receiver: Receiver
) -> None:
    order = hooked.order(shipping={"price": "4.00", "tax_rate": "0.1"})
    hooked.refund(order, shipping="4.00", legacy_shipping=True)
    body = receiver.of("refunds/create")[0].json
    (adjustment,) = body["order_adjustments"]
    assert (adjustment["kind"], adjustment["amount"], adjustment["tax_amount"]) == (
        "shipping_refund",
        "-4.00",
        "-0.40",
    )
