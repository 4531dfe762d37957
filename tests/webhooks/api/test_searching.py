"""Searching refunds over the API: it finds what the portal finds, page by page, and each page is bounded."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import search
from ledger.database import Database
from ledger.models import Account
from ledger.search import SOME, Place, Wanted
from ledger.states import State
from tests.support.ledger import NOW
from tests.support.transactions import make_link, make_many_like, make_transaction
from tests.webhooks.api.conftest import Api
from webhooks.api import cursors

BASE = 1_000_000
"""The number of the first order here; its name is #1001000."""

MANY = 6_000
"""More refunds than a page of the API looks at."""


def fill(database: Database, shop: Account, number: int, **more: object) -> list[int]:
    """Make refunds that are alike but for their names; return their ids, newest first."""
    with database.write() as session:
        first = make_transaction(session, shop, BASE, **more)  # type: ignore[arg-type] # as it takes
        make_many_like(session, first, range(BASE + 1, BASE + number))
        return list(range(first.id + number - 1, first.id - 1, -1))


def pages(api: Api, query: str) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of every page of a list."""
    cursor = ""
    while cursor is not None:
        page = api.ok(f"/refunds?{query}{cursor and f'&cursor={cursor}'}")
        yield page["items"]
        cursor = page["next_cursor"]


def ids(api: Api, query: str) -> list[int]:
    return [each["id"] for page in pages(api, query) for each in page]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("q=1001001", Wanted(text="1001001")),
        ("q=%231001001", Wanted(text="#1001001")),
        ("q=rs-shop-900100000", Wanted(text="rs-shop-900100000")),
        ("q=900100001", Wanted(text="900100001")),
        ("q=60277", Wanted(text="60277")),
        ("q=6027", Wanted(text="6027")),
        ("q=7", Wanted(text="7")),
        ("q=45010", Wanted(text="45010")),
        ("order=100100", Wanted(order="100100")),
        ("order=450100001", Wanted(order="450100001")),
        ("order=10", Wanted(order="10")),
        ("order=1001001&q=rs-shop", Wanted(order="1001001", text="rs-shop")),
    ],
)
def test_a_text_means_what_it_means_in_the_portal(
    viewer: Api, database: Database, shop: Account, query: str, wanted: Wanted
) -> None:
    with database.write() as session:
        link = make_link(session, shop, 7, netsuite_id="60277")
        make_transaction(session, shop, 7, link=link)
    fill(database, shop, 25)
    with database.read() as session:
        found = [each.id for each in search.find(session, wanted, limit=100).rows]
    assert ids(viewer, query) == found
    assert bool(found) is (query not in {"q=6027", "order=10"})


@pytest.mark.parametrize("query", ["q=rs-shop", "order=1001", "q=45010&state=error", "q=9001&account=shop"])
def test_every_one_of_many_that_begin_alike_is_found_once_newest_first(
    viewer: Api, database: Database, shop: Account, query: str
) -> None:
    made = fill(database, shop, 2 * SOME, state=State.ERROR)
    assert ids(viewer, f"{query}&limit=120") == made


def test_a_page_that_finds_nothing_is_bounded_and_leads_on_to_the_end(
    viewer: Api, database: Database, shop: Account
) -> None:
    with database.write() as session:
        old = make_transaction(session, shop, 1, state=State.POSTED, reason="AMBIGUOUS_ORDER").id
        like = make_transaction(session, shop, 2, state=State.ERROR, reason="AMBIGUOUS_ORDER")
        make_many_like(session, like, range(3, 3 + MANY))
    fill(database, shop, MANY, state=State.POSTED)
    found = [[each["id"] for each in page] for page in pages(viewer, "state=posted&reason=AMBIGUOUS_ORDER")]
    assert found == [[], [old]]


def test_a_period_is_listed_by_time_page_by_page_and_its_end_is_not_in_it(
    viewer: Api, database: Database, shop: Account
) -> None:
    with database.write() as session:
        times = [NOW + timedelta(hours=hours) for hours in (3, 1, 4, 1, 5)]
        made = [make_transaction(session, shop, number, at=at).id for number, at in enumerate(times, start=1)]
    period = f"from={NOW:%Y-%m-%dT%H:%M:%SZ}&to={NOW + timedelta(hours=5):%Y-%m-%dT%H:%M:%SZ}"
    wanted = [made[2], made[0], made[3], made[1]]
    assert ids(viewer, f"{period}&limit=1") == wanted
    assert ids(viewer, f"{period}&q=rs-shop&limit=3") == wanted


@pytest.mark.parametrize(("query", "cursor"), [("", "c1-5"), ("&from=2020-01-01T00:00:00Z", "c1")])
def test_a_cursor_of_another_order_is_the_first_page(
    viewer: Api, database: Database, shop: Account, query: str, cursor: str
) -> None:
    made = fill(database, shop, 3)
    page = viewer.ok(f"/refunds?cursor={cursor}{query}")
    assert [each["id"] for each in page["items"]] == made


def test_no_moment_is_before_all_times(viewer: Api, database: Database, shop: Account) -> None:
    fill(database, shop, 2)
    assert ids(viewer, "to=0001-01-01T00:00:00Z") == []


@given(
    st.builds(
        Place, st.integers(0, 2**62), st.none() | st.datetimes().map(lambda at: at.replace(tzinfo=NOW.tzinfo))
    )
)
def test_a_place_is_read_as_it_was_written(place: Place) -> None:
    by_time = place.occurred_at is not None
    assert cursors.read_place(cursors.write_place(place), by_time=by_time) == place


@given(st.from_regex(cursors.PLACE_PATTERN.replace("$", r"\Z")))
def test_whatever_looks_like_a_place_is_one(cursor: str) -> None:
    assert len(cursor) <= cursors.LONGEST_PLACE
    for by_time in (True, False):
        place = cursors.read_place(cursor, by_time=by_time)
        assert place is None or 0 <= place.id < 2**63
