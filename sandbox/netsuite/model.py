"""What an account holds: items, customers, currencies and transactions. Amounts are positive here."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from sandbox.jsonish import Json
from sandbox.netsuite.kinds import RecordType

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
SELLABLE: Final = frozenset({"OthCharge", "NonInvtPart", "InvtPart"})


@dataclass(frozen=True)
class Currency:
    """A currency: its internal id, ISO code, name and decimals."""

    id: str
    symbol: str
    name: str
    precision: int

    def rounded(self, amount: Decimal) -> Decimal:
        """Round half up to the currency's smallest unit."""
        return amount.quantize(ONE.scaleb(-self.precision), rounding=ROUND_HALF_UP)


@dataclass
class Item:
    """An item.

    Attributes:
        id: Internal id.
        itemid: Name.
        itemtype: As SuiteQL names it.
        inactive: Whether it can no longer be used.
        cost: What one of it costs, in the account's currency, where its cost is booked with it.
    """

    id: str
    itemid: str
    itemtype: str
    inactive: bool = False
    cost: Decimal = ZERO


@dataclass(frozen=True)
class Customer:
    """A customer."""

    id: str
    entityid: str
    email: str | None = None


@dataclass(frozen=True)
class Place:
    """A location or a subsidiary."""

    id: str
    name: str


@dataclass
class Line:
    """An item line.

    Attributes:
        line: Its number in the transaction, from 1.
        unique_key: Its number in the account.
        item: What is sold or given back.
        quantity: How much of it.
        rate: Price of one.
        amount: Price of all, before tax; need not be quantity times rate.
        tax_rate: As a fraction, 0.08 for 8 %.
        tax: Tax on the amount.
        location: Internal id, if any.
        source: The transaction and the line it was made from.
        extra: Other properties given for it.
    """

    line: int
    unique_key: int
    item: Item
    quantity: Decimal
    rate: Decimal
    amount: Decimal
    tax_rate: Decimal = ZERO
    tax: Decimal = ZERO
    location: str | None = None
    source: tuple[str, int] | None = None
    extra: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Application:
    """Money of a credit memo or customer refund that is set against another transaction."""

    doc: str
    amount: Decimal


@dataclass
class Transaction:
    """A transaction of any type.

    Attributes:
        id: Internal id.
        type: What it is.
        tran_id: Document number.
        entity: The customer.
        currency: Its currency.
        exchange_rate: Units of the account's currency for one unit of it.
        tran_date: Its date.
        created_at: When it was made.
        modified_at: When it was last changed.
        subsidiary: Internal id.
        external_id: Id given by an integration, unique among its type.
        other_ref_num: The customer's reference (PO number).
        memo: Note.
        status: Status letter as set; what follows from other transactions is worked out when asked.
        created_from: Internal id of the transaction it was made from.
        location: Internal id, if any.
        lines: Item lines.
        shipping_cost: Shipping before tax.
        shipping_tax_rate: As a fraction.
        applications: What it is applied to.
        paid: Whether an invoice was paid otherwise than by credit memos.
        voided: Whether it was voided.
        extra: Other properties given for it, as REST shows them.
        custom: Custom body fields by name.
    """

    id: str
    type: RecordType
    tran_id: str
    entity: Customer
    currency: Currency
    exchange_rate: Decimal
    tran_date: date
    created_at: datetime
    modified_at: datetime
    subsidiary: str = "1"
    external_id: str | None = None
    other_ref_num: str | None = None
    memo: str | None = None
    status: str | None = None
    created_from: str | None = None
    location: str | None = None
    lines: list[Line] = field(default_factory=list)
    shipping_cost: Decimal = ZERO
    shipping_tax_rate: Decimal = ZERO
    applications: list[Application] = field(default_factory=list)
    paid: bool = False
    voided: bool = False
    extra: Json = field(default_factory=dict)
    custom: dict[str, str | None] = field(default_factory=dict)

    @property
    def subtotal(self) -> Decimal:
        """Item lines before tax."""
        return sum((line.amount for line in self.lines), ZERO)

    @property
    def shipping_tax(self) -> Decimal:
        """Tax on shipping."""
        return line_tax(self.shipping_cost, self.shipping_tax_rate, self.currency)

    @property
    def tax_total(self) -> Decimal:
        """All tax, computed line by line."""
        return sum((line.tax for line in self.lines), self.shipping_tax)

    @property
    def total(self) -> Decimal:
        """All of it; a customer refund is worth what it is applied to."""
        if not self.lines and self.applications:
            return self.applied
        return self.subtotal + self.shipping_cost + self.tax_total

    @property
    def applied(self) -> Decimal:
        """What of it is applied to other transactions."""
        return sum((each.amount for each in self.applications), ZERO)

    def line(self, number: int) -> Line | None:
        """Find a line by its number."""
        return next((line for line in self.lines if line.line == number), None)


def line_tax(amount: Decimal, rate: Decimal, currency: Currency) -> Decimal:
    """Return a line's tax as SuiteTax works it out: by line, rounded half up to the currency."""
    return currency.rounded(amount * rate)
