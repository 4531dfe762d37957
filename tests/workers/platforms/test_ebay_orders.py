import pytest

from ledger.events import MoneyState, PartKind
from ledger.policy import Policy
from tests.support.sandboxed_ebay import EbaySeller
from tests.workers.platforms.ebay import (
    KEY,
    LEAVE,
    LINES,
    ORDER,
    client,
    open_seller,
    plan,
    refused,
    requested,
    searches,
    seen,
    storefront,
)
from tests.workers.platforms.world import Control, usd
from workers.platforms.ebay_storefront import EbayStorefront
from workers.platforms.errors import PlatformError
from workers.platforms.http import Http


@pytest.fixture
def seller(control: Control) -> EbaySeller:
    return open_seller(control)[0]


@pytest.fixture
def ebay(seller: EbaySeller, http: Http) -> EbayStorefront:
    return client(seller, http)


def test_an_order_is_read_by_one_call(seller: EbaySeller, ebay: EbayStorefront) -> None:
    made = seller.order(lines=LINES)
    order = ebay.order(made["orderId"])
    assert order is not None
    assert (order.id, order.paid, order.refunds) == (made["orderId"], usd("115.30"), ())
    assert [(each.sku, each.quantity, each.refundable) for each in order.lines] == [
        ("TSHIRT-M", 5, 5),
        ("MUG", 1, 1),
    ]
    assert seller.operations() == ["token", "getOrder"]


@pytest.mark.parametrize("by", ["id", "name"])
def test_an_order_is_found_by_its_number_whatever_that_is_called(
    seller: EbaySeller, ebay: EbayStorefront, by: str
) -> None:
    made = seller.order()
    order = ebay.find_order(f" {made['orderId']} ", by=by)
    assert order is not None
    assert order.id == made["orderId"]


@pytest.mark.parametrize("number", [ORDER, "1", "no-such-order"])
def test_an_order_that_is_not_there_is_none(ebay: EbayStorefront, number: str) -> None:
    assert ebay.order(number) is None


@pytest.mark.parametrize("number", ["", "#1001", "../../x", "12-34567-89012/issue_refund", "a" * 61])
def test_what_is_no_order_id_is_not_even_asked_for(
    seller: EbaySeller, ebay: EbayStorefront, number: str
) -> None:
    assert ebay.find_order(number, by="name") is None
    assert seller.operations() == []


def test_a_refund_of_what_is_no_order_id_is_refused(seller: EbaySeller, ebay: EbayStorefront) -> None:
    refused("REFUSED", ebay.refund, plan({"orderId": "../x", "lineItems": [{"lineItemId": "1"}]}), key=KEY)
    assert seller.operations() == []


def test_refunds_of_an_order_that_is_gone_are_an_error(ebay: EbayStorefront) -> None:
    refused("NONEXISTENT_RECORD", ebay.refunds, ORDER, policy=LEAVE, mark_prefix="rs-")


@pytest.mark.parametrize("body", ["[]", "{}", '{"orderId": 5}'])
def test_an_answer_that_is_not_of_the_contract_passes(
    seller: EbaySeller, ebay: EbayStorefront, body: str
) -> None:
    seller.fault("getOrder", "status", status=200, body=body)
    refused("TRANSIENT", ebay.order, ORDER)


# Refunds.


def test_an_order_without_refunds_has_none_and_nothing_is_searched(
    seller: EbaySeller, ebay: EbayStorefront
) -> None:
    assert requested(ebay, seller.order()) == []
    assert seller.operations() == ["token", "getOrder"]


def test_refunds_of_order_and_lines_made_here_and_there_are_each_seen_once(
    seller: EbaySeller, ebay: EbayStorefront
) -> None:
    order = seller.order(lines=LINES)
    seller.refund(order, lines=[{"line": "MUG"}])
    by_line = ebay.refund(plan(order), key=KEY)
    ebay.order(order["orderId"])  # the sandbox ends it when it is looked at
    by_order = ebay.refund(plan(order, "7.00", lines=()), key=KEY)
    hub, ours, last = seen(ebay, order)
    assert hub[1:] == ("10.30 USD", MoneyState.MOVED)
    assert ours == (by_line.id, "20.00 USD", MoneyState.MOVED)
    assert last == (by_order.id, "7.00 USD", MoneyState.MOVED)


@pytest.mark.parametrize("status", ["PENDING", "FAILED"])
def test_a_refund_of_seller_hub_has_no_name_until_it_was_issued(
    seller: EbaySeller, ebay: EbayStorefront, status: str
) -> None:
    order = seller.order()
    number = seller.refund(order, amount="20.00", status=status)
    assert seen(ebay, order) == []
    seller.settle(number)
    assert [each[1:] for each in seen(ebay, order)] == [("20.00 USD", MoneyState.MOVED)]


def test_a_refund_keeps_its_name_from_its_beginning_to_its_end(
    seller: EbaySeller, ebay: EbayStorefront
) -> None:
    seller.change(refund_outcome="PENDING")
    order = seller.order(lines=LINES)
    made = ebay.refund(plan(order), key=KEY).id
    assert seen(ebay, order) == [(made, "20.00 USD", MoneyState.PENDING)]
    seller.settle(made, "FAILED")
    assert seen(ebay, order) == [(made, "20.00 USD", MoneyState.FAILED)]
    again = ebay.refund(plan(order), key=KEY).id
    assert [each[2] for each in seen(ebay, order)] == [
        MoneyState.PENDING
    ] * 2  # nobody knows which one failed
    seller.settle(again)
    assert seen(ebay, order) == [
        (made, "20.00 USD", MoneyState.FAILED),
        (again, "20.00 USD", MoneyState.MOVED),
    ]


@pytest.mark.parametrize("kind", ["return", "inquiry", "case", "cancellation"])
def test_a_request_of_the_buyer_stands_behind_a_refund(
    seller: EbaySeller, ebay: EbayStorefront, kind: str
) -> None:
    order = seller.order()
    seller.refund(order, **{"for": seller.ask(order, kind)})
    assert requested(ebay, order) == [True]


def test_a_refund_that_nobody_asked_for_is_told_after_every_search(
    seller: EbaySeller, ebay: EbayStorefront
) -> None:
    order = seller.order()
    seller.refund(order)
    assert requested(ebay, order) == [False]
    assert searches(seller) == ["searchReturns", "searchInquiries", "searchCases", "searchCancellations"]


def test_a_cancellation_of_the_sellers_own_is_no_request(seller: EbaySeller, ebay: EbayStorefront) -> None:
    order = seller.order()
    seller.cancel(order)
    assert requested(ebay, order) == [False]


def test_searches_go_no_further_than_needed(seller: EbaySeller, ebay: EbayStorefront) -> None:
    order = seller.order()
    seller.refund(order, **{"for": seller.ask(order, "cancellation")})
    requested(ebay, order)
    assert searches(seller) == []
    other = seller.order()
    seller.refund(other, **{"for": seller.ask(other, "return")})
    requested(ebay, other)
    assert searches(seller) == ["searchReturns"]


def test_nothing_is_searched_where_nobody_wants_to_know(seller: EbaySeller, ebay: EbayStorefront) -> None:
    order = seller.order()
    seller.refund(order)
    assert len(seen(ebay, order)) == 1
    assert searches(seller) == []


def test_a_request_that_came_after_a_refund_does_not_stand_behind_it(
    seller: EbaySeller, ebay: EbayStorefront, control: Control
) -> None:
    order = seller.order()
    seller.refund(order, amount="20.00")
    control.post("settings", {"advance_seconds": 3600})
    seller.refund(order, amount="40.00", **{"for": seller.ask(order, "return")})
    assert requested(ebay, order) == [False, True]


def test_a_refund_that_failed_needs_no_request(seller: EbaySeller, ebay: EbayStorefront) -> None:
    seller.change(refund_outcome="FAILED")
    order = seller.order()
    ebay.refund(plan(order), key=KEY)
    assert requested(ebay, order) == [True]
    assert searches(seller) == []


def test_requests_of_other_orders_are_none_even_where_ebay_finds_them(
    seller: EbaySeller, ebay: EbayStorefront
) -> None:
    order, other = seller.order(), seller.order()
    seller.refund(order)
    member = {"orderId": other["orderId"], "returnId": "1"}
    seller.fault("searchReturns", "status", status=200, body={"members": [member]})
    assert requested(ebay, order) == [False]


def test_requests_are_searched_to_the_end_of_what_one_order_can_have(
    seller: EbaySeller, ebay: EbayStorefront
) -> None:
    order = seller.order()
    seller.refund(order)
    members = [{"orderId": ORDER}] * 200
    seller.fault("searchReturns", "status", status=200, body={"members": members}, times=1)
    assert requested(ebay, order) == [False]
    assert searches(seller).count("searchReturns") == 2
    seller.fault("searchReturns", "status", status=200, body={"members": members}, times=5)
    with pytest.raises(PlatformError, match="unrequested") as caught:
        requested(ebay, order)
    assert caught.value.reason == "REFUSED"


def test_a_request_on_a_later_page_is_found(seller: EbaySeller, ebay: EbayStorefront) -> None:
    order = seller.order()
    seller.refund(order)
    for members in ([{"orderId": ORDER}] * 200, [{"orderId": order["orderId"]}]):
        seller.fault("searchReturns", "status", status=200, body={"members": members})
    assert requested(ebay, order) == [True]
    assert searches(seller) == ["searchReturns"] * 2


def test_searches_say_for_which_marketplace_they_are(control: Control, http: Http) -> None:
    seller, credentials = open_seller(control, marketplace="EBAY_DE")
    order = seller.order()
    seller.refund(order)
    requested(storefront(seller, http, {**credentials, "marketplace": "EBAY_DE"}), order)
    headers = [
        each["request"]["headers"] for each in seller.calls() if each["operation"].startswith("search")
    ]
    assert {each["x-ebay-c-marketplace-id"] for each in headers} == {"EBAY_DE"}


# Fees.


def test_money_is_pending_until_the_books_show_it_where_fees_are_posted(
    seller: EbaySeller, ebay: EbayStorefront, control: Control
) -> None:
    seller.change(finances_seconds=3600)
    order = seller.order()
    seller.refund(order, amount="20.00")
    policy = Policy(unrequested="post", selling_fees="post")
    assert [each[2] for each in seen(ebay, order, policy)] == [MoneyState.PENDING]
    control.post("settings", {"advance_seconds": 3600})
    assert [each[2] for each in seen(ebay, order, policy)] == [MoneyState.MOVED]


def test_fees_that_came_back_are_a_part(seller: EbaySeller, ebay: EbayStorefront) -> None:
    order = seller.order()
    seller.refund(order, amount="20.00")
    date = seller.state(order)["paymentSummary"]["refunds"][0]["refundDate"]
    row = {
        "transactionId": "1",
        "transactionDate": date,
        "amount": {"value": "17.4", "currency": "USD"},
        "totalFeeAmount": {"value": "2.6", "currency": "USD"},
    }
    seller.fault("getTransactions", "status", status=200, body={"total": 1, "transactions": [row]})
    (found,) = ebay.refunds(
        order["orderId"], policy=Policy(unrequested="post", selling_fees="post"), mark_prefix="rs-"
    )
    assert (found.amount, found.parts[-1].kind, found.parts[-1].net) == (
        usd("17.40"),
        PartKind.FEE,
        usd("-2.60"),
    )


def test_the_books_are_not_asked_for_refunds_that_were_not_issued(
    seller: EbaySeller, ebay: EbayStorefront
) -> None:
    seller.change(refund_outcome="PENDING")
    order = seller.order()
    ebay.refund(plan(order), key=KEY)
    policy = Policy(unrequested="post", selling_fees="post")
    assert [each[2] for each in seen(ebay, order, policy)] == [MoneyState.PENDING]
    assert "getTransactions" not in seller.operations()
