"""What keeps money from going twice, to the wrong order, or nowhere, when several things happen at once."""

from ledger import pausing
from ledger.clock import utcnow
from ledger.events import RefundSeen
from ledger.models.accounts import Direction
from ledger.models.deliveries import DeliveryState
from ledger.states import State
from tests.support.ledger import make_payment, make_seen
from tests.support.racing import race
from tests.support.sandboxed import Books, Shop
from tests.support.world import World, changed, storefront_order
from workers.carry import carry
from workers.posting.settle import PAUSED_LOOK


def amount_only(number: str, amount: str) -> RefundSeen:
    """Return a refund of money without goods, which nothing but the order's total limits."""
    return make_seen(refund_id=number, parts=(), payments=(make_payment(amount, payment_id=f"7{number}"),))


def test_two_refunds_of_one_order_at_once_do_not_take_more_than_it_has(
    world: World, netsuite: Books, shop: Shop
) -> None:
    order = netsuite.order(billed="")  # of 100.00
    for number in ("1", "2"):
        world.tell(shop, amount_only(number, "60.00"))
    first, second = (refund.id for refund in world.refunds())
    netsuite.bill(order)
    for refund_id in (first, second):
        world.change(refund_id, not_before=None)
    other = world.another()
    race(lambda: carry(world.runtime, first), lambda: carry(other, second))
    ended = sorted(world.carry_through(refund_id).state for refund_id in (first, second))
    assert ended == [State.DISCREPANCY, State.POSTED]
    assert netsuite.writes() == {"creditMemo": 1}


def test_two_refunds_of_one_order_that_it_has_are_both_posted(
    world: World, netsuite: Books, shop: Shop
) -> None:
    order = netsuite.order(billed="")
    for number in ("1", "2"):
        world.tell(shop, amount_only(number, "50.00"))
    first, second = (refund.id for refund in world.refunds())
    netsuite.bill(order)
    for refund_id in (first, second):
        world.change(refund_id, not_before=None)
    other = world.another()
    race(lambda: carry(world.runtime, first), lambda: carry(other, second))
    assert {world.carry_through(refund_id).state for refund_id in (first, second)} == {State.POSTED}
    assert {refund.tries for refund in world.refunds()} == {0}
    assert netsuite.writes() == {"creditMemo": 2}


def test_a_refund_of_another_netsuite_order_with_the_same_number_is_not_paid_out(
    world: World, netsuite: Books
) -> None:
    shop = world.add_shop(netsuite, direction=Direction.FROM_NETSUITE)
    order = shop.order()
    world.tell(shop, storefront_order(order))
    mine = netsuite.refund(netsuite.order(order["name"]))
    assert world.tell(netsuite, changed("creditmemo", mine)).state is DeliveryState.PROCESSED
    another = netsuite.refund(netsuite.order(order["name"]))
    delivery = world.tell(netsuite, changed("creditmemo", another))
    assert (delivery.state, delivery.reason) == (DeliveryState.FAILED, "AMBIGUOUS_ORDER")
    assert world.only_refund().state is State.POSTED
    assert shop.writes() == {"refundCreate": 1}


def test_a_refund_that_may_be_of_a_paused_shop_waits_until_it_can_be_asked(
    world: World, netsuite: Books
) -> None:
    world.add_shop(netsuite, "other-shop", direction=Direction.FROM_NETSUITE)
    shop = world.add_shop(netsuite, direction=Direction.FROM_NETSUITE)
    order = shop.order()
    memo = netsuite.refund(netsuite.order(order["name"]))
    with world.database.write() as session:
        pausing.pause(session, world.account(shop), "SHOP_INACTIVE", "402", now=utcnow(), actor="test")
    delivery = world.tell(netsuite, changed("creditmemo", memo))
    assert (delivery.state, delivery.reason) == (DeliveryState.RECEIVED, "ACCOUNT_PAUSED")
    assert delivery.attempts == 0
    assert delivery.due_at is not None
    assert delivery.due_at > utcnow() + PAUSED_LOOK / 2
    with world.database.write() as session:
        account = session.merge(world.account(shop))
        assert pausing.resume(session, account, now=utcnow(), actor="test") == 1
    assert world.process(delivery.id).state is DeliveryState.PROCESSED
    assert world.only_refund().state is State.POSTED


def test_a_refund_whose_order_no_shop_has_stays_to_be_seen(world: World, netsuite: Books) -> None:
    for slug in ("one-shop", "other-shop"):
        world.add_shop(netsuite, slug, direction=Direction.FROM_NETSUITE)
    memo = netsuite.refund(netsuite.order("PHONE-17"))
    delivery = world.tell(netsuite, changed("creditmemo", memo))
    assert (delivery.state, delivery.reason) == (DeliveryState.RECEIVED, "ORDER_NOT_SYNCED")
    assert world.refunds() == []
