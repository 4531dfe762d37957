"""Search deliveries by whatever narrows them down, newest first, at a cost that stays bounded.

What a delivery is called is looked up in an index. Every other filter is tried on the newest deliveries, of a
state or of all; after `MOST` of them the search stops, and can be taken up there again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, select, union
from sqlalchemy.orm import Session, defer

from ledger import queries
from ledger.models import Account, Delivery, DeliveryState, NetSuiteAccount

MOST: Final = 5000
"""How many deliveries the filters are tried on before a search stops for now."""

_SLACK: Final = 1000  # ids rise with the time of receipt, but for what is received at once
_LAST_ID: Final = 2**63 - 1
_MOST_NAMED: Final = 200  # deliveries of one order, or of one trace
_LISTED: Final = defer(Delivery.body, raiseload=True)  # bodies have up to 5 MB


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries; what is empty does not narrow them down.

    Attributes:
        account: The name of a storefront or NetSuite account.
        text: A name as a whole: the delivery's number or key, its order's id, or its trace id.
        since: Received then or later, in UTC.
        until: Received then or earlier, in UTC.
        after: Only deliveries of a smaller id; 0 for all.
    """

    state: DeliveryState | None = None
    account: str = ""
    source: str = ""
    topic: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    after: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found.

    Attributes:
        rows: Without their bodies.
        next: The id to go on after; 0 if there is nothing more.
        is_unfinished: The search stopped after `MOST` deliveries, and found fewer rows than were asked for.
    """

    rows: Sequence[Delivery]
    next: int = 0
    is_unfinished: bool = False


def search(session: Session, wanted: Wanted, *, limit: int) -> Found:
    """Return up to `limit` deliveries, newest first.

    Raises:
        ledger.accounts.AccountError: If the account asked for does not exist.
    """
    window = [Delivery.id < (wanted.after or _LAST_ID)]
    if wanted.state is not None:
        window.append(Delivery.state == wanted.state)
    if wanted.text:
        window.append(Delivery.id.in_(_called(session, wanted.text)))
    else:
        window += _bounds(session, wanted)
    conditions = _conditions(session, wanted)
    number, last = _reach(session, window) if conditions else (0, 0)
    query = select(Delivery).where(*window, *conditions, Delivery.id >= last)
    found = session.scalars(query.options(_LISTED).order_by(Delivery.id.desc()).limit(limit + 1)).all()
    if len(found) > limit:
        return Found(found[:limit], next=found[limit - 1].id)
    is_unfinished = number == MOST
    return Found(found, next=last if is_unfinished else 0, is_unfinished=is_unfinished)


def _reach(session: Session, window: Sequence[ColumnElement[bool]]) -> tuple[int, int]:
    """Return how many deliveries the filters are tried on, and the smallest id of them."""
    looked_at = select(Delivery.id).where(*window).order_by(Delivery.id.desc()).limit(MOST).subquery()
    number, last = session.execute(select(func.count(), func.min(looked_at.c.id))).one()
    return number, last or 0


def counts(session: Session, *, most: int) -> dict[DeliveryState, int]:
    """Return how many deliveries are not worked off, by state, each counted up to `most`."""
    return {
        state: session.scalar(
            select(func.count()).select_from(
                select(Delivery.id).where(Delivery.state == state).limit(most).subquery()
            )
        )
        or 0
        for state in (DeliveryState.RECEIVED, DeliveryState.QUARANTINED, DeliveryState.FAILED)
    }


def _conditions(session: Session, wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions = [
        column == value
        for column, value in ((Delivery.source, wanted.source), (Delivery.topic, wanted.topic))
        if value
    ]
    if wanted.since:
        conditions.append(Delivery.received_at >= wanted.since)
    if wanted.until:
        conditions.append(Delivery.received_at <= wanted.until)
    if wanted.account:
        owner = queries.account_of(session, wanted.account)
        if isinstance(owner, NetSuiteAccount):
            conditions += [Delivery.netsuite_account_id == owner.id, Delivery.account_id.is_(None)]
        else:
            conditions.append(Delivery.account_id == owner.id)
    return conditions


def _bounds(session: Session, wanted: Wanted) -> list[ColumnElement[bool]]:
    """Return where in the order of ids the period lies, with room to spare."""
    bounds: list[ColumnElement[bool]] = []
    received = Delivery.received_at
    if wanted.until:
        query = select(Delivery.id).where(received <= wanted.until).order_by(received.desc())
        bounds.append(Delivery.id <= (session.scalar(query.limit(1)) or 0) + _SLACK)
    if wanted.since:
        query = select(Delivery.id).where(received >= wanted.since).order_by(received)
        bounds.append(Delivery.id >= (session.scalar(query.limit(1)) or _LAST_ID) - _SLACK)
    return bounds


def _called(session: Session, text: str) -> Sequence[int]:
    """Return the ids of what has this name; each kind of name is looked up in an index of its own."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < len(str(_LAST_ID)) else 0
    accounts = session.scalars(select(Account.id)).all()
    books = session.scalars(select(NetSuiteAccount.id)).all()
    of_books = (Delivery.account_id.is_(None), Delivery.netsuite_account_id.in_(books))
    parts: list[Select[Any]] = [
        select(Delivery.id).where(Delivery.id == number),
        select(Delivery.id).where(Delivery.trace_id == text),
        select(Delivery.id).where(Delivery.account_id.in_(accounts), Delivery.order_ref == text),
        select(Delivery.id).where(Delivery.account_id.in_(accounts), Delivery.delivery_key == text),
        select(Delivery.id).where(*of_books, Delivery.delivery_key == text),
    ]
    newest = (part.order_by(Delivery.id.desc()).limit(_MOST_NAMED).subquery() for part in parts)
    return session.scalars(union(*(select(part.c.id) for part in newest))).all()
