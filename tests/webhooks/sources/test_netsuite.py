from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.events import RecordChanged
from ledger.policy import Policy
from tests.support.ledger import NOW, SECRET
from tests.webhooks.platforms import NETSUITE_ID, change, encoded, netsuite_headers
from webhooks.sources.netsuite import RECORD_TYPES, NetSuite
from webhooks.sources.protocol import Endpoint, Reading, Request, SignatureError, UnreadableError

BODY = encoded(change())


def signed(
    body: bytes = BODY, *, secret: str = SECRET, at: datetime = NOW, timestamp: str | None = None
) -> Request:
    return Request(netsuite_headers(body, secret=secret, at=at, timestamp=timestamp), body, NOW)


def refused(request: Request, endpoint: Endpoint) -> str:
    with pytest.raises(SignatureError) as caught:
        NetSuite().verify(request, endpoint)
    return caught.value.reason


def read(endpoint: Endpoint, payload: object) -> Reading:
    body = payload if isinstance(payload, bytes) else encoded(payload)
    return NetSuite().read(signed(body), endpoint)


def unreadable(endpoint: Endpoint, payload: object) -> UnreadableError:
    with pytest.raises(UnreadableError) as caught:
        read(endpoint, payload)
    return caught.value


# Signature


def test_what_the_script_signs_is_accepted(books: Endpoint) -> None:
    NetSuite().verify(signed(), books)


def test_the_signature_may_be_in_capitals(books: Endpoint) -> None:
    headers = netsuite_headers(BODY)
    NetSuite().verify(
        Request(headers | {"X-NS-Signature": headers["X-NS-Signature"].upper()}, BODY, NOW), books
    )


def test_every_live_secret_is_accepted(books: Endpoint) -> None:
    NetSuite().verify(signed(), replace(books, secrets=("newer-secret", SECRET)))


@pytest.mark.parametrize("header", ["X-NS-Timestamp", "X-NS-Signature"])
@pytest.mark.parametrize("text", [None, "", "  "])
def test_a_request_without_time_or_signature_is_refused(
    books: Endpoint, header: str, text: str | None
) -> None:
    headers = netsuite_headers(BODY)
    del headers[header]
    changed = headers | ({header: text} if text is not None else {})
    assert refused(Request(changed, BODY, NOW), books) == "missing_signature"


@pytest.mark.parametrize(
    "signature", ["0" * 64, "0" * 63, "0" * 66, "xyz", "é" * 64, "0x" + "0" * 62, "\u0966" * 64]
)
def test_a_wrong_signature_is_refused(books: Endpoint, signature: str) -> None:
    headers = netsuite_headers(BODY) | {"X-NS-Signature": signature}
    assert refused(Request(headers, BODY, NOW), books) == "wrong_signature"


def test_another_accounts_secret_is_refused(books: Endpoint) -> None:
    assert refused(signed(secret="another-secret"), books) == "wrong_signature"


def test_another_body_is_refused(books: Endpoint) -> None:
    assert refused(Request(netsuite_headers(BODY), BODY + b" ", NOW), books) == "wrong_signature"


def test_another_time_than_the_signed_one_is_refused(books: Endpoint) -> None:
    headers = netsuite_headers(BODY) | {"X-NS-Timestamp": str(int(NOW.timestamp()) + 1)}
    assert refused(Request(headers, BODY, NOW), books) == "wrong_signature"


@given(st.integers(-400, 400))
def test_a_time_is_good_for_five_minutes_either_way(seconds: int) -> None:
    endpoint = Endpoint("netsuite", "books", NETSUITE_ID, 1, None, Policy(), (SECRET,))
    request = signed(at=NOW + timedelta(seconds=seconds))
    if abs(seconds) <= 300:
        NetSuite().verify(request, endpoint)
    else:
        assert refused(request, endpoint) == ("from_the_future" if seconds > 0 else "stale")


@pytest.mark.parametrize(
    "timestamp", ["soon", "1.5", "-1", "1e9", "1" * 13, "\u0966", "é", "2026-03-14T15:09:26Z"]
)
def test_a_signed_time_that_is_none_is_refused(books: Endpoint, timestamp: str) -> None:
    assert refused(signed(timestamp=timestamp), books) == "bad_timestamp"


# Reading


@pytest.mark.parametrize("record_type", sorted(RECORD_TYPES))
@pytest.mark.parametrize("kind", ["create", "edit", "xedit", "delete"])
def test_a_change_of_a_record_is_seen(books: Endpoint, record_type: str, kind: str) -> None:
    reading = read(books, change(recordType=record_type, type=kind))
    expected = RecordChanged(record_type, "123", kind, other_ref_num="9999", created_from="60")
    assert reading.events == (expected,)
    assert (reading.topic, reading.order_ref) == (f"{record_type}/{kind}", "")


def test_hints_that_are_null_are_empty(books: Endpoint) -> None:
    reading = read(books, change(externalId=None, otherRefNum=None, createdFrom=None))
    assert reading.events == (RecordChanged("creditmemo", "123", "create"),)


def test_hints_are_passed_on(books: Endpoint) -> None:
    (seen,) = read(books, change(externalId="rs-shop-1")).events
    assert isinstance(seen, RecordChanged)
    assert seen.external_id == "rs-shop-1"


def test_the_account_is_compared_without_regard_to_case(books: Endpoint) -> None:
    assert read(books, change(account=NETSUITE_ID.lower())).events


def test_the_bodys_own_id_is_the_key(books: Endpoint) -> None:
    assert read(books, change(id="7f4df5c2-0d4f-4b8e-9d28-1c5b46f9a0c5")).delivery_key == (
        "7f4df5c2-0d4f-4b8e-9d28-1c5b46f9a0c5"
    )


def test_a_body_sent_again_with_a_new_time_has_the_same_key(books: Endpoint) -> None:
    later = Request(netsuite_headers(BODY, at=NOW + timedelta(minutes=30)), BODY, NOW)
    assert NetSuite().read(later, books).delivery_key == NetSuite().read(signed(), books).delivery_key


def test_a_body_of_another_netsuite_account_is_not_of_the_schema(books: Endpoint) -> None:
    error = unreadable(books, change(account="7654321"))
    assert (error.reason, error.topic) == ("NOT_OF_SCHEMA", "creditmemo/create")
    assert "another NetSuite account" in str(error)


@pytest.mark.parametrize("record_type", ["purchaseorder", "creditMemo", "", "customer"])
def test_a_record_type_we_do_not_listen_to_is_unknown(books: Endpoint, record_type: str) -> None:
    assert unreadable(books, change(recordType=record_type)).reason == "UNKNOWN_TOPIC"


@pytest.mark.parametrize("body", [b"", b"{", b"\x00", b"null and void"])
def test_a_body_that_is_not_json_is_not(books: Endpoint, body: bytes) -> None:
    assert unreadable(books, body).reason == "NOT_JSON"


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        "text",
        {},
        change(id=None),
        change(id=""),
        change(id="x" * 301),
        change(type="approve"),
        change(type=None),
        change(internalId=None),
        change(internalId="CM12"),
        change(internalId=-5),
        change(account=None),
        change(externalId=5),
        change(otherRefNum="x" * 301),
    ],
)
def test_a_body_of_another_shape_is_not_of_the_schema(books: Endpoint, payload: object) -> None:
    assert unreadable(books, payload).reason == "NOT_OF_SCHEMA"


def test_unreadable_bodies_have_one_key_each(books: Endpoint) -> None:
    assert unreadable(books, b"{").delivery_key == unreadable(books, b"{").delivery_key
    assert unreadable(books, b"{").delivery_key != unreadable(books, b"[").delivery_key


def test_keys_that_the_script_adds_are_ignored(books: Endpoint) -> None:
    assert read(books, change() | {"subsidiary": "1"}).events
