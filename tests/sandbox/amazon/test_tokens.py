"""LWA's tokens, and how the API lets a call in."""

import pytest
import requests

from tests.sandbox.amazon.client import TRANSACTIONS, Api, refused
from tests.support.sandboxed_amazon import Seller


def test_a_refresh_token_gives_an_access_token_for_an_hour(api: Api) -> None:
    answer = api.token()
    assert answer.status_code == 200
    body = answer.json()
    assert body["access_token"].startswith("Atza|")
    assert (body["token_type"], body["expires_in"]) == ("bearer", 3600)
    assert body["refresh_token"] == api.app["refresh_token"]


def test_the_app_s_own_token_is_for_grantless_operations_only(api: Api) -> None:
    answer = api.token(
        grant_type="client_credentials", refresh_token=None, scope="sellingpartnerapi::notifications"
    )
    assert answer.status_code == 200
    assert "refresh_token" not in answer.json()
    api.access = answer.json()["access_token"]
    status, error = api.error(TRANSACTIONS, postedAfter=api.ago(600))
    assert (status, error["code"]) == (403, "Unauthorized")


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
        ({"refresh_token": "wrong"}, 400, "invalid_grant"),
        ({"refresh_token": None}, 400, "invalid_request"),
        ({"client_secret": None}, 400, "invalid_request"),
        ({"grant_type": None}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "scope": "profile"}, 400, "invalid_scope"),
    ],
)
def test_what_lwa_refuses(api: Api, changes: dict[str, str | None], status: int, error: str) -> None:
    answer = api.token(**changes)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"]


def test_lwa_reads_forms_only(api: Api) -> None:
    body = {"grant_type": "refresh_token", **api.app}
    answer = requests.post(f"{api.base}/auth/o2/token", json=body, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_token_ends_after_an_hour(api: Api) -> None:
    api.log_in()
    api.advance(3599)
    assert api.transactions(postedAfter=api.ago(600)) == []
    api.advance(2)
    status, error = api.error(TRANSACTIONS, postedAfter=api.ago(600))
    assert (status, error["code"]) == (403, "Unauthorized")
    assert error["message"] == "Access to requested resource is denied."
    assert error["details"] == "The access token you provided has expired."


def test_a_withdrawn_authorisation_ends_tokens(api: Api, seller: Seller) -> None:
    api.log_in()
    seller.control.post(f"{seller.path}/revoke")
    status, error = api.error(TRANSACTIONS, postedAfter=api.ago(600))
    assert (status, error["details"]) == (
        403,
        "The access token you provided is revoked, malformed or invalid.",
    )


def test_a_missing_token_is_said_to_be_missing(api: Api) -> None:
    answer = requests.get(f"{api.base}{TRANSACTIONS}", headers={"User-Agent": api.agent}, timeout=10)
    status, error = refused(answer)
    assert (status, error["details"]) == (403, "Access token is missing in the request header.")
    assert "x-amzn-RateLimit-Limit" not in answer.headers


@pytest.mark.parametrize(
    "agent", ["python-requests/2.32", "Tool/1.0", "Tool/1.0 (Python)", f"T/{'9' * 500} (Language=P)"]
)
def test_a_user_agent_must_have_the_documented_form(api: Api, agent: str) -> None:
    api.agent = agent
    status, error = api.error(TRANSACTIONS, postedAfter=api.ago(600))
    assert (status, error["code"]) == (400, "InvalidInput")


@pytest.mark.parametrize(
    "agent", ["My Selling Tool/2.0 (Language=Java/1.8.0.221; Platform=Windows/10)", "t/1 (Language=Python)"]
)
def test_documented_user_agents_are_let_in(api: Api, agent: str) -> None:
    api.agent = agent
    assert api.transactions(postedAfter=api.ago(600)) == []


@pytest.mark.parametrize(("method", "path"), [("GET", "/finances/v1/nothing"), ("DELETE", TRANSACTIONS)])
def test_unknown_paths_are_refused_as_the_gateway_does(api: Api, method: str, path: str) -> None:
    status, error = refused(api.call(method, path))
    assert (status, error["code"]) == (403, "MissingAuthenticationToken")


@pytest.mark.parametrize("path", ["/auth/o2/token", TRANSACTIONS, "/nothing"])
def test_an_unknown_seller_is_not_found(api: Api, path: str) -> None:
    url = f"{api.base}-nobody{path}"
    method = "POST" if path.startswith("/auth") else "GET"
    assert refused(requests.request(method, url, timeout=10))[0] == 404
