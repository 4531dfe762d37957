"""The day's quotas, and faults on demand, each in eBay's own words."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.sandbox.ebay.client import ORDER, PUBLIC_KEY, TRANSACTION, Api, error_of, whole
from tests.support.sandboxed_ebay import EbaySeller
from tests.support.waiting import until


def test_a_day_s_calls_are_counted_by_resource(seller: EbaySeller, api: Api) -> None:
    order = seller.order()
    seller.change(quotas={"fulfillment": 2, "issue_refund": 1, "finances": 0})
    assert [api.call("GET", ORDER).status_code for _ in range(3)] == [200, 200, 429]
    assert api.refund(order, whole("1.00")).status_code == 200
    assert error_of(api.refund(order, whole("1.00"))) == (429, 2001)
    assert error_of(api.call("GET", TRANSACTION)) == (429, 2001)
    assert seller.writes() == {"issueRefund": 1}
    seller.control.post("settings", {"advance_seconds": 86400})
    assert api.call("GET", ORDER).status_code == 200


def test_each_post_order_resource_has_its_own_quota(seller: EbaySeller, api: Api) -> None:
    seller.change(quotas={"return": 0})
    headers = {"X-EBAY-C-MARKETPLACE-ID": "EBAY_US"}
    answer = api.call("GET", "/post-order/v2/return/search", scheme="IAF", headers=headers)
    assert (answer.status_code, answer.json()["errorMessage"]["error"][0]["errorId"]) == (429, 2001)
    assert api.post_order("inquiry/search")["members"] == []


@pytest.mark.parametrize(
    ("kind", "more", "status", "error"),
    [
        ("throttle", {}, 429, 2001),
        ("status", {"status": 503}, 503, 30500),
        ("status", {"status": 500}, 500, 30500),
        ("status", {"status": 401}, 401, 1001),
        ("status", {"status": 409}, 409, 2004),
        ("internal_error", {}, 500, 30500),
    ],
)
def test_faults_speak_as_ebay_does(
    seller: EbaySeller, api: Api, kind: str, more: dict[str, int], status: int, error: int
) -> None:
    seller.fault("getOrders", kind, **more)
    assert error_of(api.call("GET", ORDER)) == (status, error)
    assert api.call("GET", ORDER).status_code == 200


def test_every_operation_can_be_hit(seller: EbaySeller, api: Api) -> None:
    token = api.user_token()
    seller.fault("search*", "internal_error")
    headers = {"X-EBAY-C-MARKETPLACE-ID": "EBAY_US"}
    answer = api.call(
        "GET", "/post-order/v2/casemanagement/search", token=token, scheme="IAF", headers=headers
    )
    assert answer.json()["errorMessage"]["error"][0]["errorId"] == 2003
    seller.fault("getPublicKey", "internal_error")
    assert error_of(api.call("GET", f"{PUBLIC_KEY}/x", token=token)) == (500, 195000)
    seller.fault("token", "reset")
    with pytest.raises(requests.ConnectionError):
        api.token_response()


def test_calls_are_logged_by_name_with_what_was_said(seller: EbaySeller, api: Api) -> None:
    order = seller.order()
    seller.control.delete("calls")
    answer = api.refund(order, whole("1.00", comment="é"))
    assert seller.operations() == ["token", "issueRefund"]
    _, call = seller.calls()
    assert call["request"]["headers"]["content-type"] == "application/json"
    assert '"comment": "\\u00e9"' in call["request"]["body"]
    assert call["response"]["body"] == answer.text
    assert answer.headers["rlogid"] == call["request_id"]


def test_a_seller_forgotten_during_a_call_is_a_stranger(seller: EbaySeller, api: Api) -> None:
    token = api.user_token()
    seller.fault("getOrders", "latency", seconds=60)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(api.call, "GET", ORDER, token=token)
        until(lambda: seller.in_flight() == 1)
        seller.control.post("reset")
        assert error_of(call.result(10)) == (401, 1001)
