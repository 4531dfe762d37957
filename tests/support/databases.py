"""A migrated, empty database for each test, cloned from one that was migrated once."""

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sqlalchemy import Connection, create_engine, make_url, text

from ledger import schema
from ledger.database import Database

Clone = Callable[[], AbstractContextManager[str]]
"""Yields the URL of a new migrated database; the database is gone at the end."""

_NAMED_STRATEGY = 150000  # PostgreSQL 15; before it, copying files was the only strategy and had no name


def _migrate(url: str) -> None:
    database = Database(url)
    try:
        schema.migrate(database)
    finally:
        database.dispose()


def sqlite_clones(directory: Path) -> Clone:
    """Return a maker of SQLite files in `directory`."""
    template = directory / "template.db"
    _migrate(f"sqlite:///{template}")

    @contextmanager
    def clone() -> Iterator[str]:
        home = directory / uuid.uuid4().hex
        home.mkdir()
        shutil.copy(template, home / "ledger.db")
        yield f"sqlite:///{home / 'ledger.db'}"
        shutil.rmtree(home)

    return clone


@contextmanager
def postgresql_clones(server: str) -> Iterator[Clone]:
    """Yield a maker of databases on a PostgreSQL server.

    Args:
        server: URL of a database there to connect to, as a role that may create databases.
    """
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    template = f"template_{uuid.uuid4().hex}"
    with engine.connect() as connection:
        version = connection.connection.dbapi_connection.info.server_version  # type: ignore[union-attr]
        strategy = "STRATEGY file_copy" if version >= _NAMED_STRATEGY else ""

        @contextmanager
        def clone() -> Iterator[str]:
            name = f"test_{uuid.uuid4().hex}"
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} {strategy}"))
            yield _named(server, name)
            _drop(connection, name)

        connection.execute(text(f"CREATE DATABASE {template}"))
        try:
            _migrate(_named(server, template))
            yield clone
        finally:
            _drop(connection, template)
    engine.dispose()


def _named(server: str, database: str) -> str:
    return make_url(server).set(database=database).render_as_string(hide_password=False)


def _drop(connection: Connection, name: str) -> None:
    connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
