"""The chart of how long refunds took."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.portal import charts, span_chart

TIMES = st.floats(0, 10**7)
PAIRS = st.lists(st.none() | st.tuples(TIMES, TIMES).map(sorted), max_size=24)


@given(PAIRS)
def test_marks_stay_inside_and_are_higher_the_longer_it_took(found: list[list[float] | None]) -> None:
    pairs = [(each[0], each[1]) if each else (None, None) for each in found]
    chart = span_chart.draw(pairs, [str(place) for place in range(len(pairs))], tick_every=4)
    assert [pair for _, pair in chart.hours] == pairs
    assert len(chart.marks) == sum(each is not None for each in found)
    for mark in chart.marks:
        assert chart.left <= mark.x < mark.x + mark.width <= charts.WIDTH
        assert 0 < mark.most_y <= mark.half_y <= chart.base
    heights = [mark.most_y for mark in sorted(chart.marks, key=lambda mark: mark.most)]
    assert heights == sorted(heights, reverse=True)
    assert all(0 < y < chart.base for y, _ in chart.levels)


@pytest.mark.parametrize(
    ("slowest", "texts"),
    [
        (0.06, ["100 ms", "1 s"]),
        (3.0, ["100 ms", "1 s", "10 s"]),
        (90.0, ["100 ms", "1 s", "10 s", "1 min", "10 min"]),
    ],
)
def test_the_scale_ends_at_the_next_level(slowest: float, texts: list[str]) -> None:
    chart = span_chart.draw([(slowest, slowest)], ["00:00"], tick_every=4)
    assert [text for _, text in chart.levels] == texts


def test_a_line_of_the_scale_is_where_a_mark_of_its_time_ends() -> None:
    chart = span_chart.draw([(1.0, 10.0)], ["00:00"], tick_every=4)
    (mark,) = chart.marks
    places = {text: y for y, text in chart.levels}
    assert (mark.half_y, mark.most_y) == (places["1 s"], places["10 s"])
