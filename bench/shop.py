"""The ledger that benchmarks run on: migrated, with one shop joined to one NetSuite account."""

import os
import secrets
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cryptography.fernet import Fernet
from sqlalchemy import create_engine, make_url, text

from bench import servers
from bench.bodies import SHOP, SLUG
from ledger import accounts, schema
from ledger.clock import utcnow
from ledger.database import Database
from ledger.models.accounts import Direction
from ledger.platforms import Platform
from ledger.secrets import Vault

_ACTOR: Final = "bench"
_ITEMS: Final = {
    f"item_{name}": str(number)
    for number, name in enumerate(
        (
            *("shipping", "adjustment_positive", "adjustment_negative", "tax", "gift_card", "duty", "fee"),
            *("rounding", "gift_wrap", "promotion", "goodwill", "restocking_fee", "facilitator_tax"),
        ),
        start=901,
    )
}


@dataclass(frozen=True)
class Connection:
    """How the accounts' platforms are reached.

    Attributes:
        books: NetSuite's credentials.
        shop: The shop's credentials.
    """

    books: dict[str, Any] = field(default_factory=dict)
    books_url: str = ""
    shop: dict[str, Any] = field(default_factory=dict)
    shop_url: str = ""


@dataclass(frozen=True)
class Ledger:
    """A ledger with a shop.

    Attributes:
        url: The database's.
        key: Opens its secrets.
        secret: Signs the shop's webhooks.
    """

    url: str
    key: str
    secret: str
    database: Database

    def env(self, data_dir: Path, redis_url: str) -> Mapping[str, str]:
        """Return the environment of our processes."""
        return {
            "DATABASE_URL": self.url,
            "REDIS_URL": redis_url,
            "REFUND_SYNC_SECRET_KEY": self.key,
            "REFUND_SYNC_DATA_DIR": str(data_dir),
            "REFUND_SYNC_ALLOW_PRIVATE_URLS": "1",
            "REFUND_SYNC_LOG": os.environ.get("REFUND_SYNC_LOG", "json"),
        }


@contextmanager
def sqlite(home: Path) -> Iterator[str]:
    """Yield the URL of a new SQLite database."""
    home.mkdir(parents=True)
    yield f"sqlite:///{home / 'ledger.db'}"


@contextmanager
def opened(database: str, home: Path) -> Iterator[str]:
    """Yield the URL of a new database.

    Args:
        database: `sqlite` or `postgresql`.
        home: Where its files may be.
    """
    if database == "sqlite":
        with sqlite(home) as url:
            yield url
    else:
        with servers.postgresql(home) as server, cloned(server) as url:
            yield url


@contextmanager
def cloned(server: str) -> Iterator[str]:
    """Yield the URL of a new database on a PostgreSQL server; it is gone at the end."""
    name = f"bench_{uuid.uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@contextmanager
def ledger(url: str, connection: Connection | None = None) -> Iterator[Ledger]:
    """Migrate a database and open a shop in it."""
    reached = connection or Connection()
    key, secret = Fernet.generate_key().decode(), secrets.token_hex(32)
    database = Database(url)
    schema.migrate(database)
    vault = Vault((key,))
    with database.write() as session:
        books = accounts.NewNetSuiteAccount(
            "books", "1234567_SB1", reached.books, secret, api_url=reached.books_url
        )
        accounts.add_netsuite(session, vault, books, now=utcnow(), actor=_ACTOR)
        shop = accounts.NewAccount(
            SLUG,
            Platform.SHOPIFY,
            SHOP,
            "books",
            reached.shop,
            secret,
            direction=Direction.TO_NETSUITE,
            settings=_ITEMS,
            api_url=reached.shop_url,
        )
        accounts.add(session, vault, shop, now=utcnow(), actor=_ACTOR)
    try:
        yield Ledger(url, key, secret, database)
    finally:
        database.dispose()
