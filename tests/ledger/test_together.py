import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.together import MOST, LeaderFailedError, Together
from tests.support.waiting import until

LONGEST = 30  # seconds; what hangs fails the test


class Work:
    """Doubles numbers, refuses negative ones, and breaks on zero; begins only when it is let."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.told: list[list[int | Exception]] = []
        self.may_begin = threading.Event()
        self._one_at_a_time = threading.Lock()

    def __call__(self, items: Sequence[int]) -> list[int | Exception]:
        assert self._one_at_a_time.acquire(blocking=False)
        try:
            self.batches.append(list(items))
            assert self.may_begin.wait(LONGEST)
            if 0 in items:
                raise ZeroDivisionError
            return [ValueError(str(item)) if item < 0 else item * 2 for item in items]
        finally:
            self._one_at_a_time.release()

    def tell(self, results: Sequence[int | Exception]) -> None:
        self.told.append(list(results))


class Crowd:
    """Threads that want something done while the first of them is at it.

    Args:
        items: The first is worked on alone, all others come while it is.
    """

    def __init__(self, items: Sequence[int]) -> None:
        self.work = Work()
        self.together = Together(self.work, self.work.tell)
        with ThreadPoolExecutor(len(items)) as pool:
            self.ended: list[Future[int]] = []
            for number, item in enumerate(items):
                self.ended.append(pool.submit(self.together.do, item))
                until(lambda number=number: len(self.work.batches) == 1 and self.together.waiting == number)  # type: ignore[misc] # bound at once
            self.work.may_begin.set()

    def results(self) -> list[object]:
        """Return what became of each item: a number, or the kind of what was raised."""
        return [type(each.exception()) if each.exception() else each.result() for each in self.ended]


def test_what_comes_alone_is_done_at_once() -> None:
    work = Work()
    work.may_begin.set()
    together = Together(work, work.tell)
    assert [together.do(item) for item in (1, 2, 3)] == [2, 4, 6]
    assert work.batches == [[1], [2], [3]]
    assert work.told == [[2], [4], [6]]


def test_what_comes_meanwhile_is_done_together_and_in_order() -> None:
    crowd = Crowd([1, 2, 3, 4])
    assert crowd.results() == [2, 4, 6, 8]
    assert crowd.work.batches == [[1], [2, 3, 4]]
    assert sorted(map(len, crowd.work.told)) == [1, 3]


def test_no_more_is_done_at_once_than_is_allowed() -> None:
    crowd = Crowd(range(1, MOST + 4))
    assert [len(batch) for batch in crowd.work.batches] == [1, MOST, 2]
    assert crowd.results() == [item * 2 for item in range(1, MOST + 4)]


def test_what_is_refused_is_raised_where_it_came_from_and_nowhere_else() -> None:
    assert Crowd([1, 2, -3, 4]).results() == [2, 4, ValueError, 8]


def test_when_the_work_breaks_everybody_learns_of_it_and_the_next_goes_on() -> None:
    crowd = Crowd([1, 2, 0, 4])
    assert crowd.results() == [2, ZeroDivisionError, LeaderFailedError, LeaderFailedError]
    assert crowd.together.do(5) == 10
    assert LeaderFailedError.reason == "leader_failed"


def test_when_telling_breaks_what_was_done_is_done() -> None:
    def tell(_results: Sequence[int | Exception]) -> None:
        raise ZeroDivisionError

    work = Work()
    work.may_begin.set()
    together = Together(work, tell)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            together.do(1)
    assert work.batches == [[1], [1]]


@given(st.lists(st.integers(-5, 50).filter(bool), min_size=1, max_size=12))
def test_everybody_gets_their_own_result_however_they_meet(items: list[int]) -> None:
    work = Work()
    work.may_begin.set()
    together = Together(work, work.tell)
    with ThreadPoolExecutor(len(items)) as pool:
        ended = [pool.submit(together.do, item) for item in items]
    assert [None if each.exception() else each.result() for each in ended] == [
        item * 2 if item > 0 else None for item in items
    ]
    assert sorted(item for batch in work.batches for item in batch) == sorted(items)
