"""One connection that is kept for single statements, each its own transaction.

To take a connection out of the pool, ask whether it lives, make a result of SQLAlchemy's and give it back
costs several times what the driver needs for a statement. That is nothing to a refund that is carried, and
most of the work of a delivery that is taken in.
"""

import sqlite3
import threading
import time
from collections.abc import Sequence
from typing import Any, Final, cast

from psycopg import RawCursor
from sqlalchemy import Connection, Dialect, Engine
from sqlalchemy.exc import DBAPIError

_STEP: Final = 0.0005  # seconds between two tries to become SQLite's one writer


class Autocommit:
    """Runs one statement after the other, whichever thread asks.

    A connection that was lost while nobody looked is made again once, so a statement may run twice: only
    what does the same when it is repeated is to be run here.
    """

    def __init__(self, engine: Engine, *, patience: float) -> None:
        """Connect when the first statement comes.

        Args:
            engine: Makes the connection.
            patience: Seconds to wait for another's lock.
        """
        self._engine = engine
        self._patience = patience
        self._lock = threading.Lock()
        self._kept: Connection | None = None

    @property
    def dialect(self) -> Dialect:
        """The database's dialect."""
        return self._engine.dialect

    def run(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Run a statement, commit it, and return its rows.

        Args:
            sql: With the database's own marks for values: `?` for SQLite, `$1` and so on for PostgreSQL. That
                spares the driver to look for its own in a text that may have hundreds.
            values: As the driver takes them.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: If the database refuses it, or is not there.
        """
        with self._lock:
            if self._kept is not None:
                try:
                    return self._execute(self._kept, sql, values)
                except DBAPIError as error:
                    if not error.connection_invalidated:
                        raise
            self._kept = self._connect()
            return self._execute(self._kept, sql, values)

    def close(self) -> None:
        """Close the connection; the next statement makes another."""
        with self._lock:
            self._drop()

    def _connect(self) -> Connection:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()  # from now on the pool knows nothing of it
        if self.dialect.name == "sqlite":  # it says at once that it has another writer: see `_insist`
            connection.connection.cursor().execute("PRAGMA busy_timeout=0")
        return connection

    def _drop(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.invalidate()
            kept.close()

    def _execute(self, connection: Connection, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        driver = connection.connection
        is_sqlite = self.dialect.name == "sqlite"
        cursor: Any = driver.cursor() if is_sqlite else RawCursor(cast("Any", driver.dbapi_connection))
        try:
            if is_sqlite:
                self._insist(cursor, sql, values)
            else:
                cursor.execute(sql, values)
            return [tuple(row) for row in cursor.fetchall()]
        except self.dialect.loaded_dbapi.Error as error:
            is_lost = self.dialect.is_disconnect(error, driver, cursor)
            if is_lost:
                self._drop()
            raise self._named(error, sql, is_lost=is_lost) from error
        finally:
            cursor.close()

    def _insist(self, cursor: Any, sql: str, values: Sequence[Any]) -> None:  # noqa: ANN401 - the driver's
        """Run a statement again and again while SQLite has another writer.

        SQLite's own waiting sleeps longer each time, up to a tenth of a second, in which many commits find
        place.
        """
        deadline = time.monotonic() + self._patience
        while True:
            try:
                cursor.execute(sql, values)
            except sqlite3.OperationalError as error:
                # Those that the driver raises by itself have no code.
                is_busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
                if not is_busy or time.monotonic() >= deadline:
                    raise
            else:
                return
            time.sleep(_STEP)

    def _named(self, error: Exception, sql: str, *, is_lost: bool) -> Exception:
        """Return a driver's error as SQLAlchemy would, without the values: they may be personal data."""
        return DBAPIError.instance(
            sql,
            None,
            error,
            self.dialect.loaded_dbapi.Error,
            hide_parameters=True,
            connection_invalidated=is_lost,
            dialect=self.dialect,
        )
