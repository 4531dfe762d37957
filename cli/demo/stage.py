"""The stage of the demo: storefronts of every platform, two NetSuite accounts, and the ledger to watch."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cli.demo.api import Api
from cli.demo.control import Json, Storefront
from cli.demo.platforms.amazon import Seller
from cli.demo.platforms.ebay import EbaySeller
from cli.demo.platforms.magento import Store
from cli.demo.platforms.netsuite import Books
from cli.demo.platforms.shopify import Shop
from cli.demo.watch import Watch


@dataclass(kw_only=True)
class Stage(Watch):
    """Where the scenarios play; an account's name says which way its refunds are carried.

    Attributes:
        api: The service's own, for who operates it.
        books: NetSuite, where the shops' books are kept.
        market_books: NetSuite, where those of all others are.
        shop_audit: A shop that is reconciled.
        amazon_sns: Its notifications come by way of SNS, those of the others of an API destination.
        magento_in: It tells by an extension, with a secret; the others by Adobe I/O Events.
        magento_quiet: A store whose payment gateway says yes and moves nothing.
    """

    api: Api
    books: Books
    market_books: Books
    shop_in: Shop
    shop_out: Shop
    shop_yen: Shop
    shop_audit: Shop
    amazon_sns: Seller
    amazon_in: Seller
    amazon_out: Seller
    ebay_in: EbaySeller
    ebay_out: EbaySeller
    magento_in: Store
    magento_out: Store
    magento_quiet: Store
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1001))

    def storefronts(self) -> Iterator[Storefront]:
        """Yield every storefront."""
        return (each for each in vars(self).values() if isinstance(each, Storefront))

    def order(self, shop: Shop, lines: list[Json], **more: Any) -> Json:  # noqa: ANN401 - JSON values
        """Place an order in a shop; each shop has order names of its own, as NetSuite needs them."""
        prefix = shop.slug.removeprefix("shop-").upper()
        return shop.order(**{"name": f"#{prefix}{next(self._numbers)}", "lines": lines} | more)

    def synced_order(
        self,
        shop: Shop,
        lines: list[Json],
        *,
        billed: str = "invoice",
        **more: Any,  # noqa: ANN401 - JSON values
    ) -> tuple[Json, Json]:
        """Place an order in a shop and import it into NetSuite, as an order sync would; return both."""
        order = self.order(shop, lines, **more)
        return order, self.imported(order, lines, billed=billed, **more)

    def imported(
        self,
        order: Json,
        lines: list[Json],
        *,
        billed: str = "invoice",
        **more: Any,  # noqa: ANN401 - JSON values
    ) -> Json:
        """Import a shop's order into NetSuite; `billed` empty leaves it unbilled."""
        shipping = more.get("shipping") or {}
        taken = [
            {
                "sku": line["sku"],
                "quantity": line["quantity"],
                "rate": line["price"],
                "taxRate": line.get("tax_rate", "0"),
            }
            for line in lines
        ]
        costs = {"shippingCost": shipping["price"]} if shipping else {}
        return self.books.order(
            order["name"], taken, billed=billed, currency=more.get("currency", "USD"), **costs
        )

    def increment(self) -> str:
        """Return an order number for a Magento store; no two stores have the same."""
        return f"{next(self._numbers):09}"

    def fault(self, **fields: Any) -> None:  # noqa: ANN401 - JSON values
        """Let the platform fail the next calls in a way."""
        self.control.post("/faults", **fields)

    def calls(self, platform: str) -> list[Json]:
        """Return the calls a platform got since they were last cleared."""
        made: list[Json] = self.control.get(f"/calls?platform={platform}")
        return made
