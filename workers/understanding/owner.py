"""Whose order stands behind a NetSuite refund: from the ledger's links, or by asking the storefronts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from ledger import accounts, orders, pausing
from ledger.audit import SYSTEM
from ledger.clock import utcnow
from ledger.events import OrderSeen
from ledger.models import Account, NetSuiteAccount, OrderLink, OrderState
from ledger.models.accounts import Direction
from ledger.policy import Policy
from ledger.reasons import Recovery, reason
from workers.asking import AskedError, find_order
from workers.platforms.errors import PlatformError
from workers.platforms.storefronts import STOREFRONTS
from workers.rules.facts import NetSuiteRefund, StorefrontOrder
from workers.rules.owning import Answer, Verdict, difference, judge, wants_others
from workers.runtime import Runtime

_PASSING: Final = (Recovery.THROTTLE, Recovery.BACKOFF, Recovery.WAIT, Recovery.PAUSE, Recovery.NONE)
"""From what passes soonest to what does not by itself."""


class OwnerError(Exception):
    """Raised when no account, or more than one, can be the owner.

    Attributes:
        reason: `AMBIGUOUS_ORDER` or `ORDER_NOT_SYNCED`.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class UnaskedError(PlatformError):
    """Raised when whose order it is cannot be said yet, since an account that may have it could not be asked.

    Its reason is the one that passes soonest of those accounts'.

    Attributes:
        until: When it is decided in any case, in UTC, since another account has the order; None where nobody
            who answered has it.
        without: The accounts that have no such order.
    """

    def __init__(self, said: "Sequence[_Said]", until: datetime | None) -> None:
        silent = [(each.answer.slug, each.error) for each in said if each.error is not None]
        slug, first = min(silent, key=lambda each: _PASSING.index(reason(each[1].reason).recovery))
        detail = f"{slug} may have the order and cannot be asked: {first.detail}"
        super().__init__(first.reason, detail, retry_after=first.retry_after, call=first.call)
        self.until = until
        self.without = _without(said)


class UnsureError(PlatformError):
    """Raised when a person has to tell whose order it is; its reason is `OWNER_UNSURE`.

    Attributes:
        without: The accounts that have no such order.
    """

    def __init__(self, said: "Sequence[_Said]", detail: str) -> None:
        super().__init__("OWNER_UNSURE", detail)
        self.without = _without(said)


def _without(said: "Sequence[_Said]") -> frozenset[int]:
    return frozenset(
        each.answer.account_id for each in said if each.error is None and each.answer.order is None
    )


@dataclass(frozen=True, slots=True)
class Found:
    """A storefront order that answers to the number NetSuite has."""

    account_id: int
    order: StorefrontOrder


def number_of(account: Account, record: NetSuiteRefund) -> str:
    """Return the storefront order's number as an account's NetSuite field holds it; empty if it has none."""
    return record.order_numbers.get(Policy.of(account.settings).order_match, "")


def ask(
    runtime: Runtime, books: NetSuiteAccount, record: NetSuiteRefund, *, since: datetime
) -> tuple[Found, ...]:
    """Ask the storefronts for the order where the ledger does not know whose it is.

    Nothing is asked where only one account could be its owner. Those that take no refunds of NetSuite are
    asked only where none of the others has the order, or what one has is not quite NetSuite's.

    Args:
        runtime: This process's tools.
        books: The NetSuite account.
        record: The refund as read.
        since: When it was told of: who cannot be asked is waited for until a poll's interval later.

    Raises:
        UnaskedError: If somebody who may have it could not be asked just now.
        UnsureError: If a person has to tell whose it is.
    """
    with runtime.database.read() as session:
        joined = accounts.joined_to(session, books.id)
        if len(joined) == 1 or not record.order_id or _linked(session, joined, record):
            return ()
    numbered = [each for each in joined if STOREFRONTS[each.platform].may_name(number_of(each, record))]
    answers = [_ask(runtime, each, record) for each in numbered if _takes(each)]
    if wants_others(record, [each.answer for each in answers]):
        answers += [_ask(runtime, each, record) for each in numbered if not _takes(each)]
    until = since + timedelta(minutes=runtime.installation.poll_minutes)
    verdict = judge(record, [each.answer for each in answers], waited=utcnow() >= until)
    if verdict is Verdict.DECIDE:
        return tuple(
            Found(each.answer.account_id, order)
            for each in answers
            if (order := each.answer.order) is not None
        )
    if verdict is Verdict.HOLD:
        raise UnsureError(answers, _unsure(record, answers))
    raise UnaskedError(answers, until if verdict is Verdict.WAIT else None)


def _takes(account: Account) -> bool:
    return account.direction is Direction.FROM_NETSUITE and account.sync_enabled


@dataclass(frozen=True, slots=True)
class _Said:
    """What an account said, and why it did not where it did not."""

    answer: Answer
    error: PlatformError | None = None


def _ask(runtime: Runtime, account: Account, record: NetSuiteRefund) -> _Said:
    """Ask one storefront, which is paused where it refuses us."""

    def said(order: StorefrontOrder | None = None, error: PlatformError | None = None) -> _Said:
        silent = error.reason if error is not None else ""
        return _Said(Answer(account.id, account.slug, _takes(account), order, silent), error)

    try:
        return said(find_order(runtime, account, number_of(account, record)))
    except PlatformError as error:
        is_refused = isinstance(error, AskedError) and reason(error.reason).recovery is Recovery.PAUSE
        if not is_refused:
            return said(error=error)
        with runtime.database.write() as session:
            pausing.pause(session, account, error.reason, error.detail, now=utcnow(), actor=SYSTEM)
        return said(error=PlatformError("ACCOUNT_PAUSED", f"{account.slug}: {error.detail}"))


def _unsure(record: NetSuiteRefund, answers: Sequence[_Said]) -> str:
    having = next(each.answer for each in answers if each.answer.order is not None)
    silent = ", ".join(each.answer.slug for each in answers if each.error is not None)
    differs = difference(record, having.order) if having.order is not None else ""
    return f"{having.slug} has an order of that number, but {differs}; {silent} cannot be asked"


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
