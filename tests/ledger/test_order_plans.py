"""What PostgreSQL reads to find an order among thousands, left to itself."""

from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from bench import grown
from ledger import orders
from ledger.database import Database
from ledger.models import OrderLink
from ledger.platforms import Platform
from ledger.secrets import Vault
from tests.support.databases import Clone
from tests.support.explaining import looked_at
from tests.support.ledger import make_account

ROWS = 6_000
MOST = 10
"""How many rows of the orders may be looked at to find one."""


@pytest.fixture(scope="module")
def crowded(postgresql: Clone, vault: Vault) -> Iterator[Database]:
    """A ledger of thousands of orders, each billed."""
    with postgresql() as url:
        database = Database(url)
        with database.write() as session:
            for platform in (Platform.SHOPIFY, Platform.EBAY):
                make_account(session, vault, platform=platform)
        grown.grow(database, 1, ROWS)
        with database.write() as session:
            session.execute(update(OrderLink).values(billed_id=text("'B-' || id")))
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
        yield database
        database.dispose()


@pytest.mark.parametrize("column", ["billed_id", "netsuite_order_id", "storefront_order_id"])
def test_an_order_is_found_by_every_number_that_others_know_it_by(crowded: Database, column: str) -> None:
    found: list[OrderLink] = []

    def ask(session: Session) -> None:
        found.extend(find(session, [1, 2], number))

    def find(session: Session, accounts: Sequence[int], wanted: str) -> Sequence[OrderLink]:
        if column == "storefront_order_id":
            return orders.of_storefront_number(session, accounts, wanted)
        return orders.of_netsuite_record(session, accounts, wanted)

    with crowded.read() as session:
        link = session.scalars(select(OrderLink).where(OrderLink.id == ROWS // 2)).one()
        number = getattr(link, column)
    assert number
    assert looked_at(crowded, ask)["order_links"] <= MOST
    assert link.id in {each.id for each in found}
