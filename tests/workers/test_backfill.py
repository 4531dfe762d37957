"""Backfills and dry runs over both platforms: everything of a period, once, whatever happens meanwhile."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from ledger import runs
from ledger.clock import utcnow
from ledger.models import Base, Finding, Run, RunKind, RunState
from ledger.models.accounts import Direction
from ledger.runs import LEASE
from ledger.schedule import TRIES
from ledger.states import State
from tests.support.racing import race
from tests.support.readers import Runs, work_off
from tests.support.sandboxed import SHIRT, TBA, Books, Shop, Tenant
from tests.support.world import World, changed, while_held
from workers import dry_run, running
from workers.process import process
from workers.rules.views import Action
from workers.scheduler import Scheduler

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ONE = [{"sku": SHIRT, "quantity": 1}]


pytestmark = pytest.mark.usefixtures("soon_over")


@pytest.fixture
def shop(world: World, netsuite: Books) -> Shop:
    """A shop that was connected after all that happened in it."""
    return world.add_shop(netsuite, now=utcnow() + HOUR)


@pytest.fixture
def outward(world: World, netsuite: Books) -> Shop:
    """A shop whose refunds come from NetSuite, connected as late."""
    return world.add_shop(netsuite, "outward", direction=Direction.FROM_NETSUITE, now=utcnow() + HOUR)


def refunded(netsuite: Books, shop: Shop, number: int = 1, **more: Any) -> list[str]:  # noqa: ANN401 - JSON
    """Let a shop refund some orders that are billed in NetSuite; return the refunds' ids."""
    orders = [shop.order(silent=True) for _ in range(number)]
    for order in orders:
        netsuite.order(order["name"], silent=True)
        shop.refund(order, lines=ONE, silent=True, **more)
    return [str(shop.refunds(order)[0]["id"]) for order in orders]


def credited(netsuite: Books, shop: Shop, number: int = 1) -> list[str]:
    """Let NetSuite credit some orders of a shop; return the memos' ids."""
    names = [shop.order(silent=True)["name"] for _ in range(number)]
    return [netsuite.refund(netsuite.order(name, silent=True), silent=True) for name in names]


def test_a_record_that_news_overtook_while_it_was_read_is_read_again(
    world: World, netsuite: Books, outward: Shop, people: Runs
) -> None:
    (memo,) = credited(netsuite, outward)
    world.add_shop(netsuite, "other", direction=Direction.FROM_NETSUITE)
    run = people.begin(outward, RunKind.BACKFILL)
    told = world.deliver(netsuite, changed("creditmemo", memo))
    # It has read the record, and asks the shops whose order it is.
    with while_held(outward, "graphql:query", lambda: running.work(world.runtime, run.id), after=0):
        netsuite.edit("creditMemo", memo, item={"items": [{"line": 1, "quantity": 2, "amount": 40}]})
        process(world.another(), told)
    put_off = people.get(run)
    assert (put_off.state, put_off.reason) == (RunState.RUNNING, "TRANSIENT")
    assert world.only_refund().amount_minor == 4000
    assert people.through(people.work(run)).state is RunState.DONE
    assert world.only_refund().amount_minor == 4000


def findings(people: Runs, run: Run) -> dict[str, tuple[Finding, str]]:
    """Return what a run said of each refund, by its id on its own side."""
    return {
        item.storefront_refund_id or item.netsuite_id: (item.finding, item.note) for item in people.items(run)
    }


def contents(world: World) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of every table but those of runs."""
    with world.database.read() as session:
        return {
            table.name: [tuple(row) for row in session.execute(select(table))]
            for table in Base.metadata.sorted_tables
            if table.name not in {"runs", "run_items"}
        }


def test_a_backfill_takes_over_what_is_older_than_the_connection_and_posts_it(
    world: World, netsuite: Books, shop: Shop, people: Runs
) -> None:
    ids = refunded(netsuite, shop, 3)
    run = people.done(shop, RunKind.BACKFILL)
    assert (run.found, run.taken, run.reason, run.done_until) == (3, 3, "", run.reaches_to)
    assert findings(people, run) == dict.fromkeys(ids, (Finding.NEW, ""))
    assert {refund.trace_id for refund in world.refunds()} == {run.trace_id}
    work_off(world)
    assert {(refund.source_refund_id, refund.state) for refund in world.refunds()} == {
        (number, State.POSTED) for number in ids
    }
    again = people.done(shop, RunKind.BACKFILL)
    assert (again.found, again.taken) == (3, 0)
    assert findings(people, again) == dict.fromkeys(ids, (Finding.KNOWN, ""))
    work_off(world)
    assert netsuite.writes() == {"creditMemo": 3}


def test_only_refunds_made_in_the_period_are_taken(
    world: World, netsuite: Books, shop: Shop, people: Runs
) -> None:
    refunded(netsuite, shop)
    now = utcnow()
    assert people.done(shop, RunKind.BACKFILL, since=now - 9 * DAY, until=now - 8 * DAY).found == 0
    assert world.refunds() == []


def test_an_order_that_changed_again_after_the_period_is_still_looked_at(
    world: World, netsuite: Books, shop: Shop, people: Runs
) -> None:
    refunded(netsuite, shop)
    (item,) = people.items(people.done(shop, RunKind.DRY_RUN))
    assert item.occurred_at is not None
    made = item.occurred_at
    run = people.done(shop, RunKind.BACKFILL, since=made - 3 * DAY, until=made + timedelta(seconds=1))
    assert (run.found, run.done_until) == (1, run.reaches_to)
    assert run.reaches_to > run.until - timedelta(seconds=2)


def test_a_backfill_takes_netsuites_refunds_where_they_come_from_there(
    world: World, netsuite: Books, outward: Shop, people: Runs
) -> None:
    memos = credited(netsuite, outward, 2)
    run = people.done(outward, RunKind.BACKFILL)
    assert (run.found, run.taken) == (2, 2)
    assert findings(people, run) == dict.fromkeys(memos, (Finding.NEW, ""))
    assert {item.netsuite_type for item in people.items(run)} == {"creditmemo"}
    work_off(world)
    assert {refund.source_refund_id: refund.state for refund in world.refunds()} == dict.fromkeys(
        memos, State.POSTED
    )
    again = people.done(outward, RunKind.BACKFILL)
    assert (again.found, again.taken) == (2, 0)
    assert outward.writes() == {"refundCreate": 2}


def test_netsuites_refunds_outside_the_period_are_left_alone(
    world: World, netsuite: Books, outward: Shop, people: Runs
) -> None:
    credited(netsuite, outward)
    now = utcnow()
    assert people.done(outward, RunKind.BACKFILL, since=now - 2 * DAY, until=now - DAY).found == 0


def test_a_backfill_takes_nothing_over_for_another_account(
    world: World, netsuite: Books, outward: Shop, people: Runs
) -> None:
    other = world.add_shop(netsuite, "other", direction=Direction.FROM_NETSUITE, now=utcnow() + HOUR)
    names = [each.order(name=f"#{each.slug}", silent=True)["name"] for each in (outward, other)]
    memos = [netsuite.refund(netsuite.order(name)) for name in names]
    run = people.done(outward, RunKind.BACKFILL)
    assert list(findings(people, run)) == memos[:1]
    assert [refund.source_refund_id for refund in world.refunds()] == memos[:1]
    assert list(findings(people, people.done(other, RunKind.DRY_RUN))) == memos[1:]


def test_a_record_whose_owner_cannot_be_told_is_passed_over(
    world: World, netsuite: Books, outward: Shop, people: Runs
) -> None:
    other = world.add_shop(netsuite, "other", direction=Direction.FROM_NETSUITE, now=utcnow() + HOUR)
    for each in (outward, other):
        each.order(name="#same", silent=True)
    netsuite.refund(netsuite.order("#same"))
    assert people.done(outward, RunKind.BACKFILL).found == 0
    assert world.refunds() == []


def test_records_that_belong_to_no_order_or_are_ours_are_passed_over(
    world: World, netsuite: Books, outward: Shop, people: Runs
) -> None:
    inward = world.add_shop(netsuite, "inward", now=utcnow() + HOUR)
    refunded(netsuite, inward)
    people.done(inward, RunKind.BACKFILL)
    work_off(world)
    assert netsuite.writes() == {"creditMemo": 1}
    netsuite.control.post(f"{netsuite.path}/standalonecreditmemo", {"amount": "5.00", "silent": True})
    assert people.done(outward, RunKind.BACKFILL).found == 0
    assert len(world.refunds()) == 1


def kill(world: World, run: Run) -> None:
    """Leave a run as a worker does that was killed after its last bit, before it could say so."""
    left = {"state": RunState.RUNNING, "done_until": run.since, "ended_at": None}
    with world.database.write() as session:
        session.execute(
            update(Run)
            .where(Run.id == run.id)
            .values(**left, lease_until=utcnow() - LEASE, due_at=utcnow() - LEASE)
        )


@pytest.mark.parametrize("source", ["shopify", "netsuite"])
def test_a_backfill_whose_worker_was_killed_goes_on_and_takes_everything_once(
    world: World, netsuite: Books, shop: Shop, outward: Shop, people: Runs, source: str
) -> None:
    owner, make = (shop, refunded) if source == "shopify" else (outward, credited)
    ids = make(netsuite, owner, 2)
    run = people.done(owner, RunKind.BACKFILL, since=utcnow() - 2 * DAY)
    ids += make(netsuite, owner, 1)
    kill(world, run)
    Scheduler(world.runtime).sweep()
    with world.database.write() as session:  # meanwhile there is one refund more
        session.execute(update(Run).values(reaches_to=utcnow() + timedelta(seconds=5)))
    done = people.through(run)
    assert (done.state, done.found, done.taken) == (RunState.DONE, 3, 3)
    assert sorted(findings(people, done)) == sorted(ids)
    assert sorted(refund.source_refund_id for refund in world.refunds()) == sorted(ids)
    work_off(world)
    work_off(world)
    written = netsuite.writes() if source == "shopify" else outward.writes()
    assert list(written.values()) == [3]


def test_what_changes_while_a_run_is_under_way_is_read_before_it_ends(
    world: World, netsuite: Books, shop: Shop, people: Runs
) -> None:
    run = people.begin(shop, RunKind.BACKFILL)
    with world.database.write() as session:
        session.execute(update(Run).values(reaches_to=utcnow() - HOUR / 2, until=utcnow() + HOUR))
    refunded(netsuite, shop)
    first = people.work(run)
    assert (first.state, first.found) == (RunState.RUNNING, 0)
    assert first.reaches_to > utcnow() - running.STILL
    with world.database.write() as session:  # tests do not wait until the second is over
        session.execute(update(Run).values(reaches_to=utcnow() + timedelta(seconds=5)))
    done = people.work(run)
    assert (done.state, done.found) == (RunState.DONE, 1)


def test_workers_that_work_on_a_run_at_once_take_everything_once(
    world: World, netsuite: Books, shop: Shop, people: Runs
) -> None:
    refunded(netsuite, shop, 3)
    run, other = people.begin(shop, RunKind.BACKFILL, since=utcnow() - 3 * DAY), world.another()
    while people.get(run).state is RunState.RUNNING:
        worked = race(lambda: running.work(world.runtime, run.id), lambda: running.work(other, run.id))
        assert any(worked)
    assert (people.get(run).found, people.get(run).taken) == (3, 3)
    assert len(world.refunds()) == 3


def test_a_worker_that_stood_still_leaves_the_run_to_who_took_it_over(
    world: World, netsuite: Books, shop: Shop, people: Runs
) -> None:
    refunded(netsuite, shop, 2)
    run, other = people.begin(shop, RunKind.BACKFILL), world.another()
    with while_held(shop, "graphql:query", lambda: running.work(world.runtime, run.id), after=0):
        with world.database.write() as session:
            session.execute(update(Run).values(lease_until=utcnow() - LEASE))
        assert running.work(other, run.id)
    done = people.get(run)
    assert (done.state, done.found, done.taken) == (RunState.DONE, 2, 2)
    assert "lease_lost" in [line["event"] for line in world.log]


def test_a_run_that_a_person_stops_takes_nothing_more(
    world: World, netsuite: Books, shop: Shop, people: Runs
) -> None:
    refunded(netsuite, shop, 3)
    run = people.begin(shop, RunKind.BACKFILL)
    with (
        while_held(shop, "graphql:query", lambda: running.work(world.runtime, run.id), after=0),
        world.database.write() as session,
    ):
        runs.stop(session, run.id, now=utcnow(), actor="cli:ada")
    stopped = people.get(run)
    assert stopped.state is RunState.STOPPED
    assert len(world.refunds()) <= 1  # the one whose order was being read
    assert not running.work(world.runtime, run.id)


@pytest.mark.parametrize("kind", ["status", "throttle", "reset"])
def test_a_run_goes_on_later_where_the_platform_fails_for_a_moment(
    world: World, netsuite: Books, shop: Shop, people: Runs, kind: str
) -> None:
    refunded(netsuite, shop)
    run = people.begin(shop, RunKind.BACKFILL)
    shop.fault("graphql:query", kind)
    put_off = people.work(run)
    assert put_off.state is RunState.RUNNING
    assert put_off.reason == ("RATE_LIMITED" if kind == "throttle" else "TRANSIENT")
    assert (put_off.tries, put_off.lease_until) == (1, None)
    assert put_off.not_before is not None
    assert put_off.not_before > utcnow() - HOUR
    done = people.through(run)
    assert (done.state, done.found, done.reason, done.tries) == (RunState.DONE, 1, "", 1)


def test_a_run_whose_platform_never_answers_fails_and_says_why(
    world: World, netsuite: Books, shop: Shop, people: Runs
) -> None:
    run = people.begin(shop, RunKind.BACKFILL)
    shop.fault("graphql:query", "status", times=50)
    while (run := people.work(run)).state is RunState.RUNNING:
        assert run.tries <= TRIES
    assert (run.state, run.reason, run.due_at) == (RunState.FAILED, "TRANSIENT", None)
    assert run.detail


def test_a_run_that_is_refused_fails_at_once(world: World, netsuite: Books, shop: Shop, people: Runs) -> None:
    run = people.begin(shop, RunKind.BACKFILL)
    shop.fault("graphql:query", "status", status=400)
    failed = people.work(run)
    assert (failed.state, failed.reason) == (RunState.FAILED, "REFUSED")


def test_a_run_that_breaks_says_so_and_is_tried_again(
    world: World, netsuite: Books, shop: Shop, people: Runs
) -> None:
    run = people.begin(shop, RunKind.BACKFILL)
    world.set(shop, settings={"of_another_version": 1})
    broken = people.work(run)
    assert (broken.state, broken.reason, broken.tries) == (RunState.RUNNING, "INTERNAL", 1)
    assert "crash" in [line["event"] for line in world.log]


@pytest.mark.parametrize("side", ["shop", "netsuite"])
def test_refused_credentials_pause_the_account_that_was_asked_and_the_run_waits(
    world: World, netsuite: Books, outward: Shop, people: Runs, side: str
) -> None:
    inward = world.add_shop(netsuite, "inward", now=utcnow() + HOUR)
    owner: Tenant = inward if side == "shop" else netsuite
    if side == "shop":
        inward.change(access_token="shpat_revoked")
    else:
        netsuite.change(tba=dict.fromkeys(TBA, "revoked"))
    run = people.work(people.begin(inward if side == "shop" else outward, RunKind.BACKFILL))
    assert (run.state, run.reason, run.tries) == (RunState.RUNNING, "BAD_CREDENTIALS", 0)
    assert world.account(owner).paused_reason == "BAD_CREDENTIALS"
    others = {world.account(each).paused_reason for each in (inward, outward, netsuite) if each is not owner}
    assert others == {""}
    waiting = people.work(run)
    assert (waiting.reason, waiting.detail, waiting.tries) == ("ACCOUNT_PAUSED", "BAD_CREDENTIALS", 0)
    assert waiting.not_before is not None
    assert waiting.not_before > utcnow() + running.PAUSED_LOOK / 2


def test_credentials_that_cannot_be_opened_pause_the_account(
    world: World, netsuite: Books, shop: Shop, people: Runs
) -> None:
    world.set(shop, credentials=b"sealed with another key")
    assert people.work(people.begin(shop, RunKind.BACKFILL)).reason == "BAD_CREDENTIALS"
    assert world.account(shop).paused_reason == "BAD_CREDENTIALS"


def test_a_period_with_too_much_in_it_is_read_in_smaller_bits(
    world: World, netsuite: Books, shop: Shop, people: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.platforms.shopify._MOST_PAGES", 1)
    for _ in range(26):  # one more than a page holds
        shop.refund(shop.order(silent=True), lines=ONE, silent=True)
    run = people.begin(shop, RunKind.BACKFILL, since=utcnow() - HOUR)
    strides = [run.stride]
    while (run := people.work(run)).state is RunState.RUNNING:
        strides.append(run.stride)
    # All of it happened within moments, so that no bit is small enough.
    assert (run.state, run.reason) == (RunState.FAILED, "REFUSED")
    assert run.done_until > run.since
    assert min(strides) <= 120 < max(strides)


@pytest.mark.parametrize("source", ["shopify", "netsuite"])
def test_a_dry_run_changes_nothing_and_lists_what_would_come_of_it(
    world: World, netsuite: Books, shop: Shop, outward: Shop, people: Runs, source: str
) -> None:
    owner, make = (shop, refunded) if source == "shopify" else (outward, credited)
    (known,) = make(netsuite, owner)
    people.done(owner, RunKind.BACKFILL)
    work_off(world)
    (new,) = make(netsuite, owner)
    before, written = contents(world), (netsuite.writes(), owner.writes())
    jobs = world.runtime.redis.dbsize()
    run = people.done(owner, RunKind.DRY_RUN)
    kind = "credit memo" if source == "shopify" else "refund"
    assert findings(people, run) == {
        known: (Finding.KNOWN, ""),
        new: (Finding.NEW, f"would be posted as {kind}"),
    }
    assert (run.found, run.taken) == (2, 0)
    after = contents(world)
    assert after.pop("audit_entries")[:-1] == before.pop("audit_entries")  # that the run was begun
    assert after == before
    assert (netsuite.writes(), owner.writes()) == written
    assert world.runtime.redis.dbsize() == jobs


def test_a_dry_run_says_why_what_would_not_be_posted(
    world: World, netsuite: Books, shop: Shop, people: Runs
) -> None:
    (posted,) = refunded(netsuite, shop)
    unknown, unbilled, free, deleted = (shop.order(silent=True) for _ in range(4))
    netsuite.order(unbilled["name"], billed="")
    for order in (unknown, unbilled, deleted):
        shop.refund(order, lines=ONE, silent=True)
    shop.refund(free, lines=ONE, transactions=[], silent=True)
    over = shop.order(silent=True)
    netsuite.order(over["name"], lines=[{"sku": SHIRT, "quantity": 1, "rate": "5.00"}])
    shop.refund(over, amount="90.00", silent=True)
    world.set(shop, settings={"review": True})
    ids = {order["name"]: str(shop.refunds(order)[0]["id"]) for order in (unknown, unbilled, over)}
    notes = {
        number: note for number, (_, note) in findings(people, people.done(shop, RunKind.DRY_RUN)).items()
    }
    assert notes[posted] == "would be posted as credit memo"
    assert notes[ids[unknown["name"]]].startswith("would wait: ORDER_NOT_SYNCED")
    assert notes[ids[unbilled["name"]]].startswith("would wait: NOT_BILLED")
    assert notes[ids[over["name"]]].startswith("would become a discrepancy: OVER_REFUND")
    assert world.refunds() == []
    assert world.links() == []


def test_a_dry_run_knows_an_order_that_was_deleted_before_it_was_linked(
    world: World, netsuite: Books, shop: Shop, people: Runs
) -> None:
    order = shop.order(silent=True)
    sold = netsuite.order(order["name"], billed="")
    netsuite.delete("salesOrder", sold.id)
    world.tell(netsuite, changed("salesorder", sold.id, "delete", other_ref_num=order["name"]))
    shop.refund(order, lines=ONE, silent=True)
    run = people.done(shop, RunKind.DRY_RUN)
    ((finding, note),) = findings(people, run).values()
    assert finding is Finding.NEW
    assert note.startswith("would become a discrepancy: ORDER_DELETED")
    people.done(shop, RunKind.BACKFILL)
    work_off(world)
    assert world.only_refund().reason == "ORDER_DELETED"


@pytest.mark.parametrize("side", ["shop", "netsuite"])
def test_a_dry_run_pauses_the_account_whose_credentials_are_refused(
    world: World, netsuite: Books, shop: Shop, people: Runs, side: str
) -> None:
    refunded(netsuite, shop)
    if side == "netsuite":
        netsuite.change(tba=dict.fromkeys(TBA, "revoked"))
    else:
        shop.change(access_token="shpat_revoked")
    run = people.work(people.begin(shop, RunKind.DRY_RUN))
    assert run.reason == "BAD_CREDENTIALS"
    paused = {each.slug: world.account(each).paused_reason for each in (shop, netsuite)}
    assert paused == {
        "shop": "BAD_CREDENTIALS" if side == "shop" else "",
        "books": "BAD_CREDENTIALS" if side == "netsuite" else "",
    }


def test_netsuite_credentials_of_another_shape_pause_netsuite_alone(
    world: World, netsuite: Books, shop: Shop, people: Runs
) -> None:
    refunded(netsuite, shop)
    world.set(netsuite, credentials=world.runtime.vault.seal({"auth": "basic"}))
    assert people.work(people.begin(shop, RunKind.DRY_RUN)).reason == "BAD_CREDENTIALS"
    assert world.account(netsuite).paused_reason == "BAD_CREDENTIALS"
    assert world.account(shop).paused_reason == ""


def test_a_refund_of_the_ledger_is_told_what_would_be_done_with_it(
    world: World, netsuite: Books, shop: Shop, people: Runs
) -> None:
    refunded(netsuite, shop)
    people.done(shop, RunKind.BACKFILL)
    refund, before = world.only_refund(), contents(world)
    decision = dry_run.would(world.runtime, refund.id)
    assert (decision.action, decision.target_type) == (Action.WRITE, "creditmemo")
    assert contents(world) == before
    world.carry(refund.id)
    assert dry_run.would(world.runtime, refund.id).action is Action.LINK
    world.set(shop, sync_enabled=False)
    world.change(refund.id, write_began=False)
    assert dry_run.would(world.runtime, refund.id).reason == "SYNC_OFF"
