import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import figures

NUMBERS = st.lists(st.floats(0, 1e6), min_size=1, max_size=50)


@given(NUMBERS, st.floats(0.01, 1))
def test_a_percentile_is_a_value_that_enough_are_not_above(values: list[float], share: float) -> None:
    found = figures.percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)
    assert sum(value < found for value in values) < share * len(values)


def test_of_nothing_there_is_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        figures.percentile([], 0.5)


@given(NUMBERS)
def test_percentiles_rise(values: list[float]) -> None:
    assert list(figures.millis(values)) == ["p50_ms", "p99_ms", "p99.9_ms"]
    assert sorted(figures.millis(values).values()) == list(figures.millis(values).values())


def test_a_table_is_aligned() -> None:
    rows: list[figures.Row] = [{"what": "hello", "per_second": 1234.5}, {"what": "us", "per_second": 2.0}]
    assert figures.table(rows).splitlines() == [
        "what   per_second",
        "hello    1,234.50",
        "us           2.00",
    ]
    assert figures.table([]) == ""


def test_a_report_ends_with_everything_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    figures.show("speed", [{"what": "us", "per_second": 2.0}], rounds=3)
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["benchmark"], last["rounds"]) == ("speed", 3)
    assert last["tables"] == [[{"what": "us", "per_second": 2.0}]]
    assert last["machine"]["cpus"] >= 1
