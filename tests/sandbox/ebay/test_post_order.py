"""What Post-Order tells of a buyer's requests."""

import pytest

from tests.sandbox.ebay.client import Api
from tests.support.sandboxed_ebay import EbaySeller

LINES = [{"sku": "PEN", "quantity": 2, "price": "10.00"}, {"sku": "INK", "price": "4.99"}]
KINDS = [
    ("return", "return", "members", "returnId", "order_id"),
    ("cancellation", "cancellation", "cancellations", "cancelId", "legacy_order_id"),
    ("inquiry", "inquiry", "members", "inquiryId", "order_id"),
    ("case", "casemanagement", "members", "caseId", "order_id"),
]


@pytest.mark.parametrize(("kind", "resource", "members", "id_name", "parameter"), KINDS)
def test_requests_are_found_by_their_order(
    seller: EbaySeller, api: Api, kind: str, resource: str, members: str, id_name: str, parameter: str
) -> None:
    order, other = seller.order(), seller.order()
    number = seller.ask(order, kind)
    seller.ask(other, kind)
    page = api.post_order(f"{resource}/search?{parameter}={order['orderId']}")
    assert [each[id_name] for each in page[members]] == [number]
    assert page["paginationOutput"] == {"limit": 25, "offset": 0, "totalEntries": 1, "totalPages": 1}
    assert len(api.post_order(f"{resource}/search")[members]) == 2
    assert api.post_order(f"{resource}/search?{parameter}=99-99999-99999")[members] == []
    assert api.post_order(f"{resource}/{number}")


@pytest.mark.parametrize(("kind", "resource", "members", "id_name", "parameter"), KINDS)
def test_pages_are_counted(
    seller: EbaySeller, api: Api, kind: str, resource: str, members: str, id_name: str, parameter: str
) -> None:
    order = seller.order()
    made = [seller.ask(order, kind) for _ in range(3)]
    first = api.post_order(f"{resource}/search?limit=2")
    second = api.post_order(f"{resource}/search?limit=2&offset=2")
    assert [each[id_name] for each in first[members] + second[members]] == made[::-1]
    assert first["paginationOutput"]["totalPages"] == 2


def test_a_return_is_told_in_short_and_in_full(seller: EbaySeller, api: Api) -> None:
    order = seller.order(lines=LINES)
    number = seller.ask(order, "return", line="PEN", quantity=1, reason="DEFECTIVE_ITEM")
    short = api.post_order(f"return/{number}?fieldgroups=SUMMARY")
    assert short.keys() == {"summary"}
    summary = short["summary"]
    assert (summary["orderId"], summary["state"]) == (order["orderId"], "RETURN_REQUESTED")
    assert summary["creationInfo"]["item"]["transactionId"] == order["lineItems"][0]["lineItemId"]
    assert summary["sellerTotalRefund"] == {"estimatedRefundAmount": {"value": 10, "currency": "USD"}}
    assert summary["creationInfo"]["reasonType"] == "SNAD"
    full = api.post_order(f"return/{number}")
    assert full.keys() == {"detail"}
    assert "actualRefundDetail" not in full["detail"]["refundInfo"]


@pytest.mark.parametrize(("amount", "state"), [(None, "CLOSED"), ("4.00", "LESS_THAN_A_FULL_REFUND_ISSUED")])
def test_a_refund_closes_its_return(seller: EbaySeller, api: Api, amount: str | None, state: str) -> None:
    order = seller.order(lines=LINES)
    number = seller.ask(order, "return", line="INK")
    seller.refund(order, **{"for": number}, **({"amount": amount} if amount else {}))
    summary = api.post_order(f"return/{number}?fieldgroups=SUMMARY")["summary"]
    assert summary["state"] == state
    assert summary["sellerTotalRefund"]["actualRefundAmount"]["value"] == float(amount or "4.99")
    detail = api.post_order(f"return/{number}")["detail"]
    assert detail["refundInfo"]["actualRefundDetail"]["refundStatus"] == "SUCCESS"
    assert "returnCloseDate" in detail["closeInfo"]
    (refund,) = api.order(order)["paymentSummary"]["refunds"]
    assert "refundId" not in refund
    assert api.post_order("return/search?return_state=CLOSED")["total"] == 1
    assert api.post_order("return/search?return_state=ALL_OPEN")["total"] == 0


def test_a_cancellation_ends_with_the_order(seller: EbaySeller, api: Api) -> None:
    order = seller.order()
    number = seller.ask(order, "cancellation")
    asked = api.post_order(f"cancellation/{number}")["cancelDetail"]
    assert (asked["cancelStatus"], asked["requestorType"]) == ("CANCEL_REQUESTED", "BUYER")
    assert asked["activityHistories"][0]["activityType"] == "BUYER_CREATE_CANCEL"
    assert (
        "activityHistories"
        not in api.post_order(f"cancellation/{number}?fieldgroups=SUMMARY")["cancelDetail"]
    )
    seller.refund(order, **{"for": number})
    done = api.post_order(f"cancellation/{number}")["cancelDetail"]
    assert (done["cancelState"], done["cancelStatus"]) == ("CLOSED", "CANCEL_CLOSED_WITH_REFUND")
    seen = api.order(order)
    assert (seen["cancelStatus"]["cancelState"], seen["orderPaymentStatus"]) == ("CANCELED", "FULLY_REFUNDED")
    assert seen["cancelStatus"]["cancelRequests"][0]["cancelRequestState"] == "COMPLETED"


def test_the_seller_may_cancel_too(seller: EbaySeller, api: Api) -> None:
    order, unpaid = seller.order(), seller.order(payment="pending")
    number, other = seller.cancel(order), seller.cancel(unpaid)
    detail = api.post_order(f"cancellation/{number}")["cancelDetail"]
    assert (detail["requestorType"], detail["cancelStatus"]) == ("SELLER", "CANCEL_CLOSED_WITH_REFUND")
    detail = api.post_order(f"cancellation/{other}")["cancelDetail"]
    assert detail["cancelStatus"] == "CANCEL_CLOSED_NO_REFUND"
    assert api.order(unpaid)["paymentSummary"]["refunds"] == []
    assert api.order(unpaid)["cancelStatus"]["cancelState"] == "CANCELED"


def test_a_declined_cancellation_leaves_the_order_be(seller: EbaySeller, api: Api) -> None:
    order = seller.order()
    number = seller.ask(order, "cancellation")
    seller.close(number, "declined")
    assert api.order(order)["cancelStatus"]["cancelState"] == "NONE_REQUESTED"
    assert api.order(order)["cancelStatus"]["cancelRequests"][0]["cancelRequestState"] == "REJECTED"
    assert api.post_order(f"cancellation/{number}")["cancelDetail"]["cancelStatus"] == "CANCEL_REJECTED"


@pytest.mark.parametrize(("kind", "case_type"), [("return", "RETURN"), ("inquiry", "ITEM_NOT_RECEIVED")])
def test_a_request_may_become_a_case(seller: EbaySeller, api: Api, kind: str, case_type: str) -> None:
    order = seller.order()
    number = seller.ask(order, kind)
    case = api.post_order(f"casemanagement/{seller.escalate(number)}")
    assert (case["caseType"], case["status"]) == (case_type, "OPEN")
    if kind == "return":
        assert api.post_order(f"return/{number}?fieldgroups=SUMMARY")["summary"]["status"] == "ESCALATED"
        assert api.post_order(f"casemanagement/search?return_id={number}")["totalNumberOfCases"] == 1
    else:
        assert api.post_order(f"inquiry/{number}")["status"] == "CLOSED_WITH_ESCALATION"
        page = api.post_order("inquiry/search?inquiry_status=CLOSED_WITH_ESCALATION")
        assert page["totalNumberOfInquiries"] == 1


def test_a_refund_of_the_seller_s_own_accord_leaves_no_request(seller: EbaySeller, api: Api) -> None:
    order = seller.order()
    seller.refund(order, amount="5.00")
    for _, resource, members, _, _ in KINDS:
        assert api.post_order(f"{resource}/search")[members] == []
    (refund,) = api.order(order)["paymentSummary"]["refunds"]
    assert refund.keys() == {"amount", "refundStatus", "refundDate", "refundReferenceId"}


def test_requests_are_found_by_when_they_were_made(seller: EbaySeller, api: Api) -> None:
    number = seller.ask(seller.order(), "return")
    now = seller.control.post("settings", {"advance_seconds": 1})["now"]
    assert api.post_order(f"return/search?creation_date_range_from={now}")["total"] == 0
    assert api.post_order(f"return/search?creation_date_range_to={now}")["total"] == 1
    assert api.post_order(f"return/search?return_id={number}&return_state=RETURN_STARTED")["total"] == 1


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("return/1", 404, 2164),
        ("casemanagement/1", 404, 2164),
        ("return/search?limit=0", 400, 2160),
        ("return/search?offset=x", 400, 2160),
        ("return/search?creation_date_range_from=yesterday", 400, 2160),
    ],
)
def test_refusals_have_post_order_s_own_shape(
    seller: EbaySeller, api: Api, path: str, status: int, error: int
) -> None:
    seller.ask(seller.order(), "return")
    headers = {"X-EBAY-C-MARKETPLACE-ID": "EBAY_US"}
    answer = api.call("GET", f"/post-order/v2/{path}", scheme="IAF", headers=headers)
    (refused,) = answer.json()["errorMessage"]["error"]
    assert (answer.status_code, refused["errorId"], refused["httpStatusCode"]) == (status, error, str(status))


def test_the_field_group_must_be_known(seller: EbaySeller, api: Api) -> None:
    number = seller.ask(seller.order(), "return")
    headers = {"X-EBAY-C-MARKETPLACE-ID": "EBAY_US"}
    path = f"/post-order/v2/return/{number}?fieldgroups=SOME"
    assert api.call("GET", path, scheme="IAF", headers=headers).status_code == 400


def test_the_marketplace_must_be_named(api: Api) -> None:
    answer = api.call("GET", "/post-order/v2/return/search", scheme="IAF")
    assert (answer.status_code, answer.json()["errorMessage"]["error"][0]["errorId"]) == (400, 2161)
