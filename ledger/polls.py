"""Polls: when an account is asked next for what no webhook told of, and how far it was read.

What a poll finds is written down as a delivery and goes the same way as one, under a key made of what
changed and when, so that it can double neither a webhook nor another poll.
"""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from ledger import deliveries
from ledger.deliveries import NewDelivery
from ledger.events import Event, OrderTouched
from ledger.models import Account, NetSuiteAccount, Poll, Refund
from ledger.models.accounts import Direction
from ledger.reasons import reason as known_reason
from ledger.upsert import insert

TOPIC: Final = "poll"
"""Of the deliveries that a poll writes, in which no webhook told of anything."""

LEASE = timedelta(minutes=5)
"""How long a worker has for one poll before another may take it over."""

JITTER = 0.2
"""By what share of the interval a poll comes earlier or later, so that they spread by themselves."""

_LONGEST_BACKOFF = timedelta(hours=6)
_MOST_DOUBLINGS = 8


@dataclass(frozen=True, slots=True)
class Found:
    """Something that changed, as a poll found it.

    Attributes:
        event: What a webhook would have told.
        name: What it is called, for the log and the delivery's topic.
        version: Tells this change apart from earlier ones of the same.
    """

    event: Event
    name: str
    version: str


def ensure(session: Session, *, now: datetime) -> int:
    """Make sure that every account and NetSuite account is polled; return how many were not yet.

    The first poll begins with what happened since they were added: until now nobody listened.
    """
    made = 0
    polled = select(Poll.account_id).where(Poll.account_id.is_not(None))
    for account in session.scalars(select(Account).where(Account.id.not_in(polled))):
        made += _add(session, account.platform.value, account, account.netsuite_account_id, now=now)
    asked = select(Poll.netsuite_account_id).where(Poll.account_id.is_(None))
    for books in session.scalars(select(NetSuiteAccount).where(NetSuiteAccount.id.not_in(asked))):
        made += _add(session, "netsuite", books, books.id, now=now)
    return made


def _add(
    session: Session, source: str, owner: Account | NetSuiteAccount, netsuite_id: int, *, now: datetime
) -> int:
    values = {
        "source": source,
        "netsuite_account_id": netsuite_id,
        "account_id": owner.id if isinstance(owner, Account) else None,
        "watermark": owner.created_at,
        "due_at": now,
        "failures": 0,
        "found": 0,
        "reason": "",
        "detail": "",
        "lease_token": 0,
    }
    made = session.execute(insert(session, Poll).values(values).on_conflict_do_nothing().returning(Poll.id))
    return 0 if made.scalar() is None else 1


def hurry(
    session: Session, owner: Account | NetSuiteAccount, *, now: datetime, spares_failed: bool = False
) -> Poll:
    """Let an account be asked now rather than when it is due, and return its poll.

    One that is under way is left to end: its `lease_until` lies ahead.

    Args:
        session: A writing transaction.
        owner: Who is to be asked.
        now: The time, in UTC.
        spares_failed: A platform that could not be asked last time is asked when that is due: nobody but a
            person may press it.
    """
    if isinstance(owner, Account):
        _add(session, owner.platform.value, owner, owner.netsuite_account_id, now=now)
        its = Poll.account_id == owner.id
    else:
        _add(session, "netsuite", owner, owner.id, now=now)
        its = and_(Poll.netsuite_account_id == owner.id, Poll.account_id.is_(None))
    free = or_(Poll.lease_until.is_(None), Poll.lease_until <= now)
    at_rest = and_(free, Poll.failures == 0) if spares_failed else free
    session.execute(update(Poll).where(its, at_rest).values(due_at=now, not_before=None))
    return session.scalars(select(Poll).where(its).execution_options(populate_existing=True)).one()


def claim(session: Session, poll_id: int, *, now: datetime) -> Poll | None:
    """Take a poll for `LEASE`; return None if somebody else has it, or its time has not come.

    Wake-up calls are repeated while a queue is full, so that many may stand in it for one poll.
    """
    free = or_(Poll.lease_until.is_(None), Poll.lease_until <= now)
    ripe = or_(Poll.not_before.is_(None), Poll.not_before <= now)
    claimed = session.execute(
        update(Poll)
        .where(Poll.id == poll_id, free, ripe)
        .values(lease_until=now + LEASE, due_at=now + LEASE, lease_token=Poll.lease_token + 1)
        .returning(Poll.id)
    ).scalar()
    return None if claimed is None else session.get_one(Poll, poll_id, populate_existing=True)


def renew(session: Session, poll: Poll, *, now: datetime) -> bool:
    """Begin the lease anew; return False if the claim is over."""
    return _settle(session, poll, {"lease_until": now + LEASE, "due_at": now + LEASE})


def advance(session: Session, poll: Poll, watermark: datetime, *, now: datetime) -> bool:
    """Keep how far was read and begin the lease anew; return False if the claim is over."""
    values = {"watermark": watermark, "lease_until": now + LEASE, "due_at": now + LEASE}
    return _settle(session, poll, values)


def finish(
    session: Session, poll: Poll, *, found: int, interval: timedelta, now: datetime, is_behind: bool = False
) -> bool:
    """Give a poll back until its next time; return False if the claim is over.

    Args:
        session: A writing transaction.
        poll: As it was claimed.
        found: What it brought that was not known.
        interval: How long until the next, give or take `JITTER`.
        now: The time, in UTC.
        is_behind: There is more to read already, so that the next comes at once.
    """
    due = now if is_behind else now + interval * _spread()
    values = {"found": found, "failures": 0, "reason": "", "detail": "", "ended_at": now}
    return _settle(session, poll, {**values, "due_at": due, "not_before": due, "lease_until": None})


def fail(
    session: Session,
    poll: Poll,
    reason: str,
    detail: str,
    *,
    interval: timedelta,
    now: datetime,
    retry_after: float | None = None,
) -> bool:
    """Put a poll off that could not be done, longer each time; return False if the claim is over.

    It never comes before the `retry_after` seconds are over that the platform asked for.
    """
    wait = min(_LONGEST_BACKOFF, interval * 2 ** min(poll.failures, _MOST_DOUBLINGS)) * _spread()
    due = now + max(wait, timedelta(seconds=retry_after or 0.0))
    values = {"failures": poll.failures + 1, "reason": known_reason(reason).code, "detail": detail}
    return _settle(
        session, poll, {**values, "ended_at": now, "due_at": due, "not_before": due, "lease_until": None}
    )


def _spread() -> float:
    return 1 + JITTER * (2 * random.random() - 1)  # noqa: S311 - jitter, not a secret


def _settle(session: Session, poll: Poll, values: Mapping[str, object]) -> bool:
    settled = session.execute(
        update(Poll)
        .where(Poll.id == poll.id, Poll.lease_token == poll.lease_token)
        .values(**values)
        .returning(Poll.id)
    )
    return settled.scalar() is not None


def take(
    session: Session, poll: Poll, found: Iterable[Found], *, topic: str, trace_id: str, now: datetime
) -> list[int]:
    """Write what a poll found down as deliveries; return the new ones, for which a worker is to be woken."""
    made: list[int] = []
    for each in found:
        new = NewDelivery(
            source=poll.source,
            netsuite_account_id=poll.netsuite_account_id,
            account_id=poll.account_id,
            topic=topic,
            delivery_key=f"{topic}:{each.name}:{each.version}"[:255],
            headers={},
            body=b"",
            events=(each.event,),
            order_ref=each.event.order_id if isinstance(each.event, OrderTouched) else "",
            trace_id=trace_id,
        )
        delivery_id = deliveries.accept(session, new, now=now)
        if delivery_id is not None:
            made.append(delivery_id)
    return made


def knows_all(session: Session, account: Account, refund_ids: Iterable[str]) -> bool:
    """Tell whether every one of these refunds is written down and its money settled."""
    wanted = set(refund_ids)
    query = select(Refund.source_refund_id).where(
        Refund.account_id == account.id,
        Refund.origin == account.platform.value,
        Refund.source_refund_id.in_(wanted),
        Refund.money_state != "pending",
    )
    return bool(wanted) and set(session.scalars(query)) == wanted


def knows_record(
    session: Session, books: NetSuiteAccount, record_id: str, external_id: str, modified_at: datetime
) -> bool:
    """Tell whether a NetSuite refund is ours, or was read since it was changed."""
    joined = select(Account.id).where(Account.netsuite_account_id == books.id)
    read_since = (
        (Refund.origin == "netsuite")
        & (Refund.source_refund_id == record_id)
        & (Refund.facts_at >= modified_at)
    )
    ours = (Refund.origin != "netsuite") & (Refund.key == external_id)
    query = select(Refund.id).where(Refund.account_id.in_(joined), or_(read_since, ours))
    return session.scalar(query.limit(1)) is not None


def wants_netsuite_refunds(session: Session, books: NetSuiteAccount) -> bool:
    """Tell whether any joined account carries refunds from NetSuite."""
    query = select(Account.id).where(
        Account.netsuite_account_id == books.id,
        Account.direction == Direction.FROM_NETSUITE,
        Account.sync_enabled,
    )
    return session.scalar(query.limit(1)) is not None
