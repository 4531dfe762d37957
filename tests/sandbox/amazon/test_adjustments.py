"""What a feed's messages do, and how the report tells of those that are refused."""

from xml.etree import ElementTree as ET

import pytest

from tests.sandbox.amazon.client import Api, Json, component, envelope, leaves, message, related
from tests.sandbox.amazon.test_breakdowns import FULL
from tests.support.sandboxed_amazon import Seller


def summary(report: ET.Element) -> dict[str, int]:
    found = report.find("ProcessingSummary")
    assert found is not None
    return {each.tag: int(each.text or "") for each in found}


def results(report: ET.Element) -> list[tuple[str | None, str | None, str | None]]:
    return [
        (each.findtext("MessageID"), each.findtext("ResultCode"), each.findtext("ResultMessageCode"))
        for each in report.findall("Result")
    ]


def run(api: Api, *messages: str) -> ET.Element:
    return api.report(api.ended(envelope(api.seller.tenant, *messages)))


def test_a_message_refunds_what_it_asks_for(api: Api, seller: Seller) -> None:
    order = seller.order(lines=[FULL])
    parts = [
        component("Principal", "20.00"),
        component("Tax", "1.60"),
        component("Shipping", "5.00"),
        component("ShippingTax", "0.40"),
        component("GiftWrap", "4.00"),
        component("GiftWrapTax", "0.32"),
        component("Goodwill", "1.00"),
        component("RestockingFee", "2.00"),
    ]
    promotion = (
        "<PromotionAdjustments><PromotionClaimCode>A</PromotionClaimCode>"
        f"{component('Principal', '-1.00')}</PromotionAdjustments>"
    )
    report = run(api, message(order, *parts, more=promotion))
    assert summary(report) == {
        "MessagesProcessed": 1,
        "MessagesSuccessful": 1,
        "MessagesWithError": 0,
        "MessagesWithWarning": 0,
    }
    assert results(report) == []
    (row,) = api.refunds(order)
    assert leaves(row["items"][0]["breakdowns"]) == {
        "OurPricePrincipal": -20,
        "OurPriceTax": -1.6,
        "ShippingPrincipal": -5,
        "ShippingTax": -0.4,
        "GiftwrapPrincipal": -4,
        "GiftwrapTax": -0.32,
        "OurPriceDiscount": 1,
        "MarketplaceFacilitatorTax-Principal": 1.6,
        "MarketplaceFacilitatorTax-Shipping": 0.4,
        "GoodwillPrincipal": -1,
        "RestockingDeductionPrincipal": 2,
        "Commission": 3,
        "RefundCommission": -0.6,
    }
    assert row["items"][0]["contexts"][0]["quantityShipped"] == 1


def test_the_same_feed_refunds_again_until_nothing_is_left(api: Api, seller: Seller) -> None:
    order = seller.order()
    content = envelope(seller.tenant, message(order, component("Principal", "40.00")))
    errors = [summary(api.report(api.ended(content)))["MessagesWithError"] for _ in range(3)]
    assert errors == [0, 0, 1]
    first, second = api.refunds(order)
    assert related(first)["REFUND_ID"] != related(second)["REFUND_ID"]
    assert seller.writes() == {"createFeed": 3, "OrderAdjustment": 2}


def test_a_document_can_be_submitted_twice(api: Api, seller: Seller) -> None:
    order = seller.order()
    document = api.document(envelope(seller.tenant, message(order, component("Principal", "20.00"))))
    for _ in range(2):
        assert api.create_feed(document).status_code == 202
    api.advance(60)
    assert len(api.refunds(order)) == 2


def test_rows_of_a_feed_are_late_too(api: Api, seller: Seller) -> None:
    order = seller.order()
    seller.change(late_seconds=600)
    run(api, message(order, component("Principal", "20.00")))
    assert api.refunds(order) == []
    api.advance(600)
    assert len(api.refunds(order)) == 1


def test_a_refused_message_changes_nothing_and_the_others_go_on(api: Api, seller: Seller) -> None:
    order, other = seller.order(), seller.order()
    item = order["lines"][0]["order_item_id"]
    report = run(
        api,
        message(order, component("Principal", "100.01")),
        message(other, component("Principal", "20.00"), number=2),
    )
    assert summary(report) == {
        "MessagesProcessed": 2,
        "MessagesSuccessful": 1,
        "MessagesWithError": 1,
        "MessagesWithWarning": 0,
    }
    assert results(report) == [("1", "Error", "18028")]
    assert report.findtext("Result/AdditionalInfo/AmazonOrderID") == order["id"]
    assert report.findtext("Result/AdditionalInfo/AmazonOrderItemCode") == item
    assert "exceeds what is left" in (report.findtext("Result/ResultDescription") or "")
    assert [len(api.refunds(each)) for each in (order, other)] == [0, 1]


def test_one_refused_item_refuses_the_whole_message(api: Api, seller: Seller) -> None:
    lines = [{"sku": sku, "quantity": 1, "price": "10.00"} for sku in ("PEN", "INK")]
    order = seller.order(lines=lines)
    good, bad = (message(order, component("Principal", each)) for each in ("10.00", "10.01"))
    first = good[good.index("<AdjustedItem>") : good.index("</OrderAdjustment>")]
    second = bad[bad.index("<AdjustedItem>") : bad.index("</OrderAdjustment>")].replace(
        order["lines"][0]["order_item_id"], order["lines"][1]["order_item_id"]
    )
    both = good.replace(first, first + second)
    assert results(run(api, both)) == [("1", "Error", "18028")]
    assert api.refunds(order) == []
    twice = good.replace(first, first + first)
    assert results(run(api, twice)) == [("1", "Error", "18028")]
    fine = good.replace(first, first + second.replace("10.01", "10.00"))
    assert results(run(api, fine)) == []
    (row,) = api.refunds(order)
    assert len(row["items"]) == 2


@pytest.mark.parametrize(
    ("settings", "changes", "words"),
    [
        ({"network": "AFN"}, {}, "fulfilled by Amazon"),
        ({"status": "UNSHIPPED"}, {}, "has not been shipped"),
        ({}, {"item": "99999999999999"}, "is not of the order"),
        ({}, {"more": "<QuantityCancelled>6</QuantityCancelled>"}, "More units are cancelled"),
    ],
)
def test_refusals_of_amazon(api: Api, seller: Seller, settings: Json, changes: Json, words: str) -> None:
    order = seller.order(**settings)
    report = run(api, message(order, component("Principal", "20.00"), **changes))
    assert results(report) == [("1", "Error", "18028")]
    assert words in (report.findtext("Result/ResultDescription") or "")
    assert seller.writes() == {"createFeed": 1}


def test_an_unknown_order_and_another_currency_are_refused(api: Api, seller: Seller) -> None:
    order = seller.order()
    unknown = message({**order, "id": "999-0000000-0000000"}, component("Principal", "1.00"))
    foreign = message(order, component("Principal", "1.00", "EUR"), number=2)
    assert results(run(api, unknown, foreign)) == [("1", "Error", "18028"), ("2", "Error", "18028")]


@pytest.mark.parametrize(
    ("parts", "changes"),
    [
        (["<Component><Type>Principal</Type></Component>"], {}),
        ([component("Principal", "0.00")], {}),
        ([component("Principal", "-1.00")], {}),
        ([component("Principal", "one")], {}),
        ([component("Postage", "1.00")], {}),
        ([], {}),
        ([component("Principal", "1.00"), component("Tax", "1.00", "EUR")], {}),
        ([component("Principal", "1.00")], {"reason": "Boredom"}),
        ([component("Principal", "1.00")], {"more": "<Comment>x</Comment>"}),
        ([component("Principal", "1.00")], {"more": "<QuantityCancelled>-1</QuantityCancelled>"}),
    ],
)
def test_what_does_not_fit_the_schema_is_refused_by_message(
    api: Api, seller: Seller, parts: list[str], changes: Json
) -> None:
    order = seller.order()
    assert results(run(api, message(order, *parts, **changes))) == [("1", "Error", "5001")]
    assert api.refunds(order) == []


@pytest.mark.parametrize("cut", ["AdjustedItem", "AmazonOrderID", "OrderAdjustment", "AmazonOrderItemCode"])
def test_missing_elements_are_refused(api: Api, seller: Seller, cut: str) -> None:
    whole = message(seller.order(), component("Principal", "1.00"))
    start, end = whole.index(f"<{cut}>"), whole.index(f"</{cut}>") + len(cut) + 3
    assert results(run(api, whole[:start] + whole[end:])) == [("1", "Error", "5001")]


@pytest.mark.parametrize(
    "content",
    [
        "not XML",
        "",
        '<!DOCTYPE a [<!ENTITY b "c">]><AmazonEnvelope/>',
        "<Envelope/>",
        envelope("A3TH9S8BH6GOGM", kind="Product"),
        envelope("A3TH9S8BH6GOGM", version="2.00"),
        envelope("A3TH9S8BH6GOGM"),
        envelope("ANOTHER", "<Message><MessageID>1</MessageID></Message>"),
        envelope("A3TH9S8BH6GOGM", *["<Message><MessageID>1</MessageID></Message>"] * 2),
    ],
)
def test_what_is_no_feed_is_fatal(api: Api, content: str) -> None:
    feed = api.ended(content)
    assert feed["processingStatus"] == "FATAL"
    report = api.report(feed)
    assert report.findtext("StatusCode") == "Rejected"
    assert [each[1] for each in results(report)] == ["Error"]


def test_quantities_are_told_or_found_from_the_price(api: Api, seller: Seller) -> None:
    order = seller.order()
    cancelled = "<QuantityCancelled>2</QuantityCancelled>"
    run(
        api,
        message(order, component("Principal", "7.77"), more=cancelled),
        message(order, component("Principal", "20.00"), number=2),
        message(order, component("Principal", "5.00"), number=3),
    )
    shown = [row["items"][0]["contexts"][0]["quantityShipped"] for row in api.refunds(order)]
    assert shown == [2, 1, 5]
    assert seller.state(order)["lines"][0]["returned"] == 3
    run(api, message(order, component("Principal", "67.23")))
    assert seller.state(order)["lines"][0]["returned"] == 5


def test_messages_can_be_made_to_fail_or_to_be_warned_of(api: Api, seller: Seller) -> None:
    first, second = seller.order(), seller.order()
    faults = [
        {"message_id": "1", "code": "99", "description": "No."},
        {"message_id": "2", "result": "Warning"},
    ]
    seller.next_feed("DONE", errors=faults)
    part = component("Principal", "20.00")
    report = run(api, message(first, part), message(second, part, number=2))
    assert results(report) == [("1", "Error", "99"), ("2", "Warning", "18028")]
    assert summary(report) == {
        "MessagesProcessed": 2,
        "MessagesSuccessful": 1,
        "MessagesWithError": 1,
        "MessagesWithWarning": 1,
    }
    assert [len(api.refunds(each)) for each in (first, second)] == [0, 1]


def test_one_item_of_a_message_is_refused_where_a_test_says_so(api: Api, seller: Seller) -> None:
    mug = {"sku": "MUG", "quantity": 1, "price": "9.50"}
    order = seller.order(lines=[{"sku": "TSHIRT-M", "quantity": 5, "price": "20.00"}, mug])
    taken, refused = (each["order_item_id"] for each in order["lines"])
    items = "".join(
        f"<AdjustedItem><AmazonOrderItemCode>{item}</AmazonOrderItemCode>"
        "<AdjustmentReason>CustomerReturn</AdjustmentReason>"
        f"<ItemPriceAdjustments>{component('Principal', amount)}</ItemPriceAdjustments></AdjustedItem>"
        for item, amount in ((taken, "20.00"), (refused, "9.50"))
    )
    seller.next_feed("DONE", errors=[{"message_id": "1", "item": refused, "description": "Not this one."}])
    whole = (
        f"<Message><MessageID>1</MessageID><OrderAdjustment><AmazonOrderID>{order['id']}</AmazonOrderID>"
        f"{items}</OrderAdjustment></Message>"
    )
    report = run(api, whole)
    assert summary(report) == {
        "MessagesProcessed": 1,
        "MessagesSuccessful": 1,
        "MessagesWithError": 1,
        "MessagesWithWarning": 0,
    }
    (result,) = report.findall("Result")
    assert result.findtext("AdditionalInfo/AmazonOrderItemCode") == refused
    assert result.findtext("ResultDescription") == "Not this one."
    (row,) = api.refunds(order)
    assert [each["contexts"][0]["sku"] for each in row["items"]] == ["TSHIRT-M"]
    seller.next_feed("DONE", errors=[{"message_id": "1", "item": item} for item in (taken, refused)])
    assert summary(run(api, whole))["MessagesSuccessful"] == 0
    assert len(api.refunds(order)) == 1
