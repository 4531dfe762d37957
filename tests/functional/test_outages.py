"""A platform that does not answer holds up nobody else's refunds: real processes, one worker a queue."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from sqlalchemy import select

from bench.chaos.compare import Name
from cli.demo.platforms.magento import Store, open_magento
from ledger import installation
from ledger.installation import Installation
from ledger.models import Account, Attempt, Refund
from ledger.models.accounts import Direction
from ledger.states import State
from tests.functional.ground import PATIENCE, Ground, ground
from tests.support.databases import Clone
from tests.support.waiting import until

MANY = 3  # more than there are workers for them
LONG = 300  # seconds; no call of the test is answered of itself

pytestmark = pytest.mark.xdist_group("processes")


@pytest.fixture
def here(postgresql: Clone, tmp_path: Path) -> Iterator[Ground]:
    """The service with the patience it has by default, so that nothing is given up within the test."""
    with postgresql() as url, ground(tmp_path, url) as made:
        with made.database.write() as session:
            for name in ("lease_seconds", "read_timeout_seconds"):
                installation.store(session, name, str(getattr(Installation(), name)))
        yield made


@pytest.fixture
def store(here: Ground) -> Store:
    """A Magento store that gets NetSuite's refunds."""
    return open_magento(here.site, here.books, "store-out", Direction.FROM_NETSUITE, "mageplaza")


def attempts(here: Ground, store: Store) -> list[tuple[State, bool]]:
    """Return every attempt at a refund of a store: how the refund stands, and whether the attempt ended."""
    query = (
        select(Refund.state, Attempt.ended_at)
        .join(Attempt, Attempt.refund_id == Refund.id)
        .join(Account, Account.id == Refund.account_id)
        .where(Account.slug == store.slug)
    )
    with here.database.read() as session:
        return [(state, ended_at is not None) for state, ended_at in session.execute(query)]


def credited(here: Ground, store: Store) -> Name:
    """Enter a credit memo for one of the store's orders in NetSuite, and deliver the news of it."""
    order = store.order({"sku": "PEN", "qty": 1, "price": "10.00"})
    memo, webhook = here.credit(store.slug, str(order["entity_id"]), order["increment_id"])
    assert here.deliver("netsuite", webhook) == requests.codes.ok
    return store.slug, "netsuite", memo


def posted(here: Ground, name: Name) -> bool:
    return here.stand(name).state is State.POSTED


@contextmanager
def hanging(here: Ground) -> Iterator[None]:
    """Have no call to Magento answered."""
    here.control.post("/faults", platform="magento", operation="*", kind="latency", seconds=LONG, times=LONG)
    try:
        yield
    finally:
        here.control.delete("/faults")


def test_while_a_store_hangs_the_refunds_of_the_others_go_both_ways(here: Ground, store: Store) -> None:
    for queue in ("netsuite", "magento", "shopify"):
        here.fleet.start(f"worker-{queue}", "worker", queue)
    with hanging(here):
        held_up = [credited(here, store) for _ in range(MANY)]
        until(lambda: attempts(here, store) == [(State.SCHEDULED, False)], PATIENCE)
        others = [here.tell(source) for source in ("netsuite", "shopify")]
        until(lambda: all(posted(here, each) for each in others), PATIENCE)
        # It is the very first call to the store that still hangs.
        assert attempts(here, store) == [(State.SCHEDULED, False)]
        assert not any(posted(here, each) for each in held_up)
    until(lambda: all(posted(here, each) for each in held_up), PATIENCE)
