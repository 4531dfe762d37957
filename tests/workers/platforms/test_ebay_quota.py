import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.platforms.test_shopify_cost import Time
from workers.platforms.ebay_quota import DAILY, Quota
from workers.platforms.errors import PlatformError

HOUR = 3600.0
DAY = 24 * HOUR
AN_HOURS = int(DAILY["return"] / 24)


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
