"""Shopify in the demo: a simulated shop and its merchant."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from cli.demo.control import Json, Storefront
from cli.demo.platforms.netsuite import Books
from cli.demo.site import Site
from ledger.models.accounts import Direction


@dataclass(frozen=True)
class Shop(Storefront):
    """One shop."""

    platform: ClassVar[str] = "shopify"
    refund_write: ClassVar[str] = "refundCreate"

    def order(self, **fields: Any) -> Json:  # noqa: ANN401 - JSON values
        """Place an order."""
        return self.control.post(f"{self.path}/orders", **fields)

    def refund(self, order: Json, **fields: Any) -> str:  # noqa: ANN401 - JSON values
        """Refund an order as the merchant; return the refund's id."""
        made = self.control.post(f"{self.path}/orders/{order['id']}/refund", **fields)
        return str(made["id"])

    def given_back(self, order_id: str, key: str, target_id: str) -> Sequence[Decimal]:  # noqa: ARG002 - by key
        """Return what was paid back in the refunds whose note has our key."""
        order: Json = self.control.get(f"{self.path}/orders/{order_id}")
        ours = [each for each in order["refunds"] if key in (each["note"] or "").split()]
        return [sum((Decimal(paid["amount"]) for paid in each["transactions"]), Decimal(0)) for each in ours]

    def delete(self, order: Json) -> None:
        """Delete an order."""
        self.control.delete(f"{self.path}/orders/{order['id']}")

    def webhooks(self) -> list[Json]:
        """Return every webhook the shop has sent."""
        sent: list[Json] = self.control.get(f"{self.path}/webhooks")
        return sent

    def redeliver(self, webhook_id: str, **fields: Any) -> None:  # noqa: ANN401 - JSON values
        """Send a webhook again."""
        self.control.post(f"{self.path}/webhooks/{webhook_id}/redeliver", **fields)


def open_shop(site: Site, books: Books, slug: str, direction: Direction, currency: str = "USD") -> Shop:
    """Open a shop in the sandbox and connect it."""
    secret, token = secrets.token_hex(32), f"shpat_{secrets.token_hex(16)}"
    shop = Shop(site.control, f"demo-{slug}.myshopify.com", slug, books.slug)
    site.control.post(
        "/shopify/shops",
        domain=shop.name,
        access_token=token,
        currency=currency,
        webhook={"url": site.webhook_url("shopify", slug), "secret": secret},
    )
    site.join(shop, shop.name, direction, {"access_token": token}, secret)
    return shop
