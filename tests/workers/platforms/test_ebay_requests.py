from datetime import timedelta
from typing import Any

import pytest

from tests.workers.platforms.ebay import AT, DATE, ORDER, line, order
from workers.platforms.ebay_requests import SEARCHES, cancellations, found_by, stands_behind

SEARCH = {each.resource: each for each in SEARCHES}


def cancel(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON may be anything
    known = {"cancelInitiator": "Buyer", "cancelRequestedDate": DATE, "cancelRequestId": "1"}
    return {"cancelState": "IN_PROGRESS", "cancelRequests": [{**known, **more}]}


def test_a_buyers_wish_to_cancel_is_a_request() -> None:
    assert cancellations(order(cancelStatus=cancel())) == [AT]


@pytest.mark.parametrize("requests", [[], None])
def test_no_wish_to_cancel_is_none(requests: list[Any] | None) -> None:
    status = {"cancelState": "NONE_REQUESTED", "cancelRequests": requests}
    assert cancellations(order(cancelStatus=status)) == []


def test_what_the_seller_cancels_is_no_request() -> None:
    assert cancellations(order(cancelStatus=cancel(cancelInitiator="Seller"))) == []


def test_a_request_may_lack_its_date() -> None:
    assert cancellations(order(cancelStatus=cancel(cancelRequestedDate=None))) == [None]


@pytest.mark.parametrize(
    ("resource", "member", "made"),
    [
        ("return", {"orderId": ORDER, "creationInfo": {"creationDate": {"value": DATE}}}, AT),
        ("return", {"orderId": ORDER}, None),
        ("cancellation", {"legacyOrderId": ORDER, "cancelRequestDate": {"value": DATE}}, AT),
        ("cancellation", {"legacyOrderId": ORDER, "requestorType": "BUYER", "cancelRequestDate": DATE}, AT),
        ("inquiry", {"itemId": "11100", "transactionId": "100", "creationDate": {"value": DATE}}, AT),
        ("inquiry", {"itemId": 11100, "transactionId": 100}, None),
        ("casemanagement", {"itemId": "11100", "buyer": "buyer_one", "creationDate": {}}, None),
    ],
)
def test_what_a_search_finds_for_the_order_is_a_request(resource: str, member: Any, made: Any) -> None:  # noqa: ANN401 - JSON
    search = SEARCH[resource]
    assert found_by(search, {search.members: [member]}, order()) == [made]


@pytest.mark.parametrize(
    ("resource", "member"),
    [
        ("return", {"orderId": "99-99999-99999", "itemId": "11100", "transactionId": "100"}),
        ("cancellation", {"legacyOrderId": ORDER, "requestorType": "SELLER"}),
        ("inquiry", {"itemId": "11100", "transactionId": "999", "buyer": "buyer_two"}),
        ("inquiry", {"itemId": "99999", "transactionId": "100", "buyer": "buyer_one"}),
        ("casemanagement", {"transactionId": "100", "buyer": "buyer_one"}),
    ],
)
def test_what_a_search_finds_for_others_is_none(resource: str, member: dict[str, Any]) -> None:
    search = SEARCH[resource]
    assert found_by(search, {search.members: [member]}, order(line(), line("101"))) == []


def test_an_order_without_a_buyer_is_compared_by_transaction() -> None:
    member = {"itemId": "11100", "transactionId": "999"}
    assert found_by(SEARCH["inquiry"], {"members": [member]}, order(buyer=None)) == []


@pytest.mark.parametrize("answer", [None, [], {}, {"members": None}])
def test_a_search_that_finds_nothing_says_so_in_many_ways(answer: object) -> None:
    assert found_by(SEARCH["return"], answer, order()) == []


@pytest.mark.parametrize(
    ("requests", "stands"),
    [
        ([], False),
        ([AT], True),
        ([AT + timedelta(minutes=4)], True),
        ([AT + timedelta(minutes=6)], False),
        ([AT + timedelta(minutes=6), AT], True),
        ([None], True),
    ],
)
def test_a_request_stands_behind_a_refund_if_it_was_there_before(
    requests: list[Any], *, stands: bool
) -> None:
    assert stands_behind(requests, AT) is stands


def test_a_refund_that_was_not_issued_comes_after_every_request() -> None:
    assert stands_behind([AT], None)
    assert not stands_behind([], None)
