"""What a ledger has forgotten that was put back to an old backup, and which refunds that concerns.

Between the backup and its return, refunds were made that this ledger knows nothing of. Platforms that keep no
key of ours do not tell them from any other, so that they are looked for by amount, since the backup.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger import audit
from ledger.models import AuditEntry, Refund, Setting
from ledger.models.accounts import Direction
from ledger.states import Transition
from ledger.views import moment

_KEY: Final = "restored_from "
_UNCLEAR: Final = "OUTCOME_UNCLEAR"
_CLOCKS: Final = timedelta(minutes=1)  # by which NetSuite may be wrong about when a record was made


class RestoredError(ValueError):
    """Raised when no backup can be of the moment that was said.

    Attributes:
        reason: Always `bad_moment`.
    """

    reason = "bad_moment"


@dataclass(frozen=True, slots=True)
class Gap:
    """A time whose writes the ledger has forgotten.

    Attributes:
        since: When the backup was taken, in UTC.
        until: When it was said that it is back, in UTC; nothing was carried since it was put back.
    """

    since: datetime
    until: datetime


def tell(session: Session, backup_at: datetime, *, now: datetime, actor: str) -> Gap:
    """Note that the ledger was put back to a backup, and who said so.

    Nothing that was said before is taken back: of several times that may concern a refund, the earliest
    backup counts. So a moment that was too early does no harm but more questions, and one that was too late
    is mended by saying the right one.

    Args:
        session: A writing transaction.
        backup_at: When the backup was begun; earlier is safe.
        now: The time, in UTC.
        actor: Who says it.

    Raises:
        RestoredError: If that is still to come.
    """
    gap = Gap(backup_at.astimezone(UTC), now)
    if gap.since > now:
        raise RestoredError(f"no backup is of {moment(gap.since)}: it is only {moment(now)} now")
    session.merge(Setting(key=_KEY + gap.since.isoformat(), value=now.isoformat()))
    audit.write(session, "installation", 0, "restored", at=now, actor=actor, note=f"from {moment(gap.since)}")
    return gap


def gaps(session: Session) -> Sequence[Gap]:
    """Return every time whose writes the ledger has forgotten, that of the earliest backup first."""
    query = select(Setting).where(Setting.key.startswith(_KEY, autoescape=True))
    found = [
        Gap(datetime.fromisoformat(row.key.removeprefix(_KEY)), datetime.fromisoformat(row.value))
        for row in session.scalars(query)
    ]
    return sorted(found, key=lambda gap: gap.since)


def gap_of(session: Session, refund: Refund) -> Gap | None:
    """Return the time in which a NetSuite refund may have been made and been forgotten; None if in none.

    It may have been if its record was there by the end of that time. It was not forgotten if the ledger knows
    what it became, or began a write since, before which the storefront was asked. NetSuite finds what was
    posted to it by its key, so that the other direction needs none of this.

    Where a person was told that nobody knows, and asked for it to be posted all the same, they have looked.
    """
    if refund.direction is not Direction.FROM_NETSUITE or refund.target_id:
        return None
    began_at = refund.write_began_at
    found = [
        gap
        for gap in gaps(session)
        if refund.occurred_at < gap.until + _CLOCKS and (began_at is None or began_at < gap.until)
    ]
    if not found:
        return None
    gap = Gap(min(each.since for each in found), max(each.until for each in found))
    return None if _is_vouched_for(session, refund, gap) else gap


def _is_vouched_for(session: Session, refund: Refund, gap: Gap) -> bool:
    """Return whether a person asked for it to be posted after they were told that it may be there."""
    of_it = (AuditEntry.subject == "refund", AuditEntry.subject_id == refund.id)
    told = select(func.min(AuditEntry.id)).where(
        *of_it, AuditEntry.reason == _UNCLEAR, AuditEntry.at >= gap.until
    )
    asked = select(AuditEntry.id).where(
        *of_it, AuditEntry.action == Transition.POST_NOW, AuditEntry.id > told.scalar_subquery()
    )
    return session.scalar(asked.limit(1)) is not None
