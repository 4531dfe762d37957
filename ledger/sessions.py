"""Who is signed in to the portal: sessions kept here, so that a changed role or password ends them at once.

Lifetimes follow NIST SP 800-63B-4 section 2.2.3 (at most 24 hours, at most an hour of inactivity).
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from ledger.models import PortalSession, User

IDLE: Final = timedelta(hours=1)
"""How long a person may do nothing."""

LONGEST: Final = timedelta(hours=12)
"""How long a session lasts, whatever the person does."""

CODE_DUE: Final = timedelta(minutes=5)
"""How long the second factor may be waited for."""

_SEEN_STEP: Final = timedelta(minutes=1)  # so that not every page is a write
_TOKEN_BYTES: Final = 32
_ADDRESS_LENGTH: Final = 60
_BROWSER_LENGTH: Final = 200


def new_token() -> str:
    """Return a cookie's text that nobody can guess."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def begin(
    session: Session, user: User, *, now: datetime, address: str = "", browser: str = "", awaits_code: bool
) -> str:
    """Sign a person in, and drop the sessions that are over; return the cookie's text, which is kept nowhere.

    Args:
        session: A writing transaction.
        user: Who it is.
        now: The time, in UTC.
        address: Where the person signs in from.
        browser: What the browser calls itself.
        awaits_code: Whether the second factor is still due.
    """
    session.execute(delete(PortalSession).where(PortalSession.expires_at <= now))
    token = new_token()
    session.add(
        PortalSession(
            token_hash=_hash(token),
            user_id=user.id,
            awaits_code=awaits_code,
            created_at=now,
            seen_at=now,
            expires_at=now + (CODE_DUE if awaits_code else LONGEST),
            address=address[:_ADDRESS_LENGTH],
            browser=browser[:_BROWSER_LENGTH],
            notices=[],
        )
    )
    session.flush()
    return token


def find(session: Session, token: str, *, now: datetime) -> PortalSession | None:
    """Return the live session of a cookie with its person; None if it is over or there never was one."""
    query = select(PortalSession).where(
        PortalSession.token_hash == _hash(token),
        PortalSession.expires_at > now,
        PortalSession.seen_at > now - IDLE,
    )
    found = session.scalar(query)
    return None if found is None or found.user.disabled_at is not None else found


def is_stale(found: PortalSession, *, now: datetime) -> bool:
    """Tell whether it is time to write down that the person is still there."""
    return now - found.seen_at >= _SEEN_STEP


def touch(session: Session, token_hash: str, *, now: datetime) -> None:
    """Write down that the person did something."""
    session.execute(update(PortalSession).where(PortalSession.token_hash == token_hash).values(seen_at=now))


def keep_notices(session: Session, token_hash: str, notices: Sequence[Sequence[str]]) -> None:
    """Keep what the person is to be told on the next page."""
    kept = [list(each) for each in notices]
    session.execute(update(PortalSession).where(PortalSession.token_hash == token_hash).values(notices=kept))


def end(session: Session, token_hash: str) -> None:
    """Sign a person out at one browser."""
    session.execute(delete(PortalSession).where(PortalSession.token_hash == token_hash))


def end_all(session: Session, user_id: int, *, but: str = "") -> int:
    """Sign a person out everywhere, but for one session; return how many ended."""
    ended = session.execute(
        delete(PortalSession)
        .where(PortalSession.user_id == user_id, PortalSession.token_hash != but)
        .returning(PortalSession.token_hash)
    )
    return len(ended.all())


def of_user(session: Session, user_id: int, *, now: datetime) -> Sequence[PortalSession]:
    """Return a person's live sessions, newest first."""
    query = select(PortalSession).where(
        PortalSession.user_id == user_id,
        PortalSession.awaits_code.is_(False),
        PortalSession.expires_at > now,
        PortalSession.seen_at > now - IDLE,
    )
    return session.scalars(query.order_by(PortalSession.created_at.desc())).all()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
