"""An INSERT of several rows at once, with its SQL made once and not for every execution.

What a value becomes on its way to the database is left to SQLAlchemy's types, as everywhere else; only its
statement is not compiled anew, which costs more than the database takes for the row.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.orm import DeclarativeBase

from ledger.autocommit import Autocommit

_Process = Callable[[Any], Any]

_MARKS = {"qmark": "?", "format": "%s", "pyformat": "%s"}


class Inserting:
    """Inserts rows of one table that are not there yet.

    Args:
        table: The mapped class.
        columns: Those that are given, by name.
        returning: Those that are returned of the rows that are new.
    """

    def __init__(
        self, table: type[DeclarativeBase], columns: Sequence[str], returning: Sequence[str]
    ) -> None:
        self._table = cast("Table", table.__table__)
        self._columns = tuple(columns)
        self._returning = tuple(returning)
        self._prepared = lru_cache(maxsize=8)(self._prepare)
        self._numbered = lru_cache(maxsize=256)(self._number)

    def execute(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
        """Insert rows, at least one; return the wanted columns of those that were not there yet."""
        return [tuple(new) for new in connection.exec_driver_sql(*self._statement(connection.dialect, rows))]

    def run(self, autocommit: Autocommit, rows: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
        """Do the same in a transaction of its own."""
        sql, values = self._statement(autocommit.dialect, rows)
        if autocommit.dialect.name != "sqlite":
            sql = self._numbered(autocommit.dialect, len(rows))
        return autocommit.run(sql, values)

    def _statement(self, dialect: Dialect, rows: Sequence[Mapping[str, Any]]) -> tuple[str, tuple[Any, ...]]:
        head, row, tail, processes = self._prepared(dialect)
        values = tuple(process(each[name]) for each in rows for name, process in processes)
        return head + ", ".join([row] * len(rows)) + tail, values

    def _number(self, dialect: Dialect, count: int) -> str:
        """Return the statement of so many rows with PostgreSQL's own marks."""
        head, _, tail, _ = self._prepared(dialect)
        width = len(self._columns)
        rows = (", ".join(f"${row * width + place}" for place in range(1, width + 1)) for row in range(count))
        return head + ", ".join(f"({row})" for row in rows) + tail

    def _prepare(self, dialect: Dialect) -> tuple[str, str, str, list[tuple[str, _Process]]]:
        quote = dialect.identifier_preparer.quote
        names = ", ".join(quote(name) for name in self._columns)
        mark = _MARKS[dialect.paramstyle]
        return (
            f"INSERT INTO {quote(self._table.name)} ({names}) VALUES ",  # noqa: S608 - names of columns
            f"({', '.join([mark] * len(self._columns))})",
            f" ON CONFLICT DO NOTHING RETURNING {', '.join(quote(name) for name in self._returning)}",
            [(name, self._process(name, dialect)) for name in self._columns],
        )

    def _process(self, name: str, dialect: Dialect) -> _Process:
        process = self._table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
        return process or _as_it_is


def _as_it_is(value: Any) -> Any:  # noqa: ANN401 - any column's value
    return value
