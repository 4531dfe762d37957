"""Refunds: recorded once, claimed by lease, moved by named transitions only."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, bindparam, or_, select, update
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from ledger import alerts, audit, lines, looks, settling
from ledger.events import MoneyState, RefundSeen
from ledger.keys import key_of
from ledger.looks import Look
from ledger.models import Account, OrderLink, Refund
from ledger.models.accounts import Direction
from ledger.reasons import reason as known_reason
from ledger.states import AT_REST, SETTLED, UNDER_WAY, State, Transition, follow
from ledger.upsert import insert

LEASE = timedelta(seconds=90)
"""How long a worker has to decide, and again how long it has to write, before another takes over.

The installation may say otherwise."""

FIRST_CLAIM: Final = 1
"""The lease token that it gives: nobody had the refund before."""

GRACE = timedelta(seconds=5)
"""How long a wake-up call has before the scheduler repeats it."""

_MAY_BE_POSTED: Final = UNDER_WAY | {State.HELD, State.ERROR, State.DISCREPANCY, State.CANCELLED}
_NAME_LENGTH: Final = 120  # characters; the width of the column


class LeaseLostError(Exception):
    """Raised when a worker's claim on a refund is over: another took it, or a person acted on it.

    Attributes:
        reason: Always `lease_lost`.
    """

    reason = "lease_lost"


class RefundNotFoundError(LookupError):
    """Raised when there is no such refund.

    Attributes:
        reason: Always `refund_not_found`.
    """

    reason = "refund_not_found"


def record(
    session: Session,
    account: Account,
    seen: RefundSeen,
    link: OrderLink | None,
    *,
    now: datetime,
    trace_id: str,
    received_at: datetime | None = None,
    look: Look | None = None,
) -> tuple[Refund, bool]:
    """Write a refund down, or take over news of one that is known; return it and whether it is new.

    Args:
        session: A writing transaction.
        account: Its account.
        seen: The refund.
        link: Its order's link, where that is known.
        now: The time, in UTC.
        trace_id: Joins what is written about it.
        received_at: When the webhook that tells of it came; now where none does.
        look: The look at its source that it comes from, where news may overtake each other.

    Raises:
        ledger.looks.StaleLookError: If there was other news since the look began.

    News never undoes a decision: one that is with a person or cancelled stays where it is, with the new
    facts, and one that is posted keeps what was posted. Only one that lacked nothing but the buyer's request
    goes on when that comes.
    """
    facts_at = look.began_at if look else now
    same = {"account": account.id, "origin": seen.origin, "number": seen.refund_id}
    refund = session.scalars(_SAME, same).one_or_none()
    if refund is None:
        values = _blank(account, seen, link, now=now, facts_at=facts_at)
        refund = _make(session, values | {"trace_id": trace_id, "received_at": received_at or now})
        if refund is not None:
            lines.write(session, refund, seen)
            return refund, True
        refund = session.scalars(_SAME, same).one()  # somebody else was first
    if look is not None:
        looks.check(refund, look)
    _take_news(session, refund, seen, link, now=now, facts_at=facts_at)
    return refund, False


_SAME: Final = (
    select(Refund)
    .where(
        Refund.account_id == bindparam("account"),
        Refund.origin == bindparam("origin"),
        Refund.source_refund_id == bindparam("number"),
    )
    .with_for_update()
)


def _make(session: Session, values: dict[str, Any]) -> Refund | None:
    """Write a refund down, unless somebody else does so first; return it, or None."""
    query = insert(session, Refund).values(values).on_conflict_do_nothing().returning(Refund)
    refund = session.scalars(query, execution_options={"populate_existing": True}).one_or_none()
    if refund is not None:
        audit.write(
            session,
            "refund",
            refund.id,
            "record",
            at=refund.created_at,
            actor=audit.SYSTEM,
            to_state=refund.state,
            reason=refund.reason,
            trace_id=refund.trace_id,
        )
    return refund


def _blank(
    account: Account, seen: RefundSeen, link: OrderLink | None, *, now: datetime, facts_at: datetime
) -> dict[str, Any]:
    """Return the columns of a refund that nobody has worked on yet."""
    to_netsuite = seen.origin != "netsuite"
    return _facts(seen, link) | {
        "account_id": account.id,
        "origin": seen.origin,
        "source_refund_id": seen.refund_id,
        "key": key_of(account.slug, seen.refund_id),
        "direction": Direction.TO_NETSUITE if to_netsuite else Direction.FROM_NETSUITE,
        "facts_at": facts_at,
        "state": State.SCHEDULED,
        "reason": "RECEIVED",
        "due_at": now + GRACE,
        "created_at": now,
        "updated_at": now,
        "transaction_type": _TYPES.get(seen.record_type, ""),
        "detail": "",
        "target_type": "",
        "target_id": "",
        "write_began": False,
        "reviewed": False,
        "tries": 0,
        "waiting_for": "",
        "lease_token": 0,
    }


_TYPES: Final = {"cashrefund": "cash_refund", "creditmemo": "credit_memo"}


def _facts(seen: RefundSeen, link: OrderLink | None) -> dict[str, Any]:
    name = seen.order_name or (link.storefront_order_name if link else "")
    return {
        "order_link_id": link.id if link else None,
        "storefront_order_id": seen.order_id,
        "storefront_order_name": name[:_NAME_LENGTH],
        "amount_minor": seen.amount.minor,
        "currency": seen.currency,
        "currency_exponent": seen.amount.exponent,
        "money_state": seen.money.value,
        "source_facts": replace(seen, first_hand=True).to_json(),
        "occurred_at": seen.occurred_at,
    }


def _take_news(
    session: Session,
    refund: Refund,
    seen: RefundSeen,
    link: OrderLink | None,
    *,
    now: datetime,
    facts_at: datetime,
) -> None:
    if link is not None and refund.order_link_id is None:
        refund.order_link_id = link.id
    no_money_yet = refund.state is State.IGNORED and refund.reason == "NO_MONEY_MOVED"
    if refund.state in _MAY_BE_POSTED or no_money_yet:
        refund.facts_at = facts_at
        linked = link or (session.get(OrderLink, refund.order_link_id) if refund.order_link_id else None)
        seen = seen.after(RefundSeen.from_json(refund.source_facts))
        facts = _facts(seen, linked)
        if facts["source_facts"] != refund.source_facts:
            for name, value in facts.items():
                setattr(refund, name, value)
            lines.rewrite(session, refund, seen)
            refund.updated_at = now
            if no_money_yet or refund.state in UNDER_WAY:
                reconsider(session, refund, "FACTS_CHANGED", now=now)
            elif refund.reason == "BUYER_REQUEST_MISSING" and seen.requested:
                # What a person was to find out has come by itself.
                move(session, refund, Transition.RETRY, "FACTS_CHANGED", now=now)


def known(session: Session, account_id: int, origin: str, source_refund_id: str) -> int | None:
    """Return the id of a refund that is written down, or None."""
    return session.scalar(
        select(Refund.id).where(
            Refund.account_id == account_id,
            Refund.origin == origin,
            Refund.source_refund_id == source_refund_id,
        )
    )


def news_of_payment(
    session: Session, account_id: int, order_id: str, payment_id: str, state: MoneyState, *, now: datetime
) -> Refund | None:
    """Take over that a payment behind a refund was settled or failed; return the refund if one has it."""
    query = select(Refund).where(
        Refund.account_id == account_id, Refund.storefront_order_id == order_id, Refund.origin != "netsuite"
    )
    for refund in session.scalars(query.order_by(Refund.id).with_for_update()):
        seen = RefundSeen.from_json(refund.source_facts)
        if any(payment.id == payment_id for payment in seen.payments):
            paid = seen.with_payment(payment_id, state)
            _take_news(session, refund, paid, None, now=now, facts_at=now)
            return refund
    return None


def load(session: Session, refund_id: int) -> Refund:
    """Return a refund with its account and order link, locked for change.

    The link is locked first, as whoever takes news over does, so that the two never wait for each other.

    Raises:
        RefundNotFoundError: If there is none.
    """
    link = session.scalars(_LINK, {"refund_id": refund_id}).one_or_none()
    refund = _loaded(session, _REFUND, refund_id)
    if link is None or link.id != refund.order_link_id:  # it was given another meanwhile
        link = session.get(OrderLink, refund.order_link_id) if refund.order_link_id else None
    set_committed_value(refund, "order_link", link)
    return refund


def others_of_order(session: Session, refund: Refund, *, since: datetime) -> Sequence[int]:
    """Return the order's other refunds that are being posted, or were since a time.

    What was read of the order at that time may not count them in; the order link is locked by `load`.
    """
    if refund.order_link_id is None:
        return []
    query = select(Refund.id).where(
        Refund.order_link_id == refund.order_link_id,
        Refund.direction == refund.direction,
        Refund.id != refund.id,
        or_(Refund.state == State.POSTING, Refund.posted_at >= since),
    )
    return session.scalars(query.order_by(Refund.id)).all()


# Each refund goes this way several times, so the statements are made once.
_LINK: Final = (
    select(OrderLink)
    .where(
        OrderLink.id
        == select(Refund.order_link_id).where(Refund.id == bindparam("refund_id")).scalar_subquery()
    )
    .with_for_update()
    .execution_options(populate_existing=True)
)
_REFUND: Final = (
    select(Refund)
    .where(Refund.id == bindparam("refund_id"))
    .options(joinedload(Refund.account))
    .with_for_update(of=Refund)
    .execution_options(populate_existing=True)
)
_CLAIMED: Final = _REFUND.options(joinedload(Refund.order_link))
_LOCKED: Final = "refund_sync_locked_refunds"


def _loaded(session: Session, query: Select[Refund], refund_id: int) -> Refund:
    """Return a refund, and note that its row stays as it is until the transaction is over."""
    refund = session.scalars(query, {"refund_id": refund_id}).one_or_none()
    if refund is None:
        raise RefundNotFoundError(f"there is no refund {refund_id}; `refund-sync refund list` shows them")
    session.info.setdefault(_LOCKED, set()).add(refund_id)
    return refund


def _held(session: Session, refund: Refund, token: int | None) -> Refund:
    """Return a refund as it is now, its row locked: read again unless it was locked when it was read.

    Raises:
        LeaseLostError: If a claim's token is given, and it is no longer the newest.
    """
    if refund.id not in session.info.get(_LOCKED, ()) or refund not in session:
        query = select(Refund).where(Refund.id == refund.id).with_for_update(of=Refund)
        refund = session.scalars(query.execution_options(populate_existing=True)).one()
    if token is not None and refund.lease_token != token:
        raise LeaseLostError(f"refund {refund.id} was taken over while it was worked on")
    return refund


_CLAIM: Final = (
    update(Refund)
    .where(
        Refund.id == bindparam("refund_id"),
        Refund.state.in_(UNDER_WAY),
        or_(Refund.lease_until.is_(None), Refund.lease_until <= bindparam("now")),
        or_(Refund.not_before.is_(None), Refund.not_before <= bindparam("now")),
    )
    .values(lease_until=bindparam("until"), due_at=bindparam("until"), lease_token=Refund.lease_token + 1)
    .returning(Refund.id)
    .execution_options(synchronize_session=False)
)


def claim(session: Session, refund_id: int, *, now: datetime, lease: timedelta = LEASE) -> Refund | None:
    """Take a refund for a while with a higher fencing token; None if it is at rest or somebody has it."""
    claimed = session.scalar(_CLAIM, {"refund_id": refund_id, "now": now, "until": now + lease})
    return None if claimed is None else _loaded(session, _CLAIMED, refund_id)


def renew(session: Session, refund: Refund, token: int, *, now: datetime, lease: timedelta = LEASE) -> None:
    """Begin the lease anew, after something that may have taken long.

    Raises:
        LeaseLostError: If the claim is over.
    """
    current = _held(session, refund, token)
    current.lease_until = current.due_at = now + lease


def move(
    session: Session,
    refund: Refund,
    transition: Transition,
    reason: str,
    *,
    now: datetime,
    actor: str = audit.SYSTEM,
    token: int | None = None,
    detail: str = "",
    note: str = "",
    due_at: datetime | None = None,
    lease: timedelta = LEASE,
) -> None:
    """Follow a named transition, write trail and alert, and set when the refund is looked at next.

    One that is settled by it is counted once the transaction is committed.

    Args:
        session: A writing transaction; the refund's row is locked in it.
        refund: The refund.
        transition: The named way.
        reason: A code of `ledger.reasons`.
        now: The time, in UTC.
        actor: Who moves it.
        token: A worker's claim; None for a person or news, which end any claim.
        detail: What exactly happened, for the operator.
        note: A person's words.
        due_at: When to look again; at once for `scheduled`, when the lease ends for `posting`.
        lease: How long a worker that enters `posting` has for it.

    Raises:
        LeaseLostError: If the claim is no longer the newest.
        ledger.states.IllegalTransitionError: If the state may not be left this way.
    """
    current = _held(session, refund, token)
    before = current.state
    is_first = before not in AT_REST and current.lease_token <= FIRST_CLAIM
    current.state = follow(transition, before)
    current.reason = known_reason(reason).code
    current.detail = detail
    current.updated_at = now
    if current.state is State.POSTING:
        current.lease_until = current.due_at = now + lease
        current.not_before = None
    else:
        current.lease_until = None
        current.due_at = None if current.state in AT_REST else (due_at or now)
        current.not_before = due_at
        current.lease_token += 1
    audit.write(
        session,
        "refund",
        refund.id,
        transition.value,
        at=now,
        actor=actor,
        from_state=before,
        to_state=current.state,
        reason=reason,
        note=note or detail,
        trace_id=refund.trace_id,
    )
    alerts.follow_refund(session, current, is_first=is_first, now=now)
    if current.state in SETTLED:
        settling.note(session, current.state, current.reason)


def reconsider(session: Session, refund: Refund, reason: str, *, now: datetime) -> None:
    """Look at an undecided refund again because of news; one that is being written is left alone."""
    if refund.state is not State.POSTING:
        move(session, refund, Transition.RECONSIDER, reason, now=now)


def waiting_for_order(session: Session, link_ids: Sequence[int]) -> Sequence[Refund]:
    """Return the waiting refunds of these order links."""
    query = select(Refund).where(Refund.order_link_id.in_(link_ids), Refund.state == State.WAITING)
    return session.scalars(query.order_by(Refund.id).with_for_update()).all()
