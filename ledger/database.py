"""The ledger's database: SQLite with nothing configured, PostgreSQL in real deployments.

SQLite runs in WAL mode with synchronous FULL, so a commit is on disk before it returns
(https://www.sqlite.org/pragma.html#pragma_synchronous), and writers take the lock when they begin
(BEGIN IMMEDIATE), so two of them wait for each other instead of failing half-way. PostgreSQL is told to wait
for its disk, too, whatever its own default (https://www.postgresql.org/docs/current/wal-async-commit.html).
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

_WRITES: Final = "refund_sync_writes"
_SINGLE: Final = "refund_sync_single"
_SILENCE: Final = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # milliseconds
}
"""After how much of it a server is given up that went away without a word; the system's own takes hours.

https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-KEEPALIVES; an address may say otherwise.
"""

_STEP: Final = 0.0005  # seconds between two tries to become SQLite's one writer

T = TypeVar("T")


class Database:
    """Hands out transactions: `read()` to look, `write()` to change and commit, `rehearse()` to try it out.

    Attributes:
        url: The SQLAlchemy URL, password hidden.
    """

    def __init__(self, url: str, *, pool_size: int = 10, patience: float = 10.0) -> None:
        """Open the database lazily; nothing is connected before it is used.

        Args:
            url: `sqlite:///path` or `postgresql+psycopg://...`.
            pool_size: Connections kept open.
            patience: Seconds to wait for another's lock, or for a free connection.
        """
        parsed = make_url(url)
        self.url = parsed.render_as_string(hide_password=True)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        options: dict[str, Any] = {
            "pool_pre_ping": not self.is_sqlite,
            "pool_size": pool_size,
            "pool_timeout": patience,
            "hide_parameters": True,  # values may be personal data, and errors are logged
        }
        if self.is_sqlite:
            Path(parsed.database or "").parent.mkdir(parents=True, exist_ok=True)
            options["connect_args"] = {"timeout": patience}
        else:
            options["connect_args"] = {
                **{name: value for name, value in _SILENCE.items() if name not in parsed.query},
                "connect_timeout": 3,  # a platform waits five seconds for its answer
                "options": f"-c lock_timeout={round(patience * 1000)} -c synchronous_commit=on",
            }
        self.engine: Engine = create_engine(parsed, **options)
        if self.is_sqlite:
            event.listen(self.engine, "connect", _tune_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        self._writer = self.engine.execution_options(**{_WRITES: True})
        self._single = self.engine.execution_options(**{_SINGLE: True}, isolation_level="AUTOCOMMIT")
        self._patience = patience

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Yield a session that is rolled back at the end."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Yield a session that is committed at the end, or rolled back if anything is raised."""
        with Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    def commit(self, statement: Callable[[Connection], T]) -> T:
        """Return what one statement returns, that is its own transaction: committed when it has run.

        The database is asked once for what takes it three times in a transaction that is begun and ended.
        """
        with self._single.connect() as connection:
            if not self.is_sqlite:
                return statement(connection)
            with _impatient(connection, self._patience):
                return _as_soon_as_possible(partial(statement, connection), self._patience)

    @contextmanager
    def rehearse(self) -> Iterator[Session]:
        """Yield a writing session whose changes are undone at the end; what was loaded in it stays usable."""
        with Session(self._writer, expire_on_commit=False) as session:
            yield session
            session.expunge_all()

    def ping(self) -> None:
        """Ask the database for an answer.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: If it gives none.
        """
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _tune_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # The driver's own transaction control would begin deferred ones; `_begin_sqlite` begins them instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get(_SINGLE, False):
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(_WRITES, False) else "BEGIN")


@contextmanager
def _impatient(connection: Connection, patience: float) -> Iterator[None]:
    """Let SQLite say at once that it has another writer just now, instead of waiting for it."""
    cursor = connection.connection.cursor()
    cursor.execute("PRAGMA busy_timeout=0")
    try:
        yield
    finally:
        cursor.execute(f"PRAGMA busy_timeout={round(patience * 1000)}")
        cursor.close()


def _as_soon_as_possible(statement: Callable[[], T], patience: float) -> T:
    """Run a statement again and again while SQLite has another writer.

    SQLite's own waiting sleeps longer each time, up to a tenth of a second, in which many commits find place.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            return statement()
        except OperationalError as error:
            is_busy = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() >= deadline:
                raise
        time.sleep(_STEP)
