"""What a database would read for the questions that some work asks."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event


@contextmanager
def explained(engine: Engine, plans: list[str]) -> Iterator[None]:
    """Add the plan of every SELECT made inside to `plans`, with whole tables as the very last resort.

    Tables of tests are so small that PostgreSQL would read them whole; what it still reads whole with
    `enable_seqscan` off has no index (https://www.postgresql.org/docs/current/runtime-config-query.html).
    SQLite's plan tells of a SCAN where it reads a whole table or index.
    """

    def explain(connection: Connection, _cursor: object, statement: str, parameters: Any, *_: object) -> None:  # noqa: ANN401 - as SQLAlchemy hands it over
        if not statement.lstrip().upper().startswith("SELECT"):
            return
        raw = connection.connection.cursor()
        if connection.dialect.name == "postgresql":
            raw.execute("SET LOCAL enable_seqscan = off")
            raw.execute(f"EXPLAIN {statement}", parameters)
            plans.append("\n".join(row[0] for row in raw.fetchall()))
        else:
            raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.append("\n".join(row[3] for row in raw.fetchall()))
        raw.close()

    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", explain)
