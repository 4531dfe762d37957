"""The people and programs that may look and act: add them, let them go; all of it in the audit trail."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import audit
from ledger.models import ApiToken, Role, User

SHORTEST_PASSWORD: Final = 12
"""Characters; NIST SP 800-63B-4 section 3.1.1.2 asks for length and for no rules beyond it."""

LONGEST_TOKEN_LIFE: Final = timedelta(days=3650)
"""How far away the end of a token may be."""

_LONGEST_PASSWORD: Final = 1024  # characters; nobody types more, and hashing takes time
_LONGEST_EMAIL: Final = 254  # characters, RFC 5321 section 4.5.3.1.3
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_TOKEN_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_TOKEN_PREFIX: Final = "rst_"  # noqa: S105 - lets secret scanners find a token that leaked
_TOKEN_BYTES: Final = 32

# Argon2id with the parameters of RFC 9106 section 4, the low-memory choice, which are the library's defaults.
_HASHER: Final = PasswordHasher()


class PeopleError(Exception):
    """Raised when a person or token cannot be added, found or changed as asked; the message names the mend.

    Attributes:
        reason: `bad_email`, `bad_password`, `bad_name`, `bad_lifetime`, `exists` or `not_found`.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def add_user(session: Session, email: str, role: Role, password: str, *, now: datetime, actor: str) -> User:
    """Let a person sign in; somebody who was disabled comes back with the new role and password.

    Raises:
        PeopleError: If the address or password is not acceptable, or the person may sign in already.
    """
    email = _address(email)
    _check_password(password)
    user = session.scalar(select(User).where(User.email == email).with_for_update())
    if user is not None and user.disabled_at is None:
        raise PeopleError("exists", f"{email} may sign in already; disable them first to start anew")
    if user is None:
        user = User(email=email, created_at=now)
        session.add(user)
    user.role = role
    user.password_hash = _HASHER.hash(password)
    user.disabled_at = None
    session.flush()
    audit.write(session, "user", user.id, "add", at=now, actor=actor, note=f"{email}, {role}")
    return user


def users(session: Session) -> Sequence[User]:
    """Return everybody, disabled ones included, by e-mail address."""
    return session.scalars(select(User).order_by(User.email)).all()


def disable_user(session: Session, email: str, *, now: datetime, actor: str) -> User:
    """Let a person sign in no more; their entries in the audit trail stay.

    Raises:
        PeopleError: `not_found`.
    """
    email = _address(email)
    user = session.scalar(select(User).where(User.email == email).with_for_update())
    if user is None:
        raise PeopleError("not_found", f"there is no user {email}; `refund-sync user list` shows them")
    if user.disabled_at is None:
        user.disabled_at = now
        audit.write(session, "user", user.id, "disable", at=now, actor=actor, note=email)
    return user


def add_token(
    session: Session, name: str, role: Role, life: timedelta, *, now: datetime, actor: str
) -> tuple[ApiToken, str]:
    """Make a bearer token of the API; return it with its text, which is kept nowhere.

    Raises:
        PeopleError: If the name or lifetime is not acceptable, or the name is taken.
    """
    if not _TOKEN_NAME.fullmatch(name):
        raise PeopleError("bad_name", f"{name!r} is not a name of letters, digits, '.', '_' and '-'")
    if not timedelta() < life <= LONGEST_TOKEN_LIFE:
        raise PeopleError("bad_lifetime", f"a token lives at least a day, at most {LONGEST_TOKEN_LIFE.days}")
    if session.scalar(select(ApiToken.id).where(ApiToken.name == name)):
        raise PeopleError("exists", f"there is or was a token {name!r}; choose another name")
    text = _TOKEN_PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
    token = ApiToken(name=name, role=role, token_hash=token_hash(text), expires_at=now + life, created_at=now)
    session.add(token)
    session.flush()
    audit.write(session, "token", token.id, "add", at=now, actor=actor, note=f"{name}, {role}")
    return token, text


def tokens(session: Session) -> Sequence[ApiToken]:
    """Return every token, expired and revoked ones included, by name."""
    return session.scalars(select(ApiToken).order_by(ApiToken.name)).all()


def revoke_token(session: Session, name: str, *, now: datetime, actor: str) -> ApiToken:
    """End a token now.

    Raises:
        PeopleError: `not_found`.
    """
    token = session.scalar(select(ApiToken).where(ApiToken.name == name).with_for_update())
    if token is None:
        raise PeopleError("not_found", f"there is no token {name!r}; `refund-sync token list` shows them")
    if token.revoked_at is None:
        token.revoked_at = now
        audit.write(session, "token", token.id, "revoke", at=now, actor=actor, note=name)
    return token


def token_hash(text: str) -> str:
    """Return what the ledger keeps of a token: its SHA-256, hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def _address(text: str) -> str:
    address = text.strip().lower()
    if not _EMAIL.fullmatch(address) or len(address) > _LONGEST_EMAIL:
        raise PeopleError("bad_email", f"{text!r} is not an e-mail address such as anna@example.com")
    return address


def _check_password(password: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD:
        raise PeopleError(
            "bad_password", f"a password has at least {SHORTEST_PASSWORD} characters, at most 1024"
        )
