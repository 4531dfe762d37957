"""What PostgreSQL reads for each page on a ledger with thousands of refunds, left to itself.

`python -m bench pages` measures the same pages with a million of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, event

from bench import grown, pages, shop
from bench.addresses import SIGNED_OUT
from ledger.database import Database
from ledger.secrets import Vault
from tests.support.databases import Clone
from tests.support.settings import make_settings
from tests.support.templates import COMPILED
from webhooks.app import WebProcess, create_app

ROWS = 12_000
MOST = 5_500
"""How many rows of a table a page may look at, which is far fewer than there are."""

EXACT = {"api: no delivery"}
"""The API's list of deliveries looks through everything where nothing is to be found."""


@dataclass(frozen=True)
class Filled:
    """A portal on a ledger with many refunds, whose statistics are known, and an administrator in it."""

    database: Database
    client: FlaskClient
    token: str
    parts: dict[str, object]

    def ask(self, name: str) -> None:
        """Ask for a page, which must be there."""
        address = pages.PAGES[name].format(**self.parts)
        answer = self.client.get(address, headers={"Authorization": f"Bearer {self.token}"})
        assert answer.status_code == 200, address
        assert answer.data


@pytest.fixture(scope="module")
def filled(postgresql: Clone, _valkey: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    with postgresql() as url, shop.ledger(url) as ledger:
        cookie, token = pages.furnish(ledger)
        grown.grow(ledger.database, 1, ROWS)
        settings = make_settings(tmp_path_factory.mktemp("data"), _valkey, url)
        WebProcess.jinja_options = {"bytecode_cache": COMPILED}
        app = create_app(settings, database=ledger.database, vault=Vault((ledger.key,)))
        client = app.test_client()
        client.set_cookie("refund-sync", cookie)
        yield Filled(ledger.database, client, token, dict(pages.parts(ledger.database, ROWS)))


@contextmanager
def planned(engine: Engine, plans: list[dict[str, Any]]) -> Iterator[None]:
    """Add the plan of every SELECT made inside to `plans`, as it was run."""

    def explain(connection: Connection, _cursor: object, statement: str, parameters: Any, *_: object) -> None:  # noqa: ANN401 - as SQLAlchemy hands it over
        if statement.lstrip().startswith("SELECT"):
            raw = connection.connection.cursor()
            raw.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}", parameters)
            plans.append(raw.fetchone()[0][0]["Plan"])  # type: ignore[index] # EXPLAIN answers one row

    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", explain)


def looked_at(plan: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield how many rows were looked at, at each place of a plan where a table is."""
    if "Relation Name" in plan:
        rows = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
        yield plan["Relation Name"], rows * plan["Actual Loops"]
    for each in plan.get("Plans", ()):
        yield from looked_at(each)


@pytest.mark.parametrize("name", sorted(set(pages.PAGES) - EXACT - SIGNED_OUT))
def test_no_page_looks_at_all_that_there_is(filled: Filled, name: str) -> None:
    plans: list[dict[str, Any]] = []
    with planned(filled.database.engine, plans):
        filled.ask(name)
    assert plans
    for plan in plans:
        for table, rows in looked_at(plan):
            assert rows <= MOST, (table, plan)


def test_a_table_that_is_looked_through_would_be_found(filled: Filled) -> None:
    plans: list[dict[str, Any]] = []
    with planned(filled.database.engine, plans), filled.database.engine.connect() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM refunds WHERE detail = 'none'")
    assert max(rows for plan in plans for _, rows in looked_at(plan)) >= ROWS - 1
