import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.platforms.amazon_rates import PLANS, Budget
from workers.platforms.errors import PlatformError


class Time:
    """A clock that moves only while somebody pauses."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def budget(time: Time) -> Budget:
    return Budget(time, time.pause)


def spend_all(budget: Budget, operation: str) -> None:
    for _ in range(round(PLANS[operation].burst)):
        budget.spend(operation)


@pytest.mark.parametrize("operation", sorted(PLANS))
def test_a_burst_is_not_waited_for(budget: Budget, time: Time, operation: str) -> None:
    spend_all(budget, operation)
    assert time.pauses == []


def test_a_call_that_comes_soon_is_waited_for(budget: Budget, time: Time) -> None:
    spend_all(budget, "getFeed")
    budget.spend("getFeed")
    assert time.pauses == [0.5]


def test_a_call_that_comes_later_is_left_to_the_ledger(budget: Budget, time: Time) -> None:
    spend_all(budget, "listTransactions")
    with pytest.raises(PlatformError) as caught:
        budget.spend("listTransactions")
    assert (caught.value.reason, caught.value.retry_after) == ("RATE_LIMITED", 2.0)
    assert time.pauses == []
    time.now += 2.0
    budget.spend("listTransactions")


def test_each_operation_has_a_plan_of_its_own(budget: Budget) -> None:
    spend_all(budget, "listTransactions")
    budget.spend("getOrder")


def test_what_is_left_is_known_before_it_is_taken(budget: Budget) -> None:
    budget.need("createFeed")
    spend_all(budget, "createFeed")
    with pytest.raises(PlatformError) as caught:
        budget.need("createFeed")
    assert caught.value.retry_after == pytest.approx(1 / 0.0083)


def test_the_rate_that_an_answer_names_counts(budget: Budget, time: Time) -> None:
    spend_all(budget, "listTransactions")
    budget.learn("listTransactions", {"x-amzn-RateLimit-Limit": "4.0"})
    budget.spend("listTransactions")
    assert time.pauses == [0.25]


@pytest.mark.parametrize("text", ["", "none", "0", "-1", "inf", "nan"])
def test_a_rate_that_is_none_does_not_count(budget: Budget, text: str) -> None:
    spend_all(budget, "listTransactions")
    budget.learn("listTransactions", {"x-amzn-RateLimit-Limit": text})
    with pytest.raises(PlatformError) as caught:
        budget.spend("listTransactions")
    assert caught.value.retry_after == 2.0


def test_after_a_refusal_the_next_call_is_a_whole_turn_away(budget: Budget) -> None:
    assert budget.throttled("listTransactions") == 2.0
    with pytest.raises(PlatformError):
        budget.spend("listTransactions")


@given(st.lists(st.floats(min_value=0, max_value=30), max_size=60))
def test_no_more_calls_are_made_than_the_plan_allows(waits: list[float]) -> None:
    time = Time()
    budget = Budget(time, time.pause)
    plan, made, refusals = PLANS["listTransactions"], 0, []
    for wait in waits:
        time.now += wait
        try:
            budget.spend("listTransactions")
        except PlatformError as error:
            refusals.append(error.retry_after or 0.0)
        else:
            made += 1
        assert made <= plan.burst + (time.now - 100.0) * plan.rate + 1e-6
    assert all(each > 1.0 for each in refusals)
    assert made + len(refusals) == len(waits)


def test_what_is_left_of_an_operation_comes_back_by_its_rate(budget: Budget, time: Time) -> None:
    assert budget.left("getFeed") == 15
    spend_all(budget, "getFeed")
    assert budget.left("getFeed") == 0
    time.now += 2
    assert budget.left("getFeed") == 4
    assert budget.left("getOrder") == 30


def test_of_what_amazon_refused_nothing_is_left(budget: Budget) -> None:
    budget.throttled("getFeed")
    assert budget.left("getFeed") == 0
