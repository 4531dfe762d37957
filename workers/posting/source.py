"""Look again at where a refund came from, where it may have changed without telling."""

from datetime import timedelta
from typing import Final

from ledger.clock import utcnow
from ledger.events import MoneyState, RecordChanged
from ledger.keys import mark_prefix
from ledger.looks import StaleLookError
from ledger.models import Refund
from ledger.models.accounts import Direction
from ledger.policy import Policy
from ledger.refunds import LeaseLostError, load
from workers.platforms.errors import PlatformError
from workers.posting.work import Work
from workers.runtime import Runtime
from workers.understanding import netsuite, storefront

FRESH: Final = timedelta(minutes=1)
"""For how long what was read of a NetSuite record is good enough to give money away for it."""


def money_looks(runtime: Runtime, work: Work) -> tuple[timedelta, ...]:
    """Return how long after it began to wait for its money a refund is looked at, each time.

    Empty where the storefront has no times of its own for that, or the money is NetSuite's to settle.
    """
    if work.refund.direction is not Direction.TO_NETSUITE:
        return ()
    return runtime.storefront(work.row.account).money_looks


def look_for_money(runtime: Runtime, work: Work) -> None:
    """Read a refund again whose money was pending when it was last looked at.

    Platforms tell of settled money once, if at all, and perhaps before the refund itself was known. Where the
    next look may be days away, a person who asks for one gets it at once.

    Raises:
        LeaseLostError: If there was news; the refund is looked at anew.
        workers.platforms.errors.PlatformError: If the storefront does not say.
    """
    row = work.row
    is_asked = row.reason == "REQUESTED_BY_PERSON" and bool(money_looks(runtime, work))
    waited = work.refund.money is MoneyState.PENDING and (row.waiting_for == "MONEY_PENDING" or is_asked)
    if not waited or row.direction is not Direction.TO_NETSUITE or work.account.paused:
        return
    found = runtime.storefront(row.account).refunds(
        row.storefront_order_id,
        policy=Policy.of(row.account.settings),
        mark_prefix=mark_prefix(row.account.slug),
    )
    with runtime.database.write() as session:
        for seen in found:
            if seen.refund_id == row.source_refund_id:
                storefront.take(session, row.account, seen, now=utcnow(), trace_id=row.trace_id)
        now = load(session, row.id)
    _check(now, work)


def look_before_paying(runtime: Runtime, work: Work) -> None:
    """Read a NetSuite record again before the storefront pays for it, unless it was read just now.

    Edits and deletions are told of by a webhook that may be late or lost.

    Raises:
        LeaseLostError: If there was news; the refund is looked at anew.
        PlatformError: If NetSuite does not say, or no longer says whose order it goes back to.
    """
    event = RecordChanged(work.refund.record_type, work.row.source_refund_id, "edit")
    row = work.row
    is_fresh = row.facts_at is not None and utcnow() - row.facts_at < FRESH
    if row.direction is not Direction.FROM_NETSUITE or is_fresh or row.write_began:
        return
    books = row.account.netsuite
    with runtime.database.read() as session:
        fields = netsuite.order_fields(session, books)
        look = netsuite.look(session, books, event, now=utcnow())
    record = runtime.netsuite(books).refund(
        work.refund.record_type, row.source_refund_id, match_fields=fields
    )
    try:
        with runtime.database.write() as session:
            taken = netsuite.take(
                session, books, event, record, now=utcnow(), trace_id=row.trace_id, look=look
            )
            now = load(session, row.id)
    except StaleLookError as error:
        raise LeaseLostError(str(error)) from error
    _check(now, work)
    if taken.refund_ids != [row.id]:  # nothing moved it, and yet it is not its order's any more
        raise PlatformError(taken.reason or "INTERNAL", taken.detail)


def _check(now: Refund, work: Work) -> None:
    """Stop where the refund moved; outside of the transaction, which keeps the news that moved it.

    Raises:
        LeaseLostError: If the claim is over.
    """
    if now.lease_token != work.token:
        raise LeaseLostError("there is news of the refund")
