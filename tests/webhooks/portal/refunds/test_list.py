"""The list of transactions: what it shows, its filters, and that it keeps its place."""

import re
from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from ledger import actions
from ledger.database import Database
from ledger.models import Account
from ledger.refunds import load
from ledger.states import State
from tests.support.ledger import NOW
from tests.webhooks.portal.conftest import Browser, text_of
from tests.webhooks.portal.refunds.conftest import Make


def rows(answer: TestResponse) -> list[int]:
    """Return the transactions on a page, from top to bottom."""
    assert answer.status_code == 200, answer.text
    return [int(number) for number in re.findall(r'id="row-(\d+)"', answer.text)]


def live_url(answer: TestResponse) -> str:
    """Return where a page looks for what became of its rows."""
    found = re.search(r'hx-get="(/refunds/live[^"]*)"', answer.text)
    assert found is not None, answer.text
    return found[1].replace("&amp;", "&")


def test_an_empty_ledger_says_so(viewer: Browser) -> None:
    assert "There are no transactions yet." in text_of(viewer.get("/refunds"))


def test_a_row_says_what_how_much_where_and_why(viewer: Browser, make: Make) -> None:
    number = make(7, state=State.ERROR, detail="No generic item for shipping.", amount="12.30")
    page = viewer.get("/refunds")
    assert rows(page) == [number]
    words = text_of(page)
    for each in (
        "#1007",
        "shop",
        "Shopify",
        "12.30 USD",
        "Error",
        "A generic item, location or account that this refund needs is not configured.",
        "No generic item for shipping.",
    ):
        assert each in words


def test_the_newest_come_first_a_page_at_a_time(viewer: Browser, make: Make) -> None:
    made = [make(number) for number in range(1, 54)]
    first = viewer.get("/refunds")
    assert rows(first) == made[:2:-1]
    assert 'rel="next" href="/refunds?after=4"' in first.text
    second = viewer.get("/refunds?after=4")
    assert rows(second) == made[2::-1]
    assert "First page" in second.text
    assert 'rel="next"' not in second.text


@pytest.fixture
def several(make: Make, auctions: Account, database: Database) -> dict[str, int]:
    """Transactions that differ in everything that can be filtered by."""
    ids = {
        "error": make(1, state=State.ERROR),
        "posted": make(2, state=State.POSTED, amount="99.99", at=NOW - timedelta(days=2)),
        "back": make(3, origin="netsuite", amount="5.00"),
        "auction": make(4, auctions, state=State.WAITING, amount="700", currency="JPY"),
    }
    with database.write() as session:
        posted = load(session, ids["posted"])
        posted.transaction_type, posted.target_id = "cash_refund", "88001"
        load(session, ids["back"]).transaction_type = "credit_memo"
    return ids


FILTERS = [
    ("state=error", ["error"]),
    ("state=error&state=waiting", ["auction", "error"]),
    ("platform=shopify", ["back", "posted", "error"]),
    ("account=auctions", ["auction"]),
    ("channel=netsuite", ["back"]),
    ("type=cash_refund", ["posted"]),
    ("reason=NOT_BILLED", ["auction"]),
    ("since=2026-03-14", ["auction", "back", "error"]),
    ("until=2026-03-12", ["posted"]),
    ("least=20&most=100", ["posted", "error"]),
    ("least=699.5", ["auction"]),
    ("most=5", ["back"]),
    ("order=%231002", ["posted"]),
    ("order=4500000003", ["back"]),
    ("q=1002", ["posted"]),
    ("q=100", ["auction", "back", "posted", "error"]),
    ("q=88001", ["posted"]),
    ("q=9000000001", ["error"]),
    ("q=rs-auctions-9000", ["auction"]),
    ("q=nothing", []),
    ("state=error&account=auctions", []),
    ("state=waiting&account=auctions&least=1&q=1004", ["auction"]),
]


def test_filters_in_the_address_let_through_what_they_say(viewer: Browser, several: dict[str, int]) -> None:
    for query, found in FILTERS:
        assert rows(viewer.get(f"/refunds?{query}")) == [several[name] for name in found], query


def test_the_filters_stay_in_their_fields_and_in_every_way_on(viewer: Browser, make: Make) -> None:
    for number in range(1, 53):
        make(number, state=State.ERROR)
    page = viewer.get("/refunds?state=error&least=1")
    assert '<option value="error" selected>' in page.text
    assert 'name="least" type="text" value="1"' in page.text
    assert 'href="/refunds?state=error&amp;least=1&amp;after=3"' in page.text
    assert 'href="/refunds/export.csv?state=error&amp;least=1"' in page.text


WRONG = [
    ("least=a+lot", "Amount from: That is no amount, such as 12.50."),
    ("since=yesterday", "Made from: That is no day, such as 2026-03-14."),
    ("account=nowhere", "Account: There is no account of that name."),
    ("state=broken", "State: There is no such state."),
    ("reason=WHY", "There is no such reason."),
]


def test_a_filter_that_is_not_understood_shows_nothing_instead_of_everything(
    viewer: Browser, several: dict[str, int]
) -> None:
    for query, says in WRONG:
        page = viewer.get(f"/refunds?{query}")
        assert rows(page) == []
        assert says in text_of(page)
        assert "No transaction matches" not in text_of(page)


def test_a_period_is_paged_by_when_the_refunds_were_made(viewer: Browser, make: Make) -> None:
    made = [make(number, at=NOW - timedelta(minutes=number)) for number in range(1, 61)]
    seen, address = [], "/refunds?since=2026-03-01"
    while address:
        page = viewer.get(address)
        seen += rows(page)
        found = re.search(r'rel="next" href="([^"]*)"', page.text)
        address = found[1].replace("&amp;", "&") if found else ""
    assert seen == made


def test_a_place_that_is_none_shows_the_first_page(viewer: Browser, make: Make) -> None:
    number = make()
    for after in ["x", "-1", "99999999999999999999", "1-2-3", "5-5", "0", "٣"]:
        assert rows(viewer.get(f"/refunds?after={after}")) == [number], after


def test_what_changes_is_shown_in_its_row_and_nothing_moves(
    viewer: Browser, make: Make, database: Database
) -> None:
    first, second = make(1, state=State.ERROR), make(2, state=State.ERROR)
    page = viewer.get("/refunds?state=error")
    newer = [make(number, state=State.ERROR) for number in (3, 4)]
    make(5)
    with database.write() as session:
        load(session, second).state = State.POSTED
    live = viewer.get(live_url(page), X_Refresh="1")
    assert rows(live) == [second, first]
    assert "Posted" in text_of(live)
    assert "2 new transactions match. Show them" in text_of(live)
    assert live_url(live) == live_url(page)
    assert rows(viewer.get("/refunds?state=error")) == [*newer[::-1], first]


def test_a_row_that_was_deleted_is_gone_from_a_page_that_looks_again(
    viewer: Browser, make: Make, database: Database
) -> None:
    first, second = make(1), make(2, state=State.CANCELLED)
    page = viewer.get("/refunds")
    with database.write() as session:
        actions.delete(session, second, now=NOW, actor="test")
    assert rows(viewer.get(live_url(page))) == [first]


def test_older_pages_do_not_tell_of_new_transactions(viewer: Browser, make: Make) -> None:
    for number in range(1, 53):
        make(number)
    page = viewer.get("/refunds?after=3")
    make(60)
    live = viewer.get(live_url(page))
    assert rows(live) == [2, 1]
    assert "new transaction" not in text_of(live)


def test_an_empty_page_tells_of_the_first_transaction_that_comes(viewer: Browser, make: Make) -> None:
    page = viewer.get("/refunds")
    make()
    assert "1 new transaction matches. Show it" in text_of(viewer.get(live_url(page)))


def test_names_from_outside_are_written_as_text(viewer: Browser, make: Make, database: Database) -> None:
    number = make()
    with database.write() as session:
        load(session, number).storefront_order_name = '<script>alert("1")</script>'
    page = viewer.get("/refunds?q=%3Cscript%3E")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert" in page.text


def test_only_who_may_act_is_offered_to(viewer: Browser, operator: Browser, make: Make) -> None:
    make(1, state=State.ERROR)
    assert "/refunds/act" not in viewer.get("/refunds").text
    assert 'type="checkbox" name="id"' not in viewer.get("/refunds").text
    offered = operator.get("/refunds").text
    for action in ("post", "retry", "cancel", "resolve"):
        assert f"/refunds/act?action={action}&amp;id=1" in offered
    for action in ("uncancel", "delete"):
        assert f"/refunds/act?action={action}&amp;id=1" not in offered
