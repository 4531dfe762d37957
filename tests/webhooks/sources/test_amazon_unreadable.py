"""What of Amazon is not understood, and how it is known again."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.policy import Policy
from tests.support.ledger import NOW
from tests.webhooks.amazon_pushes import (
    ORDER,
    SELLER,
    event,
    feed_finished,
    notification,
    order_change,
    related,
    signed,
    sns,
    transaction,
    wrappings,
)
from tests.webhooks.platforms import Payload, encoded
from webhooks.sources.amazon import Amazon
from webhooks.sources.protocol import Endpoint, Request, UnreadableError

ENDPOINT = Endpoint("amazon", "amazon-shop", SELLER, 1, 1, Policy())
WAYS = sorted(wrappings(transaction()))


def unreadable(payload: object) -> UnreadableError:
    body = payload if isinstance(payload, bytes) else encoded(payload)
    with pytest.raises(UnreadableError) as caught:
        Amazon().read(Request({}, body, NOW), ENDPOINT)
    return caught.value


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["REPORT_PROCESSING_FINISHED", "ORDER_STATUS_CHANGE", "transaction_update"])
def test_a_type_we_did_not_ask_for_is_unknown(kind: str, way: str) -> None:
    error = unreadable(wrappings(notification(kind, {"X": {"AmazonOrderId": ORDER}}))[way])
    assert (error.reason, error.topic, error.order_ref) == ("UNKNOWN_TOPIC", kind, ORDER)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"NaN"])
def test_a_body_that_is_not_json_is_not(body: bytes) -> None:
    error = unreadable(body)
    assert (error.reason, error.topic, error.order_ref) == ("NOT_JSON", "", "")


def test_a_message_of_sns_that_is_not_json_is_known_by_its_id() -> None:
    error = unreadable(signed(sns("Hello from the console.")))
    assert (error.reason, error.topic) == ("NOT_JSON", "Notification")


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        [transaction()],
        "text",
        5,
        {},
        {"Payload": {}},
        event({}),
        event(transaction()) | {"detail": None},
        event(transaction()) | {"detail": [transaction()]},
        event(event(transaction())),
        transaction() | {"NotificationType": None},
        transaction() | {"NotificationType": ""},
        transaction() | {"NotificationType": 5},
        transaction() | {"EventTime": "2026-03-14T15:09:20"},
        transaction() | {"Payload": None},
        transaction() | {"Payload": []},
        transaction() | {"Payload": {}},
        transaction() | {"NotificationMetadata": {"NotificationId": 5}},
        notification("TRANSACTION_UPDATE", {"TransactionUpdateNotification": None}),
        transaction(SellingPartnerMetadata=None),
        transaction(SellingPartnerMetadata={"SellingPartnerId": ""}),
        transaction(TransactionType=None),
        transaction(PostedDate="2026-03-14"),
        transaction(PostedDate=1773500966),
        transaction(RelatedIdentifiers={}),
        transaction(RelatedIdentifiers=["OrderId"]),
        transaction(RelatedIdentifiers=[{"RelatedIdentifierName": "OrderId"}]),
        transaction(RelatedIdentifiers=[{"RelatedIdentifierName": "OrderId", "RelatedIdentifierValue": 5}]),
        order_change(SellerId=None),
        order_change(AmazonOrderId=None),
        order_change(Summary={}),
        order_change(Summary={"OrderStatus": 5}),
        notification("FEED_PROCESSING_FINISHED", {}),
        sns(transaction()) | {"MessageId": 5},
    ],
)
def test_a_body_of_another_shape_is_not_of_the_schema(payload: object) -> None:
    assert unreadable(payload).reason == "NOT_OF_SCHEMA"


@pytest.mark.parametrize("whole", [transaction, order_change, feed_finished])
def test_a_notification_of_another_seller_tells_nothing_when_it_is_read_again(whole: Any) -> None:  # noqa: ANN401 - a builder of any arguments
    error = unreadable(whole(seller="A3OTHERSELLER1"))
    assert error.reason == "NOT_OF_SCHEMA"
    assert "another seller" in str(error)


@pytest.mark.parametrize(
    ("whole", "order"),
    [
        (transaction(PostedDate="soon"), ORDER),
        (order_change(Summary={}), ORDER),
        (transaction(PostedDate="soon", RelatedIdentifiers=[related("ShipmentId", ORDER)]), ""),
        (feed_finished() | {"eventTime": "soon"}, ""),
    ],
)
def test_what_is_not_understood_has_one_key_in_every_wrapping(whole: Payload, order: str) -> None:
    errors = [unreadable(body) for body in wrappings(whole).values()]
    assert len({error.delivery_key for error in errors}) == 1
    assert {error.order_ref for error in errors} == {order}
    assert {error.topic for error in errors} == {whole.get("NotificationType") or whole["notificationType"]}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"{", b"["),
        (b"null", b"{}"),
        (encoded(transaction(PostedDate="soon")), encoded(transaction(PostedDate="later"))),
        (encoded(signed(sns("Hello"))), encoded(signed(sns("Hello", MessageId="another")))),
    ],
)
def test_unreadable_bodies_have_one_key_each(one: bytes, other: bytes) -> None:
    assert unreadable(one).delivery_key == unreadable(one).delivery_key
    assert unreadable(one).delivery_key != unreadable(other).delivery_key


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Type", "TopicArn", "Message", "detail", "detail-type", "Payload", "EventTime"])
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_whatever_comes_is_read_or_unreadable_with_a_reason(value: Any) -> None:  # noqa: ANN401 - a JSON value
    error = unreadable(value)
    assert error.reason in {"NOT_OF_SCHEMA", "UNKNOWN_TOPIC", "NOT_JSON"}
    assert error.delivery_key
