"""What no webhook told of, found by asking: both platforms over real HTTP."""

from datetime import timedelta

import pytest
from redis import Redis
from sqlalchemy import update

from ledger import pausing, polls
from ledger.clock import utcnow
from ledger.database import Database
from ledger.events import OrderTouched, event_from_json
from ledger.models import Account, Delivery, NetSuiteAccount, OrderState, Poll
from ledger.models.accounts import Direction
from ledger.models.deliveries import DeliveryState
from ledger.polls import JITTER, LEASE
from ledger.queue import open_queue
from ledger.states import State
from tests.support.ledger import make_part, make_payment, make_seen
from tests.support.racing import race
from tests.support.readers import begin_polls, deliveries_of, poll_now, polled, soon, work_off
from tests.support.sandboxed import SHIRT, TBA, Books, Shop, Tenant
from tests.support.world import World, changed, storefront_order, while_held
from workers import polling
from workers.polling import NETSUITE_OVERLAP, poll
from workers.scheduler import Scheduler

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
INTERVAL = 15 * MINUTE
ONE = [{"sku": SHIRT, "quantity": 1}]


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


def woken(world: World, source: str, function: str) -> list[int]:
    """Return the ids for which a worker of a queue was woken."""
    jobs = open_queue(source, world.runtime.redis).jobs
    return [job.args[0] for job in jobs if str(job.func_name).endswith(function)]


def lose(world: World, owner: Tenant) -> None:
    """Leave a poll as a worker does that was killed over it."""
    poll_id = polled(world, owner).id
    with world.database.write() as session:
        claimed = polls.claim(session, poll_id, now=utcnow())
    assert claimed is not None


def set_poll(database: Database, poll_id: int, **columns: object) -> None:
    with database.write() as session:
        session.execute(update(Poll).where(Poll.id == poll_id).values(**columns))


def test_a_shops_refund_whose_webhook_was_lost_is_found_and_posted_once(
    world: World, netsuite: Books, shop: Shop
) -> None:
    order = shop.order()
    netsuite.order(order["name"])
    begin_polls(world)
    shop.refund(order, lines=ONE)
    found = poll_now(world, shop)
    assert (found.found, found.reason, found.failures) == (1, "", 0)
    (delivery,) = deliveries_of(world)
    assert (delivery.topic, delivery.order_ref) == ("poll", str(order["id"]))
    assert woken(world, "shopify", "process_delivery") == [delivery.id]
    work_off(world)
    refund = world.only_refund()
    assert (refund.state, refund.source_refund_id) == (State.POSTED, str(shop.refunds(order)[0]["id"]))
    assert netsuite.writes() == {"creditMemo": 1}
    assert poll_now(world, shop).found == 0
    assert len(deliveries_of(world)) == 1


def test_the_webhook_may_come_later_after_all(world: World, netsuite: Books, shop: Shop) -> None:
    order = shop.order()
    netsuite.order(order["name"])
    begin_polls(world)
    shop.refund(order, lines=ONE)
    poll_now(world, shop)
    work_off(world)
    (told,) = shop.refunds(order)
    late = make_seen(
        refund_id=str(told["id"]),
        order_id=str(order["id"]),
        order_name=order["name"],
        parts=(make_part(line_id=str(order["line_items"][0]["id"])),),
        payments=(make_payment(payment_id=str(told["transactions"][0]["id"])),),
    )
    assert world.tell(shop, late).state is DeliveryState.PROCESSED
    work_off(world)
    assert world.only_refund().state is State.POSTED
    assert netsuite.writes() == {"creditMemo": 1}
    assert poll_now(world, shop).found == 0


def test_what_a_webhook_told_is_not_found_again(world: World, netsuite: Books, shop: Shop) -> None:
    order = shop.order()
    begin_polls(world)
    shop.refund(order, lines=ONE)
    (told,) = shop.refunds(order)
    world.tell(shop, make_seen(refund_id=str(told["id"]), order_id=str(order["id"])))
    assert poll_now(world, shop).found == 0


def test_a_second_refund_of_an_order_is_found_though_the_first_was_told(
    world: World, netsuite: Books, shop: Shop
) -> None:
    order = shop.order()
    netsuite.order(order["name"])
    begin_polls(world)
    shop.refund(order, lines=ONE)
    poll_now(world, shop)
    work_off(world)
    shop.refund(order, lines=ONE)
    assert poll_now(world, shop).found == 1
    work_off(world)
    work_off(world)
    assert [refund.state for refund in world.refunds()] == [State.POSTED] * 2
    assert netsuite.writes() == {"creditMemo": 2}


def test_a_refund_that_is_older_than_the_account_is_read_and_left_alone(
    world: World, netsuite: Books, shop: Shop
) -> None:
    order = shop.order()
    begin_polls(world)
    shop.refund(order, lines=ONE)
    world.set(shop, created_at=utcnow() + MINUTE)
    poll_now(world, shop)
    work_off(world)
    assert world.refunds() == []
    (delivery,) = deliveries_of(world)
    assert delivery.state is DeliveryState.PROCESSED


def test_a_netsuite_refund_whose_user_event_was_lost_is_found_and_paid_once(
    world: World, netsuite: Books, outward: Shop
) -> None:
    order = outward.order()
    begin_polls(world)
    memo = netsuite.refund(netsuite.order(order["name"]))
    assert poll_now(world, netsuite).found == 1
    work_off(world)
    refund = world.only_refund()
    assert (refund.state, refund.source_refund_id) == (State.POSTED, memo)
    # The user event may come later after all, and so may the news of the refund that was made in the shop.
    world.tell(netsuite, changed("creditmemo", memo))
    poll_now(world, netsuite)
    poll_now(world, outward)
    work_off(world)
    assert outward.writes() == {"refundCreate": 1}
    assert [(each.origin, each.state, each.reason) for each in world.refunds()] == [
        ("netsuite", State.POSTED, "POSTED"),
        ("shopify", State.IGNORED, "ECHO"),
    ]
    assert netsuite.writes() == {}


def test_a_netsuite_refund_that_was_edited_is_read_again_and_one_that_was_not_is_not(
    world: World, netsuite: Books, outward: Shop
) -> None:
    begin_polls(world)
    memo = netsuite.refund(netsuite.order("#77"))
    poll_now(world, netsuite)
    work_off(world)
    waiting = world.only_refund()
    assert (waiting.state, waiting.reason) == (State.WAITING, "ORDER_NOT_SYNCED")
    assert poll_now(world, netsuite).found == 0
    make_older(world, waiting.id)
    netsuite.edit("creditMemo", memo, voided=True)
    assert poll_now(world, netsuite).found == 1
    work_off(world)
    refund = world.refund(waiting.id)
    assert (refund.state, refund.reason) == (State.IGNORED, "NO_MONEY_MOVED")


def make_older(world: World, refund_id: int) -> None:
    """Let some time have passed since a refund was read, and found by a poll."""
    world.change(refund_id, facts_at=utcnow() - 20 * MINUTE)
    with world.database.write() as session:
        session.execute(update(Delivery).values(delivery_key="earlier"))


def test_a_record_that_this_service_made_is_not_found(world: World, netsuite: Books, shop: Shop) -> None:
    world.add_shop(netsuite, "outward", direction=Direction.FROM_NETSUITE)
    order = shop.order()
    netsuite.order(order["name"])
    begin_polls(world)
    shop.refund(order, lines=ONE)
    poll_now(world, shop)
    work_off(world)
    assert netsuite.writes() == {"creditMemo": 1}
    assert poll_now(world, netsuite).found == 0


def test_refund_records_are_not_asked_for_where_no_account_wants_them(
    world: World, netsuite: Books, shop: Shop
) -> None:
    begin_polls(world)
    netsuite.refund(netsuite.order())
    assert poll_now(world, netsuite).found == 0
    assert netsuite.operations() == ["suiteql"] * 2  # its clock, and what was deleted


def test_a_sales_order_that_was_deleted_without_a_word_makes_its_refunds_discrepancies(
    world: World, netsuite: Books, shop: Shop
) -> None:
    order = shop.order()
    sold = netsuite.order(order["name"], billed="")
    begin_polls(world)
    shop.refund(order, lines=ONE)
    poll_now(world, shop)
    work_off(world)
    waiting = world.only_refund()
    assert (waiting.state, waiting.reason) == (State.WAITING, "NOT_BILLED")
    netsuite.delete("salesOrder", sold.id)
    assert poll_now(world, netsuite).found == 1
    work_off(world)
    refund = world.refund(waiting.id)
    assert (refund.state, refund.reason) == (State.DISCREPANCY, "ORDER_DELETED")
    assert world.links()[0].netsuite_state is OrderState.DELETED
    assert poll_now(world, netsuite).found == 0
    assert netsuite.writes() == {}


def test_a_netsuite_refund_that_was_deleted_without_a_word_is_not_paid(
    world: World, netsuite: Books, outward: Shop
) -> None:
    begin_polls(world)
    memo = netsuite.refund(netsuite.order("#77"))
    poll_now(world, netsuite)
    work_off(world)
    netsuite.delete("creditMemo", memo)
    poll_now(world, netsuite)
    work_off(world)
    refund = world.only_refund()
    assert (refund.state, refund.reason) == (State.IGNORED, "SOURCE_DELETED")


def test_money_that_was_pending_is_looked_at_again_when_the_order_changes(
    world: World, netsuite: Books, shop: Shop
) -> None:
    order = shop.order()
    netsuite.order(order["name"])
    begin_polls(world)
    shop.refund(order, lines=ONE, transactions=[{"amount": "20.00", "status": "pending"}])
    (told,) = shop.refunds(order)
    transaction = str(told["transactions"][0]["id"])
    seen = make_seen(refund_id=str(told["id"]), order_id=str(order["id"]), order_name=order["name"])
    world.tell(shop, seen.with_payment(seen.payments[0].id, seen.payments[0].state))
    refund = world.only_refund()
    world.change(refund.id, money_state="pending")
    shop.control.post(f"{shop.path}/transactions/{transaction}/status", {"status": "success"})
    assert poll_now(world, shop).found == 1


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
