"""What the platforms said, in the words the rules use.

Read by `workers.platforms`, judged by `workers.rules`. Amounts and quantities are positive, whichever way a
platform signs them.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from ledger.events import MoneyState
from ledger.money import Money


class BilledType(StrEnum):
    """How NetSuite billed an order."""

    CASH_SALE = "cashsale"
    INVOICE = "invoice"


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """An item line of a NetSuite transaction.

    Attributes:
        line: The line's number, by which a transform's `orderLine` names it.
        amount: Without tax.
        item_type: NetSuite's item type, such as `InvtPart`, `OthCharge`, `ShipItem`.
    """

    line: int
    item_id: str
    sku: str
    item_type: str
    quantity: Decimal
    amount: Money


@dataclass(frozen=True, slots=True)
class Document:
    """A NetSuite transaction of an order: billed record, refund or return authorization.

    Attributes:
        record_type: `salesorder`, `cashsale`, `invoice`, `cashrefund`, `creditmemo` or `returnauthorization`.
        status: NetSuite's status letter.
        total: With tax.
        created_from: Internal ids of the transactions its lines were made from.
        created_at: When it was entered, in UTC, where that was read.
    """

    id: str
    record_type: str
    number: str
    external_id: str
    status: str
    total: Money
    tax: Money
    created_from: frozenset[str]
    lines: tuple[DocumentLine, ...] = ()
    shipping: Money | None = None
    voided: bool = False
    location_id: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NetSuiteOrder:
    """Everything NetSuite has of one storefront order.

    Attributes:
        orders: The sales orders that carry the storefront order's number; several are ambiguous. An order
            entered straight as a cash sale or invoice is in `billed` only.
        billed: Cash sales and invoices.
        refunds: Cash refunds and credit memos, voided ones included.
        returns: Return authorizations in any status.
        linked_exists: Whether the record our order link names still exists; None if it names none.
    """

    orders: tuple[Document, ...] = ()
    billed: tuple[Document, ...] = ()
    refunds: tuple[Document, ...] = ()
    returns: tuple[Document, ...] = ()
    linked_exists: bool | None = None


@dataclass(frozen=True, slots=True)
class NetSuiteRefund:
    """A cash refund or credit memo that is to be carried to a storefront.

    Attributes:
        document: The record itself; None when NetSuite has it no more.
        order_numbers: The storefront order's number as the records it was made from carry it, by field:
            `other_ref_num`, `external_id` and custom body fields.
        order_id: The sales order it goes back to, or the billed record where there was none; empty for a
            stand-alone record.
        order_total: What that order comes to, with tax; None where it has none.
        order_at: When that order was entered in NetSuite, in UTC, where that can be told.
    """

    document: Document | None
    order_id: str = ""
    order_type: str = ""
    billed_id: str = ""
    billed_type: str = ""
    order_numbers: dict[str, str] = field(default_factory=dict)
    order_total: Money | None = None
    order_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StorefrontLine:
    """A line of a storefront order.

    Attributes:
        refundable: How many are left to refund.
        also_known_as: Another id of the same line, by which goods of it may be named; else empty.
    """

    id: str
    sku: str
    title: str
    quantity: int
    refundable: int
    also_known_as: str = ""


@dataclass(frozen=True, slots=True)
class StorefrontRefund:
    """A refund the storefront has already.

    Attributes:
        note: What is written on it, with our own key where we made it; empty where the platform keeps none.
        money: What the platform says of its money.
        problem: A code of `ledger.reasons` where something about it needs a person; else empty.
        detail: The platform's words for that.
        made_at: When it was made, in UTC, where the platform tells.
        refused: The order's lines that it did not take, by id, each with the platform's words.
    """

    id: str
    note: str
    amount: Money
    money: MoneyState = MoneyState.MOVED
    problem: str = ""
    detail: str = ""
    made_at: datetime | None = None
    refused: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class StorefrontOrder:
    """A storefront order as it stands now; None in its place means it does not exist.

    Attributes:
        currency: The currency refunds are made in (Shopify: the presentment currency).
        shop_currency: The currency the shop keeps its books in.
        shop_rate: Refund-currency units for one shop-currency unit, as the order was paid.
        paid: What was received and not yet given back.
        wants_location: Whether goods can come back only to a place that is named.
        total: What it came to when it was placed, in `currency`, where the platform tells.
        placed_at: When that was, in UTC, where the platform tells.
    """

    id: str
    name: str
    currency: str
    shop_currency: str
    shop_rate: Decimal
    cancelled: bool
    paid: Money
    lines: tuple[StorefrontLine, ...]
    refunds: tuple[StorefrontRefund, ...]
    wants_location: bool = False
    total: Money | None = None
    placed_at: datetime | None = None
