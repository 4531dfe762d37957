from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import InvalidRequestError

from ledger import deliveries, orders, queries, refunds
from ledger.accounts import AccountError
from ledger.database import Database
from ledger.models import Account, DeliveryState, NetSuiteAccount
from ledger.queries import DeliveryFilter, DeliveryNotFoundError, RefundFilter
from ledger.refunds import RefundNotFoundError
from ledger.secrets import Vault
from ledger.states import State, Transition
from tests.support.ledger import TRACE, make_account, make_delivery, make_refund, make_seen

HOUR = timedelta(hours=1)


@pytest.fixture
def other(database: Database, vault: Vault, shop: Account) -> Account:
    """Another shop of the same books."""
    assert shop.id
    with database.write() as session:
        return make_account(session, vault, slug="other", storefront_id="other.myshopify.com")


@pytest.fixture
def several(database: Database, shop: Account, other: Account, now: datetime) -> dict[str, int]:
    """Refunds that differ, by what is special about each."""
    with database.write() as session:
        link = orders.ensure(session, shop.id, "450789469", now=now, name="#1001")
        link.netsuite_order_id = "60211"
        plain = make_refund(session, shop, make_seen(refund_id="1"), link)
        held = make_refund(session, shop, make_seen(refund_id="2", order_id="2", order_name="#1002"))
        refunds.move(session, held, Transition.HOLD, "REVIEW_FIRST", now=now)
        books = make_refund(
            session,
            shop,
            make_seen(
                origin="netsuite", refund_id="3", record_type="creditmemo", order_id="3", order_name="#3"
            ),
        )
        seen = make_seen(refund_id="4", order_id="4", order_name="#4", occurred_at=now + HOUR)
        elsewhere = make_refund(session, other, seen)
        elsewhere.target_id = "7788"
        return {"plain": plain.id, "held": held.id, "books": books.id, "other": elsewhere.id}


def found(database: Database, **wanted: Any) -> list[int]:  # noqa: ANN401 - fields of the filter
    with database.read() as session:
        return [each.id for each in queries.refund_page(session, RefundFilter(**wanted))]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({}, ["other", "books", "held", "plain"]),
        ({"limit": 2}, ["other", "books"]),
        ({"states": (State.HELD, State.POSTED)}, ["held"]),
        ({"account": "other"}, ["other"]),
        ({"source_channel": "netsuite"}, ["books"]),
        ({"transaction_type": "credit_memo"}, ["books"]),
        ({"reason": "REVIEW_FIRST"}, ["held"]),
        ({"order": "450789469"}, ["plain"]),
        ({"order": "#1002"}, ["held"]),
        ({"order": "1002"}, ["held"]),
        ({"text": "7788"}, ["other"]),
        ({"text": "60211"}, ["plain"]),
        ({"text": "1001"}, ["plain"]),
        ({"text": "450789469"}, ["plain"]),
        ({"text": "rs-shopify-shop-2"}, ["held"]),
        ({"text": "9" * 30}, []),
        ({"text": "²"}, []),
        ({"states": (State.SCHEDULED,), "account": "other"}, ["other"]),
    ],
)
def test_a_list_is_narrowed_down_and_newest_first(
    database: Database, several: dict[str, int], wanted: dict[str, Any], names: list[str]
) -> None:
    assert found(database, **wanted) == [several[name] for name in names]


def test_a_refund_is_found_by_its_own_number(database: Database, several: dict[str, int]) -> None:
    assert several["held"] in found(database, text=str(several["held"]))


def test_a_period_has_its_beginning_and_not_its_end(
    database: Database, several: dict[str, int], now: datetime
) -> None:
    assert found(database, since=now + HOUR) == [several["other"]]
    assert several["other"] not in found(database, until=now + HOUR)


def test_pages_follow_each_other(database: Database, several: dict[str, int]) -> None:
    pages: list[int] = []
    while page := found(database, limit=3, after=pages[-1] if pages else 0):
        pages += page
    assert pages == sorted(several.values(), reverse=True)


def test_an_account_that_is_not_there_is_named(database: Database) -> None:
    with pytest.raises(AccountError, match="'nobody'"):
        found(database, account="nobody")


def test_a_refund_comes_with_what_belongs_to_it(database: Database, several: dict[str, int]) -> None:
    with database.read() as session:
        whole = queries.refund(session, several["plain"])
    assert whole.order_link is not None
    assert (whole.account.slug, whole.order_link.netsuite_order_id) == ("shopify-shop", "60211")
    assert len(whole.lines) == 1


def test_what_is_not_there_is_not_found(database: Database) -> None:
    with database.read() as session:
        with pytest.raises(RefundNotFoundError):
            queries.refund(session, 9)
        with pytest.raises(DeliveryNotFoundError):
            queries.delivery(session, 9)
        with pytest.raises(AccountError):
            queries.account_of(session, "nobody")


def test_the_refunds_of_an_order_that_are_in_a_state(database: Database, several: dict[str, int]) -> None:
    with database.read() as session:
        link = queries.refund(session, several["plain"]).order_link_id
        assert link is not None
        assert queries.of_order(session, link, State.SCHEDULED) == [several["plain"]]
        assert queries.of_order(session, link, State.HELD) == []


def test_history_is_oldest_first(database: Database, several: dict[str, int]) -> None:
    with database.read() as session:
        trail = queries.audit_trail(session, "refund", several["held"])
        assert [entry.action for entry in trail] == ["record", "hold"]
        assert queries.attempts(session, several["held"]) == []


@pytest.fixture
def received(
    database: Database, shop: Account, other: Account, books: NetSuiteAccount, now: datetime
) -> dict[str, int]:
    """Deliveries that differ, by what is special about each."""
    new = {
        "plain": make_delivery(shop),
        "odd": make_delivery(shop, key="2", topic="orders/paid", reason="NOT_OF_SCHEMA"),
        "other": make_delivery(other),
        "books": make_delivery(books, topic="record"),
    }
    with database.write() as session:
        made = {name: deliveries.accept(session, each, now=now) for name, each in new.items()}
    return {name: number for name, number in made.items() if number}


def came(database: Database, **wanted: Any) -> list[int]:  # noqa: ANN401 - fields of the filter
    with database.read() as session:
        return [each.id for each in queries.delivery_page(session, DeliveryFilter(**wanted))]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({}, ["books", "other", "odd", "plain"]),
        ({"limit": 1}, ["books"]),
        ({"states": (DeliveryState.QUARANTINED,)}, ["odd"]),
        ({"account": "shopify-shop"}, ["odd", "plain"]),
        ({"account": "books"}, ["books"]),
        ({"account": "books", "source": "netsuite"}, ["books"]),
        ({"source": "shopify"}, ["other", "odd", "plain"]),
        ({"topic": "orders/paid"}, ["odd"]),
    ],
)
def test_deliveries_are_narrowed_down_and_newest_first(
    database: Database, received: dict[str, int], wanted: dict[str, Any], names: list[str]
) -> None:
    assert came(database, **wanted) == [received[name] for name in names]


def test_pages_of_deliveries_follow_each_other(database: Database, received: dict[str, int]) -> None:
    assert came(database, after=received["odd"]) == [received["plain"]]


def test_a_list_knows_how_long_a_body_is_without_loading_it(
    database: Database, received: dict[str, int]
) -> None:
    with database.read() as session:
        listed = queries.delivery_page(session, DeliveryFilter())[-1]
        assert listed.size == len(make_delivery(session.get_one(Account, listed.account_id)).body)
        with pytest.raises(InvalidRequestError):
            _ = listed.body
    with database.read() as session:
        assert len(queries.delivery(session, received["plain"]).body) == listed.size


def test_the_deliveries_behind_a_refund_are_those_of_its_trace_from_either_side(
    database: Database, several: dict[str, int], received: dict[str, int]
) -> None:
    with database.read() as session:
        behind = queries.deliveries_behind(session, queries.refund(session, several["plain"]))
    assert {each.trace_id for each in behind} == {TRACE}
    assert [each.id for each in behind] == [received[name] for name in ("plain", "odd", "books")]


def test_each_delivery_has_an_owner_with_a_name(
    database: Database, shop: Account, books: NetSuiteAccount, received: dict[str, int]
) -> None:
    with database.read() as session:
        names = queries.owners(session)
        for name, owner in (("plain", shop), ("books", books)):
            delivery = queries.delivery(session, received[name])
            assert queries.owner_of(session, delivery).slug == owner.slug
            assert names[delivery.netsuite_account_id, delivery.account_id] == owner.slug


def test_accounts_are_listed_by_name(database: Database, shop: Account, other: Account) -> None:
    with database.read() as session:
        assert [each.slug for each in queries.storefront_accounts(session)] == [other.slug, shop.slug]
        assert [each.slug for each in queries.netsuite_accounts(session)] == ["books"]
        assert queries.account_of(session, "other").id == other.id
