import time

import pytest

from tests.workers.platforms.shop import DOMAIN, KEY, Shop, refund_input, said
from tests.workers.platforms.wire import answer, saying, wire
from workers.platforms.errors import PlatformError
from workers.platforms.http import Http
from workers.platforms.idempotency import key_for
from workers.platforms.shopify import ShopifyClient
from workers.platforms.shopify_cost import Budget


@pytest.mark.parametrize(
    ("status", "reason", "unknown"),
    [
        (401, "BAD_CREDENTIALS", False),
        (402, "SHOP_INACTIVE", False),
        (403, "SHOP_INACTIVE", False),
        (404, "REFUSED", False),
        (423, "SHOP_INACTIVE", False),
        (429, "RATE_LIMITED", False),
        (500, "UNKNOWN_OUTCOME", True),
        (502, "UNKNOWN_OUTCOME", True),
        (503, "UNKNOWN_OUTCOME", True),
        (504, "UNKNOWN_OUTCOME", True),
    ],
)
def test_an_http_error_has_a_reason(
    shop: Shop,
    http: Http,
    status: int,
    reason: str,
    unknown: bool,  # noqa: FBT001 - an expectation
) -> None:
    shop.fault("graphql:refundCreate", "status", status=status, headers={"Retry-After": "2"})
    with pytest.raises(PlatformError) as caught:
        shop.client(http).create_refund(refund_input(shop.order()), idempotency_key=key_for(KEY))
    assert (caught.value.reason, caught.value.outcome_unknown) == (reason, unknown)
    assert caught.value.retry_after == 2.0
    assert caught.value.call is not None
    assert caught.value.call.request_id


def test_a_read_that_failed_can_be_repeated(shop: Shop, http: Http) -> None:
    client = shop.client(http)
    for kind, more in (("status", {"status": 503}), ("internal_error", {}), ("reset", {})):
        shop.fault("graphql:query", kind, **more)
        with pytest.raises(PlatformError) as caught:
            client.check()
        assert (caught.value.reason, caught.value.outcome_unknown) == ("TRANSIENT", False)
    client.check()


def test_a_missing_scope_to_read_is_named(shop: Shop, http: Http) -> None:
    shop.change(scopes=["read_locations"])
    with pytest.raises(PlatformError) as caught:
        shop.client(http).check()
    assert caught.value.reason == "NO_PERMISSION"
    assert "read_orders" in caught.value.detail


def test_a_missing_scope_to_write_is_named(shop: Shop, http: Http) -> None:
    made = shop.order()
    shop.change(scopes=["read_orders"])
    with pytest.raises(PlatformError) as caught:
        shop.client(http).create_refund(refund_input(made), idempotency_key=key_for(KEY))
    assert (caught.value.reason, caught.value.outcome_unknown) == ("NO_PERMISSION", False)
    assert "write_orders" in caught.value.detail


def ask_often(*clients: ShopifyClient, order_id: str) -> None:
    """Let each client ask for an order, until one is refused."""
    for client in clients:
        client.order(order_id)


def test_throttling_says_how_long_to_wait(shop: Shop, http: Http) -> None:
    made = shop.order()
    shop.change(bucket={"maximum": "500", "restore_rate": "10"})
    strangers = [shop.client(http) for _ in range(10)]  # as other processes, each knows of no limit yet
    with pytest.raises(PlatformError) as caught:
        ask_often(*strangers, order_id=str(made["id"]))
    assert (caught.value.reason, caught.value.outcome_unknown) == ("RATE_LIMITED", False)
    assert caught.value.retry_after is not None
    assert 0 < caught.value.retry_after <= 50


def test_a_throttled_write_was_not_made(shop: Shop, http: Http) -> None:
    made = shop.order()
    shop.fault("graphql:refundCreate", "throttle")
    with pytest.raises(PlatformError) as caught:
        shop.client(http).create_refund(refund_input(made), idempotency_key=key_for(KEY))
    assert (caught.value.reason, caught.value.retry_after) == ("RATE_LIMITED", 1.0)
    assert shop.made() == 0


def test_a_call_that_cannot_be_afforded_is_not_made(shop: Shop, http: Http) -> None:
    made = shop.order()
    pauses: list[float] = []
    client = shop.client(http, budget=Budget(time.monotonic, pauses.append))
    client.order(str(made["id"]))
    shop.change(bucket={"maximum": "500", "restore_rate": "1"})
    client.order(str(made["id"]))
    with pytest.raises(PlatformError) as caught:
        ask_often(*[client] * 20, order_id=str(made["id"]))
    assert caught.value.reason == "RATE_LIMITED"
    assert caught.value.retry_after is not None
    asked = len(shop.operations())
    with pytest.raises(PlatformError):
        client.order(str(made["id"]))
    assert len(shop.operations()) == asked


def test_points_that_come_soon_are_waited_for(http: Http) -> None:
    status = {"maximumAvailable": 1000, "currentlyAvailable": 0, "restoreRate": 50}
    cost = {"cost": {"requestedQueryCost": 10, "throttleStatus": status}}
    pauses: list[float] = []
    with wire(said({"shop": {"name": "x"}}, extensions=cost)) as server:
        budget = Budget(lambda: 0.0, pauses.append)
        client = ShopifyClient(DOMAIN, server.url, {"access_token": "x"}, http, budget=budget)
        client.check()
        client.check()
    assert pauses == [0.2]
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"<html>",
        b"{}",
        b'{"data":null}',
        b'{"data":[]}',
        b'{"data":{}}',
        b'{"data":{"refundCreate":null}}',
        b'{"data":{"refundCreate":{"refund":null,"userErrors":[]}}}',
        b'{"data":{"refundCreate":{"refund":{"id":5},"userErrors":[]}}}',
        b'{"data":{"refundCreate":{"refund":{}}}}',
        b'{"data":{"refundCreate":null},"errors":[{"message":"Odd","path":["refundCreate"]}]}',
    ],
)
def test_an_answer_that_does_not_say_leaves_the_outcome_open(http: Http, body: bytes) -> None:
    with wire(saying(answer(body))) as server:
        client = ShopifyClient(DOMAIN, server.url, {"access_token": "x"}, http, budget=Budget())
        with pytest.raises(PlatformError) as write:
            client.create_refund({"orderId": "1"}, idempotency_key="key")
        with pytest.raises(PlatformError) as read:
            client.order("1")
    assert (write.value.reason, write.value.outcome_unknown) == ("UNKNOWN_OUTCOME", True)
    assert read.value.reason in {"TRANSIENT", "REFUSED"}
    assert not read.value.outcome_unknown


def test_a_request_shopify_cannot_read_was_not_made(http: Http) -> None:
    body = b'{"errors":[{"message":"Field \'x\' doesn\'t exist","extensions":{"code":"undefinedField"}}]}'
    with wire(saying(answer(body))) as server:
        client = ShopifyClient(DOMAIN, server.url, {"access_token": "x"}, http, budget=Budget())
        with pytest.raises(PlatformError) as caught:
            client.create_refund({"orderId": "1"}, idempotency_key="key")
    assert (caught.value.reason, caught.value.outcome_unknown) == ("REFUSED", False)


def test_a_processes_clients_of_a_shop_share_what_they_know_of_its_limit(http: Http) -> None:
    status = {"maximumAvailable": 1000, "currentlyAvailable": 0, "restoreRate": 1}
    cost = {"cost": {"requestedQueryCost": 500, "throttleStatus": status}}
    with wire(said({"shop": {"name": "x"}}, extensions=cost)) as server:
        ShopifyClient(DOMAIN, server.url, {"access_token": "x"}, http).check()
        with pytest.raises(PlatformError) as caught:
            ShopifyClient(DOMAIN, server.url, {"access_token": "x"}, http).check()
    assert caught.value.reason == "RATE_LIMITED"
    assert len(server.requests) == 1
