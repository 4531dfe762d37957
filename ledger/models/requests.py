"""What somebody asks of the service: requests that a worker answers, and answers of the API that are kept."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ledger.models.accounts import Account, NetSuiteAccount
from ledger.models.base import Base, Key, words


class RequestKind(StrEnum):
    """What a worker is asked for, since only workers speak to the platforms."""

    RETRIEVE = "retrieve"  # read the refunds of an order and take them over
    DRY_RUN = "dry_run"  # say what would be done with a refund now, and write nothing
    CHECK = "check"  # try out an account's credentials


class RequestState(StrEnum):
    """How far a request has come."""

    QUEUED = "queued"
    DONE = "done"
    FAILED = "failed"


class Request(Base):
    """One thing a worker was asked for, and its answer.

    Attributes:
        source: The platform, whose queue it is done in; `netsuite` for a check of a NetSuite account.
        account_id: The storefront account; null where it is about a NetSuite account itself.
        params: What was asked, as `ledger.requests` says for each kind.
        result: What came of it, once it is done.
        reason: Why nothing came of it: a code of `ledger.reasons` or of `workers.retrieve`; else empty.
        detail: The same in plain words.
        actor: Who asked.
        tries: How often a worker took it.
        due_at: When the scheduler wakes a worker for it next; null when it is answered.
        lease_token: Rises with every claim, so that a slow worker cannot overwrite a later one's answer.
    """

    __tablename__ = "requests"
    __table_args__ = (
        Index(
            "ix_requests_due",
            "due_at",
            postgresql_where=text("due_at IS NOT NULL"),
            sqlite_where=text("due_at IS NOT NULL"),
        ),
        Index("ix_requests_created", "created_at"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    kind: Mapped[RequestKind] = mapped_column(words(RequestKind, "request_kind"))
    source: Mapped[str] = mapped_column(String(20))
    netsuite_account_id: Mapped[int] = mapped_column(ForeignKey("netsuite_accounts.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    params: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    state: Mapped[RequestState] = mapped_column(
        words(RequestState, "request_state"), default=RequestState.QUEUED
    )
    result: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    reason: Mapped[str] = mapped_column(String(40), default="")
    detail: Mapped[str] = mapped_column(Text, default="")
    actor: Mapped[str] = mapped_column(String(120))
    trace_id: Mapped[str] = mapped_column(String(32))
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[int] = mapped_column(default=0)

    netsuite: Mapped[NetSuiteAccount] = relationship(lazy="joined", innerjoin=True)
    account: Mapped[Account | None] = relationship(lazy="joined")


class KeptAnswer(Base):
    """What a request with an `Idempotency-Key` was answered, to be answered again.

    Attributes:
        token_id: Whose key it is.
        fingerprint: SHA-256 of the request, hex: another request under the same key is refused.
        status: The answer's HTTP status; 0 while the request is under way.
        headers: The answer's headers that belong to it, by name.
        began_at: When the request that is answered began.
    """

    __tablename__ = "kept_answers"
    __table_args__ = (Index("ix_kept_answers_began", "began_at"),)

    token_id: Mapped[int] = mapped_column(ForeignKey("api_tokens.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int] = mapped_column(default=0)
    headers: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    body: Mapped[str] = mapped_column(Text, default="")
    began_at: Mapped[datetime]
