"""Refunds made by `issueRefund`: what they look like at each stage, and every refusal that has a cause."""

from typing import Any

import pytest

from tests.sandbox.ebay.client import ORDER, Api, by_line, error_of, whole
from tests.support.sandboxed_ebay import EbaySeller, open_ebay

TWO_LINES = [{"sku": "PEN", "price": "10.00"}, {"sku": "INK", "price": "4.99", "delivery": "2.00"}]
USD = {"value": "1.00", "currency": "USD"}


def refunds(api: Api, order: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.order(order)["paymentSummary"]["refunds"]
    return found


def test_a_refund_is_pending_until_it_is_issued(seller: EbaySeller, api: Api) -> None:
    seller.change(refund_seconds=60)
    order = seller.order()
    answer = api.refund(order, whole("10.00", comment="key"))
    number = answer.json()["refundId"]
    assert (answer.status_code, answer.json()) == (200, {"refundId": number, "refundStatus": "PENDING"})
    amount = {"value": "10.0", "currency": "USD"}
    assert refunds(api, order) == [{"amount": amount, "refundId": number, "refundStatus": "PENDING"}]
    assert api.order(order)["orderPaymentStatus"] == "PAID"
    seller.control.post("settings", {"advance_seconds": 60})
    (refund,) = refunds(api, order)
    assert (refund["refundStatus"], refund["refundId"]) == ("REFUNDED", number)
    assert refund["refundReferenceId"]
    seen = api.order(order)
    assert refund["refundDate"] == seen["lastModifiedDate"]
    assert seen["orderPaymentStatus"] == "PARTIALLY_REFUNDED"
    assert seen["paymentSummary"]["totalDueSeller"]["value"] == "90.0"


def test_a_refund_of_lines_has_its_id_with_the_lines(seller: EbaySeller, api: Api) -> None:
    order = seller.order(lines=TWO_LINES)
    pen, ink = order["lineItems"]
    number = api.refund(order, by_line(ink["lineItemId"], "6.99")).json()["refundId"]
    (refund,) = refunds(api, order)
    assert "refundId" not in refund
    assert refund["refundReferenceId"]
    shown_pen, shown_ink = api.order(order)["lineItems"]
    assert shown_pen["refunds"] == []
    assert [each["refundId"] for each in shown_ink["refunds"]] == [number]
    assert "refundReferenceId" not in shown_ink["refunds"][0]
    legacy = {"legacyItemId": pen["legacyItemId"], "legacyTransactionId": pen["lineItemId"]}
    item = {"legacyReference": legacy, "refundAmount": {"value": "10.00", "currency": "USD"}}
    assert (
        api.refund(order, {"reasonForRefund": "OTHER_ADJUSTMENT", "refundItems": [item]}).status_code == 200
    )
    assert api.order(order)["orderPaymentStatus"] == "FULLY_REFUNDED"


def test_the_same_request_twice_refunds_twice(seller: EbaySeller, api: Api) -> None:
    order = seller.order()
    ids = {api.refund(order, whole("10.00", comment="key")).json()["refundId"] for _ in range(2)}
    assert len(ids) == 2
    assert len(refunds(api, order)) == 2
    assert seller.writes() == {"issueRefund": 2}


def test_a_refund_may_fail_later_and_gives_the_amount_back(seller: EbaySeller, api: Api) -> None:
    seller.change(refund_outcome="FAILED")
    order = seller.order()
    api.refund(order, whole("100.00"))
    (refund,) = refunds(api, order)
    assert (refund["refundStatus"], refund.keys() & {"refundDate", "refundReferenceId"}) == ("FAILED", set())
    seller.change(refund_outcome="REFUNDED")
    assert api.refund(order, whole("100.00")).status_code == 200
    assert api.order(order)["orderPaymentStatus"] == "FULLY_REFUNDED"


def test_a_refund_may_wait_for_somebody(seller: EbaySeller, api: Api) -> None:
    seller.change(refund_outcome="PENDING")
    order = seller.order()
    number = api.refund(order, whole("10.00")).json()["refundId"]
    seller.control.post("settings", {"advance_seconds": 86400})
    assert refunds(api, order)[0]["refundStatus"] == "PENDING"
    seller.settle(number)
    assert refunds(api, order)[0]["refundStatus"] == "REFUNDED"
    seller.settle(number, "FAILED")
    assert refunds(api, order)[0].keys() == {"amount", "refundId", "refundStatus"}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, 34902),
        ({"orderLevelRefundAmount": USD}, 34903),
        ({"reasonForRefund": "BECAUSE", "orderLevelRefundAmount": USD}, 34903),
        ({"reasonForRefund": "BUYER_RETURN"}, 34905),
        ({**whole("1.00"), **by_line("1", "1.00")}, 34905),
        (whole(""), 34906),
        ({"reasonForRefund": "BUYER_RETURN", "orderLevelRefundAmount": "1.00"}, 34906),
        (whole("0.00"), 34907),
        (whole("-1.00"), 34907),
        (whole("1.005"), 34907),
        (whole("many"), 34907),
        (whole("1.00", ""), 34908),
        (whole("1.00", "EUR"), 34909),
        (by_line("", "1.00"), 34910),
        (
            {
                "reasonForRefund": "BUYER_RETURN",
                "refundItems": [{"legacyReference": {"legacyTransactionId": "1"}, "refundAmount": USD}],
            },
            34911,
        ),
        (
            {
                "reasonForRefund": "BUYER_RETURN",
                "refundItems": [{"legacyReference": {"legacyItemId": "1"}, "refundAmount": USD}],
            },
            34912,
        ),
        (by_line("1", "1.00"), 34914),
        (whole("100.01"), 34915),
        (whole("1.00", comment="x" * 101), 34921),
        ({"reasonForRefund": "BUYER_RETURN", "refundItems": "all"}, 2004),
    ],
)
def test_a_body_that_makes_no_sense_is_refused(
    seller: EbaySeller, api: Api, body: dict[str, Any], error: int
) -> None:
    order = seller.order()
    assert error_of(api.refund(order, body)) == (400, error)
    assert seller.writes() == {}


@pytest.mark.parametrize(
    ("data", "content_type", "status", "error"),
    [
        ("{}", "text/plain", 415, 2004),
        ("", "application/json", 400, 34902),
        ("[1]", "application/json", 400, 2004),
        ("{", "application/json; charset=utf-8", 400, 2004),
    ],
)
def test_a_body_must_be_json_and_said_to_be(
    seller: EbaySeller, api: Api, data: str, content_type: str, status: int, error: int
) -> None:
    order = seller.order()
    url = f"{api.base}{ORDER}/{order['orderId']}/issue_refund"
    headers = {"Authorization": f"Bearer {api.user_token()}", "Content-Type": content_type}
    answer = seller.control.session.post(url, data=data, headers=headers, timeout=10)
    assert error_of(answer) == (status, error)


def test_a_line_gives_no_more_than_it_has_left(seller: EbaySeller, api: Api) -> None:
    order = seller.order(lines=TWO_LINES)
    pen = order["lineItems"][0]["lineItemId"]
    assert api.refund(order, by_line(pen, "6.00")).status_code == 200
    assert error_of(api.refund(order, by_line(pen, "4.01"))) == (409, 34924)
    assert api.refund(order, by_line(pen, "4.00")).status_code == 200
    assert error_of(api.refund(order, whole("7.00"))) == (400, 34915)


def test_lines_named_twice_are_added_up(seller: EbaySeller, api: Api) -> None:
    order = seller.order(lines=TWO_LINES)
    body = by_line(order["lineItems"][0]["lineItemId"], "6.00")
    body["refundItems"] *= 2
    assert error_of(api.refund(order, body)) == (409, 34924)


def test_an_order_is_refunded_in_full_once(seller: EbaySeller, api: Api) -> None:
    order = seller.order()
    assert api.refund(order, whole("100.00")).status_code == 200
    assert error_of(api.refund(order, whole("1.00"))) == (400, 34917)


def test_one_refund_at_a_time(seller: EbaySeller, api: Api) -> None:
    seller.change(refund_seconds=60)
    order = seller.order()
    api.refund(order, whole("1.00"))
    assert error_of(api.refund(order, whole("1.00"))) == (400, 34922)
    seller.control.post("settings", {"advance_seconds": 60})
    assert api.refund(order, whole("1.00")).status_code == 200


@pytest.mark.parametrize("kind", ["return", "cancellation", "inquiry", "case"])
def test_a_buyer_s_open_request_stands_in_the_way(seller: EbaySeller, api: Api, kind: str) -> None:
    order = seller.order()
    request = seller.ask(order, kind)
    assert error_of(api.refund(order, whole("1.00"))) == (400, 34916)
    seller.close(request)
    assert api.refund(order, whole("1.00")).status_code == 200


def test_after_90_days_it_is_too_late(seller: EbaySeller, api: Api) -> None:
    order = seller.order()
    seller.control.post("settings", {"advance_seconds": 91 * 86400})
    assert error_of(api.refund(order, whole("1.00"))) == (400, 34920)


@pytest.mark.parametrize(
    ("order", "status", "error"),
    [({"payment": "pending"}, 409, 34929), ({"unmanaged": True}, 409, 34918)],
)
def test_money_that_ebay_does_not_have_is_not_given_back(
    seller: EbaySeller, api: Api, order: dict[str, Any], status: int, error: int
) -> None:
    assert error_of(api.refund(seller.order(**order), whole("1.00"))) == (status, error)


def test_an_order_must_be_there_and_the_seller_s(seller: EbaySeller, api: Api) -> None:
    assert error_of(api.refund({"orderId": "12-99999-99999"}, whole("1.00"))) == (404, 34913)
    assert error_of(api.refund({"orderId": "12-99999-99999"}, by_line("1", "1.00"))) == (404, 34913)
    open_ebay(seller.control, "somebody")
    strange = EbaySeller(seller.control, "somebody", 2, "other").order()
    assert error_of(api.refund(strange, whole("1.00"))) == (409, 34919)


@pytest.mark.parametrize(
    ("error", "status"),
    [(34923, 400), (34925, 409), (34926, 409), (34927, 409), (34928, 409), (34930, 409), (34900, 500)],
)
def test_refusals_without_a_cause_here_can_be_had_on_demand(
    seller: EbaySeller, api: Api, error: int, status: int
) -> None:
    order = seller.order()
    seller.refuse("issueRefund", error)
    assert error_of(api.refund(order, whole("1.00"))) == (status, error)
    assert seller.writes() == {}
    assert api.refund(order, whole("1.00")).status_code == 200


def test_an_answer_may_be_lost_after_the_effect(seller: EbaySeller, api: Api) -> None:
    order = seller.order()
    seller.fault("issueRefund", "internal_error", when="after")
    assert error_of(api.refund(order, whole("1.00"))) == (500, 34900)
    assert len(refunds(api, order)) == 1
