from datetime import timedelta
from typing import Any

import pytest

from ledger.clock import utcnow
from tests.support.sandboxed_ebay import EbaySeller
from tests.workers.platforms.ebay import (
    KEY,
    LINES,
    client,
    open_seller,
    plan,
    refused,
    storefront,
)
from tests.workers.platforms.world import Control
from workers.platforms.ebay_auth import SCOPES
from workers.platforms.ebay_storefront import EbayStorefront
from workers.platforms.http import Http


@pytest.fixture
def seller(control: Control) -> EbaySeller:
    return open_seller(control)[0]


@pytest.fixture
def ebay(seller: EbaySeller, http: Http) -> EbayStorefront:
    return client(seller, http)


def changes(ebay: EbayStorefront, days: float = 1) -> list[tuple[str, tuple[str, ...]]]:
    now = utcnow()
    return [(each.order_id, each.refund_ids) for each in ebay.changes(now - timedelta(days=days), now)]


def test_orders_with_refunds_that_changed_are_told_the_oldest_first(
    seller: EbaySeller, ebay: EbayStorefront
) -> None:
    first, second, _without = seller.order(lines=LINES), seller.order(), seller.order()
    seller.refund(second, amount="20.00")
    ours = ebay.refund(plan(first), key=KEY).id
    reference = seller.state(second)["paymentSummary"]["refunds"][0]["refundReferenceId"]
    assert changes(ebay) == [(second["orderId"], (reference,)), (first["orderId"], (ours,))]
    assert seller.operations()[-2:] == ["getOrders", "getTransactions"]


def test_a_change_is_told_apart_by_when_it_was(seller: EbaySeller, ebay: EbayStorefront) -> None:
    order = seller.order()
    seller.refund(order, amount="20.00")
    now = utcnow()
    (change,) = ebay.changes(now - timedelta(days=1), now)
    assert change.version == seller.state(order)["lastModifiedDate"]
    assert change.changed_at <= utcnow()


def test_a_refund_in_the_books_is_a_change_of_its_order_however_old_that_looks(
    seller: EbaySeller, ebay: EbayStorefront
) -> None:
    order = seller.order()
    seller.refund(order, amount="20.00")
    seller.fault("getOrders", "status", status=200, body={"total": 0, "orders": []})
    now = utcnow()
    (change,) = ebay.changes(now - timedelta(days=1), now)
    assert (change.order_id, change.refund_ids) == (order["orderId"], ())
    assert change.version.startswith("transaction ")


def test_a_booking_without_an_order_is_no_change(seller: EbaySeller, ebay: EbayStorefront) -> None:
    row = {"transactionId": "1", "transactionDate": "2026-10-01T12:00:00.000Z"}
    seller.fault("getTransactions", "status", status=200, body={"total": 1, "transactions": [row]})
    assert changes(ebay) == []


def test_the_books_are_left_alone_without_the_scope_for_them(control: Control, http: Http) -> None:
    seller, credentials = open_seller(control, scopes=list(SCOPES[:2]))
    ebay = storefront(seller, http, {**credentials, "scopes": list(SCOPES[:2])})
    order = seller.order()
    seller.refund(order)
    assert [each[0] for each in changes(ebay)] == [order["orderId"]]
    assert "getTransactions" not in seller.operations()


def test_a_change_whose_refunds_cannot_be_told_apart_yet_is_told_all_the_same(
    seller: EbaySeller, ebay: EbayStorefront
) -> None:
    order = seller.order()
    seller.refund(order, amount="20.00")
    shown = seller.state(order)
    del shown["refunds"], shown["requests"]
    shown["lineItems"][0]["refunds"] = [{"refundId": "F1", "amount": {"value": "20.0", "currency": "USD"}}]
    seller.fault("getOrders", "status", status=200, body={"total": 1, "orders": [shown]})
    assert changes(ebay) == [(order["orderId"], ())]


def test_long_times_are_asked_for_piece_by_piece_and_the_future_not_at_all(
    seller: EbaySeller, ebay: EbayStorefront
) -> None:
    order = seller.order()
    seller.refund(order)
    now = utcnow()
    found = list(ebay.changes(now - timedelta(days=45), now + timedelta(days=5)))
    assert [each.order_id for each in found] == [order["orderId"]]
    asked = [
        dict(map(tuple, each["request"]["query"]))["filter"]
        for each in seller.calls()
        if each["operation"] == "getOrders"
    ]
    assert len(asked) == 2
    assert asked[-1].endswith("..]")
    assert not asked[0].endswith("..]")
    assert list(ebay.changes(now + timedelta(days=1), now + timedelta(days=2))) == []


def page(*numbers: int, total: int) -> dict[str, Any]:
    """Return a page of bookings of one order each."""
    rows = [
        {
            "transactionId": str(each),
            "orderId": f"order-{each}",
            "transactionDate": "2026-10-01T12:00:00.000Z",
        }
        for each in numbers
    ]
    return {"total": total, "transactions": rows}


def pages(seller: EbaySeller, *answers: dict[str, Any]) -> None:
    for body in answers:
        seller.fault("getTransactions", "status", status=200, body=body)


def test_pages_overlap_so_that_nothing_is_missed(seller: EbaySeller, ebay: EbayStorefront) -> None:
    pages(seller, page(*range(200), total=250), page(*range(195, 250), total=245))
    assert len(changes(ebay)) == 250
    offsets = [dict(map(tuple, each["request"]["query"]))["offset"] for each in seller.calls()[-2:]]
    assert offsets == ["0", "180"]


def test_a_list_that_moved_too_far_is_read_again(seller: EbaySeller, ebay: EbayStorefront) -> None:
    pages(seller, page(*range(200), total=400), page(total=90), page(*range(5), total=5))
    assert len(changes(ebay)) == 5


def test_a_list_that_never_stands_still_is_read_later(seller: EbaySeller, ebay: EbayStorefront) -> None:
    pages(seller, *[page(*range(200), total=400), page(*range(300, 400), total=400)] * 5)
    refused("TRANSIENT", changes, ebay)


def test_a_list_without_end_is_refused(seller: EbaySeller, ebay: EbayStorefront) -> None:
    seller.fault("getTransactions", "status", status=200, body=page(*range(200), total=100_000), times=100)
    refused("REFUSED", changes, ebay)
