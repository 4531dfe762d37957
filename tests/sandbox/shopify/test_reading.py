"""Reading through the GraphQL API: orders, refunds, locations, and how wrong questions are answered."""

import pytest
import requests

from tests.sandbox.helpers import Control, Shop

ORDER = """query($id: ID!) { order(id: $id) {
  id legacyResourceId name email createdAt cancelledAt currencyCode presentmentCurrencyCode
  displayFinancialStatus
  totalPriceSet { shopMoney { amount } } totalReceivedSet { shopMoney { amount } }
  totalRefundedSet { shopMoney { amount } } netPaymentSet { shopMoney { amount } }
  currentTotalPriceSet { shopMoney { amount } } refundDiscrepancySet { shopMoney { amount } }
  lineItems(first: 10) { nodes { id sku quantity refundableQuantity currentQuantity isGiftCard
    originalUnitPriceSet { shopMoney { amount } } discountedUnitPriceSet { shopMoney { amount } }
    taxLines { rate priceSet { shopMoney { amount } } } duties { id price { shopMoney { amount } } } } }
  shippingLine { title originalPriceSet { shopMoney { amount } } }
  transactions(first: 5) { id kind status gateway parentTransaction { id } order { name } }
  refunds(first: 5) { id legacyResourceId note totalRefundedSet { shopMoney { amount } } order { id }
    refundLineItems(first: 5) { nodes { quantity restockType restocked location { name }
      lineItem { sku } subtotalSet { shopMoney { amount } } totalTaxSet { shopMoney { amount } } } }
    refundShippingLines(first: 5) { nodes { shippingLine { title }
      subtotalAmountSet { shopMoney { amount } } } }
    orderAdjustments(first: 5) { nodes { reason amountSet { shopMoney { amount } } } }
    duties { amountSet { shopMoney { amount } } originalDuty { id } }
    transactions(first: 5) { nodes { id kind status
      amountSet { presentmentMoney { amount currencyCode } } } } }
} }"""
NAMES = "query($q: String) { orders(first: 10, query: $q) { nodes { name } } }"


def amount(money: dict[str, dict[str, str]]) -> str:
    return money["shopMoney"]["amount"]


def read(shop: Shop, order: dict[str, object]) -> dict[str, object]:
    found: dict[str, object] = shop.graphql(ORDER, {"id": order["admin_graphql_api_id"]})["order"]
    return found


def test_an_order_is_read_with_all_that_was_refunded(shop: Shop) -> None:
    order = shop.order(
        lines=[{"sku": "PEN", "quantity": 2, "price": "10", "tax_rate": "0.1", "discount": "1", "duty": "2"}],
        shipping={"price": "4", "tax_rate": "0.1"},
        customer={"email": "jon@example.com"},
    )
    made = shop.refund(
        order,
        lines=[{"sku": "PEN", "quantity": 1, "restock_type": "return"}],
        shipping="4",
        duties=[{"sku": "PEN"}],
        amount="16",
        note="damaged",
    )
    found = shop.graphql(ORDER, {"id": order["admin_graphql_api_id"]})["order"]
    assert found["legacyResourceId"] == str(order["id"])
    assert (found["name"], found["email"], found["cancelledAt"]) == (order["name"], "jon@example.com", None)
    assert found["displayFinancialStatus"] == "PARTIALLY_REFUNDED"
    assert amount(found["totalPriceSet"]) == "27.3"
    assert amount(found["totalRefundedSet"]) == "16.0"
    assert amount(found["netPaymentSet"]) == "11.3"
    assert amount(found["currentTotalPriceSet"]) == "10.45"
    assert amount(found["refundDiscrepancySet"]) == "0.85"
    (line,) = found["lineItems"]["nodes"]
    assert (line["quantity"], line["refundableQuantity"], line["currentQuantity"]) == (2, 1, 1)
    assert amount(line["originalUnitPriceSet"]) == "10.0"
    assert amount(line["discountedUnitPriceSet"]) == "9.5"
    assert amount(line["taxLines"][0]["priceSet"]) == "1.9"
    (refund,) = found["refunds"]
    assert refund["id"] == f"gid://shopify/Refund/{made['id']}"
    assert (refund["note"], refund["order"]["id"]) == ("damaged", found["id"])
    (part,) = refund["refundLineItems"]["nodes"]
    assert (part["quantity"], part["restockType"], part["restocked"]) == (1, "RETURN", True)
    assert part["location"] == {"name": "Main warehouse"}
    assert (amount(part["subtotalSet"]), amount(part["totalTaxSet"])) == ("9.5", "0.95")
    assert amount(refund["refundShippingLines"]["nodes"][0]["subtotalAmountSet"]) == "4.0"
    assert amount(refund["duties"][0]["amountSet"]) == "2.0"
    assert refund["duties"][0]["originalDuty"]["id"] == line["duties"][0]["id"]
    assert refund["orderAdjustments"]["nodes"] == [
        {"reason": "REFUND_DISCREPANCY", "amountSet": {"shopMoney": {"amount": "0.85"}}}
    ]
    (money,) = refund["transactions"]["nodes"]
    assert (money["kind"], money["status"]) == ("REFUND", "SUCCESS")
    assert money["amountSet"]["presentmentMoney"] == {"amount": "16.0", "currencyCode": "USD"}
    sale, back = found["transactions"]
    assert (sale["kind"], back["parentTransaction"]) == ("SALE", {"id": sale["id"]})
    assert back["order"] == {"name": order["name"]}


def test_a_refund_is_read_by_its_id(shop: Shop) -> None:
    made = shop.refund(shop.order(), amount="1")
    query = "query($id: ID!) { refund(id: $id) { id legacyResourceId processedAt updatedAt order { name } } }"
    refund = shop.graphql(query, {"id": f"gid://shopify/Refund/{made['id']}"})["refund"]
    assert refund["legacyResourceId"] == str(made["id"])
    assert shop.graphql(query, {"id": "gid://shopify/Refund/1"}) == {"refund": None}


def test_an_order_that_is_not_there_is_null(shop: Shop) -> None:
    assert shop.graphql(ORDER, {"id": "gid://shopify/Order/1"}) == {"order": None}


def test_an_id_of_another_kind_is_an_error(shop: Shop) -> None:
    (error,) = shop.errors(ORDER, {"id": "gid://shopify/Refund/1"})
    assert error["extensions"]["code"] == "RESOURCE_NOT_FOUND"


def test_orders_are_found_by_what_the_query_says(shop: Shop) -> None:
    first = shop.order(name="#1", customer={"email": "a@example.com"})
    shop.order(name="#2")
    long_ago = "2020-01-01"

    def names(query: str) -> list[str]:
        return [node["name"] for node in shop.graphql(NAMES, {"q": query})["orders"]["nodes"]]

    assert names("name:#1") == ["#1"]
    assert names("name:'1'") == ["#1"]
    assert names(f"id:{first['id']}") == ["#1"]
    assert names(f"id:>{first['id']}") == ["#2"]
    assert names(f"updated_at:>={long_ago} AND name:#2") == ["#2"]
    assert names(f'created_at:<"{long_ago}T00:00:00Z"') == []
    assert names("email:A@example.com financial_status:paid") == ["#1"]
    assert names("") == names("  ") == ["#1", "#2"]
    assert names("name:#1 OR name:#2") == names("(name:#1 OR name:#2)") == ["#1", "#2"]
    assert names("financial_status:paid (name:#1 OR name:#3)") == ["#1"]
    assert names("name:#3 AND name:#1 OR name:#2") == ["#2"]
    assert names("(name:#3 OR name:#1) AND (name:#1 OR name:#2)") == ["#1"]


@pytest.mark.parametrize(
    "query",
    ["tag:vip", "just words", "updated_at:yesterday", "id:abc", "(name:#1", "name:#1)", "name:#1 OR "],
)
def test_searches_the_sandbox_does_not_know_are_errors_not_everything(shop: Shop, query: str) -> None:
    assert shop.errors(NAMES, {"q": query})


def test_connections_are_paged_both_ways(shop: Shop) -> None:
    for number in range(1, 6):
        shop.order(name=f"#{number}")
    query = """query($first: Int, $after: String, $last: Int, $before: String, $reverse: Boolean) {
      orders(first: $first, after: $after, last: $last, before: $before, reverse: $reverse, sortKey: ID) {
        edges { cursor node { name } } nodes { name }
        pageInfo { hasNextPage hasPreviousPage endCursor startCursor } } }"""

    def page(**variables: object) -> tuple[list[str], dict[str, object]]:
        found = shop.graphql(query, variables)["orders"]
        assert [edge["node"] for edge in found["edges"]] == found["nodes"]
        return [node["name"] for node in found["nodes"]], found["pageInfo"]

    names, info = page(first=2)
    assert (names, info["hasNextPage"], info["hasPreviousPage"]) == (["#1", "#2"], True, False)
    names, info = page(first=2, after=info["endCursor"])
    assert (names, info["hasPreviousPage"]) == (["#3", "#4"], True)
    names, info = page(first=2, after=info["endCursor"])
    assert (names, info["hasNextPage"]) == (["#5"], False)
    assert page(last=2, before=info["startCursor"])[0] == ["#3", "#4"]
    assert page(first=2, reverse=True)[0] == ["#5", "#4"]
    assert page(first=2, after=info["endCursor"]) == (
        [],
        {"hasNextPage": False, "hasPreviousPage": False, "endCursor": None, "startCursor": None},
    )


@pytest.mark.parametrize(
    "arguments", ["", "(first: 0)", "(first: 300)", "(first: 1, last: 1)", '(first: 1, after: "x")']
)
def test_a_page_must_have_one_good_size(shop: Shop, arguments: str) -> None:
    assert shop.errors(f"{{ orders{arguments} {{ nodes {{ id }} }} }}")


def test_a_cursor_of_something_else_or_an_order_the_sandbox_has_not_is_refused(shop: Shop) -> None:
    assert shop.errors('{ orders(first: 1, before: "eDox") { nodes { id } } }')
    assert shop.errors("{ orders(first: 1, sortKey: TOTAL_PRICE) { nodes { id } } }")
    assert shop.graphql("{ __typename orders(first: 1) { __typename } }")["orders"] == {
        "__typename": "OrderConnection"
    }


def test_locations_and_subscriptions_are_read(control: Control, shop: Shop) -> None:
    control.patch(shop.path, {"locations": ["Berlin", {"id": 77, "name": "Paris"}]})
    query = "{ locations(first: 5) { nodes { id name isActive } } location { name } }"
    found = shop.graphql(query)
    assert [node["name"] for node in found["locations"]["nodes"]] == ["Berlin", "Paris"]
    assert found["locations"]["nodes"][1]["id"] == "gid://shopify/Location/77"
    assert found["location"] == {"name": "Berlin"}
    control.patch(shop.path, {"webhook": {"url": "http://127.0.0.1:9/", "secret": "s"}})
    query = "{ webhookSubscriptions(first: 9, topics: [REFUNDS_CREATE]) { nodes { id topic uri } } }"
    (node,) = shop.graphql(query)["webhookSubscriptions"]["nodes"]
    assert (node["topic"], node["uri"]) == ("REFUNDS_CREATE", "http://127.0.0.1:9/")
    one = "query($id: ID!) { webhookSubscription(id: $id) { topic } }"
    assert shop.graphql(one, {"id": node["id"]})["webhookSubscription"] == {"topic": "REFUNDS_CREATE"}


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_wrong_token_is_refused_as_documented(shop: Shop, token: str) -> None:
    answer = shop.graphql_response("{ shop { name } }", token=token)
    assert (answer.status_code, answer.json()) == (
        401,
        {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"},
    )


@pytest.mark.parametrize(
    ("scopes", "query", "scope"),
    [
        (["read_products"], "{ orders(first: 1) { nodes { id } } }", "read_orders"),
        (["read_products"], '{ order(id: "gid://shopify/Order/1") { id } }', "read_orders"),
        (["read_orders"], "{ locations(first: 1) { nodes { id } } }", "read_locations"),
        (
            ["read_orders"],
            'mutation { refundCreate(input: {orderId: "x"}) @idempotent(key: "k") { refund { id } } }',
            "write_orders",
        ),
    ],
)
def test_a_missing_scope_is_access_denied(
    control: Control, shop: Shop, scopes: list[str], query: str, scope: str
) -> None:
    control.patch(shop.path, {"scopes": scopes})
    (error,) = shop.errors(query)
    assert error["extensions"]["code"] == "ACCESS_DENIED"
    assert f"Required access: `{scope}` access scope." in error["message"]


def test_the_right_to_write_is_the_right_to_read(control: Control, shop: Shop) -> None:
    control.patch(shop.path, {"scopes": ["write_orders"]})
    assert shop.graphql("{ orders(first: 1) { nodes { id } } }") == {"orders": {"nodes": []}}


@pytest.mark.parametrize(
    ("version", "status"),
    [
        ("2026-01", 200),
        ("2026-04", 200),
        ("2026-07", 200),
        ("2026-10", 200),
        ("2025-10", 404),
        ("latest", 404),
    ],
)
def test_only_supported_versions_answer(shop: Shop, version: str, status: int) -> None:
    answer = shop.graphql_response("{ shop { name } }", version=version)
    assert answer.status_code == status
    if status == 200:
        assert answer.headers["X-Shopify-API-Version"] == version


@pytest.mark.parametrize(
    ("query", "code"),
    [("{ shop { nmae } }", "undefinedField"), ("{ shop { name }", None), ("{ order { id } }", None)],
)
def test_queries_that_do_not_fit_the_schema_are_errors_in_an_answer_of_200(
    shop: Shop, query: str, code: str | None
) -> None:
    error = shop.errors(query)[0]
    assert error.get("extensions", {}).get("code") == code


def test_of_several_operations_one_must_be_named(shop: Shop) -> None:
    assert shop.errors("query A { shop { name } } query B { shop { id } }")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"query": 1}'])
def test_a_body_without_a_query_is_a_bad_request(shop: Shop, body: bytes) -> None:
    answer = requests.post(
        f"{shop.control.url}/{shop.path}/admin/api/2026-10/graphql.json",
        data=body,
        headers={"X-Shopify-Access-Token": shop.token},
        timeout=10,
    )
    assert (answer.status_code, answer.json()) == (
        400,
        {"errors": {"query": "Required parameter missing or invalid"}},
    )
