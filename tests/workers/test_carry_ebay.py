"""eBay through the real workers: what its refunds become in NetSuite."""

from decimal import Decimal
from pathlib import Path

import pytest

from ledger.clock import utcnow
from ledger.events import OrderTouched
from ledger.models.accounts import Direction
from ledger.states import State
from tests.support.carried_ebay import LINES, credited, refund_by_another_application, standing, touch
from tests.support.sandboxed import Books
from tests.support.sandboxed_ebay import EbaySeller
from tests.support.specs_ebay import check_calls
from tests.support.world import World


@pytest.fixture
def seller(world: World, netsuite: Books) -> EbaySeller:
    """A seller whose refunds go to NetSuite."""
    return world.add_ebay(netsuite)


def test_a_refund_for_a_return_becomes_a_credit_memo(
    world: World, netsuite: Books, seller: EbaySeller
) -> None:
    order = seller.order()
    netsuite.order(order["orderId"])
    seller.refund(order, amount="20.00", **{"for": seller.ask(order, "return", quantity=1)})
    touch(world, seller, order)
    refund = world.only_refund()
    assert standing(refund) == (State.POSTED, "POSTED")
    (memo,) = netsuite.records("creditMemo")
    assert memo["externalId"] == refund.key
    assert Decimal(str(memo["total"])) == Decimal("20.00")
    (line,) = netsuite.lines("creditMemo")
    assert Decimal(str(line["quantity"])) == 1
    assert seller.operations() == ["token", "getOrder", "searchReturns"]


def test_an_order_that_is_touched_again_is_posted_once(
    world: World, netsuite: Books, seller: EbaySeller
) -> None:
    order = seller.order()
    netsuite.order(order["orderId"])
    seller.refund(order, amount="20.00", **{"for": seller.ask(order, "return")})
    touch(world, seller, order)
    touch(world, seller, order)
    assert standing(world.only_refund()) == (State.POSTED, "POSTED")
    assert netsuite.writes() == {"creditMemo": 1}


def test_a_refund_that_no_buyer_asked_for_is_a_discrepancy(
    world: World, netsuite: Books, seller: EbaySeller
) -> None:
    order = seller.order()
    netsuite.order(order["orderId"])
    seller.refund(order, amount="20.00")
    touch(world, seller, order)
    assert standing(world.only_refund()) == (State.DISCREPANCY, "BUYER_REQUEST_MISSING")
    assert netsuite.writes() == {}


def test_it_is_posted_where_the_account_does_not_mind(world: World, netsuite: Books) -> None:
    seller = world.add_ebay(netsuite, unrequested="post")
    order = seller.order()
    netsuite.order(order["orderId"], billed="cashSale")
    seller.refund(order, amount="20.00")
    touch(world, seller, order)
    assert standing(world.only_refund()) == (State.POSTED, "POSTED")
    assert netsuite.writes() == {"cashRefund": 1}


def test_a_partial_refund_goes_to_the_adjustment_item(world: World, netsuite: Books) -> None:
    seller = world.add_ebay(netsuite, unrequested="post")
    order = seller.order()
    netsuite.order(order["orderId"])
    seller.refund(order, amount="7.50")
    touch(world, seller, order)
    assert standing(world.only_refund()) == (State.POSTED, "POSTED")
    (memo,) = netsuite.records("creditMemo")
    assert Decimal(str(memo["total"])) == Decimal("7.50")
    assert [line["item"]["id"] for line in netsuite.lines("creditMemo")] == ["902"]


def test_money_that_is_pending_is_waited_for_and_posted_once_it_moved(world: World, netsuite: Books) -> None:
    seller = world.add_ebay(netsuite, unrequested="post", seller={"refund_outcome": "PENDING"})
    order = seller.order(lines=LINES)
    netsuite.order(order["orderId"])
    made = refund_by_another_application(seller, order)
    touch(world, seller, order)
    waiting = world.only_refund()
    assert standing(waiting) == (State.WAITING, "MONEY_PENDING")
    assert standing(world.carry(waiting.id)) == (State.WAITING, "MONEY_PENDING")
    seller.settle(made)
    touch(world, seller, order)
    assert standing(world.refund(waiting.id)) == (State.POSTED, "POSTED")
    assert netsuite.writes() == {"creditMemo": 1}


def test_money_that_never_moved_is_not_posted(world: World, netsuite: Books) -> None:
    seller = world.add_ebay(netsuite, unrequested="post", seller={"refund_outcome": "PENDING"})
    order = seller.order(lines=LINES)
    netsuite.order(order["orderId"])
    made = refund_by_another_application(seller, order)
    touch(world, seller, order)
    seller.settle(made, "FAILED")
    touch(world, seller, order)
    assert standing(world.only_refund()) == (State.IGNORED, "NO_MONEY_MOVED")
    assert netsuite.writes() == {}


def test_a_refund_that_was_announced_and_is_not_there_yet_is_looked_for_again(
    world: World, netsuite: Books, seller: EbaySeller
) -> None:
    order = seller.order()
    netsuite.order(order["orderId"])
    delivery = world.tell(seller, OrderTouched(order["orderId"], expected_at=utcnow()))
    assert delivery.reason == "ROWS_LATE"
    seller.refund(order, amount="20.00", **{"for": seller.ask(order, "return")})
    world.process(delivery.id)
    assert standing(world.only_refund()) == (State.POSTED, "POSTED")


def test_an_order_that_ebay_does_not_have_is_looked_for_again(world: World, seller: EbaySeller) -> None:
    delivery = world.tell(seller, OrderTouched("12-34567-89012"))
    assert delivery.reason == "NONEXISTENT_RECORD"
    assert world.refunds() == []


def test_a_consent_that_was_taken_back_pauses_the_account(
    world: World, netsuite: Books, seller: EbaySeller
) -> None:
    order = seller.order()
    seller.revoke()
    touch(world, seller, order)
    assert world.account(seller).paused_reason == "BAD_CREDENTIALS"
    assert world.account(netsuite).paused_reason == ""


def test_all_that_is_said_is_of_ebays_contracts(world: World, netsuite: Books, specs_dir: Path) -> None:
    seller = world.add_ebay(netsuite, selling_fees="post")
    order = seller.order(lines=LINES)
    netsuite.order(order["orderId"])
    seller.refund(order, amount="20.00", **{"for": seller.ask(order, "case")})
    touch(world, seller, order)
    assert standing(world.only_refund()) == (State.POSTED, "POSTED")
    refunder = world.add_ebay(netsuite, "refunder", direction=Direction.FROM_NETSUITE)
    credited(world, netsuite, refunder.order())
    check_calls(specs_dir, [*seller.calls(), *refunder.calls()])
    assert refunder.writes() == {"issueRefund": 1}
