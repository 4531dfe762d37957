"""Order links: what is known of an order on both sides, kept true by news that may come late or twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, delete, or_, select
from sqlalchemy.orm import Session

from ledger import audit
from ledger.events import OrderSeen
from ledger.models import OrderLink, OrderState, OrderTombstone
from ledger.upsert import insert

_LIFE: Final = tuple(OrderState)  # unknown, open, cancelled, deleted


@dataclass(frozen=True, slots=True)
class NetSuiteOrder:
    """What was read of an order in NetSuite.

    Attributes:
        record_type: `salesorder`, or `cashsale` / `invoice` for orders made without a sales order.
        billed_type: `cashsale`, `invoice`, or empty while it is not billed.
    """

    record_id: str
    record_type: str
    billed_type: str = ""
    billed_id: str = ""


def ensure(session: Session, account_id: int, order_id: str, *, now: datetime, name: str = "") -> OrderLink:
    """Return the link of a storefront order, locked; made if this is the first that is heard of it."""
    key = {"account": account_id, "order": order_id}
    link = session.scalars(_LINK, key).one_or_none()
    if link is None:
        _make(session, account_id, order_id, now=now, name=name)
        link = session.scalars(_LINK, key).one()
    if name and not link.storefront_order_name:
        link.storefront_order_name = name
    return link


_LINK: Final = (
    select(OrderLink)
    .where(OrderLink.account_id == bindparam("account"), OrderLink.storefront_order_id == bindparam("order"))
    .with_for_update()
)


def _make(session: Session, account_id: int, order_id: str, *, now: datetime, name: str) -> None:
    """Write a link down, unless somebody else does so first."""
    values: dict[str, Any] = {
        "account_id": account_id,
        "storefront_order_id": order_id,
        "storefront_order_name": name,
        "storefront_state": OrderState.UNKNOWN,
        "netsuite_order_id": "",
        "netsuite_order_type": "",
        "netsuite_state": OrderState.UNKNOWN,
        "billed_type": "",
        "billed_id": "",
        "created_at": now,
        "updated_at": now,
    }
    session.execute(insert(session, OrderLink).values(values).on_conflict_do_nothing())


def see_storefront(
    session: Session, account_id: int, seen: OrderSeen, *, now: datetime
) -> tuple[OrderLink, bool]:
    """Take over news of the storefront's side of an order; return its link and whether anything changed."""
    link = ensure(session, account_id, seen.order_id, now=now, name=seen.name)
    return link, follow_storefront(link, seen, now=now)


def follow_storefront(link: OrderLink, seen: OrderSeen, *, now: datetime) -> bool:
    """Take over news of the storefront's side of a link, which is locked; return whether anything changed.

    Older news than what is known is dropped, whatever order it comes in; of two with the same time, which the
    platforms give in seconds, the one further on in an order's life counts. A deleted order stays deleted,
    since the platforms never bring an order id back.
    """
    link.storefront_order_name = link.storefront_order_name or seen.name
    if link.storefront_state is OrderState.DELETED:
        return False
    if seen.state is not OrderState.DELETED and _is_older(seen, link):
        return False
    changed = link.storefront_state is not seen.state
    link.storefront_state = seen.state
    if seen.name:
        link.storefront_order_name = seen.name
    link.storefront_seen_at = max(seen.seen_at, link.storefront_seen_at or seen.seen_at)
    link.updated_at = now
    return changed


def _is_older(seen: OrderSeen, link: OrderLink) -> bool:
    if link.storefront_seen_at is None:
        return False
    known = (link.storefront_seen_at, _LIFE.index(link.storefront_state))
    return (seen.seen_at, _LIFE.index(seen.state)) < known


def link_netsuite(link: OrderLink, order: NetSuiteOrder, *, now: datetime) -> bool:
    """Take over what was read in NetSuite; return whether anything changed.

    A link whose order was deleted stays so until an operator links it anew.
    """
    if link.netsuite_state is OrderState.DELETED:
        return False
    before = (link.netsuite_order_id, link.billed_id, link.netsuite_state)
    link.netsuite_order_id = order.record_id
    link.netsuite_order_type = order.record_type
    link.billed_type = order.billed_type
    link.billed_id = order.billed_id
    link.netsuite_state = OrderState.OPEN
    changed = before != (link.netsuite_order_id, link.billed_id, link.netsuite_state)
    if changed:
        link.updated_at = now
    return changed


def lose_netsuite(link: OrderLink, *, now: datetime) -> bool:
    """Note that the linked NetSuite order is gone; return whether that is news."""
    if link.netsuite_state is OrderState.DELETED:
        return False
    link.netsuite_state = OrderState.DELETED
    link.updated_at = now
    return True


def relink(session: Session, link: OrderLink, order: NetSuiteOrder, *, now: datetime, actor: str) -> None:
    """Link an order anew that was deleted in NetSuite and made again; an operator's decision."""
    before = link.netsuite_order_id
    link.netsuite_state = OrderState.UNKNOWN
    link_netsuite(link, order, now=now)
    note = f"{before or 'nothing'} -> {order.record_id}"
    audit.write(session, "order_link", link.id, "relink", at=now, actor=actor, note=note)


def of_netsuite_record(session: Session, account_ids: Sequence[int], record_id: str) -> Sequence[OrderLink]:
    """Return the links of these accounts whose NetSuite order or billed record is `record_id`."""
    query = select(OrderLink).where(
        OrderLink.account_id.in_(account_ids),
        or_(OrderLink.netsuite_order_id == record_id, OrderLink.billed_id == record_id),
    )
    return session.scalars(query.order_by(OrderLink.id)).all()


def of_storefront_number(session: Session, account_ids: Sequence[int], number: str) -> Sequence[OrderLink]:
    """Return the links of these accounts whose storefront order has this id or name."""
    query = select(OrderLink).where(
        OrderLink.account_id.in_(account_ids),
        or_(OrderLink.storefront_order_id == number, OrderLink.storefront_order_name == number),
    )
    return session.scalars(query.order_by(OrderLink.id)).all()


def bury(
    session: Session, netsuite_account_id: int, numbers: Sequence[str], record_id: str, *, now: datetime
) -> None:
    """Remember a sales order that was deleted before any storefront order was linked to it."""
    for number in filter(None, dict.fromkeys(numbers)):
        values = {
            "netsuite_account_id": netsuite_account_id,
            "number": number,
            "record_id": record_id,
            "deleted_at": now,
        }
        session.execute(
            insert(session, OrderTombstone)
            .values(values)
            .on_conflict_do_update(index_elements=["netsuite_account_id", "number"], set_=values)
        )


def unbury(session: Session, netsuite_account_id: int, numbers: Sequence[str], record_id: str) -> None:
    """Forget deletions of other orders with these numbers: NetSuite has such an order again.

    Late news of the deleted record itself does not bring it back.
    """
    session.execute(
        delete(OrderTombstone).where(
            OrderTombstone.netsuite_account_id == netsuite_account_id,
            OrderTombstone.number.in_(numbers),
            OrderTombstone.record_id != record_id,
        )
    )


def claim_tombstone(session: Session, netsuite_account_id: int, link: OrderLink, *, now: datetime) -> bool:
    """Mark a link deleted whose NetSuite order went before the link came; return whether it did."""
    if link.netsuite_state is not OrderState.UNKNOWN:
        return False
    numbers = [number for number in (link.storefront_order_id, link.storefront_order_name) if number]
    tombstone = session.scalar(
        select(OrderTombstone).where(
            OrderTombstone.netsuite_account_id == netsuite_account_id, OrderTombstone.number.in_(numbers)
        )
    )
    if tombstone is None:
        return False
    link.netsuite_order_id = tombstone.record_id
    return lose_netsuite(link, now=now)
