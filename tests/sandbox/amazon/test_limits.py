"""Usage plans, and faults in Amazon's own words."""

import pytest
import requests

from tests.sandbox.amazon.client import FEEDS, TRANSACTIONS, Api, refused
from tests.support.sandboxed_amazon import Seller


def call(api: Api) -> requests.Response:
    return api.call("GET", TRANSACTIONS, params={"postedAfter": "2026-01-01"})


def test_ten_calls_then_one_every_two_seconds(api: Api) -> None:
    answers = [call(api) for _ in range(11)]
    assert [each.status_code for each in answers] == [200] * 10 + [429]
    assert {each.headers["x-amzn-RateLimit-Limit"] for each in answers[:10]} == {"0.5"}
    assert {"x-amzn-RateLimit-Limit", "Retry-After"}.isdisjoint(answers[-1].headers)
    assert refused(answers[-1])[1] == {
        "code": "QuotaExceeded",
        "message": "You exceeded your quota for the requested resource.",
        "details": "",
    }
    api.advance(2)
    assert [call(api).status_code for _ in range(2)] == [200, 429]


def test_each_operation_has_a_bucket_of_its_own(api: Api, seller: Seller) -> None:
    seller.change(
        usage_plans={"listTransactions": {"rate": 1, "burst": 1}, "getFeed": {"rate": "0.5", "burst": 0}}
    )
    assert [call(api).status_code for _ in range(2)] == [200, 429]
    assert api.call("GET", f"{FEEDS}/1").status_code == 429
    assert api.call("DELETE", f"{FEEDS}/1").status_code == 404
    seller.change(usage_plans={"listTransactions": {"rate": "2.5", "burst": 30}})
    assert call(api).headers["x-amzn-RateLimit-Limit"] == "2.5"


def test_refused_tokens_cost_nothing(api: Api, seller: Seller) -> None:
    seller.change(usage_plans={"listTransactions": {"rate": 0, "burst": 1}})
    api.access = "wrong"
    assert call(api).status_code == 403
    api.log_in()
    assert [call(api).status_code for _ in range(2)] == [200, 429]


def test_every_answer_has_a_request_id_that_the_log_knows(api: Api, seller: Seller) -> None:
    answer = call(api)
    logged = seller.calls()[-1]
    assert answer.headers["x-amzn-RequestId"] == logged["request_id"]
    assert logged["operation"] == "listTransactions"
    assert logged["request"]["query"] == [["postedAfter", "2026-01-01"]]


@pytest.mark.parametrize(
    ("kind", "more", "status", "code"),
    [
        ("throttle", {}, 429, "QuotaExceeded"),
        ("internal_error", {}, 500, "InternalFailure"),
        ("status", {"status": 503}, 503, "ServiceUnavailable"),
        ("status", {"status": 403}, 403, "Unauthorized"),
        ("status", {"status": 502}, 502, "Error"),
    ],
)
def test_faults_speak_as_amazon_does(
    api: Api, seller: Seller, kind: str, more: dict[str, int], status: int, code: str
) -> None:
    seller.fault("listTransactions", kind, **more)
    assert refused(call(api))[1]["code"] == code
    assert call(api).status_code == 200
    assert [each["status"] for each in seller.calls()[-2:]] == [status, 200]


def test_an_answer_can_be_lost_after_the_effect(api: Api, seller: Seller) -> None:
    document = api.document("x")
    seller.fault("createFeed", "reset", when="after")
    with pytest.raises(requests.ConnectionError):
        api.create_feed(document)
    assert len(seller.feeds()) == 1
    assert seller.writes() == {"createFeed": 1}


@pytest.mark.parametrize("kind", ["throttle", "internal_error"])
def test_the_other_hosts_fail_in_xml(api: Api, seller: Seller, kind: str) -> None:
    document = api.document("x")
    url = api.get(f"/feeds/2021-06-30/documents/{document}")["url"]
    seller.fault("download", kind)
    answer = requests.get(url, timeout=10)
    assert answer.status_code in {500, 503}
    assert answer.text.startswith("<?xml")
    assert requests.get(url, timeout=10).content == b"x"
