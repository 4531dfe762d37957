"""Endpoints that are remembered, and for how long."""

from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from ledger import accounts
from ledger.database import Database
from ledger.secrets import Vault
from tests.support.ledger import NOW, SECRET
from webhooks.endpoints import KEPT, RENEWED, Directory, NoSuchEndpointError
from webhooks.sources import SOURCES
from webhooks.sources.protocol import Endpoint, Source

SHOPIFY = SOURCES["shopify"]
NEW = "another-secret-0123456789"


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def directory(vault: Vault, clock: Clock, shop_id: int) -> Directory:
    assert shop_id
    return Directory(vault, clock=clock)


def rotate(database: Database, vault: Vault) -> None:
    with database.write() as session:
        accounts.rotate_secret(
            session, vault, accounts.by_slug(session, "shop"), NEW, now=NOW, actor="test", live=1
        )


def test_an_endpoint_is_remembered_for_a_second_at_most(
    directory: Directory, database: Database, vault: Vault, clock: Clock
) -> None:
    assert KEPT <= 1
    assert directory.recall(database, SHOPIFY, "shop").secrets == (SECRET,)
    rotate(database, vault)
    clock.now += RENEWED * 0.99
    assert directory.recall(database, SHOPIFY, "shop").secrets == (SECRET,)
    clock.now += RENEWED * 0.01
    assert directory.recall(database, SHOPIFY, "shop").secrets == (NEW,)


@pytest.mark.parametrize(("age", "secret"), [(RENEWED, SECRET), (KEPT * 0.99, SECRET), (KEPT, NEW)])
def test_while_one_request_renews_an_endpoint_the_others_go_on_with_it_until_its_end(
    vault: Vault, clock: Clock, shop_id: int, database: Database, age: float, secret: str
) -> None:
    assert shop_id
    asked: list[str] = []
    meanwhile: list[Endpoint] = []

    class Watched(Directory):
        """Is asked again while it looks up."""

        def look_up(self, database: Database, source: Source, slug: str) -> Endpoint:
            if asked:
                asked.clear()
                meanwhile.append(self.recall(database, source, slug))
            return super().look_up(database, source, slug)

    directory = Watched(vault, clock=clock)
    directory.recall(database, SHOPIFY, "shop")
    rotate(database, vault)
    clock.now += age
    asked.append("again")
    assert directory.recall(database, SHOPIFY, "shop").secrets == (NEW,)
    assert [each.secrets for each in meanwhile] == [(secret,)]


def test_a_renewal_that_fails_is_tried_again_by_the_next_request(
    directory: Directory, database: Database, clock: Clock
) -> None:
    directory.recall(database, SHOPIFY, "shop")
    clock.now += RENEWED
    with database.write() as session:
        session.execute(text("ALTER TABLE accounts RENAME TO moved"))
    for _ in range(2):
        with pytest.raises(SQLAlchemyError):
            directory.recall(database, SHOPIFY, "shop")


def test_an_endpoint_that_is_looked_up_is_as_it_is_now(
    directory: Directory, database: Database, vault: Vault
) -> None:
    directory.recall(database, SHOPIFY, "shop")
    rotate(database, vault)
    assert directory.look_up(database, SHOPIFY, "shop").secrets == (NEW,)
    assert directory.recall(database, SHOPIFY, "shop").secrets == (NEW,)


def test_what_is_remembered_needs_no_ledger(directory: Directory, database: Database) -> None:
    known = directory.recall(database, SHOPIFY, "shop")
    with database.write() as session:
        session.execute(text("ALTER TABLE accounts RENAME TO moved"))
    assert directory.recall(database, SHOPIFY, "shop") is known


def test_an_account_that_does_not_exist_is_not_remembered_as_such(
    directory: Directory, database: Database
) -> None:
    with pytest.raises(NoSuchEndpointError):
        directory.recall(database, SHOPIFY, "later")
    with database.write() as session:
        accounts.by_slug(session, "shop").slug = "later"
    assert directory.recall(database, SHOPIFY, "later").slug == "later"


def test_each_platform_has_its_own(directory: Directory, database: Database) -> None:
    directory.recall(database, SHOPIFY, "shop")
    with pytest.raises(NoSuchEndpointError):
        directory.recall(database, SOURCES["magento"], "shop")


def test_secrets_that_are_remembered_are_not_shown(directory: Directory, database: Database) -> None:
    directory.recall(database, SHOPIFY, "shop")
    assert SECRET not in repr(directory)
    assert SECRET not in repr(replace(directory))
