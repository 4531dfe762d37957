"""What is read from the platforms without a webhook: polls, and runs over a period."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ledger.models.accounts import Account
from ledger.models.base import Base, Key, words


class Poll(Base):
    """How far one account, or NetSuite itself, was asked for what no webhook told of.

    Attributes:
        source: The platform, whose queue it is done in.
        account_id: The storefront account; null where NetSuite itself is asked.
        watermark: Everything that changed up to here was read, in UTC.
        due_at: When a worker is woken for it next.
        not_before: No worker may begin it earlier, whoever woke it; null for at once.
        ended_at: When it was asked last, whatever came of it.
        failures: How often in a row it could not be asked.
        found: What the last time brought that was not known.
        reason: Why it could not be asked, a code of `ledger.reasons`; else empty.
    """

    __tablename__ = "polls"
    __table_args__ = (
        Index(
            "uq_polls_account",
            "account_id",
            unique=True,
            postgresql_where=text("account_id IS NOT NULL"),
            sqlite_where=text("account_id IS NOT NULL"),
        ),
        Index(
            "uq_polls_netsuite",
            "netsuite_account_id",
            unique=True,
            postgresql_where=text("account_id IS NULL"),
            sqlite_where=text("account_id IS NULL"),
        ),
        Index("ix_polls_due", "due_at"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    source: Mapped[str] = mapped_column(String(20))
    netsuite_account_id: Mapped[int] = mapped_column(ForeignKey("netsuite_accounts.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    watermark: Mapped[datetime]
    due_at: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    found: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(String(40), default="")
    detail: Mapped[str] = mapped_column(Text, default="")
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[int] = mapped_column(default=0)


class RunKind(StrEnum):
    """What a run does with the refunds of a period."""

    BACKFILL = "backfill"  # takes them over
    DRY_RUN = "dry_run"  # lists what a backfill would post
    RECONCILE = "reconcile"  # compares both sides


class RunState(StrEnum):
    """How far a run has come."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"  # by a person; what it found stays


class Run(Base):
    """Something done with all refunds of an account and a period, bit by bit.

    Attributes:
        since: The period's beginning, in UTC.
        until: Its end, in UTC.
        done_until: Everything that changed up to here was looked at; from `since` on to `reaches_to`.
        reaches_to: How far changes are looked at: refunds of the period may have changed after it.
        stride: How much time is read next, in seconds.
        found: Refunds of the period that were found.
        taken: Those of them that were new here.
        totals: What it found in all, as `ledger.runs.totals` tells it, counted when it ended.
        reason: Why it failed or is late, a code of `ledger.reasons`; else empty.
        actor: Who asked for it.
    """

    __tablename__ = "runs"
    __table_args__ = (
        Index("ix_runs_account", "account_id", "id"),
        Index(
            "ix_runs_due",
            "due_at",
            postgresql_where=text("due_at IS NOT NULL"),
            sqlite_where=text("due_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    kind: Mapped[RunKind] = mapped_column(words(RunKind, "kind"))
    source: Mapped[str] = mapped_column(String(20))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    since: Mapped[datetime]
    until: Mapped[datetime]
    done_until: Mapped[datetime]
    reaches_to: Mapped[datetime]
    stride: Mapped[int]
    state: Mapped[RunState] = mapped_column(words(RunState, "run_state"))
    found: Mapped[int] = mapped_column(default=0)
    taken: Mapped[int] = mapped_column(default=0)
    totals: Mapped[list[Any]] = mapped_column(JSON, default=list)
    tries: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(String(40), default="")
    detail: Mapped[str] = mapped_column(Text, default="")
    actor: Mapped[str] = mapped_column(String(120))
    trace_id: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[int] = mapped_column(default=0)

    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)


class Finding(StrEnum):
    """What a run says of one refund."""

    NEW = "new"  # of a dry run: not known here, and would be looked at as `note` says
    KNOWN = "known"  # of a dry run: here already
    COLLECTED = "collected"  # of a reconciliation that is still collecting what it will compare
    MATCHED = "matched"
    MISSING_IN_NETSUITE = "netsuite_lacks_it"
    MISSING_IN_STOREFRONT = "storefront_lacks_it"
    AMOUNT_DIFFERS = "amount_differs"
    TYPE_DIFFERS = "type_differs"


class RunItem(Base):
    """One refund that a run found, as both sides have it.

    Attributes:
        currency: The storefront's; NetSuite's where only that has the refund.
        storefront_minor: In minor units of `currency`.
        netsuite_currency: NetSuite's; another than `currency` where an account is set up wrongly.
        netsuite_minor: In minor units of `netsuite_currency`.
        facts: What a reconciliation needs to know to compare; empty when it has.
    """

    __tablename__ = "run_items"
    __table_args__ = (
        Index("ix_run_items_run", "run_id", "id"),
        Index("ix_run_items_finding", "run_id", "finding", "id"),
        Index("uq_run_items_identity", "run_id", "identity", unique=True),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    identity: Mapped[str] = mapped_column(String(300))
    finding: Mapped[Finding] = mapped_column(words(Finding, "finding"))
    order_id: Mapped[str] = mapped_column(String(120), default="")
    order_name: Mapped[str] = mapped_column(String(120), default="")
    occurred_at: Mapped[datetime | None]
    currency: Mapped[str] = mapped_column(String(3))
    currency_exponent: Mapped[int]
    storefront_refund_id: Mapped[str] = mapped_column(String(120), default="")
    storefront_minor: Mapped[int | None] = mapped_column(BigInteger)
    netsuite_type: Mapped[str] = mapped_column(String(20), default="")
    netsuite_id: Mapped[str] = mapped_column(String(40), default="")
    netsuite_number: Mapped[str] = mapped_column(String(60), default="")
    netsuite_currency: Mapped[str] = mapped_column(String(3), default="")
    netsuite_exponent: Mapped[int] = mapped_column(default=0)
    netsuite_minor: Mapped[int | None] = mapped_column(BigInteger)
    refund_id: Mapped[int | None] = mapped_column(ForeignKey("refunds.id", ondelete="SET NULL"))
    note: Mapped[str] = mapped_column(Text, default="")
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
