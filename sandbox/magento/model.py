"""What a store holds: orders, invoices, credit memos, transactions. Data only; the rules are elsewhere."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import IntEnum

from sandbox.magento.money import ALMOST_NOTHING, NOTHING, ZERO, Amount

ONLINE_METHOD = "braintree"
OFFLINE_METHOD = "checkmo"
METHODS = {ONLINE_METHOD: "Credit Card (Braintree)", OFFLINE_METHOD: "Check / Money order"}


class MemoState(IntEnum):
    r"""States of a credit memo, ``Magento\Sales\Model\Order\Creditmemo``."""

    OPEN = 1
    REFUNDED = 2
    CANCELED = 3


@dataclass
class Comment:
    """A remark on a credit memo or in an order's history."""

    id: int
    parent_id: int
    text: str
    created_at: datetime
    notified: bool = False
    visible: bool = False
    status: str | None = None
    entity: str = "order"


@dataclass
class OrderItem:
    """A line of an order; a configurable product has two, of which the child carries no money.

    Attributes:
        product_sku: SKU of the product as the shop lists it; ``sku`` is that of the variant.
        parent: The configurable product's line, for the line of its variant.
        row, tax, discount: Of the whole line as ordered, the discount positive.
        row_invoiced, tax_invoiced, discount_invoiced: Of what was invoiced.
        row_refunded, tax_refunded, discount_refunded: Of what was given back.
    """

    id: int
    sku: str
    product_sku: str
    product_id: int
    product_type: str
    qty: Decimal
    price: Amount
    row: Amount
    tax: Amount
    discount: Amount
    tax_percent: Decimal
    parent: "OrderItem | None" = None
    qty_invoiced: Decimal = ZERO
    qty_refunded: Decimal = ZERO
    qty_shipped: Decimal = ZERO
    qty_canceled: Decimal = ZERO
    row_invoiced: Amount = NOTHING
    tax_invoiced: Amount = NOTHING
    discount_invoiced: Amount = NOTHING
    row_refunded: Amount = NOTHING
    tax_refunded: Amount = NOTHING
    discount_refunded: Amount = NOTHING

    @property
    def dummy(self) -> bool:
        """Whether the money of this line stands in its parent."""
        return self.parent is not None

    @property
    def refundable(self) -> Decimal:
        """Units invoiced and not refunded; none of a line without money."""
        return ZERO if self.dummy else max(self.qty_invoiced - self.qty_refunded, ZERO)

    @property
    def row_incl_tax(self) -> Amount:
        """The whole line with its tax, before discount."""
        return self.row + self.tax


@dataclass
class InvoiceItem:
    """Units of one line that were invoiced."""

    id: int
    item: OrderItem
    qty: Decimal
    row: Amount
    tax: Amount
    discount: Amount


@dataclass
class Invoice:
    """An invoice, paid at once.

    Attributes:
        transaction_id: The gateway's capture; ``None`` where the money was taken without a gateway.
    """

    id: int
    increment_id: str
    created_at: datetime
    updated_at: datetime
    items: list[InvoiceItem]
    shipping: Amount
    shipping_tax: Amount
    transaction_id: str | None
    refunded: Decimal = ZERO
    used_for_refund: bool = False

    @property
    def subtotal(self) -> Amount:
        """All lines before discount and tax."""
        return sum((each.row for each in self.items), Amount())

    @property
    def discount(self) -> Amount:
        """All discounts, positive."""
        return sum((each.discount for each in self.items), Amount())

    @property
    def tax(self) -> Amount:
        """All tax, shipping's included."""
        return sum((each.tax for each in self.items), self.shipping_tax)

    @property
    def total(self) -> Amount:
        """What the customer paid by it."""
        return self.subtotal - self.discount + self.shipping + self.tax


@dataclass
class MemoItem:
    """Units of one line that a credit memo gives back."""

    id: int
    item: OrderItem
    qty: Decimal
    row: Amount = NOTHING
    row_incl_tax: Amount = NOTHING
    tax: Amount = NOTHING
    discount: Amount = NOTHING

    @property
    def last(self) -> bool:
        """Whether nothing of the line is left afterwards."""
        return self.qty == self.item.refundable


@dataclass
class CreditMemo:
    """A credit memo; ``discount`` and the adjustments are positive."""

    id: int
    increment_id: str
    created_at: datetime
    updated_at: datetime
    items: list[MemoItem]
    invoice: Invoice | None = None
    state: MemoState = MemoState.REFUNDED
    subtotal: Amount = NOTHING
    subtotal_incl_tax: Amount = NOTHING
    shipping: Amount = NOTHING
    shipping_incl_tax: Amount = NOTHING
    shipping_tax: Amount = NOTHING
    tax: Amount = NOTHING
    discount: Amount = NOTHING
    adjustment_positive: Amount = NOTHING
    adjustment_negative: Amount = NOTHING
    transaction_id: str | None = None
    online: bool = False
    comments: list[Comment] = field(default_factory=list)

    @property
    def total(self) -> Amount:
        """The money that goes back."""
        adjustment = self.adjustment_positive - self.adjustment_negative
        return self.subtotal + self.shipping + self.tax - self.discount + adjustment


@dataclass
class Transaction:
    """A payment transaction: ``txn_type`` is ``capture`` or ``refund``."""

    id: int
    txn_id: str
    txn_type: str
    created_at: datetime
    parent: "Transaction | None" = None
    closed: bool = False


@dataclass
class Order:
    """An order, with everything that hangs on it."""

    id: int
    increment_id: str
    email: str
    created_at: datetime
    updated_at: datetime
    currency: str
    rate: Decimal
    method: str
    payment_id: int
    address_id: int
    items: list[OrderItem]
    shipping: Amount = NOTHING
    shipping_tax: Amount = NOTHING
    state: str = "new"
    status: str = "pending"
    shipped: bool = False
    invoices: list[Invoice] = field(default_factory=list)
    memos: list[CreditMemo] = field(default_factory=list)
    transactions: list[Transaction] = field(default_factory=list)
    history: list[Comment] = field(default_factory=list)
    returned_to_stock: dict[str, Decimal] = field(default_factory=dict)

    def total_of(self, name: str) -> Amount:
        """Add up one amount of all lines that carry money."""
        amounts: list[Amount] = [getattr(item, name) for item in self.items if not item.dummy]
        return sum(amounts, Amount())

    @property
    def total(self) -> Amount:
        """What the customer owed when the order was placed."""
        lines = self.total_of("row") - self.total_of("discount") + self.total_of("tax")
        return lines + self.shipping + self.shipping_tax

    @property
    def paid(self) -> Amount:
        """Money received by invoices."""
        return sum((each.total for each in self.invoices), Amount())

    def refunded(self, name: str = "total", *, online: bool | None = None) -> Amount:
        """Add up one amount of the credit memos, of those made online or offline only if asked."""
        chosen = [each for each in self.memos if online is None or each.online is online]
        amounts: list[Amount] = [getattr(each, name) for each in chosen]
        return sum(amounts, Amount())

    @property
    def settled(self) -> bool:
        """Whether nothing is left to give back of what was paid."""
        return abs(self.paid.order - self.refunded().order) < ALMOST_NOTHING

    def item(self, item_id: int) -> OrderItem | None:
        """Find a line by id."""
        return next((item for item in self.items if item.id == item_id), None)

    def children(self, parent: OrderItem) -> list[OrderItem]:
        """Return the lines of a configurable product's variants."""
        return [item for item in self.items if item.parent is parent]
