"""A database that one test after the other has holds nothing of the tests before."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from ledger.database import Database
from ledger.models import Base
from ledger.secrets import Vault
from tests.support.databases import Clone
from tests.support.kept import Given, Kept
from tests.support.ledger import make_account, make_refund

Leave = Callable[[Given], object]


@pytest.fixture(params=["sqlite", "postgresql"])
def kept(request: pytest.FixtureRequest) -> Iterator[Kept]:
    clone: Clone = request.getfixturevalue(request.param)
    with closing(Kept(clone)) as made:
        yield made


def fill(database: Database, vault: Vault) -> tuple[int, int]:
    """Write a few rows; return the numbers of two of them."""
    with database.write() as session:
        account = make_account(session, vault)
        return account.id, make_refund(session, account).id


def is_empty(database: Database) -> bool:
    with database.read() as session:
        return not any(session.execute(table.select()).first() for table in Base.metadata.sorted_tables)


def run(given: Given, statement: str) -> None:
    with given.database.write() as session:
        session.execute(text(statement))


def test_the_next_has_the_same_database_empty_and_counts_from_one_again(kept: Kept, vault: Vault) -> None:
    urls = set()
    for _ in range(3):
        with kept.giving() as given:
            assert is_empty(given.database)
            assert fill(given.database, vault) == (1, 1)
            urls.add(given.url)
    assert len(urls) == 1


def _spoil(given: Given) -> None:
    given.is_spoilt = True


def _start(_given: Given) -> None:
    subprocess.run([sys.executable, "-c", ""], check=True)


def _stay(given: Given) -> object:
    return given.database.engine.connect()


def _stay_elsewhere(given: Given) -> object:
    connection = Database(given.url).engine.connect()
    connection.execute(text("DELETE FROM settings"))  # locks what is there
    return connection


@pytest.mark.parametrize(
    "leave",
    [
        _spoil,
        _start,
        _stay,
        _stay_elsewhere,
        lambda given: run(given, "UPDATE alembic_version SET version_num = 'older'"),
        lambda given: run(given, "ALTER TABLE refunds ADD COLUMN more INTEGER"),
        lambda given: run(given, "ALTER TABLE refunds RENAME COLUMN reason TO why"),
        lambda given: run(given, "DROP TABLE attempts"),
        lambda given: run(given, "CREATE TABLE others (id INTEGER)"),
        lambda given: run(given, "DROP INDEX ix_refunds_state"),
    ],
    ids=["failed", "process", "open", "open elsewhere", "version", "column", "name", "gone", "new", "index"],
)
def test_what_is_not_as_it_was_given_out_is_given_to_nobody(kept: Kept, vault: Vault, leave: Leave) -> None:
    with kept.giving() as first:
        fill(first.database, vault)
        left = leave(first)
    with kept.giving() as second:
        assert second.url != first.url
        assert is_empty(second.database)
        assert fill(second.database, vault) == (1, 1)
    with suppress(AttributeError, SQLAlchemyError):  # nothing was left, or the server ended it
        left.close()  # type: ignore[attr-defined]
