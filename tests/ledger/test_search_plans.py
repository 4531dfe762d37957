"""What PostgreSQL reads for a search among ten thousands of refunds, left to itself."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from ledger import search
from ledger.database import Database
from ledger.search import Wanted
from ledger.secrets import Vault
from ledger.states import State
from tests.support.databases import Clone
from tests.support.ledger import NOW, make_account

ROWS = 20_000

# The newest refunds are all posted, so that whoever walks along the ids finds no cancelled one for long.
FILL = """
INSERT INTO refunds (account_id, origin, source_refund_id, key, direction, transaction_type,
  storefront_order_id, storefront_order_name, amount_minor, currency, currency_exponent, money_state,
  source_facts, occurred_at, received_at, state, reason, detail, target_type, target_id, write_began,
  reviewed, tries, waiting_for, lease_token, trace_id, created_at, updated_at)
SELECT 1, 'shopify', CAST(9000000000 + g AS text), 'rs-shop-' || g, 'to_netsuite', 'cash_refund',
  CAST(4500000000 + g AS text), '#' || (1000 + g), (g * 7919) % 50000, 'USD', 2, 'moved',
  '{}', timestamptz '2024-01-01' + g * interval '1 minute', now(),
  CASE WHEN g < CAST(:rows AS integer) / 2 THEN 'cancelled' ELSE 'posted' END, 'POSTED', repeat('x', 400),
  'cashrefund', CAST(300000 + g AS text), true, false, 0, '', 1, md5(CAST(g AS text)), now(), now()
FROM generate_series(1, CAST(:rows AS integer)) g
"""

# One SKU is in every second refund, twice.
LINES = """
INSERT INTO refund_lines (refund_id, position, kind, sku, title, quantity, net_minor, tax_minor, restock,
  source_line_id, mapped)
SELECT id, p, 'item', CASE WHEN id % 2 = 0 THEN 'LAMP' ELSE 'CUP-' || id END, 'Reading lamp', '1', 100, 0,
  true, '', ''
FROM refunds CROSS JOIN generate_series(1, 2) p
"""


@pytest.fixture(scope="module")
def filled(postgresql: Clone, vault: Vault) -> Iterator[Database]:
    """A ledger with many refunds, whose statistics are known."""
    with postgresql() as url:
        database = Database(url)
        with database.write() as session:
            make_account(session, vault, slug="shop")
            session.execute(text(FILL), {"rows": ROWS})
            session.execute(text(LINES))
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
        yield database
        database.dispose()


def plans_of(database: Database, wanted: Wanted, *, is_whole: bool = False) -> list[str]:
    """Return the plan of every query of a search and of its second page, as it was run."""
    plans: list[str] = []

    def explain(connection: Connection, _cursor: object, statement: str, parameters: Any, *_: object) -> None:  # noqa: ANN401 - as SQLAlchemy hands it over
        if statement.lstrip().startswith("SELECT"):
            raw = connection.connection.cursor()
            raw.execute(f"EXPLAIN (ANALYZE, TIMING OFF) {statement}", parameters)
            plans.append("\n".join(row[0] for row in raw.fetchall()))

    event.listen(database.engine, "before_cursor_execute", explain)
    try:
        with database.read() as session:
            found = search.find(session, wanted, limit=50, is_whole=is_whole)
            if found.next:
                search.find(session, wanted, limit=50, after=found.next, is_whole=is_whole)
    finally:
        event.remove(database.engine, "before_cursor_execute", explain)
    return plans


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(),
        Wanted(states=(State.CANCELLED,)),
        Wanted(states=(State.POSTED,)),
        Wanted(states=(State.HELD,)),
        Wanted(account="shop"),
        Wanted(source_channel="shopify"),
        Wanted(transaction_type="cash_refund"),
        Wanted(reason="POSTED"),
        Wanted(since=NOW.replace(year=2024, month=1, day=3)),
        Wanted(until=NOW.replace(year=2024, month=1, day=3)),
        Wanted(text="9000012345"),
        Wanted(text="#11005"),
        Wanted(order="1100"),
        Wanted(text="LAMP"),
        Wanted(text="CUP-77"),
        Wanted(least=Decimal("100.00"), most=Decimal("100.10")),
        Wanted(newer_than=ROWS - 5),
    ],
)
def test_the_planner_takes_an_index_of_its_own_accord(filled: Database, wanted: Wanted) -> None:
    for plan in plans_of(filled, wanted):
        assert "Seq Scan on refund" not in plan, plan


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Wanted(states=(State.CANCELLED,)), "ix_refunds_state"),
        (Wanted(states=(State.POSTED,)), "ix_refunds_state"),
        (Wanted(account="shop"), "ix_refunds_account"),
        (Wanted(source_channel="shopify"), "ix_refunds_origin"),
    ],
)
def test_a_common_value_is_walked_along_its_index_without_sorting_all_that_have_it(
    filled: Database, wanted: Wanted, index: str
) -> None:
    walks = [plan for plan in plans_of(filled, wanted) if index in plan]
    assert walks
    for plan in walks:
        assert f"Index Only Scan Backward using {index}" in plan
        assert "actual rows=51" in plan.partition(index)[2].partition("\n")[0]


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(text="rs-shop"),
        Wanted(text="nothing-like-it"),
        Wanted(text="LAMP"),
        Wanted(text="CUP-77"),
        Wanted(order="4500"),
        Wanted(order="45000", states=(State.POSTED,)),
        Wanted(text="90000", since=NOW.replace(year=2024, month=1, day=3)),
        Wanted(text="rs-shop", states=(State.HELD,)),
    ],
)
def test_all_that_is_called_alike_is_found_without_looking_at_everything(
    filled: Database, wanted: Wanted
) -> None:
    plans = plans_of(filled, wanted, is_whole=True)
    assert plans
    for plan in plans:
        assert "Seq Scan on refund" not in plan, plan
        assert max(map(int, re.findall(r"actual rows=(\d+)", plan))) <= 3 * search.NEAR, plan
