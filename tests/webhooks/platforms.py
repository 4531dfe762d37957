"""What the platforms send, built and signed by code of its own from their documentation.

Payloads: https://shopify.dev/docs/api/webhooks. Signature:
https://shopify.dev/docs/apps/build/webhooks/subscribe/https.
"""

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from tests.support.ledger import NOW, SECRET

Payload = dict[str, Any]

SHOP: Final = "example.myshopify.com"
NETSUITE_ID: Final = "1234567_SB1"
ORDER_ID: Final = 820982911946154508  # above 2**53, as real ones are
REFUND_ID: Final = 890088186047892319


def bag(shop: str, presentment: str = "", *, currency: str = "USD", buyers: str = "") -> Payload:
    """Return a value in the shop's and in the buyer's currency; the same in both by default."""
    return {
        "shop_money": {"amount": shop, "currency_code": currency},
        "presentment_money": {"amount": presentment or shop, "currency_code": buyers or currency},
    }


def line(net: str, tax: str = "0.00", /, *, currency: str = "USD", **changes: object) -> Payload:
    """Return a refunded line of the order; `changes` replace keys, those of `line_item` by their names."""
    item: Payload = {
        "id": 487817672276298554,
        "variant_id": None,
        "title": "Aviator sunglasses",
        "quantity": 1,
        "sku": "SKU2006-001",
        "price": net,
        "gift_card": False,
        "admin_graphql_api_id": "gid://shopify/LineItem/487817672276298554",
        "tax_lines": [],
    }
    whole: Payload = {
        "id": 487817672276298627,
        "quantity": 1,
        "line_item_id": 487817672276298554,
        "location_id": None,
        "restock_type": "no_restock",
        "subtotal": float(net),
        "total_tax": float(tax),
        "subtotal_set": bag(net, currency=currency),
        "total_tax_set": bag(tax, currency=currency),
    }
    item |= {name: value for name, value in changes.items() if name in item}
    return whole | {name: value for name, value in changes.items() if name in whole} | {"line_item": item}


def payment(
    amount: str, status: str = "success", /, *, currency: str | None = "USD", **changes: object
) -> Payload:
    """Return a transaction of kind refund."""
    return {
        "id": 245135271310201194,
        "order_id": ORDER_ID,
        "kind": "refund",
        "gateway": "bogus",
        "status": status,
        "created_at": "2026-03-14T10:09:20-05:00",
        "test": False,
        "receipt": {},
        "amount": amount,
        "currency": currency,
        "admin_graphql_api_id": f"gid://shopify/OrderTransaction/{changes.get('id', 245135271310201194)}",
    } | changes


def adjustment(
    amount: str, tax: str = "0.00", *, kind: str | None = "refund_discrepancy", reason: str
) -> Payload:
    """Return an adjustment; a positive amount is kept back from the customer."""
    return {
        "id": 1030976844,
        "order_id": ORDER_ID,
        "refund_id": REFUND_ID,
        "amount": amount,
        "tax_amount": tax,
        "kind": kind,
        "reason": reason,
        "amount_set": bag(amount),
        "tax_amount_set": bag(tax),
    }


def shipping_line(subtotal: str, *, price: str = "", tax: str = "", **changes: object) -> Payload:
    """Return a refunded shipping line, shaped like the one in Shopify's REST reference."""
    return {
        "id": 623176826,
        "shipping_line_id": 369256396,
        "subtotal_amount_set": bag(subtotal),
        "shipping_line": {
            "id": 369256396,
            "code": "Express",
            "discounted_price_set": bag(price or subtotal),
            "price_set": bag(price or subtotal),
            "title": "Express",
            "tax_lines": [{"title": "VAT", "price": tax, "rate": 0.2, "price_set": bag(tax)}] if tax else [],
        },
    } | changes


def refund(**changes: object) -> Payload:
    """Return the body of `refunds/create`: one line of 89.99 USD, paid back in full."""
    return {
        "id": REFUND_ID,
        "order_id": ORDER_ID,
        "created_at": "2026-03-14T10:09:20-05:00",
        "note": "Things were damaged",
        "user_id": 548380009,
        "processed_at": "2026-03-14T10:09:20-05:00",
        "duties": [],
        "total_duties_set": bag("0.00"),
        "return": None,
        "refund_shipping_lines": [],
        "restock": False,
        "admin_graphql_api_id": f"gid://shopify/Refund/{changes.get('id', REFUND_ID)}",
        "order_adjustments": [],
        "refund_line_items": [line("89.99")],
        "transactions": [payment("89.99")],
    } | changes


def order(**changes: object) -> Payload:
    """Return the body of `orders/updated`, as far as it matters here."""
    return {
        "id": ORDER_ID,
        "admin_graphql_api_id": f"gid://shopify/Order/{ORDER_ID}",
        "name": "#9999",
        "email": "jon@example.com",
        "created_at": "2026-03-01T10:00:00-05:00",
        "updated_at": "2026-03-14T10:09:25-05:00",
        "cancelled_at": None,
        "currency": "USD",
        "presentment_currency": "USD",
        "total_price": "89.99",
        "refunds": [],
    } | changes


def compliance(**changes: object) -> Payload:
    """Return the body of a request about personal data, with the keys of all three."""
    return {
        "shop_id": 954889,
        "shop_domain": SHOP,
        "customer": {"id": 191167, "email": "john@example.com", "phone": "555-625-1199"},
        "orders_requested": [299938, 280263],
        "orders_to_redact": [299938, 280263],
        "data_request": {"id": 9999},
    } | changes


PAYLOADS: Final[dict[str, Payload]] = {
    "refunds/create": refund(),
    "orders/create": order(),
    "orders/updated": order(refunds=[refund()]),
    "orders/cancelled": order(cancelled_at="2026-03-14T10:09:25-05:00"),
    "orders/delete": {"id": ORDER_ID},
    "order_transactions/create": payment("89.99"),
    "app/uninstalled": {"id": 548380009, "name": "Super Toys", "myshopify_domain": SHOP},
    "customers/data_request": compliance(),
    "customers/redact": compliance(),
    "shop/redact": compliance(),
}
"""A valid body for each of Shopify's topics."""


def encoded(payload: object) -> bytes:
    """Return a payload as bytes on the wire."""
    return json.dumps(payload).encode()


def shopify_signature(body: bytes, secret: str = SECRET) -> str:
    """Return the base64 HMAC of a body."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def shopify_headers(
    topic: str,
    body: bytes,
    changes: Mapping[str, str | None] = MappingProxyType({}),
    *,
    secret: str = SECRET,
    prefix: str = "X-Shopify-",
) -> dict[str, str]:
    """Return a delivery's headers; `changes` replace them by names like `event_id`, None leaves one out."""
    values: dict[str, str | None] = {
        "topic": topic,
        "hmac_sha256": shopify_signature(body, secret),
        "shop_domain": SHOP,
        "api_version": "2026-10",
        "webhook_id": str(uuid.uuid4()),
        "event_id": str(uuid.uuid4()),
        "triggered_at": "2026-03-14T15:09:24.123456789Z",
        **changes,
    }
    named = {prefix + name.replace("_", "-").title(): value for name, value in values.items()}
    return {"Content-Type": "application/json"} | {k: v for k, v in named.items() if v is not None}


def change(**changes: object) -> Payload:
    """Return the body that the NetSuite script sends."""
    return {
        "id": str(uuid.uuid4()),
        "type": "create",
        "recordType": "creditmemo",
        "internalId": "123",
        "occurredAt": "2026-03-14T15:09:25.123Z",
        "account": NETSUITE_ID,
        "externalId": None,
        "otherRefNum": "9999",
        "createdFrom": "60",
        "tranId": "CM12",
    } | changes


def netsuite_headers(
    body: bytes, *, secret: str = SECRET, at: datetime = NOW, timestamp: str | None = None
) -> dict[str, str]:
    """Return the headers that the NetSuite script sends at a time."""
    stamp = str(int(at.timestamp())) if timestamp is None else timestamp
    signature = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "X-NS-Timestamp": stamp, "X-NS-Signature": signature}
