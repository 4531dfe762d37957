"""Ask an account for what no webhook told of, from where it was left, and write it down like a delivery."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import structlog

from ledger import pausing, polls
from ledger.audit import SYSTEM
from ledger.clock import utcnow
from ledger.events import OrderTouched, RecordChanged
from ledger.models import Account, NetSuiteAccount, Poll
from ledger.policy import Policy
from ledger.polls import Found
from ledger.reasons import Recovery, reason
from ledger.refunds import LeaseLostError
from workers.platforms.errors import CredentialsError, PlatformError
from workers.platforms.storefront import Storefront
from workers.runtime import Runtime

log = structlog.get_logger()

NETSUITE_OVERLAP: Final = timedelta(minutes=10)
"""By how much a poll of NetSuite reaches back behind the last one, for records that were just being saved."""

STEP: Final = timedelta(days=1)
"""How much time is read at once, so that a long gap is caught up bit by bit."""

_SETTLING: Final = timedelta(minutes=2)  # before now: some platforms refuse to be asked for the last moments
_PATIENCE: Final = timedelta(minutes=2)  # one poll works no longer; the rest is done in the next, at once
_BATCH: Final = 100


def poll(runtime: Runtime, poll_id: int) -> None:
    """Do a poll; does nothing if somebody else does it."""
    with runtime.database.write() as session:
        claimed = polls.claim(session, poll_id, now=utcnow())
        if claimed is None:
            return
        account = session.get(Account, claimed.account_id) if claimed.account_id else None
        books = session.get_one(NetSuiteAccount, claimed.netsuite_account_id)
        is_wanted = _is_wanted(account, books)
    runtime.journal.clear()
    owner: Account | NetSuiteAccount = account or books
    interval = _interval(runtime, account)
    trace_id = uuid.uuid4().hex
    try:
        found = _read(runtime, claimed, account, books, trace_id) if is_wanted else 0
    except LeaseLostError:
        return
    except (PlatformError, CredentialsError) as error:
        _failed(runtime, claimed, owner, _as_platform_error(error), interval)
        return
    with runtime.database.write() as session:
        polls.finish(session, claimed, found=found, interval=interval, now=utcnow())
    log.info("polled", source=claimed.source, account=owner.slug, found=found, trace_id=trace_id)


def _is_wanted(account: Account | None, books: NetSuiteAccount) -> bool:
    """Tell whether what a poll could find would be carried; a paused account is not asked at all."""
    if books.paused_reason or (account is not None and account.paused_reason):
        return False
    return account is None or account.sync_enabled


def _interval(runtime: Runtime, account: Account | None) -> timedelta:
    minutes = Policy.of(account.settings).poll_minutes if account is not None else 0
    return timedelta(minutes=minutes or runtime.installation.poll_minutes)


def _as_platform_error(error: PlatformError | CredentialsError) -> PlatformError:
    return error if isinstance(error, PlatformError) else PlatformError("BAD_CREDENTIALS", str(error))


def _read(
    runtime: Runtime, claimed: Poll, account: Account | None, books: NetSuiteAccount, trace_id: str
) -> int:
    """Read on from the watermark, a step at a time; return how much was new."""
    started = utcnow()
    until, total, watermark = started - _SETTLING, 0, claimed.watermark
    while watermark < until and utcnow() - started < _PATIENCE:
        step = min(until, watermark + STEP)
        if account is None:
            found = _in_netsuite(runtime, books, watermark - NETSUITE_OVERLAP, step)
        else:
            client = runtime.storefront(account)
            found = _in_storefront(runtime, account, client, watermark - client.overlap, step)
        for batch in _batches(found):
            total += _take(runtime, claimed, batch, trace_id)
        watermark = step
        with runtime.database.write() as session:
            if not polls.advance(session, claimed, watermark, now=utcnow()):
                raise LeaseLostError(f"poll {claimed.id} was taken over")
    return total


def _batches(found: Iterator[Found]) -> Iterator[list[Found]]:
    batch: list[Found] = []
    for each in found:
        batch.append(each)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _in_storefront(
    runtime: Runtime, account: Account, client: Storefront, since: datetime, until: datetime
) -> Iterator[Found]:
    """Yield the orders with refunds that are not known, or whose money is not settled."""
    for change in client.changes(since, until):
        with runtime.database.read() as session:
            if polls.knows_all(session, account, change.refund_ids):
                continue
        yield Found(OrderTouched(change.order_id), change.order_id, change.version)


def _in_netsuite(
    runtime: Runtime, books: NetSuiteAccount, since: datetime, until: datetime
) -> Iterator[Found]:
    """Yield the refund records that were not read since they changed, and the records that are gone."""
    with runtime.database.read() as session:
        with_refunds = polls.wants_netsuite_refunds(session, books)
    changed, deleted = runtime.netsuite(books).changes(since, until, with_refunds=with_refunds)
    for record in changed:
        with runtime.database.read() as session:
            if polls.knows_record(session, books, record.record_id, record.external_id, record.modified_at):
                continue
        event = RecordChanged(
            record.record_type,
            record.record_id,
            "edit",
            external_id=record.external_id,
            created_from=record.created_from,
        )
        yield Found(event, f"{record.record_type}/{record.record_id}", record.modified_at.isoformat())
    for gone in deleted:
        event = RecordChanged(gone.record_type, gone.record_id, "delete")
        yield Found(event, f"{gone.record_type}/{gone.record_id}", "deleted")


def _take(runtime: Runtime, claimed: Poll, batch: list[Found], trace_id: str) -> int:
    with runtime.database.write() as session:
        made = polls.take(session, claimed, batch, topic="poll", trace_id=trace_id, now=utcnow())
    if made:
        runtime.waker.deliveries(claimed.source, made)
    return len(made)


def _failed(
    runtime: Runtime,
    claimed: Poll,
    owner: Account | NetSuiteAccount,
    error: PlatformError,
    interval: timedelta,
) -> None:
    now = utcnow()
    with runtime.database.write() as session:
        if reason(error.reason).recovery is Recovery.PAUSE and error.reason != "ACCOUNT_PAUSED":
            pausing.pause(session, owner, error.reason, error.detail, now=now, actor=SYSTEM)
        polls.fail(
            session,
            claimed,
            error.reason,
            error.detail,
            interval=interval,
            now=now,
            retry_after=error.retry_after,
        )
    log.warning(
        "poll_failed",
        source=claimed.source,
        account=owner.slug,
        reason=error.reason,
        detail=error.detail,
    )
