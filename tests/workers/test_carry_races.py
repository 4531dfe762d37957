"""Several workers, a person, and workers that die: every refund is written once, whoever comes in between."""

from datetime import datetime, timedelta

import pytest

from ledger import actions, attempts, orders, refunds
from ledger.clock import utcnow
from ledger.models import Account
from ledger.models.accounts import Direction
from ledger.refunds import LEASE
from ledger.states import IllegalTransitionError, State, Transition
from tests.support.ledger import make_refund, make_seen
from tests.support.racing import race
from tests.support.sandboxed import Books, Shop
from tests.support.world import World, changed, storefront_order, while_held
from workers.carry import carry
from workers.process import process


@pytest.fixture
def refund_id(world: World, netsuite: Books, shop: Shop) -> int:
    """A refund of a billed order, just recorded."""
    netsuite.order()
    return recorded(world, shop)


def recorded(world: World, shop: Shop) -> int:
    with world.database.write() as session:
        account = session.get_one(Account, shop.id)
        link = orders.ensure(session, shop.id, "450789469", now=utcnow(), name="#1001")
        return make_refund(session, account, link=link, now=utcnow()).id


def died(world: World, refund_id: int, *, at: datetime, writing: bool) -> None:
    """Leave a refund as a worker does that is killed at some time."""
    with world.database.write() as session:
        claimed = refunds.claim(session, refund_id, now=at)
        assert claimed is not None
        attempts.begin(session, claimed, now=at)
        if writing:
            claimed.write_began = True
            token = claimed.lease_token
            refunds.move(session, claimed, Transition.BEGIN, "POSTED", now=at, token=token)


def test_two_workers_at_once_write_one_record(world: World, netsuite: Books, refund_id: int) -> None:
    other = world.another()
    race(lambda: carry(world.runtime, refund_id), lambda: carry(other, refund_id))
    assert world.refund(refund_id).state is State.POSTED
    assert netsuite.writes() == {"creditMemo": 1}
    assert len(world.attempts(refund_id)) == 1


def test_one_refund_told_of_by_two_deliveries_at_once_is_written_once(
    world: World, netsuite: Books, shop: Shop
) -> None:
    netsuite.order()
    one = world.deliver(shop, make_seen())
    two = world.deliver(shop, make_seen(first_hand=False))
    other = world.another()
    race(lambda: world.process(one), lambda: process(other, two))
    refund = world.carry_through(world.only_refund().id)
    assert refund.state is State.POSTED
    assert netsuite.writes() == {"creditMemo": 1}


def test_a_refund_that_is_cancelled_before_the_write_is_not_written(
    world: World, netsuite: Books, refund_id: int
) -> None:
    with while_held(netsuite, "suiteql", lambda: world.carry(refund_id), after=0):
        world.act(actions.cancel, refund_id, note="paid in cash")
    refund = world.refund(refund_id)
    assert (refund.state, refund.reason) == (State.CANCELLED, "CANCELLED_BY_PERSON")
    assert not refund.write_began
    assert netsuite.operations() == ["suiteql"]
    (attempt,) = world.attempts(refund_id)
    assert attempt.ended_at is not None
    assert len(attempt.calls) == 1


def test_a_refund_that_is_being_written_cannot_be_cancelled(
    world: World, netsuite: Books, refund_id: int
) -> None:
    with (
        while_held(netsuite, "record:transform", lambda: world.carry(refund_id), after=1),
        pytest.raises(IllegalTransitionError),
    ):
        world.act(actions.cancel, refund_id)
    assert world.refund(refund_id).state is State.POSTED


def test_news_between_look_and_write_makes_the_worker_look_again(
    world: World, netsuite: Books, shop: Shop, refund_id: int
) -> None:
    news = make_seen(parts=(), first_hand=False)
    with while_held(netsuite, "suiteql", lambda: world.carry(refund_id), after=0):
        delivery = world.deliver(shop, news)
        other = world.another()
        process(other, delivery)
    # The other worker has carried it already, as it is by now.
    refund = world.refund(refund_id)
    assert refund.state is State.POSTED
    assert netsuite.writes() == {"creditMemo": 1}
    assert [line["item"]["id"] for line in netsuite.lines("creditMemo")] == ["902"]


def test_a_worker_whose_claim_was_taken_over_while_it_read_writes_nothing(
    world: World, netsuite: Books, refund_id: int
) -> None:
    with while_held(netsuite, "suiteql", lambda: world.carry(refund_id), after=0):
        world.change(refund_id, lease_until=utcnow() - timedelta(seconds=1))  # 90 seconds later
        carry(world.another(), refund_id)
        posted = world.refund(refund_id)
    assert posted.state is State.POSTED
    refund = world.refund(refund_id)
    assert (refund.state, refund.target_id) == (State.POSTED, posted.target_id)
    assert netsuite.writes() == {"creditMemo": 1}


def test_a_worker_whose_claim_was_taken_over_while_it_wrote_cannot_record(
    world: World, netsuite: Books, refund_id: int
) -> None:
    with while_held(netsuite, "record:transform", lambda: world.carry(refund_id), after=1):
        world.change(refund_id, lease_until=utcnow() - timedelta(seconds=1))
        carry(world.another(), refund_id)
        posted = world.refund(refund_id)
    # The late write then came after all, and NetSuite refused a second record with our key.
    refund = world.refund(refund_id)
    assert (refund.state, refund.reason) == (State.POSTED, "POSTED")
    assert (refund.target_id, refund.lease_token) == (posted.target_id, posted.lease_token)
    assert netsuite.writes() == {"creditMemo": 1}
    late, first = world.attempts(refund_id)
    assert (first.outcome, late.detail) == (
        "post",
        f"refund {refund_id} was taken over while it was worked on",
    )
    assert len(late.calls) == 2


def test_two_writes_on_their_way_at_once_leave_one_record_and_no_failure(
    world: World, netsuite: Books, refund_id: int
) -> None:
    other = world.another()
    with while_held(netsuite, "record:transform", lambda: world.carry(refund_id), after=1):
        world.change(refund_id, lease_until=utcnow() - timedelta(seconds=1))
        with while_held(netsuite, "record:transform", lambda: carry(other, refund_id), after=1):
            assert world.refund(refund_id).state is State.POSTING
    # One of them had to be refused, and it depends on which whether its worker has to look once more.
    refund = world.carry_through(refund_id)
    (memo,) = netsuite.records("creditMemo")
    assert (refund.state, refund.target_id) == (State.POSTED, str(memo["id"]))
    assert netsuite.writes() == {"creditMemo": 1}


def test_a_worker_that_died_is_not_disturbed_before_its_lease_is_over(
    world: World, netsuite: Books, refund_id: int
) -> None:
    died(world, refund_id, at=utcnow(), writing=True)
    assert world.carry(refund_id).state is State.POSTING
    assert netsuite.operations() == []


@pytest.mark.parametrize("writing", [False, True])
def test_a_worker_that_died_before_its_write_took_effect_is_taken_over(
    world: World, netsuite: Books, refund_id: int, *, writing: bool
) -> None:
    died(world, refund_id, at=utcnow() - LEASE, writing=writing)
    refund = world.carry(refund_id)
    assert (refund.state, refund.reason) == (State.POSTED, "POSTED")
    assert netsuite.operations() == ["suiteql", "record:transform"]
    assert [attempt.outcome for attempt in world.attempts(refund_id)] == ["abandoned", "post"]


def test_a_worker_that_died_after_its_write_took_effect_is_taken_over_without_another_write(
    world: World, netsuite: Books, shop: Shop
) -> None:
    order = netsuite.order()
    refund_id = recorded(world, shop)
    died(world, refund_id, at=utcnow() - LEASE, writing=True)
    memo = netsuite.refund(order, externalId=world.refund(refund_id).key)
    refund = world.carry(refund_id)
    assert (refund.state, refund.reason, refund.target_id) == (State.POSTED, "ALREADY_POSTED", memo)
    assert netsuite.writes() == {}


@pytest.mark.parametrize("how", ["order deleted", "sync off", "not billed any more"])
def test_a_write_that_took_effect_is_found_whatever_the_rules_say_by_now(
    world: World, netsuite: Books, shop: Shop, how: str
) -> None:
    order = netsuite.order()
    refund_id = recorded(world, shop)
    died(world, refund_id, at=utcnow() - LEASE, writing=True)
    memo = netsuite.refund(order, externalId=world.refund(refund_id).key)
    if how == "order deleted":
        world.tell(netsuite, changed("salesorder", order.id, "delete", other_ref_num="#1001"))
    elif how == "sync off":
        world.set(shop, sync_enabled=False)
    else:
        netsuite.edit("invoice", order.billed_id, voided=True)
    refund = world.carry(refund_id)
    assert (refund.state, refund.reason, refund.target_id) == (State.POSTED, "ALREADY_POSTED", memo)


def test_two_workers_at_once_make_one_refund_in_the_shop(world: World, netsuite: Books) -> None:
    shop = world.add_shop(netsuite, direction=Direction.FROM_NETSUITE)
    order = shop.order()
    world.tell(shop, storefront_order(order))
    memo = netsuite.refund(netsuite.order(order["name"]))
    event = changed("creditmemo", memo)
    one, two, other = world.deliver(netsuite, event), world.deliver(netsuite, event), world.another()
    race(lambda: world.process(one), lambda: process(other, two))
    assert world.carry_through(world.only_refund().id).state is State.POSTED
    assert shop.writes() == {"refundCreate": 1}


def test_a_refund_in_the_shop_that_outlived_its_worker_is_found_by_its_note(
    world: World, netsuite: Books
) -> None:
    shop = world.add_shop(netsuite, direction=Direction.FROM_NETSUITE)
    order = shop.order()
    world.tell(shop, storefront_order(order))
    memo = netsuite.refund(netsuite.order(order["name"]))
    delivery = world.deliver(netsuite, changed("creditmemo", memo))
    with while_held(shop, "graphql:refundCreate", lambda: world.process(delivery), after=2):
        held = world.only_refund()
        world.change(held.id, lease_until=utcnow() - timedelta(seconds=1))
        carry(world.another(), held.id)
        assert world.only_refund().state in {State.POSTED, State.RETRYING}
    refund = world.carry_through(held.id)
    assert refund.state is State.POSTED
    assert len(shop.refunds(order)) == 1
