"""Single statements over a connection that is kept, on both databases."""

import threading
from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from ledger.database import Database
from ledger.inserting import Inserting
from ledger.models import Setting
from tests.support.databases import Clone
from tests.support.racing import race

_KEPT = Inserting(Setting, ("key", "value"), returning=("key",))


def add(database: Database, key: str) -> None:
    """Add a setting; the database refuses one that is there already."""
    sql = "INSERT INTO settings (key, value) VALUES ($1, 'x') RETURNING key"
    database.autocommit.run(sql.replace("$1", "?") if database.is_sqlite else sql, (key,))


def keys(database: Database) -> set[str]:
    with database.read() as session:
        return set(session.execute(text("SELECT key FROM settings")).scalars())


def test_one_statement_is_its_own_transaction(database: Database) -> None:
    rows = [{"key": "colour", "value": "blue"}, {"key": "colour", "value": "red"}]
    assert _KEPT.run(database.autocommit, rows) == [("colour",)]
    assert _KEPT.run(database.autocommit, rows) == []
    assert keys(database) == {"colour"}


def test_one_statement_that_fails_leaves_nothing_and_the_next_goes_on(database: Database) -> None:
    add(database, "colour")
    with pytest.raises(IntegrityError):
        add(database, "colour")
    add(database, "size")
    assert keys(database) == {"colour", "size"}


def test_what_fails_is_told_without_its_values(database: Database) -> None:
    add(database, "of a person")
    with pytest.raises(IntegrityError) as told:
        add(database, "of a person")
    assert told.value.params is None
    assert told.value.hide_parameters


def test_many_threads_have_one_connection(database: Database) -> None:
    names = [f"{number}" for number in range(40)]
    race(*(partial(add, database, name) for name in names))
    assert keys(database) == set(names)


def test_one_statement_waits_for_another_writer(database: Database) -> None:
    began, added = threading.Event(), threading.Event()

    def hold() -> None:
        with database.write() as session:
            session.add(Setting(key="colour", value="blue"))
            session.flush()
            began.set()
            assert not added.wait(0.05)

    holding = threading.Thread(target=hold)
    holding.start()
    assert began.wait(30)
    with pytest.raises(IntegrityError):  # it was the other's turn first
        add(database, "colour")
    added.set()
    holding.join(30)


def test_one_statement_gives_up_after_its_time_and_others_wait_as_before(sqlite: Clone) -> None:
    with sqlite() as url:
        one, other = Database(url), Database(url, patience=0.05)
        with one.write() as session:
            session.add(Setting(key="colour", value="blue"))
            session.flush()
            with pytest.raises(OperationalError):
                add(other, "size")
        with other.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 50
        add(other, "size")
        for database in (one, other):
            database.dispose()


def _closed(database: Database, _url: str) -> None:
    database.autocommit.close()


def _cut(_database: Database, url: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    with engine.connect() as connection:
        connection.execute(text(f"{others} AND datname = current_database()"))
    engine.dispose()


@pytest.mark.parametrize("lose", [_closed, _cut])
def test_a_connection_that_was_lost_meanwhile_is_made_again(
    postgresql: Clone, lose: Callable[[Database, str], None]
) -> None:
    with postgresql() as url:
        database = Database(url)
        add(database, "colour")
        lose(database, url)
        add(database, "size")
        assert keys(database) == {"colour", "size"}
        database.dispose()


def test_a_database_that_is_not_there_is_told_of(sqlite: Clone, postgresql: Clone) -> None:
    with postgresql() as url:
        gone = Database(url)
        add(gone, "colour")
    with pytest.raises(OperationalError):
        add(gone, "size")
    gone.dispose()
    with sqlite() as url:
        elsewhere = Database(f"{url}.not-migrated")
    with pytest.raises(DBAPIError):
        add(elsewhere, "colour")
    elsewhere.dispose()
