"""Shopify's official example payloads are read as documented; their numeric ids were rounded by a double."""

import json
from pathlib import Path

import pytest

from ledger.events import MoneyState, OrderSeen, PartKind, RefundSeen
from ledger.models import OrderState
from ledger.money import Money
from tests.support.ledger import NOW
from tests.webhooks.platforms import Payload, encoded, shopify_headers
from webhooks.sources.protocol import Endpoint, Reading, Request
from webhooks.sources.shopify import Shopify

ORDER_TOPICS = ["orders/create", "orders/updated", "orders/cancelled"]


def example(specs_dir: Path, topic: str) -> Payload:
    path = specs_dir / "shopify" / "webhook-examples" / f"{topic}.json"
    payload: Payload = json.loads(path.read_text())["response"]
    return payload


def read(endpoint: Endpoint, topic: str, payload: object) -> Reading:
    body = encoded(payload)
    return Shopify().read(Request(shopify_headers(topic, body), body, NOW), endpoint)


def test_the_official_refund(specs_dir: Path, shop: Endpoint) -> None:
    (seen,) = read(shop, "refunds/create", example(specs_dir, "refunds/create")).events
    assert isinstance(seen, RefundSeen)
    assert seen.refund_id == "890088186047892319"
    assert (seen.money, seen.amount) == (MoneyState.MOVED, Money.parse("85.00", "USD"))
    assert [part.kind for part in seen.parts] == [PartKind.ITEM] * 5
    assert [payment.id for payment in seen.payments] == ["245135271310201194", "839212141605670573"]
    assert seen.balanced()[-1].net == Money.parse("-329.95", "USD")
    assert seen.mark == ""


@pytest.mark.parametrize("topic", ORDER_TOPICS)
def test_the_official_orders(specs_dir: Path, shop: Endpoint, topic: str) -> None:
    (seen,) = read(shop, topic, example(specs_dir, topic)).events
    assert isinstance(seen, OrderSeen)
    assert (seen.order_id, seen.name) == ("820982911946154508", "#9999")
    assert seen.state is OrderState.CANCELLED


@pytest.mark.parametrize("topic", ORDER_TOPICS)
def test_the_official_refund_on_an_official_order(specs_dir: Path, shop: Endpoint, topic: str) -> None:
    payload = example(specs_dir, topic) | {"refunds": [example(specs_dir, "refunds/create")]}
    _, seen = read(shop, topic, payload).events
    assert isinstance(seen, RefundSeen)
    assert (seen.order_id, seen.first_hand) == ("820982911946154508", False)


def test_the_official_deletion(specs_dir: Path, shop: Endpoint) -> None:
    (seen,) = read(shop, "orders/delete", example(specs_dir, "orders/delete")).events
    assert isinstance(seen, OrderSeen)
    assert seen.state is OrderState.DELETED


def test_the_official_transaction_is_an_authorization_and_tells_nothing(
    specs_dir: Path, shop: Endpoint
) -> None:
    reading = read(shop, "order_transactions/create", example(specs_dir, "order_transactions/create"))
    assert reading.events == ()
