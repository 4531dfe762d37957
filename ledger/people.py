"""The people and programs that may look and act: add them, let them go; all of it in the audit trail."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import audit, sessions
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
_PASSWORD_BYTES: Final = 15  # 20 characters

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
    user.totp_secret, user.totp_since, user.recovery_codes = b"", None, []
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
        sessions.end_all(session, user.id)
        audit.write(session, "user", user.id, "disable", at=now, actor=actor, note=email)
    return user


def by_email(session: Session, email: str) -> User | None:
    """Return the person of an e-mail address who may sign in; None if there is none."""
    query = select(User).where(User.email == email.strip().lower(), User.disabled_at.is_(None))
    return session.scalar(query)


def is_password(user: User | None, password: str) -> bool:
    """Tell whether it is the person's password; takes as long for nobody. Slow on purpose: no transaction."""
    try:
        _HASHER.verify(user.password_hash if user else _nobodys_hash(), password[:_LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False
    return user is not None


@cache
def _nobodys_hash() -> str:
    """Return what a password is compared with where there is no such person, so that it takes as long."""
    return _HASHER.hash(secrets.token_urlsafe())


def set_role(session: Session, user_id: int, role: Role, *, now: datetime, actor: str) -> User:
    """Give a person another role; they sign in anew.

    Raises:
        PeopleError: `not_found`.
    """
    user = _changing(session, user_id)
    if user.role != role:
        audit.write(
            session,
            "user",
            user.id,
            "set_role",
            at=now,
            actor=actor,
            note=f"{user.email}, {user.role} to {role}",
        )
        user.role = role
        sessions.end_all(session, user.id)
    return user


def set_password(
    session: Session, user_id: int, password: str, *, now: datetime, actor: str, keep_session: str = ""
) -> User:
    """Give a person another password; they are signed out everywhere but for one session.

    Raises:
        PeopleError: `not_found`, or `bad_password`.
    """
    _check_password(password)
    user = _changing(session, user_id)
    user.password_hash = _HASHER.hash(password)
    sessions.end_all(session, user.id, but=keep_session)
    audit.write(session, "user", user.id, "set_password", at=now, actor=actor, note=user.email)
    return user


def new_password() -> str:
    """Return a password for somebody to sign in with once and change."""
    return secrets.token_urlsafe(_PASSWORD_BYTES)


def _changing(session: Session, user_id: int) -> User:
    user = session.scalar(select(User).where(User.id == user_id).with_for_update())
    if user is None or user.disabled_at is not None:
        raise PeopleError("not_found", "there is no such user, or they are disabled")
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


def by_token(session: Session, text: str, *, now: datetime) -> ApiToken | None:
    """Return the token of a text; None if there is none, or it was revoked or is expired."""
    query = select(ApiToken).where(
        ApiToken.token_hash == token_hash(text), ApiToken.revoked_at.is_(None), ApiToken.expires_at > now
    )
    return session.scalar(query)


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
