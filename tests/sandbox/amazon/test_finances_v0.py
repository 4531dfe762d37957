"""The deprecated version of the Finances API."""

import pytest

from tests.sandbox.amazon.client import Api, Json
from tests.sandbox.amazon.test_breakdowns import FULL
from tests.support.sandboxed_amazon import Seller

DAY = 24 * 60 * 60


def path(order_id: str) -> str:
    return f"/finances/v0/orders/{order_id}/financialEvents"


def events(api: Api, order: Json, **query: object) -> Json:
    found: Json = api.get(path(order["id"]), **query)["payload"]
    return found


def named(components: list[Json], kind: str = "Charge") -> dict[str, float]:
    return {each[f"{kind}Type"]: each[f"{kind}Amount"]["CurrencyAmount"] for each in components}


def test_events_show_after_48_hours(api: Api, seller: Seller) -> None:
    order = seller.order()
    seller.refund(order)
    api.advance(2 * DAY - 60)
    assert events(api, order) == {"FinancialEvents": {"ShipmentEventList": [], "RefundEventList": []}}
    api.advance(120)
    api.log_in()
    found = events(api, order)["FinancialEvents"]
    assert [len(found[name]) for name in ("ShipmentEventList", "RefundEventList")] == [1, 1]


def test_a_refund_s_charges_fees_taxes_and_promotion(api: Api, seller: Seller) -> None:
    seller.change(v0_late_seconds=0)
    order = seller.order(lines=[FULL], seller_order_id="S-1")
    seller.refund(order, quantity=2, goodwill="1.00", restocking_fee="0.50")
    (event,) = events(api, order)["FinancialEvents"]["RefundEventList"]
    assert (event["AmazonOrderId"], event["SellerOrderId"]) == (order["id"], "S-1")
    (item,) = event["ShipmentItemAdjustmentList"]
    assert item["OrderItemId"] == order["lines"][0]["order_item_id"]
    assert item["OrderAdjustmentItemId"] != item["OrderItemId"]
    assert named(item["ItemChargeAdjustmentList"]) == {
        "Principal": -40,
        "Tax": -3.2,
        "ShippingCharge": -5,
        "ShippingTax": -0.4,
        "GiftWrap": -4,
        "GiftWrapTax": -0.32,
        "Goodwill": -1,
        "RestockingFee": 0.5,
    }
    assert named(item["ItemFeeAdjustmentList"], "Fee") == {"Commission": 6, "RefundCommission": -1.2}
    (withheld,) = item["ItemTaxWithheldList"]
    assert withheld["TaxCollectionModel"] == "MarketplaceFacilitator"
    assert named(withheld["TaxesWithheld"]) == {
        "MarketplaceFacilitatorTax-Principal": 3.2,
        "MarketplaceFacilitatorTax-Shipping": 0.4,
    }
    (promotion,) = item["PromotionAdjustmentList"]
    assert promotion["PromotionType"] == "PromotionMetaDataDefinitionValue"
    assert promotion["PromotionAmount"]["CurrencyAmount"] == 2


def test_a_shipment_s_lists_have_other_names(api: Api, seller: Seller) -> None:
    seller.change(v0_late_seconds=0)
    (event,) = events(api, seller.order())["FinancialEvents"]["ShipmentEventList"]
    (item,) = event["ShipmentItemList"]
    assert named(item["ItemChargeList"]) == {"Principal": 100}
    assert named(item["ItemFeeList"], "Fee") == {"Commission": -15}


def test_deferred_money_shows_once_it_is_released_and_once_only(api: Api, seller: Seller) -> None:
    seller.change(v0_late_seconds=0)
    order = seller.order()
    seller.refund(order, deferred_seconds=600)
    assert events(api, order)["FinancialEvents"]["RefundEventList"] == []
    (released,) = seller.release(order)
    (event,) = events(api, order)["FinancialEvents"]["RefundEventList"]
    assert event["PostedDate"] == released["postedDate"]


def test_pages(api: Api, seller: Seller) -> None:
    seller.change(v0_late_seconds=0)
    order = seller.order()
    seller.refund(order)
    seller.refund(order)
    first = events(api, order, MaxResultsPerPage=2)
    assert len(first["FinancialEvents"]["RefundEventList"]) == 1
    second = events(api, order, MaxResultsPerPage=2, NextToken=first["NextToken"])
    assert len(second["FinancialEvents"]["RefundEventList"]) == 1
    assert "NextToken" not in second


@pytest.mark.parametrize("query", [{"MaxResultsPerPage": 101}, {"MaxResultsPerPage": 0}, {"NextToken": "x"}])
def test_parameters_are_checked(api: Api, seller: Seller, query: dict[str, object]) -> None:
    status, error = api.error(path(seller.order()["id"]), **query)
    assert (status, error["code"]) == (400, "InvalidInput")


def test_another_order_s_token_is_refused(api: Api, seller: Seller) -> None:
    seller.change(v0_late_seconds=0)
    order, other = seller.order(), seller.order()
    seller.refund(order)
    token = events(api, order, MaxResultsPerPage=1)["NextToken"]
    assert api.error(path(other["id"]), NextToken=token)[0] == 400


def test_an_order_id_must_have_its_form(api: Api) -> None:
    status, error = api.error(path("BAD-ORDER"))
    assert (status, error["code"], error["message"]) == (400, "InvalidInput", "Bad order ID provided.")


def test_once_removed_it_is_not_found(api: Api, seller: Seller) -> None:
    order = seller.order()
    seller.change(v0_gone=True)
    assert api.error(path(order["id"]))[0] == 404
    seller.change(v0_gone=False)
    assert api.call("GET", path(order["id"])).status_code == 200


BETWEEN = "/finances/v0/financialEvents"


def test_events_of_a_time_are_those_of_all_orders_page_by_page(api: Api, seller: Seller) -> None:
    seller.change(v0_late_seconds=0)
    refunded = []
    for ago in (900, 600, 300):
        order = seller.order()
        seller.refund(order, seconds_ago=ago)
        refunded.append(order["id"])
    wanted = {"PostedAfter": api.ago(1000), "PostedBefore": api.ago(400)}
    payload = api.get(BETWEEN, **wanted)["payload"]
    assert [each["AmazonOrderId"] for each in payload["FinancialEvents"]["RefundEventList"]] == refunded[:2]
    assert "NextToken" not in payload
    first = api.get(BETWEEN, **wanted, MaxResultsPerPage=1)["payload"]
    second = api.get(BETWEEN, **wanted, MaxResultsPerPage=1, NextToken=first["NextToken"])["payload"]
    shown = [each["FinancialEvents"]["RefundEventList"] for each in (first, second)]
    assert [each["AmazonOrderId"] for (each,) in shown] == refunded[:2]
    other = {**wanted, "PostedAfter": api.ago(999)}
    assert api.error(BETWEEN, **other, NextToken=first["NextToken"])[0] == 400


def test_a_time_is_over_two_minutes_ago_and_of_180_days_at_most(api: Api, seller: Seller) -> None:
    seller.change(v0_late_seconds=0)
    seller.refund(seller.order(), seconds_ago=600)
    for wanted in (
        {},
        {"PostedBefore": api.ago(300)},
        {"PostedAfter": api.ago(60)},
        {"PostedAfter": api.ago(1000), "PostedBefore": api.ago(60)},
        {"PostedAfter": api.ago(300), "PostedBefore": api.ago(1000)},
        {"PostedAfter": "yesterday"},
    ):
        assert api.error(BETWEEN, **wanted)[0] == 400, wanted
    long = api.get(BETWEEN, PostedAfter=api.ago(181 * DAY), PostedBefore=api.ago(300))
    assert long["payload"]["FinancialEvents"]["RefundEventList"] == []
    seller.change(v0_gone=True)
    assert api.error(BETWEEN, PostedAfter=api.ago(1000))[0] == 404
