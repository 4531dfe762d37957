"""What PostgreSQL reads to tell what flowed on a busy day, left to itself."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from bench import grown
from ledger import flow
from ledger.clock import utcnow
from ledger.database import Database
from ledger.platforms import Platform
from ledger.secrets import Vault
from tests.support.databases import Clone
from tests.support.explaining import looked_at
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


def count(session: Session) -> object:
    return flow.flow(session, now=utcnow())


def test_a_busy_day_is_not_counted_again_for_every_look(busy: Database) -> None:
    before = looked_at(busy, count)
    assert before["deliveries"] > MOST  # what would be found
    assert flow.keep(busy, now=utcnow())
    after = looked_at(busy, count)
    assert set(after) >= {"deliveries", "refunds", "flow_slots"}
    assert max(after.values()) <= MOST, after
