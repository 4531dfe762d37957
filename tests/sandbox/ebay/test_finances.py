"""Transactions of the Finances API."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.sandbox.ebay.client import TRANSACTION, Api, error_of, whole
from tests.support.sandboxed_ebay import EbaySeller


def path(*filters: str, more: str = "") -> str:
    return f"{TRANSACTION}?{'&'.join(f'filter={quote(each)}' for each in filters)}{more}"


REFUNDS = "transactionType:{REFUND}"


def found(api: Api, *filters: str, more: str = "") -> list[dict[str, Any]]:
    answer = api.call("GET", path(*filters, more=more))
    if answer.status_code == 204:
        assert answer.content == b""
        return []
    rows: list[dict[str, Any]] = answer.json()["transactions"]
    return rows


def test_a_sale_is_a_credit_and_a_refund_a_debit_newest_first(seller: EbaySeller, api: Api) -> None:
    order = seller.order()
    seller.control.post("settings", {"advance_seconds": 1})
    api.refund(order, whole("10.00"))
    refund, sale = found(api)
    assert (refund["transactionType"], refund["bookingEntry"], refund["amount"]["value"]) == (
        "REFUND",
        "DEBIT",
        "10.0",
    )
    assert (sale["transactionType"], sale["bookingEntry"], sale["amount"]["value"]) == (
        "SALE",
        "CREDIT",
        "100.0",
    )
    assert refund["orderId"] == sale["orderId"] == order["orderId"]


def test_an_order_that_is_not_paid_for_moves_no_money(seller: EbaySeller, api: Api) -> None:
    seller.order(payment="pending")
    assert found(api) == []


def test_nothing_found_is_no_content(seller: EbaySeller, api: Api) -> None:
    order = seller.order()
    assert api.call("GET", path(REFUNDS, f"orderId:{{{order['orderId']}}}")).status_code == 204


def test_filters_narrow_together(seller: EbaySeller, api: Api) -> None:
    first, second = seller.order(buyer="ann"), seller.order(buyer="bob")
    for order in (first, second):
        seller.refund(order, amount="1.00")
    (row,) = found(api, REFUNDS, f"orderId:{{{first['orderId']}}}")
    assert row["buyer"]["username"] == "ann"
    assert found(api, f"{REFUNDS},buyerUsername:{{bob}}")[0]["orderId"] == second["orderId"]
    assert found(api, REFUNDS, f"transactionId:{{{row['transactionId']}}}") == [row]


def test_a_transaction_may_show_later_than_its_refund(seller: EbaySeller, api: Api) -> None:
    seller.change(finances_seconds=600)
    seller.refund(seller.order(), amount="1.00")
    assert found(api, REFUNDS) == []
    seller.control.post("settings", {"advance_seconds": 600})
    assert len(found(api, REFUNDS)) == 1


def test_pending_and_failed_refunds_move_no_money(seller: EbaySeller, api: Api) -> None:
    order = seller.order()
    number = seller.refund(order, amount="1.00", status="PENDING")
    assert found(api, REFUNDS) == []
    seller.settle(number, "FAILED")
    assert found(api, REFUNDS) == []


def test_funds_may_be_on_hold(seller: EbaySeller, api: Api) -> None:
    number = seller.refund(seller.order(), amount="1.00", transaction_status="FUNDS_ON_HOLD")
    assert found(api, REFUNDS)[0]["transactionStatus"] == "FUNDS_ON_HOLD"
    seller.control.post(f"{seller.path}/refunds/{number}/status", {"transaction_status": "PAYOUT"})
    assert found(api, "transactionStatus:{PAYOUT}")[0]["transactionType"] == "REFUND"


def test_dates_narrow_and_reach_back_90_days_without_a_word(seller: EbaySeller, api: Api) -> None:
    order = seller.order()
    at = order["creationDate"]
    seller.control.post("settings", {"advance_seconds": 100 * 86400})
    assert found(api) == []
    assert len(found(api, f"transactionDate:[{at}..]")) == 1
    assert len(found(api, f"transactionDate:[{at}..{at}]")) == 1


def test_pages_are_linked_and_an_order_is_never_paged(seller: EbaySeller, api: Api) -> None:
    order = seller.order()
    for _ in range(4):
        seller.refund(order, amount="1.00")
    page = api.get(path(REFUNDS, more="&limit=3"))
    assert (page["total"], len(page["transactions"])) == (4, 3)
    rest = api.get(page["next"].removeprefix(api.base))
    assert (len(rest["transactions"]), "next" in rest, "prev" in rest) == (1, False, True)
    assert len(found(api, f"orderId:{{{order['orderId']}}}", more="&limit=1")) == 5


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("limit=1001", 135003),
        ("offset=-1", 135003),
        ("sort=transactionDate", 135005),
        ("filter=transactionType:{GIFT}", 135006),
        ("filter=transactionType:REFUND", 135006),
        ("filter=transactionStatus:{LOST}", 135007),
        ("filter=transactionDate:[x..]", 135008),
        ("filter=transactionDate:[2026-10-02T00:00:00Z..2026-10-01T00:00:00Z]", 135008),
        ("filter=transactionId:{1}", 135009),
        ("filter=color:{red}", 2004),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(api: Api, query: str, error: int) -> None:
    assert error_of(api.call("GET", f"{TRANSACTION}?{query}")) == (400, error)
