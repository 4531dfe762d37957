"""A ledger with a shop and an eBay seller, and transactions made as each test needs them."""

from collections.abc import Callable

import pytest

from ledger.database import Database
from ledger.models import Account, Refund
from ledger.platforms import Platform
from ledger.refunds import load
from ledger.secrets import Vault
from tests.support.ledger import make_account
from tests.support.transactions import make_many_like, make_transaction

Make = Callable[..., int]
"""Makes a transaction as `make_transaction` does, of the shop or of another account; returns its id."""

MakeMany = Callable[[int, range], None]
"""Makes many transactions that are like the one of an id, but for their names; see `make_many_like`."""


@pytest.fixture
def shop(database: Database, vault: Vault) -> Account:
    """A Shopify shop, `shop`, that carries refunds to NetSuite unless a test says otherwise."""
    with database.write() as session:
        return make_account(session, vault, slug="shop")


@pytest.fixture
def auctions(database: Database, vault: Vault, shop: Account) -> Account:
    """An eBay seller, `auctions`."""
    with database.write() as session:
        return make_account(session, vault, platform=Platform.EBAY, slug="auctions")


@pytest.fixture
def make(database: Database, shop: Account) -> Make:
    """Makes transactions."""

    def made(number: int = 1, account: Account | None = None, **more: object) -> int:
        with database.write() as session:
            return make_transaction(session, account or shop, number, **more).id  # type: ignore[arg-type] # as it takes

    return made


@pytest.fixture
def make_many(database: Database) -> MakeMany:
    """Makes many transactions that differ from one in their names only."""

    def made(like: int, numbers: range) -> None:
        with database.write() as session:
            make_many_like(session, load(session, like), numbers)

    return made


def refund_of(database: Database, refund_id: int) -> Refund:
    """Return a transaction as it is now."""
    with database.read() as session:
        return session.get_one(Refund, refund_id)
