"""Orders as `getOrder` and `getOrders` show them."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.sandbox.ebay.client import ORDER, Api, error_of
from tests.support.sandboxed_ebay import EbaySeller

TAXED = {
    "sku": "PEN",
    "quantity": 3,
    "price": "10.00",
    "delivery": "4.50",
    "tax": "2.40",
    "collect_and_remit_tax": "1.05",
}


def filtered(*parts: str) -> str:
    return f"{ORDER}?filter={quote(','.join(parts), safe='')}"


def ids(page: Any) -> list[str]:  # noqa: ANN401  # JSON may be anything
    return [each["orderId"] for each in page["orders"]]


def now(seller: EbaySeller) -> str:
    return str(seller.control.post("settings")["now"])


def test_amounts_are_the_seller_s_and_leave_the_tax_out_that_ebay_remits(
    seller: EbaySeller, api: Api
) -> None:
    order = api.order(seller.order(lines=[TAXED]))
    (line,) = order["lineItems"]
    assert line["lineItemCost"] == {"value": "30.0", "currency": "USD"}
    assert line["deliveryCost"]["shippingCost"]["value"] == "4.5"
    assert [each["amount"]["value"] for each in line["taxes"]] == ["2.4"]
    assert line["total"]["value"] == "36.9"
    assert line["ebayCollectAndRemitTaxes"][0]["amount"]["value"] == "1.05"
    assert order["ebayCollectAndRemitTax"] is True
    assert {name: each["value"] for name, each in order["pricingSummary"].items()} == {
        "priceSubtotal": "30.0",
        "deliveryCost": "4.5",
        "tax": "2.4",
        "total": "36.9",
    }
    assert order["paymentSummary"]["totalDueSeller"]["value"] == "36.9"


def test_a_tax_breakdown_adds_the_tax_that_ebay_remits(seller: EbaySeller, api: Api) -> None:
    order = api.order(seller.order(lines=[TAXED]), "?fieldGroups=TAX_BREAKDOWN")
    (line,) = order["lineItems"]
    assert [each["amount"]["value"] for each in line["taxes"]] == ["2.4", "1.05"]
    assert {each["taxType"] for each in line["taxes"]} == {"STATE_SALES_TAX"}
    assert line["total"]["value"] == order["pricingSummary"]["total"]["value"] == "37.95"


def test_an_order_without_remitted_tax_does_not_mention_it(seller: EbaySeller, api: Api) -> None:
    order = api.order(seller.order())
    assert "ebayCollectAndRemitTax" not in order
    assert "ebayCollectAndRemitTaxes" not in order["lineItems"][0]
    assert order["paymentSummary"]["refunds"] == []
    assert order["cancelStatus"] == {"cancelState": "NONE_REQUESTED", "cancelRequests": []}


def test_an_unpaid_order_is_pending(seller: EbaySeller, api: Api) -> None:
    order = api.order(seller.order(payment="pending"))
    assert order["orderPaymentStatus"] == "PENDING"
    assert "paymentDate" not in order["paymentSummary"]["payments"][0]


@pytest.mark.parametrize(("order_id", "status"), [("12-99999-99999", 404), ("nonsense", 400)])
def test_an_order_that_is_not_there_is_an_invalid_id(api: Api, order_id: str, status: int) -> None:
    answer = api.call("GET", f"{ORDER}/{order_id}")
    assert error_of(answer) == (status, 32100)
    assert answer.json()["errors"][0]["parameters"] == [{"name": "orderId", "value": order_id}]


def test_orders_are_found_by_what_changed_last(seller: EbaySeller, api: Api) -> None:
    first, second = seller.order(), seller.order()
    seller.control.post("settings", {"advance_seconds": 60})
    start = now(seller)
    assert ids(api.get(filtered(f"lastmodifieddate:[{start}..]"))) == []
    seller.refund(first, amount="1.00")
    assert ids(api.get(filtered(f"lastmodifieddate:[{start}..]"))) == [first["orderId"]]
    assert ids(api.get(filtered(f"lastmodifieddate:[{start}..{now(seller)}]"))) == [first["orderId"]]
    assert set(
        ids(api.get(filtered(f"creationdate:[..{start}]".replace("[..", "[2026-01-01T00:00:00Z.."))))
    ) == {
        first["orderId"],
        second["orderId"],
    }


def test_a_creation_date_overrides_a_modification_date(seller: EbaySeller, api: Api) -> None:
    order = seller.order()
    seller.control.post("settings", {"advance_seconds": 60})
    late = now(seller)
    parts = (f"lastmodifieddate:[{late}..]", f"creationdate:[{order['creationDate']}..]")
    assert ids(api.get(filtered(*parts))) == [order["orderId"]]


def test_both_ends_of_a_range_belong_to_it(seller: EbaySeller, api: Api) -> None:
    order = seller.order()
    at = order["creationDate"]
    seller.control.post("settings", {"advance_seconds": 1})
    assert ids(api.get(filtered(f"creationdate:[{at}..{at}]"))) == [order["orderId"]]


def test_without_a_filter_orders_of_the_last_90_days_are_given(seller: EbaySeller, api: Api) -> None:
    order = seller.order()
    assert ids(api.get(ORDER)) == [order["orderId"]]
    seller.control.post("settings", {"advance_seconds": 91 * 86400})
    assert ids(api.get(ORDER)) == []


def test_orders_are_found_by_shipment(seller: EbaySeller, api: Api) -> None:
    waiting, shipped = seller.order(), seller.order(fulfilled=True)
    found = ids(api.get(filtered("orderfulfillmentstatus:{NOT_STARTED|IN_PROGRESS}")))
    assert found == [waiting["orderId"]]
    found = ids(api.get(filtered("orderfulfillmentstatus:{FULFILLED|IN_PROGRESS}")))
    assert found == [shipped["orderId"]]


def test_pages_follow_each_other_by_their_links(seller: EbaySeller, api: Api) -> None:
    made = [seller.order()["orderId"] for _ in range(5)]
    page = api.get(f"{ORDER}?limit=2")
    assert (page["total"], page["limit"], page["offset"]) == (5, 2, 0)
    assert "prev" not in page
    seen = ids(page)
    while "next" in page:
        page = api.get(page["next"].removeprefix(api.base))
        seen += ids(page)
    assert seen == made[::-1]
    assert api.get(page["prev"].removeprefix(api.base))["offset"] == 2


def test_orders_named_by_id_come_whatever_else_is_asked(seller: EbaySeller, api: Api) -> None:
    orders = [seller.order() for _ in range(3)]
    named = f"{orders[2]['orderId']},{orders[0]['orderId']},99-99999-99999"
    page = api.get(f"{ORDER}?orderIds={named}&limit=1&filter=nonsense:[x]")
    assert ids(page) == [orders[2]["orderId"], orders[0]["orderId"]]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("filter=color:{red}", 30700),
        ("filter=creationdate:yesterday", 30800),
        ("filter=orderfulfillmentstatus:{LOST}", 30800),
        ("filter=creationdate:[yesterday..]", 30810),
        ("filter=creationdate:[2026-02-30T00:00:00Z..]", 30810),
        ("filter=creationdate:[..2026-10-01T00:00:00Z]", 30820),
        ("filter=creationdate:[2020-01-01T00:00:00Z..]", 30830),
        ("filter=creationdate:[2026-10-02T00:00:00Z..2026-10-01T00:00:00Z]", 30840),
        ("filter=creationdate:[2126-10-01T00:00:00Z..]", 30850),
        ("limit=201", 31100),
        ("limit=0", 31100),
        ("offset=x", 31000),
        ("fieldGroups=EVERYTHING", 32800),
        ("orderIds=nonsense", 32100),
        (f"orderIds={','.join(['12-10001-00001'] * 51)}", 30900),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(api: Api, query: str, error: int) -> None:
    assert error_of(api.call("GET", f"{ORDER}?{query}")) == (400, error)


def test_only_a_single_order_shows_its_cancellation_requests(seller: EbaySeller, api: Api) -> None:
    order = seller.order()
    number = seller.ask(order, "cancellation")
    (shown,) = api.order(order)["cancelStatus"]["cancelRequests"]
    assert (shown["cancelRequestId"], shown["cancelRequestState"]) == (number, "REQUESTED")
    assert shown["cancelInitiator"] == "Buyer"
    (listed,) = api.get(ORDER)["orders"]
    assert listed["cancelStatus"] == {"cancelState": "IN_PROGRESS", "cancelRequests": []}
