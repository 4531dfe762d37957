"""The accounts: which storefront account is joined to which NetSuite account, and how."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ledger.models.base import Base, Key, words
from ledger.platforms import Platform


class Direction(StrEnum):
    """Which way an account's refunds are carried; one way only."""

    TO_NETSUITE = "to_netsuite"
    FROM_NETSUITE = "from_netsuite"


class _Joined:
    """What a storefront account and a NetSuite account have in common.

    Attributes:
        slug: The name in URLs and commands; lower-case letters, digits and hyphens.
        api_url: Where the platform's API is; empty means the platform's own address.
        credentials: Encrypted JSON object.
        webhook_secrets: Encrypted JSON list of the live secrets, newest first.
        paused_reason: Reason code while paused, else empty.
    """

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    api_url: Mapped[str] = mapped_column(String(255), default="")
    credentials: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    webhook_secrets: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    settings: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    paused_reason: Mapped[str] = mapped_column(String(40), default="")
    paused_detail: Mapped[str] = mapped_column(Text, default="")
    paused_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class NetSuiteAccount(_Joined, Base):
    """One NetSuite account (company).

    Attributes:
        account_id: NetSuite's own id, such as `1234567_SB1`.
        concurrency: Requests that may be in flight at once, over all of our processes.
    """

    __tablename__ = "netsuite_accounts"

    account_id: Mapped[str] = mapped_column(String(40), unique=True)
    concurrency: Mapped[int] = mapped_column(default=5)


class Account(_Joined, Base):
    """One storefront account (one shop, one seller id) joined to one NetSuite account.

    Attributes:
        platform: Of no CHECK in the database, so that a further platform needs no migration.
        storefront_id: The platform's own name of it: a shop's domain, a seller id.
        direction: One column, so that an account cannot have two directions.
    """

    __tablename__ = "accounts"
    __table_args__ = (UniqueConstraint("platform", "storefront_id"),)

    platform: Mapped[Platform] = mapped_column(words(Platform, "platform", is_checked=False))
    storefront_id: Mapped[str] = mapped_column(String(255))
    netsuite_account_id: Mapped[int] = mapped_column(ForeignKey("netsuite_accounts.id"))
    direction: Mapped[Direction] = mapped_column(words(Direction, "direction"))
    sync_enabled: Mapped[bool] = mapped_column(default=True)

    netsuite: Mapped[NetSuiteAccount] = relationship(lazy="joined", innerjoin=True)


class Setting(Base):
    """One setting of the whole installation."""

    __tablename__ = "settings"

    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
