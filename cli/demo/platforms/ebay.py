"""eBay in the demo: a simulated seller, the buyers, and Seller Hub."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Final

from cli.demo.control import Json, Storefront
from cli.demo.platforms.netsuite import Books
from cli.demo.site import Site
from ledger.models.accounts import Direction

_CREDENTIALS: Final = ("client_id", "client_secret", "refresh_token")


@dataclass(frozen=True)
class EbaySeller(Storefront):
    """One seller."""

    platform: ClassVar[str] = "ebay"
    refund_write: ClassVar[str] = "issueRefund"
    echoes: ClassVar[bool] = False  # no notification tells of a refund that nobody asked eBay for

    def order(self, *lines: Json, **fields: Any) -> Json:  # noqa: ANN401 - JSON values
        """Let a buyer order and pay."""
        return self.control.post(f"{self.path}/orders", lines=lines, **fields)

    def ask(self, order: Json, kind: str, **fields: Any) -> str:  # noqa: ANN401 - JSON values
        """Let the buyer ask for a `return`, say; return the request's id."""
        return str(self.control.post(f"{self._of(order)}/requests", kind=kind, **fields)["id"])

    def refund(self, order: Json, **fields: Any) -> str:  # noqa: ANN401 - JSON values
        """Refund in Seller Hub, for the request that `for` names; return the refund's id as eBay tells it."""
        return str(self.control.post(f"{self._of(order)}/refund", **fields)["reference"])

    def settle(self, refund_id: str, status: str) -> None:
        """Let a refund come to its end, as `REFUNDED` or `FAILED`."""
        self.control.post(f"{self.path}/refunds/{refund_id}/status", status=status)

    def given_back(self, order_id: str, key: str, target_id: str) -> Sequence[Decimal]:  # noqa: ARG002 - by key
        """Return the refunds whose comment is our key."""
        order: Json = self.control.get(f"{self.path}/orders/{order_id}")
        return [Decimal(each["amount"]) for each in order["refunds"] if each["comment"] == key]

    def _of(self, order: Json) -> str:
        return f"{self.path}/orders/{order['orderId']}"


def open_ebay(site: Site, books: Books, slug: str, direction: Direction, outcome: str) -> EbaySeller:
    """Open a seller's account in the sandbox and connect it.

    Args:
        site: Where.
        books: Where its books are kept.
        slug: The ledger's name of it.
        direction: Which way its refunds are carried.
        outcome: How a refund ends that is made through the API, `PENDING` for not by itself.
    """
    token = secrets.token_hex(32)
    seller = EbaySeller(site.control, f"demo_{slug.replace('-', '_')}", slug, books.slug)
    made = site.control.post("/ebay/sellers", seller_id=seller.name, refund_outcome=outcome)
    site.join(seller, seller.name, direction, {name: made[name] for name in _CREDENTIALS}, token)
    site.subscribe(seller, verification_token=token)
    return seller
