"""Everything that matches: in a table and in what is acted upon nothing is left out without a word."""

import csv
import io
import re
from urllib.parse import quote

import pytest

from ledger.models import Refund
from ledger.search import FAR, FEW, SOME, Found, Place
from ledger.states import State
from tests.webhooks.portal.conftest import Browser, text_of
from tests.webhooks.portal.refunds.conftest import Make, MakeMany
from webhooks.portal.acting import MOST
from webhooks.portal.pages.refunds.act import left_out

BASE = 1_000_000
"""The number of the first order here; its name is #1001000."""

CUT = "More transactions are called like that than are shown"
COMMON = ["q=rs-shop", "q=%231001", "q=100", "q=45010", "order=1001"]


def exported(browser: Browser, query: str) -> list[int]:
    """Return the transactions of a table."""
    answer = browser.get(f"/refunds/export.csv?{query}")
    assert answer.status_code == 200, answer.text
    return [int(row["id"]) for row in csv.DictReader(io.StringIO(answer.text))]


def asked(browser: Browser, query: str, action: str = "cancel") -> tuple[list[int], str]:
    """Return the transactions that would be acted upon, and what is said of them."""
    answer = browser.get(f"/refunds/act?action={action}&all=1&next={quote(f'/refunds?{query}')}")
    assert answer.status_code == 200, answer.text
    found = re.search(r'name="ids" value="([^"]*)"', answer.text)
    return [int(each) for each in found[1].split(",")] if found else [], text_of(answer)


def newest_first(browser: Browser) -> list[int]:
    with browser.database.read() as session:
        return [row[0] for row in session.query(Refund.id).order_by(Refund.id.desc())]


@pytest.mark.parametrize("query", COMMON)
def test_a_table_of_a_common_beginning_has_everything_newest_first(
    viewer: Browser, make: Make, make_many: MakeMany, query: str
) -> None:
    make_many(make(BASE), range(BASE + 1, BASE + 2 * SOME))
    assert exported(viewer, query) == newest_first(viewer)


def test_a_table_of_a_common_beginning_and_a_period_has_everything(
    viewer: Browser, make: Make, make_many: MakeMany
) -> None:
    make_many(make(BASE), range(BASE + 1, BASE + 2 * SOME))
    assert exported(viewer, "q=rs-shop&since=2026-01-01") == newest_first(viewer)


def test_a_table_of_more_than_one_look_goes_through_has_what_matches_at_its_end(
    viewer: Browser, operator: Browser, make: Make, make_many: MakeMany
) -> None:
    old = make(1, state=State.ERROR, reason="AMBIGUOUS_ORDER")
    first = make(2, state=State.ERROR)
    make_many(make(3, state=State.POSTED), range(4, FAR + 1_200))
    make_many(first, range(FAR + 1_200, FAR + 2_400))
    rare = "reason=AMBIGUOUS_ORDER&state=error"
    assert exported(viewer, rare) == [old]
    assert exported(viewer, "q=rs-shop&state=error") == [*newest_first(viewer)[:1_200], first, old]
    assert asked(operator, "state=error&q=rs-shop-900000000")[0] == [first, old]


def test_acting_on_a_common_beginning_covers_everything(
    operator: Browser, make: Make, make_many: MakeMany
) -> None:
    make_many(make(BASE, state=State.ERROR), range(BASE + 1, BASE + 2 * SOME))
    ids, words = asked(operator, "q=rs-shop")
    assert ids == newest_first(operator)
    assert "of more" not in words


@pytest.mark.parametrize("query", ["q=rs-shop", "", "order=100", "state=error"])
def test_acting_on_more_than_can_be_acted_on_at_once_says_so(
    operator: Browser, make: Make, make_many: MakeMany, query: str
) -> None:
    make_many(make(BASE, state=State.ERROR), range(BASE + 1, BASE + MOST + 1))
    ids, words = asked(operator, query)
    assert ids == newest_first(operator)[:MOST]
    assert f"These are the first {MOST} of more, the newest: the others stay as they are." in words


def test_discrepancies_of_a_common_beginning_are_not_cut(
    viewer: Browser, make: Make, make_many: MakeMany
) -> None:
    make_many(make(BASE, state=State.DISCREPANCY), range(BASE + 1, BASE + FEW + 10))
    page = viewer.get("/discrepancies?q=rs-shop")
    assert f"Transaction {newest_first(viewer)[0]}" in text_of(page)


def test_what_was_not_looked_at_is_said_to_be_left_out() -> None:
    assert "Older ones stay as they are" in left_out(Found([], Place(1), is_unfinished=True))
    assert left_out(Found([])) == ""


def test_a_page_that_shows_some_says_so_and_everything_can_be_acted_upon_from_it(
    operator: Browser, make: Make, make_many: MakeMany
) -> None:
    make_many(make(BASE, state=State.ERROR), range(BASE + 1, BASE + 2 * SOME))
    page = operator.get("/refunds?q=rs-shop")
    assert CUT in text_of(page)
    assert "with everything that matches" in text_of(page)


def test_a_page_of_a_common_beginning_and_a_rare_state_leaves_nothing_out(
    viewer: Browser, make: Make, make_many: MakeMany
) -> None:
    make_many(make(BASE, state=State.POSTED), range(BASE + 1, BASE + 2 * SOME))
    last = make(BASE + 999, state=State.ERROR)
    page = viewer.get("/refunds?q=rs-shop&state=error")
    assert CUT not in text_of(page)
    assert f"/refunds/{last}" in page.text
