from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from ledger import orders
from ledger.database import Database
from ledger.models import Account, OrderLink, OrderState, OrderTombstone
from ledger.orders import NetSuiteOrder
from ledger.secrets import Vault
from tests.support.ledger import make_netsuite_account
from tests.support.racing import race

ORDER, NAME, RECORD = "450789469", "#1001", "9001"


def bury(database: Database, netsuite_id: int, *numbers: str, now: datetime, record_id: str = RECORD) -> None:
    with database.write() as session:
        orders.bury(session, netsuite_id, numbers, record_id, now=now)


def meet(
    database: Database, shop: Account, now: datetime, netsuite_id: int | None = None
) -> tuple[OrderLink, bool]:
    """Hear of the storefront's order, and return its link and whether it was found to be deleted."""
    with database.write() as session:
        link = orders.ensure(session, shop.id, ORDER, now=now, name=NAME)
        found = orders.claim_tombstone(session, netsuite_id or shop.netsuite_account_id, link, now=now)
    return link, found


@pytest.mark.parametrize("numbers", [(ORDER,), (NAME,), ("4711", NAME), (ORDER, NAME)])
def test_an_order_that_was_deleted_before_we_heard_of_it_is_found_deleted(
    database: Database, shop: Account, now: datetime, numbers: tuple[str, ...]
) -> None:
    bury(database, shop.netsuite_account_id, *numbers, now=now)
    link, found = meet(database, shop, now)
    assert found
    assert (link.netsuite_state, link.netsuite_order_id) == (OrderState.DELETED, RECORD)
    assert meet(database, shop, now)[1] is False  # it is no news the second time


def test_no_tombstone_means_that_nothing_is_known(database: Database, shop: Account, now: datetime) -> None:
    bury(database, shop.netsuite_account_id, "4711", now=now)
    link, found = meet(database, shop, now)
    assert not found
    assert link.netsuite_state is OrderState.UNKNOWN


def test_a_tombstone_is_of_one_netsuite_account(
    database: Database, vault: Vault, shop: Account, now: datetime
) -> None:
    with database.write() as session:
        other = make_netsuite_account(session, vault, slug="other", account_id="7")
    bury(database, other.id, ORDER, now=now)
    assert not meet(database, shop, now)[1]
    assert meet(database, shop, now, other.id)[1]


def test_an_order_that_is_linked_is_not_deleted_by_an_old_tombstone(
    database: Database, shop: Account, now: datetime
) -> None:
    with database.write() as session:
        link = orders.ensure(session, shop.id, ORDER, now=now, name=NAME)
        orders.link_netsuite(link, NetSuiteOrder("9101", "salesorder"), now=now)
    bury(database, shop.netsuite_account_id, ORDER, now=now)
    link, found = meet(database, shop, now)
    assert not found
    assert (link.netsuite_state, link.netsuite_order_id) == (OrderState.OPEN, "9101")


def test_an_order_without_a_name_does_not_meet_a_tombstone_without_a_number(
    database: Database, shop: Account, now: datetime
) -> None:
    bury(database, shop.netsuite_account_id, "", "", now=now)
    with database.write() as session:
        assert session.scalars(select(OrderTombstone)).all() == []
        link = orders.ensure(session, shop.id, ORDER, now=now)
        assert not orders.claim_tombstone(session, shop.netsuite_account_id, link, now=now)


def test_the_last_deletion_of_a_number_counts(database: Database, shop: Account, now: datetime) -> None:
    later = now + timedelta(hours=1)
    bury(database, shop.netsuite_account_id, ORDER, ORDER, NAME, now=now)
    bury(database, shop.netsuite_account_id, ORDER, now=later, record_id="9101")
    with database.read() as session:
        stones = session.scalars(select(OrderTombstone).order_by(OrderTombstone.number)).all()
    assert [(stone.number, stone.record_id, stone.deleted_at) for stone in stones] == [
        (NAME, RECORD, now),
        (ORDER, "9101", later),
    ]


def test_an_order_that_was_made_again_is_no_longer_buried(
    database: Database, vault: Vault, shop: Account, now: datetime
) -> None:
    with database.write() as session:
        other = make_netsuite_account(session, vault, slug="other", account_id="7")
    for netsuite_id in (shop.netsuite_account_id, other.id):
        bury(database, netsuite_id, ORDER, NAME, "4711", now=now)
    with database.write() as session:
        orders.unbury(session, shop.netsuite_account_id, [ORDER, NAME], "9101")
    assert not meet(database, shop, now)[1]
    with database.read() as session:
        left = session.scalars(select(OrderTombstone).order_by(OrderTombstone.id)).all()
    assert [(stone.netsuite_account_id, stone.number) for stone in left] == [
        (shop.netsuite_account_id, "4711"),
        (other.id, ORDER),
        (other.id, NAME),
        (other.id, "4711"),
    ]


def test_late_news_of_a_deleted_order_does_not_bring_it_back(
    database: Database, shop: Account, now: datetime
) -> None:
    bury(database, shop.netsuite_account_id, ORDER, now=now)
    with database.write() as session:
        orders.unbury(session, shop.netsuite_account_id, [ORDER], RECORD)
    assert meet(database, shop, now)[1]


def test_racing_deletions_of_a_number_leave_one_tombstone(
    database: Database, shop: Account, now: datetime
) -> None:
    def delete(record_id: str) -> Callable[[], None]:
        return lambda: bury(database, shop.netsuite_account_id, ORDER, now=now, record_id=record_id)

    race(*[delete(str(number)) for number in range(4)])
    with database.read() as session:
        assert session.scalars(select(OrderTombstone.number)).all() == [ORDER]
