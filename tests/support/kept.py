"""One database for one test after the other, emptied in between.

To make a database, to connect to it and to drop it costs PostgreSQL more than most tests do with it, so a
process of the tests keeps one of each kind. What a test leaves is looked at before the next one gets it, and
whatever is not as it was given out, apart from rows and numbers, costs the database its place: the next test
gets a new one. That is so for a database

- of a test that failed, or that started a process, which might write to it later,
- to which somebody is still connected, or that cannot be emptied at once,
- whose schema was changed, or whose file is another one.
"""

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import psycopg
from sqlalchemy import event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from ledger.database import Database
from ledger.models import Base
from tests.support.databases import Clone
from tests.support.waiting import until

_TABLES: Final = [table.name for table in reversed(Base.metadata.sorted_tables)]
_PATIENCE: Final = 0.5  # seconds to wait for whoever still holds a row
_LEAVING: Final = 0.05  # seconds that a server may need to end what was disconnected
_MANY: Final = 1000  # rows; what is deleted stays in PostgreSQL's files, and is read again and again

_DELETE: Final = [f'DELETE FROM "{name}";' for name in _TABLES]  # noqa: S608 - the names are our own
_EMPTY_SQLITE: Final = "\n".join(["BEGIN IMMEDIATE;", *_DELETE, "DELETE FROM sqlite_sequence;", "COMMIT;"])
_EMPTY_POSTGRESQL: Final = "SELECT others, shape, deleted FROM pg_temp.empty(%s)"
_COUNT: Final = "GET DIAGNOSTICS counted = ROW_COUNT; deleted := deleted + counted;"
_FUNCTION: Final = """
CREATE FUNCTION pg_temp.empty(known int[], OUT others int, OUT shape text, OUT deleted int)
LANGUAGE plpgsql AS $$
DECLARE counted int;
BEGIN
  deleted := 0;
  SELECT count(*) INTO others FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> ALL (known);
  IF others > 0 THEN RETURN; END IF;
  /* Whatever changes a table, a column or the version of the schema writes their rows anew. */
  SELECT string_agg(mark, ' ') INTO shape FROM (
    SELECT concat(count(*), ':', sum(xmin::text::bigint)) FROM pg_class
      WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat(count(*), ':', sum(pg_attribute.xmin::text::bigint))
      FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat(count(*), ':', sum(xmin::text::bigint)) FROM alembic_version
  ) AS marks (mark);
  --
  PERFORM setval(seqrelid, 1, false) FROM pg_sequence WHERE pg_sequence_last_value(seqrelid) IS NOT NULL;
END $$
""".replace("--\n", _COUNT.join([*_DELETE, ""]))

_STARTS: Final = frozenset({"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn"})
_started: list[str] = []


def watch_for_processes() -> None:
    """Take note of every process that is started from now on."""
    sys.addaudithook(lambda name, _: _started.append(name) if name in _STARTS else None)


@dataclass
class Given:
    """A database that a test has.

    Attributes:
        url: Where it is.
        database: The same, connected.
        is_spoilt: Whether no other test may have it.
    """

    url: str
    database: Database
    is_spoilt: bool = False


class Kept:
    """Gives a database of one kind to one test after the other."""

    def __init__(self, clone: Clone) -> None:
        """Make no database before it is asked for.

        Args:
            clone: Makes one.
        """
        self._clone = clone
        self._stack = ExitStack()
        self._given: Given | None = None
        self._empty: Callable[[], bool] = lambda: False

    @contextmanager
    def giving(self) -> Iterator[Given]:
        """Yield an empty database that nobody else has until the end."""
        given, self._given = self._given, None
        if given is None or not self._empty():
            given = self._make()
        started = len(_started)
        yield given
        pool = given.database.engine.pool
        is_free = isinstance(pool, QueuePool) and not pool.checkedout()
        if is_free and len(_started) == started and not given.is_spoilt:
            self._given = given

    def close(self) -> None:
        """Drop the database."""
        self._given = None
        self._stack.close()

    def _make(self) -> Given:
        self.close()
        url = self._stack.enter_context(self._clone())
        database = Database(url)
        self._stack.callback(database.dispose)
        emptying = _emptying_sqlite(url) if database.is_sqlite else _emptying_postgresql(url, database)
        self._empty = self._stack.enter_context(emptying)
        return Given(url, database)


@contextmanager
def _emptying_sqlite(url: str) -> Iterator[Callable[[], bool]]:
    """Yield what empties a file, and tells whether it could."""
    file = Path(make_url(url).database or "")

    def shape() -> tuple[int, int, str]:
        (made,) = connection.execute("PRAGMA schema_version").fetchone()
        (version,) = connection.execute("SELECT group_concat(version_num) FROM alembic_version").fetchone()
        return file.stat().st_ino, made, version

    def empty() -> bool:
        try:
            if shape() != made_as:
                return False
            connection.executescript(_EMPTY_SQLITE)
        except (OSError, sqlite3.Error):
            return False
        return True

    with closing(sqlite3.connect(file, timeout=_PATIENCE, isolation_level=None)) as connection:
        made_as = shape()
        yield empty


@contextmanager
def _emptying_postgresql(url: str, database: Database) -> Iterator[Callable[[], bool]]:
    """Yield what empties a database of a server, and tells whether it could.

    Who may be connected is known by the numbers that the server gave to its connections.
    """
    known: list[int] = []

    def know(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        known.append(cast("psycopg.Connection", connection).info.backend_pid)

    def emptied() -> tuple[int, str, int]:
        ((others, shape, rows),) = connection.execute(_EMPTY_POSTGRESQL, (known,)).fetchall()
        return others, shape, rows

    def left() -> tuple[str, int] | None:
        others, shape, rows = emptied()
        return None if others else (shape, rows)

    def empty() -> bool:
        try:
            found = until(left, _LEAVING)
        except (psycopg.Error, TimeoutError):
            return False
        return found is not None and found[0] == made_as and found[1] < _MANY

    event.listen(database.engine, "connect", know)
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg.connect(plain, autocommit=True)) as connection:
        known.append(connection.info.backend_pid)
        connection.execute(f"SET lock_timeout = '{_PATIENCE}s'")
        connection.execute(_FUNCTION)
        made_as = emptied()[1]
        yield empty
