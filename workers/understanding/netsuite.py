"""Take over what NetSuite told us: a thin push, read where the ledger does not know enough."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import accounts, audit, looks, orders, refunds
from ledger.events import MoneyState, Part, PartKind, Payment, RecordChanged, RefundSeen
from ledger.looks import Look
from ledger.models import Account, NetSuiteAccount, OrderLink, OrderState, Refund
from ledger.models.accounts import Direction
from ledger.money import Money
from ledger.policy import Policy
from ledger.states import UNDER_WAY, State, Transition
from workers.rules.facts import Document, NetSuiteRefund
from workers.understanding.owner import Found, OwnerError, find, number_of

REFUNDS: Final = frozenset({"cashrefund", "creditmemo"})
_BILLED: Final = frozenset({"invoice", "cashsale"})
_OUR_KEY: Final = "rs-"
_NOT_WRITTEN: Final = (UNDER_WAY | {State.HELD, State.ERROR, State.DISCREPANCY}) - {State.POSTING}


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of an event.

    Attributes:
        refund_ids: The refunds worth carrying now.
        reason: Why nothing was carried, where nothing was; a code of `ledger.reasons`.
    """

    refund_ids: list[int] = field(default_factory=list)
    reason: str = ""
    detail: str = ""


def needs_reading(session: Session, account: NetSuiteAccount, event: RecordChanged) -> bool:
    """Return whether the record itself has to be read before the event can be taken over."""
    if event.record_type not in REFUNDS or event.change == "delete":
        return False
    return _ours(session, account, event.external_id) is None


def look(session: Session, account: NetSuiteAccount, event: RecordChanged, *, now: datetime) -> Look:
    """Begin to look at the record that an event is about, before NetSuite is asked for it."""
    joined = [each.id for each in accounts.joined_to(session, account.id)]
    return looks.begin(session, joined, "netsuite", event.record_id, now=now)


def order_fields(session: Session, account: NetSuiteAccount) -> list[str]:
    """Return the NetSuite fields that the joined accounts keep their order's number in."""
    joined = accounts.joined_to(session, account.id)
    return sorted({Policy.of(each.settings).order_match for each in joined})


def take(
    session: Session,
    account: NetSuiteAccount,
    event: RecordChanged,
    record: NetSuiteRefund | None,
    *,
    now: datetime,
    trace_id: str,
    asked: Sequence[Found] = (),
    received_at: datetime | None = None,
    look: Look | None = None,
) -> Taken:
    """Take over one NetSuite event.

    Args:
        session: A writing transaction.
        account: The NetSuite account.
        event: What it said.
        record: The refund as read, where `needs_reading` said so.
        now: The time, in UTC.
        trace_id: The delivery's trace.
        asked: What the storefronts have of its order, where they had to be asked.
        received_at: When the webhook came; now where none did.
        look: What was begun before the record was read.

    Raises:
        ledger.looks.StaleLookError: If there was other news of the record since the look began.
    """
    if event.record_type in REFUNDS:
        return _refund(
            session,
            account,
            event,
            record,
            asked,
            now=now,
            trace_id=trace_id,
            received_at=received_at or now,
            look=look,
        )
    if event.record_type == "salesorder":
        return Taken(_order(session, account, event, now=now))
    if event.record_type in _BILLED or event.record_type == "returnauthorization":
        return Taken(_order_news(session, account, event, now=now))
    return Taken()


def _ours(session: Session, account: NetSuiteAccount, external_id: str) -> Refund | None:
    if not external_id.startswith(_OUR_KEY):
        return None
    query = (
        select(Refund)
        .join(Account, Account.id == Refund.account_id)
        .where(Account.netsuite_account_id == account.id, Refund.key == external_id)
    )
    return session.scalars(query).first()


def _refund(
    session: Session,
    account: NetSuiteAccount,
    event: RecordChanged,
    record: NetSuiteRefund | None,
    asked: Sequence[Found],
    *,
    now: datetime,
    trace_id: str,
    received_at: datetime,
    look: Look | None,
) -> Taken:
    ours = _ours(session, account, event.external_id)
    if ours is not None:
        return _echo(session, event, ours, now=now, trace_id=trace_id)
    if event.change == "delete" or record is None or record.document is None:
        return _gone(session, account, event, now=now)
    if not record.order_id:
        return Taken(reason="STANDALONE_RECORD", detail=f"{event.record_type} {event.record_id}")
    try:
        owner, link = find(session, account, record, asked, now=now)
        _link_to(link, record, now=now)
    except OwnerError as error:
        return Taken(reason=error.reason, detail=error.detail)
    seen = _seen(owner, link, record.document, record, event, now=now)
    is_known = refunds.known(session, owner.id, "netsuite", event.record_id) is not None
    if event.change != "create" and not is_known and _is_old(record, owner):
        return Taken(reason="BEFORE_START", detail=f"{event.record_type} {event.record_id}")
    refund, _ = refunds.record(
        session, owner, seen, link, now=now, trace_id=trace_id, received_at=received_at, look=look
    )
    return Taken([refund.id])


def _link_to(link: OrderLink | None, record: NetSuiteRefund, *, now: datetime) -> None:
    """Link the order to the refund's NetSuite order, the first time one is heard of.

    Raises:
        OwnerError: `AMBIGUOUS_ORDER` if it is linked to another.
    """
    if link is None:
        return
    if not link.netsuite_order_id:
        linked = orders.NetSuiteOrder(
            record.order_id, record.order_type, record.billed_type, record.billed_id
        )
        orders.link_netsuite(link, linked, now=now)
    if link.netsuite_order_id not in {record.order_id, record.billed_id}:
        detail = f"order {link.storefront_order_name} is linked to NetSuite record {link.netsuite_order_id}"
        raise OwnerError("AMBIGUOUS_ORDER", detail)


def _is_old(record: NetSuiteRefund, owner: Account) -> bool:
    created = record.document.created_at if record.document else None
    return created is not None and created < owner.created_at


def _echo(session: Session, event: RecordChanged, ours: Refund, *, now: datetime, trace_id: str) -> Taken:
    """Show the record that this service made, or note that somebody changed it; never carry it back."""
    if event.change != "create":
        audit.write(
            session,
            "refund",
            ours.id,
            f"target_{event.change}",
            at=now,
            actor=audit.SYSTEM,
            note=f"{event.record_type} {event.record_id}",
            trace_id=trace_id,
        )
        return Taken(reason="ECHO", detail=ours.key)
    owner = session.get_one(Account, ours.account_id)
    link = session.get(OrderLink, ours.order_link_id) if ours.order_link_id else None
    seen = RefundSeen(
        origin="netsuite",
        refund_id=event.record_id,
        order_id=ours.storefront_order_id,
        order_name=ours.storefront_order_name,
        occurred_at=now,
        currency=ours.currency,
        parts=(),
        payments=(Payment(event.record_id, MoneyState.MOVED, ours.amount),),
        mark=event.external_id,
        record_type=event.record_type,
    )
    refund, _ = refunds.record(session, owner, seen, link, now=now, trace_id=trace_id)
    return Taken([refund.id])


def _gone(session: Session, account: NetSuiteAccount, event: RecordChanged, *, now: datetime) -> Taken:
    """Drop a refund whose record was deleted before it was carried; leave one alone that was."""
    query = (
        select(Refund)
        .join(Account, Account.id == Refund.account_id)
        .where(
            Account.netsuite_account_id == account.id,
            Refund.origin == "netsuite",
            Refund.source_refund_id == event.record_id,
        )
        .with_for_update(of=Refund)
    )
    for refund in session.scalars(query):
        if refund.state in _NOT_WRITTEN:
            refunds.move(session, refund, Transition.IGNORE, "SOURCE_DELETED", now=now)
    return Taken(reason="SOURCE_DELETED", detail=f"{event.record_type} {event.record_id}")


def _seen(
    owner: Account,
    link: OrderLink | None,
    document: Document,
    record: NetSuiteRefund,
    event: RecordChanged,
    *,
    now: datetime,
) -> RefundSeen:
    number = number_of(owner, record)
    by_id = Policy.of(owner.settings).order_match_value == "id"
    order_id = link.storefront_order_id if link else (number if by_id else "")
    order_name = link.storefront_order_name if link else ("" if by_id else number)
    money = MoneyState.FAILED if document.voided else MoneyState.MOVED
    return RefundSeen(
        origin="netsuite",
        refund_id=event.record_id,
        order_id=order_id,
        order_name=order_name,
        occurred_at=document.created_at or now,
        currency=document.total.currency,
        parts=parts_of(document, Policy.of(owner.settings)),
        payments=(Payment(event.record_id, money, document.total),),
        record_type=event.record_type,
    )


def parts_of(document: Document, policy: Policy) -> tuple[Part, ...]:
    """Return the parts of a NetSuite refund: its items, shipping and tax; generic items by their meaning."""
    zero = Money.zero(document.total.currency)
    generic = {
        policy.item_shipping: PartKind.SHIPPING,
        policy.item_tax: PartKind.TAX,
        policy.item_gift_card: PartKind.GIFT_CARD,
        policy.item_duty: PartKind.DUTY,
        policy.item_fee: PartKind.FEE,
        policy.item_adjustment_positive: PartKind.ADJUSTMENT,
        policy.item_adjustment_negative: PartKind.ADJUSTMENT,
        policy.item_rounding: PartKind.ADJUSTMENT,
    }
    generic.pop("", None)
    parts = [
        Part(
            kind=generic.get(
                line.item_id, PartKind.ADJUSTMENT if line.item_type == "OthCharge" else PartKind.ITEM
            ),
            net=line.amount,
            tax=zero,
            sku=line.sku,
            title=line.sku,
            quantity=line.quantity,
            source_line_id=str(line.line),
        )
        for line in document.lines
    ]
    if document.shipping:
        parts.append(Part(PartKind.SHIPPING, document.shipping, zero, title="Shipping"))
    if document.tax:
        parts.append(Part(PartKind.TAX, document.tax, zero, title="Tax"))
    return tuple(parts)


def _order(session: Session, account: NetSuiteAccount, event: RecordChanged, *, now: datetime) -> list[int]:
    """A sales order came, changed or went."""
    if event.change != "delete":
        orders.unbury(session, account.id, (event.other_ref_num, event.external_id), event.record_id)
        return _order_news(session, account, event, now=now)
    ids = [each.id for each in accounts.joined_to(session, account.id)]
    links = list(orders.of_netsuite_record(session, ids, event.record_id))
    for link in links:
        orders.lose_netsuite(link, now=now)
    if not links:
        # Whether a storefront order lost its only sales order with it is seen when the order is read next.
        orders.bury(session, account.id, (event.other_ref_num, event.external_id), event.record_id, now=now)
        return _order_news(session, account, event, now=now)
    return _reconsider(session, links, now=now)


def _order_news(
    session: Session, account: NetSuiteAccount, event: RecordChanged, *, now: datetime
) -> list[int]:
    """Wake the refunds that wait for something of this order: its import, its bill, its returned goods."""
    ids = [each.id for each in accounts.joined_to(session, account.id)]
    links: dict[int, OrderLink] = {}
    for record_id in (event.record_id, event.created_from):
        if record_id:
            links |= {link.id: link for link in orders.of_netsuite_record(session, ids, record_id)}
    for number in (event.other_ref_num, event.external_id):
        if number:
            links |= {link.id: link for link in orders.of_storefront_number(session, ids, number)}
    alive = [link for link in links.values() if link.netsuite_state is not OrderState.DELETED]
    return _reconsider(session, alive, now=now)


def _reconsider(session: Session, links: list[OrderLink], *, now: datetime) -> list[int]:
    waiting = [
        refund
        for refund in refunds.waiting_for_order(session, [link.id for link in links])
        if refund.direction is Direction.TO_NETSUITE
    ]
    for refund in waiting:
        refunds.reconsider(session, refund, "FACTS_CHANGED", now=now)
    return [refund.id for refund in waiting]
