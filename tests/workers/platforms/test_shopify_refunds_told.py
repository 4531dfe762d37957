import json
from decimal import Decimal
from typing import Any

import pytest

from ledger.events import MoneyState
from ledger.policy import Policy
from tests.workers.platforms.shop import DOMAIN, Shop, said
from tests.workers.platforms.wire import wire
from tests.workers.platforms.world import usd
from webhooks.sources.protocol import Endpoint
from webhooks.sources.shopify_events import READERS
from workers.platforms.errors import PlatformError
from workers.platforms.http import Http
from workers.platforms.shopify import ShopifyClient
from workers.platforms.shopify_cost import Budget
from workers.platforms.shopify_queries import REFUNDS_READ

MONEY = {"amount": "1.0", "currencyCode": "USD"}


BAG = {"shopMoney": MONEY, "presentmentMoney": MONEY}


def test_refunds_are_read_as_events(shop: Shop, http: Http) -> None:
    made = shop.order()
    shop.refund(made, lines=[{"sku": "TSHIRT-M", "quantity": 1}], note="rs-myshop-70")
    shop.refund(made, shipping="5.00")
    first, second = shop.client(http).refunds(str(made["id"]), currency_mode="shop", mark_prefix="rs-myshop-")
    assert (first.order_id, first.mark, first.amount) == (str(made["id"]), "rs-myshop-70", usd("21.60"))
    assert (second.mark, second.amount, second.parts[0].kind.value) == ("", usd("5.40"), "shipping")
    assert first.money is MoneyState.MOVED
    assert shop.operations() == ["graphql:query"] * 3


def test_of_an_order_that_does_not_exist_no_refunds_are_read(shop: Shop, http: Http) -> None:
    with pytest.raises(PlatformError) as caught:
        shop.client(http).refunds("1", currency_mode="shop")
    assert caught.value.reason == "NONEXISTENT_RECORD"


def test_a_refund_of_many_lines_is_read_page_by_page(shop: Shop, http: Http) -> None:
    lines = [{"sku": f"SKU-{number}", "quantity": 1, "price": "1.00"} for number in range(120)]
    made = shop.order(lines=lines)
    shop.refund(made, lines=[{"sku": f"SKU-{number}", "quantity": 1} for number in range(120)])
    (seen,) = shop.client(http).refunds(str(made["id"]), currency_mode="shop")
    assert [part.sku for part in seen.parts] == [f"SKU-{number}" for number in range(120)]


REFUNDS: list[dict[str, Any]] = [
    {"lines": [{"sku": "TSHIRT-M", "quantity": 1, "restock_type": "return"}]},
    {"lines": [{"sku": "TSHIRT-M", "quantity": 2}, {"sku": "MUG", "quantity": 1}], "shipping": "5.00"},
    {"lines": [{"sku": "TSHIRT-M", "quantity": 1, "tax_only": True}]},
    {"lines": [{"sku": "MUG", "quantity": 1}], "amount": "4.00"},
    {"lines": [{"sku": "MUG", "quantity": 1}], "amount": "14.00"},
    {"amount": "7.00"},
    {"shipping": "2.50"},
    {"lines": [{"sku": "MUG", "quantity": 1}], "transactions": []},
    {"lines": [{"sku": "MUG", "quantity": 1}], "transactions": [{"amount": "9.50", "status": "pending"}]},
    {"lines": [{"sku": "MUG", "quantity": 1}], "transactions": [{"amount": "9.50", "status": "failure"}]},
    {"lines": [{"sku": "MUG", "quantity": 1}], "note": "by hand, rs-myshop-5"},
]


@pytest.mark.parametrize("mode", ["shop", "presentment"])
@pytest.mark.parametrize("currency", ["USD", "EUR", "JPY"])
@pytest.mark.parametrize("wanted", REFUNDS)
def test_a_refund_read_here_is_the_one_the_webhook_told_of(
    shop: Shop, http: Http, wanted: dict[str, Any], currency: str, mode: str
) -> None:
    shop.change(webhook={"url": f"{shop.control.url}/nowhere", "secret": "whsec-0123456789abcdef"})
    if currency == "JPY":
        wanted = json.loads(json.dumps(wanted).replace(".00", "").replace(".50", ""))
    made = shop.order(**_order_in(currency))
    shop.refund(made, silent=False, **wanted)
    told = [
        each for each in shop.control.get(f"shopify/{DOMAIN}/webhooks") if each["topic"] == "refunds/create"
    ]
    endpoint = Endpoint(
        source="shopify",
        slug="myshop",
        platform_id=DOMAIN,
        netsuite_account_id=1,
        account_id=1,
        policy=Policy.of({"currency_mode": mode}),
    )
    payload = json.loads(told[0]["body"], parse_float=Decimal)
    (event,) = READERS["refunds/create"](payload, endpoint, None).events  # type: ignore[arg-type] # its time is not read
    (seen,) = shop.client(http).refunds(str(made["id"]), currency_mode=mode, mark_prefix="rs-myshop-")
    assert seen.to_json() | {"first_hand": True} == event.to_json()


def _order_in(currency: str) -> dict[str, Any]:
    if currency == "USD":
        return {}
    whole = currency == "JPY"
    return {
        "presentment_currency": currency,
        "exchange_rate": "150" if whole else "0.9",
        "lines": [
            {"sku": "TSHIRT-M", "quantity": 2, "price": "20", "tax_rate": "0.08"},
            {"sku": "MUG", "quantity": 1, "price": "9" if whole else "9.50"},
        ],
        "shipping": {"price": "5", "tax_rate": "0.08"},
    }


def test_a_refund_deleted_while_it_is_read_is_left_out(http: Http) -> None:
    listed = {"id": "gid://shopify/Refund/7", "note": None, "totalRefundedSet": BAG}
    order = {"currencyCode": "USD", "presentmentCurrencyCode": "USD", "refunds": [listed]}
    with wire(said({"order": order}), said({"refund": None})) as server:
        client = ShopifyClient(DOMAIN, server.url, {"access_token": "x"}, http, budget=Budget())
        assert client.refunds("1", currency_mode="shop") == ()


def test_an_order_of_too_many_refunds_gives_none(http: Http) -> None:
    order = {"currencyCode": "USD", "presentmentCurrencyCode": "USD", "refunds": [{"id": "x"}] * REFUNDS_READ}
    with wire(said({"order": order})) as server:
        client = ShopifyClient(DOMAIN, server.url, {"access_token": "x"}, http, budget=Budget())
        with pytest.raises(PlatformError) as caught:
            client.refunds("1", currency_mode="shop")
    assert caught.value.reason == "REFUSED"
