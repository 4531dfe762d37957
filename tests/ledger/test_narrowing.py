"""What narrows refunds down, where a search seldom comes."""

import pytest
from sqlalchemy import select

from ledger import narrowing
from ledger.database import Database
from ledger.models import Account, Refund
from ledger.narrowing import Names
from tests.support.ledger import make_refund, make_seen


def test_refunds_that_were_looked_up_are_found_by_their_ids(database: Database, shop: Account) -> None:
    with database.write() as session:
        ids = [make_refund(session, shop, make_seen(refund_id=str(number))).id for number in range(3)]
    known = Names(ids[:2], is_cut=False)
    with database.read() as session:
        assert sorted(session.scalars(known.ids(5))) == ids[:2]
        assert sorted(session.scalars(select(Refund.id).where(known.condition))) == ids[:2]


@pytest.mark.parametrize("text", [chr(0x10FFFF), chr(0x10FFFF) * 2])
def test_nothing_that_begins_with_the_last_characters_comes_after_the_end(text: str) -> None:
    end = narrowing._next_after(text)  # noqa: SLF001 - no database orders such texts alike
    assert text < end
    assert f"{text}{chr(0xFFFF)}" < end
