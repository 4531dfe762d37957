"""One storefront after the other fails in each way: the refunds of all others are posted within a poll.

All of them get NetSuite's refunds, of orders that the ledger knows and of such that it has to ask for.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
import requests

from bench.chaos.compare import Name
from cli.demo.control import Json, Storefront
from cli.demo.platforms.amazon import open_amazon
from cli.demo.platforms.ebay import open_ebay
from cli.demo.platforms.magento import open_magento
from ledger import accounts, installation, pausing
from ledger.clock import utcnow
from ledger.models.accounts import Direction, Setting
from ledger.states import State
from tests.functional.ground import Ground, ground
from tests.support.databases import Clone
from tests.support.waiting import until

LONG: Final = 300  # seconds; no call of the test is answered of itself
MANY: Final = 100_000
PATIENCE: Final = 60.0  # seconds, of which most are spent on two cores that are shared
POLL_MINUTES: Final = "0.1"
PLATFORMS: Final = ("shopify", "magento", "amazon", "ebay")
_OUT: Final = Direction.FROM_NETSUITE
_PEN: Final = {"sku": "PEN", "quantity": 1, "price": "10.00"}

pytestmark = pytest.mark.xdist_group("processes")


@pytest.fixture(scope="module", params=PLATFORMS)
def failed(request: pytest.FixtureRequest) -> str:
    """The platform that fails; processes of its own for each, as Amazon takes a few refunds an hour only."""
    return str(request.param)


@pytest.fixture(scope="module")
def everything(failed: str, postgresql: Clone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """All processes, quick to give a platform up and to poll."""
    assert failed in PLATFORMS
    with postgresql() as url, ground(Path(tmp_path_factory.mktemp("outages")), url) as made:
        with made.database.write() as session:
            installation.store(session, "read_timeout_seconds", "1")
            # Past the check, which lets nobody be asked more often than once in a minute.
            session.merge(Setting(key="poll_minutes", value=POLL_MINUTES))
        made.carry_on("netsuite", *PLATFORMS)
        yield made


@pytest.fixture(scope="module")
def storefronts(everything: Ground) -> dict[str, Storefront]:
    """One account of each platform on the same books, refunded from NetSuite."""
    site, books = everything.site, everything.books
    return {
        "shopify": everything.shop_out,
        "magento": open_magento(site, books, "magento-out", _OUT, "mageplaza"),
        "amazon": open_amazon(site, books, "amazon-out", "A3OUTAGE", _OUT, "api_destination"),
        "ebay": open_ebay(site, books, "ebay-out", _OUT, "REFUNDED"),
    }


def sold(here: Ground, platform: str, storefront: Storefront) -> tuple[str, str]:
    """Let a customer order a pen; return the order's id and number."""
    names = {"shopify": "id name", "magento": "entity_id increment_id", "amazon": "id id"}
    line = {("qty" if platform == "magento" and name == "quantity" else name): _PEN[name] for name in _PEN}
    made: Json = here.control.post(f"{storefront.path}/orders", lines=[line], silent=True)
    order_id, number = names.get(platform, "orderId orderId").split()
    return str(made[order_id]), str(made[number])


def credited(here: Ground, platform: str, storefront: Storefront, *, known: bool) -> Name:
    """Enter a credit memo for an order in NetSuite, and deliver the news of it."""
    order_id, number = sold(here, platform, storefront)
    memo, webhook = here.credit(storefront.slug, order_id, number) if known else here.credit_unknown(number)
    assert here.deliver("netsuite", webhook) == requests.codes.ok
    return storefront.slug, "netsuite", memo


@contextmanager
def failing(here: Ground, platform: str, storefront: Storefront, way: str) -> Iterator[None]:
    """Let a storefront fail, in one way, for the block."""
    if way == "is paused":
        with here.database.write() as session:
            account = accounts.by_slug(session, storefront.slug)
            pausing.pause(session, account, "SHOP_INACTIVE", "402", now=utcnow(), actor="test")
    else:
        fault = (
            {"kind": "status", "status": 503}
            if way == "answers 503"
            else {"kind": "latency", "seconds": LONG}
        )
        here.control.post("/faults", platform=platform, operation="*", times=MANY, **fault)
    try:
        yield
    finally:
        here.control.delete("/faults")
        with here.database.write() as session:
            account = accounts.by_slug(session, storefront.slug)
            pausing.resume(session, account, now=utcnow(), actor="test")


@pytest.mark.parametrize("way", ["hangs", "answers 503", "is paused"])
def test_while_one_fails_the_refunds_of_all_others_are_posted(
    everything: Ground, storefronts: dict[str, Storefront], failed: str, way: str
) -> None:
    here, others = everything, [each for each in PLATFORMS if each != failed]
    with failing(here, failed, storefronts[failed], way):
        held_up = credited(here, failed, storefronts[failed], known=True)
        told = [
            credited(here, each, storefronts[each], known=known) for known in (True, False) for each in others
        ]
        if failed != "shopify":
            told.append(here.tell("shopify"))
        until(lambda: all(here.stand(each).state is State.POSTED for each in told), PATIENCE)
        assert here.stand(held_up).state is not State.POSTED
