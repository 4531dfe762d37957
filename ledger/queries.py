"""What people look up in the ledger: the command line, the API and the portal look through these."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import CompoundSelect, Select, and_, or_, select, union
from sqlalchemy.orm import Session, defer, joinedload, selectinload

from ledger import accounts
from ledger.accounts import AccountError
from ledger.models import (
    Account,
    Attempt,
    AuditEntry,
    Delivery,
    DeliveryState,
    NetSuiteAccount,
    OrderLink,
    Refund,
)
from ledger.refunds import RefundNotFoundError
from ledger.states import State

_LARGEST_ID: Final = 2**63 - 1
_LISTED: Final = defer(Delivery.body, raiseload=True)  # bodies have up to 5 MB


class DeliveryNotFoundError(LookupError):
    """Raised when there is no such delivery.

    Attributes:
        reason: Always `delivery_not_found`.
    """

    reason = "delivery_not_found"


class NoOrderError(Exception):
    """Raised when a refund has no order to link.

    Attributes:
        reason: Always `no_order`.
    """

    reason = "no_order"


@dataclass(frozen=True, slots=True)
class RefundFilter:
    """Which refunds; what is empty does not narrow them down.

    Attributes:
        order: The storefront order's id, or its name with or without `#`.
        text: Any name that the refund or its order has here, in the storefront or in NetSuite, as a whole.
        since: Made then or later, in UTC.
        until: Made before, in UTC.
        after: The last id of the page before; 0 for the first page.
    """

    states: tuple[State, ...] = ()
    account: str = ""
    source_channel: str = ""
    transaction_type: str = ""
    reason: str = ""
    order: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50
    after: int = 0


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries; what is empty does not narrow them down.

    Attributes:
        account: The name of a storefront or NetSuite account.
        after: The last id of the page before; 0 for the first page.
    """

    states: tuple[DeliveryState, ...] = ()
    account: str = ""
    source: str = ""
    topic: str = ""
    limit: int = 50
    after: int = 0


def refund_page(session: Session, wanted: RefundFilter) -> Sequence[Refund]:
    """Return refunds with their accounts, newest first.

    Raises:
        ledger.accounts.AccountError: If the account asked for does not exist.
    """
    query = _narrowed(select(Refund), wanted)
    if wanted.text:
        # Looked up on its own: guessing that many refunds have a name, PostgreSQL would read all of them.
        query = query.where(Refund.id.in_(session.scalars(_called(wanted.text)).all()))
    if wanted.account:
        query = query.where(Refund.account_id == accounts.by_slug(session, wanted.account).id)
    if wanted.after:
        query = query.where(Refund.id < wanted.after)
    query = query.options(joinedload(Refund.account)).order_by(Refund.id.desc()).limit(wanted.limit)
    return session.scalars(query).all()


def _narrowed(query: Select[Refund], wanted: RefundFilter) -> Select[Refund]:
    if wanted.states:
        query = query.where(Refund.state.in_(wanted.states))
    for column, value in (
        (Refund.origin, wanted.source_channel),
        (Refund.transaction_type, wanted.transaction_type),
        (Refund.reason, wanted.reason),
    ):
        if value:
            query = query.where(column == value)
    if wanted.order:
        of_order = Refund.storefront_order_id == wanted.order
        query = query.where(or_(of_order, Refund.storefront_order_name.in_(_names(wanted.order))))
    if wanted.since:
        query = query.where(Refund.occurred_at >= wanted.since)
    if wanted.until:
        query = query.where(Refund.occurred_at < wanted.until)
    return query


def _called(text: str) -> CompoundSelect[int]:
    """Return the ids of what has this name; each name is looked up in an index of its own."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < len(str(_LARGEST_ID)) else 0
    return union(
        select(Refund.id).where(Refund.id == number),
        select(Refund.id).where(Refund.source_refund_id == text),
        select(Refund.id).where(Refund.key == text),
        select(Refund.id).where(Refund.target_id == text),
        select(Refund.id).where(Refund.storefront_order_id == text),
        select(Refund.id).where(Refund.storefront_order_name.in_(_names(text))),
        select(Refund.id)
        .join(OrderLink, Refund.order_link_id == OrderLink.id)
        .where(OrderLink.netsuite_order_id == text),
    )


def _names(text: str) -> set[str]:
    """Return what an order may be called: people leave Shopify's mark out."""
    return {text, f"#{text.lstrip('#')}"}


def refund(session: Session, refund_id: int) -> Refund:
    """Return a refund with its account, order link and lines.

    Raises:
        RefundNotFoundError: If there is none.
    """
    query = (
        select(Refund)
        .where(Refund.id == refund_id)
        .options(joinedload(Refund.account), joinedload(Refund.order_link), selectinload(Refund.lines))
    )
    found = session.scalars(query).one_or_none()
    if found is None:
        raise RefundNotFoundError(f"there is no refund {refund_id}; `refund-sync refund list` shows them")
    return found


def of_order(session: Session, link_id: int, state: State) -> Sequence[int]:
    """Return the ids of an order's refunds that are in a state."""
    query = select(Refund.id).where(Refund.order_link_id == link_id, Refund.state == state)
    return session.scalars(query.order_by(Refund.id)).all()


def attempts(session: Session, refund_id: int) -> Sequence[Attempt]:
    """Return a refund's attempts, oldest first."""
    return session.scalars(select(Attempt).where(Attempt.refund_id == refund_id).order_by(Attempt.id)).all()


def audit_trail(session: Session, subject: str, subject_id: int) -> Sequence[AuditEntry]:
    """Return what happened to something, oldest first."""
    query = select(AuditEntry).where(AuditEntry.subject == subject, AuditEntry.subject_id == subject_id)
    return session.scalars(query.order_by(AuditEntry.id)).all()


def deliveries_behind(session: Session, found: Refund) -> Sequence[Delivery]:
    """Return the deliveries that a refund came by, oldest first, without their bodies."""
    of_books = and_(
        Delivery.account_id.is_(None), Delivery.netsuite_account_id == found.account.netsuite_account_id
    )
    of_either = or_(Delivery.account_id == found.account_id, of_books)
    query = select(Delivery).where(Delivery.trace_id == found.trace_id, of_either)
    return session.scalars(query.options(_LISTED).order_by(Delivery.id)).all()


def delivery_page(session: Session, wanted: DeliveryFilter) -> Sequence[Delivery]:
    """Return deliveries, newest first, without their bodies.

    Raises:
        ledger.accounts.AccountError: If the account asked for does not exist.
    """
    query = select(Delivery).options(_LISTED).order_by(Delivery.id.desc())
    if wanted.states:
        query = query.where(Delivery.state.in_(wanted.states))
    if wanted.account:
        is_books = wanted.source == "netsuite"  # both kinds of account may have one name
        find = accounts.netsuite_by_slug if is_books else account_of
        owner = find(session, wanted.account)
        if isinstance(owner, NetSuiteAccount):
            query = query.where(Delivery.netsuite_account_id == owner.id, Delivery.account_id.is_(None))
        else:
            query = query.where(Delivery.account_id == owner.id)
    if wanted.source:
        query = query.where(Delivery.source == wanted.source)
    if wanted.topic:
        query = query.where(Delivery.topic == wanted.topic)
    if wanted.after:
        query = query.where(Delivery.id < wanted.after)
    return session.scalars(query.limit(wanted.limit)).all()


def delivery(session: Session, delivery_id: int) -> Delivery:
    """Return a delivery.

    Raises:
        DeliveryNotFoundError: If there is none.
    """
    found = session.get(Delivery, delivery_id)
    if found is None:
        raise DeliveryNotFoundError(
            f"there is no delivery {delivery_id}; `refund-sync delivery list` shows them"
        )
    return found


def owner_of(session: Session, found: Delivery) -> Account | NetSuiteAccount:
    """Return the account whose address a delivery came to."""
    if found.account_id is not None:
        return session.get_one(Account, found.account_id)
    return session.get_one(NetSuiteAccount, found.netsuite_account_id)


def account_of(session: Session, slug: str) -> Account | NetSuiteAccount:
    """Return the storefront account of a name, else the NetSuite account.

    Raises:
        ledger.accounts.AccountError: If there is neither.
    """
    storefront = session.scalar(select(Account).where(Account.slug == slug))
    found = storefront or session.scalar(select(NetSuiteAccount).where(NetSuiteAccount.slug == slug))
    if found is not None:
        return found
    raise AccountError("not_found", f"there is no account {slug!r}, neither of a storefront nor of NetSuite")


def owners(session: Session) -> dict[tuple[int, int | None], str]:
    """Return the accounts' names by what deliveries know of them: NetSuite account and storefront account."""
    joined = select(Account.netsuite_account_id, Account.id, Account.slug)
    books = select(NetSuiteAccount.id, NetSuiteAccount.slug)
    return {
        **{(row.id, None): row.slug for row in session.execute(books)},
        **{(row.netsuite_account_id, row.id): row.slug for row in session.execute(joined)},
    }


def storefront_accounts(session: Session) -> Sequence[Account]:
    """Return the storefront accounts with their NetSuite accounts, by name."""
    return session.scalars(select(Account).order_by(Account.slug)).all()


def netsuite_accounts(session: Session) -> Sequence[NetSuiteAccount]:
    """Return the NetSuite accounts, by name."""
    return session.scalars(select(NetSuiteAccount).order_by(NetSuiteAccount.slug)).all()
