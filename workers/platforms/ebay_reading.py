"""From eBay's answers to facts about an order. Pure.

Shapes: https://developer.ebay.com/api-docs/sell/fulfillment/types/sel:Order. Amounts are those of the seller:
tax that eBay collects and remits itself is in none of them, since `TAX_BREAKDOWN` is not asked for.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from ledger.events import MoneyState
from ledger.money import Money, total
from workers.platforms.ebay_merging import RefundFound, merged
from workers.platforms.errors import PlatformError
from workers.rules.facts import StorefrontLine, StorefrontOrder, StorefrontRefund

Node = Mapping[str, Any]
"""An object of an answer."""

BY_API: Final = "issueRefund"
"""Stands as the note of a refund that an application made; eBay shows nobody the comment it came with."""

_STATES: Final = {"REFUNDED": MoneyState.MOVED, "FAILED": MoneyState.FAILED}


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A line of an order; amounts are for all of its units.

    Attributes:
        item_id: The listing's legacy id.
        cost: Price of the goods after discounts, without tax.
        tax: Tax that the seller collects.
        total: All that the seller gets for it.
    """

    id: str
    item_id: str
    sku: str
    title: str
    quantity: int
    cost: Money
    tax: Money
    total: Money

    @property
    def delivery(self) -> Money:
        """Return what is left of the total for delivery."""
        return self.total - self.cost - self.tax


def amount_of(node: Node) -> Money:
    """Return an `Amount`, in the currency it was converted to where it was."""
    return Money.parse(node["value"], node["currency"])


def moment(text: str) -> datetime:
    """Return a time of eBay's in UTC.

    Raises:
        ValueError: If it names no time zone.
    """
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone")
    return found.astimezone(UTC)


def lines_of(order: Node) -> tuple[OrderLine, ...]:
    """Return an order's lines."""
    return tuple(_line(each) for each in order["lineItems"])


def _line(line: Node) -> OrderLine:
    all_of_it = amount_of(line["total"])
    cost = amount_of(line.get("discountedLineItemCost") or line["lineItemCost"])
    taxes = [amount_of(each["amount"]) for each in line.get("taxes") or () if each.get("amount")]
    tax = total(taxes, cost.currency)
    # Where the tax is not in the total, eBay collects it.
    own = tax if cost + tax <= all_of_it else Money.zero(cost.currency)
    return OrderLine(
        id=line["lineItemId"],
        item_id=line.get("legacyItemId") or "",
        sku=line.get("sku") or "",
        title=line.get("title") or "",
        quantity=line["quantity"],
        cost=cost,
        tax=own,
        total=all_of_it,
    )


def refunds_of(order: Node) -> tuple[RefundFound, ...]:
    """Return an order's refunds, those of the order and those of its lines, each once.

    Raises:
        PlatformError: `TRANSIENT` if the two lists do not tell yet which are the same.
    """
    return merged(
        [
            RefundFound(
                refund_id=each.get("refundId") or "",
                reference=each.get("refundReferenceId") or "",
                amount=amount_of(each["amount"]),
                money=_STATES.get(each.get("refundStatus"), MoneyState.PENDING),
                at=_at(each),
            )
            for each in order["paymentSummary"].get("refunds") or ()
        ],
        [
            RefundFound(
                refund_id=each.get("refundId") or "",
                reference=each.get("refundReferenceId") or "",
                amount=amount_of(each["amount"]),
                money=MoneyState.MOVED if each.get("refundDate") else MoneyState.PENDING,
                at=_at(each),
                lines={line["lineItemId"]: amount_of(each["amount"])},
            )
            for line in order["lineItems"]
            for each in line.get("refunds") or ()
            if each.get("amount")
        ],
        order_id=order["orderId"],
    )


def _at(refund: Node) -> datetime | None:
    return moment(refund["refundDate"]) if refund.get("refundDate") else None


def order_from(order: Node) -> StorefrontOrder:
    """Return an order with its refunds; one that eBay has not named yet has an empty id.

    Raises:
        PlatformError: `TRANSIENT` if it cannot be told yet which of its refunds are the same.
    """
    worth = amount_of(order["pricingSummary"]["total"])
    refunds = refunds_of(order)
    given = [each.amount for each in refunds if each.money is not MoneyState.FAILED]
    return StorefrontOrder(
        id=order["orderId"],
        name=order["orderId"],
        currency=worth.currency,
        shop_currency=worth.currency,
        shop_rate=Decimal(1),
        cancelled=order["cancelStatus"]["cancelState"] == "CANCELED",
        paid=worth - total(given, worth.currency),
        lines=tuple(_storefront_line(each, refunds) for each in lines_of(order)),
        refunds=tuple(_storefront_refund(each) for each in refunds),
        total=worth,
        placed_at=moment(order["creationDate"]) if order.get("creationDate") else None,
    )


def _storefront_line(line: OrderLine, refunds: Iterable[RefundFound]) -> StorefrontLine:
    """Return a line; eBay counts what is given back in money, so that a unit begun counts as one left."""
    given = [
        each.lines[line.id]
        for each in refunds
        if line.id in each.lines and each.money is not MoneyState.FAILED
    ]
    left = line.total - total(given, line.total.currency)
    units = line.quantity
    if line.total:
        units = math.ceil(left.amount * line.quantity / line.total.amount)
    return StorefrontLine(
        id=line.id,
        sku=line.sku,
        title=line.title,
        quantity=line.quantity,
        refundable=max(0, min(units, line.quantity)),
    )


def _storefront_refund(found: RefundFound) -> StorefrontRefund:
    failed = found.money is MoneyState.FAILED
    return StorefrontRefund(
        id=found.id,
        note=BY_API if found.refund_id else "",
        amount=found.amount,
        money=found.money,
        problem="PAYMENT_FAILED" if failed else "",
        detail="eBay says that the refund failed" if failed else "",
        made_at=found.at,
    )


def order_missing(order_id: str) -> PlatformError:
    """Return the error that there is no such order."""
    return PlatformError("NONEXISTENT_RECORD", f"eBay has no order {order_id}")
