"""What events of Adobe I/O Events tell."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.events import OrderSeen, OrderTouched
from ledger.models import OrderState
from ledger.policy import Policy
from tests.support.ledger import NOW
from tests.webhooks.magento_pushes import (
    CREDIT_MEMO,
    KEY_PATHS,
    ORDER,
    cloud_event,
    credit_memo,
    order,
)
from tests.webhooks.platforms import Payload, encoded
from webhooks.sources.magento import Magento
from webhooks.sources.protocol import Endpoint, Reading, Request, UnreadableError

SHOP = Endpoint("magento", "shop", "https://magento.example.com", 1, 1, Policy())
HEADERS = {"x-adobe-public-key2-path": KEY_PATHS[1], "x-adobe-event-id": "header-id"}
SENT_AT = datetime(2026, 3, 14, 15, 9, 24, 553000, tzinfo=UTC)
CREATED_AT = datetime(2026, 3, 14, 15, 9, 20, tzinfo=UTC)
UPDATED_AT = datetime(2026, 3, 14, 15, 9, 21, tzinfo=UTC)


def read(payload: object, headers: dict[str, str] = HEADERS) -> Reading:
    body = payload if isinstance(payload, bytes) else encoded(payload)
    return Magento().read(Request(headers, body, NOW), SHOP)


def unreadable(payload: object) -> UnreadableError:
    with pytest.raises(UnreadableError) as caught:
        read(payload)
    return caught.value


def memo_event(**changes: object) -> Payload:
    return cloud_event(CREDIT_MEMO, credit_memo(**changes))


def order_event(**changes: object) -> Payload:
    return cloud_event(ORDER, order(**changes))


def without(payload: Payload, *names: str) -> Payload:
    return {name: value for name, value in payload.items() if name not in names}


# Credit memos


def test_a_new_credit_memo_is_a_refund_to_look_for() -> None:
    reading = read(memo_event())
    assert reading.events == (OrderTouched("5", CREATED_AT),)
    assert (reading.topic, reading.order_ref) == ("observer.sales_order_creditmemo_save_after", "5")
    assert (reading.reason, reading.person_ref) == ("", "")


def test_a_credit_memo_that_is_saved_again_announces_no_refund() -> None:
    assert read(memo_event(_isNew=False)).events == (OrderTouched("5"),)


def test_a_credit_memo_that_does_not_say_whether_it_is_new_may_be() -> None:
    assert read(memo_event(_isNew=None)).events == (OrderTouched("5", CREATED_AT),)


@pytest.mark.parametrize("created_at", [None, ""])
def test_a_memo_without_its_time_was_made_when_the_event_was(created_at: str | None) -> None:
    event = memo_event(created_at=created_at)
    assert read(event).events == (OrderTouched("5", SENT_AT),)
    assert read(event | {"time": None}).events == (OrderTouched("5", NOW),)


def test_the_event_after_the_transaction_tells_the_same() -> None:
    kind = CREDIT_MEMO.replace("_save_after", "_save_commit_after")
    reading = read(cloud_event(kind, credit_memo()))
    assert reading.events == (OrderTouched("5", CREATED_AT),)
    assert reading.topic == "observer.sales_order_creditmemo_save_commit_after"


@pytest.mark.parametrize("order_id", [5, "5"])
def test_ids_are_numbers_or_their_digits(order_id: object) -> None:
    assert read(memo_event(order_id=order_id)).order_ref == "5"


@pytest.mark.parametrize("order_id", [None, "", 0, "0", -5, "000000005", "5a", 5.0, True, [5], {"id": 5}])
def test_a_memo_without_its_order_is_not_of_the_schema(order_id: object) -> None:
    error = unreadable(memo_event(order_id=order_id))
    assert (error.reason, error.topic) == ("NOT_OF_SCHEMA", CREDIT_MEMO)
    assert "order_id" in str(error)


@pytest.mark.parametrize("change", [{"_isNew": "yes"}, {"created_at": "soon"}, {"increment_id": 3}])
def test_a_memo_of_another_shape_is_kept_with_its_order(change: dict[str, object]) -> None:
    error = unreadable(memo_event(**change))
    assert (error.reason, error.order_ref) == ("NOT_OF_SCHEMA", "5")


# Orders


@pytest.mark.parametrize("kind", [ORDER, ORDER.replace("_save_after", "_save_commit_after")])
@pytest.mark.parametrize(
    ("state", "life"),
    [
        ("new", OrderState.OPEN),
        ("pending_payment", OrderState.OPEN),
        ("processing", OrderState.OPEN),
        ("payment_review", OrderState.OPEN),
        ("holded", OrderState.OPEN),
        ("complete", OrderState.OPEN),
        ("closed", OrderState.OPEN),
        ("canceled", OrderState.CANCELLED),
    ],
)
def test_an_order_is_seen_in_its_state(kind: str, state: str, life: OrderState) -> None:
    reading = read(cloud_event(kind, order(state=state)))
    assert reading.events == (OrderSeen("5", "000000005", life, UPDATED_AT),)
    assert (reading.order_ref, reading.person_ref) == ("5", "12")
    assert reading.topic == kind.removeprefix("com.adobe.commerce.")


@pytest.mark.parametrize("customer_id", [None, "", 0, "0"])
def test_a_guest_is_nobody(customer_id: object) -> None:
    assert read(order_event(customer_id=customer_id)).person_ref == ""


def test_without_a_state_the_status_says_it() -> None:
    value = without(order(status="canceled"), "state")
    (seen,) = read(cloud_event(ORDER, value)).events
    assert isinstance(seen, OrderSeen)
    assert seen.state is OrderState.CANCELLED


def test_an_order_that_tells_no_state_is_looked_at() -> None:
    value = without(order(), "state", "status")
    assert read(cloud_event(ORDER, value)).events == (OrderTouched("5"),)


@pytest.mark.parametrize(
    ("event", "seen_at"),
    [
        (order_event(updated_at=None), SENT_AT),
        (order_event(updated_at=None) | {"time": None}, NOW),
        (order_event(updated_at="2026-03-14T16:09:21+01:00"), UPDATED_AT),
    ],
    ids=["sent", "received", "zoned"],
)
def test_an_order_without_its_time_was_saved_when_the_event_was(event: Payload, seen_at: datetime) -> None:
    (seen,) = read(event).events
    assert isinstance(seen, OrderSeen)
    assert seen.seen_at == seen_at


@pytest.mark.parametrize(
    "value",
    [
        {"entity_id": "5"},
        {"id": 5},
        {"items": [{"sku": "A"}, {"order_id": 5}]},
        {"items": [], "payment": {"parent_id": "5"}},
        {"entity_id": "5", "items": [{"order_id": 6}]},
    ],
)
def test_an_orders_id_is_found_in_its_parts_where_it_has_none(value: Payload) -> None:
    (seen,) = read(cloud_event(ORDER, value | {"state": "new"})).events
    assert isinstance(seen, OrderSeen)
    assert (seen.order_id, seen.name) == ("5", "")


@pytest.mark.parametrize("value", [{}, {"items": None, "payment": None}, {"items": [{}], "payment": {}}])
def test_an_order_without_its_id_is_not_of_the_schema(value: Payload) -> None:
    error = unreadable(cloud_event(ORDER, value | {"state": "new", "increment_id": "000000005"}))
    assert (error.reason, error.order_ref) == ("NOT_OF_SCHEMA", "")
    assert "entity_id" in str(error)


@pytest.mark.parametrize("suffix", ["delete_after", "delete_commit_after"])
def test_a_deleted_order_is_gone_from_when_it_was_said(suffix: str) -> None:
    kind = ORDER.replace("save_after", suffix)
    expected = OrderSeen("5", "000000005", OrderState.DELETED, SENT_AT)
    assert read(cloud_event(kind, order())).events == (expected,)
    assert read(cloud_event(kind, {"entity_id": 5})).events == (
        OrderSeen("5", "", OrderState.DELETED, SENT_AT),
    )


# The envelope


@pytest.mark.parametrize(
    ("missing", "key"),
    [((), "one"), (("event_id",), "two"), (("event_id", "eventid"), "three")],
)
def test_the_events_own_id_is_the_key(missing: tuple[str, ...], key: str) -> None:
    event = memo_event() | {"event_id": "one", "eventid": "two", "id": "three"}
    assert read(without(event, *missing)).delivery_key == key


def test_an_event_that_is_sent_again_has_the_same_key() -> None:
    event = memo_event()
    again = HEADERS | {"x-adobe-retry-count": "2", "x-adobe-public-key1-path": KEY_PATHS[0]}
    assert read(event, again).delivery_key == read(event).delivery_key


def test_an_event_in_base64_is_the_same_event() -> None:
    event = memo_event()
    assert read(base64.b64encode(encoded(event))) == read(event)


def test_an_event_without_any_id_is_not_of_the_schema() -> None:
    error = unreadable(without(memo_event(), "event_id", "eventid", "id"))
    assert (error.reason, str(error), error.order_ref) == ("NOT_OF_SCHEMA", "the event has no id", "5")


@pytest.mark.parametrize(
    "kind",
    [
        "com.adobe.commerce.observer.sales_order_invoice_save_after",
        "com.adobe.commerce.observer.sales_order_save_before",
        "com.adobe.commerce.observer.rma_save_after",
        "com.adobe.commerce.plugin.magento.sales.api.order_repository.save",
        "nothing",
    ],
)
def test_an_event_we_do_not_listen_to_is_unknown(kind: str) -> None:
    error = unreadable(cloud_event(kind, order()))
    assert (error.reason, error.topic, error.order_ref) == ("UNKNOWN_TOPIC", kind, "5")


@pytest.mark.parametrize(
    "payload",
    [
        {},
        [],
        [5],
        {"event_id": "eventId1", "event": {"hello": "world"}, "recipient_client_id": "client_id1"},
        memo_event() | {"type": ""},
        memo_event() | {"type": ["x"]},
        memo_event() | {"data": None},
        memo_event() | {"data": {}},
        memo_event() | {"data": {"value": "text"}},
        memo_event() | {"data": {"value": []}},
        memo_event() | {"event_id": "x" * 301},
    ],
)
def test_a_body_of_another_shape_is_not_of_the_schema(payload: object) -> None:
    assert unreadable(payload).reason == "NOT_OF_SCHEMA"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", base64.b64encode(b"{")])
def test_a_body_that_is_not_json_is_not(body: bytes) -> None:
    error = unreadable(body)
    assert (error.reason, error.topic, error.order_ref) == ("NOT_JSON", "", "")


def test_unreadable_bodies_have_one_key_each() -> None:
    keys = [unreadable(body).delivery_key for body in (b"{", b"{", b"{{")]
    assert keys[0] == keys[1] != keys[2]


# Batches


def test_a_batch_tells_what_all_of_its_events_tell() -> None:
    reading = read([memo_event(), order_event(entity_id="6"), memo_event(order_id=7, _isNew=False)])
    assert reading.events == (
        OrderTouched("5", CREATED_AT),
        OrderSeen("6", "000000005", OrderState.OPEN, UPDATED_AT),
        OrderTouched("7"),
    )
    assert (reading.topic, reading.order_ref, reading.person_ref) == ("batch", "", "")


def test_a_batch_about_one_order_is_about_that_order() -> None:
    reading = read([order_event(), order_event()])
    assert (reading.topic, reading.order_ref, reading.person_ref) == (
        "observer.sales_order_save_after",
        "5",
        "12",
    )


def test_a_batch_of_one_is_that_event() -> None:
    event = memo_event()
    assert read([event]) == read(event)


def test_a_batch_with_an_event_we_do_not_understand_is_kept_whole() -> None:
    error = unreadable([memo_event(), cloud_event("nothing", {})])
    assert (error.reason, error.topic) == ("UNKNOWN_TOPIC", "")


@given(st.permutations(["a", "b", "c"]), st.permutations(["a", "b", "c"]))
def test_a_batch_is_known_by_its_events_in_any_order(one: list[str], other: list[str]) -> None:
    event: dict[str, Any] = memo_event()
    batches = [[event | {"event_id": name} for name in names] for names in (one, other)]
    assert read(batches[0]).delivery_key == read(batches[1]).delivery_key
    assert read(batches[0][:2]).delivery_key != read(batches[0]).delivery_key
