"""Whose order a request of the buyer's is about, as far as eBay tells."""

import pytest

from tests.support.sandboxed_ebay import EbaySeller
from tests.workers.platforms.ebay import client, open_seller, refused
from tests.workers.platforms.world import Control
from workers.platforms.ebay_storefront import EbayStorefront
from workers.platforms.http import Http


@pytest.fixture
def seller(control: Control) -> EbaySeller:
    return open_seller(control)[0]


@pytest.fixture
def ebay(seller: EbaySeller, http: Http) -> EbayStorefront:
    return client(seller, http)


@pytest.mark.parametrize("kind", ["return", "cancellation"])
def test_returns_and_cancellations_are_asked_for_their_order(
    seller: EbaySeller, ebay: EbayStorefront, kind: str
) -> None:
    order, _ = seller.order(), seller.ask(seller.order(), kind)
    assert ebay.order_of_request(kind, seller.ask(order, kind)) == order["orderId"]


def test_a_case_is_asked_for_the_return_it_came_from(seller: EbaySeller, ebay: EbayStorefront) -> None:
    order = seller.order()
    case = seller.escalate(seller.ask(order, "return"))
    assert ebay.order_of_request("case", case) == order["orderId"]
    assert seller.operations() == ["token", "getCase", "getReturn"]


def test_of_a_case_that_no_return_led_to_and_of_an_inquiry_ebay_tells_no_order(
    seller: EbaySeller, ebay: EbayStorefront
) -> None:
    inquiry = seller.ask(seller.order(), "inquiry")
    assert ebay.order_of_request("inquiry", inquiry) == ""
    assert ebay.order_of_request("case", seller.escalate(inquiry)) == ""
    assert seller.operations() == ["token", "getCase"]


def test_an_unknown_request_has_no_order(ebay: EbayStorefront) -> None:
    assert ebay.order_of_request("return", "5000000000") == ""


@pytest.mark.parametrize("number", ["", "../order", "1/2", "1?x=1", "1\n", "é"])
def test_what_cannot_be_a_number_leads_no_call_anywhere(
    seller: EbaySeller, ebay: EbayStorefront, number: str
) -> None:
    assert ebay.order_of_request("return", number) == ""
    assert seller.operations() == []


def test_a_consent_that_does_not_cover_the_requests_tells_nothing(control: Control, http: Http) -> None:
    fulfillment = "https://api.ebay.com/oauth/api_scope/sell.fulfillment"
    seller, _ = open_seller(control, scopes=[fulfillment])
    ebay = client(seller, http, scopes=[fulfillment])
    assert ebay.order_of_request("return", seller.ask(seller.order(), "return")) == ""


def test_a_days_calls_that_are_used_up_tell_nothing(seller: EbaySeller, ebay: EbayStorefront) -> None:
    seller.change(quotas={"return": 0})
    assert ebay.order_of_request("return", seller.ask(seller.order(), "return")) == ""


def test_while_ebay_fails_it_is_asked_again(seller: EbaySeller, ebay: EbayStorefront) -> None:
    number = seller.ask(seller.order(), "return")
    seller.fault("getReturn", "status", status=503, body="")
    refused("TRANSIENT", ebay.order_of_request, "return", number)
    seller.fault("getReturn", "status", status=200, body='{"detail": {}}')
    refused("TRANSIENT", ebay.order_of_request, "return", number)
