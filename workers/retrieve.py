"""Read an order's refunds because a person asked for it, and take them over as if news of them had just come.

This is how a refund gets in that no webhook told of, or that is older than the account's connection.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import audit, due, orders
from ledger.clock import utcnow
from ledger.events import RecordChanged
from ledger.keys import mark_prefix
from ledger.looks import Look, StaleLookError
from ledger.models import Account, OrderLink, Refund
from ledger.policy import Policy
from ledger.reasons import reason as known_reason
from workers.posting.to_netsuite import linked_order
from workers.rules.facts import Document, NetSuiteOrder, NetSuiteRefund
from workers.runtime import Runtime
from workers.understanding import netsuite, storefront
from workers.understanding.netsuite import Taken

_NO_KEY: Final = ""  # no refund of one particular key is looked for


class RetrieveError(Exception):
    """Raised when nothing came of it; the message says why in plain words.

    Attributes:
        reason: `order_not_found`, `order_deleted`, `order_not_synced`, `order_not_billed`,
            `ambiguous_order`, `no_refund`, `not_taken` or `changing`.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asks for.

    Attributes:
        number: The order's id or name in the storefront.
        actor: Who asks, such as `cli:anna`.
        trace_id: Joins what is written about it.
    """

    account: Account
    number: str
    actor: str
    trace_id: str


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What came of it.

    Attributes:
        refund_ids: Every refund that was read and is in the ledger now.
        new_ids: Those of them that were not known before.
        due: Those that still have a way to go, as (id, platform): a worker is to be woken for them.
    """

    refund_ids: tuple[int, ...]
    new_ids: tuple[int, ...]
    due: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class _Order:
    """A storefront order by both of its names, and the NetSuite record it is linked to."""

    id: str
    name: str
    netsuite_id: str = ""


def from_storefront(runtime: Runtime, request: Request, *, now: datetime) -> Retrieved:
    """Take over the refunds that the storefront has of an order.

    Args:
        runtime: This process's tools.
        request: Which order, and who asks.
        now: The time, in UTC.

    Raises:
        RetrieveError: If nothing came of it.
        workers.platforms.errors.PlatformError: If the storefront does not give it.
    """
    account = request.account
    order = _in_storefront(runtime, request)
    found = runtime.storefront(account).refunds(
        order.id, policy=Policy.of(account.settings), mark_prefix=mark_prefix(account.slug)
    )
    if not found:
        raise RetrieveError("no_refund", f"order {order.name} of {account.slug} has no refund")
    with runtime.database.write() as session:
        _link(session, request, order, now=now)
        ids = [
            refund.id
            for seen in found
            for refund in storefront.take(
                session, account, replace(seen, first_hand=True), now=now, trace_id=request.trace_id
            )
        ]
        return _retrieved(session, ids, request)


def from_netsuite(runtime: Runtime, request: Request, *, now: datetime) -> Retrieved:
    """Take over the cash refunds and credit memos that NetSuite has of an order.

    Args:
        runtime: This process's tools.
        request: Which order, and who asks.
        now: The time, in UTC.

    Raises:
        RetrieveError: If nothing came of it: the order is not synced, not billed, or has no refund record.
        workers.platforms.errors.PlatformError: If NetSuite or the storefront does not give it.
    """
    account = request.account
    order = _in_ledger(runtime, request) or _in_storefront(runtime, request)
    policy = Policy.of(account.settings)
    found = runtime.netsuite(account.netsuite).order(
        order.id if policy.order_match_value == "id" else order.name,
        match=policy.order_match,
        key=_NO_KEY,
        linked_id=order.netsuite_id,
    )
    _check(found, order)
    records = [_read(runtime, account, document) for document in found.refunds]
    with runtime.database.write() as session:
        link = _link(session, request, order, now=now)
        if len(found.orders) <= 1:  # what a person says decides which account's order it is
            orders.link_netsuite(link, linked_order(found), now=now)
            session.flush()
        try:
            taken = [
                netsuite.take(
                    session, account.netsuite, event, record, now=now, trace_id=request.trace_id, look=look
                )
                for event, record, look in records
            ]
        except StaleLookError as error:
            raise RetrieveError("changing", f"{error}; ask again") from error
        ids = [number for each in taken for number in each.refund_ids]
        if not ids:
            raise RetrieveError("not_taken", " ".join(_why(each) for each in taken))
        return _retrieved(session, ids, request)


def _in_ledger(runtime: Runtime, request: Request) -> _Order | None:
    """Return the order as its link knows it, if exactly one link does and knows it whole."""
    link = _link_of(runtime, request, request.number)
    if link is None or not link.storefront_order_name:
        return None
    return _Order(link.storefront_order_id, link.storefront_order_name, link.netsuite_order_id)


def _in_storefront(runtime: Runtime, request: Request) -> _Order:
    """Return the storefront's order of that id or name.

    Raises:
        RetrieveError: `order_not_found`.
    """
    client = runtime.storefront(request.account)
    order = client.order(request.number) or client.find_order(request.number, by="name")
    if order is None and not request.number.startswith("#"):  # people leave Shopify's mark out
        order = client.find_order(f"#{request.number}", by="name")
    if order is None:
        raise RetrieveError("order_not_found", f"{request.account.slug} has no order {request.number!r}")
    link = _link_of(runtime, request, order.id)
    return _Order(order.id, order.name, link.netsuite_order_id if link else "")


def _link_of(runtime: Runtime, request: Request, number: str) -> OrderLink | None:
    with runtime.database.read() as session:
        links = orders.of_storefront_number(session, [request.account.id], number)
    return links[0] if len(links) == 1 else None


def _check(found: NetSuiteOrder, order: _Order) -> None:
    """Refuse an order that has no refund to take over.

    Raises:
        RetrieveError: Saying at which step it stands.
    """
    if found.linked_exists is False:
        raise RetrieveError(
            "order_deleted",
            f"order {order.name} was deleted in NetSuite (it was record {order.netsuite_id}); "
            "if it was made again, link it with `refund-sync refund relink`",
        )
    ids = [document.id for document in found.orders]
    if len(ids) > 1 and order.netsuite_id not in ids:
        raise RetrieveError(
            "ambiguous_order",
            f"NetSuite has several orders called {order.name} ({', '.join(ids)}); keep one of them",
        )
    if not found.orders and not found.billed:
        raise RetrieveError("order_not_synced", f"order {order.name} is not in NetSuite; import it first")
    if not found.billed:
        raise RetrieveError("order_not_billed", f"order {order.name} is not billed in NetSuite yet")
    if not found.refunds:
        raise RetrieveError("no_refund", f"order {order.name} has no cash refund or credit memo in NetSuite")


def _read(
    runtime: Runtime, account: Account, document: Document
) -> tuple[RecordChanged, NetSuiteRefund | None, Look | None]:
    """Return what NetSuite would have told of a record's creation, the record as read, and the look at it."""
    event = RecordChanged(document.record_type, document.id, "create", external_id=document.external_id)
    with runtime.database.read() as session:
        if not netsuite.needs_reading(session, account.netsuite, event):
            return event, None, None
        fields = netsuite.order_fields(session, account.netsuite)
        look = netsuite.look(session, account.netsuite, event, now=utcnow())
    client = runtime.netsuite(account.netsuite)
    return event, client.refund(document.record_type, document.id, match_fields=fields), look


def _link(session: Session, request: Request, order: _Order, *, now: datetime) -> OrderLink:
    """Return the order's link, with a note of who asked."""
    link = orders.ensure(session, request.account.id, order.id, now=now, name=order.name)
    audit.write(
        session,
        "order_link",
        link.id,
        "retrieve",
        at=now,
        actor=request.actor,
        note=order.name,
        trace_id=request.trace_id,
    )
    return link


def _why(taken: Taken) -> str:
    what = known_reason(taken.reason).what if taken.reason else ""
    return f"{what} ({taken.detail})" if taken.detail else what


def _retrieved(session: Session, ids: Sequence[int], request: Request) -> Retrieved:
    rows = session.scalars(select(Refund).where(Refund.id.in_(ids)).order_by(Refund.id)).all()
    return Retrieved(
        refund_ids=tuple(row.id for row in rows),
        new_ids=tuple(row.id for row in rows if row.trace_id == request.trace_id),
        due=tuple(due.carried(session, ids)),
    )
