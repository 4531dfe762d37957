from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sandbox.shopify.throttle import Bucket
from tests.sandbox.helpers import Control, Shop

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def test_a_full_bucket_pays_until_it_is_empty() -> None:
    bucket = Bucket(NOW, maximum=100, restore_rate=10)
    assert bucket.reserve(60, NOW)
    assert not bucket.reserve(60, NOW)
    assert bucket.reserve(60, NOW + timedelta(seconds=2))
    assert bucket.status(NOW + timedelta(seconds=2)) == {
        "maximumAvailable": 100,
        "currentlyAvailable": 0,
        "restoreRate": 10,
    }


@given(st.lists(st.tuples(st.floats(0, 200), st.floats(0, 30)), max_size=30))
def test_a_bucket_never_holds_less_than_nothing_nor_more_than_it_can(
    steps: list[tuple[float, float]],
) -> None:
    bucket, now = Bucket(NOW, maximum=100, restore_rate=10), NOW
    for cost, seconds in steps:
        now += timedelta(seconds=seconds)
        bucket.reserve(cost, now)
        assert 0 <= bucket.available(now) <= 100
        bucket.give_back(cost)
        assert bucket.available(now) <= 100


def test_every_answer_tells_its_cost(control: Control, shop: Shop) -> None:
    control.patch(shop.path, {"bucket": {"maximum": 2000, "restore_rate": 0.001}})
    cost = shop.graphql_response(
        "{ orders(first: 3) { nodes { id lineItems(first: 2) { nodes { id } } } } }"
    ).json()["extensions"]["cost"]
    assert cost["requestedQueryCost"] == 9
    assert cost["actualQueryCost"] == 1
    assert cost["throttleStatus"] == {
        "maximumAvailable": 2000,
        "currentlyAvailable": 1999,
        "restoreRate": 0.001,
    }


def test_fragments_and_variables_count_like_what_they_stand_for(shop: Shop) -> None:
    query = """query($n: Int!) {
        orders(first: $n) { edges { node { ...Parts ... on Order { shippingLine { id } } } } } }
      fragment Parts on Order { customer { id } }"""
    answer = shop.graphql_response(query, {"n": 4}).json()
    assert answer["extensions"]["cost"]["requestedQueryCost"] == 12


def test_a_mutation_costs_ten_more(shop: Shop) -> None:
    query = (
        'mutation { refundCreate(input: {orderId: "x"}) @idempotent(key: "k") { userErrors { message } } }'
    )
    assert shop.graphql_response(query).json()["extensions"]["cost"]["requestedQueryCost"] == 12


def test_an_empty_bucket_throttles_with_http_200_and_fills_with_time(control: Control, shop: Shop) -> None:
    control.patch(shop.path, {"bucket": {"maximum": 40, "restore_rate": 0.001}})
    query = "{ orders(first: 30) { nodes { id } } }"
    for number in range(40):
        shop.order(name=f"#{number}")
    assert shop.graphql_response(query).status_code == 200
    answer = shop.graphql_response(query)
    body = answer.json()
    assert answer.status_code == 200
    assert body["errors"][0]["message"] == "Throttled"
    assert body["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert body["extensions"]["cost"]["requestedQueryCost"] == 30
    assert body["extensions"]["cost"]["actualQueryCost"] is None
    assert body["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] < 30
    control.post("settings", {"advance_seconds": 40_000})
    assert "data" in shop.graphql_response(query).json()


def test_one_query_may_not_cost_more_than_a_thousand(shop: Shop) -> None:
    query = "{ orders(first: 250) { nodes { id lineItems(first: 10) { nodes { id } } } } }"
    (error,) = shop.errors(query)
    assert (error["extensions"]["code"], error["extensions"]["maxCost"]) == ("MAX_COST_EXCEEDED", 1000)
