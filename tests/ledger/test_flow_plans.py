"""What PostgreSQL reads to tell what flowed on a busy day, left to itself."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from bench import grown
from ledger import flow
from ledger.clock import utcnow
from ledger.database import Database
from ledger.platforms import Platform
from ledger.secrets import Vault
from tests.support.databases import Clone
from tests.support.ledger import make_account

ROWS = 12_000
MOST = 700
"""How many rows of a table may be looked at: those of seven minutes, and the day's slots."""

BUSY = (
    "DELETE FROM flow_slots WHERE :rows > 0",
    "UPDATE deliveries SET received_at = now() - (:rows - id) * interval '6 seconds'",
    """UPDATE refunds SET received_at = now() - (:rows - id) * interval '6 seconds' - interval '3 seconds',
       posted_at = CASE WHEN posted_at IS NOT NULL THEN now() - (:rows - id) * interval '6 seconds' END""",
)


@pytest.fixture(scope="module")
def busy(postgresql: Clone, vault: Vault) -> Iterator[Database]:
    """A ledger to which thousands of deliveries and refunds came within twenty hours."""
    with postgresql() as url:
        database = Database(url)
        with database.write() as session:
            for platform in (Platform.SHOPIFY, Platform.EBAY):
                make_account(session, vault, platform=platform)
        grown.grow(database, 1, ROWS)
        with database.write() as session:
            for statement in BUSY:
                session.execute(text(statement), {"rows": ROWS})
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
        yield database
        database.dispose()


def looked_at(database: Database) -> dict[str, float]:
    """Return how many rows of each table are looked at to tell what flowed, at most at one place."""
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
            flow.flow(session, now=utcnow())
    finally:
        event.remove(database.engine, "before_cursor_execute", explain)
    return most


def test_a_busy_day_is_not_counted_again_for_every_look(busy: Database) -> None:
    before = looked_at(busy)
    assert before["deliveries"] > MOST  # what would be found
    assert flow.keep(busy, now=utcnow())
    after = looked_at(busy)
    assert set(after) >= {"deliveries", "refunds", "flow_slots"}
    assert max(after.values()) <= MOST, after
