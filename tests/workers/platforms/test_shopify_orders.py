from decimal import Decimal
from typing import Any

import pytest

from ledger.money import Money
from tests.workers.platforms.shop import DOMAIN, Shop, line_id, said, sent
from tests.workers.platforms.wire import answer, saying, wire
from tests.workers.platforms.world import usd
from workers.platforms.errors import PlatformError
from workers.platforms.http import Http
from workers.platforms.shopify import RefundLineInput, ShopifyClient
from workers.platforms.shopify_cost import Budget


def test_an_order_is_read(shop: Shop, http: Http) -> None:
    made = shop.order(name="#1001")
    shop.refund(made, lines=[{"sku": "TSHIRT-M", "quantity": 1}], note="a note")
    order = shop.client(http).order(str(made["id"]))
    assert order is not None
    assert (order.id, order.name, order.cancelled) == (str(made["id"]), "#1001", False)
    assert [(line.sku, line.quantity, line.refundable) for line in order.lines] == [
        ("TSHIRT-M", 2, 1),
        ("MUG", 1, 1),
    ]
    # Two at 20.00, one at 9.50, shipping 5.00, 8 % on all but the mug; less one at 21.60.
    assert order.paid == usd("36.50")
    (refund,) = order.refunds
    assert (refund.note, refund.amount) == ("a note", usd("21.60"))
    assert shop.operations() == ["graphql:query"]


def test_ids_above_what_a_double_holds_stay_exact(shop: Shop, http: Http) -> None:
    made = shop.order(id=820982911946154509)
    order = shop.client(http).order("820982911946154509")
    assert order is not None
    assert order.id == "820982911946154509"
    assert order.lines[0].id == line_id(made)


@pytest.mark.parametrize("order_id", ["1", "", "abc", "#1001", "1 OR 1"])
def test_an_order_that_does_not_exist_is_none(shop: Shop, http: Http, order_id: str) -> None:
    assert shop.client(http).order(order_id) is None


def test_an_order_of_many_lines_is_read_page_by_page(shop: Shop, http: Http) -> None:
    lines = [{"sku": f"SKU-{number}", "quantity": 1, "price": "1.00"} for number in range(250)]
    made = shop.order(lines=lines)
    order = shop.client(http).order(str(made["id"]))
    assert order is not None
    assert [line.sku for line in order.lines] == [f"SKU-{number}" for number in range(250)]
    assert len(shop.operations()) == 3


def test_an_order_in_another_currency_has_its_rate(shop: Shop, http: Http) -> None:
    made = shop.order(
        presentment_currency="EUR",
        exchange_rate="0.5",
        lines=[{"sku": "MUG", "quantity": 1, "price": "10.00"}],
        shipping=None,
    )
    order = shop.client(http).order(str(made["id"]))
    assert order is not None
    assert (order.currency, order.shop_currency) == ("EUR", "USD")
    assert order.paid == Money.parse("10.00", "EUR")
    shop_total = order.paid.amount / order.shop_rate
    assert shop_total in {Decimal("20.00"), Decimal("5.00")}


def test_an_order_is_found_by_exactly_its_name(shop: Shop, http: Http) -> None:
    made = shop.order(name="#1001")
    shop.order(name="#1001-A")
    shop.order(name="#10011")
    client = shop.client(http)
    for name in ("#1001", " #1001 "):
        order = client.find_order(name, by="name")
        assert order is not None
        assert order.id == str(made["id"])
    # Another order of the merchant's may be called so in NetSuite.
    assert client.find_order("1001", by="name") is None


def test_an_order_is_found_by_id(shop: Shop, http: Http) -> None:
    made = shop.order()
    order = shop.client(http).find_order(str(made["id"]), by="id")
    assert order is not None
    assert order.name == made["name"]


@pytest.mark.parametrize("name", ["#9999", "", "#", "back\\slash", "name:*"])
def test_an_order_of_another_name_is_not_found(shop: Shop, http: Http, name: str) -> None:
    shop.order(name="#1001")
    assert shop.client(http).find_order(name, by="name") is None


def test_a_name_is_searched_for_as_one_word(http: Http) -> None:
    body = b'{"data":{"orders":{"nodes":[{"id":"gid://shopify/Order/1","name":"other"}]}}}'
    with wire(saying(answer(body))) as server:
        client = ShopifyClient(DOMAIN, server.url, {"access_token": "x"}, http)
        assert client.find_order('a"b\\c', by="name") is None
    asked = sent(server.requests[0])
    assert asked["variables"] == {"query": 'name:"a\\"b\\\\c"'}
    assert asked["operationName"] == "FindOrder"


def test_several_orders_of_one_name_are_ambiguous(shop: Shop, http: Http) -> None:
    shop.order(name="#1001")
    shop.order(name="#1001")
    with pytest.raises(PlatformError) as caught:
        shop.client(http).find_order("#1001", by="name")
    assert caught.value.reason == "AMBIGUOUS_ORDER"


def test_of_two_orders_the_one_with_exactly_this_name_is_found(shop: Shop, http: Http) -> None:
    shop.order(name="1001")
    made = shop.order(name="#1001")
    order = shop.client(http).find_order("#1001", by="name")
    assert order is not None
    assert order.id == str(made["id"])


def test_a_suggestion_says_what_and_where_to(shop: Shop, http: Http) -> None:
    made = shop.order(
        payments=[{"gateway": "gift_card", "amount": "10.00"}, {"gateway": "card", "amount": "48.10"}]
    )
    suggestion = shop.client(http).suggest(
        str(made["id"]), [RefundLineInput(line_id(made), 1)], Decimal("2.50")
    )
    assert (suggestion.subtotal, suggestion.shipping) == (usd("20.00"), usd("2.50"))
    # 8 % on both.
    assert (suggestion.tax, suggestion.amount) == (usd("1.80"), usd("24.30"))
    assert (suggestion.maximum, suggestion.shipping_maximum) == (usd("58.10"), usd("5.00"))
    assert [(each.gateway, each.amount, each.maximum) for each in suggestion.payments] == [
        ("gift_card", usd("10.00"), usd("10.00")),
        ("card", usd("14.30"), usd("48.10")),
    ]
    parents = [str(each["id"]) for each in made["transactions"]]
    assert [each.parent_id for each in suggestion.payments] == parents
    assert shop.state(made)["refunds"] == []


def test_without_lines_and_shipping_nothing_is_suggested(shop: Shop, http: Http) -> None:
    made = shop.order()
    suggestion = shop.client(http).suggest(str(made["id"]), [], None)
    assert (suggestion.amount, suggestion.payments) == (usd("0.00"), ())
    assert suggestion.maximum == usd("58.10")


def test_more_than_is_left_is_not_suggested(shop: Shop, http: Http) -> None:
    made = shop.order()
    with pytest.raises(PlatformError) as caught:
        shop.client(http).suggest(str(made["id"]), [RefundLineInput(line_id(made), 3)], None)
    assert caught.value.reason == "OVER_REFUND"


def test_for_an_order_that_is_gone_nothing_is_suggested(shop: Shop, http: Http) -> None:
    with pytest.raises(PlatformError) as caught:
        shop.client(http).suggest("1", [], None)
    assert caught.value.reason == "NONEXISTENT_RECORD"


MONEY = {"amount": "1.0", "currencyCode": "USD"}


BAG = {"shopMoney": MONEY, "presentmentMoney": MONEY}


FIRST_PAGE: dict[str, Any] = {
    "id": "gid://shopify/Order/1",
    "name": "#1",
    "cancelledAt": None,
    "currencyCode": "USD",
    "presentmentCurrencyCode": "USD",
    "totalPriceSet": BAG,
    "totalReceivedSet": BAG,
    "netPaymentSet": BAG,
    "refunds": [],
    "lineItems": {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": "x"}},
}


def test_pages_without_end_are_given_up(http: Http) -> None:
    with wire(said({"order": FIRST_PAGE})) as server:
        client = ShopifyClient(DOMAIN, server.url, {"access_token": "x"}, http, budget=Budget())
        with pytest.raises(PlatformError) as caught:
            client.order("1")
    assert caught.value.reason == "REFUSED"
    assert len(server.requests) == 101
    assert sent(server.requests[1])["variables"] == {"id": "gid://shopify/Order/1", "after": "x"}


def test_an_order_deleted_between_two_pages_can_be_asked_for_again(http: Http) -> None:
    with wire(said({"order": FIRST_PAGE}), said({"order": None})) as server:
        client = ShopifyClient(DOMAIN, server.url, {"access_token": "x"}, http, budget=Budget())
        with pytest.raises(PlatformError) as caught:
            client.order("1")
        assert client.order("1") is None
    assert caught.value.reason == "TRANSIENT"
