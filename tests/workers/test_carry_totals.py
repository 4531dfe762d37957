"""What NetSuite made of a refund is compared with what was meant, by one more call only where it computed."""

from decimal import Decimal

import pytest

from ledger import actions
from ledger.events import RefundSeen
from ledger.states import State
from tests.support.ledger import make_part, make_payment, make_seen
from tests.support.sandboxed import SHIRT, Books, Shop
from tests.support.world import World

TAXED = [{"sku": SHIRT, "quantity": 5, "rate": "20.00", "taxRate": "0.08"}]
THREE_CALLS = ["suiteql", "record:transform", "record:get"]


def taxed(tax: str = "1.60", refund_id: str = "509562969") -> RefundSeen:
    """Return a refund of a T-shirt with the tax that the shop gave back for it; NetSuite computes 1.60."""
    paid = make_payment(str(20 + Decimal(tax)))
    return make_seen(refund_id=refund_id, parts=(make_part(tax=tax),), payments=(paid,))


@pytest.mark.parametrize("tax", ["1.60", "1.55", "1.65"])
def test_a_record_that_comes_to_what_was_meant_but_for_cents_is_posted(
    world: World, netsuite: Books, shop: Shop, tax: str
) -> None:
    netsuite.order(lines=TAXED)
    world.tell(shop, taxed(tax))
    refund = world.only_refund()
    assert (refund.state, refund.reason, refund.detail) == (State.POSTED, "POSTED", "")
    assert netsuite.operations() == THREE_CALLS


def test_where_netsuite_computes_nothing_it_is_not_asked_again(
    world: World, netsuite: Books, shop: Shop
) -> None:
    netsuite.order()
    world.tell(shop, make_seen())
    assert world.only_refund().state is State.POSTED
    assert netsuite.operations() == THREE_CALLS[:2]


def test_a_record_that_comes_to_another_amount_is_there_and_for_a_person(
    world: World, netsuite: Books, shop: Shop
) -> None:
    netsuite.order(lines=TAXED)
    world.tell(shop, taxed("1.66"))
    refund = world.only_refund()
    (memo,) = netsuite.records("creditMemo")
    assert (refund.state, refund.reason) == (State.DISCREPANCY, "AMOUNT_DIFFERS")
    assert refund.detail == f"NetSuite's creditmemo {memo['id']} comes to 21.60 USD, the refund to 21.66 USD"
    assert (refund.target_type, refund.target_id) == ("creditmemo", str(memo["id"]))
    assert refund.transaction_type == "credit_memo"
    assert refund.posted_at is not None
    assert [attempt.outcome for attempt in world.attempts(refund.id)] == ["dispute"]


def test_a_difference_that_is_mended_in_netsuite_ends_by_a_retry_and_one_that_is_not_stays(
    world: World, netsuite: Books, shop: Shop
) -> None:
    netsuite.order(lines=TAXED)
    world.tell(shop, taxed("3.00"))
    refund = world.only_refund()
    world.act(actions.retry, refund.id)
    again = world.carry(refund.id)
    assert (again.state, again.reason, again.posted_at) == (
        State.DISCREPANCY,
        "AMOUNT_DIFFERS",
        refund.posted_at,
    )
    (memo,) = netsuite.records("creditMemo")
    netsuite.edit("creditMemo", str(memo["id"]), shippingCost=1.4)
    world.act(actions.retry, refund.id)
    mended = world.carry(refund.id)
    assert (mended.state, mended.reason) == (State.POSTED, "ALREADY_POSTED")
    assert netsuite.writes() == {"creditMemo": 1}


@pytest.mark.parametrize("kind", ["throttle", "reset", "internal_error"])
@pytest.mark.parametrize(
    ("tax", "state", "reason"),
    [("1.60", State.POSTED, "ALREADY_POSTED"), ("3.00", State.DISCREPANCY, "AMOUNT_DIFFERS")],
)
def test_a_total_that_netsuite_does_not_say_is_read_with_the_next_look(
    world: World, netsuite: Books, shop: Shop, kind: str, tax: str, state: State, reason: str
) -> None:
    netsuite.order(lines=TAXED)
    netsuite.fault("record:get", kind)
    world.tell(shop, taxed(tax))
    retried = world.only_refund()
    assert (retried.state, retried.reason) == (State.RETRYING, "UNKNOWN_OUTCOME")
    assert "was made, what it comes to is not known" in retried.detail
    refund = world.carry(retried.id)
    assert (refund.state, refund.reason) == (state, reason)
    assert netsuite.writes() == {"creditMemo": 1}
    assert netsuite.operations() == [*THREE_CALLS, "suiteql"]


def test_what_is_left_of_the_order_counts_a_record_that_differs(
    world: World, netsuite: Books, shop: Shop
) -> None:
    netsuite.order(lines=[{"sku": SHIRT, "quantity": 1, "rate": "20.00", "taxRate": "0.08"}])
    world.tell(shop, taxed("1.54"))
    world.tell(shop, taxed(refund_id="2"))
    first, second = world.refunds()
    assert first.reason == "AMOUNT_DIFFERS"
    assert (second.state, second.reason) == (State.DISCREPANCY, "OVER_REFUND")
