"""What NetSuite tells of is carried in its storefront's queue: one that hangs holds up no other."""

from datetime import timedelta

import pytest

from ledger import due
from ledger.clock import utcnow
from ledger.models.accounts import Direction
from ledger.models.deliveries import DeliveryState
from ledger.queue import QUEUES, Waker, connect, open_queue
from ledger.states import State
from tests.support.sandboxed import Books
from tests.support.sandboxed_magento import Store
from tests.support.world import World, changed
from workers.process import process
from workers.scheduler import Scheduler


@pytest.fixture
def store(world: World, netsuite: Books) -> Store:
    """A store that gets NetSuite's refunds."""
    return world.add_magento(netsuite, direction=Direction.FROM_NETSUITE)


@pytest.fixture
def told(world: World, netsuite: Books, store: Store) -> int:
    """NetSuite's news of a credit memo for one of the store's orders."""
    order = store.order()
    number = netsuite.refund(netsuite.order(order["increment_id"]))
    return world.deliver(netsuite, changed("creditmemo", number))


def queued(world: World) -> dict[str, list[str]]:
    """Return what each queue that has any work is to do."""
    queues = [open_queue(name, world.runtime.redis) for name in QUEUES]
    return {queue.name: [str(job.description) for job in queue.jobs] for queue in queues if queue.jobs}


def test_netsuites_worker_leaves_the_refund_to_its_storefronts(world: World, store: Store, told: int) -> None:
    process(world.runtime, told)
    refund = world.only_refund()
    assert world.delivery(told).state is DeliveryState.PROCESSED
    assert refund.state is State.SCHEDULED
    assert store.operations() == []
    assert queued(world) == {"magento": [f"Carry refund {refund.id} of magento"]}


def test_the_scheduler_wakes_its_storefronts_worker_too(world: World, store: Store, told: int) -> None:
    worker = world.another()
    worker.waker = Waker(connect("redis://127.0.0.1:1", timeout=0.5))
    process(worker, told)
    refund = world.only_refund()
    assert (refund.state, queued(world)) == (State.SCHEDULED, {})
    world.change(refund.id, due_at=utcnow() - timedelta(seconds=1))
    assert Scheduler(world.runtime).sweep() == 1
    assert queued(world) == {"magento": [f"Carry refund {refund.id} of magento"]}


def test_nobody_is_woken_for_what_has_no_way_to_go(world: World, store: Store, told: int) -> None:
    world.process(told)
    refund = world.only_refund()
    assert refund.state is State.POSTED
    with world.database.read() as session:
        assert due.carried(session, [refund.id]) == due.carried(session, []) == []
