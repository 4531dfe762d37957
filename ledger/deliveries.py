"""Deliveries: record once, claim by lease, finish."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Text, and_, bindparam, cast, delete, func, inspect, or_, select, update
from sqlalchemy.orm import Session

from ledger import alerts, audit
from ledger.autocommit import Autocommit
from ledger.events import Event, Unread, person_ref_of
from ledger.inserting import Inserting
from ledger.models import Delivery, News
from ledger.models.deliveries import DeliveryState
from ledger.reasons import reason as known_reason

LEASE = timedelta(seconds=90)
"""How long a worker has for one delivery before another may take it over, unless the installation says."""

GRACE = timedelta(seconds=5)
"""How long the wake-up call of a new delivery has before the scheduler repeats it."""

_FIRST_CLAIM: Final = 1  # the lease token that it gives; nothing was raised of a delivery before it


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """One verified request, ready to be written down.

    Attributes:
        reason: Empty, or why it is quarantined.
        person_ref: The platform's own id of the buyer it speaks of; kept hashed.
    """

    source: str
    netsuite_account_id: int
    account_id: int | None
    topic: str
    delivery_key: str
    headers: dict[str, str]
    body: bytes
    events: tuple[Event, ...]
    order_ref: str
    trace_id: str
    reason: str = ""
    detail: str = ""
    person_ref: str = ""


Row = dict[str, Any]
"""The columns of a delivery that is about to be written down."""


def row(new: NewDelivery, *, now: datetime) -> Row:
    """Return a delivery's columns.

    Raises:
        ledger.reasons.UnknownReasonError: If it is quarantined for no known reason.
    """
    return {
        "source": new.source,
        "netsuite_account_id": new.netsuite_account_id,
        "account_id": new.account_id,
        "topic": new.topic,
        "delivery_key": new.delivery_key,
        "headers": new.headers,
        "body": new.body,
        "events": [event.to_json() for event in new.events],
        "order_ref": new.order_ref,
        "person_ref": person_ref_of(new.person_ref),
        "state": DeliveryState.QUARANTINED if new.reason else DeliveryState.RECEIVED,
        "reason": known_reason(new.reason).code if new.reason else "",
        "detail": new.detail,
        "trace_id": new.trace_id,
        "received_at": now,
        "attempts": 0,
        "due_at": None if new.reason else now + GRACE,
        "lease_token": 0,
    }


def accept(session: Session, new: NewDelivery, *, now: datetime) -> int | None:
    """Write a delivery down; return its id, or None if one with its key is there already."""
    return accept_all(session.connection(), [row(new, now=now)]).get(new.trace_id)


def accept_all(connection: Connection, rows: Sequence[Row]) -> dict[str, int]:
    """Write deliveries down in one statement; return the ids of those that are new, by trace id.

    The database decides which of two is first, so that racing duplicates cannot both win. All transactions
    insert in the same order, so that two of them never wait for each other's keys. An alert is raised of each
    that is quarantined: where there may be one (`raises`), the connection must be in a transaction.
    """
    added = _INSERTING.execute(connection, sorted(rows, key=_order))
    ids: dict[str, int] = {trace_id: number for number, trace_id in added}
    raised = [
        alerts.of_delivery(News.QUARANTINED, ids[row["trace_id"]], row, now=row["received_at"])
        for row in rows
        if row["reason"] and row["trace_id"] in ids
    ]
    if raised:
        alerts.raise_all(connection, raised)
    return ids


def accept_without_alerts(autocommit: Autocommit, rows: Sequence[Row]) -> dict[str, int]:
    """Do the same where nothing is to be raised of any of them (`raises`), in a transaction of its own."""
    return {trace_id: number for number, trace_id in _INSERTING.run(autocommit, sorted(rows, key=_order))}


def raises(rows: Sequence[Row]) -> bool:
    """Tell whether an alert is to be raised of any of some deliveries that are about to be written down."""
    return any(row["reason"] for row in rows)


_COLUMNS: Final = (
    *("source", "netsuite_account_id", "account_id", "topic", "delivery_key", "headers", "body", "events"),
    *("order_ref", "person_ref", "state", "reason", "detail", "trace_id", "received_at", "attempts"),
    *("due_at", "lease_token"),
)
_INSERTING: Final = Inserting(Delivery, _COLUMNS, returning=("id", "trace_id"))


def _order(row: Mapping[str, Any]) -> tuple[int, int, str]:
    return row["netsuite_account_id"], row["account_id"] or 0, row["delivery_key"]


_UNREAD: Final = and_(
    Delivery.state == DeliveryState.RECEIVED, cast(Delivery.events, Text).contains('"unread"')
)
"""What must not be emptied: it is not known yet what it tells."""


def is_unread(delivery: Delivery) -> bool:
    """Tell whether a delivery was written down before it was read, and was not read since."""
    return bool(delivery.events == [Unread().to_json()])


def unread(session: Session, account_id: int) -> list[int]:
    """Return the deliveries of an account that are still to be read."""
    return list(session.scalars(select(Delivery.id).where(Delivery.account_id == account_id, _UNREAD)))


def oldest_unread(session: Session) -> datetime | None:
    """Return when the oldest delivery came that is still to be read; None if there is none."""
    return session.scalar(select(func.min(Delivery.received_at)).where(_UNREAD))


def claim(session: Session, delivery_id: int, *, now: datetime, lease: timedelta = LEASE) -> Delivery | None:
    """Take a delivery for a while; return None if it is done or somebody else has it."""
    told = {"delivery_id": delivery_id, "now": now, "until": now + lease}
    return session.scalars(_CLAIM, told).one_or_none()


_CLAIM: Final = (
    update(Delivery)
    .where(
        Delivery.id == bindparam("delivery_id"),
        Delivery.state == DeliveryState.RECEIVED,
        or_(Delivery.lease_until.is_(None), Delivery.lease_until <= bindparam("now")),
        or_(Delivery.not_before.is_(None), Delivery.not_before <= bindparam("now")),
    )
    .values(
        lease_until=bindparam("until"),
        due_at=bindparam("until"),
        lease_token=Delivery.lease_token + 1,
        attempts=Delivery.attempts + 1,
    )
    .returning(Delivery)
    .execution_options(synchronize_session=False, populate_existing=True)
)


def finish(
    session: Session, delivery: Delivery, *, now: datetime, reason: str = "", detail: str = ""
) -> bool:
    """Close a delivery as processed; return False if its lease was lost."""
    values = {"state": DeliveryState.PROCESSED, "processed_at": now, "due_at": None}
    is_settled = _settle(session, delivery, values | {"reason": reason, "detail": detail})
    if is_settled and delivery.lease_token > _FIRST_CLAIM:
        alerts.clear(session, "delivery", delivery.id, DeliveryState.PROCESSED.value, now=now)
    return is_settled


def postpone(
    session: Session,
    delivery: Delivery,
    until: datetime,
    *,
    reason: str,
    detail: str,
    counts: bool = True,
) -> bool:
    """Give a delivery back, to be looked at again at `until`; return False if its lease was lost.

    Without `counts` it was no failed try: nobody could have taken it over.
    """
    values: dict[str, Any] = {"due_at": until, "not_before": until, "reason": reason, "detail": detail}
    if not counts:
        values["attempts"] = delivery.attempts - 1
    return _settle(session, delivery, values)


def give_up(session: Session, delivery: Delivery, *, now: datetime, reason: str, detail: str) -> bool:
    """Close a delivery as failed, for a person to replay; return False if its lease was lost."""
    values = {"state": DeliveryState.FAILED, "processed_at": now, "due_at": None}
    return _leave(session, delivery, values, News.DELIVERY_FAILED, now=now, reason=reason, detail=detail)


def quarantine(
    session: Session, delivery: Delivery, *, now: datetime, reason: str, detail: str, delivery_key: str
) -> bool:
    """Set a delivery aside that is not understood; return False if its lease was lost.

    One whose body was set aside before is closed, and nothing raised of it. The key becomes that of its body:
    what is sent once more as it should be is no duplicate of it.
    """
    same = select(Delivery.id).where(
        Delivery.netsuite_account_id == delivery.netsuite_account_id,
        Delivery.account_id.is_not_distinct_from(delivery.account_id),
        Delivery.delivery_key == delivery_key,
    )
    if session.scalar(same) is not None:
        delivery.events = []
        return finish(session, delivery, now=now, reason=known_reason(reason).code, detail=detail)
    values: dict[str, Any] = {
        "state": DeliveryState.QUARANTINED,
        "events": [],
        "due_at": None,
        "delivery_key": delivery_key,
    }
    return _leave(session, delivery, values, News.QUARANTINED, now=now, reason=reason, detail=detail)


def _leave(
    session: Session,
    delivery: Delivery,
    values: dict[str, Any],
    news: News,
    *,
    now: datetime,
    reason: str,
    detail: str,
) -> bool:
    why = {"reason": known_reason(reason).code, "detail": detail}
    is_settled = _settle(session, delivery, values | why)
    if is_settled:
        columns = {name: getattr(delivery, name) for name in _COLUMNS} | why
        alerts.raise_all(session.connection(), [alerts.of_delivery(news, delivery.id, columns, now=now)])
    return is_settled


def _settle(session: Session, delivery: Delivery, values: dict[str, Any]) -> bool:
    """Write what became of a claimed delivery, together with what was read of it meanwhile."""
    if inspect(delivery).attrs.events.history.has_changes():
        values = {"events": delivery.events, **values}
    settled = session.execute(
        update(Delivery)
        .where(Delivery.id == delivery.id, Delivery.lease_token == delivery.lease_token)
        .values(lease_until=None, **values)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return settled.scalar() is not None


def replay(
    session: Session, delivery: Delivery, events: tuple[Event, ...], *, now: datetime, actor: str
) -> None:
    """Work a delivery off again, as it is understood today."""
    # As it is now, not as it was looked at, so that the new token ends any worker's claim.
    session.refresh(delivery, with_for_update=True)
    audit.write(session, "delivery", delivery.id, "replay", at=now, actor=actor, from_state=delivery.state)
    delivery.events = [event.to_json() for event in events]
    delivery.state = DeliveryState.RECEIVED
    delivery.reason = delivery.detail = ""
    delivery.attempts = 0
    delivery.lease_token += 1
    delivery.lease_until = None
    delivery.due_at = now
    delivery.not_before = None


def forget(session: Session, before: datetime, *, limit: int) -> int:
    """Delete settled deliveries received before a time; return how many.

    Those that could not be worked off stay for a person, but without their bodies: no personal data is kept.
    """
    session.execute(
        update(Delivery)
        .where(Delivery.received_at < before, Delivery.state == DeliveryState.FAILED, Delivery.body != b"")
        .values(body=b"")
    )
    old = (
        select(Delivery.id)
        .where(
            Delivery.received_at < before,
            Delivery.state.in_((DeliveryState.PROCESSED, DeliveryState.QUARANTINED)),
        )
        .order_by(Delivery.id)
        .limit(limit)
    )
    return len(session.execute(delete(Delivery).where(Delivery.id.in_(old)).returning(Delivery.id)).all())
