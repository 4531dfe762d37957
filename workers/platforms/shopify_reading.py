"""From Shopify's answers to facts about an order. Pure.

Shapes: https://shopify.dev/docs/api/admin-graphql/2026-10/objects/Order. Refunds are made in the presentment
currency, the buyer's; the shop keeps its books in its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from ledger.money import Money, parse_amount
from workers.platforms.errors import PlatformError
from workers.platforms.shopify_ids import number_of
from workers.platforms.shopify_queries import REFUNDS_READ
from workers.rules.facts import StorefrontLine, StorefrontOrder, StorefrontRefund

Node = Mapping[str, Any]
"""An object of an answer, of the shape that the query asked for."""

_PENDING: Final = frozenset({"PENDING", "AWAITING_RESPONSE", "UNKNOWN"})
_FAILED: Final = frozenset({"FAILURE", "ERROR"})


@dataclass(frozen=True, slots=True)
class SuggestedPayment:
    """How much of a refund would go back to one payment.

    Attributes:
        parent_id: Number of the transaction that was paid by; empty where there is none.
        maximum: The most that can go back to it.
    """

    gateway: str
    parent_id: str
    amount: Money
    maximum: Money


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What Shopify would refund, in the presentment currency.

    Attributes:
        amount: All of it, tax included.
        maximum: The most that the order has left to refund.
        payments: Where it would go.
        shipping: Shipping in it, without tax.
        shipping_maximum: The most shipping that is left to refund.
        subtotal: Lines in it, without tax.
        tax: Tax in it.
    """

    amount: Money
    maximum: Money
    payments: tuple[SuggestedPayment, ...]
    shipping: Money
    shipping_maximum: Money
    subtotal: Money
    tax: Money


@dataclass(frozen=True, slots=True)
class CreatedRefund:
    """A refund that was made.

    Attributes:
        id: Its number, as text.
        amount: What its transactions give back, in the presentment currency.
        payments_pending: Whether money has still to move.
        payments_failed: Whether a payment provider gave no money back; the refund exists all the same.
    """

    id: str
    amount: Money
    payments_pending: bool
    payments_failed: bool = False


def order_from(order: Node, lines: Iterable[Node]) -> StorefrontOrder:
    """Return an order.

    Args:
        order: What the query `Order` answers.
        lines: Its lines, of all pages.

    Raises:
        PlatformError: `REFUSED` if it has more refunds than can be read: one of ours could be among the rest.
    """
    refunds = tuple(storefront_refund(each) for each in order["refunds"])
    if len(refunds) >= REFUNDS_READ:
        raise PlatformError("REFUSED", f"order {order['name']} has {REFUNDS_READ} refunds or more")
    return StorefrontOrder(
        id=number_of(order["id"]),
        name=order["name"],
        currency=order["presentmentCurrencyCode"],
        shop_currency=order["currencyCode"],
        shop_rate=_rate(order),
        cancelled=order["cancelledAt"] is not None,
        paid=presentment(order["netPaymentSet"]),
        lines=tuple(_line(each) for each in lines),
        refunds=refunds,
        wants_location=True,
        total=presentment(order["totalPriceSet"]),
        placed_at=_moment(order["createdAt"]),
    )


def _moment(text: str) -> datetime:
    """Return a `DateTime`, which names its time zone."""
    return datetime.fromisoformat(text).astimezone(UTC)


def storefront_refund(refund: Node) -> StorefrontRefund:
    """Return a refund as an order lists it."""
    return StorefrontRefund(
        id=number_of(refund["id"]), note=refund["note"] or "", amount=presentment(refund["totalRefundedSet"])
    )


def suggestion_from(suggested: Node) -> Suggestion:
    """Return a suggested refund."""
    shipping = suggested["shipping"]
    return Suggestion(
        amount=presentment(suggested["amountSet"]),
        maximum=presentment(suggested["maximumRefundableSet"]),
        payments=tuple(_payment(each) for each in suggested["suggestedTransactions"]),
        shipping=presentment(shipping["amountSet"]),
        shipping_maximum=presentment(shipping["maximumRefundableSet"]),
        subtotal=presentment(suggested["subtotalSet"]),
        tax=presentment(suggested["totalTaxSet"]),
    )


def created_from(refund: Node) -> CreatedRefund:
    """Return a refund as `refundCreate` answers it."""
    states = {each["status"] for each in refund["transactions"]["nodes"]}
    return CreatedRefund(
        id=number_of(refund["id"]),
        amount=presentment(refund["totalRefundedSet"]),
        payments_pending=bool(states & _PENDING),
        payments_failed=bool(states & _FAILED),
    )


def presentment(bag: Node) -> Money:
    """Return the presentment side of a `MoneyBag`."""
    return money(bag["presentmentMoney"])


def money(side: Node) -> Money:
    """Return a `MoneyV2`, rounded to its currency where a conversion left more digits."""
    return Money.rounded(parse_amount(side["amount"]), side["currencyCode"])


def _rate(order: Node) -> Decimal:
    """Return presentment units for one shop unit, from the first amount of the order that is not zero."""
    for name in ("totalPriceSet", "totalReceivedSet"):
        shop = parse_amount(order[name]["shopMoney"]["amount"])
        if shop:
            return parse_amount(order[name]["presentmentMoney"]["amount"]) / shop
    return Decimal(1)


def _line(line: Node) -> StorefrontLine:
    return StorefrontLine(
        id=number_of(line["id"]),
        sku=line["sku"] or "",
        title=line["title"],
        quantity=line["quantity"],
        refundable=line["refundableQuantity"],
    )


def _payment(transaction: Node) -> SuggestedPayment:
    amount = presentment(transaction["amountSet"])
    most = transaction["maximumRefundableSet"]
    parent = transaction["parentTransaction"]
    return SuggestedPayment(
        gateway=transaction["gateway"] or "",
        parent_id=number_of(parent["id"]) if parent else "",
        amount=amount,
        maximum=presentment(most) if most else amount,
    )
