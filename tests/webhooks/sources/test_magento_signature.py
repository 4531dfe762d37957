"""Which events are believed to come from Adobe I/O Events."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.webhooks.keyserver import KeyServer, key_server
from tests.webhooks.magento_pushes import (
    CLIENT_ID,
    CREDIT_MEMO,
    KEY_PATHS,
    cloud_event,
    credit_memo,
    event_headers,
    public_pem,
)
from tests.webhooks.platforms import encoded
from tests.webhooks.sources.magento_endpoints import (
    VECTOR_KEY,
    OneKey,
    endpoint_of,
    refused,
    unreachable,
    verify,
)
from webhooks.keys import FetchedKeys
from webhooks.sources.magento_signatures import KEY_HOST
from webhooks.sources.protocol import Endpoint, NoSuchKeyError

EVENT = encoded(cloud_event(CREDIT_MEMO, credit_memo()))
VECTOR_EVENT = (
    "dOEOmy3EqwPxXQlUlZ4drvQs2/jVDAGKpmIzqxtHhThdagM8Y9lv7uXzagPZnqIogN1e8QekX9nBkJ9LZiqGsmj1+Vd0FQ/tKs4ylPYu"
    "WF9bpV62Sz6xVf+v2TKLs1WSzeFnnV1g+c9fzvdyoC+eClnMZwVAy9Cr4ru9ZUbNP8v6Av3nk2USS6znjf14FyEoYDmCUlbflotZwx/a"
    "8Wa37QQyhjaWPwf/nPubBNWSKcp25aZnW6ki74+d6u35DvkzDVjEzoDhQEqPNhD8/w0nOHCC9CA15CkZT1UVTefwHmnBlhyIU5X7zCmd"
    "ZZID7DznEdK/o5PWws/9LDCJc463sw=="
)


@pytest.fixture
def server() -> Iterator[KeyServer]:
    """Adobe's static host with both keys, standing in on this one."""
    with key_server() as keys:
        for number, path in enumerate(KEY_PATHS, 1):
            keys.keep(path, public_pem(number))
        yield keys


@pytest.fixture
def events(server: KeyServer) -> Endpoint:
    endpoint = endpoint_of(FetchedKeys(allow_private=True), adobe_client_id=CLIENT_ID)
    return replace(endpoint, api_url=server.url)


def test_an_event_of_adobes_is_accepted(events: Endpoint) -> None:
    verify(events, event_headers(EVENT), EVENT)


def test_keys_are_fetched_from_adobes_static_host() -> None:
    keys = OneKey(public_pem(1))
    verify(endpoint_of(keys, adobe_client_id=CLIENT_ID), event_headers(EVENT), EVENT)
    assert keys.asked == [f"https://static.adobeioevents.com{KEY_PATHS[0]}"]
    assert KEY_HOST == "https://static.adobeioevents.com"


def test_the_own_known_answer_is_accepted() -> None:
    body = b'{"event_id":"e-1","recipient_client_id":"client-1"}'
    headers = event_headers(body, signature_1=VECTOR_EVENT, signature_2=None)
    verify(endpoint_of(OneKey(VECTOR_KEY.encode()), adobe_client_id="client-1"), headers, body)


def test_the_known_answer_of_adobes_own_library_is_accepted(specs_dir: Path) -> None:
    vector = json.loads((specs_dir / "magento" / "adobe_io_signature_vector.json").read_text())
    endpoint = endpoint_of(
        OneKey(vector["public_key_pem"].encode()), adobe_client_id=vector["recipient_client_id"]
    )

    def headers(text: str) -> dict[str, str]:
        return {"x-adobe-digital-signature-1": text, "x-adobe-public-key1-path": KEY_PATHS[0]}

    for form in ("body", "body_base64_form"):
        verify(endpoint, headers(vector["signature_b64"]), vector[form].encode())
        reason = refused(endpoint, headers(vector["invalid_signature_b64"]), vector[form].encode())
        assert reason == "wrong_signature"
    tampered = vector["body"].replace("world", "there").encode()
    assert refused(endpoint, headers(vector["signature_b64"]), tampered) == "wrong_signature"


@pytest.mark.parametrize(
    "changes",
    [
        {"signature_1": None},
        {"signature_2": None},
        {"path_1": None},
        {"path_2": None},
        {"signature_1": "AAAA"},
        {"signature_1": "not base64!"},
        {"signature_2": "é"},
        {"path_1": "/prod/keys/gone.pem"},
        {"path_1": "https://evil.example/k.pem"},
        {"signature_1": None, "path_1": None},
    ],
)
def test_either_signature_is_enough(events: Endpoint, changes: dict[str, str | None]) -> None:
    verify(events, event_headers(EVENT, **changes), EVENT)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"signature_1": None, "signature_2": None}, "missing_signature"),
        ({"signature_1": None, "path_2": None}, "missing_signature"),
        ({"signature_1": "AAAA", "signature_2": None}, "wrong_signature"),
        ({"signature_1": "é", "signature_2": "="}, "wrong_signature"),
        ({"path_1": KEY_PATHS[1], "path_2": KEY_PATHS[0]}, "wrong_signature"),
        ({"path_1": "/gone.pem", "signature_2": "AAAA"}, "wrong_signature"),
        ({"path_1": "/gone.pem", "path_2": "/gone.pem"}, "unknown_key"),
        ({"path_1": "/gone.pem", "path_2": None}, "unknown_key"),
    ],
)
def test_an_event_that_neither_signature_shows_to_be_adobes_is_refused(
    events: Endpoint, changes: dict[str, str | None], reason: str
) -> None:
    assert refused(events, event_headers(EVENT, **changes), EVENT) == reason


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/k.pem",
        "//evil.example/k.pem",
        "@evil.example/k.pem",
        "/../k.pem",
        "/keys/../k.pem",
        "/keys/%2e%2e/k.pem",
        "/k.pem?x=.pem",
        "/k.pem#.pem",
        "/k.txt",
        "/.pem",
        "k.pem",
        "/k .pem",
        "/ключ.pem",
        "/" + "k" * 201 + ".pem",
    ],
)
def test_nothing_is_fetched_from_where_no_key_of_adobes_is(path: str) -> None:
    keys = OneKey(public_pem(1))
    headers = event_headers(EVENT, path_1=path, signature_2=None)
    assert refused(endpoint_of(keys, adobe_client_id=CLIENT_ID), headers, EVENT) == "unknown_key"
    assert keys.asked == []


@pytest.mark.parametrize(
    "changes",
    [
        {"recipient_client_id": "another"},
        {"recipientclientid": "another"},
        {"recipient_client_id": "another", "recipientclientid": "another"},
        {"recipient_client_id": None, "recipientclientid": None},
        {"recipient_client_id": [CLIENT_ID]},
    ],
)
def test_an_event_for_another_client_is_refused_before_any_key_is_fetched(
    events: Endpoint, server: KeyServer, changes: dict[str, object]
) -> None:
    body = encoded(cloud_event(CREDIT_MEMO, credit_memo(), **changes))
    assert refused(events, event_headers(body), body) == "wrong_shop"
    assert server.asked == []


@pytest.mark.parametrize("name", ["recipient_client_id", "recipientclientid"])
def test_the_client_may_be_named_either_way(events: Endpoint, name: str) -> None:
    event = cloud_event(CREDIT_MEMO, credit_memo())
    del event[name]
    verify(events, event_headers(encoded(event)), encoded(event))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"5", b'"text"', b"\xff", b"bnVsbA==", b"null"])
def test_a_body_that_names_no_client_is_for_nobody(events: Endpoint, body: bytes) -> None:
    assert refused(events, event_headers(body), body) == "wrong_shop"


def test_every_event_of_a_batch_has_to_be_ours(events: Endpoint) -> None:
    ours = cloud_event(CREDIT_MEMO, credit_memo())
    body = encoded([ours, ours])
    verify(events, event_headers(body), body)
    body = encoded([ours, cloud_event(CREDIT_MEMO, credit_memo(), recipient_client_id="another")])
    assert refused(events, event_headers(body), body) == "wrong_shop"


def test_of_an_event_in_base64_the_json_is_signed(events: Endpoint) -> None:
    wrapped = base64.b64encode(EVENT)
    verify(events, event_headers(EVENT), wrapped)
    verify(events, event_headers(EVENT), wrapped + b"\n")
    assert refused(events, event_headers(wrapped), wrapped) == "wrong_signature"


@pytest.mark.parametrize("changes", [{}, {"signature_1": "AAAA"}, {"signature_2": None}])
def test_without_a_key_server_nothing_can_be_said(changes: dict[str, str | None]) -> None:
    unreachable(endpoint_of(adobe_client_id=CLIENT_ID), event_headers(EVENT, **changes), EVENT)


def test_one_key_that_can_be_had_is_enough(events: Endpoint, server: KeyServer) -> None:
    server.keep(KEY_PATHS[0], status=503)
    verify(events, event_headers(EVENT), EVENT)


def test_while_one_key_cannot_be_had_a_wrong_signature_is_not_the_last_word(
    events: Endpoint, server: KeyServer
) -> None:
    server.keep(KEY_PATHS[0], status=503)
    assert "503" in unreachable(events, event_headers(EVENT, signature_2="AAAA"), EVENT)


def elliptic_pem() -> bytes:
    return (
        generate_private_key(SECP256R1())
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )


@pytest.mark.parametrize("kind", ["empty", "page", "cut", "elliptic"])
def test_a_key_that_is_none_may_be_one_later(events: Endpoint, server: KeyServer, kind: str) -> None:
    pem = {"empty": b"", "page": b"<html>", "cut": public_pem(1)[:60], "elliptic": elliptic_pem()}[kind]
    server.keep(KEY_PATHS[0], pem)
    assert "no public RSA key" in unreachable(events, event_headers(EVENT, signature_2=None), EVENT)


def test_what_fetches_keys_may_say_there_is_none() -> None:
    class Nowhere:
        def get(self, url: str, **_: object) -> bytes:
            raise NoSuchKeyError(url)

    assert (
        refused(endpoint_of(Nowhere(), adobe_client_id=CLIENT_ID), event_headers(EVENT), EVENT)
        == "unknown_key"
    )
