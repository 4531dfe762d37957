from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.platforms.errors import PlatformError
from workers.platforms.shopify_cost import Budget


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


def cost(
    requested: object, available: object, *, maximum: object = 1000, rate: object = 50
) -> dict[str, Any]:
    """Return an answer as Shopify's documentation of its rate limits shows it."""
    status = {"maximumAvailable": maximum, "currentlyAvailable": available, "restoreRate": rate}
    return {
        "extensions": {
            "cost": {"requestedQueryCost": requested, "actualQueryCost": 8, "throttleStatus": status}
        }
    }


def test_nothing_is_waited_for_before_anything_is_known(budget: Budget, time: Time) -> None:
    budget.spend("Order")
    assert time.pauses == []


def test_what_can_be_afforded_is_not_waited_for(budget: Budget, time: Time) -> None:
    budget.learn("Order", cost(100, 100))
    budget.spend("Order")
    assert time.pauses == []


def test_points_that_come_soon_are_waited_for(budget: Budget, time: Time) -> None:
    budget.learn("Order", cost(100, 0))
    budget.spend("Order")
    assert time.pauses == [2.0]


def test_points_that_take_longer_are_not_waited_for(budget: Budget, time: Time) -> None:
    budget.learn("Order", cost(200, 0))
    with pytest.raises(PlatformError) as caught:
        budget.spend("Order")
    assert (caught.value.reason, caught.value.retry_after) == ("RATE_LIMITED", 4.0)
    assert time.pauses == []


def test_points_come_back_while_time_passes(budget: Budget, time: Time) -> None:
    budget.learn("Order", cost(200, 0))
    time.now += 3
    assert budget.wait("Order") == 1.0
    time.now += 1
    assert budget.wait("Order") == 0.0


def test_no_more_points_come_than_the_bucket_holds(budget: Budget, time: Time) -> None:
    budget.learn("Order", cost(1000, 0))
    time.now += 1_000_000
    budget.learn("Check", cost(1, 0))
    assert budget.wait("Order") == 20.0


def test_each_operation_has_its_own_cost(budget: Budget) -> None:
    budget.learn("Order", cost(200, 50))
    budget.learn("Check", cost(2, 50))
    assert budget.wait("Check") == 0.0
    assert budget.wait("Order") == 3.0
    assert budget.wait("Unheard") == 0.0


def test_what_can_never_be_afforded_is_left_to_shopify(budget: Budget) -> None:
    budget.learn("Order", cost(1001, 0))
    assert budget.wait("Order") == 0.0


def test_after_throttling_the_documented_wait_is_asked_for(budget: Budget) -> None:
    budget.learn("Order", cost(412, 2))
    assert budget.throttled("Order") == pytest.approx(8.2)


def test_after_throttling_without_a_cost_a_second_is_asked_for(budget: Budget) -> None:
    budget.learn("Order", cost(None, 0))
    assert budget.throttled("Order") == 1.0


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"extensions": None},
        {"extensions": {"cost": "high"}},
        {"extensions": {"cost": {"throttleStatus": []}}},
        cost("10", "0"),
        cost([], {}),
        cost(10, None),
    ],
)
def test_an_answer_without_a_cost_teaches_nothing(budget: Budget, time: Time, body: object) -> None:
    budget.learn("Order", body)
    budget.spend("Order")
    assert time.pauses == []


@given(st.integers(0, 1000), st.integers(0, 1000), st.integers(1, 1000))
def test_after_the_wait_it_can_be_afforded(requested: int, available: int, rate: int) -> None:
    time = Time()
    budget = Budget(time, time.pause)
    budget.learn("Order", cost(requested, available, rate=rate))
    time.now += budget.wait("Order") + 1e-6
    assert budget.wait("Order") == 0.0


def test_what_is_left_is_what_the_last_answer_says(budget: Budget) -> None:
    assert budget.learn("Order", {"data": {}}) is None
    assert budget.learn("Order", cost(100, 991.5)) == 991.5
    assert budget.learn("Order", cost(100, "x")) is None
