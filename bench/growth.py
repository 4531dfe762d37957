"""What intake, claim, sweep and lists cost as the ledger grows.

The ledger is filled in steps with settled deliveries and refunds as a busy shop leaves them, and at each step
the same operations are timed one at a time: what is compared is the work, not the load.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from bench import figures, shop
from ledger import deliveries, due, queries
from ledger.clock import utcnow
from ledger.database import Database
from ledger.deliveries import NewDelivery
from ledger.models import Delivery, Refund
from ledger.models.accounts import Direction
from ledger.models.deliveries import DeliveryState
from ledger.queries import DeliveryFilter, RefundFilter
from ledger.states import State

_CHUNK: Final = 5_000  # rows of one transaction while filling
_BODY: Final = b"x" * 8000
_OPEN: Final = 1000  # one in so many refunds needs a person


def fill(database: Database, first: int, last: int) -> None:
    """Add settled deliveries and refunds, numbered from `first` to below `last`."""
    at = utcnow() - timedelta(days=1)
    for start in range(first, last, _CHUNK):
        numbers = range(start, min(start + _CHUNK, last))
        with database.write() as session:
            session.execute(insert(Delivery), [_delivery(number, at) for number in numbers])
            session.execute(insert(Refund), [_refund(number, at) for number in numbers])
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def _delivery(number: int, at: datetime) -> dict[str, Any]:
    return {
        "source": "shopify",
        "netsuite_account_id": 1,
        "account_id": 1,
        "topic": "refunds/create",
        "delivery_key": f"grown-{number}",
        "headers": {},
        "body": b"{}",
        "events": [],
        "order_ref": str(number // 2),
        "state": DeliveryState.PROCESSED,
        "trace_id": f"grown-{number}",
        "received_at": at,
        "processed_at": at,
        "attempts": 1,
        "lease_token": 1,
    }


def _refund(number: int, at: datetime) -> dict[str, Any]:
    is_open = number % _OPEN == 0
    return {
        "account_id": 1,
        "origin": "shopify",
        "source_refund_id": f"grown-{number}",
        "key": f"rs-grown-{number}",
        "direction": Direction.TO_NETSUITE,
        "transaction_type": "creditMemo",
        "storefront_order_id": str(number // 2),
        "storefront_order_name": f"#{number // 2}",
        "amount_minor": 1999,
        "currency": "USD",
        "currency_exponent": 2,
        "money_state": "moved",
        "source_facts": {},
        "occurred_at": at,
        "received_at": at,
        "state": State.DISCREPANCY if is_open else State.POSTED,
        "reason": "OVER_REFUND" if is_open else "POSTED",
        "target_id": "" if is_open else str(number),
        "posted_at": None if is_open else at,
        "lease_token": 1,
        "trace_id": f"grown-{number}",
        "created_at": at,
        "updated_at": at,
    }


def operations(database: Database, size: int) -> Iterator[tuple[str, Callable[[int], object]]]:
    """Yield what is timed, by name; each takes the number of its repetition."""

    def intake(number: int) -> int | None:
        name = f"new-{size}-{number}"
        new = NewDelivery("shopify", 1, 1, "refunds/create", name, {}, _BODY, (), "1", name)
        with database.write() as session:
            return deliveries.accept(session, new, now=utcnow())

    def claim(number: int) -> bool:
        with database.write() as session:
            return deliveries.claim(session, accepted[number], now=utcnow()) is not None

    def sweep(_number: int) -> int:
        with database.write() as session:
            return len(due.deliveries(session, now=utcnow(), limit=500))

    def reading(read: Callable[[Session], object]) -> Callable[[int], object]:
        def run(_number: int) -> object:
            with database.read() as session:
                return read(session)

        return run

    accepted: dict[int, int] = {}

    def remember(number: int) -> None:
        accepted[number] = intake(number) or 0

    yield "intake", remember
    yield "claim", claim
    yield "sweep", sweep
    yield "list", reading(lambda session: queries.refund_page(session, RefundFilter()))
    yield (
        "list_open",
        reading(lambda session: queries.refund_page(session, RefundFilter(states=(State.DISCREPANCY,)))),
    )
    yield "search", reading(lambda session: queries.refund_page(session, RefundFilter(text=f"#{size // 4}")))
    yield "deliveries", reading(lambda session: queries.delivery_page(session, DeliveryFilter()))


def measure(database: Database, size: int, repeats: int) -> figures.Row:
    """Return the median of each operation, in milliseconds, on a ledger of a size."""
    row: dict[str, str | float] = {"refunds": f"{size:,}"}
    for name, operation in operations(database, size):
        millis = []
        for number in range(repeats):
            started = time.perf_counter()
            operation(number)
            millis.append((time.perf_counter() - started) * 1000)
        row[name] = round(figures.median(millis), 2)
    return row


@click.command()
@click.option(
    "--size", "sizes", multiple=True, type=int, default=(10_000, 100_000, 1_000_000), show_default=True
)
@click.option("--repeats", default=200, show_default=True, help="How often each operation is timed.")
@click.option(
    "--database", default="postgresql", show_default=True, type=click.Choice(["sqlite", "postgresql"])
)
def growth(*, sizes: tuple[int, ...], repeats: int, database: str) -> None:
    """Measure what operations cost, in milliseconds, on a ledger that grows."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        Path(name).chmod(0o755)  # PostgreSQL runs as somebody else when this runs as root
        with shop.opened(database, Path(name) / "database") as url, shop.ledger(url) as ledger:
            rows: list[figures.Row] = []
            filled = 0
            for size in sorted(sizes):
                fill(ledger.database, filled, size)
                filled = size
                rows.append(measure(ledger.database, size, repeats))
    first, last = rows[0], rows[-1]
    grown = {
        name: round(float(last[name]) / float(value), 2)
        for name, value in first.items()
        if isinstance(value, float)
    }
    figures.show("growth", rows, [{"last_of_first": "", **grown}], repeats=repeats, database=database)
