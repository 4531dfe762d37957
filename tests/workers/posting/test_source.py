"""Where a refund came from is looked at again before anything is written for it."""

from datetime import timedelta
from typing import Any

import pytest

from ledger import orders
from ledger.clock import utcnow
from ledger.events import MoneyState
from ledger.models import Refund
from ledger.models.accounts import Direction
from ledger.states import State
from tests.support.ledger import make_part, make_payment, make_seen
from tests.support.sandboxed import SHIRT, Books, Shop
from tests.support.world import World, changed, storefront_order, while_held
from workers.posting.source import FRESH
from workers.process import process

HOUR = timedelta(hours=1)
ONE = [{"sku": SHIRT, "quantity": 1}]
Json = dict[str, Any]


@pytest.fixture
def outward(world: World, netsuite: Books) -> Shop:
    """A shop whose refunds come from NetSuite."""
    return world.add_shop(netsuite, "outward", direction=Direction.FROM_NETSUITE)


@pytest.fixture
def pending(world: World, netsuite: Books, shop: Shop) -> tuple[int, Json]:
    """A refund whose money is on its way, and what the shop has of it."""
    order = shop.order(silent=True)
    netsuite.order(order["name"])
    shop.refund(order, lines=ONE, transactions=[{"amount": "20.00", "status": "pending"}], silent=True)
    (told,) = shop.refunds(order)
    seen = make_seen(
        refund_id=str(told["id"]),
        order_id=str(order["id"]),
        order_name=order["name"],
        parts=(make_part(line_id=str(order["line_items"][0]["id"])),),
        payments=(make_payment(payment_id=str(told["transactions"][0]["id"]), state=MoneyState.PENDING),),
    )
    world.tell(shop, seen)
    refund = world.only_refund()
    assert (refund.state, refund.reason) == (State.WAITING, "MONEY_PENDING")
    return refund.id, told


def settle(shop: Shop, told: Json, status: str) -> None:
    """Let a refund's money arrive, or not, without a word."""
    number = told["transactions"][0]["id"]
    shop.control.post(f"{shop.path}/transactions/{number}/status", {"status": status})


@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [("success", State.POSTED, "POSTED"), ("failure", State.IGNORED, "NO_MONEY_MOVED")],
)
def test_money_that_arrived_without_a_word_is_noticed(
    world: World,
    netsuite: Books,
    shop: Shop,
    pending: tuple[int, Json],
    status: str,
    state: State,
    reason: str,
) -> None:
    refund_id, told = pending
    settle(shop, told, status)
    refund = settled(world, refund_id)
    assert (refund.state, refund.reason) == (state, reason)
    assert netsuite.writes() == ({"creditMemo": 1} if status == "success" else {})


def test_money_that_is_still_on_its_way_is_waited_for(
    world: World, netsuite: Books, shop: Shop, pending: tuple[int, Json]
) -> None:
    refund_id, _ = pending
    asked = len(shop.operations())
    for _ in range(3):
        refund = world.carry(refund_id)
    assert (refund.state, refund.reason) == (State.WAITING, "MONEY_PENDING")
    assert len(shop.operations()) > asked
    assert netsuite.operations() == []


def test_a_shop_that_cannot_say_where_the_money_is_is_asked_again(
    world: World, netsuite: Books, shop: Shop, pending: tuple[int, Json]
) -> None:
    refund_id, told = pending
    settle(shop, told, "success")
    shop.fault("graphql:query", "throttle")
    assert world.carry(refund_id).reason == "RATE_LIMITED"
    assert settled(world, refund_id).state is State.POSTED
    shop_credentials_are_not_netsuites(world, netsuite)


def shop_credentials_are_not_netsuites(world: World, netsuite: Books) -> None:
    assert world.account(netsuite).paused_reason == ""


def test_credentials_that_the_shop_refuses_meanwhile_pause_the_shop_alone(
    world: World, netsuite: Books, shop: Shop, pending: tuple[int, Json]
) -> None:
    shop.change(access_token="shpat_revoked")
    assert world.carry(pending[0]).reason == "ACCOUNT_PAUSED"
    assert world.account(shop).paused_reason == "BAD_CREDENTIALS"
    assert world.account(netsuite).paused_reason == ""
    asked = len(shop.operations())
    world.carry(pending[0])
    assert len(shop.operations()) == asked


def settled(world: World, refund_id: int) -> Refund:
    """Carry a refund until no news makes it worth another look, as the scheduler would."""
    refund = world.carry_through(refund_id)
    while refund.state is State.SCHEDULED:
        refund = world.carry_through(refund_id)
    return refund


def waiting(world: World, netsuite: Books) -> tuple[int, str]:
    """Return a refund of NetSuite that waits for its order since long ago, and its memo's id."""
    memo = netsuite.refund(netsuite.order("#77"))
    world.tell(netsuite, changed("creditmemo", memo))
    refund = world.only_refund()
    assert (refund.state, refund.reason) == (State.WAITING, "ORDER_NOT_SYNCED")
    world.change(refund.id, facts_at=utcnow() - FRESH - HOUR)
    return refund.id, memo


def test_a_record_that_is_as_it_was_read_is_paid(world: World, netsuite: Books, outward: Shop) -> None:
    refund_id, _ = waiting(world, netsuite)
    order = outward.order(name="#77", silent=True)
    asked = len(netsuite.operations())
    refund = settled(world, refund_id)
    assert (refund.state, refund.reason) == (State.POSTED, "POSTED")
    assert netsuite.operations()[asked:] == ["suiteql"]
    assert len(outward.refunds(order)) == 1


def test_what_was_read_just_now_is_not_read_again(world: World, netsuite: Books, outward: Shop) -> None:
    refund_id, _ = waiting(world, netsuite)
    world.change(refund_id, facts_at=utcnow())
    outward.order(name="#77", silent=True)
    asked = len(netsuite.operations())
    assert world.carry(refund_id).state is State.POSTED
    assert len(netsuite.operations()) == asked


@pytest.mark.parametrize(("what", "reason"), [("deleted", "SOURCE_DELETED"), ("voided", "NO_MONEY_MOVED")])
def test_a_record_that_went_without_a_word_is_not_paid(
    world: World, netsuite: Books, outward: Shop, what: str, reason: str
) -> None:
    refund_id, memo = waiting(world, netsuite)
    order = outward.order(name="#77", silent=True)
    if what == "deleted":
        netsuite.delete("creditMemo", memo)
    else:
        netsuite.edit("creditMemo", memo, voided=True)
    refund = settled(world, refund_id)
    assert (refund.state, refund.reason) == (State.IGNORED, reason)
    assert outward.refunds(order) == []
    assert [attempt.outcome for attempt in world.attempts(refund_id)][:2] == ["wait", "reconsider"]


def test_a_record_that_was_edited_without_a_word_is_paid_as_it_is_now(
    world: World, netsuite: Books, outward: Shop
) -> None:
    refund_id, memo = waiting(world, netsuite)
    order = outward.order(name="#77", silent=True)
    line = {"line": 1, "quantity": 2, "amount": 40}
    netsuite.edit("creditMemo", memo, item={"items": [line]})
    refund = settled(world, refund_id)
    assert (refund.state, refund.amount_minor) == (State.POSTED, 4000)
    (made,) = outward.refunds(order)
    assert [str(each["amount"]) for each in made["transactions"]] == ["40.00"]


def test_a_record_that_changes_while_the_order_is_read_is_paid_as_it_is_then(
    world: World, netsuite: Books, outward: Shop
) -> None:
    refund_id, memo = waiting(world, netsuite)
    order = outward.order(name="#77", silent=True)
    with while_held(outward, "graphql:query", lambda: world.carry(refund_id), after=0):
        netsuite.delete("creditMemo", memo)
    assert world.refund(refund_id).reason == "SOURCE_DELETED"
    assert outward.refunds(order) == []


def test_an_amount_that_is_edited_while_it_is_looked_at_is_paid_as_it_is_then(
    world: World, netsuite: Books, outward: Shop
) -> None:
    refund_id, memo = waiting(world, netsuite)
    order = outward.order(name="#77", silent=True)
    edit = world.deliver(netsuite, changed("creditmemo", memo, "edit"))
    with while_held(netsuite, "suiteql", lambda: world.carry(refund_id), after=0, when="after"):
        netsuite.edit("creditMemo", memo, item={"items": [{"line": 1, "quantity": 2, "amount": 40}]})
        process(world.another(), edit)
    refund = settled(world, refund_id)
    assert (refund.state, refund.amount_minor) == (State.POSTED, 4000)
    assert [paid(each) for each in outward.refunds(order)] == ["40.00"]


def paid(made: Json) -> str:
    return str(made["transactions"][0]["amount"])


def test_a_record_whose_order_may_be_anothers_by_now_is_given_to_a_person(
    world: World, netsuite: Books, outward: Shop
) -> None:
    refund_id, _ = waiting(world, netsuite)
    order = outward.order(name="#77", silent=True)
    other = world.add_shop(netsuite, "other", direction=Direction.FROM_NETSUITE)
    world.tell(other, storefront_order({"id": "4711", "name": "#77"}))
    with world.database.write() as session:
        orders.ensure(session, outward.id, str(order["id"]), now=utcnow(), name="#77")
    refund = world.carry_through(refund_id)
    assert (refund.state, refund.reason) == (State.DISCREPANCY, "AMBIGUOUS_ORDER")
    assert outward.refunds(order) == []


def test_netsuite_that_cannot_be_asked_keeps_the_money_back(
    world: World, netsuite: Books, outward: Shop
) -> None:
    refund_id, _ = waiting(world, netsuite)
    order = outward.order(name="#77", silent=True)
    netsuite.fault("suiteql", "status")
    refund = world.carry(refund_id)
    assert (refund.state, refund.reason, refund.write_began) == (State.RETRYING, "TRANSIENT", False)
    assert outward.refunds(order) == []
    assert settled(world, refund_id).state is State.POSTED
