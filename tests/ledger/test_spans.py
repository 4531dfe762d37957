import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Float, literal, select

from ledger import spans
from ledger.database import Database

SECONDS = st.floats(0, 100 * 24 * 3600)


@given(st.lists(SECONDS, min_size=1), st.integers(1, 100))
def test_a_percentile_is_never_too_low_and_too_high_by_a_fifth_at_most(
    seconds: list[float], percent: int
) -> None:
    counted: dict[int, int] = {}
    for each in seconds:
        counted[spans.bucket(each)] = counted.get(spans.bucket(each), 0) + 1
    exact = sorted(seconds)[math.ceil(percent * len(seconds) / 100) - 1]
    told = spans.within(counted, percent)
    assert told is not None
    assert spans.total(counted) == len(seconds)
    if exact <= spans.BOUNDS[-1]:
        assert exact <= told <= max(exact * spans.STEP * (1 + 1e-9), spans.LEAST)
    else:
        assert told == spans.BOUNDS[-1]


def test_the_scale_reaches_from_next_to_nothing_to_a_month() -> None:
    assert spans.BOUNDS[0] == spans.LEAST
    assert spans.BOUNDS[-2] < 30 * 24 * 3600 <= spans.BOUNDS[-1]
    for lower, upper in zip(spans.BOUNDS, spans.BOUNDS[1:], strict=False):
        assert upper / lower == pytest.approx(1.2)


def test_nothing_counted_has_no_percentile() -> None:
    assert spans.within({}, 50) is None


def test_the_database_sorts_into_the_same_buckets(database: Database) -> None:
    times = [0.0, spans.LEAST, 0.0501, 1.0, 59.9, 3600.0, *spans.BOUNDS[:3], spans.BOUNDS[-1], 1e9]
    with database.read() as session:
        found = [session.scalar(select(spans.bucket_of(literal(each, Float())))) for each in times]
    assert found == [spans.bucket(each) for each in times]
