"""`getOrder` and `searchOrders`."""

import pytest

from tests.sandbox.amazon.client import ORDERS, Api, Json
from tests.sandbox.amazon.test_breakdowns import FULL
from tests.support.sandboxed_amazon import Seller

MARGIN = 130
UNKNOWN = "999-0000000-0000000"


def get(api: Api, order: Json, **query: object) -> Json:
    found: Json = api.get(f"{ORDERS}/{order['id']}", **query)["order"]
    return found


def test_what_is_not_asked_for_is_not_told(api: Api, seller: Seller) -> None:
    order = seller.order(seller_order_id="S-1")
    shown = get(api, order)
    assert shown["orderId"] == order["id"]
    assert shown["orderAliases"] == [{"aliasId": "S-1", "aliasType": "SELLER_ORDER_ID"}]
    assert {"proceeds", "fulfillment", "recipient"}.isdisjoint(shown)
    (item,) = shown["orderItems"]
    assert item["orderItemId"] == order["lines"][0]["order_item_id"]
    assert item["quantityOrdered"] == 5
    assert item["product"]["price"]["unitPrice"] == {"amount": "20.00", "currencyCode": "USD"}
    assert {"proceeds", "fulfillment", "tax"}.isdisjoint(item)


def test_data_sets_are_added_by_commas_or_one_by_one(api: Api, seller: Seller) -> None:
    order = seller.order(lines=[FULL])
    shown = get(api, order, includedData="PROCEEDS,FULFILLMENT,TAX,PROMOTION,RECIPIENT")
    assert get(api, order, includedData=["PROCEEDS", "FULFILLMENT", "TAX", "PROMOTION", "RECIPIENT"]) == shown
    assert shown["proceeds"]["grandTotal"] == {"amount": "50.92", "currencyCode": "USD"}
    assert shown["fulfillment"]["fulfillmentStatus"] == "SHIPPED"
    (item,) = shown["orderItems"]
    assert {each["type"]: each["subtotal"]["amount"] for each in item["proceeds"]["breakdowns"]} == {
        "ITEM": "40.00",
        "SHIPPING": "5.00",
        "GIFT_WRAP": "4.00",
        "TAX": "3.92",
        "DISCOUNT": "-2.00",
    }
    assert item["proceeds"]["proceedsTotal"]["amount"] == "50.92"
    assert item["tax"]["taxCollections"][0]["model"] == "MARKETPLACE_FACILITATOR"
    assert item["promotion"] == {"breakdowns": [{"promotionId": "Promotion"}]}


def test_refunds_do_not_show_on_an_order(api: Api, seller: Seller) -> None:
    order = seller.order()
    before = get(api, order, includedData="PROCEEDS,FULFILLMENT")
    seller.refund(order)
    assert get(api, order, includedData="PROCEEDS,FULFILLMENT") == before


def test_an_order_is_shipped_or_cancelled_once(api: Api, seller: Seller) -> None:
    first, second = seller.order(status="UNSHIPPED"), seller.order(status="PENDING")
    fulfillment = get(api, first, includedData="FULFILLMENT")
    assert fulfillment["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
    assert fulfillment["orderItems"][0]["fulfillment"] == {"quantityFulfilled": 0, "quantityUnfulfilled": 5}
    assert api.transactions(first) == []
    seller.ship(first)
    assert len(api.transactions(first)) == 1
    seller.cancel(second)
    cancelled = get(api, second, includedData="FULFILLMENT,CANCELLATION")
    assert cancelled["fulfillment"]["fulfillmentStatus"] == "CANCELLED"
    assert cancelled["orderItems"][0]["fulfillment"] == {"quantityFulfilled": 0, "quantityUnfulfilled": 0}
    execution = cancelled["orderItems"][0]["cancellation"]["cancellationExecution"]
    assert execution["cancelReason"] == "Buyer Requested Cancel"
    assert api.transactions(second) == []


@pytest.mark.parametrize(
    ("order_id", "query", "status"),
    [(UNKNOWN, {}, 404), ("nonsense", {}, 400), (UNKNOWN, {"includedData": "REFUNDS"}, 400)],
)
def test_get_order_refuses(api: Api, order_id: str, query: Json, status: int) -> None:
    assert api.error(f"{ORDERS}/{order_id}", **query)[0] == status


def test_orders_are_found_by_when_they_were_made_or_changed(api: Api, seller: Seller) -> None:
    early = seller.order(status="UNSHIPPED")
    api.advance(3 * MARGIN)
    late = seller.order()
    seller.ship(early)
    api.advance(MARGIN)
    middle = api.ago(2 * MARGIN)

    def found(**query: object) -> list[str]:
        return [each["orderId"] for each in api.get(ORDERS, **query)["orders"]]

    assert found(createdAfter=api.ago(3000)) == [early["id"], late["id"]]
    assert found(createdAfter=middle) == [late["id"]]
    assert found(createdAfter=api.ago(3000), createdBefore=middle) == [early["id"]]
    assert found(lastUpdatedAfter=middle) == [early["id"], late["id"]]
    assert found(createdAfter=api.ago(3000), fulfillmentStatuses="UNSHIPPED,UNFULFILLABLE") == []
    assert found(createdAfter=api.ago(3000), fulfilledBy="AMAZON") == []
    assert found(createdAfter=api.ago(3000), fulfilledBy="MERCHANT", fulfillmentStatuses="SHIPPED") != []
    assert found(createdAfter=api.ago(3000), marketplaceIds="A2EUQ1WTGCTBG2") == []


def test_orders_of_the_last_two_minutes_are_not_found(api: Api, seller: Seller) -> None:
    seller.order()
    assert api.get(ORDERS, createdAfter=api.ago(3000))["orders"] == []


def test_pages_of_orders(api: Api, seller: Seller) -> None:
    ids = [seller.order()["id"] for _ in range(3)]
    api.advance(MARGIN)
    after = api.ago(3000)
    first = api.get(ORDERS, createdAfter=after, maxResultsPerPage=2, includedData="PROCEEDS")
    token = first["pagination"]["nextToken"]
    second = api.get(ORDERS, createdAfter=after, maxResultsPerPage=2, paginationToken=token)
    assert [each["orderId"] for each in first["orders"] + second["orders"]] == ids
    assert "pagination" not in second


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"createdAfter": "2026-01-01", "lastUpdatedAfter": "2026-01-01"},
        {"createdAfter": "2026-01-01", "lastUpdatedBefore": "2026-01-02"},
        {"createdAfter": "TEST_CASE_400"},
        {"createdAfter": "2026-01-02", "createdBefore": "2026-01-01"},
        {"createdAfter": "2026-01-02", "createdBefore": "2999-01-01"},
        {"createdAfter": "2026-01-02", "maxResultsPerPage": "101"},
        {"createdAfter": "2026-01-02", "includedData": "REFUNDS"},
        {"createdAfter": "2026-01-02", "fulfillmentStatuses": "LOST"},
        {"createdAfter": "2026-01-02", "fulfilledBy": "NOBODY"},
        {"createdAfter": "2026-01-02", "paginationToken": "x"},
    ],
)
def test_search_orders_refuses(api: Api, query: Json) -> None:
    status, error = api.error(ORDERS, **query)
    assert (status, error["code"]) == (400, "InvalidInput")
