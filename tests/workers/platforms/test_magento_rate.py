import pytest

from tests.workers.platforms.test_shopify_cost import Time
from workers.platforms.errors import PlatformError
from workers.platforms.magento_rate import A_SECOND, AT_ONCE, Rate


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def rate(time: Time) -> Rate:
    return Rate(time, time.pause)


def test_some_calls_may_be_made_at_once(rate: Rate, time: Time) -> None:
    for _ in range(int(AT_ONCE)):
        rate.spend()
    assert time.pauses == []


def test_calls_beyond_them_are_spread_over_time(rate: Rate, time: Time) -> None:
    for _ in range(int(AT_ONCE) + 20):
        rate.spend()
    assert len(time.pauses) == 20
    assert sum(time.pauses) == pytest.approx(20 / A_SECOND)


def test_what_was_not_called_may_be_called_later_but_not_without_end(rate: Rate, time: Time) -> None:
    for _ in range(int(AT_ONCE)):
        rate.spend()
    time.now += 3600
    for _ in range(int(AT_ONCE)):
        rate.spend()
    assert time.pauses == []
    rate.spend()
    assert len(time.pauses) == 1


@pytest.mark.parametrize(("said", "left_alone"), [(5.0, 5.0), (None, 30.0)])
def test_a_shop_that_refused_is_left_alone_for_as_long_as_it_said(
    rate: Rate, time: Time, said: float | None, left_alone: float
) -> None:
    assert rate.refused(said) == left_alone
    with pytest.raises(PlatformError, match="left alone") as refused:
        rate.spend()
    assert (refused.value.reason, refused.value.retry_after) == ("RATE_LIMITED", left_alone)
    time.now += left_alone
    rate.spend()
    assert time.pauses == []


def test_a_call_that_was_refused_is_not_counted(rate: Rate, time: Time) -> None:
    rate.refused(10.0)
    for _ in range(100):
        with pytest.raises(PlatformError):
            rate.spend()
    time.now += 10
    for _ in range(int(AT_ONCE)):
        rate.spend()
    assert time.pauses == []


def test_a_short_wait_is_waited(rate: Rate, time: Time) -> None:
    rate.refused(0.5)
    rate.spend()
    assert time.pauses == [0.5]


def test_what_is_left_comes_back_by_and_by(rate: Rate, time: Time) -> None:
    assert rate.left() == AT_ONCE
    for _ in range(11):
        rate.spend()
    assert rate.left() == AT_ONCE - 11
    time.now += 1
    assert rate.left() == pytest.approx(AT_ONCE - 1)
    time.now += 60
    assert rate.left() == AT_ONCE


def test_of_a_shop_that_refused_nothing_is_left_for_that_time(rate: Rate, time: Time) -> None:
    rate.refused(20)
    assert rate.left() == 0
    time.now += 20
    assert rate.left() == AT_ONCE
