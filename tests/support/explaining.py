"""What a database would read for the questions that some work asks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session

from ledger.database import Database


@contextmanager
def explained(engine: Engine, plans: list[str]) -> Iterator[None]:
    """Add the plan of every question and change made inside to `plans`, whole tables as the very last resort.

    Tables of tests are so small that PostgreSQL would read them whole; what it still reads whole with
    `enable_seqscan` off has no index (https://www.postgresql.org/docs/current/runtime-config-query.html).
    SQLite's plan tells of a SCAN where it reads a whole table or index.
    """

    def explain(connection: Connection, _cursor: object, statement: str, parameters: Any, *_: object) -> None:  # noqa: ANN401 - as SQLAlchemy hands it over
        if not statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
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


def looked_at(database: Database, ask: Callable[[Session], object]) -> dict[str, float]:
    """Return how many rows of each table PostgreSQL looks at for some questions, at most at one place."""
    most: dict[str, float] = {}

    def count(plan: dict[str, Any]) -> None:
        if "Relation Name" in plan:
            rows = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
            most[plan["Relation Name"]] = max(most.get(plan["Relation Name"], 0), rows)
        for each in plan.get("Plans", ()):
            count(each)

    def explain(connection: Connection, _cursor: object, statement: str, parameters: Any, *_: object) -> None:  # noqa: ANN401 - as SQLAlchemy hands it over
        if statement.lstrip().startswith("SELECT"):
            raw = connection.connection.cursor()
            raw.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}", parameters)
            count(raw.fetchone()[0][0]["Plan"])  # type: ignore[index] # EXPLAIN answers one row

    event.listen(database.engine, "before_cursor_execute", explain)
    try:
        with database.read() as session:
            ask(session)
    finally:
        event.remove(database.engine, "before_cursor_execute", explain)
    return most
