"""What is erased is gone from SQLite's files, and not only from what a query finds."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import Pool

from ledger import deliveries, personal
from ledger.clock import utcnow
from ledger.database import Database
from ledger.events import person_ref_of
from ledger.models import Account
from ledger.secrets import Vault
from tests.support.ledger import NOW, make_account, make_delivery

NAME = "ada_lovelace_1815"
SMALL, LARGE = 40, 20_000  # bytes around the name: within a page, and over several
_OK, _DENY = sqlite3.SQLITE_OK, sqlite3.SQLITE_DENY
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def files(database: Database) -> dict[str, bytes]:
    """Return what the database's files hold, by how their names end."""
    main = str(database.engine.url.database)
    return {end: Path(main + end).read_bytes() for end in ("", "-wal")}


def holders(database: Database) -> set[str]:
    """Return which of the files have the name."""
    return {end for end, held in files(database).items() if NAME.encode() in held}


@pytest.fixture
def account(database: Database, vault: Vault) -> Account:
    """An account with two deliveries that name a person."""
    with database.write() as session:
        account = make_account(session, vault)
        for number, size in enumerate((SMALL, LARGE)):
            body = b"." * size + NAME.encode() + b"." * size
            new = make_delivery(account, key=f"key-{number}", body=body)
            deliveries.accept(session, replace(new, person_ref=NAME), now=NOW)
    return account


def erase(database: Database, account: Account) -> int:
    with database.write() as session:
        return personal.erase_person(session, account, person_ref_of(NAME), now=utcnow(), actor="test")


@ON_SQLITE
def test_what_is_kept_is_in_the_files(database: Database, account: Account) -> None:
    assert account.id
    assert holders(database)


@ON_SQLITE
def test_what_is_erased_on_request_is_in_none_of_the_files(database: Database, account: Account) -> None:
    assert erase(database, account) == 2
    assert holders(database) == set()
    assert files(database)["-wal"] == b""


@pytest.fixture
def _built_to_leave_traces() -> Iterator[None]:
    """Have connections begin as they do where SQLite was built so; Debian's overwrites by itself."""

    def leave(connection: DBAPIConnection, _record: object) -> None:
        connection.cursor().execute("PRAGMA secure_delete=OFF")

    event.listen(Pool, "connect", leave)
    yield
    event.remove(Pool, "connect", leave)


@ON_SQLITE
@pytest.mark.usefixtures("_built_to_leave_traces")
def test_what_was_long_written_to_the_database_itself_is_overwritten(
    database: Database, account: Account
) -> None:
    database.dispose()
    with closing(sqlite3.connect(str(database.engine.url.database))) as another:
        another.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert holders(database) == {""}
    assert erase(database, account) == 2
    assert holders(database) == set()


@ON_SQLITE
@pytest.mark.parametrize("limit", [1, 10])
def test_what_is_forgotten_by_age_is_in_none_of_the_files(
    database: Database, account: Account, now: datetime, limit: int
) -> None:
    assert account.id
    forgotten = 1
    while forgotten:
        with database.write() as session:
            forgotten = personal.forget_deliveries(session, now.replace(year=now.year + 1), limit=limit)
    assert holders(database) == set()


@ON_SQLITE
def test_a_reader_that_is_at_it_is_not_disturbed_and_the_next_write_cleans_up(
    database: Database, account: Account
) -> None:
    with database.read() as session:
        seen = session.scalar(text("SELECT count(*) FROM deliveries WHERE body <> ''"))
        assert erase(database, account) == 2
        assert holders(database)
        assert session.scalar(text("SELECT count(*) FROM deliveries WHERE body <> ''")) == seen
    with database.write() as session:
        session.execute(text("UPDATE deliveries SET detail = 'seen'"))
    assert holders(database) == set()


@ON_SQLITE
def test_what_is_erased_stays_erased_where_the_log_cannot_be_emptied_at_once(
    database: Database, account: Account
) -> None:
    def hold(connection: DBAPIConnection, *_: object) -> None:
        connection.set_authorizer(lambda _, name, *__: _DENY if name == "wal_checkpoint" else _OK)

    event.listen(database.engine, "checkout", hold)
    assert erase(database, account) == 2
    event.remove(database.engine, "checkout", hold)
    database.dispose()
    with database.write() as session:
        assert session.scalars(text("SELECT body FROM deliveries")).all() == [b"", b""]
    assert holders(database) == set()


def test_either_database_has_nothing_of_it_for_a_query(database: Database, account: Account) -> None:
    assert erase(database, account) == 2
    with database.read() as session:
        assert session.scalars(text("SELECT body FROM deliveries")).all() == [b"", b""]
