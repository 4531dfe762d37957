"""Long gaps, several workers, and more than fits into one step."""

from datetime import timedelta

import pytest

from ledger import polls
from ledger.clock import utcnow
from ledger.polls import LEASE
from tests.support.racing import race
from tests.support.readers import begin_polls, deliveries_of, poll_now, polled, work_off
from tests.support.sandboxed import Books, Shop
from tests.support.world import World, while_held
from tests.workers.polling.helpers import DAY, INTERVAL, MINUTE, ONE, lose, set_poll, woken
from workers import polling
from workers.polling import NETSUITE_OVERLAP, poll
from workers.scheduler import Scheduler


def test_a_long_gap_is_caught_up_step_by_step(world: World, netsuite: Books, shop: Shop) -> None:
    order = shop.order()
    shop.refund(order, lines=ONE)
    began = utcnow() - 10 * DAY
    begin_polls(world, since=began)
    done = poll_now(world, shop)
    assert done.found == 1
    assert utcnow() - done.watermark < MINUTE
    assert shop.operations() == ["graphql:query"] * 11
    assert done.due_at is not None
    assert done.due_at > utcnow() + INTERVAL / 2


def test_a_gap_that_takes_too_long_is_gone_on_with_at_once(
    world: World, netsuite: Books, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = utcnow() - 3 * DAY
    begin_polls(world, since=began)
    monkeypatch.setattr(polling, "PATIENCE", -1)
    for days in (1, 2, 3):
        part = poll_now(world, shop)
        assert part.watermark == began + days * DAY
        assert part.due_at is not None
        assert part.due_at <= utcnow()
    assert woken(world, "shopify", "poll_account") == [part.id] * 3
    whole = poll_now(world, shop)
    assert whole.due_at is not None
    assert whole.due_at > utcnow() + INTERVAL / 2


def test_a_gap_survives_a_worker_that_is_killed(world: World, netsuite: Books, shop: Shop) -> None:
    order = shop.order()
    shop.refund(order, lines=ONE)
    began = utcnow() - 3 * DAY
    begin_polls(world, since=began)
    lose(world, shop)
    poll(world.runtime, polled(world, shop).id)  # a wake-up call that came meanwhile
    assert shop.operations() == []
    poll_id = polled(world, shop).id
    set_poll(world.database, poll_id, lease_until=utcnow(), due_at=utcnow(), watermark=began + DAY)
    Scheduler(world.runtime).sweep()
    assert poll_id in woken(world, "shopify", "poll_account")
    poll(world.runtime, poll_id)
    assert polled(world, shop).found == 1
    assert shop.operations() == ["graphql:query"] * 3


def test_a_worker_that_lost_its_poll_leaves_it_to_the_other(
    world: World, netsuite: Books, shop: Shop
) -> None:
    order = shop.order()
    begin_polls(world)
    shop.refund(order, lines=ONE)
    poll_id = polled(world, shop).id
    with while_held(shop, "graphql:query", lambda: poll(world.runtime, poll_id), after=0):
        set_poll(world.database, poll_id, lease_until=utcnow() - MINUTE)
        with world.database.write() as session:
            assert polls.claim(session, poll_id, now=utcnow()) is not None
    assert deliveries_of(world) == []
    assert [line["event"] for line in world.log] == ["call", "lease_lost"]
    left = polled(world, shop)
    assert left.lease_until is not None
    assert left.lease_until > utcnow() + LEASE - MINUTE


def test_two_workers_that_poll_at_once_do_no_harm(world: World, netsuite: Books, shop: Shop) -> None:
    order = shop.order()
    netsuite.order(order["name"])
    begin_polls(world)
    shop.refund(order, lines=ONE)
    poll_id, other = polled(world, shop).id, world.another()
    race(lambda: poll(world.runtime, poll_id), lambda: poll(other, poll_id))
    assert len(deliveries_of(world)) == 1
    assert shop.operations() == ["graphql:query"]
    work_off(world)
    assert netsuite.writes() == {"creditMemo": 1}


def test_many_calls_for_one_poll_make_one_poll(world: World, netsuite: Books, shop: Shop) -> None:
    begin_polls(world)
    poll_id = polled(world, shop).id
    for _ in range(5):
        poll(world.runtime, poll_id)
    assert shop.operations() == ["graphql:query"]


def test_a_time_with_too_much_in_it_is_read_in_smaller_steps(
    world: World, netsuite: Books, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.platforms.shopify._MOST_PAGES", 1)
    for _ in range(26):  # one more than a page holds
        shop.refund(shop.order(silent=True), lines=ONE, silent=True)
    begin_polls(world, since=utcnow() - DAY)
    shop.control.delete("calls")
    failed = poll_now(world, shop)
    # All of it happened within moments, so that no step is small enough.
    assert (failed.reason, failed.failures) == ("REFUSED", 1)
    assert failed.watermark > utcnow() - timedelta(hours=1)
    monkeypatch.setattr("workers.platforms.shopify._MOST_PAGES", 2)
    assert poll_now(world, shop).reason == ""
    assert len(deliveries_of(world)) == 26  # some perhaps before, where a step ended among them


def test_more_is_taken_than_fits_into_one_transaction(
    world: World, netsuite: Books, outward: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.news._BATCH", 2)
    begin_polls(world)
    for number in range(5):
        netsuite.refund(netsuite.order(f"#{number}"))
    assert poll_now(world, netsuite).found == 5
    assert woken(world, "netsuite", "process_delivery") == [each.id for each in deliveries_of(world)]


def test_a_poll_that_is_taken_over_between_two_steps_ends(world: World, netsuite: Books, shop: Shop) -> None:
    began = utcnow() - 3 * DAY
    begin_polls(world, since=began)
    poll_id = polled(world, shop).id
    with while_held(shop, "graphql:query", lambda: poll(world.runtime, poll_id), after=0):
        set_poll(world.database, poll_id, lease_token=99)
    assert polled(world, shop).watermark == began
    assert shop.operations() == ["graphql:query"]


def test_netsuites_clock_may_be_moved_by_an_hour_without_a_change_lost(
    world: World, netsuite: Books, outward: Shop
) -> None:
    netsuite.change(clock_ahead_minutes=-480)
    begin_polls(world)
    poll_now(world, netsuite)
    netsuite.refund(netsuite.order("#77"))
    netsuite.change(clock_ahead_minutes=-420)
    assert poll_now(world, netsuite).found == 1
    assert timedelta(hours=1) < NETSUITE_OVERLAP
