"""Backfills of one account while another on the same books cannot be asked whose an order is."""

from datetime import timedelta
from typing import Final

import pytest
from sqlalchemy import update

from ledger.clock import utcnow
from ledger.models import Finding, Run, RunKind, RunState
from ledger.models.accounts import Direction
from tests.support.readers import Runs, work_off
from tests.support.sandboxed import Books, Shop
from tests.support.sandboxed_magento import Store
from tests.support.world import World

HOUR: Final = timedelta(hours=1)
OTHER_TOTAL: Final = [{"sku": "TSHIRT-M", "quantity": 5, "rate": "19.00"}]


pytestmark = pytest.mark.usefixtures("soon_over")


@pytest.fixture
def silent(world: World, netsuite: Books) -> Store:
    """A store that is paused."""
    store = world.add_magento(netsuite, "silent", direction=Direction.FROM_NETSUITE)
    world.set(store, paused_reason="BAD_CREDENTIALS")
    return store


@pytest.fixture
def shop(world: World, netsuite: Books) -> Shop:
    """A shop that was connected after all that happened in it."""
    return world.add_shop(netsuite, direction=Direction.FROM_NETSUITE, now=utcnow() + HOUR)


def test_its_own_refunds_are_taken_and_those_of_others_left_to_them(
    world: World, netsuite: Books, people: Runs, silent: Store, shop: Shop
) -> None:
    memo = netsuite.refund(netsuite.order(shop.order(silent=True)["name"], silent=True), silent=True)
    theirs = silent.order(silent=True)["increment_id"]
    netsuite.refund(netsuite.order(theirs, silent=True), silent=True)
    run = people.done(shop, RunKind.BACKFILL)
    work_off(world)
    assert (run.found, run.taken) == (1, 1)
    assert [(each.account_id, each.source_refund_id) for each in world.refunds()] == [(shop.id, memo)]


@pytest.mark.parametrize("kind", [RunKind.BACKFILL, RunKind.DRY_RUN])
def test_a_refund_that_may_be_somebody_elses_is_left_to_a_person_and_says_so(
    world: World, netsuite: Books, people: Runs, silent: Store, shop: Shop, kind: RunKind
) -> None:
    number = shop.order(silent=True)["name"]
    memo = netsuite.refund(netsuite.order(number, lines=OTHER_TOTAL, silent=True), silent=True)
    run = people.done(shop, kind)
    (item,) = people.items(run)
    assert (item.netsuite_id, item.order_name, item.finding) == (memo, number, Finding.NEW)
    assert item.note.startswith("OWNER_UNSURE shop has an order of that number, but 100.00 USD")
    assert item.note.endswith(f"{silent.slug} cannot be asked")
    assert (run.found, run.taken, world.refunds()) == (1, 0, [])


def test_a_store_that_may_answer_soon_is_waited_for_no_longer_than_a_poll(
    world: World, netsuite: Books, people: Runs, silent: Store, shop: Shop
) -> None:
    world.set(silent, paused_reason="")
    silent.fault("*", "status", status=503, times=500)
    netsuite.refund(netsuite.order(shop.order(silent=True)["name"], silent=True), silent=True)
    run = people.through(people.begin(shop, RunKind.BACKFILL))
    assert (run.state, run.reason, world.refunds()) == (RunState.RUNNING, "TRANSIENT", [])
    with world.database.write() as session:
        session.execute(update(Run).values(created_at=utcnow() - timedelta(minutes=15)))
    run = people.through(people.work(run))
    assert (run.state, run.taken) == (RunState.DONE, 1)
