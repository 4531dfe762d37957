"""`listTransactions`: what it asks for, what it finds, and how it pages."""

import pytest

from tests.sandbox.amazon.client import TRANSACTIONS, UNITED_STATES, Api, Json, related
from tests.support.sandboxed_amazon import Seller, open_amazon

MARGIN = 130  # seconds; more than the two minutes in which nothing shows


def test_an_order_s_rows_are_its_shipment_and_its_refunds(api: Api, seller: Seller) -> None:
    order, other = seller.order(), seller.order()
    refund = seller.refund(order)
    seller.refund(other)
    shipped, refunded = api.transactions(order)
    assert [each["transactionType"] for each in (shipped, refunded)] == ["Shipment", "Refund"]
    assert [each["description"] for each in (shipped, refunded)] == ["Order Payment", "Refund Order"]
    assert related(refunded)["ORDER_ID"] == order["id"]
    assert related(refunded)["REFUND_ID"] == refund["refund_id"]
    assert "REFUND_ID" not in related(shipped)
    assert refunded["sellingPartnerMetadata"]["sellingPartnerId"] == seller.tenant
    assert refunded["marketplaceDetails"] == {"marketplaceId": UNITED_STATES, "marketplaceName": "Amazon.com"}


def test_what_was_posted_in_the_last_two_minutes_is_not_found_by_date(api: Api, seller: Seller) -> None:
    seller.order()
    assert api.transactions(postedAfter=api.ago(3600)) == []
    api.advance(MARGIN)
    assert len(api.transactions(postedAfter=api.ago(3600))) == 1


def test_a_refund_can_be_posted_in_the_past_and_is_then_found_by_date(api: Api, seller: Seller) -> None:
    order = seller.order()
    made = seller.refund(order, seconds_ago=MARGIN)
    (found,) = api.transactions(postedAfter=api.ago(3600))
    assert related(found)["REFUND_ID"] == made["refund_id"]
    assert [related(each)["REFUND_ID"] for each in api.refunds(order)] == [made["refund_id"]]


def test_a_refund_cannot_be_posted_in_the_future(seller: Seller) -> None:
    order = seller.order()
    with pytest.raises(AssertionError, match="seconds_ago must not be negative"):
        seller.refund(order, seconds_ago=-1)


def test_dates_include_their_start_and_not_their_end(api: Api, seller: Seller) -> None:
    posted = api.transactions(seller.order())[0]["postedDate"]
    api.advance(2 * MARGIN)
    assert len(api.transactions(postedAfter=posted)) == 1
    assert api.transactions(postedAfter=api.ago(3600), postedBefore=posted) == []
    assert len(api.transactions(postedAfter=posted, postedBefore=api.ago(MARGIN - 5))) == 1


def test_more_than_180_days_are_answered_with_nothing(api: Api, seller: Seller) -> None:
    seller.order()
    api.advance(MARGIN)
    day = 24 * 60 * 60
    assert len(api.transactions(postedAfter=api.ago(179 * day))) == 1
    assert api.transactions(postedAfter=api.ago(181 * day)) == []


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"postedAfter": "yesterday"},
        {"postedAfter": "2026-13-01"},
        {"postedAfter": "2026-01-01T00:00:00"},
        {"postedAfter": "2999-01-01T00:00:00Z"},
        {"postedBefore": "2026-01-01T00:00:00Z"},
        {"postedAfter": "2026-02-01", "postedBefore": "2026-01-01"},
        {"postedAfter": "2026-02-01", "postedBefore": "2999-01-01"},
        {"postedAfter": "2026-02-01", "transactionStatus": "Released"},
        {"relatedIdentifierName": "ORDER_ID"},
        {"relatedIdentifierValue": "1"},
        {"relatedIdentifierName": "REFUND_ID", "relatedIdentifierValue": "1"},
        {"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": "1", "postedBefore": "2026-01-01"},
        {"postedAfter": "2026-02-01", "nextToken": "nonsense"},
    ],
)
def test_what_makes_no_sense_is_invalid_input(api: Api, query: dict[str, str]) -> None:
    answer = api.call("GET", TRANSACTIONS, params=query)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "InvalidInput")
    assert answer.headers["x-amzn-RateLimit-Limit"] == "0.5"


def test_the_documented_words_for_a_missing_start(api: Api) -> None:
    _, error = api.error(TRANSACTIONS, postedBefore="2022-03-07")
    message = "Start date cannot be null"
    assert error == {"code": "InvalidInput", "message": message, "details": message}


@pytest.mark.parametrize(("network", "number"), [("MFN", 0), ("AFN", 1)])
def test_the_us_store_s_mfn_orders_show_without_a_marketplace_only(
    api: Api, seller: Seller, network: str, number: int
) -> None:
    order = seller.order(network=network)
    assert len(api.transactions(order)) == 1
    assert len(api.transactions(order, marketplaceId=UNITED_STATES)) == number
    assert api.transactions(order, marketplaceId="A2EUQ1WTGCTBG2") == []


def test_elsewhere_a_marketplace_shows_mfn_orders_too(api: Api, seller: Seller) -> None:
    app = open_amazon(seller.control, "ABRITON", marketplace="A1F83G8C2ARO7P")
    briton = Api(Seller(seller.control, "ABRITON", 2, "briton"), app, session=api.session)
    order = briton.seller.order()
    (row,) = briton.transactions(order, marketplaceId="A1F83G8C2ARO7P")
    assert row["totalAmount"]["currencyCode"] == order["currency"] == "GBP"


def test_rows_show_late(api: Api, seller: Seller) -> None:
    seller.change(late_seconds=600)
    order = seller.order(late_seconds=0)
    seller.refund(order)
    seller.refund(order, late_seconds=60)
    assert api.refunds(order) == []
    api.advance(61)
    assert len(api.refunds(order)) == 1
    api.advance(600)
    assert len(api.refunds(order)) == 2
    assert len(seller.transactions(order)) == 2


def test_pages_are_followed_until_there_is_no_token(api: Api, seller: Seller) -> None:
    seller.change(page_size=2)
    order = seller.order()
    for _ in range(4):
        seller.refund(order)
    query = {"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": order["id"]}
    sizes, seen = [], []
    payload = api.get(TRANSACTIONS, **query)["payload"]
    while True:
        sizes.append(len(payload["transactions"]))
        seen += [each["transactionId"] for each in payload["transactions"]]
        if "nextToken" not in payload:
            break
        payload = api.get(TRANSACTIONS, **query, nextToken=payload["nextToken"])["payload"]
    assert sizes == [2, 2, 1]
    assert seen == [each["transactionId"] for each in api.seller.control.get(f"{seller.path}/transactions")]


def test_pages_may_be_empty_and_go_on(api: Api, seller: Seller) -> None:
    seller.change(page_size=1, empty_pages=True)
    order = seller.order()
    seller.refund(order)
    query = {"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": order["id"]}
    sizes, token = [], ""
    for _ in range(4):
        payload = api.get(TRANSACTIONS, **query, **({"nextToken": token} if token else {}))["payload"]
        sizes.append(len(payload["transactions"]))
        token = payload.get("nextToken", "")
    assert (sizes, token) == ([0, 1, 0, 1], "")


def test_a_token_is_for_the_same_arguments_only(api: Api, seller: Seller) -> None:
    seller.change(page_size=1)
    order = seller.order()
    seller.refund(order)
    query = {"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": order["id"]}
    token = api.get(TRANSACTIONS, **query)["payload"]["nextToken"]
    status, error = api.error(TRANSACTIONS, **{**query, "transactionStatus": "RELEASED"}, nextToken=token)
    assert (status, error["code"]) == (400, "InvalidInput")


def test_held_back_money_is_released_by_a_second_row_and_both_name_each_other(
    api: Api, seller: Seller
) -> None:
    order = seller.order()
    seller.refund(order, deferred_seconds=1800)
    (held,) = api.refunds(order)
    assert held["transactionStatus"] == "DEFERRED"
    (context,) = held["contexts"]
    assert (context["contextType"], context["deferralReason"]) == ("DeferredContext", "DD7")
    assert context["maturityDate"] > held["postedDate"]
    assert {"RELEASE_TRANSACTION_ID", "FINANCIAL_EVENT_GROUP_ID"}.isdisjoint(related(held))
    assert len(api.transactions(order, transactionStatus="DEFERRED")) == 1
    api.advance(1801)
    before, after = api.refunds(order)
    assert [before["transactionId"], before["transactionStatus"]] == [
        held["transactionId"],
        "DEFERRED_RELEASED",
    ]
    assert after["transactionStatus"] == "RELEASED"
    assert after["totalAmount"] == before["totalAmount"]
    assert after["postedDate"] == context["maturityDate"]
    assert related(before)["RELEASE_TRANSACTION_ID"] == after["transactionId"]
    assert related(after)["DEFERRED_TRANSACTION_ID"] == before["transactionId"]
    assert related(after)["REFUND_ID"] == related(before)["REFUND_ID"]
    assert [
        each["transactionId"] for each in api.transactions(order, transactionStatus="DEFERRED_RELEASED")
    ] == [held["transactionId"]]


def test_money_can_be_released_before_its_time_and_only_once(api: Api, seller: Seller) -> None:
    order = seller.order()
    seller.refund(order, deferred_seconds=1800)
    (posted,) = seller.release(order)
    assert posted["transactionStatus"] == "RELEASED"
    assert seller.release(order) == []
    api.advance(1801)
    assert len(api.refunds(order)) == 2


def test_a_financial_event_group_can_be_asked_for(api: Api, seller: Seller) -> None:
    (row,) = api.transactions(seller.order())
    group = related(row)["FINANCIAL_EVENT_GROUP_ID"]
    query: Json = {"relatedIdentifierName": "FINANCIAL_EVENT_GROUP_ID", "relatedIdentifierValue": group}
    assert api.transactions(**query) == [row]
    assert api.transactions(**{**query, "relatedIdentifierValue": "another"}) == []


def test_empty_lists_may_be_null_as_in_live_answers(api: Api, seller: Seller) -> None:
    app = open_amazon(seller.control, "ANULL", nulls=True)
    other = Api(Seller(seller.control, "ANULL", 2, "null"), app, session=api.session)
    order = other.seller.order()
    query = {"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": order["id"]}
    payload = other.get(TRANSACTIONS, **query)["payload"]
    assert payload["nextToken"] is None
    (row,) = payload["transactions"]
    assert row["contexts"] is None
    assert row["items"][0]["breakdowns"][0]["breakdowns"][0]["breakdowns"] is None
