import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import IntegrityError, OperationalError

from ledger import installation
from ledger.database import Database
from ledger.models import Setting
from tests.support.databases import Clone
from tests.support.racing import race


def value_of(database: Database, key: str) -> str | None:
    with database.read() as session:
        setting = session.get(Setting, key)
        return setting.value if setting else None


def test_what_is_written_is_committed_at_the_end(database: Database) -> None:
    with database.write() as session:
        session.add(Setting(key="colour", value="blue"))
        assert value_of(database, "colour") is None
    assert value_of(database, "colour") == "blue"


def test_nothing_is_written_if_anything_is_raised(database: Database) -> None:
    settings = [Setting(key="colour", value="blue"), Setting(key="colour", value="red")]
    with pytest.raises(IntegrityError), database.write() as session:
        session.add_all(settings)
    assert value_of(database, "colour") is None


def test_what_is_changed_while_reading_is_rolled_back(database: Database) -> None:
    with database.read() as session:
        session.add(Setting(key="colour", value="blue"))
        session.flush()
    assert value_of(database, "colour") is None


def test_what_was_loaded_may_be_used_after_the_transaction(database: Database) -> None:
    with database.write() as session:
        setting = Setting(key="colour", value="blue")
        session.add(setting)
    assert setting.value == "blue"


def test_two_who_count_up_at_once_both_count(database: Database) -> None:
    with database.write() as session:
        session.add(Setting(key="count", value="0"))

    def count_up() -> None:
        for _ in range(10):
            with database.write() as session:
                setting = session.get_one(Setting, "count", with_for_update=True)
                setting.value = str(int(setting.value) + 1)

    race(*[count_up] * 4)
    assert value_of(database, "count") == "40"


def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    with database.write() as session:
        installation.store(session, "retry_seconds", "1")
        session.flush()
        reading = threading.Thread(target=value_of, args=(database, "retry_seconds"))
        reading.start()
        reading.join(timeout=30)
        assert not reading.is_alive()


def test_a_ping_is_answered(database: Database) -> None:
    database.ping()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_ping_of_nothing_raises(kind: str, tmp_path: Path) -> None:
    nowhere = {
        "sqlite": f"sqlite:///{tmp_path}",  # a directory
        "postgresql": f"postgresql+psycopg://nobody@/nothing?host={tmp_path}",
    }
    database = Database(nowhere[kind])
    with pytest.raises(OperationalError):
        database.ping()
    database.dispose()


def test_the_password_is_not_in_the_url_that_is_shown() -> None:
    database = Database("postgresql+psycopg://ledger:hunter2@db.example.com/ledger")
    assert database.url == "postgresql+psycopg://ledger:***@db.example.com/ledger"
    assert not database.is_sqlite


def test_the_directory_of_a_sqlite_file_is_made(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/var/deep/ledger.db")
    database.ping()
    database.dispose()
    assert (tmp_path / "var" / "deep" / "ledger.db").exists()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a SQLite database of this test is."""
    return tmp_path / "ledger.db"


def test_a_sqlite_commit_is_on_disk_before_it_returns(file: Path) -> None:
    database = Database(f"sqlite:///{file}")
    with database.read() as session:
        journal, synchronous, foreign_keys = (
            session.scalar(text(f"PRAGMA {pragma}"))
            for pragma in ("journal_mode", "synchronous", "foreign_keys")
        )
    database.dispose()
    assert (journal, synchronous, foreign_keys) == ("wal", 2, 1)


def test_a_postgresql_commit_is_on_disk_before_it_returns_whatever_the_servers_default(
    postgresql: Clone,
) -> None:
    with postgresql() as url:
        name = make_url(url).database
        other = create_engine(url)
        with other.begin() as connection:
            connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
        other.dispose()
        database = Database(url)
        with other.connect() as theirs, database.read() as ours:
            shown = [each.scalar(text("SHOW synchronous_commit")) for each in (theirs, ours)]
        other.dispose()
        database.dispose()
    assert shown == ["off", "on"]


def test_a_postgresql_that_went_away_without_a_word_is_given_up_after_half_a_minute(
    postgresql: Clone,
) -> None:
    with postgresql() as url:
        database = Database(
            make_url(url).update_query_dict({"keepalives_count": "2"}).render_as_string(hide_password=False)
        )
        with database.engine.connect() as connection:
            driver = connection.connection.dbapi_connection
            known = driver.info.get_parameters()  # type: ignore[union-attr] # psycopg's own
        database.dispose()
    found = [known[f"keepalives_{each}"] for each in ("idle", "interval", "count")]
    assert (found, known["tcp_user_timeout"]) == (["10", "5", "2"], "20000")


def test_a_sqlite_writer_takes_the_lock_when_it_begins(file: Path) -> None:
    database = Database(f"sqlite:///{file}")
    with database.write() as session:
        session.execute(text("SELECT 1"))
        other = sqlite3.connect(file, timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()
    database.dispose()


def test_a_sqlite_writer_gives_up_after_its_time(file: Path) -> None:
    database = Database(f"sqlite:///{file}", patience=0.01)
    database.ping()
    other = sqlite3.connect(file)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="locked"), database.write() as session:
        session.execute(text("SELECT 1"))
    other.close()
    database.dispose()


def test_what_is_rehearsed_is_seen_within_and_undone_at_the_end(database: Database) -> None:
    with database.rehearse() as session:
        session.add(Setting(key="colour", value="blue"))
        session.flush()
        assert session.get(Setting, "colour") is not None
        assert value_of(database, "colour") is None
    assert value_of(database, "colour") is None


def test_what_was_loaded_in_a_rehearsal_may_be_used_afterwards(database: Database) -> None:
    with database.write() as session:
        session.add(Setting(key="colour", value="blue"))
    with database.rehearse() as session:
        old, new = session.get_one(Setting, "colour"), Setting(key="shape", value="round")
        old.value = "red"
        session.add(new)
        session.flush()
    assert (old.value, new.value) == ("red", "round")
    assert (value_of(database, "colour"), value_of(database, "shape")) == ("blue", None)


def test_a_rehearsal_that_fails_leaves_nothing_either(database: Database) -> None:
    class SpoiledError(Exception):
        """Somebody forgets the words."""

    with pytest.raises(SpoiledError), database.rehearse() as session:  # noqa: PT012 - what is undone comes before
        session.add(Setting(key="colour", value="blue"))
        session.flush()
        raise SpoiledError
    assert value_of(database, "colour") is None
    with database.write() as session:  # and nobody waits for its lock
        session.add(Setting(key="colour", value="red"))
