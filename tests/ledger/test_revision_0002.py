"""The revision that leaves it to the code which platforms there are, on a ledger with rows."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

import ledger
from ledger import orders, schema
from ledger.database import Database
from ledger.models import Account
from ledger.platforms import Platform
from ledger.secrets import Vault
from tests.support.ledger import make_account, make_refund


def config(database: Database) -> Config:
    made = Config()
    made.set_main_option("script_location", str(Path(ledger.__file__).parent / "migrations"))
    made.attributes["engine"] = database.engine
    return made


def rows(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of what refers to an account, however far, and of the accounts."""
    tables = ("netsuite_accounts", "accounts", "refunds", "refund_lines", "order_links", "audit_entries")
    known = set(inspect(database.engine).get_table_names())
    assert known.issuperset(tables), known
    with database.engine.connect() as connection:
        return {
            table: sorted(map(tuple, connection.execute(text(f"SELECT * FROM {table}"))), key=repr)  # noqa: S608 - our own names
            for table in tables
        }


def become(database: Database, platform: str) -> None:
    with database.write() as session:
        session.execute(
            text("UPDATE accounts SET platform = :name WHERE slug = 'seller'"), {"name": platform}
        )


@pytest.fixture
def before(database: Database, vault: Vault, shop: Account, now: datetime) -> Iterator[Database]:
    """A ledger of the revision before, with rows."""
    with database.write() as session:
        make_account(session, vault, platform=Platform.EBAY, slug="seller")
        link = orders.ensure(session, shop.id, "450789469", now=now)
        make_refund(session, shop, link=link, now=now)
    command.downgrade(config(database), "0001")
    yield database
    with database.write() as session:
        session.execute(text("DELETE FROM accounts WHERE slug = 'seller'"))


def test_no_row_is_lost_or_changed(before: Database) -> None:
    kept = rows(before)
    assert all(kept[table] for table in ("accounts", "refunds", "refund_lines", "order_links"))

    schema.migrate(before)

    assert schema.current(before) == schema.newest()
    assert rows(before) == kept


def test_a_further_platform_is_refused_before_and_taken_after(before: Database) -> None:
    with pytest.raises(IntegrityError):
        become(before, "sixth")

    schema.migrate(before)

    become(before, "sixth")


def test_what_else_held_the_table_holds_it_still(before: Database) -> None:
    schema.migrate(before)

    for change in (
        "UPDATE accounts SET direction = 'sideways'",
        "UPDATE accounts SET netsuite_account_id = 4711",
        "UPDATE accounts SET slug = 'seller'",
        "DELETE FROM accounts WHERE slug <> 'seller'",  # refunds refer to it
    ):
        with pytest.raises(IntegrityError), before.write() as session:
            session.execute(text(change))
