"""Magento through the real workers: what NetSuite's refunds become there."""

from decimal import Decimal
from pathlib import Path

import pytest

from ledger import actions, attempts, refunds
from ledger.clock import utcnow
from ledger.models.accounts import Direction
from ledger.refunds import LEASE
from ledger.states import State, Transition
from tests.support.carried_magento import credited, standing
from tests.support.sandboxed import SHIRT, Books
from tests.support.sandboxed_magento import Store
from tests.support.specs_magento import check_calls
from tests.support.world import World, changed
from workers.platforms.magento_storefront import MagentoStorefront

WRITTEN = {"creditmemo": 1, "gatewayRefund": 1}


@pytest.fixture
def refunder(world: World, netsuite: Books) -> Store:
    """A store whose refunds come from NetSuite."""
    return world.add_magento(netsuite, direction=Direction.FROM_NETSUITE)


def settled(world: World, refund_id: int) -> None:
    """Let the time pass in which Magento may still be working on a refund."""
    for attempt in world.attempts(refund_id):
        world.change_attempt(attempt.id, started_at=attempt.started_at - MagentoStorefront.shows_within)
    unanswered_at = world.refund(refund_id).unanswered_at
    assert unanswered_at is not None
    world.change(refund_id, unanswered_at=unanswered_at - MagentoStorefront.shows_within)


def test_a_credit_memo_becomes_one_in_magento(world: World, netsuite: Books, refunder: Store) -> None:
    order = refunder.order(lines=[{"sku": SHIRT, "qty": 5, "price": "20.00"}], shipping="5.00")
    refund = credited(world, netsuite, order, quantity=2)
    (memo,) = refunder.credit_memos(order)
    assert (*standing(refund), refund.target_id) == (State.POSTED, "POSTED", str(memo["entity_id"]))
    assert Decimal(str(memo["base_grand_total"])) == Decimal("40.00")
    assert [(each["sku"], each["qty"]) for each in memo["items"]] == [(SHIRT, 2)]
    assert memo["shipping_amount"] == 0
    (comment,) = memo["comments"]
    assert refund.key in comment["comment"].split()
    assert comment["is_visible_on_front"] == 0
    assert refunder.writes() == WRITTEN


def test_a_variant_is_refunded_by_the_line_of_its_product(
    world: World, netsuite: Books, refunder: Store
) -> None:
    order = refunder.order(
        lines=[{"sku": "TSHIRT", "qty": 5, "price": "20.00", "configurable_child_sku": SHIRT}]
    )
    assert standing(credited(world, netsuite, order)) == (State.POSTED, "POSTED")
    (memo,) = refunder.credit_memos(order)
    assert Decimal(str(memo["base_grand_total"])) == Decimal("20.00")


def test_what_is_refunded_twice_in_netsuite_is_refunded_twice_there(
    world: World, netsuite: Books, refunder: Store
) -> None:
    order = refunder.order()
    billed = netsuite.order(order["increment_id"])
    for _ in range(2):
        world.tell(netsuite, changed("creditmemo", netsuite.refund(billed)))
    assert [standing(each) for each in world.refunds()] == [(State.POSTED, "POSTED")] * 2
    assert len(refunder.credit_memos(order)) == 2


@pytest.mark.parametrize(
    ("kind", "when"),
    [("reset", "before"), *((kind, "after") for kind in ("reset", "status", "internal_error"))],
)
def test_a_write_that_fails_on_the_way_takes_effect_once(
    world: World, netsuite: Books, refunder: Store, kind: str, when: str
) -> None:
    order = refunder.order()
    refunder.fault("invoice:refund", kind, when=when)
    refund = credited(world, netsuite, order)
    assert standing(refund) == (State.RETRYING, "UNKNOWN_OUTCOME")
    settled(world, refund.id)
    done = world.carry_through(refund.id)
    (memo,) = refunder.credit_memos(order)
    assert (done.state, done.target_id) == (State.POSTED, str(memo["entity_id"]))
    assert refunder.writes() == WRITTEN


@pytest.mark.parametrize("kind", ["status", "internal_error"])
def test_a_shop_that_broke_down_is_asked_for_the_money_again_only_by_a_person(
    world: World, netsuite: Books, refunder: Store, kind: str
) -> None:
    order = refunder.order()
    refunder.fault("invoice:refund", kind)
    refund = credited(world, netsuite, order)
    assert standing(refund) == (State.RETRYING, "UNKNOWN_OUTCOME")
    # For a while it may go on with it all the same.
    assert standing(world.carry(refund.id)) == (State.WAITING, "OUTCOME_PENDING")
    settled(world, refund.id)
    unclear = world.carry(refund.id)
    assert standing(unclear) == (State.DISCREPANCY, "OUTCOME_UNCLEAR")
    assert "its payment gateway may have given the money back" in unclear.detail
    assert refunder.writes() == {}
    world.act(actions.retry, refund.id)
    assert standing(world.carry(refund.id)) == (State.POSTED, "POSTED")
    assert refunder.writes() == WRITTEN


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [("outlive", "may have given the money back"), ("outlive_noted", "gave money back (transaction ")],
)
def test_money_that_the_gateway_gave_back_before_php_died_is_never_given_twice(
    world: World, netsuite: Books, refunder: Store, behaviour: str, words: str
) -> None:
    order = refunder.order()
    refunder.change(gateway={"behaviour": behaviour})
    refund = credited(world, netsuite, order)
    refunder.change(gateway={"behaviour": "accept"})
    assert standing(refund) == (State.RETRYING, "UNKNOWN_OUTCOME")
    settled(world, refund.id)
    for _ in range(2):
        unclear = world.carry(refund.id)
    assert standing(unclear) == (State.DISCREPANCY, "OUTCOME_UNCLEAR")
    assert words in unclear.detail
    assert refunder.credit_memos(order) == []
    assert refunder.writes() == {"gatewayRefund": 1}


def test_what_the_gateway_gave_back_for_sure_is_not_given_again_by_a_retry(
    world: World, netsuite: Books, refunder: Store
) -> None:
    refunder.change(gateway={"behaviour": "outlive_noted"})
    refund = credited(world, netsuite, refunder.order())
    refunder.change(gateway={"behaviour": "accept"})
    assert standing(world.carry(refund.id)) == (State.DISCREPANCY, "OUTCOME_UNCLEAR")
    world.act(actions.retry, refund.id)
    assert standing(world.carry(refund.id)) == (State.DISCREPANCY, "OUTCOME_UNCLEAR")
    assert refunder.writes() == {"gatewayRefund": 1}


def test_a_refund_that_is_only_written_down_is_made_again_after_a_breakdown(
    world: World, netsuite: Books
) -> None:
    refunder = world.add_magento(netsuite, direction=Direction.FROM_NETSUITE, refund_method="offline")
    refunder.fault("order:refund", "internal_error")
    refund = credited(world, netsuite, refunder.order())
    settled(world, refund.id)
    assert standing(world.carry(refund.id)) == (State.POSTED, "POSTED")
    assert refunder.writes() == {"creditmemo": 1}


def test_a_worker_that_died_before_the_shop_was_asked_leaves_nothing_to_a_person(
    world: World, netsuite: Books, refunder: Store
) -> None:
    billed = netsuite.order("000000001")
    world.tell(netsuite, changed("creditmemo", netsuite.refund(billed)))
    refund = world.only_refund()
    order = refunder.order(increment_id="000000001")
    before = utcnow() - MagentoStorefront.shows_within - LEASE
    world.change(refund.id, not_before=None)
    with world.database.write() as session:
        claimed = refunds.claim(session, refund.id, now=before)
        assert claimed is not None
        attempts.begin(session, claimed, now=before)
        claimed.write_began, claimed.write_began_at, claimed.unanswered_at = True, before, before
        refunds.move(session, claimed, Transition.BEGIN, "POSTED", now=before, token=claimed.lease_token)
    assert standing(world.carry(refund.id)) == (State.POSTED, "POSTED")
    assert len(refunder.credit_memos(order)) == 1


def test_a_write_that_may_still_be_under_way_is_not_made_again(
    world: World, netsuite: Books, refunder: Store
) -> None:
    refunder.fault("invoice:refund", "reset")
    refund = credited(world, netsuite, refunder.order())
    assert standing(world.carry(refund.id)) == (State.WAITING, "OUTCOME_PENDING")
    assert refunder.writes() == {}
    settled(world, refund.id)
    assert standing(world.carry(refund.id)) == (State.POSTED, "POSTED")
    assert refunder.writes() == WRITTEN


def test_a_gateway_that_moved_no_money_is_a_discrepancy(
    world: World, netsuite: Books, refunder: Store
) -> None:
    refunder.change(gateway={"behaviour": "silent"})
    refund = credited(world, netsuite, refunder.order())
    assert standing(refund) == (State.DISCREPANCY, "REFUND_OFFLINE_ONLY")
    assert refund.target_id == "1"


def test_it_is_one_too_where_the_answer_was_lost(world: World, netsuite: Books, refunder: Store) -> None:
    refunder.change(gateway={"behaviour": "silent"})
    refunder.fault("invoice:refund", "reset", when="after")
    refund = credited(world, netsuite, refunder.order())
    assert standing(world.carry(refund.id)) == (State.DISCREPANCY, "REFUND_OFFLINE_ONLY")
    assert refunder.writes() == {"creditmemo": 1}


def test_a_gateway_that_declines_is_a_discrepancy(world: World, netsuite: Books, refunder: Store) -> None:
    refunder.change(gateway={"behaviour": "decline"})
    refund = credited(world, netsuite, refunder.order())
    assert standing(refund) == (State.DISCREPANCY, "OUTCOME_UNCLEAR")
    assert refunder.writes() == {}


def test_a_refund_that_could_not_be_looked_at_is_followed_to_its_end(
    world: World, netsuite: Books, refunder: Store
) -> None:
    order = refunder.order()
    refunder.fault("transactions:list", "status", status=503)
    refund = credited(world, netsuite, order)
    assert (*standing(refund), refund.target_id) == (State.WAITING, "OUTCOME_PENDING", "1")
    assert standing(world.carry(refund.id)) == (State.POSTED, "ALREADY_POSTED")
    assert refunder.writes() == WRITTEN


def test_an_account_may_only_write_refunds_down(world: World, netsuite: Books) -> None:
    refunder = world.add_magento(netsuite, direction=Direction.FROM_NETSUITE, refund_method="offline")
    order = refunder.order()
    assert standing(credited(world, netsuite, order)) == (State.POSTED, "POSTED")
    assert refunder.writes() == {"creditmemo": 1}
    assert "order:refund" in refunder.operations()


def test_a_refund_above_what_was_paid_is_a_discrepancy(
    world: World, netsuite: Books, refunder: Store
) -> None:
    order = refunder.order()
    refunder.refund(order, lines=[{"sku": SHIRT, "qty": 1}], adjustment_positive="75.00")
    assert standing(credited(world, netsuite, order)) == (State.DISCREPANCY, "OVER_REFUND")


def test_an_order_that_was_removed_is_a_discrepancy(world: World, netsuite: Books, refunder: Store) -> None:
    order = refunder.order()
    billed = netsuite.order(order["increment_id"])
    for expected in ((State.POSTED, "POSTED"), (State.DISCREPANCY, "ORDER_DELETED")):
        world.tell(netsuite, changed("creditmemo", netsuite.refund(billed)))
        assert standing(world.refunds()[-1]) == expected
        if expected[0] is State.POSTED:
            refunder.delete(order)
    assert refunder.writes() == WRITTEN


def test_an_order_that_is_not_there_yet_is_waited_for(world: World, netsuite: Books, refunder: Store) -> None:
    billed = netsuite.order("000000001")
    world.tell(netsuite, changed("creditmemo", netsuite.refund(billed)))
    refund = world.only_refund()
    assert standing(refund) == (State.WAITING, "ORDER_NOT_SYNCED")
    refunder.order(increment_id="000000001")
    assert standing(world.carry(refund.id)) == (State.POSTED, "POSTED")


def test_what_is_in_the_buyers_currency_is_refunded_in_the_shops(
    world: World, netsuite: Books, refunder: Store
) -> None:
    order = refunder.order(currency="EUR", rate="0.9")
    billed = netsuite.order(
        order["increment_id"], currency="EUR", lines=[{"sku": SHIRT, "quantity": 5, "rate": "18.00"}]
    )
    world.tell(netsuite, changed("creditmemo", netsuite.refund(billed)))
    assert standing(world.only_refund()) == (State.POSTED, "POSTED")
    (memo,) = refunder.credit_memos(order)
    assert [Decimal(str(memo[name])) for name in ("base_grand_total", "grand_total")] == [20, 18]


def test_a_shop_that_asks_for_patience_gets_it(world: World, netsuite: Books, refunder: Store) -> None:
    order = refunder.order()
    refunder.fault("orders:list", "status", status=429, headers={"Retry-After": "0"})
    refund = credited(world, netsuite, order)
    assert standing(refund) == (State.RETRYING, "RATE_LIMITED")
    assert standing(world.carry(refund.id)) == (State.POSTED, "POSTED")


def test_all_calls_are_of_the_api(world: World, netsuite: Books, refunder: Store, specs_dir: Path) -> None:
    order = refunder.order(shipping="5.00", shipping_tax_percent="8")
    credited(world, netsuite, order)
    assert check_calls(specs_dir, refunder.calls()) == len(refunder.operations())
    assert "invoice:refund" in refunder.operations()
