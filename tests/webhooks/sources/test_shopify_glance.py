"""What is told at a glance is what reading tells, and where it is not plain, nothing is told."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.policy import Policy
from tests.support.ledger import NOW, SECRET
from tests.webhooks.platforms import (
    ORDER_ID,
    PAYLOADS,
    REFUND_ID,
    SHOP,
    Payload,
    encoded,
    order,
    payment,
    refund,
    shopify_headers,
)
from webhooks.sources.protocol import Endpoint, Glance, Request
from webhooks.sources.shopify import Shopify

SHOPIFY = Shopify()
LATER = ("orders/cancelled", "orders/create", "orders/updated", "refunds/create")
IDS = st.integers(1, 2**63 - 1)
ENDPOINT = Endpoint("shopify", "shop", SHOP, 1, 1, Policy(), (SECRET,))


def request(topic: str, body: bytes, **headers: str | None) -> Request:
    return Request(shopify_headers(topic, body, {"event_id": "e-1", **headers}), body, NOW)


def told(topic: str, body: bytes) -> Glance:
    reading = SHOPIFY.read(request(topic, body), ENDPOINT)
    return Glance(reading.topic, reading.delivery_key, reading.order_ref)


@pytest.mark.parametrize("topic", LATER)
def test_refunds_and_orders_are_told_at_a_glance(topic: str) -> None:
    body = encoded(PAYLOADS[topic])
    assert SHOPIFY.glance(request(topic, body)) == told(topic, body)


@pytest.mark.parametrize("topic", sorted(set(PAYLOADS) - set(LATER)))
def test_all_else_is_read_at_once(topic: str) -> None:
    assert SHOPIFY.glance(request(topic, encoded(PAYLOADS[topic]))) is None


@pytest.mark.parametrize("topic", LATER)
def test_the_official_examples_are_told_as_they_are_read(specs_dir: Path, topic: str) -> None:
    path = specs_dir / "shopify" / "webhook-examples" / f"{topic}.json"
    body = encoded(json.loads(path.read_text())["response"])
    assert SHOPIFY.glance(request(topic, body)) == told(topic, body)


@given(
    refund_id=IDS,
    order_id=IDS,
    note=st.text(max_size=30).map(lambda text: text.replace("\x00", "").encode(errors="ignore").decode()),
    compact=st.booleans(),
    ascii_only=st.booleans(),
)
def test_whatever_is_told_is_what_is_read(
    refund_id: int, order_id: int, note: str, *, compact: bool, ascii_only: bool
) -> None:
    odd = f'{note}"admin_graphql_api_id":"gid://shopify/Refund/1","order_id":1'
    payload = refund(
        id=refund_id, order_id=order_id, note=odd, transactions=[payment("89.99", order_id=order_id)]
    )
    separators = (",", ":") if compact else None
    body = json.dumps(payload, separators=separators, ensure_ascii=ascii_only).encode()
    assert SHOPIFY.glance(request("refunds/create", body)) == told("refunds/create", body)


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("refunds/create", refund(admin_graphql_api_id=None)),
        ("refunds/create", refund(admin_graphql_api_id="gid://shopify/Refund/01")),
        ("refunds/create", refund(admin_graphql_api_id=f"gid://shopify/Refund/{REFUND_ID}?of=another")),
        ("refunds/create", refund(admin_graphql_api_id=f"gid://shopify/Order/{ORDER_ID}")),
        ("refunds/create", refund(order_id=None, transactions=[])),
        ("refunds/create", refund(transactions=[payment("89.99", order_id=ORDER_ID + 1)])),
        ("refunds/create", refund(others=[refund(id=1)])),
        ("orders/updated", order(admin_graphql_api_id=None)),
    ],
)
def test_what_is_not_plain_is_read_at_once(topic: str, payload: Payload) -> None:
    assert SHOPIFY.glance(request(topic, encoded(payload))) is None


@pytest.mark.parametrize("headers", [{"api_version": None}, {"test": "true"}])
def test_what_lacks_a_header_or_is_a_test_is_read_at_once(headers: dict[str, str | None]) -> None:
    assert SHOPIFY.glance(request("refunds/create", encoded(refund()), **headers)) is None
