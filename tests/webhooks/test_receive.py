"""What is accepted, kept for a person, or known already, on both databases."""

import json
from datetime import UTC, datetime

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from ledger import accounts, orders
from ledger.clock import utcnow
from ledger.events import Event, OrderSeen, RecordChanged, RefundSeen, Unread, event_from_json
from ledger.models import Delivery, DeliveryState, OrderState
from ledger.secrets import Vault
from tests.support.ledger import NOW, make_account
from tests.support.racing import race
from tests.webhooks.conftest import Line, Web, counted
from tests.webhooks.platforms import (
    ORDER_ID,
    PAYLOADS,
    REFUND_ID,
    Payload,
    change,
    encoded,
    netsuite_headers,
    order,
    refund,
    shopify_headers,
)
from webhooks.replay import read


def only(deliveries: list[Delivery]) -> Delivery:
    assert len(deliveries) == 1
    return deliveries[0]


def understood(web: Web, delivery: Delivery) -> tuple[Event, ...]:
    """Return what a delivery of the shop's tells, as a worker reads it."""
    with web.database.read() as session:
        return read(accounts.by_slug(session, "shop"), delivery)


# Accepted


@pytest.mark.parametrize("topic", sorted(PAYLOADS))
def test_every_topic_of_shopify_is_accepted(web: Web, log: list[Line], topic: str) -> None:
    with counted(source="shopify", outcome="accepted", reason="") as grown:
        answer = web.shopify(topic, PAYLOADS[topic])
    assert (answer.status_code, answer.json) == (200, {"outcome": "accepted"})
    delivery = only(web.deliveries())
    assert (delivery.source, delivery.topic, delivery.state) == ("shopify", topic, DeliveryState.RECEIVED)
    assert delivery.body == encoded(PAYLOADS[topic])
    assert delivery.due_at is not None
    assert web.jobs("shopify") == 1
    assert grown == [1]
    (line,) = log
    assert (line["event"], line["log_level"], line["outcome"]) == ("delivery", "info", "accepted")
    assert (line["delivery_id"], line["trace_id"]) == (delivery.id, delivery.trace_id)
    assert (line["source"], line["account"], line["topic"]) == ("shopify", "shop", topic)
    assert (line["status"], line["bytes"], line["woken"]) == (200, len(delivery.body), True)


def test_a_refund_is_kept_for_a_worker_to_read(web: Web, shop_id: int) -> None:
    web.shopify("refunds/create", refund(), event_id="e-1")
    delivery = only(web.deliveries())
    assert list(map(event_from_json, delivery.events)) == [Unread()]
    (seen,) = understood(web, delivery)
    assert isinstance(seen, RefundSeen)
    assert seen.refund_id == str(REFUND_ID)
    assert (delivery.account_id, delivery.order_ref) == (shop_id, str(ORDER_ID))
    assert delivery.delivery_key == f"refunds/create:e-1:{REFUND_ID}"


def test_a_change_in_netsuite_is_accepted(web: Web) -> None:
    answer = web.netsuite(change(id="c-1"))
    assert (answer.status_code, answer.json) == (200, {"outcome": "accepted"})
    delivery = only(web.deliveries())
    (seen,) = map(event_from_json, delivery.events)
    assert isinstance(seen, RecordChanged)
    assert (delivery.source, delivery.topic, delivery.account_id) == ("netsuite", "creditmemo/create", None)
    assert (delivery.delivery_key, web.jobs("netsuite")) == ("c-1", 1)


def test_a_test_notification_is_accepted_and_tells_nothing(web: Web, log: list[Line]) -> None:
    assert web.shopify("refunds/create", refund(), test="true").json == {"outcome": "accepted"}
    delivery = only(web.deliveries())
    assert (delivery.events, delivery.state) == ([], DeliveryState.RECEIVED)
    assert "test notification" in delivery.detail
    assert [line["reason"] for line in log] == ["TEST_DELIVERY"]


def test_the_body_is_kept_to_the_byte(web: Web) -> None:
    body = json.dumps(refund(note="Größe\u2028 falsch"), ensure_ascii=False, indent=3).encode()
    web.shopify("refunds/create", body)
    assert only(web.deliveries()).body == body


def test_no_credential_is_kept_with_a_delivery(web: Web) -> None:
    body = encoded(refund())
    headers = shopify_headers("refunds/create", body, {"event_id": "e-1"})
    web.post("/webhooks/shopify/shop", body, headers | {"Authorization": "Bearer x", "Cookie": "a=b"})
    web.netsuite(change())
    shopify, netsuite = web.deliveries()
    assert shopify.headers["x-shopify-event-id"] == "e-1"
    assert {"authorization", "cookie", "x-shopify-hmac-sha256"}.isdisjoint(shopify.headers)
    assert set(netsuite.headers) == {"x-ns-timestamp"}


def test_the_process_sets_no_cookie(web: Web) -> None:
    assert "Set-Cookie" not in web.shopify("refunds/create", refund()).headers


def test_a_paused_account_still_receives(web: Web) -> None:
    with web.database.write() as session:
        accounts.by_slug(session, "shop").paused_reason = "BAD_CREDENTIALS"
    assert web.shopify("refunds/create", refund()).status_code == 200
    assert len(web.deliveries()) == 1


# Duplicates


@pytest.mark.parametrize("changes", [{"webhook_id": "w-2"}, {"triggered_at": None}, {}])
def test_a_duplicate_of_an_accepted_one_is_a_success_and_changes_nothing(
    web: Web, log: list[Line], changes: dict[str, str | None]
) -> None:
    again = {"event_id": "e-1", "webhook_id": "w-1", **changes}
    web.shopify("refunds/create", refund(), event_id="e-1", webhook_id="w-1")
    answer = web.shopify("refunds/create", refund(), **again)
    assert (answer.status_code, answer.json) == (200, {"outcome": "duplicate"})
    assert len(web.deliveries()) == 1
    assert web.jobs("shopify") == 1
    assert [line["outcome"] for line in log] == ["accepted", "duplicate"]


def test_a_body_that_netsuite_sends_again_with_a_new_time_is_a_duplicate(web: Web) -> None:
    body = encoded(change())
    for seconds in (0, -60):
        at = datetime.fromtimestamp(utcnow().timestamp() + seconds, UTC)
        assert web.post("/webhooks/netsuite/books", body, netsuite_headers(body, at=at)).status_code == 200
    assert len(web.deliveries()) == 1


def test_two_refunds_of_one_action_are_two_deliveries(web: Web) -> None:
    for refund_id in (1, 2):
        web.shopify("refunds/create", refund(id=refund_id), event_id="e-1")
    assert len(web.deliveries()) == 2


def test_the_same_event_in_two_shops_is_two_deliveries(web: Web, vault: Vault) -> None:
    with web.database.write() as session:
        make_account(session, vault, slug="other", storefront_id="other.myshopify.com")
    body = encoded(refund())
    for slug, domain in (("shop", "example.myshopify.com"), ("other", "other.myshopify.com")):
        headers = shopify_headers("refunds/create", body, {"event_id": "e-1", "shop_domain": domain})
        assert web.post(f"/webhooks/shopify/{slug}", body, headers).json == {"outcome": "accepted"}
    assert len(web.deliveries()) == 2


def test_of_racing_duplicates_one_is_accepted(app: Flask, web: Web) -> None:
    body = encoded(refund())
    headers = shopify_headers("refunds/create", body)

    def post() -> str:
        answer = app.test_client().post("/webhooks/shopify/shop", data=body, headers=headers)
        return str(answer.json and answer.json["outcome"])

    assert sorted(race(*[post] * 4)) == ["accepted", *["duplicate"] * 3]
    assert len(web.deliveries()) == 1


# Signed, but not understood


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("refunds/create", b"{", "NOT_JSON"),
        ("refunds/create", b"", "NOT_JSON"),
        ("refunds/create", b"\xff", "NOT_JSON"),
        ("refunds/create", rb'{"note":"\u0000"}', "NOT_OF_SCHEMA"),
        ("refunds/create", b"[" * 100_000, "NOT_OF_SCHEMA"),
        ("refunds/create", {"id": 1}, "NOT_OF_SCHEMA"),
        (
            "refunds/create",
            refund(note=rb"\ud800".decode("raw_unicode_escape"), admin_graphql_api_id=None),
            "NOT_OF_SCHEMA",
        ),
        ("orders/edited", {"order_edit": {}}, "UNKNOWN_TOPIC"),
        ("orders/paid\u00e9" + "x" * 300, {}, "UNKNOWN_TOPIC"),
    ],
)
def test_what_is_signed_but_not_understood_is_kept_for_a_person(
    web: Web, log: list[Line], topic: str, payload: object, reason: str
) -> None:
    with counted(source="shopify", outcome="quarantined", reason=reason) as grown:
        answer = web.shopify(topic, payload)
    assert (answer.status_code, answer.json) == (200, {"outcome": "quarantined"})
    delivery = only(web.deliveries())
    assert (delivery.state, delivery.reason) == (DeliveryState.QUARANTINED, reason)
    assert delivery.detail
    assert (delivery.events, delivery.due_at, web.jobs("shopify")) == ([], None, 0)
    assert grown == [1]
    assert [(line["log_level"], line["reason"]) for line in log] == [("warning", reason)]


def test_what_netsuite_signs_but_is_not_understood_is_kept_too(web: Web) -> None:
    assert web.netsuite(change(account="7654321")).json == {"outcome": "quarantined"}
    delivery = only(web.deliveries())
    assert (delivery.topic, delivery.reason) == ("creditmemo/create", "NOT_OF_SCHEMA")
    assert "another NetSuite account" in delivery.detail


def test_what_is_not_understood_is_kept_once(web: Web) -> None:
    outcomes = [web.shopify("refunds/create", b"{", event_id="e-1").json for _ in range(2)]
    assert outcomes == [{"outcome": "quarantined"}, {"outcome": "duplicate"}]


# Orders: news that comes late, twice or before the order itself

HOUR = st.integers(0, 5)


def news(kind: str, hour: int) -> tuple[str, Payload]:
    at = f"2026-03-14T{hour:02}:00:00Z"
    if kind == "orders/delete":
        return kind, {"id": ORDER_ID}
    cancelled = {"cancelled_at": at} if kind == "orders/cancelled" else {}
    return kind, order(updated_at=at, **cancelled)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=st.lists(
        st.tuples(
            st.sampled_from(["orders/create", "orders/updated", "orders/cancelled", "orders/delete"]), HOUR
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda kind_hour: kind_hour[1],
    ),
    data=st.data(),
)
def test_an_orders_link_is_true_in_whatever_order_the_news_comes(
    web: Web, shop_id: int, told: list[tuple[str, int]], data: st.DataObject
) -> None:
    links = []
    for number, arrival in enumerate((told, data.draw(st.permutations(told + told)))):
        with web.database.write() as session:
            for table in ("order_links", "deliveries"):
                session.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - both are named right here
        for kind, hour in arrival:
            topic, payload = news(kind, hour)
            headers = {"event_id": f"{number}-{kind}-{hour}", "triggered_at": f"2026-03-14T{hour:02}:00:00Z"}
            assert web.shopify(topic, payload, **headers).status_code == 200
        with web.database.write() as session:
            seen = [event for each in web.deliveries() for event in understood(web, each)]
            for event in seen:
                assert isinstance(event, OrderSeen)
                link, _ = orders.see_storefront(session, shop_id, event, now=NOW)
            links.append(link.storefront_state)
    newest = max(told, key=lambda kind_hour: kind_hour[1])[0]
    expected = OrderState.CANCELLED if newest == "orders/cancelled" else OrderState.OPEN
    is_deleted = any(kind == "orders/delete" for kind, _ in told)
    assert links == [OrderState.DELETED if is_deleted else expected] * 2
