"""Magento in the demo: a simulated store, its customers and its merchant."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Final

from cli.demo.control import Json, Storefront
from cli.demo.platforms.netsuite import Books
from cli.demo.site import Site
from ledger.models.accounts import Direction

_SECRET_HEADER: Final = "x-refund-sync-secret"  # noqa: S105 - the name of a header


@dataclass(frozen=True)
class Store(Storefront):
    """One store."""

    platform: ClassVar[str] = "magento"
    refund_write: ClassVar[str] = "creditmemo"

    def order(self, *lines: Json, **fields: Any) -> Json:  # noqa: ANN401 - JSON values
        """Let a customer order and pay."""
        return self.control.post(f"{self.path}/orders", lines=lines, **fields)

    def refund(self, order: Json, *lines: Json, **fields: Any) -> str:  # noqa: ANN401 - JSON values
        """Make a credit memo in the admin; return its id."""
        made = self.control.post(f"{self.path}/orders/{order['entity_id']}/creditmemo", lines=lines, **fields)
        return str(made["entity_id"])

    def delete(self, order: Json) -> None:
        """Remove an order, as an extension does."""
        self.control.delete(f"{self.path}/orders/{order['entity_id']}")

    def given_back(self, order_id: str, key: str, target_id: str) -> Sequence[Decimal]:  # noqa: ARG002 - by key
        """Return the credit memos with our key in a comment."""
        return [
            Decimal(str(memo["base_grand_total"]))
            for memo in self._now(order_id)["creditmemos"]
            if any(key in (each["comment"] or "").split() for each in memo["comments"])
        ]

    def paid_back(self, order: Json) -> list[Decimal]:
        """Return what the payment gateway gave back for an order, each time it did."""
        given = {
            memo.get("transaction_id"): Decimal(str(memo["base_grand_total"]))
            for memo in self._now(str(order["entity_id"]))["creditmemos"]
        }
        moved = self._now(str(order["entity_id"]))["transactions"]
        return [given.get(each["txn_id"], Decimal(0)) for each in moved if each["txn_type"] == "refund"]

    def _now(self, order_id: str) -> Json:
        order: Json = self.control.get(f"{self.path}/orders/{order_id}")
        return order


def open_magento(
    site: Site, books: Books, slug: str, direction: Direction, via: str, *, gateway: str = "accept"
) -> Store:
    """Open a store in the sandbox and connect it.

    Args:
        site: Where.
        books: Where its books are kept.
        slug: The ledger's name of it.
        direction: Which way its refunds are carried.
        via: How it tells what happens: `io_events` or `mageplaza`.
        gateway: How its payment gateway behaves; `silent` says yes and moves nothing.
    """
    secret, client_id = secrets.token_hex(32), secrets.token_hex(16)
    oauth = {
        name: secrets.token_hex(16)
        for name in ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
    }
    store = Store(site.control, f"demo-{slug}", slug, books.slug)
    site.control.post("/magento/stores", tenant=store.name, oauth=oauth, gateway={"behaviour": gateway})
    if via == "io_events":
        oauth["adobe_client_id"] = client_id
        site.subscribe(store, via=via, client_id=client_id)
    else:
        site.subscribe(store, via=via, headers={_SECRET_HEADER: secret})
    site.join(store, f"{store.name}.example.com", direction, oauth, secret)
    return store
