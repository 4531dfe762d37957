"""Answers kept under the key that a client chose, so that a request that is sent twice is done once.

As the IETF's draft of the `Idempotency-Key` header asks
(https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header): the same key with another
request is refused, and so is a second one while the first is under way.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, or_, select, tuple_, update
from sqlalchemy.orm import Session

from ledger.models import KeptAnswer
from ledger.upsert import insert

KEPT: Final = timedelta(hours=24)
"""How long an answer is kept."""

PATIENCE: Final = timedelta(minutes=2)
"""How long a request may be under way; after it, the process that answered it is taken for dead."""

UNDER_WAY: Final = 0


class IdempotencyError(Exception):
    """Raised when a key cannot be used for a request.

    Attributes:
        reason: `idempotency_key_reused`, or `idempotency_key_in_use`.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Claim:
    """A key that a request may be done under.

    Attributes:
        began_at: When it was claimed, which tells this claim from a later one.
    """

    token_id: int
    key: str
    began_at: datetime


def claim(
    session: Session, token_id: int, key: str, fingerprint: str, *, now: datetime
) -> Claim | KeptAnswer:
    """Take a key for a request; return the claim, or the answer if the request was answered before.

    Args:
        session: A writing transaction of its own: others see the claim once it is committed.
        token_id: Whose key it is.
        key: What the client chose, at most 255 characters.
        fingerprint: Of the request, 64 characters at most.
        now: The time, in UTC.

    Raises:
        IdempotencyError: If the key was used for another request, or this one is under way.
    """
    mine = (KeptAnswer.token_id == token_id, KeptAnswer.key == key)
    is_dead = and_(KeptAnswer.status == UNDER_WAY, KeptAnswer.began_at <= now - PATIENCE)
    session.execute(delete(KeptAnswer).where(*mine, or_(KeptAnswer.began_at <= now - KEPT, is_dead)))
    values = {"token_id": token_id, "key": key, "fingerprint": fingerprint, "began_at": now}
    made = session.execute(
        insert(session, KeptAnswer)
        .values({**values, "status": UNDER_WAY, "headers": {}, "body": ""})
        .on_conflict_do_nothing()
        .returning(KeptAnswer.key)
    )
    if made.scalar() is not None:
        return Claim(token_id, key, now)
    kept = session.scalars(select(KeptAnswer).where(*mine)).one_or_none()
    if kept is not None and kept.fingerprint != fingerprint:
        raise IdempotencyError("idempotency_key_reused", "this Idempotency-Key was used for another request")
    if kept is None or kept.status == UNDER_WAY:  # it may just have been given back
        raise IdempotencyError(
            "idempotency_key_in_use", "the request with this Idempotency-Key is still under way"
        )
    return kept


def keep(session: Session, claimed: Claim, status: int, headers: dict[str, str], body: str) -> None:
    """Keep the answer of a request; does nothing if the claim is over."""
    session.execute(update(KeptAnswer).where(*_of(claimed)).values(status=status, headers=headers, body=body))


def release(session: Session, claimed: Claim) -> None:
    """Give a key back, since its request was not done: it may be sent again."""
    session.execute(delete(KeptAnswer).where(*_of(claimed)))


def _of(claimed: Claim) -> tuple[ColumnElement[bool], ...]:
    return (
        KeptAnswer.token_id == claimed.token_id,
        KeptAnswer.key == claimed.key,
        KeptAnswer.began_at == claimed.began_at,
        KeptAnswer.status == UNDER_WAY,
    )


def forget(session: Session, *, now: datetime, limit: int) -> int:
    """Delete answers that were kept long enough; return how many."""
    old = select(KeptAnswer.token_id, KeptAnswer.key).where(KeptAnswer.began_at <= now - KEPT).limit(limit)
    pair = tuple_(KeptAnswer.token_id, KeptAnswer.key)
    gone = session.execute(delete(KeptAnswer).where(pair.in_(old)).returning(KeptAnswer.key))
    return len(gone.all())
