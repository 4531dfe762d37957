"""What a shop holds: orders, their lines, payments and refunds. Data only; the rules are elsewhere."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from sandbox.shopify.money import Bag, Currencies

MONEY_IN: Final = frozenset({"sale", "capture"})


@dataclass
class Duty:
    """Import duty on a line, and how much of it was given back."""

    id: int
    price: Bag
    refunded: Bag = field(default_factory=Bag)


@dataclass
class LineItem:
    """A line of an order.

    Attributes:
        id: REST id; the gid's tail.
        sku: Stock keeping unit, may be empty.
        title: Product title.
        quantity: Units ordered.
        price: Price of a unit before discount and tax.
        discount: Discount on the whole line.
        tax_rate: Tax rate as a fraction, 0.08 for 8 %.
        total: Price of all units after discount, before tax.
        tax: Tax on the whole line.
        gift_card: Whether a gift card is sold.
        duty: Import duty, if any.
        refunded: Units refunded.
        tax_refunded: Tax given back.
    """

    id: int
    sku: str
    title: str
    quantity: int
    price: Bag
    discount: Bag
    tax_rate: Decimal
    total: Bag
    tax: Bag
    gift_card: bool = False
    duty: Duty | None = None
    refunded: int = 0
    tax_refunded: Bag = field(default_factory=Bag)

    @property
    def refundable(self) -> int:
        """Units that can still be refunded."""
        return self.quantity - self.refunded


@dataclass
class ShippingLine:
    """Shipping charged on an order, and how much of it was given back, both before tax."""

    id: int
    title: str
    price: Bag
    tax_rate: Decimal
    tax: Bag
    refunded: Bag = field(default_factory=Bag)
    tax_refunded: Bag = field(default_factory=Bag)


@dataclass
class Transaction:
    """Money that moved, or tried to.

    Attributes:
        id: REST id.
        kind: ``sale`` or ``refund``, lower case as in webhook bodies.
        gateway: Payment gateway's name.
        status: ``success``, ``pending``, ``failure`` or ``error``.
        amount: How much, always positive.
        created_at: When.
        parent_id: The payment a refund gives back.
        nameless: Leave the currency out of webhook bodies, as the official example does.
    """

    id: int
    kind: str
    gateway: str
    status: str
    amount: Bag
    created_at: datetime
    parent_id: int | None = None
    nameless: bool = False

    @property
    def moved(self) -> bool:
        """Whether the money has moved."""
        return self.status == "success"

    @property
    def alive(self) -> bool:
        """Whether the money has moved or may yet."""
        return self.status in {"success", "pending"}


@dataclass
class RefundLine:
    """Units of one line that a refund gives back; ``restock_type`` in lower case."""

    id: int
    line: LineItem
    quantity: int
    restock_type: str
    location_id: int | None
    subtotal: Bag
    tax: Bag


@dataclass
class RefundShipping:
    """Shipping that a refund gives back, before tax, and its tax."""

    id: int
    subtotal: Bag
    tax: Bag


@dataclass
class RefundDuty:
    """Import duty that a refund gives back."""

    duty: Duty
    amount: Bag


@dataclass
class Adjustment:
    """A refund's order adjustment.

    Attributes:
        id: REST id.
        kind: ``refund_discrepancy`` or ``shipping_refund``.
        reason: Text, such as ``Refund discrepancy``.
        amount: What the lines say less what moved; negative where more moved.
        tax: Tax on it.
    """

    id: int
    kind: str
    reason: str
    amount: Bag
    tax: Bag = field(default_factory=Bag)


@dataclass
class Refund:
    """A refund of an order; ``legacy_shipping`` also lists shipping as an adjustment, as before 2024-10."""

    id: int
    created_at: datetime
    updated_at: datetime
    note: str | None
    lines: list[RefundLine] = field(default_factory=list)
    shipping: RefundShipping | None = None
    duties: list[RefundDuty] = field(default_factory=list)
    adjustments: list[Adjustment] = field(default_factory=list)
    transactions: list[Transaction] = field(default_factory=list)
    legacy_shipping: bool = False

    @property
    def total(self) -> Bag:
        """Money that has moved back to the customer."""
        return sum((each.amount for each in self.transactions if each.moved), Bag())

    @property
    def item_value(self) -> Bag:
        """What lines, shipping and duties say should move."""
        value = sum((each.subtotal + each.tax for each in self.lines), Bag())
        if self.shipping is not None:
            value += self.shipping.subtotal + self.shipping.tax
        return sum((each.amount for each in self.duties), value)


@dataclass
class Order:
    """An order of a shop."""

    id: int
    name: str
    number: int
    currencies: Currencies
    customer_id: int | None
    email: str | None
    created_at: datetime
    updated_at: datetime
    lines: list[LineItem] = field(default_factory=list)
    shipping: ShippingLine | None = None
    payments: list[Transaction] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None

    @property
    def line_total(self) -> Bag:
        """All lines after discount, before tax."""
        return sum((line.total for line in self.lines), Bag())

    @property
    def tax(self) -> Bag:
        """All tax, shipping's included."""
        shipping = self.shipping.tax if self.shipping else Bag()
        return sum((line.tax for line in self.lines), shipping)

    @property
    def shipping_price(self) -> Bag:
        """Shipping before tax."""
        return self.shipping.price if self.shipping else Bag()

    @property
    def duties(self) -> Bag:
        """All import duties."""
        return sum((line.duty.price for line in self.lines if line.duty), Bag())

    @property
    def total(self) -> Bag:
        """What the customer owed when the order was placed."""
        return self.line_total + self.tax + self.shipping_price + self.duties

    @property
    def received(self) -> Bag:
        """Money received, refunds not taken off."""
        return sum((each.amount for each in self.payments if each.moved and each.kind in MONEY_IN), Bag())

    @property
    def refunded(self) -> Bag:
        """Money given back."""
        return sum((refund.total for refund in self.refunds), Bag())

    @property
    def going_back(self) -> Bag:
        """Money given back, or on its way."""
        return sum((each.amount for each in self.refund_transactions if each.alive), Bag())

    @property
    def refund_transactions(self) -> list[Transaction]:
        """Every refund's transactions."""
        return [each for refund in self.refunds for each in refund.transactions]

    @property
    def transactions(self) -> list[Transaction]:
        """Every transaction, payments first."""
        return [*self.payments, *self.refund_transactions]

    @property
    def net_payment(self) -> Bag:
        """Money received and not given back nor on its way back."""
        return self.received - self.going_back

    def left_of(self, payment: Transaction) -> Bag:
        """Return how much of a payment can still be given back."""
        back = (
            each.amount for each in self.refund_transactions if each.parent_id == payment.id and each.alive
        )
        return payment.amount - sum(back, Bag())

    def line(self, line_id: int) -> LineItem | None:
        """Find a line by id."""
        return next((line for line in self.lines if line.id == line_id), None)


def financial_status(order: Order) -> str:
    """Return an order's financial status in lower case, as in webhook bodies."""
    received, refunded = order.received.presentment, order.refunded.presentment
    if refunded and refunded >= received:
        return "refunded"
    if refunded:
        return "partially_refunded"
    if received >= order.total.presentment:
        return "paid"
    if received:
        return "partially_paid"
    return "voided" if order.cancelled_at else "pending"
