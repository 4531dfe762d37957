"""What the rules see of the ledger: plain values, so that a decision can be tested without a database."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from ledger.events import MoneyState, Part
from ledger.models import OrderState
from ledger.models.accounts import Direction
from ledger.money import Money
from ledger.platforms import Platform
from ledger.policy import Policy


@dataclass(frozen=True, slots=True)
class RefundView:
    """A refund, as the rules need it.

    Attributes:
        key: Our stable key.
        number: The ledger's number of it.
        made_by_us: Its id is the target of a refund this service carried.
        mark: Our key as found on it; else empty.
        reviewed: A person asked for it to be posted.
        write_began: A write was sent, or may have been.
        write_began_at: When the first write was sent; None before.
        unanswered_at: When the last write was sent to which no answer came; None if there is none.
        target_id: The id that the other side gave to what was written, where it did.
        record_type: For NetSuite's, `cashrefund` or `creditmemo`; else empty.
        requested: Whether a request of the buyer stands behind it, on platforms that want one.
        amount_is_known: Whether `amount` is what moved; see `ledger.events.RefundSeen`.
    """

    key: str
    direction: Direction
    amount: Money
    money: MoneyState
    parts: tuple[Part, ...]
    occurred_at: datetime
    number: int = 0
    made_by_us: bool = False
    mark: str = ""
    reviewed: bool = False
    write_began: bool = False
    write_began_at: datetime | None = None
    unanswered_at: datetime | None = None
    target_id: str = ""
    record_type: str = ""
    requested: bool = True
    amount_is_known: bool = True


@dataclass(frozen=True, slots=True)
class AccountView:
    """A storefront account, as the rules need it; `paused` is a reason code while paused."""

    slug: str
    platform: Platform
    direction: Direction
    sync_enabled: bool
    policy: Policy = field(default_factory=Policy)
    paused: str = ""


@dataclass(frozen=True, slots=True)
class LinkView:
    """An order link, as the rules need it."""

    storefront_order_id: str
    storefront_state: OrderState = OrderState.UNKNOWN
    netsuite_state: OrderState = OrderState.UNKNOWN
    netsuite_order_id: str = ""


class Action(StrEnum):
    """What is to be done with a refund."""

    READ = "read"  # facts of the target are needed before more can be said
    WRITE = "write"
    LINK = "link"  # the target has it already
    WAIT = "wait"
    HOLD = "hold"
    IGNORE = "ignore"
    DISPUTE = "dispute"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class TargetLine:
    """A line of the NetSuite record to be written.

    Attributes:
        order_line: Line of the source record it refunds; None for a line that is added.
        amount: Without tax; negative lowers the refund.
        label: What it is for, for the operator and the line's description.
        positions: Which parts of the refund it carries.
    """

    order_line: int | None
    item_id: str
    quantity: str
    amount: Money
    label: str
    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NetSuitePlan:
    """A transform that writes a refund, or its return authorization, into NetSuite.

    Attributes:
        source_type: Type of the record that is transformed.
        target_type: `cashrefund`, `creditmemo` or `returnauthorization`.
        external_id: The stable key the new record gets.
        total: What the record must come to, where NetSuite adds something of its own to the lines; else None.
    """

    source_type: str
    source_id: str
    target_type: str
    external_id: str
    lines: tuple[TargetLine, ...]
    memo: str
    location_id: str = ""
    refund_account: str = ""
    total: Money | None = None


@dataclass(frozen=True, slots=True)
class StorefrontPlanLine:
    """An order line to be refunded in the storefront.

    Attributes:
        net: What is given back for it, without tax, in the currency the storefront refunds in.
        tax: The tax on that.
        position: Which part of the refund it carries.
    """

    line_id: str
    quantity: int
    restock: bool
    position: int
    net: Money
    tax: Money


@dataclass(frozen=True, slots=True)
class StorefrontPlan:
    """A refund to be made in a storefront, in the currency the storefront refunds in.

    Attributes:
        shipping: How much of the amount is shipping, without tax; None for none.
        shipping_tax: The tax on the shipping; None for none.
        method: How it is given back: `original`, `store_credit` or `offline`, as in `ledger.policy`.
        platform_reason: The reason the storefront is given, as its own code; empty for its usual one.
        asked_by: The ledger's number of the refund, for platforms whose messages want a number.
        location_id: Where restocked goods come back, as the platform's id.
    """

    order_id: str
    amount: Money
    lines: tuple[StorefrontPlanLine, ...]
    shipping: Money | None
    shipping_tax: Money | None
    method: str
    location_id: str
    notify: bool
    note: str
    platform_reason: str = ""
    asked_by: int = 0


PlanT_co = TypeVar("PlanT_co", covariant=True)


@dataclass(frozen=True)
class Decision(Generic[PlanT_co]):
    """What is to be done and why.

    Attributes:
        reason: A code of `ledger.reasons`.
        plan: What is to be written, where something is.
        target_type: Type of the record written or found on the other side.
        target_id: Its id there, once it has one.
        order_gone: The order turned out to be deleted on the other side.
    """

    action: Action
    reason: str
    detail: str = ""
    plan: PlanT_co | None = None
    target_type: str = ""
    target_id: str = ""
    order_gone: bool = False
