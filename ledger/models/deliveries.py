"""Deliveries: every webhook request we accepted, as it came."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, func, text
from sqlalchemy.orm import Mapped, column_property, mapped_column

from ledger.models.base import Base, Key, words


class DeliveryState(StrEnum):
    """How far a delivery has come."""

    RECEIVED = "received"
    PROCESSED = "processed"
    QUARANTINED = "quarantined"  # signed, but not understood; replayable
    FAILED = "failed"  # understood, but could not be worked off; replayable


class Delivery(Base):
    """One accepted webhook request; unique per endpoint and delivery key.

    Attributes:
        netsuite_account_id: The NetSuite account it belongs to.
        account_id: The storefront account; null for deliveries of NetSuite itself.
        delivery_key: What two sendings of one event have in common.
        body: The raw bytes as signed; emptied when erased.
        events: The delivery in our own words (`ledger.events`), as JSON.
        order_ref: The order's id at the platform, for finding and erasing personal data.
        person_ref: Of the buyer it speaks of, as `ledger.events.person_ref_of` makes it; for erasing.
        due_at: When the scheduler wakes a worker for it next; null when it is done.
        not_before: No worker may take it earlier, whoever woke it; null for at once.
        lease_token: Rises with every claim, so that a slow worker cannot overwrite a later one's work.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index(
            "uq_deliveries_account_key",
            "account_id",
            "delivery_key",
            unique=True,
            postgresql_where=text("account_id IS NOT NULL"),
            sqlite_where=text("account_id IS NOT NULL"),
        ),
        Index(
            "uq_deliveries_netsuite_key",
            "netsuite_account_id",
            "delivery_key",
            unique=True,
            postgresql_where=text("account_id IS NULL"),
            sqlite_where=text("account_id IS NULL"),
        ),
        Index(
            "ix_deliveries_due",
            "due_at",
            postgresql_where=text("due_at IS NOT NULL"),
            sqlite_where=text("due_at IS NOT NULL"),
        ),
        Index("ix_deliveries_order", "account_id", "order_ref"),
        Index(
            "ix_deliveries_person",
            "person_ref",
            postgresql_where=text("person_ref <> ''"),
            sqlite_where=text("person_ref <> ''"),
        ),
        Index("ix_deliveries_state", "state", "id"),
        Index("ix_deliveries_received", "received_at"),
        Index("ix_deliveries_trace", "trace_id"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    source: Mapped[str] = mapped_column(String(20))
    netsuite_account_id: Mapped[int] = mapped_column(ForeignKey("netsuite_accounts.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    topic: Mapped[str] = mapped_column(String(120))
    delivery_key: Mapped[str] = mapped_column(String(255))
    headers: Mapped[dict[str, Any]] = mapped_column(JSON)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    events: Mapped[list[Any]] = mapped_column(JSON)
    order_ref: Mapped[str] = mapped_column(String(120), default="")
    person_ref: Mapped[str] = mapped_column(String(64), default="")
    state: Mapped[DeliveryState] = mapped_column(words(DeliveryState, "state"))
    reason: Mapped[str] = mapped_column(String(40), default="")
    detail: Mapped[str] = mapped_column(Text, default="")
    trace_id: Mapped[str] = mapped_column(String(32))
    received_at: Mapped[datetime]
    processed_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[int] = mapped_column(default=0)

    # What lists show of a body: they do not load it.
    size: Mapped[int] = column_property(func.length(body))
