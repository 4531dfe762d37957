"""Shopify deliveries of about 8 kB, each distinct and really signed.

Keys as in Shopify's own example of `refunds/create` (https://shopify.dev/docs/api/webhooks), but with what
differs at the end, so that signing the next one takes one block of SHA-256 and not 8 kB of it.
"""

import base64
import hashlib
import hmac
import json
from typing import Any, Final

SHOP: Final = "bench.myshopify.com"
SLUG: Final = "bench"
PATH: Final = f"/webhooks/shopify/{SLUG}"

_LINES: Final = 4
_FIRST: Final = 890_088_186_047_000_000  # above 2**53, as real ids are


def _bag(amount: str) -> dict[str, Any]:
    money = {"amount": amount, "currency_code": "USD"}
    return {"shop_money": money, "presentment_money": money}


def _line(number: int) -> dict[str, Any]:
    line_id = 487_817_672_276_298_554 + number
    return {
        "id": line_id + 100,
        "quantity": 1,
        "line_item_id": line_id,
        "location_id": 48_752_903,
        "restock_type": "return",
        "subtotal": 89.99,
        "total_tax": 7.2,
        "subtotal_set": _bag("89.99"),
        "total_tax_set": _bag("7.20"),
        "line_item": {
            "id": line_id,
            "variant_id": line_id + 7,
            "title": "Aviator sunglasses",
            "quantity": 2,
            "sku": f"SKU2006-{number:03}",
            "variant_title": "Black",
            "vendor": "Ray",
            "fulfillment_service": "manual",
            "product_id": 788_032_119_674_292_900,
            "requires_shipping": True,
            "taxable": True,
            "gift_card": False,
            "name": "Aviator sunglasses - Black",
            "variant_inventory_management": "shopify",
            "properties": [
                {"name": name, "value": f"{name} as the customer wrote it for line {number}"}
                for name in ("Engraving", "Gift message", "Delivery date")
            ],
            "product_exists": True,
            "fulfillable_quantity": 1,
            "grams": 100,
            "price": "89.99",
            "total_discount": "0.00",
            "fulfillment_status": None,
            "price_set": _bag("89.99"),
            "total_discount_set": _bag("0.00"),
            "discount_allocations": [],
            "duties": [],
            "admin_graphql_api_id": f"gid://shopify/LineItem/{line_id}",
            "tax_lines": [
                {
                    "title": "State tax",
                    "price": "7.20",
                    "rate": 0.08,
                    "channel_liable": False,
                    "price_set": _bag("7.20"),
                }
            ],
        },
    }


def _transaction() -> dict[str, Any]:
    return {
        "id": 245_135_271_310_201_194,
        "order_id": 820_982_911_946_154_508,
        "kind": "refund",
        "gateway": "shopify_payments",
        "status": "success",
        "message": "Transaction approved",
        "created_at": "2026-03-14T10:09:20-05:00",
        "test": False,
        "authorization": "ch_1AtJu6CktlpKSclI4zjeQb2t",
        "parent_id": 801_038_806,
        "processed_at": "2026-03-14T10:09:20-05:00",
        "source_name": "web",
        "receipt": {},
        "amount": "388.76",
        "currency": "USD",
        "payment_id": "c901414060.1",
        "admin_graphql_api_id": "gid://shopify/OrderTransaction/245135271310201194",
    }


def payload() -> dict[str, Any]:
    """Return a refund without its own id."""
    return {
        "order_id": 820_982_911_946_154_508,
        "created_at": "2026-03-14T10:09:20-05:00",
        "note": "Things were damaged",
        "user_id": 548_380_009,
        "processed_at": "2026-03-14T10:09:20-05:00",
        "duties": [],
        "total_duties_set": _bag("0.00"),
        "return": None,
        "refund_shipping_lines": [],
        "restock": True,
        "order_adjustments": [],
        "refund_line_items": [_line(number) for number in range(_LINES)],
        "transactions": [_transaction()],
    }


class Deliveries:
    """Makes the bytes of one HTTP request after the other."""

    def __init__(self, secret: str, first: int) -> None:
        """Sign with a secret; no two makers with different `first` in steps of 10**7 make the same."""
        self._next = first
        self._body = json.dumps(payload(), separators=(",", ":")).encode()[:-1]
        self._hmac = hmac.new(secret.encode(), self._body, hashlib.sha256)
        # Every id has the same number of digits, so that every body is as long.
        length = len(self._body) + len(self._tail(0))
        self._head = (
            f"POST {PATH} HTTP/1.1\r\nHost: bench.example\r\nUser-Agent: Shopify-Captain-Hook\r\n"
            "Accept: */*\r\nContent-Type: application/json\r\n"
            f"Content-Length: {length}\r\n"
            f"X-Shopify-Topic: refunds/create\r\nX-Shopify-Shop-Domain: {SHOP}\r\n"
            "X-Shopify-Api-Version: 2026-10\r\nX-Shopify-Triggered-At: 2026-03-14T15:09:25.000000000Z\r\n"
            "X-Shopify-Webhook-Id: {0}\r\nX-Shopify-Event-Id: {0}\r\nX-Shopify-Hmac-Sha256: {1}\r\n\r\n"
        )

    def next(self) -> tuple[bytes, bytes, bytes]:
        """Return the next request in pieces."""
        number = self._next
        self._next += 1
        tail = self._tail(number)
        signing = self._hmac.copy()
        signing.update(tail)
        event = f"b54557e4-bdd9-4b37-8a5f-{number:012}"
        signature = base64.b64encode(signing.digest()).decode()
        return self._head.format(event, signature).encode(), self._body, tail

    @staticmethod
    def _tail(number: int) -> bytes:
        refund = _FIRST + number
        return f',"id":{refund},"admin_graphql_api_id":"gid://shopify/Refund/{refund}"}}'.encode()
