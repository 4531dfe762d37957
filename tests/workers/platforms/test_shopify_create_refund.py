import json
from typing import Any

import pytest

from tests.support.waiting import until
from tests.workers.platforms.shop import DOMAIN, KEY, Shop, line_id, refund_input, said, sent
from tests.workers.platforms.wire import answer, saying, wire
from tests.workers.platforms.world import usd
from workers.platforms.errors import PlatformError
from workers.platforms.http import Http
from workers.platforms.idempotency import key_for
from workers.platforms.shopify import RefundLineInput, ShopifyClient
from workers.platforms.shopify_cost import Budget


def test_a_refund_is_made(shop: Shop, http: Http) -> None:
    made = shop.order()
    refund = shop.client(http).create_refund(refund_input(made), idempotency_key=key_for(KEY))
    (known,) = shop.state(made)["refunds"]
    assert (refund.id, refund.amount) == (str(known["id"]), usd("21.60"))
    assert (refund.payments_pending, refund.payments_failed) == (False, False)
    assert shop.made() == 1


def test_goods_come_back_to_their_location(shop: Shop, http: Http) -> None:
    made = shop.order()
    returned = RefundLineInput(line_id(made), 1, "RETURN", shop.location)
    shop.client(http).create_refund(
        refund_input(made, refundLineItems=[returned.to_json()]), idempotency_key=key_for(KEY)
    )
    (seen,) = shop.client(http).refunds(str(made["id"]), currency_mode="shop")
    assert (seen.parts[0].restock, seen.source_location_id) == (True, shop.location)


def test_money_that_has_still_to_move_is_said(shop: Shop, http: Http) -> None:
    shop.change(refund_status="pending")
    made = shop.order()
    refund = shop.client(http).create_refund(refund_input(made), idempotency_key=key_for(KEY))
    assert refund.payments_pending


def test_however_often_it_is_asked_for_a_refund_is_made_once(shop: Shop, http: Http) -> None:
    made = shop.order()
    client = shop.client(http)
    ids = {client.create_refund(refund_input(made), idempotency_key=key_for(KEY)).id for _ in range(3)}
    assert len(ids) == 1
    assert shop.made() == 1


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"refundLineItems": [{"lineItemId": "LINE", "quantity": 3}]}, "OVER_REFUND"),
        ({"refundLineItems": [{"lineItemId": "1", "quantity": 1}]}, "STOREFRONT_LINE_NOT_FOUND"),
        (
            {"refundLineItems": [{"lineItemId": "LINE", "quantity": 1, "restockType": "RETURN"}]},
            "MAPPING_MISSING",
        ),
        ({"currency": "EUR"}, "CURRENCY_MIXED"),
        ({"orderId": "1"}, "NONEXISTENT_RECORD"),
    ],
)
def test_what_shopify_refuses_has_a_reason(shop: Shop, http: Http, more: dict[str, Any], reason: str) -> None:
    made = shop.order()
    text = json.dumps(refund_input(made, **more)).replace('"LINE"', f'"{line_id(made)}"')
    with pytest.raises(PlatformError) as caught:
        shop.client(http).create_refund(json.loads(text), idempotency_key=key_for(KEY))
    assert (caught.value.reason, caught.value.outcome_unknown) == (reason, False)
    assert shop.made() == 0


def test_more_money_than_was_paid_is_refused(shop: Shop, http: Http) -> None:
    made = shop.order()
    with pytest.raises(PlatformError) as caught:
        shop.client(http).create_refund(refund_input(made, "99.00"), idempotency_key=key_for(KEY))
    assert caught.value.reason == "OVER_REFUND"


def test_an_unknown_gateway_is_refused_with_shopifys_words(shop: Shop, http: Http) -> None:
    made = shop.order()
    wanted = refund_input(made)
    wanted["transactions"][0]["gateway"] = "bogus"
    with pytest.raises(PlatformError) as caught:
        shop.client(http).create_refund(wanted, idempotency_key=key_for(KEY))
    assert caught.value.reason == "REFUSED"
    assert "Gateway was not used" in caught.value.detail


def test_a_key_used_for_another_refund_is_refused(shop: Shop, http: Http) -> None:
    made = shop.order()
    client = shop.client(http)
    client.create_refund(refund_input(made), idempotency_key=key_for(KEY))
    with pytest.raises(PlatformError) as caught:
        client.create_refund(refund_input(made, "5.00"), idempotency_key=key_for(KEY))
    assert (caught.value.reason, caught.value.outcome_unknown) == ("REFUSED", False)
    assert "idempotency key" in caught.value.detail
    assert shop.made() == 1


def test_a_blank_key_is_refused(shop: Shop, http: Http) -> None:
    with pytest.raises(PlatformError) as caught:
        shop.client(http).create_refund(refund_input(shop.order()), idempotency_key=" ")
    assert shop.made() == 0
    assert not caught.value.retry_after


def test_the_same_request_under_way_is_waited_for(shop: Shop, http: Http, hasty: Http) -> None:
    made = shop.order()
    shop.fault("graphql:refundCreate", "latency", when="before", seconds=20)
    with pytest.raises(PlatformError) as lost:
        shop.client(hasty).create_refund(refund_input(made), idempotency_key=key_for(KEY))
    assert lost.value.outcome_unknown
    with pytest.raises(PlatformError) as caught:
        shop.client(http).create_refund(refund_input(made), idempotency_key=key_for(KEY))
    assert (caught.value.reason, caught.value.outcome_unknown) == ("IN_PROGRESS", False)


@pytest.mark.parametrize("kind", ["stall", "reset"])
@pytest.mark.parametrize(("when", "before_retry"), [("before", 0), ("after", 1)])
def test_after_a_lost_answer_asking_again_makes_one_refund(
    shop: Shop, http: Http, hasty: Http, kind: str, when: str, before_retry: int
) -> None:
    made = shop.order()
    shop.fault("graphql:refundCreate", kind, when=when, seconds=2)
    with pytest.raises(PlatformError) as caught:
        shop.client(hasty).create_refund(refund_input(made), idempotency_key=key_for(KEY))
    assert (caught.value.reason, caught.value.outcome_unknown) == ("UNKNOWN_OUTCOME", True)
    until(lambda: shop.made() == before_retry)
    shop.control.delete("faults")  # lets go of the stalled request
    until(lambda: "graphql:refundCreate" in shop.operations())
    refund = shop.client(http).create_refund(refund_input(made), idempotency_key=key_for(KEY))
    assert shop.made() == 1
    assert refund.id == str(shop.state(made)["refunds"][0]["id"])


@pytest.mark.parametrize("when", ["before", "after"])
def test_after_shopify_broke_down_asking_again_makes_one_refund(shop: Shop, http: Http, when: str) -> None:
    made = shop.order()
    shop.refund(made, lines=[{"sku": "MUG", "quantity": 1}], note="another refund")
    client = shop.client(http)
    shop.fault("graphql:refundCreate", "internal_error", when=when)
    with pytest.raises(PlatformError) as caught:
        client.create_refund(refund_input(made), idempotency_key=key_for(KEY))
    assert (caught.value.reason, caught.value.outcome_unknown) == ("UNKNOWN_OUTCOME", True)
    refund = client.create_refund(refund_input(made), idempotency_key=key_for(KEY))
    again = client.create_refund(refund_input(made), idempotency_key=key_for(KEY))
    assert refund.id == again.id == str(shop.state(made)["refunds"][1]["id"])
    assert len(shop.state(made)["refunds"]) == 2


def test_a_refund_shopify_fails_at_again_and_again_is_given_up(http: Http) -> None:
    failed = {
        "message": "A previous request with this idempotency key failed. Retry with a new idempotency key."
    }
    used_up = said({"refundCreate": {"refund": None, "userErrors": [failed]}})
    no_refunds = said({"order": {"currencyCode": "USD", "presentmentCurrencyCode": "USD", "refunds": []}})
    with wire(*[used_up, no_refunds] * 3) as server:
        client = ShopifyClient(DOMAIN, server.url, {"access_token": "x"}, http, budget=Budget())
        with pytest.raises(PlatformError) as caught:
            client.create_refund({"orderId": "1", "note": KEY}, idempotency_key=key_for(KEY))
    assert (caught.value.reason, caught.value.outcome_unknown) == ("REFUSED", False)
    keys = [sent(request)["variables"].get("key") for request in server.requests]
    assert len(keys) == 6
    assert len({key for key in keys if key}) == 3


def test_a_used_up_key_is_known_by_its_code_too(http: Http) -> None:
    extensions = {"code": "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"}
    body = {"data": {"refundCreate": None}, "errors": [{"message": "Failed", "extensions": extensions}]}
    bag = {"presentmentMoney": {"amount": "5.0", "currencyCode": "USD"}}
    ours = {"id": "gid://shopify/Refund/7", "note": KEY, "totalRefundedSet": bag}
    with wire(saying(answer(json.dumps(body).encode())), said({"order": {"refunds": [ours]}})) as server:
        client = ShopifyClient(DOMAIN, server.url, {"access_token": "x"}, http, budget=Budget())
        refund = client.create_refund({"orderId": "1", "note": KEY}, idempotency_key=key_for(KEY))
    assert (refund.id, refund.amount) == ("7", usd("5.00"))


def test_without_a_note_a_used_up_key_is_replaced_all_the_same(shop: Shop, http: Http) -> None:
    made = shop.order()
    client = shop.client(http)
    shop.fault("graphql:refundCreate", "internal_error", when="before")
    wanted = refund_input(made, note=None)
    with pytest.raises(PlatformError):
        client.create_refund(wanted, idempotency_key=key_for(KEY))
    client.create_refund(wanted, idempotency_key=key_for(KEY))
    assert shop.made() == 1
