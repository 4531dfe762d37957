"""Refunds that Shopify makes at once and pays later: followed to the end, and never made twice."""

from datetime import timedelta
from typing import Any

import pytest

from ledger.clock import utcnow
from ledger.models import Refund
from ledger.models.accounts import Direction
from ledger.states import State
from tests.support.racing import race
from tests.support.sandboxed import Books, Shop
from tests.support.world import World, changed
from workers.carry import carry

DAY = timedelta(days=1)


@pytest.fixture
def shop(world: World, netsuite: Books) -> Shop:
    """A shop whose refunds come from NetSuite, and whose payments take their time."""
    made = world.add_shop(netsuite, direction=Direction.FROM_NETSUITE)
    made.change(refund_status="pending")
    return made


@pytest.fixture
def order(shop: Shop) -> dict[str, Any]:
    """An order in the shop."""
    return shop.order(silent=True)


@pytest.fixture
def pending(world: World, netsuite: Books, shop: Shop, order: dict[str, Any]) -> Refund:
    """A refund that was made, and whose money is on its way."""
    world.tell(netsuite, changed("creditmemo", netsuite.refund(netsuite.order(order["name"]))))
    return world.only_refund()


def pay(shop: Shop, order: dict[str, Any], status: str) -> None:
    """Let the money of the order's first refund arrive, or not."""
    number = shop.refunds(order)[0]["transactions"][0]["id"]
    shop.control.post(f"{shop.path}/transactions/{number}/status", {"status": status})


def test_a_refund_whose_money_is_on_its_way_waits_with_what_was_made(
    world: World, shop: Shop, order: dict[str, Any], pending: Refund
) -> None:
    (made,) = shop.refunds(order)
    assert (pending.state, pending.reason) == (State.WAITING, "OUTCOME_PENDING")
    assert (pending.target_type, pending.target_id) == ("refund", str(made["id"]))
    assert (pending.write_began, pending.posted_at, pending.waiting_for) == (True, None, "OUTCOME_PENDING")
    assert pending.deadline_at is not None
    assert abs(pending.deadline_at - utcnow() - 30 * DAY) < DAY
    assert [attempt.outcome for attempt in world.attempts(pending.id)] == ["wait"]


def test_while_it_is_on_its_way_nothing_more_is_made(
    world: World, shop: Shop, order: dict[str, Any], pending: Refund
) -> None:
    for _ in range(3):
        refund = world.carry(pending.id)
        assert (refund.state, refund.reason) == (State.WAITING, "OUTCOME_PENDING")
    assert (refund.target_id, refund.tries) == (pending.target_id, 0)
    assert shop.writes() == {"refundCreate": 1}


def test_money_that_arrived_ends_the_wait(
    world: World, shop: Shop, order: dict[str, Any], pending: Refund
) -> None:
    pay(shop, order, "success")
    refund = world.carry(pending.id)
    assert (refund.state, refund.reason, refund.target_id) == (
        State.POSTED,
        "ALREADY_POSTED",
        pending.target_id,
    )
    assert refund.posted_at is not None
    assert shop.writes() == {"refundCreate": 1}


@pytest.mark.parametrize("status", ["failure", "error"])
def test_money_that_never_arrives_is_given_to_a_person(
    world: World, shop: Shop, order: dict[str, Any], pending: Refund, status: str
) -> None:
    pay(shop, order, status)
    refund = world.carry(pending.id)
    assert (refund.state, refund.reason) == (State.DISCREPANCY, "PAYMENT_FAILED")
    assert (refund.target_id, refund.due_at) == (pending.target_id, None)
    assert shop.writes() == {"refundCreate": 1}


def test_workers_that_look_at_the_outcome_at_once_make_nothing_more(
    world: World, shop: Shop, order: dict[str, Any], pending: Refund
) -> None:
    pay(shop, order, "success")
    world.change(pending.id, not_before=None)
    other = world.another()
    race(lambda: carry(world.runtime, pending.id), lambda: carry(other, pending.id))
    assert world.refund(pending.id).state is State.POSTED
    assert shop.writes() == {"refundCreate": 1}


def test_an_outcome_that_never_comes_is_an_error_in_the_end(
    world: World, shop: Shop, order: dict[str, Any], pending: Refund
) -> None:
    world.change(pending.id, deadline_at=utcnow() - DAY)
    refund = world.carry(pending.id)
    assert (refund.state, refund.reason, refund.target_id) == (
        State.ERROR,
        "OUTCOME_PENDING",
        pending.target_id,
    )
    assert refund.detail.startswith("waited 30 days")


def test_another_refund_of_the_order_is_made_meanwhile(
    world: World, netsuite: Books, shop: Shop, order: dict[str, Any], pending: Refund
) -> None:
    invoice = {"type": "invoice", "id": netsuite.records("invoice")[0]["id"]}
    body = {"from": invoice, "lines": [{"sku": "TSHIRT-M", "quantity": 1}]}
    memo = str(netsuite.control.post(f"{netsuite.path}/refunds", body)["id"])
    world.tell(netsuite, changed("creditmemo", memo))
    second = next(refund for refund in world.refunds() if refund.source_refund_id == memo)
    assert (second.state, second.reason) == (State.WAITING, "OUTCOME_PENDING")
    assert second.target_id not in {"", pending.target_id}
    assert shop.writes() == {"refundCreate": 2}


@pytest.mark.parametrize("status", ["failure", "error"])
def test_a_refund_whose_payment_fails_at_once_is_given_to_a_person(
    world: World, netsuite: Books, shop: Shop, order: dict[str, Any], status: str
) -> None:
    memo = netsuite.refund(netsuite.order(order["name"]))
    shop.fault("graphql:refundCreate", "reset", when="after")
    world.tell(netsuite, changed("creditmemo", memo))
    refund = world.only_refund()
    assert (refund.state, refund.reason) == (State.RETRYING, "UNKNOWN_OUTCOME")
    pay(shop, order, status)
    refund = world.carry(refund.id)
    assert (refund.state, refund.reason) == (State.DISCREPANCY, "PAYMENT_FAILED")
    assert refund.target_id == str(shop.refunds(order)[0]["id"])
    assert shop.writes() == {"refundCreate": 1}


def test_a_refund_whose_answer_was_lost_is_followed_like_any_other(
    world: World, netsuite: Books, shop: Shop, order: dict[str, Any]
) -> None:
    memo = netsuite.refund(netsuite.order(order["name"]))
    shop.fault("graphql:refundCreate", "reset", when="after")
    world.tell(netsuite, changed("creditmemo", memo))
    waiting = world.carry_through(world.only_refund().id)
    assert (waiting.state, waiting.reason) == (State.WAITING, "OUTCOME_PENDING")
    pay(shop, order, "success")
    assert world.carry(waiting.id).state is State.POSTED
    assert shop.writes() == {"refundCreate": 1}
