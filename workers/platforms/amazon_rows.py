"""The movements of an order's money as both of Amazon's Finances APIs tell of them, in one shape. Pure.

Amounts are signed as the seller's account sees them: what the seller gives back is negative. The reader for
each API makes rows of its answers, `amazon_refunds` makes refunds of the rows.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from ledger.events import PartKind
from ledger.money import parse_amount
from workers.platforms.amazon_api import Node

SHIPMENT: Final = "shipment"
REFUNDS: Final = frozenset({"refund", "guaranteeclaim", "chargeback"})
"""The kinds of rows, in lower case, by which a buyer gets money back from the seller.

Assumed: the model of 2024-06-19 names none but `Shipment`. `Refund` is what live answers say, of refunds for
chargebacks, too (github.com/amzn/selling-partner-api-models issue 4268); the others are the kinds that the
old API keeps apart as `GuaranteeClaimEventList` and `ChargebackEventList`.
"""

_DIGITS: Final = Decimal("1e-8")  # as many decimals as money is read with
_LARGEST: Final = 15  # digits before the point of a number that is worth rounding


@dataclass(frozen=True, slots=True)
class Charge:
    """One amount of an item.

    Attributes:
        kind: What it is for; `FEE` is what Amazon charges the seller.
        is_tax: Whether it is the tax on that.
        name: Amazon's own name of it.
    """

    kind: PartKind
    is_tax: bool
    name: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Item:
    """What a row says of one product.

    Attributes:
        line_id: The order's item, where the API tells.
        quantity: As told; of the shipment, not of the refund, where only money is given back.
    """

    sku: str
    title: str
    line_id: str
    quantity: int
    charges: tuple[Charge, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One movement of money.

    Attributes:
        id: Stays the same while the money is held back and when it is released.
        kind: `shipment`, one of `REFUNDS`, or something else; in lower case.
        refund_id: Shared by the rows of one refund; empty where the API tells none.
        posted_at: When it was first posted, in UTC.
        is_pending: Whether Amazon holds the money back.
        total: All of it, fees included.
    """

    id: str
    kind: str
    order_id: str
    refund_id: str
    posted_at: datetime
    is_pending: bool
    currency: str
    total: Decimal
    items: tuple[Item, ...]


def amount_of(value: object) -> Decimal:
    """Return an amount that Amazon sent as a JSON number; binary fractions' dust is rounded away.

    Raises:
        ledger.money.MoneyError: If it is none.
    """
    if not isinstance(value, int | Decimal):
        raise TypeError(f"{value!r} is no amount")
    if isinstance(value, Decimal) and abs(value.adjusted()) < _LARGEST:
        value = value.quantize(_DIGITS)
    return parse_amount(value)


def moment(text: str) -> datetime:
    """Return a time of Amazon's in UTC."""
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def kind_of(name: str) -> str:
    """Return a row's kind as it is compared."""
    return name.replace(" ", "").lower()


def kept(node: Node, name: str) -> str:
    """Return a member that is a text; empty where it is null, or not there at all."""
    return str(node.get(name) or "")
