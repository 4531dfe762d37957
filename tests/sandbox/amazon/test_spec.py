"""What goes to and fro fits Amazon's models, and the judge of calls finds what does not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import ValidationError

from sandbox.amazon.orders import DATASETS
from tests.sandbox.amazon.client import (
    DOCUMENTS,
    FEED_TYPE,
    FEEDS,
    ORDERS,
    TRANSACTIONS,
    UNITED_STATES,
    Api,
    component,
    envelope,
    message,
)
from tests.sandbox.amazon.test_breakdowns import FULL
from tests.sandbox.helpers import Receiver
from tests.support.sandboxed_amazon import Seller
from tests.support.specs_amazon import check_answers, check_calls, check_notification, check_transaction

ALL = ",".join(DATASETS)


def everything(api: Api, seller: Seller) -> None:
    """Call every operation with every parameter, rightly."""
    order = seller.order(lines=[FULL], seller_order_id="S-1")
    seller.change(v0_late_seconds=0)
    seller.refund(order, goodwill="1.00", restocking_fee="0.50", deferred_seconds=600)
    seller.release(order)
    api.ended(envelope(seller.tenant, message(order, component("Principal", "1.00"))))
    api.call("DELETE", f"{FEEDS}/{api.feed('x')}")
    api.advance(200)
    api.transactions(order, marketplaceId=UNITED_STATES)
    api.transactions(order)
    times = {"postedAfter": api.ago(3000), "postedBefore": api.ago(130)}
    seller.change(page_size=1)
    token = api.get(TRANSACTIONS, **times, transactionStatus="RELEASED")["payload"]["nextToken"]
    api.get(TRANSACTIONS, **times, transactionStatus="RELEASED", nextToken=token)
    events = f"/finances/v0/orders/{order['id']}/financialEvents"
    api.get(
        events, MaxResultsPerPage=1, NextToken=api.get(events, MaxResultsPerPage=1)["payload"]["NextToken"]
    )
    api.get("/finances/v0/financialEvents", PostedAfter=api.ago(3000), PostedBefore=api.ago(130))
    api.get(f"{ORDERS}/{order['id']}", includedData=ALL)
    api.get(ORDERS, createdAfter=api.ago(3000), fulfillmentStatuses="SHIPPED,UNSHIPPED", includedData=ALL)
    api.get(FEEDS, feedTypes=FEED_TYPE, pageSize=1)
    api.token(grant_type="client_credentials", refresh_token=None, scope="sellingpartnerapi::notifications")


def test_every_operation_fits(specs_dir: Path, api: Api, seller: Seller) -> None:
    everything(api, seller)
    calls = seller.calls()
    assert {each["status"] for each in calls} == {200, 201, 202}
    assert {each["operation"] for each in calls} >= {
        "token",
        "listTransactions",
        "listFinancialEvents",
        "listFinancialEventsByOrderId",
        "getOrder",
        "searchOrders",
        "createFeedDocument",
        "upload",
        "createFeed",
        "getFeed",
        "getFeeds",
        "cancelFeed",
    }
    check_calls(specs_dir, calls)


def test_rows_of_the_control_api_fit_too(specs_dir: Path, seller: Seller) -> None:
    order = seller.order(lines=[FULL])
    for row in seller.refund(order, deferred_seconds=60)["transactions"] + seller.release(order):
        check_transaction(specs_dir, row)


def test_refusals_fit(specs_dir: Path, api: Api, seller: Seller) -> None:
    api.error(TRANSACTIONS)
    api.error(f"{FEEDS}/1")
    api.error(f"{DOCUMENTS}/1")
    api.error(f"{ORDERS}/999-0000000-0000000")
    api.error("/finances/v0/orders/BAD/financialEvents")
    api.token(client_secret="wrong")
    seller.fault("*", "throttle")
    api.error(TRANSACTIONS)
    seller.fault("*", "internal_error")
    api.error(ORDERS)
    api.access = "wrong"
    api.error(ORDERS)
    calls = seller.calls()
    assert {each["status"] for each in calls} == {200, 400, 401, 403, 404, 429, 500}
    check_answers(specs_dir, calls)


def test_every_notification_fits_its_schema(
    specs_dir: Path, api: Api, seller: Seller, receiver: Receiver
) -> None:
    seller.change(push={"via": "bare", "url": receiver.url})
    order = seller.order(lines=[FULL])
    waiting = seller.order(status="UNSHIPPED")
    seller.cancel(waiting)
    seller.refund(order, deferred_seconds=10)
    api.ended(envelope(seller.tenant, message(order, component("Principal", "1.00"))))
    seller.next_feed("CANCELLED")
    api.ended("x")
    found = [each.json for each in receiver.wait(9)]
    for whole in found:
        check_notification(specs_dir, whole)
    kinds = [whole.get("NotificationType") or whole["notificationType"] for whole in found]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "ORDER_CHANGE": 3,
        "TRANSACTION_UPDATE": 4,
        "FEED_PROCESSING_FINISHED": 2,
    }


@pytest.fixture
def good(specs_dir: Path, api: Api, seller: Seller) -> Iterator[dict[str, Any]]:
    """Calls that are right, by operation, to be spoilt."""
    everything(api, seller)
    calls = {
        each["operation"]: each
        for each in seller.calls()
        if each["request"]["query"] or not each["request"]["body"]
    }
    calls |= {each["operation"]: each for each in seller.calls() if each["request"]["body"]}
    yield calls
    seller.control.delete("calls")


def spoilt(call: dict[str, Any], **changes: object) -> list[dict[str, Any]]:
    return [{**call, "request": {**call["request"], **changes}}]


@pytest.mark.parametrize(
    ("operation", "changes"),
    [
        ("listTransactions", {"query": [["PostedAfter", "2026-01-01"]]}),
        ("listTransactions", {"query": [["postedAfter", "01/02/2026"]]}),
        ("listTransactions", {"query": [["postedAfter", ""]]}),
        ("listTransactions", {"body": "{}"}),
        ("listTransactions", {"headers": {"user-agent": "t/1 (Language=P)"}}),
        ("listTransactions", {"headers": {"user-agent": "requests", "x-amz-access-token": "x"}}),
        ("listFinancialEventsByOrderId", {"query": [["MaxResultsPerPage", "101"]]}),
        ("getOrder", {"query": [["includedData", "BUYER,REFUNDS"]]}),
        ("searchOrders", {"query": [["createdSince", "2026-01-01"]]}),
        ("createFeed", {"body": '{"feedType": "x"}'}),
        (
            "createFeed",
            {"body": '{"feedType":"x","marketplaceIds":["m"],"inputFeedDocumentId":"d","more":1}'},
        ),
        ("createFeedDocument", {"body": "{}"}),
        ("createFeedDocument", {"query": [["contentType", "x"]]}),
        ("getFeed", {"query": [["feedTypes", "x"]]}),
        ("getFeed", {"body": "{}"}),
        ("getFeeds", {"query": [["feedType", "x"]]}),
        ("token", {"body": "grant_type=refresh_token&client_id=a&client_secret=b"}),
        ("token", {"body": "grant_type=client_credentials&client_id=a&client_secret=b&scope=c&more=d"}),
        ("token", {"headers": {"content-type": "application/json"}}),
        ("upload", {"headers": {"x-amz-access-token": "x"}}),
    ],
)
def test_wrong_requests_are_found(
    specs_dir: Path, good: dict[str, Any], operation: str, changes: dict[str, object]
) -> None:
    check_calls(specs_dir, [good[operation]])
    with pytest.raises((AssertionError, ValidationError)):
        check_calls(specs_dir, spoilt(good[operation], **changes))


@pytest.mark.parametrize(
    "body",
    [
        '{"payload": {"transactions": [{"refundId": "1"}]}}',
        '{"payload": {"transactions": [{"relatedIdentifiers": [{"relatedIdentifierName": "ORDER"}]}]}}',
        '{"payload": {"transactions": [{"contexts": [{"contextType": "x", "colour": "red"}]}]}}',
        '{"payload": {"transactions": [{"totalAmount": {"currencyAmount": "1.00"}}]}}',
    ],
)
def test_wrong_answers_are_found(specs_dir: Path, good: dict[str, Any], body: str) -> None:
    call = good["listTransactions"]
    with pytest.raises(ValidationError):
        check_answers(specs_dir, [{**call, "response": {**call["response"], "body": body}}])


def test_unknown_paths_and_unrated_answers_are_found(specs_dir: Path, good: dict[str, Any]) -> None:
    call = good["listTransactions"]
    with pytest.raises(AssertionError):
        check_calls(specs_dir, [{**call, "path": f"{call['path']}/more"}])
    with pytest.raises(AssertionError):
        check_calls(specs_dir, [{**call, "operation": "unknown:x"}])
    with pytest.raises(AssertionError):
        check_answers(specs_dir, [{**call, "response": {**call["response"], "headers": {}}}])
    check_answers(specs_dir, [{**call, "status": None, "response": None}])


def test_a_notification_with_an_unknown_member_is_found(
    specs_dir: Path, seller: Seller, receiver: Receiver
) -> None:
    seller.change(push={"via": "bare", "url": receiver.url})
    seller.refund(seller.order(silent=True))
    whole = receiver.wait(1)[0].json
    whole["Payload"]["TransactionUpdateNotification"]["RefundId"] = "1"
    with pytest.raises(ValidationError):
        check_notification(specs_dir, whole)
