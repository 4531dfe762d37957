"""Transactions with all that belongs to them."""

import pytest

from ledger import whole
from ledger.database import Database
from ledger.models import Account
from ledger.states import State
from tests.support.transactions import make_link, make_transaction


@pytest.fixture
def three(database: Database, shop: Account) -> list[int]:
    """Three refunds, of which the first two are of one order."""
    with database.write() as session:
        link = make_link(session, shop, 1)
        states = (State.POSTED, State.SCHEDULED, State.ERROR)
        made = [
            make_transaction(session, shop, number, state=state, link=link if number < 2 else None)
            for number, state in enumerate(states)
        ]
        return [refund.id for refund in made]


def test_refunds_come_in_the_order_asked_for_without_those_that_are_gone(
    database: Database, shop: Account, three: list[int]
) -> None:
    first, second, third = three
    with database.read() as session:
        found = whole.refunds(session, [third, 999, first, second])
    assert [refund.id for refund in found] == [third, first, second]
    assert [refund.order_link is None for refund in found] == [True, False, False]
    assert all(refund.account.slug == shop.slug and refund.lines for refund in found)


def test_each_refund_has_its_own_history_oldest_first(database: Database, three: list[int]) -> None:
    first, second, third = three
    with database.read() as session:
        found = whole.histories(session, [second, first])
        failed = whole.histories(session, [third])[third]
    assert third not in found
    assert [entry.action for entry in failed][-1] == "fail"
    for number, entries in found.items():
        assert {entry.subject_id for entry in entries} <= {number}
        assert [entry.id for entry in entries] == sorted(entry.id for entry in entries)


def test_an_order_has_other_refunds(database: Database, three: list[int]) -> None:
    with database.read() as session:
        first, _, third = whole.refunds(session, three)
        others = whole.of_order(session, first, limit=5)
        assert whole.of_order(session, third, limit=5) == []
    assert [refund.id for refund in others] == [three[1]]
