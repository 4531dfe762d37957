"""Alerts: what came to need a person, whom to tell of it, and what each was told."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from ledger.models.base import Base, Key, words


class News(StrEnum):
    """What somebody may be told of."""

    ERROR = "error"  # a refund became an error
    DISCREPANCY = "discrepancy"  # a refund became a discrepancy
    HELD = "held"  # a refund is held for review
    WAIT_OVER = "wait_over"  # a refund waited in vain until its deadline
    PAUSED = "paused"  # an account or NetSuite account was paused
    QUARANTINED = "quarantined"  # a delivery was signed, but not understood
    DELIVERY_FAILED = "delivery_failed"  # a delivery could not be worked off


class Phase(StrEnum):
    """What of an alert is told."""

    RAISED = "raised"
    CLEARED = "cleared"


class ChannelKind(StrEnum):
    """By what way somebody is told."""

    EMAIL = "email"
    WEBHOOK = "webhook"


class AlertChannel(Base):
    """Somebody to tell, and of what.

    Attributes:
        news: The `News` to tell of.
        account_ids: The storefront accounts to tell of, with the NetSuite accounts they are joined to; all of
            them if empty.
        tells_cleared: Whether to tell, too, that what was told of needs nobody any more.
        digest_minutes: How long news is gathered for one message; 0 to tell at once.
        hourly_cap: How many messages may be sent in 60 minutes.
        target: Encrypted JSON: the addresses, or the URL and the secret that messages to it are signed with.
        not_before: When the next message may be sent or looked for; null for at once.
        failures: How often in a row a message could not be sent.
        reason: Why the last one could not: a code of `workers.telling`; else empty.
        detail: The same in plain words, or who of several did not get the last message.
        told_at: When a message was sent last.
        lease_token: Rises with every claim, so that a slow sender cannot overwrite a later one's work.
    """

    __tablename__ = "alert_channels"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    kind: Mapped[ChannelKind] = mapped_column(words(ChannelKind, "channel_kind"))
    name: Mapped[str] = mapped_column(String(80), unique=True)
    is_on: Mapped[bool] = mapped_column(default=True)
    news: Mapped[list[Any]] = mapped_column(JSON)
    account_ids: Mapped[list[Any]] = mapped_column(JSON, default=list)
    tells_cleared: Mapped[bool] = mapped_column(default=True)
    digest_minutes: Mapped[int] = mapped_column(default=0)
    hourly_cap: Mapped[int]
    target: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    not_before: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(String(40), default="")
    detail: Mapped[str] = mapped_column(Text, default="")
    told_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[int] = mapped_column(default=0)


class Alert(Base):
    """Something that came to need a person; of what is not cleared there is one for each reason.

    Attributes:
        subject: What it is about, in the audit trail's words: `refund`, `account`, `netsuite_account` or
            `delivery`.
        account_id: The storefront account it belongs to; null where it is about NetSuite itself.
        netsuite_account_id: The NetSuite account, where it is about NetSuite itself.
        what: What it is about, in plain words.
        reason: A code of `ledger.reasons`.
        cleared_by: What cleared it: a transition's name, `resume` or `processed`; empty until then.
        is_shared: Whether it was handed to the channels that there were.
        news_at: Since when something of it is to be handed to the channels; null if nothing is.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        Index(
            "uq_alerts_open",
            "kind",
            "subject",
            "subject_id",
            "reason",
            unique=True,
            postgresql_where=text("cleared_at IS NULL"),
            sqlite_where=text("cleared_at IS NULL"),
        ),
        Index(
            "ix_alerts_news",
            "id",
            postgresql_where=text("news_at IS NOT NULL"),
            sqlite_where=text("news_at IS NOT NULL"),
        ),
        Index("ix_alerts_subject", "subject", "subject_id"),
        Index("ix_alerts_raised", "raised_at"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    kind: Mapped[News] = mapped_column(words(News, "news"))
    subject: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int] = mapped_column(BigInteger)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    netsuite_account_id: Mapped[int | None] = mapped_column(ForeignKey("netsuite_accounts.id"))
    what: Mapped[str] = mapped_column(String(255))
    reason: Mapped[str] = mapped_column(String(40))
    detail: Mapped[str] = mapped_column(Text, default="")
    trace_id: Mapped[str] = mapped_column(String(32), default="")
    raised_at: Mapped[datetime]
    cleared_at: Mapped[datetime | None]
    cleared_by: Mapped[str] = mapped_column(String(20), default="")
    is_shared: Mapped[bool] = mapped_column(default=False)
    news_at: Mapped[datetime | None]


class AlertMessage(Base):
    """One message to a channel.

    Attributes:
        key: The same at every try, so that a receiver knows what it got twice.
        is_test: Somebody asked for it to try the channel out; it tells of nothing.
        number: How many notices it tells of.
        held: How many of them had to wait because the hourly cap was reached.
        sent_at: When it was sent; null until then.
        reason: Why the last try failed: a code of `workers.telling`; else empty.
    """

    __tablename__ = "alert_messages"
    __table_args__ = (
        Index("ix_alert_messages_sent", "channel_id", "sent_at"),
        Index("ix_alert_messages_created", "created_at"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("alert_channels.id", ondelete="CASCADE"))
    is_test: Mapped[bool] = mapped_column(default=False)
    number: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(String(40), default="")
    detail: Mapped[str] = mapped_column(Text, default="")


class AlertNotice(Base):
    """What one channel is to be told of one alert.

    Attributes:
        key: Of what is told; unique for a channel, so that nothing is told it twice.
        since: When there was something to tell.
        was_held: It had to wait because the hourly cap was reached.
        message_id: The message that tells it; null until there is one.
    """

    __tablename__ = "alert_notices"
    __table_args__ = (
        Index("uq_alert_notices_key", "channel_id", "key", unique=True),
        Index("ix_alert_notices_message", "channel_id", "message_id", "id"),
        Index("ix_alert_notices_alert", "alert_id"),
        Index("ix_alert_notices_told", "message_id", "id"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("alert_channels.id", ondelete="CASCADE"))
    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"))
    phase: Mapped[Phase] = mapped_column(words(Phase, "phase"))
    key: Mapped[str] = mapped_column(String(80))
    since: Mapped[datetime]
    was_held: Mapped[bool] = mapped_column(default=False)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("alert_messages.id", ondelete="CASCADE"))
