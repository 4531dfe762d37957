"""A ledger with one shop in it."""

import pytest

from ledger.database import Database
from ledger.models import Account, NetSuiteAccount
from ledger.secrets import Vault
from tests.support.ledger import make_account, make_refund


@pytest.fixture
def shop(database: Database, vault: Vault) -> Account:
    """A Shopify shop that is joined to `books`."""
    with database.write() as session:
        return make_account(session, vault)


@pytest.fixture
def books(database: Database, shop: Account) -> NetSuiteAccount:
    """The NetSuite account that the shop is joined to."""
    with database.read() as session:
        return session.get_one(NetSuiteAccount, shop.netsuite_account_id)


@pytest.fixture
def refund_id(database: Database, shop: Account) -> int:
    """The id of a refund of the shop, just received."""
    with database.write() as session:
        return make_refund(session, shop).id
