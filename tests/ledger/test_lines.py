from collections.abc import Mapping
from datetime import datetime

import pytest

from ledger import lines
from ledger.database import Database
from ledger.models import Account, Refund
from tests.support.ledger import make_part, make_refund, make_seen


@pytest.fixture
def refund(database: Database, shop: Account, now: datetime) -> Refund:
    """A refund of two parts."""
    with database.write() as session:
        parts = (make_part("10.00"), make_part("10.00", sku="MUG", line_id="2"))
        return make_refund(session, shop, make_seen(parts=parts), now=now)


def mapped(database: Database, refund: Refund) -> list[tuple[str, str]]:
    with database.read() as session:
        return [(line.sku, line.mapped) for line in lines.of(session, refund)]


def test_lines_come_in_the_order_of_the_parts(database: Database, refund: Refund) -> None:
    assert mapped(database, refund) == [("TSHIRT-M", ""), ("MUG", "")]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({0: "line 1: 10.00", 1: "line 2: 10.00"}, ["line 1: 10.00", "line 2: 10.00"]),
        ({1: "line 2: 20.00"}, ["", "line 2: 20.00"]),
        ({7: "line 8: 20.00"}, ["", ""]),
        ({}, ["", ""]),
    ],
)
def test_each_line_says_what_carries_it_and_nothing_of_an_earlier_try(
    database: Database, refund: Refund, words: Mapping[int, str], expected: list[str]
) -> None:
    for each in ({0: "line 9: 10.00", 1: "line 9: 10.00"}, words):
        with database.write() as session:
            lines.map_all(session, refund, each)
    assert [said for _, said in mapped(database, refund)] == expected


def test_the_lines_of_other_refunds_are_left_alone(
    database: Database, shop: Account, refund: Refund, now: datetime
) -> None:
    with database.write() as session:
        other = make_refund(session, shop, make_seen(refund_id="929361464"), now=now)
        lines.map_all(session, refund, {0: "line 1: 10.00", 1: "line 1: 10.00"})
    assert {said for _, said in mapped(database, other)} == {""}
