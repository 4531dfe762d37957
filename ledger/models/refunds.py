"""Orders as both sides know them, refunds with their lines, attempts, and the audit trail."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ledger.models.accounts import Account, Direction
from ledger.models.base import Base, Key, words
from ledger.money import Money
from ledger.states import State


class OrderState(StrEnum):
    """What is known of an order on one side, in the order of its life."""

    UNKNOWN = "unknown"
    OPEN = "open"
    CANCELLED = "cancelled"
    DELETED = "deleted"


class OrderLink(Base):
    """What is known of one order on both sides.

    Attributes:
        storefront_seen_at: The platform's own time of the newest news taken over; older news is dropped.
        billed_type: `cashsale`, `invoice` or empty while NetSuite has not billed it, as last read.
    """

    __tablename__ = "order_links"
    __table_args__ = (
        UniqueConstraint("account_id", "storefront_order_id"),
        Index("ix_order_links_name", "account_id", "storefront_order_name"),
        Index("ix_order_links_netsuite_order", "netsuite_order_id"),
        Index("ix_order_links_billed", "billed_id"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    storefront_order_id: Mapped[str] = mapped_column(String(120))
    storefront_order_name: Mapped[str] = mapped_column(String(120), default="")
    storefront_state: Mapped[OrderState] = mapped_column(
        words(OrderState, "storefront_state"), default=OrderState.UNKNOWN
    )
    storefront_seen_at: Mapped[datetime | None]
    netsuite_order_id: Mapped[str] = mapped_column(String(40), default="")
    netsuite_order_type: Mapped[str] = mapped_column(String(20), default="")
    netsuite_state: Mapped[OrderState] = mapped_column(
        words(OrderState, "netsuite_state"), default=OrderState.UNKNOWN
    )
    billed_type: Mapped[str] = mapped_column(String(20), default="")
    billed_id: Mapped[str] = mapped_column(String(40), default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class OrderTombstone(Base):
    """A sales order that NetSuite deleted before any storefront order was linked to it.

    Attributes:
        number: The storefront order's number that it carried.
    """

    __tablename__ = "order_tombstones"
    __table_args__ = (UniqueConstraint("netsuite_account_id", "number"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    netsuite_account_id: Mapped[int] = mapped_column(ForeignKey("netsuite_accounts.id"))
    number: Mapped[str] = mapped_column(String(255))
    record_id: Mapped[str] = mapped_column(String(40))
    deleted_at: Mapped[datetime]


def _names(index: str, column: str) -> Index:
    """Return an index by which a name is found, and on PostgreSQL also how it begins, whatever the collation.

    https://www.postgresql.org/docs/current/indexes-opclass.html
    """
    return Index(index, column, postgresql_ops={column: "varchar_pattern_ops"})


class Refund(Base):
    """One refund to carry across; unique per (account, origin, source refund id).

    Attributes:
        origin: The source channel: `shopify`, `netsuite`, ...
        source_refund_id: The refund's id where it came from.
        key: Our stable key, the NetSuite `externalId` and the mark in the storefront's note.
        transaction_type: `cash_refund`, `credit_memo`, or empty until decided.
        amount_minor: In whole minor units of `currency`, which has `currency_exponent` decimals.
        money_state: `moved`, `pending`, `failed` or `none`: what the source says of the money.
        source_facts: What else the source said, in our own words.
        facts_at: When the source was last looked at, or told of it by itself.
        write_began: A write was sent or may have been; whether it took effect is looked up first.
        write_began_at: When the first one was.
        unanswered_at: When the last one was to which no answer came.
        reviewed: A person asked for it to be posted, so the account's review does not hold it again.
        tries: Failed tries since it last moved on; what the retry schedule counts.
        due_at: When the scheduler wakes a worker for it next; null while it is at rest.
        not_before: No worker may take it earlier, whoever woke it; null for at once.
        waiting_for: The reason code the deadline counts for.
        deadline_at: When waiting turns into an error.
    """

    __tablename__ = "refunds"
    __table_args__ = (
        UniqueConstraint("account_id", "origin", "source_refund_id"),
        Index(
            "ix_refunds_due",
            "due_at",
            postgresql_where=text("due_at IS NOT NULL"),
            sqlite_where=text("due_at IS NOT NULL"),
        ),
        Index("ix_refunds_order", "account_id", "storefront_order_id"),
        Index("ix_refunds_state", "state", "id"),
        _names("ix_refunds_key", "key"),
        _names("ix_refunds_target", "target_id"),
        _names("ix_refunds_source", "source_refund_id"),
        _names("ix_refunds_order_id", "storefront_order_id"),
        _names("ix_refunds_order_name", "storefront_order_name"),
        Index("ix_refunds_order_link", "order_link_id"),
        Index("ix_refunds_account", "account_id", "id"),
        Index("ix_refunds_reason", "reason", "id"),
        Index("ix_refunds_origin", "origin", "id"),
        Index("ix_refunds_type", "transaction_type", "id"),
        Index("ix_refunds_occurred", "occurred_at", "id"),
        Index("ix_refunds_amount", "currency_exponent", "amount_minor"),
        Index(
            "ix_refunds_posted",
            "posted_at",
            postgresql_where=text("posted_at IS NOT NULL"),
            sqlite_where=text("posted_at IS NOT NULL"),
        ),
        # An id is never given twice: the audit trail of a deleted refund is not another's.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    origin: Mapped[str] = mapped_column(String(20))
    source_refund_id: Mapped[str] = mapped_column(String(120))
    key: Mapped[str] = mapped_column(String(120))
    direction: Mapped[Direction] = mapped_column(words(Direction, "direction"))
    transaction_type: Mapped[str] = mapped_column(String(20), default="")
    order_link_id: Mapped[int | None] = mapped_column(ForeignKey("order_links.id"))
    storefront_order_id: Mapped[str] = mapped_column(String(120), default="")
    storefront_order_name: Mapped[str] = mapped_column(String(120), default="")
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    currency_exponent: Mapped[int]
    money_state: Mapped[str] = mapped_column(String(10))
    source_facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    facts_at: Mapped[datetime | None]
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    state: Mapped[State] = mapped_column(words(State, "state"))
    reason: Mapped[str] = mapped_column(String(40))
    detail: Mapped[str] = mapped_column(Text, default="")
    target_type: Mapped[str] = mapped_column(String(20), default="")
    target_id: Mapped[str] = mapped_column(String(120), default="")
    posted_at: Mapped[datetime | None]
    write_began: Mapped[bool] = mapped_column(default=False)
    write_began_at: Mapped[datetime | None]
    unanswered_at: Mapped[datetime | None]
    reviewed: Mapped[bool] = mapped_column(default=False)
    tries: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    waiting_for: Mapped[str] = mapped_column(String(40), default="")
    deadline_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[int] = mapped_column(default=0)
    trace_id: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    account: Mapped[Account] = relationship(lazy="raise")
    order_link: Mapped[OrderLink | None] = relationship(lazy="raise")
    lines: Mapped[list["RefundLine"]] = relationship(lazy="raise", order_by="RefundLine.position")

    @property
    def amount(self) -> Money:
        """Return the refund's total."""
        return Money.from_minor(self.amount_minor, self.currency, self.currency_exponent)


class RefundLine(Base):
    """One part of a refund: an item, shipping, an adjustment, ...

    Attributes:
        kind: A `ledger.events.PartKind`.
        net_minor: Without tax, in minor units of the refund's currency; negative lowers the refund.
        restock: Whether the goods come back into stock, where the source says so.
        source_line_id: The order line's id where the refund came from.
        mapped: How the part was carried across, for the operator.
    """

    __tablename__ = "refund_lines"
    __table_args__ = (
        UniqueConstraint("refund_id", "position"),
        Index("ix_refund_lines_sku", "sku", "refund_id"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    refund_id: Mapped[int] = mapped_column(ForeignKey("refunds.id", ondelete="CASCADE"))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    sku: Mapped[str] = mapped_column(String(255), default="")
    title: Mapped[str] = mapped_column(String(255), default="")
    quantity: Mapped[str] = mapped_column(String(30), default="0")
    net_minor: Mapped[int] = mapped_column(BigInteger)
    tax_minor: Mapped[int] = mapped_column(BigInteger)
    restock: Mapped[bool] = mapped_column(default=False)
    source_line_id: Mapped[str] = mapped_column(String(120), default="")
    mapped: Mapped[str] = mapped_column(Text, default="")


class Attempt(Base):
    """One try at carrying a refund across.

    Attributes:
        lease_token: The claim it was made under.
        outcome: The transition it ended in; empty while under way.
        calls: The requests made, with secrets and personal data masked.
    """

    __tablename__ = "attempts"
    __table_args__ = (
        UniqueConstraint("refund_id", "lease_token"),
        Index("ix_attempts_started", "started_at"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    refund_id: Mapped[int] = mapped_column(ForeignKey("refunds.id", ondelete="CASCADE"))
    lease_token: Mapped[int]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(20), default="")
    reason: Mapped[str] = mapped_column(String(40), default="")
    detail: Mapped[str] = mapped_column(Text, default="")
    calls: Mapped[list[Any]] = mapped_column(JSON, default=list)


class AuditEntry(Base):
    """One thing that happened, who did it, when and why; never changed afterwards."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_subject", "subject", "subject_id", "id"),
        Index("ix_audit_entries_at", "at", "id"),
        Index("ix_audit_entries_actor", "actor", "at", "id"),
        Index("ix_audit_entries_action", "action", "at", "id"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(120))
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int] = mapped_column(BigInteger)
    from_state: Mapped[str] = mapped_column(String(20), default="")
    to_state: Mapped[str] = mapped_column(String(20), default="")
    reason: Mapped[str] = mapped_column(String(40), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    trace_id: Mapped[str] = mapped_column(String(32), default="")
