import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.platforms.journal import MASK, Journal, masked, masked_body, masked_url

AT = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)


def record(journal: Journal, **more: object) -> dict[str, Any]:
    call: dict[str, Any] = {
        "at": AT,
        "method": "POST",
        "url": "https://example.com/a?limit=10",
        "status": 200,
        "milliseconds": 12,
        "request": '{"q":"SELECT 1"}',
        "response": '{"count":1}',
        "request_id": "abc-123",
    }
    journal.record(**{**call, **more})
    return journal.entries()[-1]


def test_a_call_is_written_down_as_json_values() -> None:
    entry = record(Journal())
    assert entry == {
        "at": "2026-03-14T15:09:26+00:00",
        "method": "POST",
        "url": "https://example.com/a?limit=10",
        "status": 200,
        "ms": 12,
        "request": '{"q":"SELECT 1"}',
        "response": '{"count":1}',
        "request_id": "abc-123",
    }
    assert json.loads(json.dumps(entry)) == entry


def test_the_moment_of_a_call_is_kept_in_utc() -> None:
    tokyo = AT.astimezone(timezone(timedelta(hours=9)))
    assert record(Journal(), at=tokyo)["at"] == "2026-03-14T15:09:26+00:00"


def test_a_cleared_journal_is_empty_and_what_was_taken_from_it_stays() -> None:
    journal = Journal()
    record(journal)
    kept = journal.entries()
    journal.clear()
    assert journal.entries() == []
    assert len(kept) == 1


def test_a_journal_keeps_the_newest_calls_only() -> None:
    journal = Journal()
    for number in range(250):
        record(journal, request_id=str(number))
    assert [entry["request_id"] for entry in journal.entries()] == [str(number) for number in range(50, 250)]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/x?limit=1000&offset=0", "https://a.example/x?limit=1000&offset=0"),
        ("https://a.example/x?access_token=abc&fields=id", "https://a.example/x?access_token=***&fields=id"),
        ("https://a.example/x?oauth_signature=abc", "https://a.example/x?oauth_signature=***"),
        ("https://user:password@a.example/x", "https://a.example/x"),
        ("https://a.example/x?empty=", "https://a.example/x?empty="),
        (
            "https://a.example/record/v1/returnAuthorization/5",
            "https://a.example/record/v1/returnAuthorization/5",
        ),
        ("http://[::1/", "(not a web address)"),
    ],
)
def test_a_url_is_shown_without_secrets(url: str, shown: str) -> None:
    assert masked_url(url) == shown


@pytest.mark.parametrize(
    "name",
    [
        "access_token",
        "accessToken",
        "client_secret",
        "client_assertion",
        "private_key",
        "X-Shopify-Access-Token",
        "Authorization",
        "Set-Cookie",
        "oauth_nonce",
        "email",
        "contactEmail",
        "phone",
        "first_name",
        "lastName",
        "address1",
        "billAddr2",
        "shipAddressee",
        "zip",
        "shipZip",
        "city",
        "billCity",
        "province",
        "company",
        "latitude",
        "browserIp",
        "accountNumber",
    ],
)
@pytest.mark.parametrize("value", ["secret", 12345, ["secret"], {"inner": "secret"}])
def test_a_member_with_a_secret_or_personal_name_is_masked(name: str, value: object) -> None:
    shown = json.dumps(masked({name: value}))
    assert "secret" not in shown.replace(name, "")
    assert "12345" not in shown
    assert MASK in shown


@pytest.mark.parametrize(
    "member",
    [
        {"externalId": "rs-shop-1"},
        {"memo": "shop refund rs-shop-1"},
        {"name": "#1001"},
        {"returnAuthorization": {"id": "5"}},
        {"token_type": "bearer"},
        {"capacity": "7"},
        {"amount": "12.30", "currencyCode": "USD"},
        {"legacyResourceId": "9007199254740993"},
        {"statement": "SELECT 1"},
        {"access_token": None},
        {"emailed": True},
    ],
)
def test_what_an_operator_needs_stays_readable(member: dict[str, object]) -> None:
    assert masked(member) == member


def test_of_a_person_only_ids_are_left() -> None:
    entity = {"id": "4", "refName": "Ada Lovelace", "links": [{"href": "https://x/ada"}], "active": True}
    assert masked({"entity": entity, "customer": None}) == {
        "entity": {"id": "4", "refName": MASK, "links": [{"href": MASK}], "active": True},
        "customer": None,
    }


@pytest.mark.parametrize(
    "text",
    [
        "no account for ada@example.com here",
        "refused: Bearer abc.def-ghi",
        "token shpat_0123456789abcdef is revoked",
        "assertion eyJhbGciOiJQUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln expired",
    ],
)
def test_what_looks_like_a_secret_is_masked_in_any_text(text: str) -> None:
    for shown in (masked_body(text), masked_body(json.dumps({"detail": text}))):
        assert MASK in shown
        assert not any(part in shown for part in ("ada@", "abc.def", "0123456789abcdef", "eyJ"))


def test_a_forms_secrets_are_masked_by_name() -> None:
    form = "grant_type=client_credentials&client_id=my-app&client_secret=s3cr3t&client_assertion=abc"
    assert masked_body(form) == (
        "grant_type=client_credentials&client_id=my-app&client_secret=***&client_assertion=***"
    )


def test_numbers_are_shown_as_they_came() -> None:
    assert masked_body('{"id": 9007199254740993, "total": 12.30}') == '{"id":9007199254740993,"total":12.30}'


def test_a_long_body_is_cut_after_it_was_masked() -> None:
    body = json.dumps({"note": "x" * 4000, "access_token": "s3cr3t" * 100, "rest": "y" * 4000})
    shown = masked_body(body)
    assert len(shown) == 4096
    assert shown.endswith("…")
    assert "s3cr3t" not in shown


def test_of_a_huge_body_only_the_length_is_kept() -> None:
    assert masked_body("a" * 2_000_000) == "(2000000 characters)"


@pytest.mark.parametrize("text", ["", "   ", "<html>502</html>", '{"broken": ', "[1,2", '{"a":' * 5000])
def test_any_body_can_be_shown(text: str) -> None:
    assert len(masked_body(text)) <= 4096


_SECRET = "s3cr3tValue"
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(_JSON, st.sampled_from(["token", "PASSWORD", "customer_email", "ship-address"]))
def test_a_secret_is_found_wherever_it_lies(value: object, name: str) -> None:
    nested = {"outer": [value, {"inner": {name: [_SECRET, {"deep": _SECRET}]}}]}
    assert _SECRET not in masked_body(json.dumps(nested))


@given(_JSON)
def test_masking_twice_changes_nothing_more(value: object) -> None:
    assert masked(masked(value)) == masked(value)


def test_what_ebay_tells_of_buyers_is_masked() -> None:
    order = {
        "orderId": "12-34567-89012",
        "buyer": {"username": "pat_doe"},
        "buyerCheckoutNotes": "ring twice",
        "fulfillmentStartInstructions": [{"shippingStep": {"shipTo": {"fullName": "Pat Doe"}}}],
        "lineItems": [{"lineItemId": "1", "giftDetails": {"message": "for Pat", "senderName": "Kim"}}],
    }
    kept = masked(order)
    assert kept["orderId"] == "12-34567-89012"
    assert kept["lineItems"][0]["lineItemId"] == "1"
    assert not {"pat", "kim", "twice"} & set(json.dumps(kept).lower().replace('"', " ").split())
    summary = {"returnId": "5", "buyerLoginName": "pat_doe", "buyer": "pat_doe"}
    assert masked(summary) == {"returnId": "5", "buyerLoginName": MASK, "buyer": MASK}


def test_ebays_tokens_are_masked_in_any_text() -> None:
    assert masked_body("got v^1.1#i^1#p^3#r^1#f^0#t^H4sIAAA/+== back") == f"got {MASK} back"
