from typing import Any

import pytest

from tests.workers.platforms.amazon import APP, Amazon, open_seller
from tests.workers.platforms.wire import answer, saying, wire
from tests.workers.platforms.world import Control
from workers.platforms.amazon_auth import Access, validate_credentials
from workers.platforms.errors import CredentialsError, PlatformError
from workers.platforms.http import Http


@pytest.fixture
def seller(control: Control) -> Amazon:
    """A seller who authorised the app."""
    return open_seller(control)


def test_a_token_is_got_once_for_all_clients_of_a_seller(seller: Amazon, http: Http) -> None:
    seller.client(http).check()
    seller.client(http).check()
    assert seller.operations() == ["token", "listTransactions", "listTransactions"]


def test_a_token_that_ended_is_renewed_once(seller: Amazon, http: Http) -> None:
    client = seller.client(http)
    client.check()
    seller.control.post(f"{seller.path}/revoke")
    client.check()
    assert seller.operations()[1:] == ["listTransactions", "listTransactions", "token", "listTransactions"]


def test_a_new_token_that_is_refused_too_is_the_end(seller: Amazon, http: Http) -> None:
    seller.fault("listTransactions", "status", status=403, times=5)
    with pytest.raises(PlatformError) as caught:
        seller.client(http).check()
    assert caught.value.reason == "NO_PERMISSION"
    assert seller.operations() == ["token", "listTransactions", "token", "listTransactions"]


def test_two_sellers_have_tokens_of_their_own(seller: Amazon, control: Control, http: Http) -> None:
    other = open_seller(control)
    seller.client(http).check()
    other.client(http).check()
    assert other.operations() == ["token", "listTransactions"]


@pytest.mark.parametrize("name", ["client_id", "client_secret", "refresh_token"])
def test_wrong_credentials_are_refused(seller: Amazon, http: Http, name: str) -> None:
    with pytest.raises(PlatformError) as caught:
        seller.client(http, **{name: "wrong"}).check()
    assert caught.value.reason == "BAD_CREDENTIALS"
    assert seller.operations() == ["token"]


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        ("200 OK", b"{}", "TRANSIENT"),
        ("200 OK", b'{"access_token": 1}', "TRANSIENT"),
        ("200 OK", b"<html>", "TRANSIENT"),
        ("503 Service Unavailable", b"", "TRANSIENT"),
        ("400 Bad Request", b'{"error":"unsupported_grant_type"}', "REFUSED"),
    ],
)
def test_an_answer_without_a_token_is_none(http: Http, status: str, body: bytes, reason: str) -> None:
    with wire(saying(answer(body, status))) as served, pytest.raises(PlatformError) as caught:
        Access(APP, api_url=served.url, http=http).token()
    assert caught.value.reason == reason


def test_a_login_that_is_busy_says_for_how_long(http: Http) -> None:
    busy = answer(b"", "429 Too Many Requests", "Retry-After: 7\r\n")
    with wire(saying(busy)) as served, pytest.raises(PlatformError) as caught:
        Access(APP, api_url=served.url, http=http).token()
    assert (caught.value.reason, caught.value.retry_after) == ("RATE_LIMITED", 7.0)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"region": "eu"},
        {"region": "fe", "finances": "v0"},
        {"finances": "2024-06-19"},
        {"secret_header": "x-relay-key", "topic_arns": ["arn:aws:sns:us-east-1:123456789012:topic"]},
        {"topic_arns": []},
    ],
)
def test_credentials_are_an_apps_and_a_sellers(more: dict[str, Any]) -> None:
    validate_credentials({**APP, **more})


@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        ({}, "need client_id, client_secret, refresh_token"),
        ({"client_id": "a", "client_secret": "b"}, "need refresh_token"),
        ({**APP, "access_token": "x"}, "have no access_token"),
        ({**APP, "client_id": ""}, "plain characters for client_id"),
        ({**APP, "client_secret": 7}, "plain characters for client_secret"),
        ({**APP, "refresh_token": "Atzr|\n"}, "plain characters for refresh_token"),
        ({**APP, "secret_header": "ü"}, "plain characters for secret_header"),
        ({**APP, "region": "us"}, "one of na, eu, fe for region"),
        ({**APP, "finances": "v1"}, "one of 2024-06-19, v0 for finances"),
        ({**APP, "topic_arns": "arn"}, "a list of texts for topic_arns"),
        ({**APP, "topic_arns": [""]}, "a list of texts for topic_arns"),
    ],
)
def test_whatever_else_is_refused_in_one_sentence(credentials: dict[str, Any], words: str) -> None:
    with pytest.raises(CredentialsError, match=words) as caught:
        validate_credentials(credentials)
    assert caught.value.reason == "bad_credentials"
    assert str(caught.value).endswith(".")
