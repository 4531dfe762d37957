"""Attempts: each try at carrying a refund across, with the calls it made."""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from ledger.models import Attempt, Refund


def begin(session: Session, refund: Refund, *, now: datetime) -> None:
    """Note that a worker starts on its claim of a refund."""
    session.add(
        Attempt(refund_id=refund.id, lease_token=refund.lease_token, started_at=now, calls=[], detail="")
    )
    session.flush()


def end(
    session: Session,
    refund_id: int,
    token: int,
    *,
    now: datetime,
    outcome: str,
    reason: str,
    detail: str,
    calls: list[dict[str, Any]],
) -> None:
    """Note how an attempt ended; it is kept even where the claim was lost meanwhile."""
    session.execute(
        update(Attempt)
        .where(Attempt.refund_id == refund_id, Attempt.lease_token == token)
        .values(ended_at=now, outcome=outcome, reason=reason, detail=detail, calls=calls)
        .execution_options(synchronize_session=False)
    )


def abandon(session: Session, refund_id: int, *, now: datetime) -> int:
    """Close the attempts that never ended, because their worker was killed; return how many."""
    abandoned = session.execute(
        update(Attempt)
        .where(Attempt.refund_id == refund_id, Attempt.ended_at.is_(None))
        .values(ended_at=now, outcome="abandoned", reason="INTERNAL", detail="the worker was killed")
        .returning(Attempt.id)
    )
    return len(abandoned.all())
