"""What a poll asks each side for, without what is known already; in batches, as deliveries would tell it."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final, TypeVar

from ledger import polls
from ledger.events import OrderTouched, RecordChanged
from ledger.models import Account, NetSuiteAccount
from ledger.polls import Found
from workers.platforms.netsuite_changes import Changed, Deleted
from workers.platforms.storefront import Change
from workers.runtime import Runtime

T = TypeVar("T")

_BATCH: Final = 100


def of_storefront(
    runtime: Runtime, account: Account, since: datetime, until: datetime
) -> Iterator[list[Found]]:
    """Yield the orders with refunds that are not known, or whose money is not settled.

    Raises:
        workers.platforms.errors.PlatformError: If the storefront does not say.
    """
    client = runtime.storefront(account)
    for batch in _batches(client.changes(since - client.overlap, until)):
        with runtime.database.read() as session:
            fresh = [each for each in batch if not polls.knows_all(session, account, each.refund_ids)]
        yield [_touched(each) for each in fresh]


def of_netsuite(
    runtime: Runtime, books: NetSuiteAccount, since: datetime, until: datetime
) -> Iterator[list[Found]]:
    """Yield the refund records that were not read since they changed, and the records that are gone.

    Raises:
        workers.platforms.errors.PlatformError: If NetSuite does not say.
    """
    with runtime.database.read() as session:
        with_refunds = polls.wants_netsuite_refunds(session, books)
    changed, deleted = runtime.netsuite(books).changes(since, until, with_refunds=with_refunds)
    for batch in _batches(changed):
        with runtime.database.read() as session:
            fresh = [
                each
                for each in batch
                if not polls.knows_record(session, books, each.record_id, each.external_id, each.modified_at)
            ]
        yield [_changed(each) for each in fresh]
    for gone in _batches(deleted):
        yield [_deleted(each) for each in gone]


def _batches(found: Iterable[T]) -> Iterator[list[T]]:
    batch: list[T] = []
    for each in found:
        batch.append(each)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _touched(change: Change) -> Found:
    return Found(OrderTouched(change.order_id), change.order_id, change.version)


def _changed(record: Changed) -> Found:
    event = RecordChanged(
        record.record_type,
        record.record_id,
        "edit",
        external_id=record.external_id,
        created_from=record.created_from,
    )
    return Found(event, f"{record.record_type}/{record.record_id}", record.stamp)


def _deleted(gone: Deleted) -> Found:
    event = RecordChanged(gone.record_type, gone.record_id, "delete")
    return Found(event, f"{gone.record_type}/{gone.record_id}", "deleted")
