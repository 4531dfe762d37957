from hypothesis import given
from hypothesis import strategies as st

from bench.chaos.recovery import Span, Struck, again, by_kind, times

MOMENTS = st.floats(min_value=0, max_value=1000)


def test_a_fault_is_over_when_all_that_was_under_way_is_settled() -> None:
    spans = [Span(0, 5), Span(8, 30), Span(9, 12), Span(40, 41)]
    faults = [Struck("kill", 10), Struck("cut", 35), Struck("kill", 40.5)]
    seconds = times(faults, spans)
    assert seconds == [20, 0, 0.5]
    assert by_kind(faults, seconds) == {"kill": [20, 0.5], "cut": [0]}


def test_a_fault_before_everything_needs_no_time() -> None:
    assert times([Struck("kill", 1)], [Span(2, 3)]) == [0]
    assert times([Struck("kill", 1)], []) == [0]


@given(st.lists(st.tuples(MOMENTS, MOMENTS)), MOMENTS)
def test_no_span_that_was_under_way_ends_later(pairs: list[tuple[float, float]], at: float) -> None:
    spans = [Span(made, made + took) for made, took in pairs]
    (seconds,) = times([Struck("kill", at)], spans)
    under_way = [span.settled_at - at for span in spans if span.made_at <= at]
    assert seconds == max([0.0, *under_way])


def test_the_service_carries_again_with_the_first_later_refund_that_is_settled() -> None:
    spans = [Span(0, 100), Span(11, 25), Span(12, 20), Span(40, 41)]
    assert again([Struck("kill", 10), Struck("kill", 11.5), Struck("cut", 50)], spans) == [10, 8.5, 0]
    assert again([Struck("kill", 1)], []) == [0]


@given(st.lists(st.tuples(MOMENTS, MOMENTS)), MOMENTS)
def test_no_later_refund_was_settled_earlier(pairs: list[tuple[float, float]], at: float) -> None:
    spans = [Span(made, made + took) for made, took in pairs]
    (seconds,) = again([Struck("kill", at)], spans)
    later = [span.settled_at - at for span in spans if span.made_at >= at]
    assert seconds == min(later, default=0.0)
