"""What no webhook told of, found by asking: both platforms over real HTTP."""

from sqlalchemy import update

from ledger.clock import utcnow
from ledger.models import Delivery, OrderState
from ledger.models.accounts import Direction
from ledger.models.deliveries import DeliveryState
from ledger.states import State
from tests.support.ledger import make_part, make_payment, make_seen
from tests.support.readers import begin_polls, deliveries_of, poll_now, work_off
from tests.support.sandboxed import Books, Shop
from tests.support.world import World, changed
from tests.workers.polling.helpers import MINUTE, ONE, woken


def test_a_shops_refund_whose_webhook_was_lost_is_found_and_posted_once(
    world: World, netsuite: Books, shop: Shop
) -> None:
    order = shop.order()
    netsuite.order(order["name"])
    begin_polls(world)
    shop.refund(order, lines=ONE)
    found = poll_now(world, shop)
    assert (found.found, found.reason, found.failures) == (1, "", 0)
    (delivery,) = deliveries_of(world)
    assert (delivery.topic, delivery.order_ref) == ("poll", str(order["id"]))
    assert woken(world, "shopify", "process_delivery") == [delivery.id]
    work_off(world)
    refund = world.only_refund()
    assert (refund.state, refund.source_refund_id) == (State.POSTED, str(shop.refunds(order)[0]["id"]))
    assert netsuite.writes() == {"creditMemo": 1}
    assert poll_now(world, shop).found == 0
    assert len(deliveries_of(world)) == 1


def test_the_webhook_may_come_later_after_all(world: World, netsuite: Books, shop: Shop) -> None:
    order = shop.order()
    netsuite.order(order["name"])
    begin_polls(world)
    shop.refund(order, lines=ONE)
    poll_now(world, shop)
    work_off(world)
    (told,) = shop.refunds(order)
    late = make_seen(
        refund_id=str(told["id"]),
        order_id=str(order["id"]),
        order_name=order["name"],
        parts=(make_part(line_id=str(order["line_items"][0]["id"])),),
        payments=(make_payment(payment_id=str(told["transactions"][0]["id"])),),
    )
    assert world.tell(shop, late).state is DeliveryState.PROCESSED
    work_off(world)
    assert world.only_refund().state is State.POSTED
    assert netsuite.writes() == {"creditMemo": 1}
    assert poll_now(world, shop).found == 0


def test_what_a_webhook_told_is_not_found_again(world: World, netsuite: Books, shop: Shop) -> None:
    order = shop.order()
    begin_polls(world)
    shop.refund(order, lines=ONE)
    (told,) = shop.refunds(order)
    world.tell(shop, make_seen(refund_id=str(told["id"]), order_id=str(order["id"])))
    assert poll_now(world, shop).found == 0


def test_a_second_refund_of_an_order_is_found_though_the_first_was_told(
    world: World, netsuite: Books, shop: Shop
) -> None:
    order = shop.order()
    netsuite.order(order["name"])
    begin_polls(world)
    shop.refund(order, lines=ONE)
    poll_now(world, shop)
    work_off(world)
    shop.refund(order, lines=ONE)
    assert poll_now(world, shop).found == 1
    work_off(world)
    work_off(world)
    assert [refund.state for refund in world.refunds()] == [State.POSTED] * 2
    assert netsuite.writes() == {"creditMemo": 2}


def test_a_refund_that_is_older_than_the_account_is_read_and_left_alone(
    world: World, netsuite: Books, shop: Shop
) -> None:
    order = shop.order()
    begin_polls(world)
    shop.refund(order, lines=ONE)
    world.set(shop, created_at=utcnow() + MINUTE)
    poll_now(world, shop)
    work_off(world)
    assert world.refunds() == []
    (delivery,) = deliveries_of(world)
    assert delivery.state is DeliveryState.PROCESSED


def test_a_netsuite_refund_whose_user_event_was_lost_is_found_and_paid_once(
    world: World, netsuite: Books, outward: Shop
) -> None:
    order = outward.order()
    begin_polls(world)
    memo = netsuite.refund(netsuite.order(order["name"]))
    assert poll_now(world, netsuite).found == 1
    work_off(world)
    refund = world.only_refund()
    assert (refund.state, refund.source_refund_id) == (State.POSTED, memo)
    # The user event may come later after all, and so may the news of the refund that was made in the shop.
    world.tell(netsuite, changed("creditmemo", memo))
    poll_now(world, netsuite)
    poll_now(world, outward)
    work_off(world)
    assert outward.writes() == {"refundCreate": 1}
    assert [(each.origin, each.state, each.reason) for each in world.refunds()] == [
        ("netsuite", State.POSTED, "POSTED"),
        ("shopify", State.IGNORED, "ECHO"),
    ]
    assert netsuite.writes() == {}


def test_a_netsuite_refund_that_was_edited_is_read_again_and_one_that_was_not_is_not(
    world: World, netsuite: Books, outward: Shop
) -> None:
    begin_polls(world)
    memo = netsuite.refund(netsuite.order("#77"))
    poll_now(world, netsuite)
    work_off(world)
    waiting = world.only_refund()
    assert (waiting.state, waiting.reason) == (State.WAITING, "ORDER_NOT_SYNCED")
    assert poll_now(world, netsuite).found == 0
    make_older(world, waiting.id)
    netsuite.edit("creditMemo", memo, voided=True)
    assert poll_now(world, netsuite).found == 1
    work_off(world)
    refund = world.refund(waiting.id)
    assert (refund.state, refund.reason) == (State.IGNORED, "NO_MONEY_MOVED")


def make_older(world: World, refund_id: int) -> None:
    """Let some time have passed since a refund was read, and found by a poll."""
    world.change(refund_id, facts_at=utcnow() - 20 * MINUTE)
    with world.database.write() as session:
        session.execute(update(Delivery).values(delivery_key="earlier"))


def test_a_record_that_this_service_made_is_not_found(world: World, netsuite: Books, shop: Shop) -> None:
    world.add_shop(netsuite, "outward", direction=Direction.FROM_NETSUITE)
    order = shop.order()
    netsuite.order(order["name"])
    begin_polls(world)
    shop.refund(order, lines=ONE)
    poll_now(world, shop)
    work_off(world)
    assert netsuite.writes() == {"creditMemo": 1}
    assert poll_now(world, netsuite).found == 0


def test_refund_records_are_not_asked_for_where_no_account_wants_them(
    world: World, netsuite: Books, shop: Shop
) -> None:
    begin_polls(world)
    netsuite.refund(netsuite.order())
    assert poll_now(world, netsuite).found == 0
    assert netsuite.operations() == ["suiteql"] * 2  # its clock, and what was deleted


def test_a_sales_order_that_was_deleted_without_a_word_makes_its_refunds_discrepancies(
    world: World, netsuite: Books, shop: Shop
) -> None:
    order = shop.order()
    sold = netsuite.order(order["name"], billed="")
    begin_polls(world)
    shop.refund(order, lines=ONE)
    poll_now(world, shop)
    work_off(world)
    waiting = world.only_refund()
    assert (waiting.state, waiting.reason) == (State.WAITING, "NOT_BILLED")
    netsuite.delete("salesOrder", sold.id)
    assert poll_now(world, netsuite).found == 1
    work_off(world)
    refund = world.refund(waiting.id)
    assert (refund.state, refund.reason) == (State.DISCREPANCY, "ORDER_DELETED")
    assert world.links()[0].netsuite_state is OrderState.DELETED
    assert poll_now(world, netsuite).found == 0
    assert netsuite.writes() == {}


def test_a_netsuite_refund_that_was_deleted_without_a_word_is_not_paid(
    world: World, netsuite: Books, outward: Shop
) -> None:
    begin_polls(world)
    memo = netsuite.refund(netsuite.order("#77"))
    poll_now(world, netsuite)
    work_off(world)
    netsuite.delete("creditMemo", memo)
    poll_now(world, netsuite)
    work_off(world)
    refund = world.only_refund()
    assert (refund.state, refund.reason) == (State.IGNORED, "SOURCE_DELETED")


def test_money_that_was_pending_is_looked_at_again_when_the_order_changes(
    world: World, netsuite: Books, shop: Shop
) -> None:
    order = shop.order()
    netsuite.order(order["name"])
    begin_polls(world)
    shop.refund(order, lines=ONE, transactions=[{"amount": "20.00", "status": "pending"}])
    (told,) = shop.refunds(order)
    transaction = str(told["transactions"][0]["id"])
    seen = make_seen(refund_id=str(told["id"]), order_id=str(order["id"]), order_name=order["name"])
    world.tell(shop, seen.with_payment(seen.payments[0].id, seen.payments[0].state))
    refund = world.only_refund()
    world.change(refund.id, money_state="pending")
    shop.control.post(f"{shop.path}/transactions/{transaction}/status", {"status": "success"})
    assert poll_now(world, shop).found == 1
