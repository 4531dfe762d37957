"""Amazon through the real workers: what NetSuite's refunds become on it."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ledger import actions
from ledger.clock import utcnow
from ledger.models import Refund
from ledger.models.accounts import Direction
from ledger.states import State
from tests.support.sandboxed import SHIRT, Books
from tests.support.sandboxed_amazon import Seller
from tests.support.specs_amazon import check_calls
from tests.support.world import World, changed

Json = dict[str, Any]

AT_ONCE = {"feed_seconds": {"queue": 0, "process": 0}}


@pytest.fixture
def refunder(world: World, netsuite: Books) -> Seller:
    """A seller whose refunds come from NetSuite, and whose feeds are processed at once."""
    return world.add_amazon(netsuite, direction=Direction.FROM_NETSUITE, seller=AT_ONCE)


def standing(refund: Refund) -> tuple[State, str]:
    return refund.state, refund.reason


def credited(world: World, netsuite: Books, order: Json, **more: Any) -> Refund:  # noqa: ANN401 - JSON may be anything
    """Credit a T-shirt of an order in NetSuite, and say so; return the refund."""
    memo = netsuite.refund(netsuite.order(order["id"]), **more)
    world.tell(netsuite, changed("creditmemo", memo))
    return world.refunds()[-1]


def test_a_credit_memo_becomes_a_feed_that_is_followed_to_its_end(
    world: World, netsuite: Books, refunder: Seller, specs_dir: Path
) -> None:
    refunder.next_feed("IN_PROGRESS")
    order = refunder.order()
    refund = credited(world, netsuite, order, quantity=2)
    (feed,) = refunder.feeds()
    assert standing(refund) == (State.WAITING, "OUTCOME_PENDING")
    assert refund.target_id == f"feed:{feed['feedId']}"
    envelope = ET.fromstring(feed["content"])  # noqa: S314 - our own
    assert envelope.findtext("Message/MessageID") == str(refund.id)
    assert envelope.findtext("Message/OrderAdjustment/AmazonOrderID") == order["id"]
    assert standing(world.carry(refund.id)) == (State.WAITING, "OUTCOME_PENDING")
    refunder.end_feed(feed["feedId"])
    done = world.carry(refund.id)
    assert (done.state, done.target_id) == (State.POSTED, f"feed:{feed['feedId']}")
    (row,) = refunder.transactions(order)
    assert refunder.state(order)["lines"][0]["returned"] == 2
    assert row["items"][0]["contexts"][0]["quantityShipped"] == 2
    assert refunder.writes()["createFeed"] == 1
    check_calls(specs_dir, refunder.calls())


def test_a_report_that_is_compressed_is_read_and_not_written_down(
    world: World, netsuite: Books, refunder: Seller
) -> None:
    refunder.change(gzip_reports=True)
    refund = credited(world, netsuite, refunder.order())
    assert standing(world.carry(refund.id)) == (State.POSTED, "ALREADY_POSTED")
    report = world.attempts(refund.id)[-1].calls[-1]["response"]
    assert report.startswith("(")
    assert report.endswith(" characters)")


def test_a_second_refund_of_an_order_is_made_too(world: World, netsuite: Books, refunder: Seller) -> None:
    order = refunder.order()
    bill = netsuite.order(order["id"])
    for _ in range(2):
        world.tell(netsuite, changed("creditmemo", netsuite.refund(bill)))
    for refund in world.refunds():
        world.carry_through(refund.id)
        assert standing(world.carry(refund.id))[0] is State.POSTED
    assert len(refunder.transactions(order)) == 2


def test_what_amazon_refuses_is_a_discrepancy_with_its_words(
    world: World, netsuite: Books, refunder: Seller
) -> None:
    order = refunder.order(lines=[{"sku": SHIRT, "quantity": 5, "price": "20.00"}])
    refunder.refund(order, lines=[{"sku": SHIRT, "principal": "90.00"}], late_seconds=24 * 3600)
    refund = credited(world, netsuite, order)
    refused = world.carry(refund.id)
    assert standing(refused) == (State.DISCREPANCY, "REFUSED")
    assert "exceeds what is left to refund" in refused.detail
    assert refunder.writes()["createFeed"] == 1


def test_a_feed_that_was_aborted_is_for_a_person_and_not_sent_again(
    world: World, netsuite: Books, refunder: Seller
) -> None:
    refunder.next_feed("FATAL")
    refund = credited(world, netsuite, refunder.order())
    assert standing(world.carry(refund.id)) == (State.DISCREPANCY, "OUTCOME_UNCLEAR")
    world.act(actions.retry, refund.id)
    assert standing(world.carry(refund.id)) == (State.DISCREPANCY, "OUTCOME_UNCLEAR")
    assert refunder.writes()["createFeed"] == 1


@pytest.mark.parametrize("operation", ["createFeedDocument", "upload", "createFeed"])
def test_a_call_that_never_arrived_is_made_again_and_pays_once(
    world: World, netsuite: Books, refunder: Seller, operation: str
) -> None:
    refunder.fault(operation, "reset", when="before")
    order = refunder.order()
    refund = credited(world, netsuite, order)
    assert refund.state is State.RETRYING
    if operation == "createFeed":  # whose feed might be there, and not be listed yet
        assert standing(world.carry(refund.id)) == (State.WAITING, "OUTCOME_PENDING")
        world.change(refund.id, unanswered_at=utcnow() - timedelta(minutes=3))
    world.carry_through(refund.id)
    assert world.carry(refund.id).state is State.POSTED
    assert len(refunder.transactions(order)) == 1


def test_an_answer_that_was_lost_is_found_by_the_money(
    world: World, netsuite: Books, refunder: Seller
) -> None:
    refunder.fault("createFeed", "reset", when="after")
    order = refunder.order()
    refund = credited(world, netsuite, order)
    assert standing(refund) == (State.RETRYING, "UNKNOWN_OUTCOME")
    found = world.carry(refund.id)
    (row,) = refunder.transactions(order)
    assert standing(found) == (State.POSTED, "ALREADY_POSTED")
    assert found.target_id in {each["relatedIdentifierValue"] for each in row["relatedIdentifiers"]}


def test_an_answer_that_was_lost_while_amazon_shows_nothing_yet_is_for_a_person(
    world: World, netsuite: Books
) -> None:
    late = {**AT_ONCE, "late_seconds": 24 * 3600}
    refunder = world.add_amazon(netsuite, direction=Direction.FROM_NETSUITE, seller=late)
    refunder.fault("createFeed", "reset", when="after")
    order = refunder.order()
    refund = credited(world, netsuite, order)
    unclear = world.carry(refund.id)
    assert standing(unclear) == (State.DISCREPANCY, "OUTCOME_UNCLEAR")
    assert refunder.feeds()[0]["feedId"] in unclear.detail
    assert len(refunder.transactions(order)) == 1


@pytest.mark.parametrize(
    ("settings", "network", "reason"),
    [
        ({}, "AFN", "REFUSED"),
        ({"refund_method": "offline"}, "MFN", "REFUSED"),
        ({"refund_reason": "BUYER_RETURN"}, "MFN", "MAPPING_MISSING"),
    ],
)
def test_what_amazon_cannot_do_is_said_before_anything_is_sent(
    world: World, netsuite: Books, settings: Json, network: str, reason: str
) -> None:
    refunder = world.add_amazon(netsuite, direction=Direction.FROM_NETSUITE, **settings)
    refund = credited(world, netsuite, refunder.order(network=network))
    assert standing(refund) == (State.ERROR, reason)
    assert refunder.feeds() == []


def test_goodwill_of_netsuites_has_no_item_at_amazon(world: World, netsuite: Books, refunder: Seller) -> None:
    refund = credited(world, netsuite, refunder.order(), amount="23.00")
    assert standing(refund) == (State.ERROR, "STOREFRONT_LINE_NOT_FOUND")
    assert refunder.feeds() == []


def test_shipping_goes_back_with_the_goods(world: World, netsuite: Books, refunder: Seller) -> None:
    order = refunder.order(lines=[{"sku": SHIRT, "quantity": 5, "price": "20.00", "shipping": "5.00"}])
    bill = netsuite.order(order["id"], shippingCost="5.00")
    memo = netsuite.refund(bill, shippingCost="5.00")
    world.tell(netsuite, changed("creditmemo", memo))
    refund = world.only_refund()
    assert world.carry(refund.id).state is State.POSTED
    refunded = refunder.state(order)["lines"][0]["refunded"]
    assert {name: Decimal(str(amount)) for name, amount in refunded.items()} == {
        "principal": 20,
        "shipping": 5,
    }


def test_more_than_the_order_holds_is_never_sent(world: World, netsuite: Books, refunder: Seller) -> None:
    order = refunder.order(lines=[{"sku": SHIRT, "quantity": 5, "price": "20.00"}])
    refunder.refund(order, lines=[{"sku": SHIRT, "principal": "90.00"}])
    refund = credited(world, netsuite, order)
    assert standing(refund) == (State.DISCREPANCY, "OVER_REFUND")
    assert refunder.feeds() == []
