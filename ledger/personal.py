"""Personal data: emptied when somebody asks for it, and by age; the record of the money stays.

It is in the requests as they came and, masked as far as names of members tell, in the calls of attempts and
in what platforms said of a failure, which attempts and alerts hold.
Events, order links and refunds hold numbers, amounts and names of goods, and nothing of a person. What is
emptied is gone from SQLite's files as soon as it is committed (`ledger.database`).
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, cast, func, or_, select, tuple_, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from ledger import audit
from ledger.database import leave_no_trace
from ledger.deliveries import oldest_unread
from ledger.models import Account, Alert, Attempt, Delivery, Refund, Setting

_NOTHING: Final[dict[str, Any]] = {"body": b"", "headers": {}}  # left of a delivery
_NO_CALLS: Final[dict[str, Any]] = {"calls": [], "detail": ""}  # left of an attempt
_NO_DETAIL: Final[dict[str, Any]] = {"detail": ""}  # left of an alert
_HAS_BODY: Final = Delivery.body != b""
_HAS_CALLS: Final = func.length(cast(Attempt.calls, Text)) > len("[]")
_HAS_DETAIL: Final = Alert.detail != ""
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


def erase(
    session: Session, account_id: int, order_refs: Sequence[str] | None, *, now: datetime, actor: str
) -> int:
    """Empty what an account's deliveries and calls hold, of some orders or (None) of all; return how many.

    Requests about these orders' personal data name the person too, so they go with them. What was understood
    stays.
    """
    deliveries: ColumnElement[bool] = Delivery.id.is_not(None)
    refunds: ColumnElement[bool] = Refund.account_id == account_id
    if order_refs is not None:
        requests = _requests_about(session, account_id, order_refs)
        deliveries = or_(Delivery.order_ref.in_(order_refs), Delivery.id.in_(requests))
        refunds &= Refund.storefront_order_id.in_(order_refs)
    leave_no_trace(session)
    erased = _empty_deliveries(session, Delivery.account_id == account_id, deliveries)
    tried = _empty_attempts(session, refunds)
    _empty_alerts(session, refunds)
    note = f"{erased} delivery bodies, {tried} attempts"
    audit.write(session, "account", account_id, "erase", at=now, actor=actor, note=note)
    return erased


def erase_person(session: Session, account: Account, person_ref: str, *, now: datetime, actor: str) -> int:
    """Empty the deliveries that speak of a person, the request included, and the calls about their orders.

    Args:
        session: A writing transaction.
        account: The storefront account that was asked. A platform may ask only one of several, so that the
            deliveries of all its accounts are looked through.
        person_ref: As `ledger.events.person_ref_of` makes it.
        now: The time, in UTC.
        actor: Who asks.

    Returns:
        How many deliveries were emptied.
    """
    theirs = (Delivery.source == account.platform.value, Delivery.person_ref == person_ref)
    of_theirs = select(Delivery.account_id, Delivery.order_ref).where(*theirs, Delivery.order_ref != "")
    refunds = tuple_(Refund.account_id, Refund.storefront_order_id).in_(of_theirs)
    leave_no_trace(session)
    tried = _empty_attempts(session, refunds)
    _empty_alerts(session, refunds)
    erased = _empty_deliveries(session, *theirs)
    note = f"{erased} delivery bodies, {tried} attempts of person {person_ref[:12]}"
    audit.write(session, "account", account.id, "erase", at=now, actor=actor, note=note)
    return erased


def forget_deliveries(session: Session, before: datetime, *, limit: int) -> int:
    """Empty the deliveries that were received before a time, whatever became of them; return how many.

    Those that are still to be read, and what came after them, are left until they are.
    """
    before = min(before, oldest_unread(session) or before)
    return _forget(session, Delivery.received_at, _HAS_BODY, _NOTHING, before=before, limit=limit)


def forget_attempts(session: Session, before: datetime, *, limit: int) -> int:
    """Empty the calls of attempts that began before a time; return how many attempts."""
    return _forget(session, Attempt.started_at, _HAS_CALLS, _NO_CALLS, before=before, limit=limit)


def forget_alerts(session: Session, before: datetime, *, limit: int) -> int:
    """Empty the details of alerts that were raised before a time; return how many alerts."""
    return _forget(session, Alert.raised_at, _HAS_DETAIL, _NO_DETAIL, before=before, limit=limit)


def _forget(
    session: Session,
    moment: InstrumentedAttribute[datetime],
    is_full: ColumnElement[bool],
    left: dict[str, Any],
    *,
    before: datetime,
    limit: int,
) -> int:
    """Empty the next old rows; how far this has come is kept, so that no row is looked at again and again."""
    table = moment.class_
    mark = Setting(key=f"personal_data_{table.__tablename__}", value="")
    reached = session.scalar(select(Setting.value).where(Setting.key == mark.key))
    since = datetime.fromisoformat(reached) if reached else _BEGINNING
    query = select(table.id, moment).where(moment >= since, moment < before, is_full)
    found = session.execute(query.order_by(moment, table.id).limit(limit)).all()
    if found:
        session.execute(update(table).where(table.id.in_([number for number, _ in found])).values(**left))
        leave_no_trace(session)
    mark.value = (found[-1][1] if len(found) == limit else max(since, before)).isoformat()
    session.merge(mark)
    return len(found)


def _empty_deliveries(session: Session, *which: ColumnElement[bool]) -> int:
    emptied = update(Delivery).where(*which, _HAS_BODY).values(**_NOTHING).returning(Delivery.id)
    return len(session.execute(emptied).all())


def _empty_attempts(session: Session, which: ColumnElement[bool]) -> int:
    of_refunds = Attempt.refund_id.in_(select(Refund.id).where(which))
    emptied = update(Attempt).where(of_refunds, _HAS_CALLS).values(**_NO_CALLS).returning(Attempt.id)
    return len(session.execute(emptied).all())


def _empty_alerts(session: Session, which: ColumnElement[bool]) -> None:
    of_refunds = Alert.subject_id.in_(select(Refund.id).where(which))
    session.execute(
        update(Alert).where(Alert.subject == "refund", of_refunds, _HAS_DETAIL).values(**_NO_DETAIL)
    )


def _requests_about(session: Session, account_id: int, order_refs: Sequence[str]) -> list[int]:
    """Return the deliveries that were requests about the personal data of some of these orders."""
    query = select(Delivery.id, Delivery.events).where(
        Delivery.account_id == account_id, Delivery.order_ref == "", _HAS_BODY
    )
    asked = set(order_refs)
    return [
        row.id
        for row in session.execute(query)
        for event in row.events
        if event["event"] == "personal_data_request"
        and (asked & set(event["order_ids"]) or (not asked and not event["order_ids"]))
    ]
