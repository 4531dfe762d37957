"""A Shopify shop in the sandbox, and a client of it."""

import json
from dataclasses import dataclass
from typing import Any, Final

from tests.workers.platforms.wire import Script, answer, saying
from tests.workers.platforms.world import Control
from workers.platforms.http import Http
from workers.platforms.shopify import RefundLineInput, ShopifyClient
from workers.platforms.shopify_cost import Budget

DOMAIN: Final = "example.myshopify.com"
TOKEN: Final = "shpat_0123456789abcdef0123456789abcdef"
KEY: Final = "rs-myshop-70"
NUMBERS: Final = iter(range(1, 1_000_000))


@dataclass(frozen=True)
class Shop:
    """A shop.

    Attributes:
        app: Client credentials that are good; no two shops have the same.
    """

    control: Control
    app: dict[str, str]

    @property
    def url(self) -> str:
        """The shop's address."""
        return f"{self.control.url}/shopify/{DOMAIN}"

    def client(
        self, http: Http, credentials: dict[str, str] | None = None, budget: Budget | None = None
    ) -> ShopifyClient:
        """Return a client of the shop, with a rate limit of its own to remember."""
        good = {"access_token": TOKEN}
        return ShopifyClient(DOMAIN, self.url, credentials or good, http, budget=budget or Budget())

    def change(self, **settings: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON may be anything
        """Change the shop's settings."""
        changed: dict[str, Any] = self.control.patch(f"shopify/{DOMAIN}", settings)
        return changed

    @property
    def location(self) -> str:
        """The number of the shop's first location."""
        return str(self.control.get(f"shopify/{DOMAIN}")["locations"][0]["id"])

    def order(self, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON may be anything
        """Let a customer order two T-shirts and a mug, with shipping and tax."""
        body = {
            "lines": [
                {
                    "sku": "TSHIRT-M",
                    "title": "T-shirt, M",
                    "quantity": 2,
                    "price": "20.00",
                    "tax_rate": "0.08",
                },
                {"sku": "MUG", "title": "Mug", "quantity": 1, "price": "9.50"},
            ],
            "shipping": {"price": "5.00", "tax_rate": "0.08"},
            "silent": True,
        }
        made: dict[str, Any] = self.control.post(f"shopify/{DOMAIN}/orders", {**body, **more})
        return made

    def refund(self, order: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON may be anything
        """Refund an order in Shopify's own pages."""
        path = f"shopify/{DOMAIN}/orders/{order['id']}/refund"
        made: dict[str, Any] = self.control.post(path, {"silent": True, **more})
        return made

    def state(self, order: dict[str, Any]) -> dict[str, Any]:
        """Return all there is of an order."""
        state: dict[str, Any] = self.control.get(f"shopify/{DOMAIN}/orders/{order['id']}")
        return state

    def made(self) -> int:
        """Return how many refunds were made through the API."""
        return self.control.writes("shopify", DOMAIN).get("refundCreate", 0)

    def fault(self, operation: str, kind: str, **more: Any) -> None:  # noqa: ANN401 - JSON may be anything
        """Let the next call of an operation go wrong."""
        self.control.fault("shopify", operation, kind, **more)

    def operations(self) -> list[str]:
        """Return the operations called so far, oldest first."""
        return self.control.operations("shopify")


def open_shop(control: Control) -> Shop:
    """Make a shop that knows a token and an app."""
    app = {"client_id": f"app-{next(NUMBERS)}", "client_secret": "app-secret-0123456789"}
    scopes = ["read_orders", "write_orders", "read_locations"]
    control.post("shopify/shops", {"domain": DOMAIN, "access_token": TOKEN, "scopes": scopes, **app})
    return Shop(control, app)


def said(data: dict[str, Any], **more: Any) -> Script:  # noqa: ANN401 - JSON may be anything
    """Answer with data, as GraphQL does."""
    return saying(answer(json.dumps({"data": data, **more}).encode()))


def sent(request: bytes) -> dict[str, Any]:
    """Return the body of a request."""
    body: dict[str, Any] = json.loads(request.partition(b"\r\n\r\n")[2])
    return body


def line_id(order: dict[str, Any], sku: str = "TSHIRT-M") -> str:
    """Return the number of an order's line."""
    return next(str(line["id"]) for line in order["line_items"] if line["sku"] == sku)


def refund_input(order: dict[str, Any], amount: str = "21.60", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON may be anything
    """Return the input of a refund of one T-shirt; ids as plain numbers."""
    transaction = {
        "orderId": str(order["id"]),
        "gateway": "shopify_payments",
        "kind": "REFUND",
        "amount": amount,
        "parentId": str(order["transactions"][0]["id"]),
    }
    known = {
        "orderId": str(order["id"]),
        "currency": "USD",
        "note": f"NetSuite creditmemo {KEY}",
        "notify": False,
        "refundLineItems": [RefundLineInput(line_id(order), 1).to_json()],
        "transactions": [transaction],
    }
    return {**known, **more}
