"""eBay through the real workers: what NetSuite's refunds become there."""

from datetime import timedelta
from decimal import Decimal

import pytest

from ledger import installation
from ledger.clock import utcnow
from ledger.models import Refund
from ledger.models.accounts import Direction
from ledger.states import State
from tests.support.carried_ebay import LINES, credited, refund_by_another_application, standing, touch
from tests.support.sandboxed import Books
from tests.support.sandboxed_ebay import EbaySeller
from tests.support.world import World, changed, while_held
from workers.platforms.ebay_storefront import EbayStorefront


@pytest.fixture
def refunder(world: World, netsuite: Books) -> EbaySeller:
    """A seller whose refunds come from NetSuite; eBay leaves a refund pending until somebody ends it."""
    return world.add_ebay(netsuite, direction=Direction.FROM_NETSUITE, seller={"refund_outcome": "PENDING"})


def test_a_credit_memo_becomes_a_refund_that_is_followed_to_its_end(
    world: World, netsuite: Books, refunder: EbaySeller
) -> None:
    order = refunder.order(lines=LINES)
    refund = credited(world, netsuite, order, quantity=2)
    assert standing(refund) == (State.WAITING, "OUTCOME_PENDING")
    (made,) = refunder.refunds(order)
    assert (made["refund"], made["comment"]) == (refund.target_id, refund.key)
    assert refunder.operations() == ["token", "getOrder", "issueRefund"]
    assert standing(world.carry(refund.id)) == (State.WAITING, "OUTCOME_PENDING")
    refunder.settle(made["refund"])
    done = world.carry(refund.id)
    assert (*standing(done), done.target_id) == (State.POSTED, "ALREADY_POSTED", made["refund"])
    assert refunder.refunded(order) == Decimal("40.00")
    assert refunder.writes() == {"issueRefund": 1}


def test_a_refund_that_ebay_fails_is_a_discrepancy(
    world: World, netsuite: Books, refunder: EbaySeller
) -> None:
    refund = credited(world, netsuite, refunder.order(lines=LINES))
    refunder.settle(refund.target_id, "FAILED")
    assert standing(world.carry(refund.id)) == (State.DISCREPANCY, "PAYMENT_FAILED")
    assert refunder.writes() == {"issueRefund": 1}


def test_a_refund_that_ebay_fails_at_once_is_one_too(
    world: World, netsuite: Books, refunder: EbaySeller
) -> None:
    refunder.fault("issueRefund", "status", status=200, body={"refundStatus": "FAILED"})
    refund = credited(world, netsuite, refunder.order())
    assert standing(refund) == (State.DISCREPANCY, "PAYMENT_FAILED")


def test_a_refund_that_ebay_took_and_does_not_show_is_not_made_again(
    world: World, netsuite: Books, refunder: EbaySeller
) -> None:
    order = refunder.order()
    refunder.fault(
        "issueRefund", "status", status=200, body={"refundStatus": "PENDING", "refundId": "5999999999"}
    )
    refund = credited(world, netsuite, order)
    for _ in range(3):
        refund = world.carry(refund.id)
        assert standing(refund) == (State.WAITING, "OUTCOME_PENDING")
    assert refunder.writes() == {}


def let_it_show(world: World, refund: Refund) -> None:
    """Let as much time pass after the last write as eBay may need to show what it did."""
    world.change(refund.id, unanswered_at=utcnow() - EbayStorefront.shows_within)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["reset", "status", "internal_error"])
def test_a_write_that_fails_on_the_way_takes_effect_once(
    world: World, netsuite: Books, refunder: EbaySeller, kind: str, when: str
) -> None:
    order = refunder.order(lines=LINES)
    refunder.fault("issueRefund", kind, when=when)
    refund = credited(world, netsuite, order)
    assert standing(refund) == (State.RETRYING, "UNKNOWN_OUTCOME")
    # Until eBay must show it, it is not asked for again.
    assert standing(world.carry(refund.id)) == (State.WAITING, "OUTCOME_PENDING")
    assert len(refunder.refunds(order)) == int(when == "after")
    let_it_show(world, refund)
    assert standing(world.carry(refund.id)) == (State.WAITING, "OUTCOME_PENDING")
    (made,) = refunder.refunds(order)
    refunder.settle(made["refund"])
    done = world.carry(refund.id)
    assert (done.state, done.target_id) == (State.POSTED, made["refund"])
    assert refunder.writes() == {"issueRefund": 1}


def test_a_write_that_is_not_answered_at_all_is_found(
    world: World, netsuite: Books, refunder: EbaySeller
) -> None:
    with world.database.write() as session:
        installation.store(session, "read_timeout_seconds", "1")
    order = refunder.order()
    refunder.fault("issueRefund", "stall", when="after")
    refund = credited(world, netsuite, order)
    assert standing(refund) == (State.RETRYING, "UNKNOWN_OUTCOME")
    assert standing(world.carry(refund.id)) == (State.WAITING, "OUTCOME_PENDING")
    assert refunder.writes() == {"issueRefund": 1}


def test_the_sellers_own_refund_of_the_same_amount_is_not_taken_for_ours(
    world: World, netsuite: Books, refunder: EbaySeller
) -> None:
    order = refunder.order()
    refunder.fault("issueRefund", "reset", when="before")
    refund = credited(world, netsuite, order)
    refunder.refund(order, amount="20.00")
    let_it_show(world, refund)
    assert standing(world.carry(refund.id)) == (State.WAITING, "OUTCOME_PENDING")
    assert refunder.refunded(order) == Decimal("40.00")


def test_where_two_may_be_ours_a_person_decides(world: World, netsuite: Books, refunder: EbaySeller) -> None:
    refunder.change(refund_outcome="REFUNDED")
    order = refunder.order(lines=LINES)
    refunder.fault("issueRefund", "reset", when="after")
    refund = credited(world, netsuite, order)
    refunder.state(order)  # the refund ends, so that another one may begin
    refund_by_another_application(refunder, order)
    assert standing(world.carry(refund.id)) == (State.DISCREPANCY, "OUTCOME_UNCLEAR")
    assert refunder.writes() == {"issueRefund": 2}


def test_two_refunds_of_one_order_and_amount_are_two(
    world: World, netsuite: Books, refunder: EbaySeller
) -> None:
    refunder.change(refund_outcome="REFUNDED")
    order = refunder.order(lines=LINES)
    imported = netsuite.order(order["orderId"])
    for _ in range(2):
        world.tell(netsuite, changed("creditmemo", netsuite.refund(imported)))
    for refund in world.refunds():
        world.carry_through(refund.id)
        assert world.carry(refund.id).state is State.POSTED
    first, second = world.refunds()
    assert first.target_id != second.target_id
    assert refunder.refunded(order) == Decimal("40.00")


def test_a_refund_in_flight_lets_the_next_one_wait(
    world: World, netsuite: Books, refunder: EbaySeller
) -> None:
    order = refunder.order()
    pending = refunder.refund(order, amount="5.00", status="PENDING")
    refund = credited(world, netsuite, order)
    assert standing(refund) == (State.RETRYING, "IN_PROGRESS")
    refunder.settle(pending)
    assert standing(world.carry(refund.id)) == (State.WAITING, "OUTCOME_PENDING")


def test_an_open_case_of_the_buyer_is_a_discrepancy(
    world: World, netsuite: Books, refunder: EbaySeller
) -> None:
    order = refunder.order()
    refunder.ask(order, "return")
    assert standing(credited(world, netsuite, order)) == (State.DISCREPANCY, "BUYER_CASE_OPEN")
    assert refunder.writes() == {}


def test_what_the_seller_gave_back_meanwhile_is_not_given_back_again(
    world: World, netsuite: Books, refunder: EbaySeller
) -> None:
    order = refunder.order()
    memo = netsuite.refund(netsuite.order(order["orderId"]), quantity=5)
    delivery = world.deliver(netsuite, changed("creditmemo", memo))
    with while_held(refunder, "issueRefund", lambda: world.process(delivery), after=2):
        refunder.refund(order)
    assert standing(world.only_refund()) == (State.DISCREPANCY, "OVER_REFUND")
    assert refunder.refunded(order) == Decimal("100.00")


def test_a_refund_above_what_is_left_is_not_even_asked_for(
    world: World, netsuite: Books, refunder: EbaySeller
) -> None:
    order = refunder.order()
    refunder.refund(order, amount="50.00")
    refund = credited(world, netsuite, order, quantity=3)
    assert standing(refund) == (State.DISCREPANCY, "OVER_REFUND")
    assert "issueRefund" not in refunder.operations()


def test_our_own_refund_on_ebay_is_not_carried_back(
    world: World, netsuite: Books, refunder: EbaySeller
) -> None:
    refunder.change(refund_outcome="REFUNDED")
    order = refunder.order(lines=LINES)
    posted = credited(world, netsuite, order)
    touch(world, refunder, order)
    assert [standing(each) for each in world.refunds() if each.origin == "ebay"] == [(State.IGNORED, "ECHO")]
    assert world.carry(posted.id).state is State.POSTED
    assert netsuite.writes() == {}


def test_an_order_that_ebay_never_had_is_waited_for(
    world: World, netsuite: Books, refunder: EbaySeller
) -> None:
    refund = credited(world, netsuite, {"orderId": "12-34567-89012"})
    assert standing(refund) == (State.WAITING, "ORDER_NOT_SYNCED")
    assert refunder.writes() == {}


def test_a_quota_that_is_used_up_is_waited_for(world: World, netsuite: Books, refunder: EbaySeller) -> None:
    order = refunder.order()
    refunder.fault("issueRefund", "throttle")
    refund = credited(world, netsuite, order)
    assert standing(refund) == (State.RETRYING, "RATE_LIMITED")
    assert refund.due_at is not None
    assert refund.due_at > utcnow() + timedelta(minutes=4)
    assert refunder.writes() == {}


def test_a_token_without_the_scope_for_money_pauses_the_account(world: World, netsuite: Books) -> None:
    scopes = ["https://api.ebay.com/oauth/api_scope", "https://api.ebay.com/oauth/api_scope/sell.fulfillment"]
    refunder = world.add_ebay(
        netsuite, direction=Direction.FROM_NETSUITE, seller={"scopes": scopes}, more={"scopes": scopes}
    )
    refund = credited(world, netsuite, refunder.order())
    assert standing(refund) == (State.WAITING, "ACCOUNT_PAUSED")
    assert world.account(refunder).paused_reason == "NO_PERMISSION"


def test_calls_are_written_down_without_persons_and_secrets(
    world: World, netsuite: Books, refunder: EbaySeller
) -> None:
    refund = credited(world, netsuite, refunder.order(buyer="pat_doe_1970"))
    (attempt,) = world.attempts(refund.id)
    shown = refunder.control.get(refunder.path)
    written = str(attempt.calls)
    assert "issue_refund" in written
    for hidden in ("pat_doe_1970", "Pat Doe", "123 Main Street", shown["client_secret"], "v^1.1"):
        assert hidden not in written
