from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import orders
from ledger.database import Database
from ledger.events import OrderSeen
from ledger.models import Account, AuditEntry, OrderLink, OrderState
from ledger.orders import NetSuiteOrder
from ledger.platforms import Platform
from ledger.secrets import Vault
from tests.support.ledger import NOW, make_account
from tests.support.racing import race

ORDER = "450789469"
SALES_ORDER = NetSuiteOrder("9001", "salesorder", "invoice", "9002")


def seen(state: OrderState, minutes: int = 0, name: str = "#1001") -> OrderSeen:
    return OrderSeen(ORDER, name, state, NOW + timedelta(minutes=minutes))


def tell(database: Database, shop: Account, *news: OrderSeen) -> tuple[OrderLink, list[bool]]:
    """Take over news one after the other; return the link and whether each changed anything."""
    changes = []
    for each in news:
        with database.write() as session:
            link, changed = orders.see_storefront(session, shop.id, each, now=NOW)
        changes.append(changed)
    return link, changes


def test_the_first_that_is_heard_of_an_order_makes_its_link(
    database: Database, shop: Account, now: datetime
) -> None:
    with database.write() as session:
        made = orders.ensure(session, shop.id, ORDER, now=now)
        assert orders.ensure(session, shop.id, ORDER, now=now + timedelta(days=1)) is made
    assert (made.account_id, made.storefront_order_id, made.storefront_order_name) == (shop.id, ORDER, "")
    assert made.storefront_state is made.netsuite_state is OrderState.UNKNOWN
    assert (made.netsuite_order_id, made.billed_type, made.billed_id) == ("", "", "")
    assert made.created_at == made.updated_at == now
    assert made.storefront_seen_at is None


def test_a_name_that_came_late_is_added_and_then_kept(
    database: Database, shop: Account, now: datetime
) -> None:
    for name, known in (("", ""), ("#1001", "#1001"), ("#1002", "#1001"), ("", "#1001")):
        with database.write() as session:
            link = orders.ensure(session, shop.id, ORDER, now=now, name=name)
        assert link.storefront_order_name == known


def test_racing_news_of_a_new_order_makes_one_link(database: Database, shop: Account, now: datetime) -> None:
    def hear() -> int:
        with database.write() as session:
            return orders.ensure(session, shop.id, ORDER, now=now).id

    assert len(set(race(*[hear] * 4))) == 1


def test_news_is_taken_over(database: Database, shop: Account, now: datetime) -> None:
    link, changes = tell(
        database,
        shop,
        seen(OrderState.OPEN),
        seen(OrderState.OPEN, 1),
        seen(OrderState.CANCELLED, 2, "#1001-A"),
    )
    assert changes == [True, False, True]
    assert (link.storefront_state, link.storefront_order_name) == (OrderState.CANCELLED, "#1001-A")
    assert link.storefront_seen_at == now + timedelta(minutes=2)


def test_older_news_is_dropped(database: Database, shop: Account, now: datetime) -> None:
    link, changes = tell(database, shop, seen(OrderState.CANCELLED, 2), seen(OrderState.OPEN, 1, "#1000"))
    assert changes == [True, False]
    assert (link.storefront_state, link.storefront_order_name) == (OrderState.CANCELLED, "#1001")
    assert link.storefront_seen_at == now + timedelta(minutes=2)


def test_a_deletion_counts_even_if_it_comes_with_an_older_time(
    database: Database, shop: Account, now: datetime
) -> None:
    link, changes = tell(database, shop, seen(OrderState.OPEN, 2), seen(OrderState.DELETED, 1, name=""))
    assert changes == [True, True]
    assert (link.storefront_state, link.storefront_order_name) == (OrderState.DELETED, "#1001")
    assert link.storefront_seen_at == now + timedelta(minutes=2)


def test_a_deleted_order_stays_deleted(database: Database, shop: Account) -> None:
    link, changes = tell(database, shop, seen(OrderState.DELETED), seen(OrderState.OPEN, 5))
    assert changes == [True, False]
    assert link.storefront_state is OrderState.DELETED


news = st.lists(
    st.builds(
        seen,
        # Few different times, since platforms' times have seconds and two events may share one.
        st.sampled_from(OrderState),
        st.integers(0, 2),
        st.sampled_from(("", "#1001")),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
def test_any_order_and_repetition_of_the_same_news_ends_in_the_same_link(
    database: Database, shop: Account, data: st.DataObject
) -> None:
    once = data.draw(news)
    repeated = once + data.draw(st.lists(st.sampled_from(once), max_size=3))
    ends = {_end_of(database, shop, told) for told in (once, data.draw(st.permutations(repeated)))}
    assert len(ends) == 1


def _end_of(database: Database, shop: Account, told: Sequence[OrderSeen]) -> tuple[OrderState, str]:
    with database.read() as session:  # rolled back, so that each example starts anew
        for each in told:
            link, _ = orders.see_storefront(session, shop.id, each, now=NOW)
        return link.storefront_state, link.storefront_order_name


@pytest.fixture
def linked(database: Database, shop: Account, now: datetime) -> int:
    """The id of an order link whose order is billed in NetSuite."""
    with database.write() as session:
        link = orders.ensure(session, shop.id, ORDER, now=now, name="#1001")
        assert orders.link_netsuite(link, SALES_ORDER, now=now)
    return link.id


def link_of(session: Session, number: int) -> OrderLink:
    return session.get_one(OrderLink, number)


def test_what_was_read_in_netsuite_is_kept(database: Database, linked: int) -> None:
    with database.read() as session:
        link = link_of(session, linked)
    assert link.netsuite_state is OrderState.OPEN
    assert NetSuiteOrder("9001", "salesorder", "invoice", "9002") == NetSuiteOrder(
        link.netsuite_order_id, link.netsuite_order_type, link.billed_type, link.billed_id
    )


def test_reading_the_same_again_is_no_news(database: Database, linked: int, now: datetime) -> None:
    later = now + timedelta(hours=1)
    with database.write() as session:
        assert not orders.link_netsuite(link_of(session, linked), SALES_ORDER, now=later)
        assert link_of(session, linked).updated_at == now
        billed_anew = NetSuiteOrder("9001", "salesorder", "cashsale", "9003")
        assert orders.link_netsuite(link_of(session, linked), billed_anew, now=later)
    with database.read() as session:
        link = link_of(session, linked)
    assert (link.billed_type, link.billed_id, link.updated_at) == ("cashsale", "9003", later)


def test_an_order_that_is_gone_stays_gone_until_a_person_links_it_anew(
    database: Database, linked: int, now: datetime
) -> None:
    later, again = now + timedelta(hours=1), NetSuiteOrder("9101", "salesorder")
    with database.write() as session:
        assert orders.lose_netsuite(link_of(session, linked), now=later)
        assert not orders.lose_netsuite(link_of(session, linked), now=later)
        assert not orders.link_netsuite(link_of(session, linked), again, now=later)
        assert link_of(session, linked).netsuite_state is OrderState.DELETED
        assert link_of(session, linked).netsuite_order_id == "9001"
        orders.relink(session, link_of(session, linked), again, now=later, actor="cli:anna")
    with database.read() as session:
        link = link_of(session, linked)
        entry = session.scalars(select(AuditEntry).where(AuditEntry.subject == "order_link")).one()
    assert (link.netsuite_state, link.netsuite_order_id) == (OrderState.OPEN, "9101")
    assert (link.billed_type, link.billed_id, link.updated_at) == ("", "", later)
    assert (entry.action, entry.actor, entry.note) == ("relink", "cli:anna", "9001 -> 9101")
    assert entry.subject_id == linked


def test_a_first_link_by_a_person_says_that_there_was_none(
    database: Database, shop: Account, now: datetime
) -> None:
    with database.write() as session:
        link = orders.ensure(session, shop.id, ORDER, now=now)
        orders.relink(session, link, SALES_ORDER, now=now, actor="cli:anna")
        notes = session.scalars(select(AuditEntry.note).where(AuditEntry.action == "relink")).all()
    assert notes == ["nothing -> 9001"]


def test_links_are_found_by_either_side(
    database: Database, vault: Vault, shop: Account, linked: int, now: datetime
) -> None:
    with database.write() as session:
        seller = make_account(session, vault, platform=Platform.EBAY)
        other = orders.ensure(session, seller.id, ORDER, now=now).id
    with database.read() as session:

        def of_record(*accounts: int, record: str) -> list[int]:
            return [link.id for link in orders.of_netsuite_record(session, accounts, record)]

        def of_number(*accounts: int, number: str) -> list[int]:
            return [link.id for link in orders.of_storefront_number(session, accounts, number)]

        assert of_record(shop.id, seller.id, record="9001") == [linked]
        assert of_record(shop.id, seller.id, record="9002") == [linked]
        assert of_record(seller.id, record="9001") == of_record(shop.id, record="9003") == []
        assert of_number(shop.id, seller.id, number=ORDER) == [linked, other]
        assert of_number(shop.id, seller.id, number="#1001") == [linked]
        assert of_number(seller.id, number="#1001") == of_number(number=ORDER) == []
