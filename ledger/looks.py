"""Looks at where a refund came from: two may overlap, and what the first saw must not replace what is newer.

Whoever looks takes down before what the ledger knew then. If somebody else took something over meanwhile,
nobody can say whose is newer, whatever their clocks say: so the look is thrown away, and another one taken.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.models import Refund


class StaleLookError(Exception):
    """Raised when somebody else took news of a refund over since a look at its source began.

    Attributes:
        reason: Always `stale_look`.
    """

    reason = "stale_look"


@dataclass(frozen=True, slots=True)
class Look:
    """A look at a refund's source that is under way.

    Attributes:
        began_at: In UTC.
        known: When what the ledger knew of the refund then had been seen; None if it did not know it.
    """

    began_at: datetime
    known: datetime | None


def begin(
    session: Session, account_ids: Collection[int], origin: str, source_refund_id: str, *, now: datetime
) -> Look:
    """Begin to look at a refund, before its source is asked.

    Args:
        session: To ask the ledger.
        account_ids: The accounts that it may be of.
        origin: The source channel.
        source_refund_id: Its id there.
        now: The time, in UTC.
    """
    known = session.scalar(
        select(Refund.facts_at).where(
            Refund.account_id.in_(account_ids),
            Refund.origin == origin,
            Refund.source_refund_id == source_refund_id,
        )
    )
    return Look(now, known)


def check(refund: Refund, look: Look) -> None:
    """Make sure that nobody took news of a refund over since a look began; its row is locked.

    Raises:
        StaleLookError: If somebody did.
    """
    if refund.facts_at != look.known:
        raise StaleLookError(f"there was news of refund {refund.id} while it was read")
