"""The two kinds of account, as a person connects them; no platform is called."""

import json

from sqlalchemy import select

from ledger.models import Account, NetSuiteAccount
from tests.cli.installation import Installation

TBA = {
    "auth": "tba",
    "consumer_key": "ck-1",
    "consumer_secret": "consumer-secret-1",
    "token_id": "tid-1",
    "token_secret": "token-secret-1",
}
SHOPIFY = {"client_id": "client-1", "client_secret": "shpss_0123456789abcdef0123456789abcdef"}
ADD_BOOKS = ("netsuite", "add", "books", "--account-id", "1234567_sb1", "--credentials-file", "-")
ADD_SHOP = (
    *("account", "add", "my-shop", "--platform", "shopify", "--storefront", "my-shop.myshopify.com"),
    *("--netsuite", "books", "--credentials-file", "-"),
)


def connect(installation: Installation) -> Installation:
    """Join a shop to NetSuite."""
    installation.run(*ADD_BOOKS, typed=json.dumps(TBA))
    installation.run(*ADD_SHOP, typed=json.dumps(SHOPIFY))
    return installation


def books_of(installation: Installation) -> NetSuiteAccount:
    """Return the NetSuite account as the ledger has it."""
    with installation.database.read() as session:
        return session.scalars(select(NetSuiteAccount)).one()


def shop_of(installation: Installation) -> Account:
    """Return the storefront account as the ledger has it."""
    with installation.database.read() as session:
        return session.scalars(select(Account)).one()
