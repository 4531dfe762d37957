import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.platforms.test_shopify_cost import Time
from workers.platforms.ebay_quota import DAILY, Quota
from workers.platforms.errors import PlatformError

HOUR = 3600.0
DAY = 24 * HOUR
AN_HOURS = int(DAILY["return"] / 24)  # calls; a third of one is over


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def quota(time: Time) -> Quota:
    return Quota(time, time.pause)


def test_an_hours_calls_may_be_made_at_once(quota: Quota, time: Time) -> None:
    for _ in range(AN_HOURS):
        quota.spend("return")
    assert time.pauses == []


def test_a_call_too_many_is_refused_with_the_time_until_it_can_be_made(quota: Quota, time: Time) -> None:
    for _ in range(AN_HOURS):
        quota.spend("return")
    with pytest.raises(PlatformError, match="no calls left for return") as refused:
        quota.spend("return")
    assert refused.value.reason == "RATE_LIMITED"
    assert refused.value.retry_after is not None
    assert 1 < refused.value.retry_after <= DAY / DAILY["return"]
    time.now += refused.value.retry_after
    quota.spend("return")


def test_a_call_that_can_be_made_within_a_second_is_waited_for(quota: Quota, time: Time) -> None:
    for _ in range(int(DAILY["fulfillment"] / 24)):
        quota.spend("fulfillment")
    quota.spend("fulfillment")
    (pause,) = time.pauses
    assert 0 < pause <= 1


def test_each_resource_has_a_quota_of_its_own(quota: Quota) -> None:
    for _ in range(AN_HOURS):
        quota.spend("return")
    quota.spend("inquiry")


@pytest.mark.parametrize(("said", "left_alone"), [(30.0, 30.0), (None, 300.0)])
def test_a_resource_that_was_refused_is_left_alone_for_as_long_as_told(
    quota: Quota, time: Time, said: float | None, left_alone: float
) -> None:
    assert quota.refused("finances", said) == left_alone
    with pytest.raises(PlatformError) as refused:
        quota.spend("finances")
    assert refused.value.retry_after == left_alone
    quota.spend("fulfillment")
    time.now += left_alone
    quota.spend("finances")


@given(gaps=st.lists(st.floats(min_value=0, max_value=600), max_size=400))
def test_no_day_has_more_calls_than_the_days_and_an_hours(gaps: list[float]) -> None:
    time = Time()
    quota = Quota(time, time.pause)
    began, made = time.now, 0
    for gap in gaps:
        time.now += gap
        try:
            quota.spend("return")
        except PlatformError:
            continue
        made += 1
        allowed = (time.now - began + HOUR) * DAILY["return"] / DAY
        assert made <= allowed + 1


def test_what_is_left_of_a_resource_comes_back_over_the_day(quota: Quota, time: Time) -> None:
    assert quota.left("return") == pytest.approx(AN_HOURS, abs=0.4)
    for _ in range(10):
        quota.spend("return")
    assert quota.left("return") == pytest.approx(AN_HOURS - 10, abs=0.4)
    time.now += 86_400 / DAILY["return"] * 4
    assert quota.left("return") == pytest.approx(AN_HOURS - 6, abs=0.4)
    assert quota.left("finances") == pytest.approx(DAILY["finances"] / 24)


def test_of_what_ebay_refused_nothing_is_left_for_that_time(quota: Quota, time: Time) -> None:
    quota.refused("return", 60)
    assert quota.left("return") == 0
    time.now += 60
    assert quota.left("return") > 0
