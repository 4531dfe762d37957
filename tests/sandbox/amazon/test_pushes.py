"""Notifications as they reach an endpoint: by an API destination, bare, and what they say."""

import itertools
import json
from typing import Any

import pytest

from sandbox.amazon.notifications import destination_delays
from tests.sandbox.amazon.client import Api, Json, component, envelope, message
from tests.sandbox.helpers import Receiver
from tests.support.sandboxed_amazon import Seller
from tests.support.waiting import until


@pytest.fixture
def pushed(seller: Seller, receiver: Receiver) -> Seller:
    """A seller whose notifications an API destination sends to the receiver."""
    push = {"via": "api_destination", "url": receiver.url, "secret_header": "X-Secret", "secret": "hush"}
    seller.change(push=push)
    return seller


def envelopes(receiver: Receiver, number: int) -> list[Json]:
    return [each.json["detail"] for each in receiver.wait(number)]


def settled(seller: Seller) -> None:
    until(lambda: seller.control.get("webhooks/pending") == {"pending": 0})


def test_an_api_destination_wraps_the_notification_as_an_event(pushed: Seller, receiver: Receiver) -> None:
    order = pushed.order(silent=True)
    pushed.refund(order)
    (got,) = receiver.wait(1)
    assert got.headers["X-Secret"] == "hush"
    assert got.headers["Content-Type"] == "application/json; charset=utf-8"
    event = got.json
    assert set(event) == {
        "version",
        "id",
        "detail-type",
        "source",
        "account",
        "time",
        "region",
        "resources",
        "detail",
    }
    application = event["detail"]["NotificationMetadata"]["ApplicationId"]
    assert event["detail-type"] == event["detail"]["NotificationType"] == "TRANSACTION_UPDATE"
    assert event["source"].startswith("aws.partner/sellingpartnerapi.amazon.com/")
    assert event["source"].endswith(application)


def test_a_bare_notification_is_the_detail_alone(seller: Seller, receiver: Receiver) -> None:
    seller.change(push={"via": "bare", "url": receiver.url, "secret": "hush"})
    seller.order(status="UNSHIPPED")
    (got,) = receiver.wait(1)
    assert got.headers["x-api-key"] == "hush"
    assert got.json["NotificationType"] == "ORDER_CHANGE"


def test_without_a_secret_there_is_no_header(seller: Seller, receiver: Receiver) -> None:
    seller.change(push={"via": "bare", "url": receiver.url})
    seller.order(status="UNSHIPPED")
    assert "x-api-key" not in {name.lower() for name in receiver.wait(1)[0].headers}


def test_a_refund_is_told_as_a_transaction(pushed: Seller, receiver: Receiver) -> None:
    order = pushed.order(silent=True)
    made = pushed.refund(order)
    (whole,) = envelopes(receiver, 1)
    told = whole["Payload"]["TransactionUpdateNotification"]
    assert told["TransactionType"] == "Refund"
    assert told["RelatedIdentifiers"] == [
        {"RelatedIdentifierName": "OrderId", "RelatedIdentifierValue": order["id"]}
    ]
    assert told["TotalAmount"] == {"CurrencyAmount": made["total"], "CurrencyCode": "USD"}
    assert told["SellingPartnerMetadata"]["SellingPartnerId"] == pushed.tenant


def test_each_row_is_told_even_those_that_show_late(pushed: Seller, receiver: Receiver, api: Api) -> None:
    lines = [{"sku": sku, "quantity": 1, "price": "9.99"} for sku in ("PEN", "INK")]
    order = pushed.order(lines=lines, silent=True)
    pushed.refund(
        order, lines=[{"sku": sku, "quantity": 1} for sku in ("PEN", "INK")], split_rows=True, late_seconds=60
    )
    assert len(envelopes(receiver, 2)) == 2
    assert api.refunds(order) == []


def test_the_release_of_money_is_told_too(pushed: Seller, receiver: Receiver, api: Api) -> None:
    order = pushed.order(silent=True)
    pushed.refund(order, deferred_seconds=600)
    assert len(envelopes(receiver, 1)) == 1
    api.advance(601)
    assert len(api.refunds(order)) == 2
    assert len(envelopes(receiver, 2)) == 2


@pytest.mark.parametrize(
    ("status", "said"), [("UNSHIPPED", "Unshipped"), ("PENDING", "Pending"), ("SHIPPED", "Shipped")]
)
def test_an_order_s_status_is_told(pushed: Seller, receiver: Receiver, status: str, said: str) -> None:
    order = pushed.order(status=status, postal_code="12345")
    whole = next(each for each in envelopes(receiver, 1) if each["NotificationType"] == "ORDER_CHANGE")
    told = whole["Payload"]["OrderChangeNotification"]
    assert (told["AmazonOrderId"], told["OrderChangeType"]) == (order["id"], "OrderStatusChange")
    assert told["Summary"]["OrderStatus"] == said
    assert told["Summary"]["DestinationPostalCode"] == "12345"
    assert told["Summary"]["OrderItems"][0]["OrderItemId"] == order["lines"][0]["order_item_id"]


def test_a_cancellation_is_told(pushed: Seller, receiver: Receiver) -> None:
    order = pushed.order(status="UNSHIPPED", silent=True)
    pushed.cancel(order)
    (whole,) = envelopes(receiver, 1)
    told = whole["Payload"]["OrderChangeNotification"]
    assert told["OrderChangeTrigger"]["ChangeReason"] == "Buyer Requested Cancel"
    summary = told["Summary"]
    assert (summary["OrderStatus"], summary["NumberOfItemsUnshipped"]) == ("Canceled", 0)


def test_a_feed_s_end_and_what_it_did_are_told(pushed: Seller, receiver: Receiver, api: Api) -> None:
    order = pushed.order(silent=True)
    feed = api.ended(envelope(pushed.tenant, message(order, component("Principal", "20.00"))))
    found: dict[str, Any] = {}
    for whole in envelopes(receiver, 2):
        found[whole.get("NotificationType") or whole["notificationType"]] = whole
    assert set(found) == {"TRANSACTION_UPDATE", "FEED_PROCESSING_FINISHED"}
    told = found["FEED_PROCESSING_FINISHED"]["payload"]["feedProcessingFinishedNotification"]
    assert (told["feedId"], told["processingStatus"]) == (feed["feedId"], "DONE")
    assert told["resultFeedDocumentId"] == feed["resultFeedDocumentId"]
    assert found["FEED_PROCESSING_FINISHED"]["notificationMetadata"]["notificationId"]


def test_silence(pushed: Seller, api: Api) -> None:
    order = pushed.order(status="UNSHIPPED", silent=True)
    path = f"{pushed.path}/orders/{order['id']}"
    pushed.control.post(f"{path}/ship", {"silent": True})
    pushed.refund(order, silent=True, deferred_seconds=60)
    api.advance(61)
    other = pushed.order(status="UNSHIPPED", silent=True)
    pushed.control.post(f"{pushed.path}/orders/{other['id']}/cancel", {"silent": True})
    assert pushed.webhooks() == []


def test_nobody_is_told_without_an_endpoint(seller: Seller) -> None:
    seller.refund(seller.order())
    assert seller.webhooks() == []


def test_a_notification_can_be_delivered_twice_under_its_id(pushed: Seller, receiver: Receiver) -> None:
    pushed.refund(pushed.order(silent=True))
    (first,) = receiver.wait(1)
    notification = first.json["detail"]["NotificationMetadata"]["NotificationId"]
    pushed.control.post(f"{pushed.path}/notifications/{notification}/duplicate")
    first, second = receiver.wait(2)
    assert first.json["detail"] == second.json["detail"]
    assert first.json["id"] != second.json["id"]
    settled(pushed)
    assert [each["event_id"] for each in pushed.webhooks()] == [notification] * 2


@pytest.mark.parametrize("at_once", [True, False])
def test_a_delivery_can_be_sent_again_as_it_was(pushed: Seller, receiver: Receiver, *, at_once: bool) -> None:
    pushed.refund(pushed.order(silent=True))
    receiver.wait(1)
    settled(pushed)
    (delivery,) = pushed.webhooks("TRANSACTION_UPDATE")
    path = f"{pushed.path}/webhooks/{delivery['id']}/redeliver"
    answer = pushed.control.post(path, {"times": 3, "concurrently": at_once})
    assert answer == {"id": delivery["id"], "statuses": [200, 200, 200]}
    assert len({each.body for each in receiver.wait(4)}) == 1
    assert pushed.webhooks("ORDER_CHANGE") == []


def test_an_api_destination_tries_for_a_day() -> None:
    delays = destination_delays()
    assert len(delays) == 185
    assert sum(delays) == pytest.approx(24 * 60 * 60)
    assert all(later >= earlier for earlier, later in itertools.pairwise(delays))


def test_retries_keep_everything(pushed: Seller, receiver: Receiver) -> None:
    pushed.control.post("settings", {"retry_scale": 0})
    receiver.statuses = [500, 503]
    pushed.refund(pushed.order(silent=True))
    attempts = receiver.wait(3)
    assert len({each.body for each in attempts}) == 1
    settled(pushed)
    (delivery,) = pushed.webhooks()
    assert [each["status"] for each in delivery["attempts"]] == [500, 503, 200]
    assert json.loads(delivery["body"])["detail-type"] == delivery["topic"]
