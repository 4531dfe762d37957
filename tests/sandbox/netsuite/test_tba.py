"""Token-based authentication: signatures made by an independent library are good, anything off is not."""

import itertools
from typing import Any

import pytest
import requests
from requests_oauthlib import OAuth1

from sandbox.netsuite.tba import base_string, parse_header
from tests.sandbox.helpers import Books, Control

TOKENS = {
    "consumer_key": "ck",
    "consumer_secret": "c & s",
    "token_id": "tk",
    "token_secret": "t+s",
}
NONCES = (f"nonce-{number:06}" for number in itertools.count())


@pytest.fixture
def account(control: Control, books: Books) -> Books:
    control.patch(books.path, {"tba": TOKENS})
    return books


def login(**changes: Any) -> OAuth1:  # noqa: ANN401  # of OAuth1
    fields = {
        "client_key": "ck",
        "client_secret": "c & s",
        "resource_owner_key": "tk",
        "resource_owner_secret": "t+s",
        "signature_method": "HMAC-SHA256",
        "realm": "1234567_SB1",
    } | changes
    return OAuth1(**fields)


def status(account: Books, path: str = "record/v1/creditMemo/1", auth: OAuth1 | None = None) -> int:
    return requests.get(f"{account.rest}/{path}", auth=auth or login(), timeout=10).status_code


@pytest.mark.parametrize(
    "path",
    [
        "record/v1/creditMemo/1",
        "record/v1/creditMemo/eid:rs-1",
        'record/v1/creditMemo?q=externalId IS "a b"&limit=5',
        "record/v1/creditMemo/1?expandSubResources=true&fields=",
    ],
)
def test_signed_requests_are_let_in(account: Books, path: str) -> None:
    assert status(account, path) in {200, 404}


def test_queries_and_transforms_are_signed_without_their_bodies(account: Books) -> None:
    answer = requests.post(
        f"{account.rest}/query/v1/suiteql?limit=10",
        json={"q": "SELECT COUNT(*) AS n FROM item"},
        headers={"Prefer": "transient"},
        auth=login(),
        timeout=10,
    )
    assert answer.json()["items"] == [{"links": [], "n": "1"}]
    path = f"{account.rest}/record/v1/invoice/1/!transform/creditMemo?replace=item"
    assert requests.post(path, json={}, auth=login(), timeout=10).status_code == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"client_key": "other"},
        {"client_secret": "other"},
        {"resource_owner_key": "other"},
        {"resource_owner_secret": "other"},
        {"realm": "1234567-sb1"},
        {"realm": None},
        {"signature_method": "HMAC-SHA1"},
        {"nonce": "short"},
        {"timestamp": "1000000000"},
        {"timestamp": "99999999999"},
        {"timestamp": "now"},
    ],
)
def test_anything_off_is_refused(account: Books, changes: dict[str, object]) -> None:
    assert status(account, auth=login(**changes)) == 401


def test_a_nonce_is_good_once(account: Books) -> None:
    stamp = str(int(account.control.post("settings")["timestamp"]))
    nonce = next(NONCES)
    same = [status(account, auth=login(nonce=nonce, timestamp=stamp)) for _ in range(2)]
    assert same == [404, 401]
    assert status(account, auth=login(nonce=next(NONCES), timestamp=stamp)) == 404


@pytest.mark.parametrize(("ahead", "answer"), [(290, 404), (330, 401)])
def test_a_request_is_good_for_five_minutes(
    control: Control, account: Books, ahead: int, answer: int
) -> None:
    control.post("settings", {"advance_seconds": ahead})
    assert status(account) == answer


def test_an_account_without_token_credentials_lets_no_signature_in(books: Books) -> None:
    assert status(books) == 401


def test_a_signature_is_good_for_its_own_request_only(account: Books) -> None:
    signed = requests.Request("GET", f"{account.rest}/record/v1/creditMemo/1", auth=login()).prepare()
    signed.url = f"{account.rest}/record/v1/creditMemo/2"
    with requests.Session() as session:
        assert session.send(signed, timeout=10).status_code == 401


def test_the_base_string_is_that_of_rfc_5849() -> None:
    """https://www.rfc-editor.org/rfc/rfc5849#section-3.4.1.1, its query and OAuth parameters."""
    parameters = [
        ("oauth_consumer_key", "9djdj82h48djs9d2"),
        ("oauth_token", "kkk9d7dh3k39sjv7"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "137131201"),
        ("oauth_nonce", "7d8f3e4a"),
        ("c2", ""),
        ("a3", "2 q"),
    ]
    url = "http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b"
    assert base_string("post", url, parameters) == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26"
        "c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26"
        "oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    )


def test_headers_of_other_schemes_are_not_read() -> None:
    assert parse_header("Bearer x") is None
    assert parse_header('OAuth realm="a%20b", oauth_nonce="c"') == {"realm": "a b", "oauth_nonce": "c"}
