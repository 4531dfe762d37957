from datetime import timedelta
from pathlib import Path

import pytest

from ledger.clock import utcnow
from ledger.policy import Policy
from tests.support.specs_amazon import UNMODELLED, check_calls, check_requests
from tests.workers.platforms.amazon import FULL_LINE, KEY, line, open_seller, plan
from tests.workers.platforms.world import Control, usd
from workers.platforms.errors import PlatformError
from workers.platforms.http import Http
from workers.platforms.storefront import Asked


@pytest.mark.parametrize("finances", ["2024-06-19", "v0"])
def test_every_request_is_of_amazons_published_models(
    control: Control, http: Http, specs_dir: Path, finances: str
) -> None:
    push = {"via": "sns", "url": "http://127.0.0.1:9/webhooks/amazon/amazon"}
    seller = open_seller(
        control, push=push, page_size=1, v0_late_seconds=0, feed_seconds={"queue": 0, "process": 0}
    )
    client = seller.client(http, finances=finances)
    order = seller.order(lines=[FULL_LINE])
    seller.refund(order)
    client.check()
    assert client.refunds(order["id"], policy=Policy(), mark_prefix="")
    found = client.order(order["id"])
    assert found is not None
    wanted = plan(
        "25.00",
        line(found.lines[0].id, net="20.00", tax="1.60"),
        order_id=found.id,
        shipping="3.00",
        shipping_tax="0.40",
    )
    written = client.refund(wanted, key=KEY)
    assert client.outcome(found, Asked(KEY, written.id, utcnow(), usd("25.00"))) is not None
    with pytest.raises(PlatformError):
        client.outcome(found, Asked(KEY, "", utcnow(), usd("25.00")))
    list(client.changes(seller.now - timedelta(hours=1), seller.now))
    shown = seller.control.get(seller.path)["push"]
    client.confirm(
        "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription"
        f"&TopicArn={shown['topic_arn']}&Token={shown['token']}"
    )
    calls = seller.calls()
    check_calls(specs_dir, calls)
    old = {"listFinancialEventsByOrderId", "listFinancialEvents"}
    assert {call["operation"] for call in calls} == (old if finances == "v0" else {"listTransactions"}) | {
        "token",
        "getOrder",
        "createFeedDocument",
        "upload",
        "createFeed",
        "getFeed",
        "getFeedDocument",
        "download",
        "getFeeds",
        "sns:ConfirmSubscription",
    }
    assert all(200 <= call["status"] < 300 for call in calls)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("query", [["relatedIdentifierNam", "ORDER_ID"]]),
        ("query", [["postedAfter", "yesterday"]]),
        ("headers", {"user-agent": "refund-sync/1 (Language=Python)"}),
        ("headers", {"x-amz-access-token": "Atza|1", "user-agent": "python-requests/2"}),
        ("body", "{}"),
    ],
)
def test_a_request_that_is_not_of_the_model_is_found(
    control: Control, http: Http, specs_dir: Path, place: str, value: object
) -> None:
    seller = open_seller(control)
    seller.client(http).check()
    calls = seller.calls()
    check_requests(specs_dir, calls)
    call = next(each for each in calls if each["operation"] == "listTransactions")
    with pytest.raises(AssertionError):
        check_requests(specs_dir, [{**call, "request": {**call["request"], place: value}}])


def test_a_path_that_no_page_documents_is_found(control: Control, http: Http, specs_dir: Path) -> None:
    seller = open_seller(control)
    seller.client(http).check()
    (token, call) = seller.calls()
    for changed in ({**call, "operation": "listFinancialEvents"}, {**token, "path": "/auth/token"}):
        with pytest.raises(AssertionError):
            check_requests(specs_dir, [changed])
    assert not set(UNMODELLED) & {"listTransactions", "listFinancialEventsByOrderId", "getOrder"}
