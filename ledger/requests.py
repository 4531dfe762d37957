"""Requests: what only a worker can do, asked for by a person and answered in the ledger.

The web process speaks to no platform, so it writes a request down, wakes a worker and looks for the answer.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session, joinedload

from ledger import audit
from ledger.models import Account, NetSuiteAccount, Refund, Request, RequestKind, RequestState
from ledger.models.accounts import Direction
from ledger.refunds import RefundNotFoundError

LEASE: Final = timedelta(minutes=5)
"""How long a worker has for one request before another may take it over."""

GRACE: Final = timedelta(seconds=5)
"""How long the wake-up call of a new request has before the scheduler repeats it."""

MOST_TRIES: Final = 3
"""How often a request is taken before it counts as one that brings workers down."""

SIDES: Final = ("storefront", "netsuite")
"""Where the refunds of an order may be retrieved from."""


class RequestNotFoundError(LookupError):
    """Raised when there is no such request.

    Attributes:
        reason: Always `request_not_found`.
    """

    reason = "request_not_found"


def retrieve(
    session: Session,
    account: Account,
    order: str,
    side: str | None = None,
    *,
    now: datetime,
    actor: str,
    trace_id: str,
) -> Request:
    """Ask for the refunds of an order to be read and taken over.

    Its params are `order` and `from`, its result `refund_ids` and `new_ids`.

    Args:
        session: A writing transaction.
        account: Whose order it is.
        order: The order's id or name in the storefront.
        side: One of `SIDES`; by default the one that the account carries refunds from.
        now: The time, in UTC.
        actor: Who asks.
        trace_id: Joins what is written about it.
    """
    usual = "storefront" if account.direction is Direction.TO_NETSUITE else "netsuite"
    params = {"order": order, "from": side or usual}
    return _ask(session, RequestKind.RETRIEVE, account, params, now=now, actor=actor, trace_id=trace_id)


def dry_run(session: Session, refund_id: int, *, now: datetime, actor: str, trace_id: str) -> Request:
    """Ask what would be done with a refund now.

    Its param is `refund_id`; its result has `action`, `reason`, `detail`, `target_type`, `target_id` and
    `plan`: what would be sent, or null.

    Raises:
        RefundNotFoundError: If there is none.
    """
    query = select(Refund).where(Refund.id == refund_id).options(joinedload(Refund.account))
    refund = session.scalar(query)
    if refund is None:
        raise RefundNotFoundError(f"there is no refund {refund_id}")
    params = {"refund_id": refund_id}
    return _ask(session, RequestKind.DRY_RUN, refund.account, params, now=now, actor=actor, trace_id=trace_id)


def check(
    session: Session, account: Account | NetSuiteAccount, *, now: datetime, actor: str, trace_id: str
) -> Request:
    """Ask for an account's credentials to be tried out; it has neither params nor result."""
    return _ask(session, RequestKind.CHECK, account, {}, now=now, actor=actor, trace_id=trace_id)


def _ask(
    session: Session,
    kind: RequestKind,
    account: Account | NetSuiteAccount,
    params: dict[str, Any],
    *,
    now: datetime,
    actor: str,
    trace_id: str,
) -> Request:
    if isinstance(account, NetSuiteAccount):
        subject, source, books_id, storefront_id = "netsuite_account", "netsuite", account.id, None
    else:
        subject, source = "account", account.platform.value
        books_id, storefront_id = account.netsuite_account_id, account.id
    request = Request(
        kind=kind,
        source=source,
        netsuite_account_id=books_id,
        account_id=storefront_id,
        params=params,
        state=RequestState.QUEUED,
        actor=actor,
        trace_id=trace_id,
        created_at=now,
        due_at=now + GRACE,
    )
    session.add(request)
    session.flush()
    note = " ".join(f"{name} {value}" for name, value in params.items())
    audit.write(session, subject, account.id, kind.value, at=now, actor=actor, note=note, trace_id=trace_id)
    return request


def get(session: Session, request_id: int) -> Request:
    """Return a request.

    Raises:
        RequestNotFoundError: If there is none.
    """
    request = session.get(Request, request_id, populate_existing=True)
    if request is None:
        raise RequestNotFoundError(f"there is no request {request_id}, or it is too old")
    return request


def claim(session: Session, request_id: int, *, now: datetime) -> Request | None:
    """Take a request for `LEASE`; return None if it is answered or somebody else has it."""
    free = or_(Request.lease_until.is_(None), Request.lease_until <= now)
    claimed = session.execute(
        update(Request)
        .where(Request.id == request_id, Request.state == RequestState.QUEUED, free)
        .values(
            lease_until=now + LEASE,
            due_at=now + LEASE,
            lease_token=Request.lease_token + 1,
            tries=Request.tries + 1,
        )
        .returning(Request.id)
    ).scalar()
    return None if claimed is None else get(session, claimed)


def answer(session: Session, request: Request, result: Mapping[str, Any], *, now: datetime) -> bool:
    """Write down what came of a request; return False if the claim is over."""
    return _end(session, request, {"state": RequestState.DONE, "result": dict(result)}, now=now)


def fail(session: Session, request: Request, reason: str, detail: str, *, now: datetime) -> bool:
    """Write down in plain words why nothing came of a request; return False if the claim is over."""
    values = {"state": RequestState.FAILED, "reason": reason, "detail": detail}
    return _end(session, request, values, now=now)


def _end(session: Session, request: Request, values: Mapping[str, Any], *, now: datetime) -> bool:
    ended = session.execute(
        update(Request)
        .where(
            Request.id == request.id,
            Request.lease_token == request.lease_token,
            Request.state == RequestState.QUEUED,
        )
        .values(ended_at=now, due_at=None, lease_until=None, **values)
        .returning(Request.id)
    )
    return ended.scalar() is not None


def forget(session: Session, before: datetime, *, limit: int) -> int:
    """Delete answered requests that were made before a time; return how many."""
    old = (
        select(Request.id)
        .where(Request.created_at < before, Request.state != RequestState.QUEUED)
        .order_by(Request.id)
        .limit(limit)
    )
    return len(session.execute(delete(Request).where(Request.id.in_(old)).returning(Request.id)).all())
