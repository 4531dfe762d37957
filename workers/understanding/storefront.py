"""Take over what a storefront told us; needs no look at any platform."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ledger import audit, orders, pausing, personal, refunds
from ledger.events import (
    AccountLost,
    Event,
    OrderSeen,
    OrderTouched,
    PaymentSeen,
    PersonalDataRequest,
    RecordChanged,
    RefundSeen,
    RequestTouched,
    SubscriptionOffered,
)
from ledger.models import Account, OrderLink, OrderState, Refund
from ledger.states import State


def take(
    session: Session,
    account: Account,
    event: Event,
    *,
    now: datetime,
    trace_id: str,
    received_at: datetime | None = None,
) -> list[Refund]:
    """Take over one event of a storefront account; return the refunds that it is about.

    Args:
        session: A writing transaction.
        account: The storefront account.
        event: What it told, or was asked.
        now: The time, in UTC.
        trace_id: Joins what is written about it.
        received_at: When the webhook came; now where none did.
    """
    match event:
        case RefundSeen():
            return _refund(
                session, account, event, now=now, trace_id=trace_id, received_at=received_at or now
            )
        case OrderSeen():
            return _order(session, account, event, now=now)
        case PaymentSeen():
            refund = refunds.news_of_payment(
                session, account.id, event.order_id, event.payment_id, event.state, now=now
            )
            return [refund] if refund else []
        case AccountLost():
            pausing.pause(session, account, event.reason, "said by the platform", now=now, actor=audit.SYSTEM)
        case PersonalDataRequest():
            _personal_data(session, account, event, now=now)
        case RecordChanged():
            raise TypeError("a storefront account has no NetSuite records")
        case OrderTouched() | RequestTouched() | SubscriptionOffered():
            raise TypeError("what it tells of is read from the platform first")
    return []


def _refund(
    session: Session,
    account: Account,
    seen: RefundSeen,
    *,
    now: datetime,
    trace_id: str,
    received_at: datetime,
) -> list[Refund]:
    if not seen.first_hand and seen.occurred_at < account.created_at:
        known = refunds.known(session, account.id, seen.origin, seen.refund_id)
        if known is None:
            return []  # made before the account was connected: carried by whatever carried refunds then
    link = orders.ensure(session, account.id, seen.order_id, now=now, name=seen.order_name)
    refund, _ = refunds.record(
        session, account, seen, link, now=now, trace_id=trace_id, received_at=received_at
    )
    return [refund]


def _order(session: Session, account: Account, seen: OrderSeen, *, now: datetime) -> list[Refund]:
    """Keep the link true; a deletion, or an order that refunds waited for, is news for its refunds."""
    link = orders.ensure(session, account.id, seen.order_id, now=now)
    was_named = bool(link.storefront_order_name)
    changed = orders.follow_storefront(link, seen, now=now)
    freed = _adopt_waiting(session, account, link, now=now)
    waiting = refunds.waiting_for_order(session, [link.id])
    if changed and link.storefront_state is OrderState.DELETED:
        freed += [refund for refund in waiting if refund.origin == "netsuite"]
    if seen.name and not was_named:  # NetSuite may know the order by it
        freed += [refund for refund in waiting if refund.reason == "ORDER_NOT_SYNCED"]
    woken = {refund.id: refund for refund in freed}
    for refund in woken.values():
        refunds.reconsider(session, refund, "FACTS_CHANGED", now=now)
    return list(woken.values())


def _adopt_waiting(session: Session, account: Account, link: OrderLink, *, now: datetime) -> list[Refund]:
    """Give NetSuite refunds that came before their order the link they waited for."""
    numbers = [number for number in (link.storefront_order_id, link.storefront_order_name) if number]
    query = select(Refund).where(
        Refund.account_id == account.id,
        Refund.order_link_id.is_(None),
        Refund.state == State.WAITING,
        or_(Refund.storefront_order_name.in_(numbers), Refund.storefront_order_id.in_(numbers)),
    )
    adopted = list(session.scalars(query.order_by(Refund.id).with_for_update()))
    for refund in adopted:
        refund.order_link_id = link.id
        refund.storefront_order_id = link.storefront_order_id
        refund.updated_at = now
    return adopted


def _personal_data(session: Session, account: Account, event: PersonalDataRequest, *, now: datetime) -> None:
    if event.action == "report":
        note = f"orders {', '.join(event.order_ids)}"
        audit.write(session, "account", account.id, "data_request", at=now, actor=audit.SYSTEM, note=note)
        return
    if event.action == "erase_person":
        personal.erase_person(session, account, event.person_ref, now=now, actor=audit.SYSTEM)
        return
    orders_asked = event.order_ids if event.action == "erase_orders" else None
    personal.erase(session, account.id, orders_asked, now=now, actor=audit.SYSTEM)
