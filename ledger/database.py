"""The ledger's database: SQLite with nothing configured, PostgreSQL in real deployments.

SQLite runs in WAL mode with synchronous FULL, so a commit is on disk before it returns
(https://www.sqlite.org/pragma.html#pragma_synchronous), and writers take the lock when they begin
(BEGIN IMMEDIATE), so two of them wait for each other instead of failing half-way. PostgreSQL is told to wait
for its disk, too, whatever its own default (https://www.postgresql.org/docs/current/wal-async-commit.html).

What is deleted in SQLite is overwritten (https://www.sqlite.org/pragma.html#pragma_secure_delete). By `FAST`
pages that become free would keep what they held, and a delivery's body takes whole pages. After an erasure
(`leave_no_trace`) the write-ahead log, which still has the pages as they were, is emptied, too.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from ledger import settling
from ledger.autocommit import Autocommit

_WRITES: Final = "refund_sync_writes"
_ERASES: Final = "refund_sync_erases"
_TRACE_PATIENCE: Final = 1.0  # seconds to wait for readers before the log is emptied later
_SILENCE: Final = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # milliseconds
}
"""After how much of it a server is given up that went away without a word; the system's own takes hours.

https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-KEEPALIVES; an address may say otherwise.
"""


class Database:
    """Hands out transactions: `read()` to look, `write()` to change and commit, `rehearse()` to try it out.

    Attributes:
        url: The SQLAlchemy URL, password hidden.
        autocommit: Runs single statements that are their own transactions.
        on_settled: Is told of the refunds that a transaction settled, once that is committed.
    """

    on_settled: settling.Listener | None = None

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
        self.autocommit = Autocommit(self.engine, patience=patience)
        self._patience = patience
        self._has_traces = False

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
        if self.is_sqlite and (self._has_traces or session.info.get(_ERASES, False)):
            self._has_traces = not self._empty_log()
        settled = settling.noted(session)
        if settled and self.on_settled is not None:
            self.on_settled(settled)

    def _empty_log(self) -> bool:
        """Move what SQLite's write-ahead log holds into the database and cut it; return whether it is empty.

        While somebody reads what it holds, it cannot be: the next write tries again. It does, too, after any
        other trouble of the file's, since what was written is committed whatever comes of this.
        """
        try:
            with closing(self.engine.raw_connection()) as connection:
                cursor = connection.cursor()
                cursor.execute(f"PRAGMA busy_timeout={round(_TRACE_PATIENCE * 1000)}")
                try:
                    is_busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                finally:
                    cursor.execute(f"PRAGMA busy_timeout={round(self._patience * 1000)}")
        except (sqlite3.Error, SQLAlchemyError):
            return False
        return not is_busy

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
        """Close every connection that is not in use."""
        self.autocommit.close()
        self.engine.dispose()


def leave_no_trace(session: Session) -> None:
    """Have what a writing session empties gone from SQLite's files, too, as soon as it is committed."""
    session.info[_ERASES] = True


def _tune_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # The driver's own transaction control would begin deferred ones; `_begin_sqlite` begins them instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    is_writer = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")
