"""From an order as Amazon's Orders API 2026-01-01 shows it to facts. Pure.

https://developer-docs.amazon.com/sp-api/reference/orders-v2026-01-01. It says nothing of refunds; those come
from the Finances API.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from ledger.events import PartKind, RefundSeen
from ledger.money import Money, total
from workers.platforms.amazon_api import Node, listed
from workers.platforms.amazon_refunds import given_back
from workers.platforms.amazon_rows import kept
from workers.rules.facts import StorefrontLine, StorefrontOrder, StorefrontRefund

INCLUDED: Final = "PROCEEDS,FULFILLMENT"
"""The data sets that are asked for; none of them has personal data."""

_ORDER_ID: Final = re.compile(r"[0-9]{3}-[0-9]{7}-[0-9]{7}")
_NO_CURRENCY: Final = "XXX"  # ISO 4217: no currency is involved


@dataclass(frozen=True, slots=True)
class Paid:
    """What the buyer paid for the shipping of an order's item; zero where Amazon does not say."""

    item_id: str
    shipping: Decimal
    shipping_tax: Decimal


def is_order_id(text: str) -> bool:
    """Return whether a text has the form of Amazon's order ids, 3-7-7 digits."""
    return _ORDER_ID.fullmatch(text) is not None


def order_from(order: Node, seen: Sequence[RefundSeen]) -> StorefrontOrder:
    """Return an order.

    Args:
        order: As `getOrder` answers it, with the data sets `INCLUDED`.
        seen: Its refunds.
    """
    found = next(_amounts(order), None)
    currency = str(found["currencyCode"]) if found else _NO_CURRENCY
    paid = _paid(order, currency)
    refunds = tuple(
        StorefrontRefund(each.refund_id, "", given_back(each), each.money, made_at=each.occurred_at)
        for each in seen
    )
    back = total([each.amount for each in refunds if each.amount.currency == currency], currency)
    return StorefrontOrder(
        id=order["orderId"],
        name=order["orderId"],
        currency=currency,
        shop_currency=currency,
        shop_rate=Decimal(1),
        cancelled=fulfillment(order, "fulfillmentStatus") == "CANCELLED",
        paid=paid - back,
        lines=_lines(order, seen),
        refunds=refunds,
        total=paid or None,  # a pending order does not say yet
        placed_at=_placed(order),
    )


def _placed(order: Node) -> datetime | None:
    text = order.get("createdTime")
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def marketplace_of(order: Node) -> str:
    """Return the id of the marketplace an order was placed in."""
    return kept(order["salesChannel"], "marketplaceId")


def fulfillment(order: Node, name: str) -> str:
    """Return what an order says of its fulfillment; empty where it does not."""
    return kept(order.get("fulfillment") or {}, name)


def shipping_paid(order: Node) -> tuple[Paid, ...]:
    """Return what was paid for the shipping of each item."""
    return tuple(
        Paid(item["orderItemId"], _subtotal(item, "SHIPPING"), _shipping_tax(item))
        for item in listed(order, "orderItems")
    )


def _lines(order: Node, seen: Sequence[RefundSeen]) -> tuple[StorefrontLine, ...]:
    """Return the lines; units refunded by SKU are taken from the lines of that SKU in their order."""
    refunded: dict[str, int] = {}
    for part in (part for each in seen for part in each.parts if part.kind is PartKind.ITEM):
        refunded[part.sku] = refunded.get(part.sku, 0) + int(part.quantity)
    lines = []
    for item in listed(order, "orderItems"):
        product, ordered = item["product"], int(item["quantityOrdered"])
        sku = kept(product, "sellerSku")
        taken = min(ordered, refunded.get(sku, 0))
        refunded[sku] = refunded.get(sku, 0) - taken
        lines.append(
            StorefrontLine(
                id=item["orderItemId"],
                sku=sku,
                title=kept(product, "title"),
                quantity=ordered,
                refundable=ordered - taken,
            )
        )
    return tuple(lines)


def _paid(order: Node, currency: str) -> Money:
    """Return the grand total, or the sum of the items' proceeds; nothing while the order is pending."""
    grand = (order.get("proceeds") or {}).get("grandTotal")
    if grand:
        return Money.parse(grand["amount"], grand["currencyCode"])
    totals = [
        Money.parse(amount["amount"], amount["currencyCode"])
        for item in listed(order, "orderItems")
        if (amount := (item.get("proceeds") or {}).get("proceedsTotal"))
    ]
    return total(totals, currency)


def _amounts(order: Node) -> Iterator[Node]:
    """Yield the amounts by which an order's currency can be told."""
    items = listed(order, "orderItems")
    prices = [(item["product"].get("price") or {}).get("unitPrice") for item in items]
    candidates = [
        (order.get("proceeds") or {}).get("grandTotal"),
        *((item.get("proceeds") or {}).get("proceedsTotal") for item in items),
        *prices,
    ]
    yield from (each for each in candidates if each)


def _subtotal(item: Node, kind: str) -> Decimal:
    for each in listed(item.get("proceeds") or {}, "breakdowns"):
        if each["type"] == kind:
            return Decimal(each["subtotal"]["amount"])
    return Decimal(0)


def _shipping_tax(item: Node) -> Decimal:
    for each in listed(item.get("proceeds") or {}, "breakdowns"):
        for detail in listed(each, "detailedBreakdowns") if each["type"] == "TAX" else ():
            if detail["subtype"] == "SHIPPING":
                return Decimal(detail["value"]["amount"])
    return Decimal(0)
