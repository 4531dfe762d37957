"""An order that is cancelled at Amazon: its signed push over HTTP, its link, and the refunds that wait."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests

from ledger.clock import utcnow
from ledger.models import DeliveryState, OrderState, Refund
from ledger.models.accounts import Direction
from ledger.states import State
from tests.support.readers import deliveries_of, work_off
from tests.support.sandboxed import Books
from tests.support.sandboxed_amazon import Seller
from tests.support.waiting import until
from tests.support.world import World, changed
from tests.webhooks.test_http import LONGEST, served
from webhooks.app import create_app

Json = dict[str, Any]

TOPIC = "arn:aws:sns:us-east-1:123456789012:selling-partner"


@pytest.fixture
def web(world: World) -> Iterator[str]:
    """The address at which a web process hears Amazon's notifications."""
    app = create_app(world.runtime.settings, database=world.database, vault=world.runtime.vault)
    with served(app) as port:
        yield f"http://127.0.0.1:{port}/webhooks/amazon"


def subscribed(world: World, netsuite: Books, web: str, direction: Direction, version: str = "2") -> Seller:
    """Add a seller whose notifications come by SNS, and confirm the subscription."""
    seller = world.add_amazon(netsuite, direction=direction, credentials={"topic_arns": [TOPIC]})
    push = {"via": "sns", "url": f"{web}/{seller.slug}", "topic_arn": TOPIC, "signature_version": version}
    seller.change(push=push, feed_seconds={"queue": 0, "process": 0})
    heard(world, seller)
    assert seller.control.get(seller.path)["push"]["confirmed"]
    return seller


def heard(world: World, seller: Seller) -> None:
    """Wait until all that Amazon sent was taken, and work it off."""
    until(lambda: seller.webhooks() and all(each["attempts"] for each in seller.webhooks()))
    assert {attempt["status"] for each in seller.webhooks() for attempt in each["attempts"]} == {200}
    work_off(world)


def link_state(world: World) -> OrderState:
    (link,) = world.links()
    return link.storefront_state


def standing(refund: Refund) -> tuple[State, str]:
    return refund.state, refund.reason


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_cancelled_orders_push_closes_its_link_and_asks_nobody(
    world: World, netsuite: Books, web: str, version: str
) -> None:
    seller = subscribed(world, netsuite, web, Direction.TO_NETSUITE, version)
    order = seller.order(status="UNSHIPPED")
    heard(world, seller)
    assert link_state(world) is OrderState.OPEN
    seller.cancel(order)
    heard(world, seller)
    _, cancelled = deliveries_of(world, topic="ORDER_CHANGE")
    assert (cancelled.state, cancelled.reason) == (DeliveryState.PROCESSED, "")
    assert cancelled.order_ref == order["id"]
    assert link_state(world) is OrderState.CANCELLED
    push(seller, f"{web}/{seller.slug}", "Unshipped", utcnow() - timedelta(hours=1))  # late, and older
    heard(world, seller)
    assert [each.state for each in deliveries_of(world, topic="ORDER_CHANGE")] == [
        DeliveryState.PROCESSED
    ] * 3
    assert link_state(world) is OrderState.CANCELLED
    assert world.refunds() == []
    assert seller.operations() == ["sns:certificate", "sns:ConfirmSubscription"]
    assert netsuite.operations() == []


def test_a_refund_that_waits_for_its_bill_goes_on_waiting_and_is_posted(
    world: World, netsuite: Books, web: str
) -> None:
    seller = subscribed(world, netsuite, web, Direction.TO_NETSUITE)
    order = seller.order()
    bill = netsuite.order(order["id"], billed="")
    seller.refund(order)
    heard(world, seller)
    waiting = world.only_refund()
    assert standing(waiting) == (State.WAITING, "NOT_BILLED")
    assert link_state(world) is OrderState.OPEN
    push(seller, f"{web}/{seller.slug}", "Canceled", utcnow())
    heard(world, seller)
    assert link_state(world) is OrderState.CANCELLED
    assert standing(world.refund(waiting.id)) == (State.WAITING, "NOT_BILLED")
    netsuite.bill(bill)
    assert standing(world.carry(waiting.id)) == (State.POSTED, "POSTED")
    assert netsuite.writes() == {"creditMemo": 1}


def push(seller: Seller, address: str, status: str, at: datetime) -> None:
    """Send the last change of an order once more as another, signed; and one that was changed on its way."""
    message = json.loads(json.loads(seller.webhooks("ORDER_CHANGE")[-1]["body"])["Message"])
    message["EventTime"] = at.isoformat(timespec="milliseconds")
    message["NotificationMetadata"]["NotificationId"] = "d0e9e693-c3ad-4373-979f-ed4ec98dd746"
    message["Payload"]["OrderChangeNotification"]["Summary"]["OrderStatus"] = status
    signed = seller.control.post(f"{seller.path}/sns/sign", {"message": json.dumps(message)})
    with requests.Session() as session:
        body, headers = signed["body"].encode(), signed["headers"]
        answer = session.post(address, data=body, headers=headers, timeout=LONGEST)
        assert (answer.status_code, answer.json()) == (200, {"outcome": "accepted"})
        forged = body.replace(status.encode(), b"Shipped")
        assert session.post(address, data=forged, headers=headers, timeout=LONGEST).status_code == 401


def test_a_memo_that_waited_for_an_order_that_is_then_cancelled_pays_nobody_and_says_why(
    world: World, netsuite: Books, web: str
) -> None:
    seller = subscribed(world, netsuite, web, Direction.FROM_NETSUITE)
    order = seller.order(status="UNSHIPPED", silent=True)
    seller.fault("getOrder", "status", status=404)  # Amazon shows it a little later
    memo = netsuite.refund(netsuite.order(order["id"]))
    world.tell(netsuite, changed("creditmemo", memo))
    waiting = world.only_refund()
    assert standing(waiting) == (State.WAITING, "ORDER_NOT_SYNCED")
    assert waiting.order_link_id is None
    seller.cancel(order)
    heard(world, seller)
    refund = world.carry(waiting.id)
    (link,) = world.links()
    assert (refund.order_link_id, link.storefront_order_id) == (link.id, order["id"])
    assert link.storefront_state is OrderState.CANCELLED
    assert standing(refund) == (State.DISCREPANCY, "REFUSED")
    assert "has not been shipped, so nothing was charged" in refund.detail
    assert [entry.reason for entry in world.audit("refund") if entry.action == "reconsider"] == [
        "FACTS_CHANGED"
    ]
    assert seller.transactions(order) == []


def test_a_memo_that_waits_for_its_feed_follows_it_to_its_end(
    world: World, netsuite: Books, web: str
) -> None:
    seller = subscribed(world, netsuite, web, Direction.FROM_NETSUITE)
    order = seller.order()
    seller.next_feed("IN_PROGRESS")
    world.tell(netsuite, changed("creditmemo", netsuite.refund(netsuite.order(order["id"]))))
    waiting = world.only_refund()
    assert standing(waiting) == (State.WAITING, "OUTCOME_PENDING")
    push(seller, f"{web}/{seller.slug}", "Canceled", utcnow())
    heard(world, seller)
    assert link_state(world) is OrderState.CANCELLED
    assert standing(world.refund(waiting.id)) == (State.WAITING, "OUTCOME_PENDING")
    (feed,) = seller.feeds()
    seller.end_feed(feed["feedId"])
    assert world.carry(waiting.id).state is State.POSTED
    assert seller.writes()["createFeed"] == 1
