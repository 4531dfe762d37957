"""Whom polls ask and how often, and what becomes of those who do not answer."""

from datetime import timedelta

import pytest
from redis import Redis

from ledger import pausing
from ledger.clock import utcnow
from ledger.events import OrderTouched, event_from_json
from ledger.models import Account, NetSuiteAccount, Poll
from ledger.models.deliveries import DeliveryState
from ledger.polls import JITTER
from ledger.queue import open_queue
from ledger.states import State
from tests.support.racing import race
from tests.support.readers import begin_polls, deliveries_of, poll_now, polled, work_off
from tests.support.sandboxed import TBA, Books, Shop, Tenant
from tests.support.world import World, storefront_order
from tests.workers.polling.helpers import MINUTE, ONE
from workers.polling import poll
from workers.scheduler import Scheduler


def test_a_platform_that_wants_to_be_left_alone_is_asked_later(
    world: World, netsuite: Books, shop: Shop
) -> None:
    begin_polls(world)
    before = polled(world, shop).watermark
    shop.fault("graphql:query", "status", status=429, headers={"Retry-After": "3000"})
    failed = poll_now(world, shop)
    assert (failed.reason, failed.failures, failed.watermark) == ("RATE_LIMITED", 1, before)
    assert failed.due_at is not None
    assert failed.due_at >= utcnow() + timedelta(seconds=2990)
    assert world.account(shop).paused_reason == ""
    assert world.log[-1]["event"] == "poll_failed"
    well = poll_now(world, shop)
    assert (well.reason, well.failures) == ("", 0)
    assert well.watermark > before


@pytest.mark.parametrize("side", ["shop", "netsuite"])
def test_refused_credentials_pause_the_account_that_was_asked(
    world: World, netsuite: Books, shop: Shop, side: str
) -> None:
    begin_polls(world)
    owner: Tenant = shop if side == "shop" else netsuite
    if side == "shop":
        shop.change(access_token="shpat_revoked")
    else:
        netsuite.change(tba=dict.fromkeys(TBA, "revoked"))
    assert poll_now(world, owner).reason == "BAD_CREDENTIALS"
    assert world.account(owner).paused_reason == "BAD_CREDENTIALS"
    assert world.account(netsuite if side == "shop" else shop).paused_reason == ""


def test_credentials_that_cannot_be_used_pause_the_account(world: World, netsuite: Books, shop: Shop) -> None:
    begin_polls(world)
    world.set(shop, credentials=b"sealed with another key")
    assert poll_now(world, shop).reason == "BAD_CREDENTIALS"
    assert world.account(shop).paused_reason == "BAD_CREDENTIALS"


@pytest.mark.parametrize("paused", ["shop", "books"])
def test_a_paused_account_is_not_asked_and_catches_up_when_it_is_resumed(
    world: World, netsuite: Books, shop: Shop, paused: str
) -> None:
    order = shop.order()
    begin_polls(world)
    shop.refund(order, lines=ONE)
    before = polled(world, shop).watermark
    with world.database.write() as session:
        owner = (
            session.get_one(Account, shop.id)
            if paused == "shop"
            else session.get_one(NetSuiteAccount, netsuite.id)
        )
        pausing.pause(session, owner, "BAD_CREDENTIALS", "", now=utcnow(), actor="cli:ada")
    left = poll_now(world, shop)
    assert (left.found, left.reason, left.watermark) == (0, "", before)
    assert shop.operations() == []
    with world.database.write() as session:
        pausing.resume(session, session.merge(owner), now=utcnow(), actor="cli:ada")
    poll(world.runtime, left.id)
    assert polled(world, shop).found == 1


def test_an_account_whose_sync_is_off_is_not_asked(world: World, netsuite: Books, shop: Shop) -> None:
    begin_polls(world)
    world.set(shop, sync_enabled=False)
    assert poll_now(world, shop).found == 0
    assert shop.operations() == []


def test_an_account_says_how_often_it_is_asked(world: World, netsuite: Books) -> None:
    shop = world.add_shop(netsuite, now=utcnow(), poll_minutes=120)
    begin_polls(world)
    before = utcnow()
    done = poll_now(world, shop)
    assert done.due_at is not None
    assert done.due_at - before >= 120 * MINUTE * (1 - JITTER)
    assert done.due_at - utcnow() <= 120 * MINUTE * (1 + JITTER)


def test_a_poll_that_breaks_says_so_and_is_tried_again(world: World, netsuite: Books, shop: Shop) -> None:
    begin_polls(world)
    world.set(shop, settings={"of_another_version": 1})
    failed = poll_now(world, shop)
    assert (failed.reason, failed.failures, failed.lease_until) == ("INTERNAL", 1, None)
    assert "crash" in [line["event"] for line in world.log]


def test_what_a_poll_found_may_be_of_an_account_that_is_paused_by_then(
    world: World, netsuite: Books, shop: Shop
) -> None:
    order = shop.order()
    begin_polls(world)
    shop.refund(order, lines=ONE)
    poll_now(world, shop)
    with world.database.write() as session:
        account = session.get_one(Account, shop.id)
        pausing.pause(session, account, "SHOP_INACTIVE", "", now=utcnow(), actor="cli:ada")
    work_off(world)
    (delivery,) = deliveries_of(world)
    assert (delivery.state, delivery.reason) == (DeliveryState.RECEIVED, "ACCOUNT_PAUSED")
    assert [event_from_json(each) for each in delivery.events] == [OrderTouched(str(order["id"]))]


def test_a_scheduler_begins_polls_and_wakes_workers_for_them(
    world: World, netsuite: Books, shop: Shop, valkey_url: str
) -> None:
    scheduler = Scheduler(world.runtime)
    scheduler._begin_polls()  # noqa: SLF001 - the loop around it is tested with the rest of the scheduler
    scheduler.sweep()
    with Redis.from_url(valkey_url) as connection:
        names = {
            queue: [str(job.func_name) for job in open_queue(queue, connection).jobs]
            for queue in ("shopify", "netsuite")
        }
    assert names == {"shopify": ["workers.jobs.poll_account"], "netsuite": ["workers.jobs.poll_account"]}
    # An account that is added meanwhile is looked for only now and then.
    late = world.add_shop(netsuite, "late", now=utcnow())
    scheduler._begin_polls()  # noqa: SLF001 - see above
    with world.database.read() as session:
        assert session.query(Poll).filter_by(account_id=late.id).count() == 0


def test_news_of_an_order_is_not_doubled_by_its_webhook(world: World, netsuite: Books, shop: Shop) -> None:
    order = shop.order()
    netsuite.order(order["name"])
    begin_polls(world)
    world.tell(shop, storefront_order(order))
    shop.refund(order, lines=ONE)
    race(lambda: poll_now(world, shop), lambda: poll_now(world, shop, world.another()))
    work_off(world)
    assert world.only_refund().state is State.POSTED
