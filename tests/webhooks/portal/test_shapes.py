"""How values, charts, QR codes and pages of rows take shape."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import Money
from webhooks.portal import charts, formats, qr
from webhooks.portal.paging import after_id, number, paged, url_with


def test_times_are_told_in_utc_and_to_machines() -> None:
    moment = datetime(2026, 3, 14, 15, 9, 26, 535897, tzinfo=UTC)
    assert formats.moment(moment) == '<time datetime="2026-03-14T15:09:26Z">2026-03-14 15:09:26</time>'
    assert "none" in formats.moment(None)


def test_amounts_have_their_currency() -> None:
    assert formats.amount(Money.parse("12.30", "USD")) == '<span class="money">12.30 <abbr>USD</abbr></span>'


def test_what_stands_in_backticks_is_code_and_all_of_it_is_escaped() -> None:
    assert formats.marked("Set `a<b` & go.") == "Set <code>a&lt;b</code> &amp; go."


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.25, "250 ms"),
        (3.44, "3.4 s"),
        (75, "1 min 15 s"),
        (3700, "1 h 1 min"),
        (timedelta(days=2, hours=3), "2 d 3 h"),
        (None, "\N{EN DASH}"),
    ],
)
def test_spans_are_told_in_the_units_that_matter(value: float | timedelta | None, text: str) -> None:
    assert formats.duration(value) == text


@pytest.mark.parametrize(
    ("word", "text"), [("ebay", "eBay"), ("credit_memo", "Credit memo"), ("set_role", "Set role")]
)
def test_words_of_ours_become_those_of_people(word: str, text: str) -> None:
    assert formats.name(word) == text


def test_a_reason_of_another_version_is_told_as_it_is() -> None:
    assert formats.reason("NOT_BILLED").fix
    assert formats.reason("FROM_THE_FUTURE").what == "FROM_THE_FUTURE"
    assert (formats.tone("error"), formats.tone("from_the_future")) == ("bad", "quiet")


@given(st.lists(st.integers(0, 10**7), max_size=48))
def test_bars_stay_inside_and_are_as_high_as_their_share(values: list[int]) -> None:
    chart = charts.bars(values, [str(place) for place in range(len(values))], tick_every=4)
    assert [bar.value for bar in chart.bars] == values
    assert chart.total == sum(values)
    for bar in chart.bars:
        assert chart.left <= bar.x < bar.x + bar.width <= charts.WIDTH
        assert 0 <= bar.y <= chart.base
        assert bar.y + bar.height == pytest.approx(chart.base, abs=0.11)
        assert (bar.height > 0) is (bar.value > 0)
    heights = [bar.height for bar in sorted(chart.bars, key=lambda bar: bar.value)]
    assert heights == sorted(heights)


@given(st.integers(0, 10**9))
def test_the_scale_ends_at_a_round_number_not_far_above(value: int) -> None:
    top = charts.ceiling(value)
    assert max(value, 1) <= top <= max(2.5 * value, 1)
    assert str(top).rstrip("0") in {"1", "2", "5"}


def test_a_qr_code_has_its_three_corners_and_a_quiet_border() -> None:
    drawing = qr.drawing("otpauth://totp/x")
    assert drawing.path.startswith("M4 4h1v1h-1z")
    assert f"M{drawing.size - 5} 4h" in drawing.path
    assert f"M4 {drawing.size - 5}h" in drawing.path
    assert "M3 " not in drawing.path


def test_a_page_knows_whether_others_are_before_and_after(app: Flask) -> None:
    with app.test_request_context("/settings/audit?actor=a&after=9-9"):
        page = paged([1, 2, 3], str, size=2)
        assert (page.rows, page.next_url, page.first_url) == (
            [1, 2],
            "/settings/audit?actor=a&after=2",
            "/settings/audit?actor=a",
        )
    with app.test_request_context("/settings/audit"):
        page = paged([1, 2], str, size=2)
        assert (page.rows, page.next_url, page.first_url) == ([1, 2], "", "")


def test_an_address_keeps_what_is_not_changed(app: Flask) -> None:
    with app.test_request_context("/settings/users/7?a=1&b=2"):
        assert url_with(b="3") == "/settings/users/7?a=1&b=3"


@pytest.mark.parametrize(
    ("text", "value"), [("17", 17), ("", 0), ("x", 0), ("-1", 0), ("9" * 19, 0), ("\u0663", 0)]
)
def test_an_id_is_a_number_of_ours_or_none(app: Flask, text: str, value: int) -> None:
    assert number(text) == value
    with app.test_request_context("/", query_string={"after": text}):
        assert after_id() == value
