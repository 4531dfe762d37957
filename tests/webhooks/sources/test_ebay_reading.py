import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.events import (
    AccountLost,
    OrderSeen,
    OrderTouched,
    PersonalDataRequest,
    RequestTouched,
    person_ref_of,
)
from ledger.models import OrderState
from tests.support.ledger import NOW
from tests.webhooks.ebay_pushes import (
    ADDRESS,
    BUYER_ID,
    DATA,
    ORDER,
    VERIFICATION_TOKEN,
    Payload,
    compact,
    ebay_endpoint,
    notification,
)
from webhooks.sources.ebay import Ebay
from webhooks.sources.ebay_events import TOPICS
from webhooks.sources.ebay_shapes import ORDER_ID, REQUEST_ID
from webhooks.sources.protocol import Endpoint, Reading, Request, UnreadableError

ACTIVITIES = ("ORDER_CANCELLATION_ACTIVITY", "ORDER_INQUIRY_ACTIVITY", "ORDER_RETURN_ACTIVITY")
HAPPENED = datetime(2026, 3, 14, 15, 9, 23, 110000, tzinfo=UTC)


def replayed() -> Endpoint:
    """Return the address as it is when a stored delivery is read again: with nothing to fetch or judge by."""
    return replace(ebay_endpoint(credentials={}), secrets=(), url="")


def read(payload: object) -> Reading:
    body = payload if isinstance(payload, bytes) else compact(payload)
    return Ebay().read(Request({}, body, NOW, replayed=True), replayed())


def unreadable(payload: object) -> UnreadableError:
    with pytest.raises(UnreadableError) as caught:
        read(payload)
    return caught.value


# What the topics tell


def test_every_topic_asked_for_has_an_example_here() -> None:
    assert set(DATA) == TOPICS


def test_a_confirmed_order_is_open_since_the_event() -> None:
    reading = read(notification("ORDER_CONFIRMATION"))
    assert reading.events == (OrderSeen(ORDER, ORDER, OrderState.OPEN, HAPPENED),)
    assert (reading.topic, reading.order_ref, reading.person_ref) == ("ORDER_CONFIRMATION", ORDER, "")


@pytest.mark.parametrize("topic", ACTIVITIES)
def test_an_activity_sends_us_to_its_order_once_and_announces_no_refund(topic: str) -> None:
    reading = read(notification(topic))
    assert reading.events == (OrderTouched(ORDER, None),)
    assert (reading.topic, reading.order_ref) == (topic, ORDER)


@pytest.mark.parametrize("topic", ACTIVITIES)
@pytest.mark.parametrize(
    "data",
    [
        {"orderId": ORDER},
        {"order": {"orderId": ORDER}},
        {"deeply": [[{"nested": [{"orderId": ORDER}]}]], "orderId": None},
    ],
)
def test_an_order_is_found_wherever_an_activity_names_it(topic: str, data: Payload) -> None:
    assert read(notification(topic, data)).events == (OrderTouched(ORDER),)


def test_an_activity_on_several_orders_sends_us_to_each() -> None:
    lines = [{"orderId": f"13-14786-6587{number}"} for number in (1, 2, 1)]
    reading = read(notification("ORDER_RETURN_ACTIVITY", {"returnLineItems": lines}))
    assert reading.events == (OrderTouched("13-14786-65871"), OrderTouched("13-14786-65872"))
    assert reading.order_ref == "13-14786-65871"


@pytest.mark.parametrize("number", ["5132021997", 5132021997])
@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("returnId", "return"),
        ("cancellationId", "cancellation"),
        ("cancelId", "cancellation"),
        ("inquiryId", "inquiry"),
        ("caseId", "case"),
    ],
)
def test_an_activity_that_names_itself_only_sends_us_to_ask_whose_order_it_is(
    key: str, kind: str, number: object
) -> None:
    reading = read(notification("ORDER_RETURN_ACTIVITY", {"details": {key: number}, "orderId": None}))
    assert (reading.events, reading.order_ref, reading.reason) == (
        (RequestTouched(kind, "5132021997"),),
        "",
        "",
    )


def test_an_activity_on_several_requests_sends_us_to_each_once() -> None:
    data = {"lines": [{"returnId": "1"}, {"returnId": "2", "caseId": "1"}, {"returnId": "1"}]}
    assert read(notification("ORDER_RETURN_ACTIVITY", data)).events == (
        RequestTouched("return", "1"),
        RequestTouched("return", "2"),
        RequestTouched("case", "1"),
    )


def test_the_buyer_of_an_activity_is_kept_for_erasing() -> None:
    assert read(notification("ORDER_RETURN_ACTIVITY")).person_ref == BUYER_ID


@pytest.mark.parametrize(
    ("buyer", "kept"),
    [
        ({"username": "test_user"}, "test_user"),
        ({"userId": None, "username": "test_user"}, "test_user"),
        ({}, ""),
        (None, ""),
        ("test_user", ""),
        ({"userId": 5}, ""),
    ],
)
def test_a_buyer_is_kept_by_the_best_name_there_is(buyer: object, kept: str) -> None:
    reading = read(notification("ORDER_RETURN_ACTIVITY", {"orderId": ORDER, "buyer": buyer}))
    assert (reading.person_ref, reading.events) == (kept, (OrderTouched(ORDER),))


def test_a_person_gone_from_ebay_is_erased_under_either_name_with_the_request_itself() -> None:
    reading = read(notification("MARKETPLACE_ACCOUNT_DELETION"))
    assert reading.events == (
        PersonalDataRequest("erase_person", (), person_ref_of(BUYER_ID)),
        PersonalDataRequest("erase_person", (), person_ref_of("test_user")),
    )
    assert reading.person_ref == BUYER_ID


@pytest.mark.parametrize(
    ("data", "names"),
    [
        ({"userId": BUYER_ID}, [BUYER_ID]),
        ({"username": "test_user", "userId": ""}, ["test_user"]),
        ({"username": BUYER_ID, "userId": BUYER_ID}, [BUYER_ID]),
    ],
)
def test_a_person_gone_from_ebay_may_have_one_name_only(data: Payload, names: list[str]) -> None:
    reading = read(notification("MARKETPLACE_ACCOUNT_DELETION", data))
    assert reading.person_ref == names[0]
    assert reading.events == tuple(
        PersonalDataRequest("erase_person", (), person_ref_of(name)) for name in names
    )


@pytest.mark.parametrize("why", ["REVOKED_BY_APP", "REVOKED_BY_USER", "REVOKED_BY_EBAY", "PASSWORD_CHANGE"])
def test_a_revoked_authorization_loses_the_account(why: str) -> None:
    data = DATA["AUTHORIZATION_REVOCATION"] | {"revokeReason": why}
    assert read(notification("AUTHORIZATION_REVOCATION", data)).events == (AccountLost("BAD_CREDENTIALS"),)


def test_what_ebay_adds_is_ignored() -> None:
    payload = notification("ORDER_CONFIRMATION", DATA["ORDER_CONFIRMATION"] | {"new": 1.5})
    assert read(payload | {"new": []}).events


# Keys


@pytest.mark.parametrize("topic", sorted(DATA))
def test_a_further_attempt_has_the_same_key(topic: str) -> None:
    id_ = "49feeaeb-4982-42d9-a377-9645b8479411_33f7e043-fed8-442b-9d44-791923bd9a6d"
    keys = {read(notification(topic, id_=id_, attempt=attempt)).delivery_key for attempt in (1, 2, 3)}
    assert keys == {id_}


def test_another_event_has_another_key() -> None:
    assert read(notification("ORDER_CONFIRMATION")).delivery_key != (
        read(notification("ORDER_CONFIRMATION")).delivery_key
    )


def test_a_further_attempt_at_what_is_not_understood_has_the_same_key_but_not_that_of_one_that_is() -> None:
    keys = {unreadable(notification("LISTING", {}, id_="n-1", attempt=n)).delivery_key for n in (1, 2)}
    assert keys == {"unread:n-1"}


def test_what_has_no_id_is_known_by_its_bytes() -> None:
    assert unreadable(b"{").delivery_key == unreadable(b"{").delivery_key
    assert unreadable(b"{").delivery_key != unreadable(b"[").delivery_key


# What is not understood


@pytest.mark.parametrize("topic", ["LISTING", "ITEM_MARKED_SHIPPED", "order_confirmation", "x" * 300])
def test_a_topic_we_did_not_ask_for_is_unknown(topic: str) -> None:
    error = unreadable(notification(topic, {"orderId": ORDER}))
    assert (error.reason, error.topic, error.order_ref) == ("UNKNOWN_TOPIC", topic, ORDER)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"not JSON", b"NaN"])
def test_a_body_that_is_not_json_is_not(body: bytes) -> None:
    error = unreadable(body)
    assert (error.reason, error.topic, error.order_ref) == ("NOT_JSON", "", "")


def changed(**changes: object) -> Payload:
    payload = notification("ORDER_CONFIRMATION")
    return payload | {"notification": payload["notification"] | changes}


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        "text",
        {},
        {"metadata": {"topic": "ORDER_CONFIRMATION"}},
        notification("ORDER_CONFIRMATION") | {"metadata": {}},
        notification("ORDER_CONFIRMATION") | {"metadata": {"topic": 5}},
        notification("ORDER_CONFIRMATION") | {"metadata": {"topic": ""}},
        notification("ORDER_CONFIRMATION") | {"notification": None},
        changed(notificationId=None),
        changed(notificationId=""),
        changed(notificationId="x" * 301),
        changed(eventDate=None),
        changed(eventDate="yesterday"),
        changed(eventDate="2026-03-14T15:09:23"),
        changed(data=None),
        changed(data=[]),
        changed(data={}),
        changed(data={"order": {}}),
        changed(data={"order": {"orderId": 13}}),
        notification("MARKETPLACE_ACCOUNT_DELETION", {}),
        notification("MARKETPLACE_ACCOUNT_DELETION", {"userId": None, "eiasToken": "x"}),
        notification("MARKETPLACE_ACCOUNT_DELETION", {"userId": 5}),
        notification("AUTHORIZATION_REVOCATION", {"revokeReason": "REVOKED_BY_USER"}),
        *(notification(topic, {}) for topic in ACTIVITIES),
        *(notification(topic, {"returnId": None, "orderId": None}) for topic in ACTIVITIES),
        notification("ORDER_RETURN_ACTIVITY", {"orderId": 13, "returnId": "5132021997"}),
        notification("ORDER_RETURN_ACTIVITY", {"orderId": {"orderId": ORDER}}),
        notification("ORDER_RETURN_ACTIVITY", [{"orderId": f"13-{n}"} for n in range(5)]),
        notification("ORDER_RETURN_ACTIVITY", {"lines": [{"orderId": f"13-{n}"} for n in range(21)]}),
        notification("ORDER_RETURN_ACTIVITY", {"lines": [{"returnId": str(n)} for n in range(21)]}),
        *(
            notification("ORDER_RETURN_ACTIVITY", {"returnId": number})
            for number in ("", "../x", "1/2", "1?x=1", "1\n", "é", "1" * 61)
        ),
        notification("ORDER_RETURN_ACTIVITY", {"returnId": True}),
        notification("ORDER_RETURN_ACTIVITY", {"returnId": 1.5}),
        notification("ORDER_RETURN_ACTIVITY", {"returnId": {"id": "1"}}),
    ],
)
def test_a_body_of_another_shape_is_not_of_the_schema(payload: object) -> None:
    assert unreadable(payload).reason == "NOT_OF_SCHEMA"


@pytest.mark.parametrize("topic", ["ORDER_CONFIRMATION", *ACTIVITIES])
@pytest.mark.parametrize(
    "order", ["", "../x", "1/2", "13-14786-65872?x=1", "1#2", "1%2F2", "13 14", f"{ORDER}\n", "é", "1" * 61]
)
def test_an_id_that_could_lead_a_request_elsewhere_is_none_of_an_order(topic: str, order: str) -> None:
    error = unreadable(notification(topic, {"order": {"orderId": order}, "returnId": "5132021997"}))
    assert (error.reason, error.order_ref) == ("NOT_OF_SCHEMA", "")


@given(
    st.dictionaries(st.sampled_from(["orderId", "returnId", "x"]), st.text(max_size=8)),
    st.sampled_from(ACTIVITIES),
)
def test_no_activity_sends_us_where_no_order_can_be(data: Payload, topic: str) -> None:
    try:
        events = read(notification(topic, data)).events
    except UnreadableError:
        return
    assert events
    for event in events:
        if isinstance(event, RequestTouched):
            assert REQUEST_ID.fullmatch(event.request_id)
        else:
            assert isinstance(event, OrderTouched)
            assert ORDER_ID.fullmatch(event.order_id)


# Challenge and answers


def test_the_challenge_is_answered_with_the_newest_token_and_the_address_as_ebay_knows_it() -> None:
    endpoint = replace(ebay_endpoint(), secrets=(VERIFICATION_TOKEN, "an-older-token"))
    answer = Ebay().challenge({"challenge_code": "a8628072-3d33-45ee-9004-bee86830a22d"}, endpoint)
    expected = hashlib.sha256(
        f"a8628072-3d33-45ee-9004-bee86830a22d{VERIFICATION_TOKEN}{ADDRESS}".encode()
    ).hexdigest()
    assert answer is not None
    assert (answer.status, answer.content_type) == (200, "application/json")
    assert answer.body == f'{{"challengeResponse": "{expected}"}}'


def test_the_challenges_digest_is_the_one_computed_by_hand() -> None:
    endpoint = replace(ebay_endpoint(), secrets=("b",), url="c")
    answer = Ebay().challenge({"challenge_code": "a"}, endpoint)
    assert answer is not None
    assert "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" in answer.body  # SHA-256 of abc


@pytest.mark.parametrize("query", [{}, {"challenge_code": ""}, {"challenge": "x"}])
def test_what_is_no_challenge_is_not_answered(query: dict[str, str]) -> None:
    assert Ebay().challenge(query, ebay_endpoint()) is None


def test_without_a_token_no_challenge_is_answered() -> None:
    assert Ebay().challenge({"challenge_code": "x"}, replace(ebay_endpoint(), secrets=())) is None


@pytest.mark.parametrize("outcome", ["accepted", "duplicate", "quarantined"])
@pytest.mark.parametrize(("body", "status"), [(b"{}", 204), (b"", 204), (b"<x/>", 200), (b" \n<x/>", 200)])
def test_success_is_204_without_a_body_and_200_for_soap(body: bytes, status: int, outcome: str) -> None:
    answer = Ebay().answer(Request({}, body, NOW), outcome)
    assert (answer.status, answer.body) == (status, "")
