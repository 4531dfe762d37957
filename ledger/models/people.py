"""The people and programs that may look and act."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ledger.models.base import Base, Key, words


class Role(StrEnum):
    """What somebody may do: look; act on refunds; configure."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def may(self, least: "Role") -> bool:
        """Tell whether this role is enough where `least` is asked for: each includes those before it."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(least)


class User(Base):
    """A person who may sign in.

    Attributes:
        password_hash: Argon2id.
        totp_secret: Sealed; empty without a second factor.
        totp_since: When the second factor was confirmed; null while it is only being set up.
        totp_step: The time step of the last code taken, so that none is taken twice.
        recovery_codes: SHA-256 of each code that was not used yet, hex.
    """

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    email: Mapped[str] = mapped_column(String(255), unique=True)
    role: Mapped[Role] = mapped_column(words(Role, "role"))
    password_hash: Mapped[str] = mapped_column(String(255))
    totp_secret: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    totp_since: Mapped[datetime | None]
    totp_step: Mapped[int] = mapped_column(BigInteger, default=0)
    recovery_codes: Mapped[list[Any]] = mapped_column(JSON, default=list)
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class PortalSession(Base):
    """Somebody's being signed in at one browser.

    Attributes:
        token_hash: SHA-256 of the cookie, hex; the cookie has 256 random bits.
        awaits_code: The password was right, the second factor is still due.
        seen_at: When the person last did something.
        expires_at: When it is over, whatever the person does.
        address: Where the person signed in from.
        browser: What the browser called itself.
        notices: What to tell the person on the next page, as `[kind, text]`.
    """

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_user", "user_id"), Index("ix_sessions_expires", "expires_at"))

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    awaits_code: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(60), default="")
    browser: Mapped[str] = mapped_column(String(200), default="")
    notices: Mapped[list[Any]] = mapped_column(JSON, default=list)

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class SignInTries(Base):
    """How often somebody tried to sign in, counted in windows of time.

    Attributes:
        key: SHA-256 of what is counted: an address, an account, or both; hex.
        began_at: When the window began.
    """

    __tablename__ = "sign_in_tries"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    began_at: Mapped[datetime] = mapped_column(index=True)
    tries: Mapped[int]


class ApiToken(Base):
    """A bearer token of the API.

    Attributes:
        token_hash: SHA-256 of the token, hex; the token has 256 random bits, so no slow hash is needed.
    """

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    role: Mapped[Role] = mapped_column(words(Role, "role"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
