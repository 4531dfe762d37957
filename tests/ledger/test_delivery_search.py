from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import InvalidRequestError

from ledger import deliveries, delivery_search
from ledger.accounts import AccountError
from ledger.database import Database
from ledger.delivery_search import Found, Wanted
from ledger.models import Account, DeliveryState, NetSuiteAccount
from tests.support.explaining import explained
from tests.support.ledger import NOW, TRACE, make_delivery

HOUR = timedelta(hours=1)


@pytest.fixture
def received(database: Database, shop: Account, books: NetSuiteAccount) -> dict[str, int]:
    """Deliveries of the shop and its books, an hour apart, by what sets them apart."""
    new = {
        "plain": make_delivery(shop, key="k-plain"),
        "odd": make_delivery(shop, key="k-odd", topic="orders/paid", reason="NOT_JSON"),
        "other": make_delivery(shop, key="k-other", order_ref="777"),
        "books": make_delivery(books, key="k-books", topic="cashrefund/create"),
    }
    made = {}
    with database.write() as session:
        for place, (name, each) in enumerate(new.items()):
            made[name] = deliveries.accept(session, each, now=NOW + place * HOUR) or 0
    return made


def find(database: Database, wanted: Wanted, limit: int = 10) -> Found:
    with database.read() as session:
        return delivery_search.search(session, wanted, limit=limit)


def names(received: dict[str, int], found: Found) -> Sequence[str]:
    by_id = {number: name for name, number in received.items()}
    return [by_id[row.id] for row in found.rows]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, ["books", "other", "odd", "plain"]),
        ({"state": DeliveryState.QUARANTINED}, ["odd"]),
        ({"state": DeliveryState.FAILED}, []),
        ({"account": "shopify-shop"}, ["other", "odd", "plain"]),
        ({"account": "books"}, ["books"]),
        ({"source": "shopify"}, ["other", "odd", "plain"]),
        ({"topic": "orders/paid"}, ["odd"]),
        ({"text": "777"}, ["other"]),
        ({"text": "k-books"}, ["books"]),
        ({"text": "k-odd"}, ["odd"]),
        ({"text": TRACE}, ["books", "other", "odd", "plain"]),
        ({"text": TRACE, "state": DeliveryState.QUARANTINED}, ["odd"]),
        ({"text": "nothing"}, []),
        ({"since": NOW + HOUR, "until": NOW + 2 * HOUR}, ["other", "odd"]),
        ({"since": NOW + 9 * HOUR}, []),
        ({"until": NOW - HOUR}, []),
    ],
)
def test_deliveries_are_narrowed_down_newest_first(
    database: Database, received: dict[str, int], wanted: dict[str, Any], expected: list[str]
) -> None:
    found = find(database, Wanted(**wanted))
    assert names(received, found) == expected
    assert (found.next, found.is_unfinished) == (0, False)


def test_a_delivery_is_found_by_its_number(database: Database, received: dict[str, int]) -> None:
    assert names(received, find(database, Wanted(text=str(received["odd"])))) == ["odd"]
    assert find(database, Wanted(text="9" * 30)).rows == []


def test_pages_follow_each_other(database: Database, received: dict[str, int]) -> None:
    first = find(database, Wanted(), limit=3)
    assert names(received, first) == ["books", "other", "odd"]
    last = find(database, Wanted(after=first.next), limit=3)
    assert (names(received, last), last.next) == (["plain"], 0)


def test_a_search_for_what_is_rare_stops_and_goes_on_where_it_stopped(
    database: Database, received: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_search, "MOST", 2)
    first = find(database, Wanted(topic="orders/paid"))
    assert (first.rows, first.is_unfinished, first.next) == ([], True, received["other"])
    second = find(database, Wanted(topic="orders/paid", after=first.next))
    assert names(received, second) == ["odd"]


def test_an_account_that_is_not_there_is_said(database: Database, received: dict[str, int]) -> None:
    assert received
    with pytest.raises(AccountError):
        find(database, Wanted(account="nowhere"))


def test_bodies_are_not_loaded(database: Database, received: dict[str, int]) -> None:
    assert received
    with database.read() as session:
        row = delivery_search.search(session, Wanted(), limit=1).rows[0]
        with pytest.raises(InvalidRequestError):
            _ = row.body


def test_what_is_not_worked_off_is_counted_up_to_a_bound(
    database: Database, received: dict[str, int]
) -> None:
    assert received
    with database.read() as session:
        counted = delivery_search.counts(session, most=2)
    assert counted == {DeliveryState.RECEIVED: 2, DeliveryState.QUARANTINED: 1, DeliveryState.FAILED: 0}


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(),
        Wanted(state=DeliveryState.FAILED, after=100),
        Wanted(topic="orders/paid", source="shopify", account="shopify-shop"),
        Wanted(text="777"),
        Wanted(since=NOW, until=NOW + HOUR),
    ],
)
def test_no_search_reads_all_deliveries(database: Database, received: dict[str, int], wanted: Wanted) -> None:
    assert received
    plans: list[str] = []
    with database.read() as session, explained(database.engine, plans):
        delivery_search.search(session, wanted, limit=10)
        delivery_search.counts(session, most=10)
    assert plans
    assert not [plan for plan in plans if "Seq Scan on deliveries" in plan]
