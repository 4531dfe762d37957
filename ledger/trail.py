"""The audit trail as people look through it: newest first, filtered, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from ledger.models import AuditEntry

SUBJECTS: Final = (
    "refund",
    "delivery",
    "order_link",
    "account",
    "netsuite_account",
    "run",
    "user",
    "token",
    "alert_channel",
    "installation",
)
"""What entries are about."""


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """Which entries; what is empty does not narrow them down.

    Attributes:
        subject: What they are about: one of `SUBJECTS`.
        subject_id: Its id; 0 for every one.
        since: The earliest time, in UTC.
        until: The latest time, in UTC.
        after: Time and id of the last entry of the page before.
    """

    actor: str = ""
    action: str = ""
    subject: str = ""
    subject_id: int = 0
    since: datetime | None = None
    until: datetime | None = None
    after: tuple[datetime, int] | None = None
    limit: int = 50


def page(session: Session, wanted: TrailFilter) -> Sequence[AuditEntry]:
    """Return entries of the trail, newest first."""
    query = select(AuditEntry).order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
    for column, value in (
        (AuditEntry.actor, wanted.actor),
        (AuditEntry.action, wanted.action),
        (AuditEntry.subject, wanted.subject),
    ):
        if value:
            query = query.where(column == value)
    if wanted.subject_id:
        query = query.where(AuditEntry.subject_id == wanted.subject_id)
    if wanted.since:
        query = query.where(AuditEntry.at >= wanted.since)
    if wanted.until:
        query = query.where(AuditEntry.at <= wanted.until)
    if wanted.after:
        at, id_ = wanted.after
        query = query.where(AuditEntry.at <= at, tuple_(AuditEntry.at, AuditEntry.id) < tuple_(at, id_))
    return session.scalars(query.limit(wanted.limit)).all()
