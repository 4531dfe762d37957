"""Whose order stands behind a NetSuite refund: from the ledger's links, or by asking the storefronts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from ledger import accounts, orders, pausing
from ledger.audit import SYSTEM
from ledger.clock import utcnow
from ledger.events import OrderSeen
from ledger.models import Account, NetSuiteAccount, OrderLink, OrderState
from ledger.models.accounts import Direction
from ledger.policy import Policy
from ledger.reasons import Recovery, reason
from workers.platforms.errors import PlatformError
from workers.rules.facts import NetSuiteRefund, StorefrontOrder
from workers.runtime import Runtime


class OwnerError(Exception):
    """Raised when no account, or more than one, can be the owner.

    Attributes:
        reason: `AMBIGUOUS_ORDER` or `ORDER_NOT_SYNCED`.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Found:
    """A storefront order that answers to the number NetSuite has."""

    account_id: int
    order: StorefrontOrder


def number_of(account: Account, record: NetSuiteRefund) -> str:
    """Return the storefront order's number as an account's NetSuite field holds it; empty if it has none."""
    return record.order_numbers.get(Policy.of(account.settings).order_match, "")


def ask(runtime: Runtime, books: NetSuiteAccount, record: NetSuiteRefund) -> tuple[Found, ...]:
    """Ask the storefronts for the order where the ledger does not know whose it is.

    Nothing is asked where only one account could be its owner.

    Raises:
        PlatformError: If somebody who may have it could not be asked just now. Two shops may number their
            orders alike, so that one of them has it says nothing of the other.
    """
    with runtime.database.read() as session:
        joined = accounts.joined_to(session, books.id)
        if len(joined) == 1 or not record.order_id or _linked(session, joined, record):
            return ()
    found: list[Found] = []
    for account in joined:
        number = number_of(account, record)
        if not number:
            continue
        if account.paused_reason:
            raise PlatformError("ACCOUNT_PAUSED", f"{account.slug} may have the order and cannot be asked")
        by = Policy.of(account.settings).order_match_value
        try:
            storefront = runtime.storefront(account)
            order = runtime.breaker.call(account.id, partial(storefront.find_order, number, by=by))
        except PlatformError as error:
            if reason(error.reason).recovery is Recovery.PAUSE:
                with runtime.database.write() as session:
                    pausing.pause(session, account, error.reason, error.detail, now=utcnow(), actor=SYSTEM)
                raise PlatformError("ACCOUNT_PAUSED", f"{account.slug}: {error.detail}") from error
            raise
        if order is not None:
            found.append(Found(account.id, order))
    return tuple(found)


def find(
    session: Session,
    books: NetSuiteAccount,
    record: NetSuiteRefund,
    asked: Sequence[Found],
    *,
    now: datetime,
) -> tuple[Account, OrderLink | None]:
    """Return the owner and the order's link; no link where the order may still come.

    Raises:
        OwnerError: If several accounts know the order's number, or none could.
    """
    joined = accounts.joined_to(session, books.id)
    links = _linked(session, joined, record)
    if not links:
        links = {found.account_id: _link(session, found, now=now) for found in asked}
    if len(links) > 1:
        slugs = ", ".join(each.slug for each in joined if each.id in links)
        raise OwnerError("AMBIGUOUS_ORDER", f"the order's number is known to {slugs}")
    for account in joined:
        if account.id in links:
            return account, links[account.id]
    candidates = [each for each in joined if each.direction is Direction.FROM_NETSUITE] or list(joined)
    numbered = [each for each in candidates if number_of(each, record)]
    if len(numbered) == 1:
        return numbered[0], None
    raise OwnerError("ORDER_NOT_SYNCED", f"no account knows {record.order_type} {record.order_id}")


def _linked(session: Session, joined: Sequence[Account], record: NetSuiteRefund) -> dict[int, OrderLink]:
    """Return the links the ledger has: of the NetSuite records, else of the order's number."""
    ids = [each.id for each in joined]
    of_records = [
        link
        for record_id in (record.order_id, record.billed_id)
        if record_id
        for link in orders.of_netsuite_record(session, ids, record_id)
    ]
    of_number = [
        link
        for each in joined
        if (number := number_of(each, record))
        for link in orders.of_storefront_number(session, [each.id], number)
    ]
    return {link.account_id: link for link in of_records or of_number}


def _link(session: Session, found: Found, *, now: datetime) -> OrderLink:
    state = OrderState.CANCELLED if found.order.cancelled else OrderState.OPEN
    seen = OrderSeen(found.order.id, found.order.name, state, seen_at=now)
    link, _ = orders.see_storefront(session, found.account_id, seen, now=now)
    return link
