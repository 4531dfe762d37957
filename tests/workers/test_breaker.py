"""Whoever does not answer is left alone for ten times as long as that took."""

from dataclasses import dataclass, field

import pytest

from workers.breaker import REST, Breaker
from workers.platforms.errors import PlatformError


@dataclass
class Storefront:
    """One that takes its time; its clock is the breaker's."""

    takes: float = 2.0
    reason: str = "TRANSIENT"
    now: float = 1000.0
    asked: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def ask(self) -> str:
        self.asked.append(self.now)
        self.now += self.takes
        if self.reason:
            raise PlatformError(self.reason, "no answer")
        return "order"


@pytest.fixture
def slow() -> Storefront:
    return Storefront()


@pytest.fixture
def breaker(slow: Storefront) -> Breaker:
    return Breaker(slow.clock)


def refused(breaker: Breaker, slow: Storefront, whom: int = 1) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        breaker.call(whom, slow.ask)
    return caught.value


def test_who_answers_is_asked_each_time(breaker: Breaker, slow: Storefront) -> None:
    slow.reason = ""
    assert [breaker.call(1, slow.ask) for _ in range(3)] == ["order"] * 3
    assert len(slow.asked) == 3


def test_who_fails_is_left_alone_for_ten_times_as_long_as_that_took(
    breaker: Breaker, slow: Storefront
) -> None:
    first = refused(breaker, slow)
    assert (first.reason, first.detail, first.retry_after) == ("TRANSIENT", "no answer", None)
    slow.now += 5
    again = refused(breaker, slow)
    assert (again.reason, again.retry_after) == ("TRANSIENT", REST * slow.takes - 5)
    assert again.detail == "not asked, since it failed a moment ago: no answer"
    slow.now += REST * slow.takes - 5 - 0.001
    refused(breaker, slow)
    assert len(slow.asked) == 1
    slow.now += 0.001
    assert refused(breaker, slow).detail == "no answer"
    assert len(slow.asked) == 2


def test_who_answers_again_is_no_longer_left_alone(breaker: Breaker, slow: Storefront) -> None:
    refused(breaker, slow)
    slow.now += REST * slow.takes
    slow.reason = ""
    assert breaker.call(1, slow.ask) == breaker.call(1, slow.ask) == "order"


def test_the_others_are_asked_meanwhile(breaker: Breaker, slow: Storefront) -> None:
    refused(breaker, slow, 1)
    slow.reason = ""
    assert breaker.call(2, slow.ask) == "order"


@pytest.mark.parametrize("reason", ["NONEXISTENT_RECORD", "REFUSED", "RATE_LIMITED", "BAD_CREDENTIALS"])
def test_an_answer_is_an_answer_whatever_it_says(breaker: Breaker, slow: Storefront, reason: str) -> None:
    slow.reason = reason
    for _ in range(2):
        assert refused(breaker, slow).detail == "no answer"
    assert len(slow.asked) == 2
