from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ledger.events import (
    AccountLost,
    Event,
    MoneyState,
    OrderSeen,
    PaymentSeen,
    PersonalDataRequest,
    RefundSeen,
)
from ledger.models import OrderState
from tests.support.ledger import NOW
from tests.webhooks.platforms import (
    ORDER_ID,
    PAYLOADS,
    REFUND_ID,
    compliance,
    encoded,
    line,
    order,
    payment,
    refund,
    shopify_headers,
)
from webhooks.sources.protocol import Endpoint, Reading, Request, UnreadableError
from webhooks.sources.shopify import Shopify

UPDATED = datetime(2026, 3, 14, 15, 9, 25, tzinfo=UTC)


def request(topic: str, payload: object, **headers: str | None) -> Request:
    body = payload if isinstance(payload, bytes) else encoded(payload)
    return Request(shopify_headers(topic, body, headers), body, NOW)


def read(endpoint: Endpoint, topic: str, payload: object, **headers: str | None) -> Reading:
    return Shopify().read(request(topic, payload, **headers), endpoint)


def events(endpoint: Endpoint, topic: str, payload: object, **headers: str | None) -> tuple[Event, ...]:
    return read(endpoint, topic, payload, **headers).events


def unreadable(endpoint: Endpoint, topic: str, payload: object, **headers: str | None) -> UnreadableError:
    with pytest.raises(UnreadableError) as caught:
        read(endpoint, topic, payload, **headers)
    return caught.value


# What each topic tells


def test_a_refund_is_seen_first_hand(shop: Endpoint) -> None:
    (seen,) = events(shop, "refunds/create", refund())
    assert isinstance(seen, RefundSeen)
    assert (seen.origin, seen.refund_id, seen.order_id) == ("shopify", str(REFUND_ID), str(ORDER_ID))
    assert seen.order_name == ""
    assert seen.first_hand


@pytest.mark.parametrize("topic", ["orders/create", "orders/updated", "orders/cancelled"])
@pytest.mark.parametrize(
    ("cancelled_at", "state"), [(None, OrderState.OPEN), ("2026-03-14T10:09:25-05:00", OrderState.CANCELLED)]
)
def test_an_order_is_seen_as_its_payload_says_whatever_the_topic(
    shop: Endpoint, topic: str, cancelled_at: str | None, state: OrderState
) -> None:
    expected = OrderSeen(str(ORDER_ID), "#9999", state, UPDATED)
    assert events(shop, topic, order(cancelled_at=cancelled_at)) == (expected,)


def test_an_orders_refunds_are_seen_second_hand_and_otherwise_as_by_their_own_delivery(
    shop: Endpoint,
) -> None:
    (first_hand,) = events(shop, "refunds/create", refund())
    assert isinstance(first_hand, RefundSeen)
    seen, second_hand = events(shop, "orders/updated", order(refunds=[refund()]))
    assert isinstance(seen, OrderSeen)
    assert second_hand == replace(first_hand, first_hand=False)


def test_an_orders_currencies_stand_in_for_a_refund_that_states_none(shop: Endpoint) -> None:
    bare = refund(refund_line_items=[], transactions=[], total_duties_set=None)
    _, seen = events(shop, "orders/updated", order(refunds=[bare], currency="EUR", presentment_currency=None))
    assert isinstance(seen, RefundSeen)
    assert (seen.currency, seen.money) == ("EUR", MoneyState.NONE)


def test_a_deleted_order_is_seen_as_of_when_it_was_triggered(shop: Endpoint) -> None:
    at = datetime(2026, 3, 14, 15, 9, 24, 123456, tzinfo=UTC)
    expected = OrderSeen(str(ORDER_ID), "", OrderState.DELETED, at)
    assert events(shop, "orders/delete", {"id": ORDER_ID}) == (expected,)


@pytest.mark.parametrize("triggered_at", [None, "yesterday", "2026-03-14T15:09:24"])
def test_without_a_usable_trigger_time_the_time_it_came_counts(
    shop: Endpoint, triggered_at: str | None
) -> None:
    expected = OrderSeen(str(ORDER_ID), "", OrderState.DELETED, NOW)
    assert events(shop, "orders/delete", {"id": ORDER_ID}, triggered_at=triggered_at) == (expected,)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("success", MoneyState.MOVED),
        ("pending", MoneyState.PENDING),
        ("awaiting_response", MoneyState.PENDING),
        ("unknown", MoneyState.PENDING),
        ("failure", MoneyState.FAILED),
        ("error", MoneyState.FAILED),
        ("SUCCESS", MoneyState.MOVED),
    ],
)
def test_a_refunds_transaction_tells_what_became_of_the_money(
    shop: Endpoint, status: str, state: MoneyState
) -> None:
    expected = PaymentSeen(str(ORDER_ID), "245135271310201194", state)
    assert events(shop, "order_transactions/create", payment("75.00", status)) == (expected,)


@pytest.mark.parametrize("kind", ["authorization", "capture", "sale", "void"])
def test_other_transactions_tell_nothing(shop: Endpoint, kind: str) -> None:
    reading = read(shop, "order_transactions/create", payment("75.00", kind=kind))
    assert (reading.events, reading.order_ref) == ((), str(ORDER_ID))


def test_an_uninstalled_app_loses_the_account(shop: Endpoint) -> None:
    assert events(shop, "app/uninstalled", PAYLOADS["app/uninstalled"]) == (AccountLost("APP_UNINSTALLED"),)


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("customers/data_request", PersonalDataRequest("report", ("299938", "280263"))),
        ("customers/redact", PersonalDataRequest("erase_orders", ("299938", "280263"))),
        ("shop/redact", PersonalDataRequest("erase_account", ())),
    ],
)
def test_requests_about_personal_data_are_understood(
    shop: Endpoint, topic: str, expected: PersonalDataRequest
) -> None:
    assert events(shop, topic, compliance()) == (expected,)


@pytest.mark.parametrize("topic", ["customers/data_request", "customers/redact"])
def test_requests_that_name_no_order_are_understood(shop: Endpoint, topic: str) -> None:
    bare = {"shop_id": 954889, "shop_domain": "Example.MyShopify.com"}
    (seen,) = events(shop, topic, bare)
    assert isinstance(seen, PersonalDataRequest)
    assert seen.order_ids == ()


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("app/uninstalled", {"id": 1, "myshopify_domain": "another.myshopify.com"}),
        ("shop/redact", compliance(shop_domain="another.myshopify.com")),
        ("customers/redact", compliance(shop_domain="another.myshopify.com")),
    ],
)
def test_a_body_that_names_another_shop_does_nothing_to_this_one(
    shop: Endpoint, topic: str, payload: object
) -> None:
    error = unreadable(shop, topic, payload)
    assert (error.reason, str(error)) == ("NOT_OF_SCHEMA", "the body names another shop")


@pytest.mark.parametrize("topic", sorted(PAYLOADS))
def test_a_test_notification_tells_nothing_whatever_it_contains(shop: Endpoint, topic: str) -> None:
    reading = read(shop, topic, {"invented": True}, test="true")
    assert (reading.events, reading.reason) == ((), "TEST_DELIVERY")


def test_a_delivery_marked_as_no_test_is_none(shop: Endpoint) -> None:
    assert events(shop, "refunds/create", refund(), test="false")


# Ids


def test_ids_are_exact_beyond_what_a_double_holds(shop: Endpoint) -> None:
    (seen,) = events(shop, "refunds/create", refund(id=2**63 - 1, order_id=2**63 - 2))
    assert isinstance(seen, RefundSeen)
    assert (seen.refund_id, seen.order_id) == (str(2**63 - 1), str(2**63 - 2))


def test_the_graphql_id_is_preferred_to_a_number_that_was_rounded(shop: Endpoint) -> None:
    (seen,) = events(
        shop,
        "refunds/create",
        refund(id=890088186047892400, admin_graphql_api_id=f"gid://shopify/Refund/{REFUND_ID}"),
    )
    assert isinstance(seen, RefundSeen)
    assert seen.refund_id == str(REFUND_ID)


@pytest.mark.parametrize("gid", [None, "", "gid://shopify/Refund/", "gid://shopify/Refund/x", "1"])
def test_without_a_usable_graphql_id_the_number_counts(shop: Endpoint, gid: str | None) -> None:
    (seen,) = events(shop, "refunds/create", refund(admin_graphql_api_id=gid))
    assert isinstance(seen, RefundSeen)
    assert seen.refund_id == str(REFUND_ID)


# Delivery keys


def test_two_sendings_of_one_event_have_one_key(shop: Endpoint) -> None:
    first = read(shop, "refunds/create", refund(), event_id="e-1", webhook_id="w-1")
    again = read(shop, "refunds/create", refund(), event_id="e-1", webhook_id="w-2")
    assert first.delivery_key == again.delivery_key == f"refunds/create:e-1:{REFUND_ID}"


def test_two_refunds_of_one_action_have_two_keys(shop: Endpoint) -> None:
    first = read(shop, "refunds/create", refund(id=1), event_id="e-1")
    other = read(shop, "refunds/create", refund(id=2), event_id="e-1")
    assert first.delivery_key != other.delivery_key


def test_two_topics_of_one_action_have_two_keys(shop: Endpoint) -> None:
    first = read(shop, "orders/updated", order(), event_id="e-1")
    other = read(shop, "orders/cancelled", order(), event_id="e-1")
    assert first.delivery_key != other.delivery_key


def test_without_an_event_id_the_deliverys_own_id_is_the_key(shop: Endpoint) -> None:
    reading = read(shop, "refunds/create", refund(), event_id=None, webhook_id="w-1")
    assert reading.delivery_key == f"refunds/create:w-1:{REFUND_ID}"


def test_a_test_notification_has_a_key_of_its_own(shop: Endpoint) -> None:
    tested = read(shop, "refunds/create", refund(), event_id="e-1", test="true")
    real = read(shop, "refunds/create", refund(), event_id="e-1")
    assert tested.delivery_key != real.delivery_key


# What is signed but not understood


@pytest.mark.parametrize("name", ["Topic", "Api-Version", "Webhook-Id"])
def test_a_header_that_is_always_sent_is_missed(shop: Endpoint, name: str) -> None:
    body = encoded(refund())
    headers = shopify_headers("refunds/create", body)
    del headers[f"X-Shopify-{name}"]
    with pytest.raises(UnreadableError) as caught:
        Shopify().read(Request(headers, body, NOW), shop)
    assert caught.value.reason == "NOT_OF_SCHEMA"
    assert name.lower() in str(caught.value)


def test_a_person_may_replay_a_delivery_whose_headers_were_not_complete(shop: Endpoint) -> None:
    incomplete = request("refunds/create", refund(), api_version=None, webhook_id=None, event_id=None)
    with pytest.raises(UnreadableError):
        Shopify().read(incomplete, shop)
    assert len(Shopify().read(replace(incomplete, replayed=True), shop).events) == 1


@pytest.mark.parametrize("topic", ["orders/edited", "products/create", "refunds/update", "x" * 500])
def test_a_topic_we_did_not_ask_for_is_unknown(shop: Endpoint, topic: str) -> None:
    assert unreadable(shop, topic, refund()).reason == "UNKNOWN_TOPIC"


@pytest.mark.parametrize("body", [b"", b"{", b"refund", b"\xff", b'{"id":NaN}'])
def test_a_body_that_is_not_json_is_not(shop: Endpoint, body: bytes) -> None:
    error = unreadable(shop, "refunds/create", body)
    assert (error.reason, error.topic, error.order_ref) == ("NOT_JSON", "refunds/create", "")


@pytest.mark.parametrize("payload", [None, [], 1, "text", True, {}, [{}]])
@pytest.mark.parametrize("topic", sorted(PAYLOADS))
def test_a_body_of_another_shape_is_not_of_the_schema(shop: Endpoint, topic: str, payload: object) -> None:
    assert unreadable(shop, topic, payload).reason == "NOT_OF_SCHEMA"


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None, "admin_graphql_api_id": None},
        {"id": 0},
        {"id": -1},
        {"id": 1.5},
        {"id": True},
        {"id": 2**63},
        {"id": "abc"},
        {"order_id": None},
        {"created_at": None},
        {"created_at": "2026-03-14T10:09:20"},
        {"created_at": "0001-01-01T00:00:00+14:00"},
        {"note": 5},
        {"refund_line_items": None},
        {"refund_line_items": {}},
        {"refund_line_items": [None]},
        {"transactions": None},
        {"transactions": "none"},
        {"order_adjustments": [{}]},
        {"refund_shipping_lines": [{}]},
        {"refund_line_items": [line("1.00", quantity=True)]},
        {"refund_line_items": [line("1.00", quantity=-1)]},
        {"refund_line_items": [line("1.00", quantity="1")]},
        {"refund_line_items": [line("1.00", gift_card=1)]},
        {"total_duties_set": {"shop_money": {"amount": "1.00", "currency_code": "USD"}}},
    ],
)
def test_a_refund_of_another_shape_is_not_of_the_schema(shop: Endpoint, changes: dict[str, Any]) -> None:
    assert unreadable(shop, "refunds/create", refund(**changes)).reason == "NOT_OF_SCHEMA"


@pytest.mark.parametrize("missing", ["refund_line_items", "transactions", "order_id", "created_at"])
def test_a_refund_without_what_makes_it_up_is_never_taken_for_an_empty_one(
    shop: Endpoint, missing: str
) -> None:
    payload = {name: value for name, value in refund().items() if name != missing}
    error = unreadable(shop, "refunds/create", payload)
    assert missing in str(error)


def test_keys_that_shopify_adds_are_ignored(shop: Endpoint) -> None:
    assert events(shop, "refunds/create", refund() | {"added_in_2027": {"deep": [1]}}) == events(
        shop, "refunds/create", refund()
    )


def test_an_orders_name_longer_than_the_ledger_holds_is_not_of_the_schema(shop: Endpoint) -> None:
    assert unreadable(shop, "orders/updated", order(name="#" * 121)).reason == "NOT_OF_SCHEMA"


def test_a_refunds_transaction_without_an_order_is_not_of_the_schema(shop: Endpoint) -> None:
    error = unreadable(shop, "order_transactions/create", payment("1.00", order_id=None))
    assert error.reason == "NOT_OF_SCHEMA"


@pytest.mark.parametrize("topic", ["refunds/create", "order_transactions/create"])
def test_a_status_that_does_not_exist_is_not_of_the_schema(shop: Endpoint, topic: str) -> None:
    odd = payment("1.00", "maybe")
    payload = odd if topic == "order_transactions/create" else refund(transactions=[odd])
    assert unreadable(shop, topic, payload).reason == "NOT_OF_SCHEMA"


@pytest.mark.parametrize(
    ("topic", "payload", "order_ref"),
    [
        ("refunds/create", refund(created_at=None), str(ORDER_ID)),
        ("orders/updated", order(updated_at=None), str(ORDER_ID)),
        ("orders/updated", order(id="9", updated_at=None), ""),
        ("refunds/create", refund(order_id=True), ""),
        ("refunds/create", [], ""),
    ],
)
def test_the_order_of_an_unreadable_body_is_known_where_it_names_one(
    shop: Endpoint, topic: str, payload: object, order_ref: str
) -> None:
    assert unreadable(shop, topic, payload).order_ref == order_ref


def test_unreadable_requests_have_one_key_each(shop: Endpoint) -> None:
    def key(topic: str, payload: bytes, **headers: str) -> str:
        return unreadable(shop, topic, payload, **headers).delivery_key

    first = key("refunds/create", b"{", event_id="e-1", webhook_id="w-1")
    assert key("refunds/create", b"{", event_id="e-1", webhook_id="w-2") == first
    assert key("refunds/create", b"[", event_id="e-1") != first  # two refunds of one action, both odd
    assert key("refunds/create", b"{", event_id="e-2") != first
    assert key("orders/updated", b"{", event_id="e-1") != first
