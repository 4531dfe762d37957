"""Who is believed by our secret: an API destination of EventBridge, or another relay."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.policy import Policy
from tests.support.ledger import NOW, SECRET
from tests.webhooks.amazon_pushes import (
    SELLER,
    event,
    feed_finished,
    notification,
    order_change,
    secret_headers,
    sns,
    transaction,
)
from tests.webhooks.platforms import encoded
from webhooks.sources.amazon import Amazon
from webhooks.sources.protocol import Endpoint, Request, SignatureError

ENDPOINT = Endpoint("amazon", "amazon-shop", SELLER, 1, 1, Policy(), (SECRET,))
BODY = encoded(event(transaction()))
LARGEST_UNKNOWN = 1024 * 1024


def verify(headers: dict[str, str], body: bytes = BODY, endpoint: Endpoint = ENDPOINT) -> None:
    Amazon().verify(Request(headers, body, NOW), endpoint)


def refused(headers: dict[str, str], body: bytes = BODY, endpoint: Endpoint = ENDPOINT) -> str:
    with pytest.raises(SignatureError) as caught:
        verify(headers, body, endpoint)
    return caught.value.reason


@pytest.mark.parametrize("payload", [transaction(), event(transaction()), event(feed_finished())])
def test_a_relay_that_shows_the_secret_is_believed(payload: object) -> None:
    verify(secret_headers(), encoded(payload))


@pytest.mark.parametrize("position", [0, 1, 2])
def test_every_live_secret_is_accepted(position: int) -> None:
    secrets = ["newer-secret", "older-secret"]
    secrets.insert(position, SECRET)
    verify(secret_headers(), endpoint=replace(ENDPOINT, secrets=tuple(secrets)))


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60))
def test_nothing_but_a_live_secret_is_accepted(shown: str) -> None:
    if shown == SECRET:
        verify(secret_headers(shown))
    else:
        assert refused(secret_headers(shown)) == "wrong_signature"


@pytest.mark.parametrize(
    "shown", [SECRET[:-1], SECRET + "x", SECRET.upper(), f"Bearer {SECRET}", "é", "\udc80"]
)
def test_a_secret_that_is_nearly_right_is_wrong(shown: str) -> None:
    assert refused(secret_headers(shown)) == "wrong_signature"


def test_without_any_secret_nothing_is_accepted() -> None:
    assert refused(secret_headers(), endpoint=replace(ENDPOINT, secrets=())) == "wrong_signature"


@pytest.mark.parametrize("headers", [{}, secret_headers(""), secret_headers(name="X-Other")])
@pytest.mark.parametrize("body", [BODY, b"", b"{", b"[]", b"null"])
def test_who_shows_no_secret_is_not_believed(headers: dict[str, str], body: bytes) -> None:
    assert refused(headers, body) == "missing_signature"


@pytest.mark.parametrize("name", ["X-Refund-Sync-Secret", "x-refund-sync-secret", "Authorization"])
def test_the_account_names_the_header(name: str) -> None:
    endpoint = replace(ENDPOINT, credentials={"secret_header": name})
    verify(secret_headers(name=name), endpoint=endpoint)
    assert refused(secret_headers(), endpoint=endpoint) == "missing_signature"


@pytest.mark.parametrize("name", ["", None])
def test_a_header_that_is_not_named_is_the_usual_one(name: str | None) -> None:
    verify(secret_headers(), endpoint=replace(ENDPOINT, credentials={"secret_header": name}))


@pytest.mark.parametrize(
    "payload",
    [
        transaction(seller="A3OTHERSELLER1"),
        event(order_change(seller="A3OTHERSELLER1")),
        feed_finished("A3OTHERSELLER1"),
        transaction(seller=SELLER.lower()),
    ],
)
def test_a_notification_of_another_seller_is_refused(payload: object) -> None:
    assert refused(secret_headers(), encoded(payload)) == "wrong_shop"


@pytest.mark.parametrize(
    "payload",
    [
        "text",
        {},
        event({}),
        notification("REPORT_PROCESSING_FINISHED", {}),
        transaction(PostedDate="soon"),
        feed_finished(None),
    ],
)
def test_what_is_not_understood_is_believed_to_be_kept(payload: object) -> None:
    verify(secret_headers(), encoded(payload))


def test_what_is_no_json_is_believed_to_be_kept() -> None:
    verify(secret_headers(), b"{")


@pytest.mark.parametrize("excess", [0, 1])
def test_a_large_body_is_not_parsed_before_its_sender_is_known(excess: int) -> None:
    endpoint = replace(ENDPOINT, credentials={"topic_arns": []})
    message = sns("text") | {"Signature": "AAAA"}
    body = encoded(message).ljust(LARGEST_UNKNOWN + excess)
    assert refused({}, body, endpoint) == ("missing_signature" if excess else "wrong_topic")


def test_a_large_body_with_the_secret_is_taken() -> None:
    verify(secret_headers(), BODY.ljust(LARGEST_UNKNOWN + 1))


def test_the_secret_does_not_stand_in_for_the_signature_of_sns() -> None:
    assert refused(secret_headers(), encoded(sns(transaction()))) == "missing_signature"


def test_sns_raw_delivery_shows_nothing_and_is_refused() -> None:
    headers = {
        "x-amz-sns-message-type": "Notification",
        "x-amz-sns-rawdelivery": "true",
        "x-amz-sns-topic-arn": "arn:aws:sns:us-east-1:123456789012:refunds",
    }
    assert refused(headers, encoded(transaction())) == "missing_signature"


def test_the_secret_is_not_kept_with_a_delivery() -> None:
    assert not any("secret" in name or "key" in name for name in Amazon().kept_headers)
