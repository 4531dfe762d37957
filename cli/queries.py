"""What the commands look up in the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from ledger import accounts
from ledger.accounts import AccountError
from ledger.models import Account, Attempt, AuditEntry, Delivery, DeliveryState, NetSuiteAccount, Refund
from ledger.refunds import RefundNotFoundError
from ledger.states import State


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
        after: The last id of the page before; 0 for the first page.
    """

    states: tuple[State, ...] = ()
    account: str = ""
    source_channel: str = ""
    transaction_type: str = ""
    reason: str = ""
    order: str = ""
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
    query = select(Refund).options(joinedload(Refund.account)).order_by(Refund.id.desc())
    if wanted.states:
        query = query.where(Refund.state.in_(wanted.states))
    if wanted.account:
        query = query.where(Refund.account_id == accounts.by_slug(session, wanted.account).id)
    for column, value in (
        (Refund.origin, wanted.source_channel),
        (Refund.transaction_type, wanted.transaction_type),
        (Refund.reason, wanted.reason),
    ):
        if value:
            query = query.where(column == value)
    if wanted.order:
        names = {wanted.order, f"#{wanted.order.lstrip('#')}"}
        query = query.where(
            or_(Refund.storefront_order_id == wanted.order, Refund.storefront_order_name.in_(names))
        )
    if wanted.after:
        query = query.where(Refund.id < wanted.after)
    return session.scalars(query.limit(wanted.limit)).all()


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
    """Return the deliveries that a refund came by, oldest first."""
    of_account = or_(
        Delivery.account_id == found.account_id,
        Delivery.netsuite_account_id == found.account.netsuite_account_id,
    )
    query = select(Delivery).where(Delivery.trace_id == found.trace_id, of_account)
    return session.scalars(query.order_by(Delivery.id)).all()


def delivery_page(session: Session, wanted: DeliveryFilter) -> Sequence[Delivery]:
    """Return deliveries, newest first.

    Raises:
        ledger.accounts.AccountError: If the account asked for does not exist.
    """
    query = select(Delivery).order_by(Delivery.id.desc())
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
