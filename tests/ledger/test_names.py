"""What refunds are called: how much is looked up, and where a name's beginning ends."""

import pytest
from sqlalchemy import select

from ledger import names
from ledger.database import Database
from ledger.models import Account, Refund
from tests.support.transactions import make_transaction


@pytest.mark.parametrize(("most", "known", "is_cut"), [(2, 2, True), (3, 3, True), (4, 3, False)])
def test_as_many_are_looked_up_as_was_said_and_the_condition_is_true_of_all(
    database: Database, shop: Account, most: int, known: int, *, is_cut: bool
) -> None:
    with database.write() as session:
        ids = [make_transaction(session, shop, number).id for number in (11, 12, 13, 21)]
    with database.read() as session:
        found = names.called(session, "450000001", most)
        assert found is not None
        assert (len(found.known), found.is_cut) == (known, is_cut)
        assert set(found.known) <= set(ids[:3])
        query = select(Refund.id).where(found.condition).order_by(Refund.id)
        assert session.scalars(query).all() == ids[:3]


def test_no_text_is_no_filter(database: Database) -> None:
    with database.read() as session:
        assert names.called(session, "", 5) is None
        assert names.of_order(session, "", 5) is None


@pytest.mark.parametrize("text", [chr(0x10FFFF), chr(0x10FFFF) * 2])
def test_nothing_that_begins_with_the_last_characters_comes_after_the_end(text: str) -> None:
    end = names._next_after(text)  # noqa: SLF001 - no database orders such texts alike
    assert text < end
    assert f"{text}{chr(0xFFFF)}" < end
