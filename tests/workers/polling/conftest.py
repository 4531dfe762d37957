"""Accounts that were connected a while ago, and polls that follow each other at once."""

from datetime import timedelta

import pytest

from ledger.clock import utcnow
from ledger.models.accounts import Direction
from tests.support.readers import soon
from tests.support.sandboxed import Books, Shop
from tests.support.world import World


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    soon(monkeypatch)


@pytest.fixture
def shop(world: World, netsuite: Books) -> Shop:
    """A shop whose refunds go to NetSuite, connected for an hour."""
    return world.add_shop(netsuite, now=utcnow() - timedelta(hours=1))


@pytest.fixture
def outward(world: World, netsuite: Books) -> Shop:
    """A shop whose refunds come from NetSuite."""
    return world.add_shop(
        netsuite, "outward", direction=Direction.FROM_NETSUITE, now=utcnow() - timedelta(hours=1)
    )
