"""Deliveries of several threads, committed together, on both databases."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from functools import partial

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from structlog.testing import capture_logs

from ledger import deliveries
from ledger.database import Database
from ledger.deliveries import Row
from ledger.intake import Intake, Taken
from ledger.models import Account, Delivery
from ledger.queue import Waker, connect
from tests.support.ledger import make_delivery
from tests.support.waiting import until


class SlowWaker(Waker):
    """Wakes over a real Valkey, but not before it is let; keeps what it was asked."""

    def __init__(self, url: str) -> None:
        self._client = connect(url, timeout=5)
        super().__init__(self._client)
        self.asked: list[tuple[str, list[int]]] = []
        self.may_wake = threading.Event()

    def deliveries(self, source: str, ids: Iterable[int]) -> bool:
        numbers = list(ids)
        self.asked.append((source, numbers))
        assert self.may_wake.wait(30)
        return super().deliveries(source, numbers)

    def close(self) -> None:
        self._client.close()


@pytest.fixture
def waker(valkey_url: str) -> Iterator[SlowWaker]:
    made = SlowWaker(valkey_url)
    yield made
    made.close()


@pytest.fixture
def intake(database: Database, waker: SlowWaker) -> Intake:
    return Intake(database, waker)


def row(shop: Account, now: datetime, key: str, **more: str) -> Row:
    """Return a delivery with a trace id of its own."""
    made = deliveries.row(make_delivery(shop, key=key, **more), now=now)  # type: ignore[arg-type] # texts only
    return made | {"trace_id": f"{threading.get_ident() % 10**9}-{key}"[:32]}


def itself(taken: Taken) -> Taken:
    """Tell of a delivery what became of it."""
    return taken


def take(intake: Intake, made: Row) -> Taken:
    return intake.take(lambda: made, itself)


def at_once(
    intake: Intake,
    database: Database,
    rows: list[Row],
    tell: Callable[[Row], Callable[[Taken], Taken]] = lambda _row: itself,
) -> list[Future[Taken]]:
    """Take rows in from a thread each, so that all but one come while the ledger is locked."""
    with ThreadPoolExecutor(len(rows)) as pool:
        with database.write() as session:
            # SQLite has one writer at a time, and this transaction is it.
            lock = "SELECT 1" if database.is_sqlite else "LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE"
            session.execute(text(lock))
            ended = [pool.submit(intake.take, partial(dict, each), tell(each)) for each in rows]
            until(lambda: intake.waiting == len(rows) - 1)
        return ended


def stored(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count(Delivery.id))) or 0


def test_what_is_taken_is_committed_and_a_worker_woken(
    intake: Intake, waker: SlowWaker, database: Database, shop: Account, now: datetime
) -> None:
    waker.may_wake.set()
    taken = take(intake, row(shop, now, "1"))
    assert (taken.source, taken.woken) == ("shopify", True)
    assert waker.asked == [("shopify", [taken.id])]
    assert stored(database) == 1


def test_a_worker_is_woken_only_after_the_commit(
    intake: Intake, waker: SlowWaker, database: Database, shop: Account, now: datetime
) -> None:
    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(take, intake, row(shop, now, "1"))
        until(lambda: waker.asked)
        assert stored(database) == 1
        assert not ended.done()
        waker.may_wake.set()
    assert ended.result().woken


def test_a_known_key_is_known_and_wakes_nobody(
    intake: Intake, waker: SlowWaker, shop: Account, now: datetime
) -> None:
    waker.may_wake.set()
    first = take(intake, row(shop, now, "1"))
    again = take(intake, row(shop, now, "1") | {"trace_id": "another"})
    assert (again.id, again.woken) == (None, False)
    assert waker.asked == [("shopify", [first.id])]


def test_what_is_quarantined_is_kept_and_wakes_nobody(
    intake: Intake, waker: SlowWaker, database: Database, shop: Account, now: datetime
) -> None:
    taken = take(intake, row(shop, now, "1", reason="NOT_JSON"))
    assert taken.id is not None
    assert not taken.woken
    assert waker.asked == []
    assert stored(database) == 1


def test_those_that_come_together_each_learn_their_own_id(
    intake: Intake, waker: SlowWaker, database: Database, shop: Account, now: datetime
) -> None:
    waker.may_wake.set()
    rows = [row(shop, now, f"{number}") for number in range(9, 0, -1)]
    ended = at_once(intake, database, rows)
    with database.read() as session:
        query = select(Delivery.id, Delivery.delivery_key)
        keys = {each.id: each.delivery_key for each in session.execute(query)}
    assert [keys[each.result().id or 0] for each in ended] == [each["delivery_key"] for each in rows]
    assert all(each.result().woken for each in ended)
    assert len(waker.asked) == 2  # the first, and all that came meanwhile


def test_of_duplicates_that_come_together_one_is_taken(
    intake: Intake, waker: SlowWaker, database: Database, shop: Account, now: datetime
) -> None:
    waker.may_wake.set()
    rows = [row(shop, now, "same") | {"trace_id": f"{number}"} for number in range(6)]
    ended = at_once(intake, database, rows)
    assert sum(each.result().id is not None for each in ended) == 1
    assert stored(database) == 1


def test_one_that_the_ledger_refuses_holds_up_no_other(
    intake: Intake, waker: SlowWaker, database: Database, shop: Account, now: datetime
) -> None:
    waker.may_wake.set()
    rows = [row(shop, now, f"{number}") for number in range(5)]
    rows[3]["account_id"] = 10**6  # there is none: a foreign key refuses it
    ended = at_once(intake, database, rows)
    assert [each.exception() is None for each in ended] == [True, True, True, False, True]
    assert isinstance(ended[3].exception(), SQLAlchemyError)
    assert stored(database) == 4


def test_without_a_ledger_everybody_is_told(
    intake: Intake, database: Database, shop: Account, now: datetime
) -> None:
    with database.write() as session:
        session.execute(text("DROP TABLE deliveries"))
    with pytest.raises(SQLAlchemyError):
        take(intake, row(shop, now, "1"))


def test_one_that_cannot_be_made_holds_up_no_other(
    intake: Intake, waker: SlowWaker, database: Database, shop: Account, now: datetime
) -> None:
    class OddError(Exception):
        """Nobody has thought of it."""

    def fail() -> Row:
        raise OddError

    waker.may_wake.set()
    makers: list[Callable[[], Row]] = [partial(row, shop, now, "1"), fail, partial(row, shop, now, "3")]
    with ThreadPoolExecutor(3) as pool:
        ended = [pool.submit(intake.take, each, itself) for each in makers]
    assert [type(each.exception()) for each in ended] == [type(None), OddError, type(None)]
    with pytest.raises(OddError):
        intake.take(fail, itself)
    assert stored(database) == 2


def test_what_cannot_be_told_is_kept_and_holds_up_no_other(
    intake: Intake, waker: SlowWaker, database: Database, shop: Account, now: datetime
) -> None:
    class OddError(Exception):
        """Nobody has thought of it."""

    def teller(of: Row) -> Callable[[Taken], Taken]:
        return fail if of["delivery_key"] == "3" else itself

    def fail(_taken: Taken) -> Taken:
        raise OddError

    waker.may_wake.set()
    rows = [row(shop, now, f"{number}") for number in range(6)]
    ended = at_once(intake, database, rows, teller)
    assert len(waker.asked) == 2  # the first, and all that came meanwhile
    assert [type(each.exception()) for each in ended] == [*[type(None)] * 3, OddError, *[type(None)] * 2]
    assert stored(database) == 6


def test_a_waker_that_fails_as_nobody_foresaw_leaves_everybody_answered(
    database: Database, shop: Account, now: datetime, valkey_url: str
) -> None:
    class Broken(Waker):
        """Fails in a way that is not Redis'."""

        def deliveries(self, *_args: object) -> bool:
            raise MemoryError

    with connect(valkey_url, timeout=5) as redis, capture_logs() as lines:
        rows = [row(shop, now, f"{number}") for number in range(4)]
        ended = at_once(Intake(database, Broken(redis)), database, rows)
    assert [each.result().woken for each in ended] == [False] * 4
    assert None not in {each.result().id for each in ended}
    assert {(line["event"], line["reason"]) for line in lines} == {("not_woken", "INTERNAL")}


def test_what_is_told_of_one_is_told_after_a_worker_was_woken(
    intake: Intake, waker: SlowWaker, shop: Account, now: datetime
) -> None:
    waker.may_wake.set()
    made = row(shop, now, "1")
    assert intake.take(lambda: made, lambda taken: (taken.id, taken.woken)) == (waker.asked[0][1][0], True)
