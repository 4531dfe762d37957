"""Signatures made by an independent library are good, anything off is refused in Magento's words."""

import itertools
from typing import Any

import pytest
import requests

from sandbox.magento.oauth import base_string, parse_header
from tests.sandbox.magento.client import Client, refund_body, signer
from tests.support.sandboxed_magento import OAUTH, Store

FILTER = "searchCriteria[filterGroups][0][filters][0]"
CONFIGS = "store/storeConfigs"
NONCES = (f"nonce-{number:06}" for number in itertools.count())
OTHER = "x" * 32


def refused(client: Client, **more: Any) -> tuple[int, Any]:  # noqa: ANN401  # of requests
    answer = client.call("GET", CONFIGS, **more)
    return answer.status_code, answer.json()


def not_allowed(resource: str) -> dict[str, object]:
    return {
        "message": "The consumer isn't authorized to access %resources.",
        "parameters": {"resources": resource},
    }


@pytest.mark.parametrize("method", ["HMAC-SHA256", "HMAC-SHA1"])
@pytest.mark.parametrize(
    "path",
    [
        CONFIGS,
        "orders?searchCriteria=",
        f"orders?{FILTER}[field]=status&{FILTER}[value]=a%20b%25",
    ],
)
def test_signed_requests_are_let_in(client: Client, path: str, method: str) -> None:
    assert client.call("GET", path, auth=signer(signature_method=method)).status_code == 200


def test_bodies_of_json_are_not_signed(store: Store, client: Client) -> None:
    order = store.order()
    assert client.post(f"order/{order['entity_id']}/refund", refund_body(order, 1)) == 1


@pytest.mark.parametrize(
    ("changes", "status", "message"),
    [
        ({"client_key": "short"}, 401, "Consumer key is not the correct length"),
        ({"client_key": OTHER}, 401, "A consumer having the specified key does not exist"),
        ({"client_secret": OTHER}, 401, "The signature is invalid. Verify and try again."),
        ({"resource_owner_key": OTHER}, 401, "Specified token does not exist"),
        (
            {"resource_owner_key": "short"},
            400,
            "The token length is invalid. Check the length and try again.",
        ),
        ({"resource_owner_secret": OTHER}, 401, "The signature is invalid. Verify and try again."),
        ({"signature_method": "PLAINTEXT"}, 400, "Signature method %1 is not supported"),
        ({"timestamp": "99999999999"}, 401, "An error occurred validating the nonce"),
        ({"timestamp": "0"}, 401, "An error occurred validating the nonce"),
        ({"timestamp": "now"}, 401, "An error occurred validating the nonce"),
    ],
)
def test_anything_off_is_refused(client: Client, changes: dict[str, str], status: int, message: str) -> None:
    answered, body = refused(client, auth=signer(**changes))
    assert (answered, body["message"]) == (status, message)


def test_parameters_left_away_are_named(client: Client) -> None:
    header = {"Authorization": 'OAuth oauth_consumer_key="k", oauth_version="1.0"'}
    status, body = refused(client, auth=None, headers=header)
    assert (status, body["message"]) == (400, "One or more input exceptions have occurred.")
    named = [each["parameters"]["fieldName"] for each in body["errors"]]
    assert named == [
        "oauth_signature",
        "oauth_signature_method",
        "oauth_nonce",
        "oauth_timestamp",
        "oauth_token",
    ]
    status, body = refused(client, auth=None, headers={"Authorization": 'OAuth oauth_version="2.0"'})
    assert (status, body["parameters"]) == (400, ["2.0"])


def test_a_nonce_is_good_once_even_with_a_bad_signature(client: Client) -> None:
    nonce = next(NONCES)
    status, _ = refused(client, auth=signer(nonce=nonce, client_secret=OTHER))
    assert status == 401
    status, body = refused(client, auth=signer(nonce=nonce))
    assert (status, body) == (
        401,
        {"message": "The nonce is already being used by the consumer with ID %1", "parameters": ["1"]},
    )


def test_old_timestamps_are_good_and_those_of_ten_minutes_ahead_are(client: Client) -> None:
    now = int(client.store.control.post("settings")["timestamp"])
    for stamp in (1_000_000_000, now + 590):
        assert client.call("GET", CONFIGS, auth=signer(timestamp=str(stamp))).status_code == 200
    assert client.call("GET", CONFIGS, auth=signer(timestamp=str(now + 660))).status_code == 401


def test_a_signature_is_good_for_its_own_request_only(client: Client) -> None:
    signed = requests.Request("GET", f"{client.store.url}/rest/V1/{CONFIGS}", auth=signer()).prepare()
    assert signed.url is not None
    signed.url = signed.url.replace("/V1/", "/all/V1/")
    with requests.Session() as session:
        assert session.send(signed, timeout=10).status_code == 401


@pytest.mark.parametrize("header", [{}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer wrong"}])
def test_nobody_is_allowed_nothing(client: Client, header: dict[str, str]) -> None:
    assert refused(client, auth=None, headers=header) == (401, not_allowed("Magento_Backend::store"))


def test_the_access_token_alone_is_good_only_if_switched_on(store: Store, client: Client) -> None:
    header = {"Authorization": f"Bearer {OAUTH['access_token']}"}
    assert refused(client, auth=None, headers=header)[0] == 401
    store.change(bearer=True)
    assert client.call("GET", CONFIGS, auth=None, headers=header).status_code == 200
    wrong = {"Authorization": "Bearer other"}
    assert refused(client, auth=None, headers=wrong)[0] == 401


@pytest.mark.parametrize("status", [401, 403])
def test_resources_not_granted_are_refused(store: Store, client: Client, status: int) -> None:
    store.change(acl=["Magento_Sales::actions_view"], forbidden_status=status)
    order = store.order()
    assert client.get(f"orders/{order['entity_id']}")["entity_id"] == order["entity_id"]
    error = client.refusal(f"order/{order['entity_id']}/refund", {}, status)
    assert error == not_allowed("Magento_Sales::creditmemo")
    assert store.writes() == {}


def test_the_cloud_takes_adobe_s_tokens_while_they_live(store: Store, client: Client) -> None:
    def ask(**form: str) -> requests.Response:
        return requests.post(f"{store.url}/ims/token/v3", data=form, timeout=10)

    assert ask().status_code == 404
    store.change(ims={"client_id": "id", "client_secret": "secret"})
    good = {"grant_type": "client_credentials", "client_id": "id", "client_secret": "secret"}
    assert ask(**good | {"grant_type": "password"}).json() == {"error": "unsupported_grant_type"}
    assert ask(**good | {"client_id": "x"}).status_code == 400
    assert ask(**good | {"client_secret": "x"}).status_code == 401
    token = ask(**good).json()
    assert (token["token_type"], token["expires_in"]) == ("bearer", 86399)
    call = {"auth": None, "headers": {"Authorization": f"Bearer {token['access_token']}"}}
    assert client.call("GET", f"../../../V1/{CONFIGS}", **call).status_code == 200
    store.control.post("settings", {"advance_seconds": 86400})
    assert client.call("GET", f"../../../V1/{CONFIGS}", **call).status_code == 401


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
    assert "http%3A%2F%2Fshop%3A8100%2Frest&" in base_string("GET", "http://shop:8100/rest", [])


def test_headers_are_read_without_their_realm() -> None:
    assert parse_header("Bearer x") is None
    header = 'OAuth realm="a", oauth_nonce="c%20d", oauth_token, other="x"'
    assert parse_header(header) == {"oauth_nonce": "c d"}
