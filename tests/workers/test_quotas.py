"""What is left of each platform's rate limit, as Prometheus reads it."""

from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ledger.counters import QUOTA
from ledger.models import Account, NetSuiteAccount
from tests.support.ledger import make_seen
from tests.support.sandboxed import Books, Shop, Tenant
from tests.support.world import World
from webhooks.metrics import Shared, exposition
from workers.platforms.amazon_rates import PLANS
from workers.platforms.ebay_quota import DAILY
from workers.platforms.errors import PlatformError
from workers.platforms.magento_rate import AT_ONCE

Left = dict[tuple[str, str, str], float]


def left(world: World) -> Left:
    """Return what the metrics page shows of all that this process counted."""
    assert world.runtime.counters.flush()
    page = exposition(Shared(world.database, world.runtime.redis)).decode()
    return {
        (sample.labels["platform"], sample.labels["account"], sample.labels["resource"]): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == QUOTA.name
    }


def check(world: World, owner: Tenant) -> None:
    """Make a cheap call to an account."""
    account = world.account(owner)
    if isinstance(account, NetSuiteAccount):
        world.runtime.netsuite(account).check()
    else:
        world.runtime.storefront(account).check()


def test_a_refunds_way_leaves_what_is_left_on_both_sides(world: World, netsuite: Books, shop: Shop) -> None:
    assert left(world) == {}
    netsuite.order()
    world.tell(shop, make_seen())
    account = world.account(netsuite)
    assert isinstance(account, NetSuiteAccount)
    assert left(world) == {("netsuite", "books", "slots"): account.concurrency - 1}


def test_a_shop_says_how_many_points_it_has_left(world: World, shop: Shop) -> None:
    shop.change(bucket={"maximum": 1000, "restore_rate": 1})
    check(world, shop)
    (points,) = left(world).values()
    assert 0 < points < 1000
    assert list(left(world)) == [("shopify", "shop", "points")]


ADD: dict[str, Callable[[World, Books], Tenant]] = {
    "amazon": lambda world, books: world.add_amazon(books),
    "ebay": lambda world, books: world.add_ebay(books),
    "magento": lambda world, books: world.add_magento(books),
}


@pytest.mark.parametrize(
    ("platform", "resource", "full", "operation"),
    [
        ("amazon", "listTransactions", PLANS["listTransactions"].burst, "listTransactions"),
        ("ebay", "fulfillment", DAILY["fulfillment"] / 24, "getOrders"),
        ("magento", "calls", AT_ONCE, "*"),
    ],
)
def test_where_a_platform_does_not_say_what_is_left_we_count(
    world: World, netsuite: Books, platform: str, resource: str, full: float, operation: str
) -> None:
    owner = ADD[platform](world, netsuite)
    check(world, owner)
    account = world.account(owner)
    assert isinstance(account, Account)
    of = (platform, account.slug, resource)
    assert left(world)[of] == pytest.approx(full - 1, abs=1)
    owner.fault(operation, "throttle")
    with pytest.raises(PlatformError) as caught:
        check(world, owner)
    assert caught.value.reason == "RATE_LIMITED"
    assert left(world)[of] == 0


def test_a_call_to_amazon_is_counted_for_every_process(world: World, netsuite: Books) -> None:
    check(world, world.add_amazon(netsuite))
    (key,) = world.runtime.redis.keys("refund-sync:bucket:amazon:*:listTransactions")
    left = world.runtime.redis.hget(key, "left")
    assert left is not None
    assert float(left) == pytest.approx(PLANS["listTransactions"].burst - 1)
