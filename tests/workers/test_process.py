from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from ledger import deliveries, pausing
from ledger.clock import utcnow
from ledger.deliveries import LEASE
from ledger.events import RefundSeen
from ledger.models import Delivery, NetSuiteAccount
from ledger.models.accounts import Direction
from ledger.models.deliveries import DeliveryState
from ledger.schedule import TRIES
from ledger.states import State
from tests.support.ledger import make_part, make_seen
from tests.support.racing import race
from tests.support.sandboxed import TBA, Books, Shop
from tests.support.world import World, changed, storefront_order, while_held
from workers.process import process


@pytest.fixture
def memo(netsuite: Books) -> str:
    """A credit memo of an order that a shop may have."""
    return netsuite.refund(netsuite.order())


def contradictory() -> RefundSeen:
    """Return a refund of parts in two currencies, so that recording it fails."""
    return make_seen(refund_id="2", parts=(make_part(), make_part(currency="EUR")))


def died(world: World, delivery_id: int, *, times: int) -> None:
    """Leave a delivery as workers do that are killed over it, again and again."""
    for number in range(times, 0, -1):
        with world.database.write() as session:
            assert deliveries.claim(session, delivery_id, now=utcnow() - LEASE * number) is not None


def test_a_delivery_is_taken_once_though_two_workers_get_it(
    world: World, netsuite: Books, shop: Shop
) -> None:
    netsuite.order()
    delivery_id, other = world.deliver(shop, make_seen()), world.another()
    race(lambda: process(world.runtime, delivery_id), lambda: process(other, delivery_id))
    delivery = world.delivery(delivery_id)
    assert (delivery.state, delivery.attempts) == (DeliveryState.PROCESSED, 1)
    assert world.only_refund().state is State.POSTED
    assert [entry.action for entry in world.audit("refund")] == ["record", "begin", "post"]


def test_a_delivery_that_is_done_is_not_taken_again(world: World, netsuite: Books, shop: Shop) -> None:
    netsuite.order()
    delivery = world.tell(shop, make_seen())
    again = world.process(delivery.id)
    assert (again.attempts, again.lease_token) == (delivery.attempts, delivery.lease_token)
    assert netsuite.operations() == ["suiteql", "record:transform"]


def test_a_delivery_that_is_done_says_so(world: World, netsuite: Books, shop: Shop) -> None:
    netsuite.order()
    delivery = world.tell(shop, make_seen())
    assert (delivery.state, delivery.reason, delivery.due_at) == (DeliveryState.PROCESSED, "", None)
    assert delivery.processed_at is not None


def test_the_trace_of_a_delivery_goes_on_to_its_refund(world: World, netsuite: Books, shop: Shop) -> None:
    netsuite.order()
    delivery = world.tell(shop, make_seen())
    refund = world.only_refund()
    assert refund.trace_id == delivery.trace_id
    assert {entry.trace_id for entry in world.audit("refund")} == {delivery.trace_id}


def test_a_worker_that_dies_leaves_the_delivery_claimable_and_nothing_half_done(
    world: World, netsuite: Books, shop: Shop
) -> None:
    netsuite.order()
    delivery_id = world.deliver(shop, make_seen())
    died(world, delivery_id, times=1)
    assert world.refunds() == []
    delivery = world.process(delivery_id)
    assert (delivery.state, delivery.attempts) == (DeliveryState.PROCESSED, 2)
    assert world.only_refund().state is State.POSTED


def test_a_delivery_under_way_is_left_to_who_has_it(world: World, shop: Shop) -> None:
    delivery_id = world.deliver(shop, make_seen())
    with world.database.write() as session:
        deliveries.claim(session, delivery_id, now=utcnow())
    assert world.process(delivery_id).attempts == 1
    assert world.refunds() == []


def test_all_of_a_delivery_counts_or_nothing(world: World, shop: Shop) -> None:
    delivery = world.tell(shop, make_seen(), contradictory())
    assert (delivery.state, delivery.reason) == (DeliveryState.RECEIVED, "INTERNAL")
    assert delivery.due_at is not None
    assert world.refunds() == []
    assert world.links() == []
    assert world.audit("refund") == []


@pytest.mark.parametrize("broken", ["work", "event"])
def test_an_unexpected_failure_is_tried_again_and_given_up_for_all_to_see(
    world: World, shop: Shop, broken: str
) -> None:
    delivery_id = world.deliver(shop, contradictory())
    if broken == "event":  # of an earlier version, say
        with world.database.write() as session:
            session.get_one(Delivery, delivery_id).events = [{"event": "refund_heard"}]
    for number in range(1, TRIES):
        delivery = world.process(delivery_id)
        assert (delivery.state, delivery.attempts) == (DeliveryState.RECEIVED, number)
        assert delivery.lease_until is None
    delivery = world.process(delivery_id)
    assert (delivery.state, delivery.reason, delivery.due_at) == (DeliveryState.FAILED, "INTERNAL", None)
    assert delivery.detail
    assert [line["event"] for line in world.log if line["log_level"] == "error"] == ["crash"] * TRIES


def test_a_delivery_that_kills_its_worker_each_time_is_given_up_for_all_to_see(
    world: World, netsuite: Books, shop: Shop
) -> None:
    delivery_id = world.deliver(shop, make_seen())
    died(world, delivery_id, times=TRIES)
    delivery = world.process(delivery_id)
    assert (delivery.state, delivery.reason) == (DeliveryState.FAILED, "INTERNAL")
    assert world.refunds() == []


def test_a_push_whose_record_cannot_be_read_is_put_off_and_given_up_for_all_to_see(
    world: World, netsuite: Books, shop: Shop, memo: str
) -> None:
    netsuite.fault("suiteql", "status", times=TRIES)
    delivery_id = world.deliver(netsuite, changed("creditmemo", memo))
    for number in range(TRIES - 1):
        before = utcnow()
        delivery = world.process(delivery_id)
        assert (delivery.state, delivery.reason) == (DeliveryState.RECEIVED, "TRANSIENT")
        assert delivery.due_at is not None
        longest = min(8 * 3600, 30 * 3**number)
        assert before <= delivery.due_at <= utcnow() + timedelta(seconds=longest)
    delivery = world.process(delivery_id)
    assert (delivery.state, delivery.reason, delivery.due_at) == (DeliveryState.FAILED, "TRANSIENT", None)
    assert delivery.detail.startswith("503")
    assert world.refunds() == []


def test_a_push_whose_record_can_be_read_again_is_carried(
    world: World, netsuite: Books, shop: Shop, memo: str
) -> None:
    netsuite.fault("suiteql", "reset")
    delivery_id = world.deliver(netsuite, changed("creditmemo", memo))
    assert world.process(delivery_id).state is DeliveryState.RECEIVED
    assert world.process(delivery_id).state is DeliveryState.PROCESSED
    assert world.only_refund().reason == "WRONG_DIRECTION"


def test_a_push_while_netsuite_is_busy_is_put_off_a_little(
    world: World, netsuite: Books, shop: Shop, memo: str
) -> None:
    netsuite.fault("suiteql", "throttle")
    delivery = world.tell(netsuite, changed("creditmemo", memo))
    assert (delivery.state, delivery.reason) == (DeliveryState.RECEIVED, "RATE_LIMITED")
    assert delivery.due_at is not None
    assert delivery.due_at <= utcnow() + timedelta(seconds=2)


def test_refused_credentials_pause_the_account_and_the_push_waits_until_it_is_resumed(
    world: World, netsuite: Books, shop: Shop, memo: str
) -> None:
    netsuite.change(tba=dict.fromkeys(TBA, "revoked"))
    delivery_id = world.deliver(netsuite, changed("creditmemo", memo))
    assert world.process(delivery_id).reason == "BAD_CREDENTIALS"
    assert world.account(netsuite).paused_reason == "BAD_CREDENTIALS"
    calls = netsuite.operations()
    waiting = world.process(delivery_id)
    assert (waiting.state, waiting.reason, waiting.detail) == (
        DeliveryState.RECEIVED,
        "ACCOUNT_PAUSED",
        "BAD_CREDENTIALS",
    )
    assert netsuite.operations() == calls
    netsuite.change(tba=TBA)
    with world.database.write() as session:
        account = session.get_one(NetSuiteAccount, netsuite.id)
        assert pausing.resume(session, account, now=utcnow(), actor="cli:ada") == 1
    woken = world.delivery(delivery_id).due_at
    assert woken is not None
    assert woken <= utcnow()
    assert world.process(delivery_id).state is DeliveryState.PROCESSED


def test_the_looks_at_a_paused_account_are_no_tries(
    world: World, netsuite: Books, shop: Shop, memo: str
) -> None:
    with world.database.write() as session:
        account = session.get_one(NetSuiteAccount, netsuite.id)
        pausing.pause(session, account, "BAD_CREDENTIALS", "", now=utcnow(), actor="cli:ada")
    delivery_id = world.deliver(netsuite, changed("creditmemo", memo))
    for _ in range(TRIES + 1):
        assert world.process(delivery_id).state is DeliveryState.RECEIVED
    with world.database.write() as session:
        pausing.resume(session, session.get_one(NetSuiteAccount, netsuite.id), now=utcnow(), actor="cli:ada")
    netsuite.fault("suiteql", "status")
    delivery = world.process(delivery_id)
    assert (delivery.state, delivery.reason, delivery.attempts) == (DeliveryState.RECEIVED, "TRANSIENT", 1)


def test_a_storefronts_push_does_not_mind_a_paused_netsuite_account(
    world: World, netsuite: Books, shop: Shop
) -> None:
    with world.database.write() as session:
        account = session.get_one(NetSuiteAccount, netsuite.id)
        pausing.pause(session, account, "BAD_CREDENTIALS", "", now=utcnow(), actor="cli:ada")
    assert world.tell(shop, make_seen()).state is DeliveryState.PROCESSED
    assert world.only_refund().reason == "ACCOUNT_PAUSED"


def test_a_worker_whose_delivery_was_taken_over_records_nothing(
    world: World, netsuite: Books, shop: Shop, memo: str
) -> None:
    event = changed("creditmemo", memo)
    delivery_id = world.deliver(netsuite, event)
    with (
        while_held(netsuite, "suiteql", lambda: world.process(delivery_id), after=0),
        world.database.write() as session,
    ):
        delivery = session.get_one(Delivery, delivery_id)
        deliveries.replay(session, delivery, (event,), now=utcnow(), actor="cli:ada")
    assert world.refunds() == []
    delivery = world.delivery(delivery_id)
    assert (delivery.state, delivery.reason, delivery.attempts) == (DeliveryState.RECEIVED, "", 0)
    assert [line["outcome"] for line in world.log if line["event"] == "worked_off"] == ["lease_lost"]
    assert world.process(delivery_id).state is DeliveryState.PROCESSED
    assert len(world.refunds()) == 1


def test_a_slow_worker_does_not_put_off_what_another_has_done(
    world: World, netsuite: Books, shop: Shop, memo: str
) -> None:
    delivery_id = world.deliver(netsuite, changed("creditmemo", memo))
    with while_held(netsuite, "suiteql", lambda: world.process(delivery_id), after=0):
        with world.database.write() as session:
            session.get_one(Delivery, delivery_id).lease_until = utcnow() - timedelta(seconds=1)
        process(world.another(), delivery_id)
        netsuite.change(tba=dict.fromkeys(TBA, "revoked"))
    delivery = world.delivery(delivery_id)
    assert (delivery.state, delivery.due_at) == (DeliveryState.PROCESSED, None)


def test_news_of_a_record_that_is_ours_is_taken_without_reading_it(
    world: World, netsuite: Books, shop: Shop
) -> None:
    netsuite.order()
    world.tell(shop, make_seen())
    posted = world.only_refund()
    calls = netsuite.operations()
    world.tell(netsuite, changed("creditmemo", posted.target_id, external_id=posted.key))
    assert netsuite.operations() == calls
    assert [(each.origin, each.reason) for each in world.refunds()][1:] == [("netsuite", "ECHO")]


TWO = {"items": [{"line": 1, "quantity": 2, "amount": 40}]}


@pytest.mark.parametrize("is_known", [False, True])
def test_of_two_edits_at_once_the_newer_stays_however_late_the_older_was_read(
    world: World,
    netsuite: Books,
    memo: str,
    is_known: bool,  # noqa: FBT001 - a parameter of pytest
) -> None:
    world.add_shop(netsuite, direction=Direction.FROM_NETSUITE)
    if is_known:
        world.tell(netsuite, changed("creditmemo", memo))
    asked = len(netsuite.operations())
    first, second = (world.deliver(netsuite, changed("creditmemo", memo, "edit")) for _ in range(2))
    work = lambda: world.process(first)  # noqa: E731 - read in another thread
    with while_held(netsuite, "suiteql", work, after=0, when="after"):
        netsuite.edit("creditMemo", memo, item=TWO)
        process(world.another(), second)
        assert world.only_refund().amount_minor == 4000
    assert world.only_refund().amount_minor == 4000
    assert netsuite.operations()[asked:] == ["suiteql"] * 3  # the first one's was thrown away
    assert {world.delivery(each).state for each in (first, second)} == {DeliveryState.PROCESSED}


def test_news_that_is_overtaken_again_and_again_is_put_off(
    world: World, netsuite: Books, memo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add_shop(netsuite, direction=Direction.FROM_NETSUITE)
    monkeypatch.setattr("workers.process._LOOKS", 1)
    first, second = (world.deliver(netsuite, changed("creditmemo", memo)) for _ in range(2))
    with while_held(netsuite, "suiteql", lambda: world.process(first), after=0, when="after"):
        process(world.another(), second)
    put_off = world.delivery(first)
    assert (put_off.state, put_off.reason) == (DeliveryState.RECEIVED, "TRANSIENT")
    assert world.process(first).state is DeliveryState.PROCESSED


def test_every_refund_of_a_delivery_is_carried_though_one_of_them_breaks(
    world: World, netsuite: Books, shop: Shop
) -> None:
    netsuite.order()
    first, second = make_seen(refund_id="1", first_hand=False), make_seen(refund_id="2", first_hand=False)
    broken = replace(first, parts=(replace(make_part(), quantity=Decimal("NaN")),))
    world.tell(shop, storefront_order({"id": "450789469", "name": "#1001"}), broken, second)
    assert [(each.state, each.reason) for each in world.refunds()] == [
        (State.RETRYING, "INTERNAL"),
        (State.POSTED, "POSTED"),
    ]


def test_a_storefront_account_is_not_paused_by_what_netsuite_says_of_another(
    world: World, netsuite: Books, memo: str
) -> None:
    outward = world.add_shop(netsuite, direction=Direction.FROM_NETSUITE)
    others = world.add_books("other-books")
    netsuite.change(tba=dict.fromkeys(TBA, "revoked"))
    world.tell(netsuite, changed("creditmemo", memo))
    assert world.account(others).paused_reason == world.account(outward).paused_reason == ""
