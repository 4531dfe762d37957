"""Refunds that are settled are told of once that is committed, and not otherwise."""

from collections.abc import Sequence

import pytest

from ledger import refunds
from ledger.clock import utcnow
from ledger.database import Database
from ledger.models import Refund
from ledger.secrets import Vault
from ledger.states import IllegalTransitionError, Transition
from tests.support.ledger import make_account, make_refund, make_seen


@pytest.fixture
def told(database: Database) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []

    def tell(settled: Sequence[tuple[str, str]]) -> None:
        found.extend(settled)

    database.on_settled = tell
    return found


@pytest.fixture
def rows(database: Database, vault: Vault) -> list[Refund]:
    with database.write() as session:
        account = make_account(session, vault)
        return [
            make_refund(session, account, make_seen(refund_id=number), now=utcnow()) for number in ("1", "2")
        ]


def cancel_twice(database: Database, refund: Refund) -> None:
    with database.write() as session:
        for _ in range(2):
            refunds.move(session, refund, Transition.CANCEL, "CANCELLED_BY_PERSON", now=utcnow())


def test_what_a_transaction_settled_is_told_of_once_it_is_committed(
    database: Database, told: list[tuple[str, str]], rows: list[Refund]
) -> None:
    with database.write() as session:
        refunds.move(session, rows[0], Transition.CANCEL, "CANCELLED_BY_PERSON", now=utcnow())
        refunds.move(session, rows[1], Transition.IGNORE, "ECHO", now=utcnow())
        assert told == []
    assert told == [("cancelled", "CANCELLED_BY_PERSON"), ("ignored", "ECHO")]


def test_what_settles_nothing_is_not_told_of(
    database: Database, told: list[tuple[str, str]], rows: list[Refund]
) -> None:
    with database.write() as session:
        refunds.move(session, rows[0], Transition.WAIT, "NOT_BILLED", now=utcnow())
    assert told == []


def test_what_was_undone_is_not_told_of(
    database: Database, told: list[tuple[str, str]], rows: list[Refund]
) -> None:
    with database.rehearse() as session:
        refunds.move(session, rows[0], Transition.IGNORE, "ECHO", now=utcnow())
    with pytest.raises(IllegalTransitionError):
        cancel_twice(database, rows[0])
    assert told == []
