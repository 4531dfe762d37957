"""Who gets a token, what it opens, and for how long."""

import pytest
import requests

from tests.sandbox.ebay.client import ORDER, PUBLIC_KEY, SCOPE, TRANSACTION, Api, error_of, whole
from tests.support.sandboxed_ebay import EbaySeller

FULFILLMENT = f"{SCOPE}/sell.fulfillment"
FINANCES = f"{SCOPE}/sell.finances"


def test_a_refresh_token_gives_a_user_token_for_two_hours(api: Api) -> None:
    answer = api.token_response({"grant_type": "refresh_token", "refresh_token": api.refresh_token})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("User Access Token", 7200)
    assert api.call("GET", ORDER, token=body["access_token"]).status_code == 200


def test_client_credentials_give_the_application_s_own_token(api: Api) -> None:
    answer = api.token_response({"grant_type": "client_credentials", "scope": SCOPE})
    assert answer.json()["token_type"] == "Application Access Token"


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 400, "invalid_request"),
        ({"grant_type": "refresh_token"}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "other"}, 400, "invalid_grant"),
        ({"grant_type": "client_credentials", "scope": FULFILLMENT}, 400, "invalid_scope"),
    ],
)
def test_a_bad_request_for_a_token_is_refused(
    api: Api, form: dict[str, str], status: int, error: str
) -> None:
    answer = api.token_response(form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json().keys() == {"error", "error_description"}


def test_the_seller_s_consent_limits_the_scopes(seller: EbaySeller, api: Api) -> None:
    seller.change(scopes=[SCOPE])
    form = {"grant_type": "refresh_token", "refresh_token": api.refresh_token, "scope": FULFILLMENT}
    assert api.token_response(form).json()["error"] == "invalid_scope"


@pytest.mark.parametrize(
    "auth", [("nobody", "PRD-0123456789abcdef"), ("RefundSy-sandbox-PRD-0123456789", "x")]
)
def test_an_unknown_client_is_refused(api: Api, auth: tuple[str, str]) -> None:
    answer = api.token_response({"grant_type": "client_credentials"}, auth)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.json()["error_description"] == "client authentication failed"


@pytest.mark.parametrize("header", ["", "Basic !!!", "Basic /w==", "Bearer x"])
def test_a_client_must_introduce_itself(api: Api, header: str) -> None:
    url = f"{api.base}/identity/v1/oauth2/token"
    form = {"grant_type": "client_credentials"}
    answer = requests.post(url, data=form, headers={"Authorization": header}, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_token_expires(seller: EbaySeller, api: Api) -> None:
    token = api.user_token()
    seller.control.post("settings", {"advance_seconds": 7199})
    assert api.call("GET", ORDER, token=token).status_code == 200
    seller.control.post("settings", {"advance_seconds": 2})
    assert error_of(api.call("GET", ORDER, token=token)) == (401, 1001)


@pytest.mark.parametrize(("token", "error"), [("", 1002), ("nonsense", 1001)])
def test_without_a_good_token_nothing_is_answered(api: Api, token: str, error: int) -> None:
    assert error_of(api.call("GET", ORDER, token=token)) == (401, error)


def test_a_token_in_the_wrong_scheme_is_refused(api: Api) -> None:
    assert error_of(api.call("GET", ORDER, scheme="IAF")) == (401, 1001)
    answer = api.call("GET", "/post-order/v2/return/search", headers={"X-EBAY-C-MARKETPLACE-ID": "EBAY_US"})
    assert answer.status_code == 401
    assert answer.json()["errorMessage"]["error"][0]["errorId"] == 1001


def test_each_operation_needs_its_scope(seller: EbaySeller, api: Api) -> None:
    order = seller.order()
    money, goods = api.user_token(FINANCES), api.user_token(FULFILLMENT)
    assert error_of(api.call("GET", ORDER, token=money)) == (403, 1100)
    assert error_of(api.refund(order, whole("1.00"), token=goods)) == (403, 1100)
    assert error_of(api.call("GET", TRANSACTION, token=goods)) == (403, 1100)
    assert api.call("GET", ORDER, token=api.user_token(f"{FULFILLMENT}.readonly")).status_code == 200


def test_public_keys_need_the_application_s_token_and_orders_a_seller_s(api: Api) -> None:
    assert error_of(api.call("GET", f"{PUBLIC_KEY}/none")) == (403, 1100)
    assert error_of(api.call("GET", ORDER, token=api.app_token())) == (403, 1100)


def test_a_revoked_authorisation_ends_tokens_until_the_seller_consents_anew(
    seller: EbaySeller, api: Api
) -> None:
    token = api.user_token()
    seller.revoke()
    assert error_of(api.call("GET", ORDER, token=token)) == (401, 1001)
    form = {"grant_type": "refresh_token", "refresh_token": api.refresh_token}
    assert api.token_response(form).json()["error"] == "invalid_grant"
    seller.change(refresh_token=api.refresh_token)
    assert api.call("GET", ORDER).status_code == 200


def test_a_seller_who_is_not_there_has_no_api(api: Api) -> None:
    stranger = Api(api.base + "x", api.client, api.refresh_token)
    assert error_of(stranger.call("GET", ORDER, token="t")) == (404, 2002)
    assert error_of(stranger.token_response()) == (404, 2002)
    answer = stranger.call("GET", "/post-order/v2/return/search", token="t", scheme="IAF")
    assert answer.json()["errorMessage"]["error"][0]["errorId"] == 2002
