"""What a seller on Amazon has: orders, their lines, and the transactions that move money.

Amounts are in the marketplace's currency, in major units; times are aware UTC.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

ZERO: Final = Decimal(0)
CENT: Final = Decimal("0.01")


class Part(StrEnum):
    """What an amount on an order's line is for; all but the last two are what the buyer pays or gets back."""

    PRINCIPAL = "principal"
    TAX = "tax"
    SHIPPING = "shipping"
    SHIPPING_TAX = "shipping_tax"
    GIFT_WRAP = "gift_wrap"
    GIFT_WRAP_TAX = "gift_wrap_tax"
    PROMOTION = "promotion"
    FACILITATOR_TAX = "facilitator_tax"
    FACILITATOR_SHIPPING_TAX = "facilitator_shipping_tax"
    GOODWILL = "goodwill"
    RESTOCKING_FEE = "restocking_fee"
    COMMISSION = "commission"
    REFUND_COMMISSION = "refund_commission"


LINE_PARTS: Final = (
    Part.PRINCIPAL,
    Part.TAX,
    Part.SHIPPING,
    Part.SHIPPING_TAX,
    Part.GIFT_WRAP,
    Part.GIFT_WRAP_TAX,
    Part.PROMOTION,
    Part.FACILITATOR_TAX,
    Part.FACILITATOR_SHIPPING_TAX,
)
"""What an order's line is made of."""

TAKEN: Final = frozenset({Part.PROMOTION, Part.FACILITATOR_TAX, Part.FACILITATOR_SHIPPING_TAX})
"""Parts of a line that lessen what the seller gets: a discount, and tax that Amazon withholds and remits."""


class TransactionStatus(StrEnum):
    """Whether the money of a transaction is the seller's yet."""

    DEFERRED = "DEFERRED"
    RELEASED = "RELEASED"
    DEFERRED_RELEASED = "DEFERRED_RELEASED"


class FulfillmentStatus(StrEnum):
    """How far an order is, as the Orders API of 2026 names it; only what the sandbox knows of."""

    PENDING = "PENDING"
    UNSHIPPED = "UNSHIPPED"
    SHIPPED = "SHIPPED"
    CANCELLED = "CANCELLED"


@dataclass(eq=False)
class Line:
    """One line of an order.

    Attributes:
        id: Amazon's order item id.
        price: Of one unit.
        amounts: Each part of the line as a whole, all positive.
        refunded: What of each part was refunded, positive.
        returned: How many units were refunded.
        promotion_id: Name of the promotion, if there is one.
    """

    id: str
    sku: str
    asin: str
    title: str
    quantity: int
    price: Decimal
    amounts: dict[Part, Decimal]
    promotion_id: str
    refunded: dict[Part, Decimal] = field(default_factory=dict)
    returned: int = 0

    def left(self, part: Part) -> Decimal:
        """Return what of a part was not refunded yet."""
        return self.amounts.get(part, ZERO) - self.refunded.get(part, ZERO)


@dataclass(eq=False)
class Order:
    """An order.

    Attributes:
        id: In the 3-7-7 form.
        seller_order_id: The seller's own name for it.
        network: ``MFN`` if the seller ships it, ``AFN`` if Amazon does.
    """

    id: str
    seller_order_id: str
    currency: str
    network: str
    status: FulfillmentStatus
    created_at: datetime
    updated_at: datetime
    shipment_id: str
    postal_code: str
    lines: list[Line]
    cancel_reason: str = ""

    @property
    def total(self) -> Decimal:
        """What the buyer paid."""
        paid = ZERO
        for line in self.lines:
            for part, amount in line.amounts.items():
                if part is Part.PROMOTION:
                    paid -= amount
                elif part not in TAKEN:
                    paid += amount
        return paid


@dataclass(eq=False)
class Item:
    """One item of a transaction.

    Attributes:
        line: The order's line it is about.
        adjustment_id: Amazon's id of the adjustment.
        amounts: What each part moves, signed as the seller sees it: a refunded price is negative.
    """

    line: Line
    adjustment_id: str
    quantity: int
    amounts: dict[Part, Decimal]

    @property
    def total(self) -> Decimal:
        """What the item moves."""
        return sum(self.amounts.values(), ZERO)


@dataclass(eq=False)
class Transaction:
    """A movement of money on the seller's account.

    Attributes:
        kind: ``Shipment`` or ``Refund``.
        refund_id: Shared by the transactions of one refund; empty for a shipment.
        visible_at: From when the Finances API shows it.
        maturity: When its money is released, where it was held back at first.
        released_by: The transaction that released it.
        releases: The transaction it releases.
    """

    id: str
    kind: str
    order: Order
    refund_id: str
    posted_at: datetime
    visible_at: datetime
    items: list[Item]
    maturity: datetime | None = None
    deferral_reason: str = ""
    released_by: "Transaction | None" = None
    releases: "Transaction | None" = None
    silent: bool = False

    @property
    def total(self) -> Decimal:
        """What it moves in all."""
        return sum((item.total for item in self.items), ZERO)

    @property
    def status(self) -> TransactionStatus:
        """Whether its money is the seller's yet."""
        if self.maturity is None or self.releases is not None:
            return TransactionStatus.RELEASED
        return TransactionStatus.DEFERRED if self.released_by is None else TransactionStatus.DEFERRED_RELEASED


class FeedStatus(StrEnum):
    """How far a feed is."""

    IN_QUEUE = "IN_QUEUE"
    IN_PROGRESS = "IN_PROGRESS"
    DONE = "DONE"
    FATAL = "FATAL"
    CANCELLED = "CANCELLED"


ENDED: Final = frozenset({FeedStatus.DONE, FeedStatus.FATAL, FeedStatus.CANCELLED})


@dataclass(eq=False)
class Document:
    """A feed's document.

    Attributes:
        content_type: What its upload must say it is.
        content: Its bytes; ``None`` before the upload.
        upload_key: Secret part of the address it is uploaded to.
        url_until: When that address ends to work.
        downloads: Secret parts of the addresses it is downloaded from, and until when they work.
        gzipped: Whether ``content`` is compressed.
    """

    id: str
    content_type: str
    upload_key: str
    url_until: datetime
    content: bytes | None = None
    downloads: dict[str, datetime] = field(default_factory=dict)
    gzipped: bool = False


@dataclass(frozen=True)
class LineFault:
    """What shall be said of a feed's message in place of its own outcome.

    Attributes:
        result: ``Error``, then the message, or the item alone, is not carried out; or ``Warning``.
        item_id: The only item of the message that it is said of; empty for all of it.
    """

    message_id: str
    code: str
    description: str
    result: str
    item_id: str = ""


@dataclass
class Outcome:
    """How a feed shall end, or where it shall stay, because the control API says so.

    Attributes:
        executed: Whether the feed's messages are carried out though it ends as ``FATAL``.
    """

    status: FeedStatus
    executed: bool = False
    faults: list[LineFault] = field(default_factory=list)


@dataclass(eq=False)
class Feed:
    """A feed.

    Attributes:
        starts_at: When it leaves the queue.
        ends_at: When its processing ends.
        outcome: How it shall end, if the control API says so.
        report: The processing report's document, once it has ended.
    """

    id: str
    kind: str
    marketplaces: list[str]
    input: Document
    created_at: datetime
    starts_at: datetime
    ends_at: datetime
    status: FeedStatus = FeedStatus.IN_QUEUE
    started_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    report: Document | None = None
