import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Enum, inspect, text
from sqlalchemy.exc import DatabaseError, OperationalError

import ledger
from ledger import schema
from ledger.database import Database
from ledger.models import Base
from ledger.schema import SchemaError
from tests.support.databases import Clone
from tests.support.waiting import until

MIGRATE = """
import sys
from ledger import schema
from ledger.database import Database
database = Database(sys.argv[1])
database.ping()
print("ready", flush=True)
sys.stdin.readline()
schema.migrate(database)
print(schema.current(database), flush=True)
"""


def alembic(database: Database) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(ledger.__file__).parent / "migrations"))
    config.attributes["engine"] = database.engine
    return config


def tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names())


@pytest.fixture
def empty(database: Database) -> Database:
    """A database that nothing was ever migrated in."""
    Base.metadata.drop_all(database.engine)
    with database.engine.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    assert tables(database) == set()
    return database


def test_the_newest_revision_is_the_one_that_alembic_finds(database: Database) -> None:
    script = ScriptDirectory.from_config(alembic(database))
    assert schema.newest() == script.get_current_head() == schema.current(database)


def test_a_migrated_database_is_as_the_models_say(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_every_check_of_the_models_is_in_the_migrated_database(database: Database) -> None:
    inspector = inspect(database.engine)
    for table in Base.metadata.sorted_tables:
        words = [c.type for c in table.columns if isinstance(c.type, Enum)]
        wanted = {f"ck_{table.name}_{each.name}" for each in words if each.create_constraint}
        assert {check["name"] for check in inspector.get_check_constraints(table.name)} == wanted


def test_all_the_way_down_and_up_again(database: Database) -> None:
    migrated = tables(database)
    command.downgrade(alembic(database), "base")
    assert tables(database) == {"alembic_version"}
    assert schema.current(database) == ""
    schema.migrate(database)
    assert tables(database) == migrated == {"alembic_version", *Base.metadata.tables}


def test_an_empty_database_is_brought_up_to_date(empty: Database) -> None:
    assert schema.current(empty) == ""
    with pytest.raises(SchemaError, match="run `refund-sync migrate`") as refused:
        schema.require(empty)
    assert refused.value.reason == "schema_outdated"
    schema.migrate(empty)
    assert schema.current(empty) == schema.newest() != ""
    schema.require(empty)


def test_migrating_again_changes_nothing(database: Database) -> None:
    schema.migrate(database)
    assert schema.current(database) == schema.newest()


@pytest.fixture
def migrators(database_url: str, empty: Database) -> Iterator[list["subprocess.Popen[str]"]]:
    """Two processes that are about to migrate the same empty database."""
    empty.dispose()
    processes = [
        subprocess.Popen(  # noqa: S603 - a program of this file
            [sys.executable, "-c", MIGRATE, database_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


def test_two_hosts_may_migrate_at_once(migrators: list["subprocess.Popen[str]"], empty: Database) -> None:
    for process in migrators:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in migrators:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ends = [process.communicate(timeout=60) for process in migrators]
    assert [process.returncode for process in migrators] == [0, 0], ends
    assert [out for out, _ in ends] == [f"{schema.newest()}\n"] * 2
    assert tables(empty) == {"alembic_version", *Base.metadata.tables}


def test_a_migration_that_fails_changes_nothing_and_locks_nobody_out(
    database_url: str, empty: Database
) -> None:
    with empty.engine.begin() as connection:
        connection.execute(text("CREATE TABLE users (id INTEGER)"))
    other_host = Database(database_url)
    for host in (empty, other_host):
        with pytest.raises(DatabaseError, match="users"):
            schema.migrate(host)
        assert tables(host) - {"alembic_version"} == {"users"}
    with empty.engine.begin() as connection:
        connection.execute(text("DROP TABLE users"))
    schema.migrate(other_host)
    other_host.dispose()
    schema.require(empty)


@pytest.mark.parametrize("revision", ["9998", "9999"])
def test_a_schema_of_a_newer_version_is_worked_with_and_left_alone(database: Database, revision: str) -> None:
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    schema.require(database)
    schema.migrate(database)
    assert schema.current(database) == revision


@pytest.mark.parametrize("revision", ["", "0000", "0001", "older", "zzzz"])
def test_what_is_not_numbered_above_this_version_is_not_newer(revision: str) -> None:
    assert not schema.is_newer(revision)


@pytest.fixture
def taken_down(postgresql: Clone) -> Iterator[Database]:
    """A PostgreSQL database that a migration has to bring up."""
    with postgresql() as url:
        database = Database(url)
        command.downgrade(alembic(database), "base")
        yield database
        database.dispose()


@pytest.fixture
def in_the_way(taken_down: Database) -> Iterator[Connection]:
    """Somebody whose lock a migration waits for."""
    with taken_down.engine.connect() as connection:
        connection.execute(text("LOCK TABLE alembic_version IN SHARE MODE"))
        yield connection


def test_a_migration_stands_aside_and_tries_again_until_nobody_is_in_its_way(
    taken_down: Database, in_the_way: Connection
) -> None:
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")

    def waits() -> bool:
        with taken_down.engine.connect() as connection:
            return bool(connection.scalar(waiting))

    with ThreadPoolExecutor(1) as pool:
        migrating = pool.submit(schema.migrate, taken_down)
        until(waits)
        until(lambda: not waits())  # it gave up, so that those behind it have their turn
        until(waits)
        in_the_way.rollback()
        migrating.result(60)
    schema.require(taken_down)


def test_a_migration_that_somebody_is_always_in_the_way_of_gives_up(
    taken_down: Database, in_the_way: Connection
) -> None:
    with pytest.raises(OperationalError, match="lock timeout"):
        schema.migrate(taken_down, patience=0)
    in_the_way.rollback()
    schema.migrate(taken_down)
