"""Backfills and dry runs of Amazon, eBay and Magento: listed first, then taken over once, and posted."""

from datetime import timedelta

import pytest

from ledger import runs
from ledger.clock import utcnow
from ledger.models import Finding, Run, RunKind, RunState
from ledger.models.accounts import Direction
from ledger.runs import LEASE
from ledger.states import State
from tests.support.readers import Runs, work_off
from tests.support.sandboxed import Books
from tests.support.selling import PLATFORMS, opened, refunded, sold, soon
from tests.support.world import World
from workers.scheduler import Scheduler

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

pytestmark = pytest.mark.parametrize("platform", PLATFORMS)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    soon(monkeypatch)


def listed(people: Runs, run: Run) -> dict[str, tuple[Finding, str]]:
    """Return what a run says of each refund, by its id on its own side."""
    return {
        each.storefront_refund_id or each.netsuite_id: (each.finding, each.note) for each in people.items(run)
    }


def test_a_dry_run_lists_what_a_backfill_takes_over_and_posts(
    world: World, netsuite: Books, people: Runs, platform: str
) -> None:
    tenant = opened(world, netsuite, platform, ago=-HOUR)
    invoiced, paid, unheard_of = (sold(tenant) for _ in range(3))
    netsuite.order(invoiced.number, silent=True)
    netsuite.order(paid.number, billed="cashSale", silent=True)
    memo, cash, waiting = (refunded(tenant, each) for each in (invoiced, paid, unheard_of))

    dry = people.done(tenant, RunKind.DRY_RUN)

    assert listed(people, dry) == {
        memo: (Finding.NEW, "would be posted as credit memo"),
        cash: (Finding.NEW, "would be posted as cash refund"),
        waiting: (Finding.NEW, "would wait: ORDER_NOT_SYNCED"),
    }
    assert (dry.found, dry.taken, world.refunds(), netsuite.writes()) == (3, 0, [], {})

    run = people.done(tenant, RunKind.BACKFILL)

    assert (run.found, run.taken, run.done_until) == (3, 3, run.reaches_to)
    assert listed(people, run) == dict.fromkeys((memo, cash, waiting), (Finding.NEW, ""))
    work_off(world)
    assert {each.source_refund_id: each.state for each in world.refunds()} == {
        memo: State.POSTED,
        cash: State.POSTED,
        waiting: State.WAITING,
    }
    again = people.done(tenant, RunKind.BACKFILL)
    assert (again.found, again.taken) == (3, 0)
    work_off(world)
    assert netsuite.writes() == {"creditMemo": 1, "cashRefund": 1}


def test_a_backfill_that_a_killed_worker_left_goes_on_from_where_it_had_come(
    world: World, netsuite: Books, people: Runs, platform: str
) -> None:
    tenant = opened(world, netsuite, platform, ago=-HOUR)
    sales = [sold(tenant) for _ in range(2)]
    for sale in sales:
        netsuite.order(sale.number, silent=True)
    ids = sorted(refunded(tenant, sale) for sale in sales)
    run = people.begin(tenant, RunKind.BACKFILL, since=utcnow() - 2 * DAY)
    first = people.work(run)
    assert (first.state, first.found, first.done_until) == (RunState.RUNNING, 0, run.since + DAY)
    with world.database.write() as session:  # what a worker leaves that is killed over the next bit
        assert runs.claim(session, run.id, now=utcnow() - LEASE) is not None

    Scheduler(world.runtime).sweep()
    done = people.through(run)

    assert (done.state, done.found, done.taken, done.done_until) == (RunState.DONE, 2, 2, done.reaches_to)
    assert sorted(listed(people, done)) == ids
    work_off(world)
    assert sorted(each.source_refund_id for each in world.refunds()) == ids
    assert netsuite.writes() == {"creditMemo": 2}


def test_a_backfill_takes_over_netsuites_refunds_where_they_come_from_there(
    world: World, netsuite: Books, people: Runs, platform: str
) -> None:
    tenant = opened(world, netsuite, platform, Direction.FROM_NETSUITE, ago=-HOUR)
    memos = [netsuite.refund(netsuite.order(sold(tenant).number, silent=True), silent=True) for _ in range(2)]

    dry = people.done(tenant, RunKind.DRY_RUN)
    run = people.done(tenant, RunKind.BACKFILL)

    assert (dry.found, dry.taken) == (2, 0)
    assert {finding for finding, _ in listed(people, dry).values()} == {Finding.NEW}
    assert (run.found, run.taken) == (2, 2)
    assert listed(people, run) == dict.fromkeys(memos, (Finding.NEW, ""))
    assert [(each.origin, each.account_id) for each in world.refunds()] == [("netsuite", tenant.id)] * 2
