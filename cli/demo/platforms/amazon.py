"""Amazon in the demo: a simulated seller, and Seller Central."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Final

from cli.demo.control import Json, Storefront
from cli.demo.platforms.netsuite import Books
from cli.demo.site import Site
from ledger.models.accounts import Direction

_TOPIC: Final = "arn:aws:sns:us-east-1:123456789012:refund-sync-demo"
_CREDENTIALS: Final = ("client_id", "client_secret", "refresh_token")
_PLAN: Final = {
    "rate": "20",
    "burst": "60",
}  # Amazon grants more than its defaults to sellers with much to do


@dataclass(frozen=True)
class Seller(Storefront):
    """One seller."""

    platform: ClassVar[str] = "amazon"
    refund_write: ClassVar[str] = "OrderAdjustment"
    echoes: ClassVar[bool] = False  # what comes back has another id; scenarios say what becomes of it

    def order(self, *lines: Json, **fields: Any) -> Json:  # noqa: ANN401 - JSON values
        """Let a buyer order, and ship it."""
        return self.control.post(f"{self.path}/orders", lines=lines, **fields)

    def refund(self, order: Json, *lines: Json, **fields: Any) -> str:  # noqa: ANN401 - JSON values
        """Refund lines in Seller Central; return the refund's id."""
        made = self.control.post(f"{self.path}/orders/{order['id']}/refund", lines=lines, **fields)
        return str(made["refund_id"])

    def release(self, order: Json) -> None:
        """Release the money of an order that Amazon holds back."""
        self.control.post(f"{self.path}/orders/{order['id']}/release")

    def refund_ids(self, order_id: str) -> list[str]:
        """Return the ids of an order's refunds."""
        rows: list[Json] = self.control.get(f"{self.path}/transactions?order_id={order_id}")
        named = [each for row in rows for each in row["relatedIdentifiers"]]
        ids = [
            each["relatedIdentifierValue"] for each in named if each["relatedIdentifierName"] == "REFUND_ID"
        ]
        return list(dict.fromkeys(ids))

    def given_back(self, order_id: str, key: str, target_id: str) -> Sequence[Decimal]:  # noqa: ARG002 - by order
        """Return what was refunded of the order: Amazon keeps no key, and an order here is refunded once."""
        rows: list[Json] = self.control.get(f"{self.path}/transactions?order_id={order_id}")
        order: Json = self.control.get(f"{self.path}/orders/{order_id}")
        refunds = [each for each in rows if each["transactionType"] == "Refund"]
        amounts = (Decimal(str(amount)) for line in order["lines"] for amount in line["refunded"].values())
        return [sum(amounts, Decimal(0))] if len(refunds) == 1 else [Decimal(0)] * len(refunds)

    def is_subscribed(self) -> bool:
        """Return whether the seller's SNS subscription was confirmed."""
        return bool(self.control.get(self.path)["push"]["confirmed"])


def open_amazon(
    site: Site,
    books: Books,
    slug: str,
    seller_id: str,
    direction: Direction,
    via: str,
    *,
    signature_version: str = "2",
) -> Seller:
    """Open a seller's account in the sandbox and connect it.

    Args:
        site: Where.
        books: Where its books are kept.
        slug: The ledger's name of it.
        seller_id: Amazon's.
        direction: Which way its refunds are carried.
        via: How notifications get here: `sns`, `api_destination` or `bare`.
        signature_version: How SNS signs: `1` for SHA-1, `2` for SHA-256.
    """
    secret = secrets.token_hex(32)
    seller = Seller(site.control, seller_id, slug, books.slug)
    made = site.control.post(
        "/amazon/sellers",
        seller_id=seller_id,
        feed_seconds={"queue": "0", "process": "0"},
        usage_plans={"listTransactions": _PLAN, "getOrder": _PLAN},
    )
    credentials: Json = {name: made[name] for name in _CREDENTIALS}
    if via == "sns":
        credentials["topic_arns"] = [_TOPIC]
        site.subscribe(seller, via=via, topic_arn=_TOPIC, signature_version=signature_version)
    else:
        site.subscribe(seller, via=via, secret=secret)
    site.join(seller, seller_id, direction, credentials, secret)
    return seller
