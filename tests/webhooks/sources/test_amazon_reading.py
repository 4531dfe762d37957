"""What Amazon's notifications tell, in whatever wrapping they come."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.events import OrderSeen, OrderTouched, SubscriptionOffered
from ledger.models import OrderState
from ledger.policy import Policy
from tests.support.ledger import NOW
from tests.webhooks.amazon_pushes import (
    HOST,
    NOTIFICATION_ID,
    ORDER,
    SELLER,
    TOKEN,
    TOPIC,
    confirmation,
    event,
    feed_finished,
    metadata,
    order_change,
    related,
    signed,
    transaction,
    wrappings,
)
from tests.webhooks.platforms import Payload, encoded
from webhooks.sources.amazon import Amazon
from webhooks.sources.protocol import Endpoint, Reading, Request, UnreadableError

POSTED = datetime(2026, 3, 14, 15, 8, tzinfo=UTC)
PUBLISHED = datetime(2026, 3, 14, 15, 9, 20, 500000, tzinfo=UTC)

# As a stored delivery is read again: without secrets, credentials, keys and address.
ENDPOINT = Endpoint("amazon", "amazon-shop", SELLER, 1, 1, Policy())

WAYS = sorted(wrappings(transaction()))


def read(payload: object) -> Reading:
    body = payload if isinstance(payload, bytes) else encoded(payload)
    return Amazon().read(Request({}, body, NOW), ENDPOINT)


def unreadable(payload: object) -> UnreadableError:
    with pytest.raises(UnreadableError) as caught:
        read(payload)
    return caught.value


# Transactions


@pytest.mark.parametrize("way", WAYS)
def test_a_refund_touches_its_order_and_is_expected_on_it(way: str) -> None:
    reading = read(wrappings(transaction())[way])
    assert reading.events == (OrderTouched(ORDER, POSTED),)
    assert (reading.topic, reading.order_ref, reading.reason) == ("TRANSACTION_UPDATE", ORDER, "")
    assert reading.person_ref == ""


@pytest.mark.parametrize("kind", ["Refund", "REFUND", "refund"])
def test_a_refund_is_one_in_any_case(kind: str) -> None:
    assert read(transaction(kind)).events == (OrderTouched(ORDER, POSTED),)


def test_a_shipment_is_no_refund() -> None:
    reading = read(transaction("Shipment"))
    assert (reading.events, reading.order_ref) == ((), ORDER)


@pytest.mark.parametrize("kind", ["GuaranteeClaim", "Chargeback", "Adjustment", "RefundReversal", "x" * 200])
def test_a_transaction_of_another_type_may_be_about_a_refund_but_none_is_expected(kind: str) -> None:
    assert read(transaction(kind)).events == (OrderTouched(ORDER),)


def test_every_order_of_a_transaction_is_touched_once() -> None:
    reading = read(transaction("Refund", ORDER, "903-0000000-0000001", ORDER))
    assert reading.events == (OrderTouched(ORDER, POSTED), OrderTouched("903-0000000-0000001", POSTED))
    assert reading.order_ref == ORDER


@pytest.mark.parametrize("name", ["OrderId", "ORDER_ID", "orderId"])
def test_the_order_is_found_among_other_identifiers(name: str) -> None:
    others = [related("ShipmentId", "../x"), related(name, ORDER), related("RefundId", "amzn1:crow:x")]
    assert read(transaction(RelatedIdentifiers=others)).events == (OrderTouched(ORDER, POSTED),)


@pytest.mark.parametrize("identifiers", [None, [], [related("FinancialEventGroupId", "x")]])
def test_a_transaction_of_no_order_tells_nothing(identifiers: object) -> None:
    reading = read(transaction("ServiceFee", RelatedIdentifiers=identifiers))
    assert (reading.events, reading.order_ref) == ((), "")


def test_identifiers_may_be_missing_at_all() -> None:
    payload = transaction("ServiceFee")
    del payload["Payload"]["TransactionUpdateNotification"]["RelatedIdentifiers"]
    assert read(payload).events == ()


@pytest.mark.parametrize("identifiers", [None, [], [related("ShipmentId", ORDER)]])
def test_a_refund_of_no_order_is_kept_for_a_person(identifiers: object) -> None:
    error = unreadable(transaction(RelatedIdentifiers=identifiers))
    assert (error.reason, error.topic) == ("NOT_OF_SCHEMA", "TRANSACTION_UPDATE")
    assert "names no order" in str(error)


@pytest.mark.parametrize(
    "order", ["../x", "903/1", "903-1?x", "-903", "9" * 41, "903 1", "903-1\n", "\u0669", "%2e"]
)
@pytest.mark.parametrize("kind", ["Refund", "Shipment", "Other"])
def test_what_is_no_order_id_is_never_read_by(kind: str, order: str) -> None:
    error = unreadable(transaction(kind, order))
    assert (error.reason, error.order_ref) == ("NOT_OF_SCHEMA", "")


@pytest.mark.parametrize("order", ["8129762527551", "S01-1234567-1234567", "9" * 40])
def test_ids_of_other_shapes_are_ids(order: str) -> None:
    assert read(transaction("Refund", order)).order_ref == order


@pytest.mark.parametrize("amount", [None, {}, "0", {"CurrencyAmount": "x", "CurrencyCode": 5}])
def test_the_amount_is_not_even_looked_at(amount: object) -> None:
    assert read(transaction(TotalAmount=amount)).events == (OrderTouched(ORDER, POSTED),)


# Orders


@pytest.mark.parametrize("way", WAYS)
def test_a_cancelled_order_is_seen(way: str) -> None:
    reading = read(wrappings(order_change("Canceled"))[way])
    assert reading.events == (OrderSeen(ORDER, ORDER, OrderState.CANCELLED, PUBLISHED),)
    assert (reading.topic, reading.order_ref) == ("ORDER_CHANGE", ORDER)


@pytest.mark.parametrize(
    "status",
    [
        "Pending",
        "Unshipped",
        "PartiallyShipped",
        "Shipped",
        "Unfulfillable",
        "InvoiceUnconfirmed",
        "PendingAvailability",
        "SomethingNew",
    ],
)
def test_an_order_of_any_other_status_is_open(status: str) -> None:
    assert read(order_change(status)).events == (OrderSeen(ORDER, ORDER, OrderState.OPEN, PUBLISHED),)


@pytest.mark.parametrize("change", ["BuyerRequestedChange", "DeliveryTipChange"])
def test_an_order_that_its_buyer_wants_cancelled_is_open_still(change: str) -> None:
    payload = order_change(
        OrderChangeType=change,
        OrderChangeTrigger={"TimeOfOrderChange": None, "ChangeReason": "Buyer Requested Cancel"},
    )
    assert read(payload).events == (OrderSeen(ORDER, ORDER, OrderState.OPEN, PUBLISHED),)


def test_what_is_no_order_id_is_not_seen() -> None:
    assert unreadable(order_change(AmazonOrderId="../x")).reason == "NOT_OF_SCHEMA"


# Feeds


@pytest.mark.parametrize("seller", [SELLER, None])
@pytest.mark.parametrize("way", WAYS)
def test_a_finished_feed_tells_nothing(way: str, seller: str | None) -> None:
    reading = read(wrappings(feed_finished(seller))[way])
    assert (reading.topic, reading.events, reading.order_ref) == ("FEED_PROCESSING_FINISHED", (), "")


# Subscriptions


def test_a_subscription_is_offered_where_sns_confirms_it() -> None:
    reading = read(signed(confirmation()))
    url = f"{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token={TOKEN}"
    assert reading.events == (SubscriptionOffered(url),)
    assert reading.topic == "SubscriptionConfirmation"
    assert reading.delivery_key == "SubscriptionConfirmation:165545c9-2a5c-472c-8df2-7ff2be2b3b1b"


def test_the_address_may_have_its_topic_escaped_and_more_in_it() -> None:
    escaped = TOPIC.replace(":", "%3A")
    url = (
        f"{HOST}/?TopicArn={escaped}&Action=ConfirmSubscription&Token={TOKEN}&AuthenticateOnUnsubscribe=true"
    )
    assert read(signed(confirmation(SubscribeURL=url))).events == (SubscriptionOffered(url),)


@pytest.mark.parametrize(
    "url",
    [
        "",
        f"{HOST}/",
        f"http://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token={TOKEN}",
        f"{HOST}:8080/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token={TOKEN}",
        f"{HOST}.evil.example/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token={TOKEN}",
        f"https://evil.example/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token={TOKEN}",
        f"https://sns.us-east-1.amazonaws.com@evil.example/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token={TOKEN}",
        f"https://sns.s3-us-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token={TOKEN}",
        f"{HOST}/path?Action=ConfirmSubscription&TopicArn={TOPIC}&Token={TOKEN}",
        f"{HOST}/?Action=DeleteTopic&TopicArn={TOPIC}&Token={TOKEN}",
        f"{HOST}/?Action=ConfirmSubscription&Action=DeleteTopic&TopicArn={TOPIC}&Token={TOKEN}",
        f"{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}x&Token={TOKEN}",
        f"{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token={TOKEN}0",
        f"{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}",
        f"{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token={TOKEN}\n",
        f"{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token={TOKEN}#x",
        f"{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token={TOKEN}&x=" + "x" * 2000,
    ],
)
def test_a_subscription_is_confirmed_nowhere_else(url: str) -> None:
    error = unreadable(signed(confirmation(SubscribeURL=url)))
    assert (error.reason, error.topic) == ("NOT_OF_SCHEMA", "SubscriptionConfirmation")
    assert "not confirmed at SNS" in str(error)


def test_the_end_of_a_subscription_is_written_down_and_not_undone() -> None:
    reading = read(signed(confirmation("UnsubscribeConfirmation")))
    assert (reading.topic, reading.events) == ("UnsubscribeConfirmation", ())
    assert reading.delivery_key == "UnsubscribeConfirmation:165545c9-2a5c-472c-8df2-7ff2be2b3b1b"


# Keys


def keys(whole: Payload) -> set[str]:
    return {read(body).delivery_key for body in wrappings(whole).values()}


@pytest.mark.parametrize("whole", [transaction(), order_change(), feed_finished()])
def test_a_notification_has_one_key_in_every_wrapping(whole: Payload) -> None:
    kind = whole.get("NotificationType") or whole["notificationType"]
    assert keys(whole) == {f"{kind}:{NOTIFICATION_ID}"}


ids = st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(ids, ids)
def test_notifications_have_one_key_each(one: str, other: str) -> None:
    first, second = (
        transaction() | {"NotificationMetadata": metadata(NotificationId=id_)} for id_ in (one, other)
    )
    assert (read(first).delivery_key == read(event(second)).delivery_key) == (one == other)


CUT: list[dict[str, Any] | None] = [None, {}, {"NotificationId": None}, {"NotificationId": ""}]


@pytest.mark.parametrize("left", CUT)
def test_a_notification_without_its_id_has_the_key_of_what_is_left(left: dict[str, Any] | None) -> None:
    whole = transaction() | {"NotificationMetadata": left}
    (key,) = keys(whole)
    assert key.startswith("TRANSACTION_UPDATE:")
    assert keys(whole | {"EventTime": "2026-03-14T15:09:21.500Z"}) != {key}


def test_a_notification_without_metadata_has_such_a_key_too() -> None:
    whole = transaction()
    del whole["NotificationMetadata"]
    assert len(keys(whole)) == 1
    assert read(encoded(dict(reversed(whole.items())))).delivery_key in keys(whole)


# Names in any case


@given(st.randoms(use_true_random=False), st.sampled_from([transaction(), order_change("Canceled")]))
def test_keys_are_found_in_any_case(random: Any, whole: Payload) -> None:  # noqa: ANN401 - hypothesis names none
    def shuffled(value: Any) -> Any:  # noqa: ANN401 - a JSON value
        if isinstance(value, dict):
            return {
                "".join(random.choice([c.lower(), c.upper()]) for c in key): shuffled(inner)
                for key, inner in value.items()
            }
        return [shuffled(each) for each in value] if isinstance(value, list) else value

    assert read(shuffled(whole)) == read(whole)
