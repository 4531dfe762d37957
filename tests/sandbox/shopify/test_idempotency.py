"""The @idempotent directive, as https://shopify.dev/docs/api/usage/implementing-idempotency describes it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.shopify.graphql.refund_create import fingerprint
from sandbox.shopify.idempotency import (
    CONCURRENT,
    MISMATCH,
    PREVIOUS_FAILED,
    IdempotencyError,
    IdempotencyMemory,
)
from tests.sandbox.helpers import Control, Shop
from tests.sandbox.shopify.test_refund_create import money
from tests.support.racing import race
from tests.support.waiting import until

NOW = datetime(2026, 11, 1, tzinfo=UTC)
CREATE = """mutation($input: RefundInput!, $key: String!) {
  refundCreate(input: $input) @idempotent(key: $key) {
    refund { id note transactions(first: 1) { nodes { status } } }
    order { totalRefundedSet { shopMoney { amount } } }
    userErrors { field message } } }"""
BARE = """mutation($input: RefundInput!) { refundCreate(input: $input) {
  refund { id } userErrors { message } } }"""


def given(order: Any, amount: str = "1.00") -> dict[str, object]:  # noqa: ANN401  # JSON
    return {"orderId": order["admin_graphql_api_id"], "transactions": [money(order, amount)]}


def send(shop: Shop, order: Any, key: str = "key", amount: str = "1.00") -> Any:  # noqa: ANN401  # JSON
    return shop.graphql(CREATE, {"input": given(order, amount), "key": key})["refundCreate"]


def messages(payload: Any) -> list[str]:  # noqa: ANN401  # JSON
    return [each["message"] for each in payload["userErrors"]]


def test_the_same_key_makes_one_refund(control: Control, shop: Shop) -> None:
    order = shop.order()
    first, second = send(shop, order), send(shop, order)
    assert first == second
    assert len(shop.state(order)["refunds"]) == 1
    assert control.get("writes")["shopify"] == {shop.domain: {"refundCreate": 1}}


def test_a_replay_shows_what_is_there_now_not_what_was_then(control: Control, shop: Shop) -> None:
    control.patch(shop.path, {"refund_status": "pending"})
    order = shop.order()
    first = send(shop, order)
    assert first["refund"]["transactions"]["nodes"] == [{"status": "PENDING"}]
    (refund,) = shop.state(order)["refunds"]
    control.post(f"{shop.path}/transactions/{refund['transactions'][0]['id']}/status", {"status": "success"})
    second = send(shop, order)
    assert second["refund"]["id"] == first["refund"]["id"]
    assert second["refund"]["transactions"]["nodes"] == [{"status": "SUCCESS"}]
    assert second["order"]["totalRefundedSet"]["shopMoney"]["amount"] == "1.0"


def test_a_replay_after_the_order_is_gone_has_nothing_to_show(control: Control, shop: Shop) -> None:
    order = shop.order()
    send(shop, order)
    control.delete(f"{shop.path}/orders/{order['id']}")
    assert send(shop, order) == {"refund": None, "order": None, "userErrors": []}


def test_a_key_may_not_be_used_for_something_else(shop: Shop) -> None:
    order = shop.order()
    send(shop, order)
    assert messages(send(shop, order, amount="2.00")) == [MISMATCH]
    assert len(shop.state(order)["refunds"]) == 1


def test_after_24_hours_the_key_protects_no_more(control: Control, shop: Shop) -> None:
    order = shop.order()
    first = send(shop, order)
    control.post("settings", {"advance_seconds": 24 * 60 * 60 - 60})
    assert send(shop, order) == first
    control.post("settings", {"advance_seconds": 120})
    assert send(shop, order)["refund"]["id"] != first["refund"]["id"]
    assert len(shop.state(order)["refunds"]) == 2


def test_a_request_under_way_with_the_same_key_is_reported(control: Control, shop: Shop) -> None:
    order = shop.order()
    control.fault("shopify", "graphql:refundCreate", "latency", seconds=60)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(send, shop, order)
        until(lambda: control.get(shop.path)["in_flight"] == 1)
        assert messages(send(shop, order)) == [CONCURRENT]
        control.delete("faults")
        assert messages(first.result(10)) == []
    assert len(shop.state(order)["refunds"]) == 1


def test_of_requests_at_once_with_one_key_one_has_an_effect(shop: Shop) -> None:
    order = shop.order()
    answers = race(*[lambda: send(shop, order)] * 4)
    made = {answer["refund"]["id"] for answer in answers if answer["refund"]}
    assert len(made) == 1
    assert {text for answer in answers for text in messages(answer)} <= {CONCURRENT}
    assert len(shop.state(order)["refunds"]) == 1


def test_an_answer_lost_after_the_effect_is_replayed(control: Control, shop: Shop) -> None:
    order = shop.order()
    control.fault("shopify", "graphql:refundCreate", "status", status=502, when="after")
    assert shop.graphql_response(CREATE, {"input": given(order), "key": "key"}).status_code == 502
    assert messages(send(shop, order)) == []
    assert len(shop.state(order)["refunds"]) == 1


def test_after_an_internal_error_the_key_is_spent(control: Control, shop: Shop) -> None:
    order = shop.order()
    control.fault("shopify", "graphql:refundCreate", "internal_error")
    (error,) = shop.errors(CREATE, {"input": given(order), "key": "key"})
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert messages(send(shop, order)) == [PREVIOUS_FAILED]
    assert messages(send(shop, order, key="another")) == []


def test_a_refused_refund_does_not_spend_the_key(shop: Shop) -> None:
    order = shop.order()
    assert messages(send(shop, order, amount="0"))
    assert messages(send(shop, order)) == []


@pytest.mark.parametrize(("version", "needed"), [("2026-01", False), ("2026-04", True), ("2026-10", True)])
def test_from_2026_04_a_key_is_required(shop: Shop, version: str, *, needed: bool) -> None:
    order = shop.order()
    body = shop.graphql_response(BARE, {"input": given(order)}, version=version).json()
    if needed:
        (error,) = body["errors"]
        assert (
            error["message"]
            == "The @idempotent directive is required for this mutation but was not provided."
        )
        assert error["extensions"]["code"] == "BAD_REQUEST"
    assert len(shop.state(order)["refunds"]) == (0 if needed else 1)


@pytest.mark.parametrize("key", ["", " ", "\t\n"])
def test_a_blank_key_is_refused(shop: Shop, key: str) -> None:
    order = shop.order()
    (error,) = shop.errors(CREATE, {"input": given(order), "key": key})
    assert error["message"] == "The idempotency key cannot be an empty string or whitespace only."


def test_the_key_may_stand_in_the_query_itself(shop: Shop) -> None:
    order = shop.order()
    query = BARE.replace("(input: $input)", '(input: $input) @idempotent(key: "mine")')
    assert (
        len({shop.graphql(query, {"input": given(order)})["refundCreate"]["refund"]["id"] for _ in "ab"}) == 1
    )


def test_parameters_are_the_same_whatever_the_order_of_their_keys() -> None:
    assert fingerprint({"a": 1, "b": {"c": 2, "d": 3}}) == fingerprint({"b": {"d": 3, "c": 2}, "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": 2})


def test_the_first_of_two_requests_under_way_may_go_on() -> None:
    memory, first, second = IdempotencyMemory(), object(), object()
    memory.arrive(["k"], first)
    memory.arrive(["k"], second)
    assert memory.recall("k", "f", first, NOW) is None
    with pytest.raises(IdempotencyError, match=CONCURRENT):
        memory.recall("k", "f", second, NOW)
    memory.leave(["k"], first)
    assert memory.recall("k", "f", second, NOW) is None


def test_a_made_refund_is_not_unmade_by_a_later_break_down() -> None:
    memory = IdempotencyMemory()
    memory.remember("k", "f", 7, NOW)
    memory.break_down(["k"], NOW)
    assert memory.recall("k", "f", object(), NOW + timedelta(hours=23)) == 7
