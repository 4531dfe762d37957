"""Alerts: written in the transaction that makes something need a person, and handed to the channels later.

Of what is not cleared there is one alert for each subject, kind and reason, held by a unique index: a refund
that fails again for the same reason tells nobody again. Once it is cleared, the next failure is a new alert.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.orm import Session

from ledger.inserting import Inserting
from ledger.models import Account, Alert, AlertChannel, AlertNotice, NetSuiteAccount, News, Phase, Refund
from ledger.reasons import Recovery
from ledger.reasons import reason as known_reason
from ledger.states import State
from ledger.upsert import insert

Row = dict[str, Any]
"""The columns of an alert that is about to be raised."""

_WHAT_LENGTH: Final = 255  # characters; the width of the column
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NEWS_OF: Final[Mapping[State, News]] = {
    State.ERROR: News.ERROR,
    State.DISCREPANCY: News.DISCREPANCY,
    State.HELD: News.HELD,
}
_SETTLED: Final = frozenset({State.POSTED, State.RESOLVED, State.CANCELLED, State.IGNORED})


def row(
    kind: News,
    subject: str,
    subject_id: int,
    what: str,
    reason: str,
    detail: str,
    *,
    now: datetime,
    account_id: int | None = None,
    netsuite_account_id: int | None = None,
    trace_id: str = "",
) -> Row:
    """Return an alert's columns.

    Args:
        kind: What came up.
        subject: What it is about, in the audit trail's words.
        subject_id: Its id.
        what: The same in plain words.
        reason: A code of `ledger.reasons`.
        detail: What exactly happened.
        now: The time, in UTC.
        account_id: The storefront account it belongs to.
        netsuite_account_id: The NetSuite account, where it belongs to no storefront account.
        trace_id: The delivery's trace, where one stands behind it.
    """
    return {
        "kind": kind,
        "subject": subject,
        "subject_id": subject_id,
        "account_id": account_id,
        "netsuite_account_id": netsuite_account_id if account_id is None else None,
        "what": what[:_WHAT_LENGTH],
        "reason": known_reason(reason).code,
        "detail": detail,
        "trace_id": trace_id,
        "raised_at": now,
        "cleared_by": "",
        "is_shared": False,
        "news_at": now,
    }


def raise_all(connection: Connection, rows: Sequence[Row]) -> None:
    """Raise alerts, at least one, in the transaction that makes them true; those that are open stay as is."""
    _INSERTING.execute(connection, rows)


_INSERTING: Final = Inserting(Alert, tuple(row(News.ERROR, "", 0, "", "POSTED", "", now=_EPOCH)), ("id",))


def follow_refund(session: Session, refund: Refund, *, is_first: bool, now: datetime) -> None:
    """Raise or clear what a refund's move calls for, in the transaction that moves it.

    Args:
        session: The transaction.
        refund: The refund, moved already.
        is_first: It was under way for the first time, so that nothing can have been raised of it.
        now: The time, in UTC.
    """
    if refund.state in _SETTLED and not is_first:
        clear(session, "refund", refund.id, refund.state.value, now=now)
    kind = _NEWS_OF.get(refund.state)
    if kind is None:
        return
    if kind is News.ERROR and known_reason(refund.reason).recovery is Recovery.WAIT:
        kind = News.WAIT_OVER
    order = refund.storefront_order_name or refund.storefront_order_id
    raised = row(
        kind,
        "refund",
        refund.id,
        f"refund {refund.id} of order {order}, {refund.amount}",
        refund.reason,
        refund.detail,
        now=now,
        account_id=refund.account_id,
        trace_id=refund.trace_id,
    )
    raise_all(session.connection(), [raised])


def clear(session: Session, subject: str, subject_id: int, by: str, *, now: datetime) -> None:
    """Clear every alert of a subject, in the transaction that settles it; `by` says what did."""
    session.execute(
        update(Alert)
        .where(Alert.subject == subject, Alert.subject_id == subject_id, Alert.cleared_at.is_(None))
        .values(cleared_at=now, cleared_by=by, news_at=now)
    )


def share(session: Session, *, limit: int) -> int:
    """Hand news of alerts to every channel that is on and wants it; return of how many alerts.

    What a channel has stays its own: a channel made later is told of later alerts only. That something was
    cleared is told to those who were told of it, once for each subject; to whom it was not told yet, it is
    told together with the alert.
    """
    # Whatever is raised or cleared meanwhile waits for our lock, and is new again afterwards.
    query = select(Alert).where(Alert.news_at.is_not(None)).order_by(Alert.id).limit(limit)
    found = session.scalars(query.with_for_update(skip_locked=True)).all()
    if not found:
        return 0
    channels = {
        channel.id: channel
        for channel in session.scalars(
            select(AlertChannel).where(AlertChannel.is_on).order_by(AlertChannel.id)
        )
    }
    books = dict(session.execute(select(Account.id, Account.netsuite_account_id)).all())
    raised = [
        _notice(channel, alert, Phase.RAISED, f"raised:{alert.id}", alert.raised_at)
        for alert in found
        if not alert.is_shared
        for channel in channels.values()
        if wants(channel, alert, books)
    ]
    _put(session, raised)
    _put(session, _clearings(session, channels, {alert.id: alert for alert in found if alert.cleared_at}))
    for alert in found:
        alert.is_shared, alert.news_at = True, None
    return len(found)


def wants(channel: AlertChannel, alert: Alert, books: Mapping[int, int]) -> bool:
    """Tell whether a channel is to be told of an alert.

    Args:
        channel: The channel.
        alert: The alert.
        books: The NetSuite account's id of each storefront account, by its id.
    """
    if alert.kind.value not in channel.news:
        return False
    if not channel.account_ids:
        return True
    if alert.account_id is not None:
        return alert.account_id in channel.account_ids
    return alert.netsuite_account_id in {books.get(number) for number in channel.account_ids}


def _clearings(
    session: Session, channels: Mapping[int, AlertChannel], cleared: Mapping[int, Alert]
) -> list[Row]:
    """Return that alerts were cleared, for the channels that were told of them; the newest ones first."""
    told = session.execute(
        select(AlertNotice.channel_id, AlertNotice.alert_id)
        .where(
            AlertNotice.alert_id.in_(list(cleared)),
            AlertNotice.phase == Phase.RAISED,
            AlertNotice.message_id.is_not(None),
        )
        .order_by(AlertNotice.alert_id.desc())
    )
    made = []
    for channel_id, alert_id in told:
        channel, alert = channels.get(channel_id), cleared[alert_id]
        if channel is not None and channel.tells_cleared and alert.cleared_at is not None:
            at = (alert.cleared_at - _EPOCH) // timedelta(microseconds=1)
            key = f"cleared:{alert.subject}:{alert.subject_id}:{at}"
            made.append(_notice(channel, alert, Phase.CLEARED, key, alert.cleared_at))
    return made


def _notice(channel: AlertChannel, alert: Alert, phase: Phase, key: str, since: datetime) -> Row:
    return {
        "channel_id": channel.id,
        "alert_id": alert.id,
        "phase": phase,
        "key": key,
        "since": since,
        "was_held": False,
    }


def _put(session: Session, notices: Sequence[Row]) -> None:
    """Write notices down; of two with one key the first counts."""
    if notices:
        session.execute(insert(session, AlertNotice).on_conflict_do_nothing(), notices)


def forget(session: Session, before: datetime, *, limit: int) -> int:
    """Delete alerts raised before a time, with what was told of them; return how many."""
    old = select(Alert.id).where(Alert.raised_at < before).order_by(Alert.id).limit(limit)
    return len(session.execute(delete(Alert).where(Alert.id.in_(old)).returning(Alert.id)).all())


def latest(session: Session, *, limit: int) -> Sequence[Alert]:
    """Return the alerts raised last, the newest first."""
    return session.scalars(select(Alert).order_by(Alert.id.desc()).limit(limit)).all()


def of_account(
    kind: News, account: Account | NetSuiteAccount, subject: str, reason: str, detail: str, *, now: datetime
) -> Row:
    """Return the columns of an alert about an account itself; `subject` is the audit trail's word for it."""
    is_books = isinstance(account, NetSuiteAccount)
    what = f"{'NetSuite account' if is_books else 'account'} {account.slug}"
    return row(
        kind,
        subject,
        account.id,
        what,
        reason,
        detail,
        now=now,
        account_id=None if is_books else account.id,
        netsuite_account_id=account.id if is_books else None,
    )


def of_delivery(kind: News, number: int, delivery: Mapping[str, Any], *, now: datetime) -> Row:
    """Return the columns of an alert about a delivery, given by its id and its columns."""
    return row(
        kind,
        "delivery",
        number,
        f"delivery {number} from {delivery['source']} ({delivery['topic']})",
        delivery["reason"],
        delivery["detail"],
        now=now,
        account_id=delivery["account_id"],
        netsuite_account_id=delivery["netsuite_account_id"],
        trace_id=delivery["trace_id"],
    )
