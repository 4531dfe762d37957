"""The outbox of alerts: a channel is claimed by lease, its notices become messages, messages are sent.

A message is written down before it is sent and keeps its key at every try, so that whoever receives it knows
what came twice: a sender that is killed after it sent and before it said so sends again.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import Exists

from ledger.models import (
    Account,
    Alert,
    AlertChannel,
    AlertMessage,
    AlertNotice,
    NetSuiteAccount,
    News,
    Phase,
)

LEASE: Final = timedelta(minutes=5)
"""How long a sender has for one message before another may take the channel over."""

_AT_ONCE: Final = 1000  # ids in one statement


@dataclass(frozen=True, slots=True)
class Entry:
    """One notice as it is told.

    Attributes:
        account: The slug of the account, or of the NetSuite account.
    """

    alert: Alert
    phase: Phase
    account: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What a message tells.

    Attributes:
        entries: The first of its notices.
        numbers: How many notices it tells of, by what of which kind.
    """

    entries: Sequence[Entry]
    numbers: Mapping[tuple[Phase, News], int]


def ready(session: Session, *, now: datetime) -> Sequence[int]:
    """Return the channels for which something may be sent now; a claim tells whether it still may."""
    waits = exists().where(AlertNotice.channel_id == AlertChannel.id, AlertNotice.message_id.is_(None))
    query = select(AlertChannel.id).where(
        _free(now),
        or_(and_(AlertChannel.is_on, _ripe(now), or_(waits, _unsent())), _tried_out()),
    )
    return session.scalars(query.order_by(AlertChannel.id)).all()


def claim(session: Session, channel_id: int, *, now: datetime) -> AlertChannel | None:
    """Take a channel for `LEASE`; return None if it is gone, its time has not come or somebody has it.

    Who tries a channel out does not wait until its time has come.
    """
    claimed = session.execute(
        update(AlertChannel)
        .where(AlertChannel.id == channel_id, _free(now), or_(_ripe(now), _tried_out()))
        .values(lease_until=now + LEASE, lease_token=AlertChannel.lease_token + 1)
        .returning(AlertChannel.id)
    ).scalar()
    return None if claimed is None else session.get_one(AlertChannel, claimed, populate_existing=True)


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(AlertChannel.lease_until.is_(None), AlertChannel.lease_until <= now)


def _ripe(now: datetime) -> ColumnElement[bool]:
    return or_(AlertChannel.not_before.is_(None), AlertChannel.not_before <= now)


def _unsent() -> Exists:
    return exists().where(AlertMessage.channel_id == AlertChannel.id, _to_send())


def _tried_out() -> Exists:
    return _unsent().where(AlertMessage.is_test)


def _to_send() -> ColumnElement[bool]:
    """Return whether a message is to be sent; a test is once, since whoever asked sees that it failed."""
    is_open = or_(AlertMessage.is_test.is_(False), AlertMessage.tries == 0)
    return and_(AlertMessage.sent_at.is_(None), is_open)


def renew(session: Session, channel: AlertChannel, *, now: datetime) -> bool:
    """Begin the lease anew; return False if the claim is over."""
    return _settle(session, channel, {"lease_until": now + LEASE})


def unsent(session: Session, channel: AlertChannel) -> Sequence[AlertMessage]:
    """Return the messages that are to be sent, tests first; of a channel that is off, tests only."""
    query = select(AlertMessage).where(AlertMessage.channel_id == channel.id, _to_send())
    if not channel.is_on:
        query = query.where(AlertMessage.is_test)
    return session.scalars(query.order_by(AlertMessage.is_test.desc(), AlertMessage.id)).all()


def pending(session: Session, channel: AlertChannel) -> Sequence[tuple[int, datetime, bool, str]]:
    """Return the notices that no message tells yet, oldest first: id, since when, whether held, trace."""
    query = (
        select(AlertNotice.id, AlertNotice.since, AlertNotice.was_held, Alert.trace_id)
        .join(Alert, Alert.id == AlertNotice.alert_id)
        .where(AlertNotice.channel_id == channel.id, AlertNotice.message_id.is_(None))
    )
    return session.execute(query.order_by(AlertNotice.id)).all()


def sent_since(session: Session, channel: AlertChannel, since: datetime) -> Sequence[datetime]:
    """Return when messages were sent after a time, tests aside, oldest first."""
    query = select(AlertMessage.sent_at).where(
        AlertMessage.channel_id == channel.id, AlertMessage.sent_at > since, AlertMessage.is_test.is_(False)
    )
    return [at for at in session.scalars(query.order_by(AlertMessage.sent_at)) if at is not None]


def pack(
    session: Session, channel: AlertChannel, notices: Collection[int], *, held: int, now: datetime
) -> AlertMessage:
    """Make a message of notices that none tells yet, in a transaction that `renew` has begun.

    Args:
        session: A writing transaction.
        channel: As it was claimed.
        notices: Their ids.
        held: How many of them had to wait because of the hourly cap.
        now: The time, in UTC.
    """
    message = AlertMessage(
        key=uuid.uuid4().hex,
        channel_id=channel.id,
        number=len(notices),
        held=held,
        created_at=now,
        sent_at=None,
    )
    session.add(message)
    session.flush()
    _mark(session, notices, {"message_id": message.id})
    return message


def hold(session: Session, notices: Collection[int]) -> None:
    """Remember that notices had to wait because of the hourly cap."""
    _mark(session, notices, {"was_held": True})


def _mark(session: Session, notices: Collection[int], values: Mapping[str, object]) -> None:
    ids = sorted(notices)
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        session.execute(
            update(AlertNotice)
            .where(AlertNotice.id.in_(some))
            .values(**values)
            .execution_options(synchronize_session=False)
        )


def contents(session: Session, message: AlertMessage, *, limit: int) -> Contents:
    """Return what a message tells: its first notices, and how many of each kind there are."""
    query = (
        select(AlertNotice.phase, Alert, Account.slug, NetSuiteAccount.slug)
        .join(Alert, Alert.id == AlertNotice.alert_id)
        .outerjoin(Account, Account.id == Alert.account_id)
        .outerjoin(NetSuiteAccount, NetSuiteAccount.id == Alert.netsuite_account_id)
        .where(AlertNotice.message_id == message.id)
        .order_by(AlertNotice.id)
        .limit(limit)
    )
    entries = [
        Entry(alert, phase, slug or books or "") for phase, alert, slug, books in session.execute(query)
    ]
    counted = (
        select(AlertNotice.phase, Alert.kind, func.count())
        .join(Alert, Alert.id == AlertNotice.alert_id)
        .where(AlertNotice.message_id == message.id)
        .group_by(AlertNotice.phase, Alert.kind)
    )
    return Contents(entries, {(phase, kind): number for phase, kind, number in session.execute(counted)})


def sent(
    session: Session, channel: AlertChannel, message: AlertMessage, *, detail: str, now: datetime
) -> bool:
    """Write down that a message was sent; return False if the claim is over.

    Args:
        session: A writing transaction.
        channel: As it was claimed.
        message: The message.
        detail: Who of several did not get it; empty if everybody did.
        now: The time, in UTC.
    """
    if not _settle(session, channel, {"failures": 0, "reason": "", "detail": detail, "told_at": now}):
        return False
    _end(session, message, {"sent_at": now, "reason": "", "detail": detail})
    return True


def failed(
    session: Session,
    channel: AlertChannel,
    message: AlertMessage,
    reason: str,
    detail: str,
    *,
    not_before: datetime,
) -> bool:
    """Write down that a message could not be sent, give the channel back until `not_before`.

    Returns:
        False if the claim is over.
    """
    values = {"failures": channel.failures + 1, "reason": reason, "detail": detail}
    if not _settle(session, channel, {**values, "not_before": not_before, "lease_until": None}):
        return False
    _end(session, message, {"reason": reason, "detail": detail})
    return True


def rest(session: Session, channel: AlertChannel, not_before: datetime | None) -> bool:
    """Give a channel back until a time, or until there is news; return False if the claim is over."""
    return _settle(session, channel, {"not_before": not_before, "lease_until": None})


def _end(session: Session, message: AlertMessage, values: Mapping[str, object]) -> None:
    session.execute(
        update(AlertMessage)
        .where(AlertMessage.id == message.id)
        .values(tries=AlertMessage.tries + 1, **values)
    )


def _settle(session: Session, channel: AlertChannel, values: Mapping[str, object]) -> bool:
    settled = session.execute(
        update(AlertChannel)
        .where(AlertChannel.id == channel.id, AlertChannel.lease_token == channel.lease_token)
        .values(**values)
        .returning(AlertChannel.id)
    )
    return settled.scalar() is not None


def messages(session: Session, channel_id: int, *, limit: int) -> Sequence[AlertMessage]:
    """Return the last messages to a channel, the newest first."""
    query = select(AlertMessage).where(AlertMessage.channel_id == channel_id)
    return session.scalars(query.order_by(AlertMessage.id.desc()).limit(limit)).all()


def waiting(session: Session) -> Mapping[int, int]:
    """Return how many notices wait to be told, by channel."""
    query = (
        select(AlertNotice.channel_id, func.count())
        .where(AlertNotice.message_id.is_(None))
        .group_by(AlertNotice.channel_id)
    )
    return dict(session.execute(query).all())


def forget(session: Session, before: datetime, *, limit: int) -> int:
    """Delete messages made before a time that were sent, and tests, with what they told; return how many."""
    is_done = or_(AlertMessage.sent_at.is_not(None), AlertMessage.is_test)
    old = select(AlertMessage.id).where(AlertMessage.created_at < before, is_done)
    some = old.order_by(AlertMessage.id).limit(limit)
    gone = delete(AlertMessage).where(AlertMessage.id.in_(some)).returning(AlertMessage.id)
    return len(session.execute(gone).all())
