"""What hooks of the Commerce Webhooks module and the templates of other extensions tell."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.events import OrderSeen, OrderTouched
from ledger.models import OrderState
from ledger.policy import Policy
from tests.support.ledger import NOW
from tests.webhooks.magento_pushes import KEY_PATHS, credit_memo, order
from tests.webhooks.platforms import Payload, encoded
from webhooks.sources.magento import Magento
from webhooks.sources.protocol import Endpoint, Reading, Request, UnreadableError

SHOP = Endpoint("magento", "shop", "https://magento.example.com", 1, 1, Policy())
CREATED_AT = datetime(2026, 3, 14, 15, 9, 20, tzinfo=UTC)
UPDATED_AT = datetime(2026, 3, 14, 15, 9, 21, tzinfo=UTC)
MEMO_HOOK = "observer.sales_order_creditmemo_save_after"
ORDER_HOOK = "observer.sales_order_save_after"


def read(payload: object, at: datetime = NOW) -> Reading:
    body = payload if isinstance(payload, bytes) else encoded(payload)
    return Magento().read(Request({}, body, at), SHOP)


def unreadable(payload: object) -> UnreadableError:
    with pytest.raises(UnreadableError) as caught:
        read(payload)
    return caught.value


# Credit memos


@pytest.mark.parametrize(
    ("payload", "topic"),
    [
        ({"eventName": MEMO_HOOK, "data": {"creditmemo": credit_memo()}}, MEMO_HOOK),
        ({"eventName": MEMO_HOOK, "data": {"data_object": credit_memo()}}, MEMO_HOOK),
        ({"creditmemo": credit_memo(), "offlineRequested": False}, "creditmemo"),
        ({"credit_memo": credit_memo()}, "creditmemo"),
        ({"subject": [], "result": {"creditmemo": credit_memo()}}, "creditmemo"),
        ({"item": credit_memo(creditmemo_id=7)}, "creditmemo"),
        ({"entity": credit_memo(creditmemo_id="7")}, "creditmemo"),
        ({"creditmemo": credit_memo(), "order": order(entity_id=6)}, "creditmemo"),
    ],
)
def test_a_credit_memo_is_a_refund_to_look_for(payload: Payload, topic: str) -> None:
    reading = read(payload)
    assert reading.events == (OrderTouched("5", CREATED_AT),)
    assert (reading.topic, reading.order_ref) == (topic, "5")


def test_a_template_needs_no_more_than_two_ids() -> None:
    reading = read(b'{"order_id": 5, "creditmemo_id": 7}')
    assert reading.events == (OrderTouched("5", NOW),)
    assert (reading.topic, reading.order_ref) == ("creditmemo", "5")


def test_a_credit_memo_that_is_saved_again_announces_no_refund() -> None:
    assert read({"creditmemo": credit_memo(_isNew=False)}).events == (OrderTouched("5"),)


def test_a_memo_that_is_not_saved_yet_is_expected_from_now_on() -> None:
    assert read({"creditmemo": {"order_id": 5, "items": []}}).events == (OrderTouched("5", NOW),)


# Whatever else belongs to an order


@pytest.mark.parametrize(
    "payload",
    [
        {"order_id": 5},
        {"order_id": "5", "event": "new_shipment"},
        {"orderId": 5, "items": [], "notify": False},
        {"entity": {"order_id": 5, "invoice": {}}},
        {"data": {"item": {"order_id": 5}}},
        {"order": {"order_id": 5}},
        {"eventName": 5, "order_id": 5},
        {"order_id": 5, "creditmemo_id": ""},
    ],
)
def test_an_order_that_something_happened_to_is_looked_at(payload: Payload) -> None:
    reading = read(payload)
    assert reading.events == (OrderTouched("5"),)
    assert (reading.topic, reading.order_ref) == ("notice", "5")


# Orders


@pytest.mark.parametrize(
    "payload",
    [
        {"eventName": ORDER_HOOK, "data": {"order": order(), "data_object": order()}},
        {"eventName": ORDER_HOOK, "data": {"data_object": order()}},
        {"entity": order()},
        {"order": order()},
        {
            "order": {
                "id": 5,
                "increment_id": "000000005",
                "state": "new",
                "updated_at": "2026-03-14 15:09:21",
            }
        },
        order(),
    ],
)
def test_an_order_is_seen_in_its_state(payload: Payload) -> None:
    reading = read(payload)
    assert reading.events == (OrderSeen("5", "000000005", OrderState.OPEN, UPDATED_AT),)
    assert reading.order_ref == "5"
    assert reading.topic == payload.get("eventName", "order")


def test_a_cancelled_order_is_seen_as_that_and_its_buyer_can_be_found() -> None:
    reading = read({"order": order(state="canceled", updated_at=None)})
    assert reading.events == (OrderSeen("5", "000000005", OrderState.CANCELLED, NOW),)
    assert reading.person_ref == "12"


def test_a_deleted_order_is_gone() -> None:
    hook = {"eventName": "observer.sales_order_delete_after", "data": {"order": order()}}
    assert read(hook).events == (OrderSeen("5", "000000005", OrderState.DELETED, NOW),)


# What is not understood


@pytest.mark.parametrize(
    "payload",
    [
        None,
        5,
        [],
        [{"order_id": 5}],
        {},
        {"order": 5},
        {"creditmemo": [{"order_id": 5}]},
        {"customer": {"order_id": 5}},
        {"id": 5},
        {"increment_id": "000000003", "state": 2},
        {"order_id": None},
        {"order_id": ""},
        {"order_id": "000000005"},
        {"order_id": 5.5},
        {"order_id": {"id": 5}},
        {"orderId": "five"},
        {"order": {"increment_id": "000000005", "state": "new"}},
        {"order_id": 5, "creditmemo_id": "seven"},
        {"order_id": 5, "created_at": "yesterday"},
    ],
)
def test_a_body_that_names_no_order_is_not_of_the_schema(payload: object) -> None:
    assert unreadable(payload).reason == "NOT_OF_SCHEMA"


@pytest.mark.parametrize("body", [b"", b"{", b'{"order_id": }', b"order_id=5", b"eyJvcmRlcl9pZCI6NX0="])
def test_a_body_that_is_not_json_is_not(body: bytes) -> None:
    assert unreadable(body).reason == "NOT_JSON"


def test_what_is_not_understood_is_kept_with_what_it_seems_to_be_about() -> None:
    error = unreadable({"eventName": MEMO_HOOK, "order_id": 5, "created_at": "yesterday"})
    assert (error.topic, error.order_ref) == (MEMO_HOOK, "5")
    assert unreadable({"eventName": 5, "order_id": "' OR 1"}).order_ref == ""


# What tells one from another; nothing is sent again by itself


def test_a_credit_memo_is_known_by_its_number() -> None:
    later = NOW + timedelta(hours=1)
    one = read(b'{"order_id": 5, "creditmemo_id": 7}')
    assert one.delivery_key == "creditmemo:5:7:-"
    assert read(b'{"creditmemo_id": "7", "order_id": "5"}', later).delivery_key == one.delivery_key
    assert read(b'{"order_id": 5, "creditmemo_id": 8}').delivery_key != one.delivery_key


def test_each_save_of_a_credit_memo_is_one() -> None:
    saves = [{"creditmemo": credit_memo(updated_at=f"2026-03-14 15:09:2{second}")} for second in (1, 1, 2)]
    keys = [read(save).delivery_key for save in saves]
    assert keys[0] == keys[1] != keys[2]


def test_two_refunds_that_look_the_same_are_two(now: datetime) -> None:
    for payload in (
        {"order_id": 5},
        {"order_id": 5, "increment_id": "000000005", "entity_id": 9},
        {"creditmemo": {"order_id": 5}},
        {"orderId": 5},
    ):
        keys = {read(payload, now + timedelta(microseconds=wait)).delivery_key for wait in (0, 1)}
        assert len(keys) == 2


def test_each_save_of_an_order_is_one() -> None:
    later = NOW + timedelta(seconds=1)
    assert read(order(), later).delivery_key == read({"order": order()}).delivery_key
    assert read(order(state="canceled", updated_at="2026-03-14 15:10:00")).delivery_key != (
        read(order()).delivery_key
    )
    keys = [read(order(updated_at=None), at).delivery_key for at in (NOW, later)]
    assert keys[0] != keys[1]


# Whatever comes

trees: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "5", "05", "canceled", "2026-03-14 15:09:21", MEMO_HOOK, "\x7f"])
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("order_id", "orderId", "creditmemo_id", "entity_id", "increment_id", "state", "status"),
                    *("created_at", "updated_at", "_isNew", "customer_id", "items", "payment", "eventName"),
                    *("data", "value", "creditmemo", "order", "entity", "item", "type", "event_id", "time"),
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


def outcome(request: Request) -> Reading | UnreadableError:
    try:
        return Magento().read(request, SHOP)
    except UnreadableError as error:
        return error


@given(tree=trees, is_event=st.booleans())
def test_whatever_comes_is_understood_or_kept(tree: object, *, is_event: bool) -> None:
    headers = {"x-adobe-public-key1-path": KEY_PATHS[0]} if is_event else {}
    request = Request(headers, encoded(tree), NOW)
    told = outcome(request)
    assert 0 < len(told.delivery_key) <= 255
    if isinstance(told, UnreadableError):
        assert told.reason in {"NOT_OF_SCHEMA", "UNKNOWN_TOPIC", "NOT_JSON"}
        assert str(told)
    else:
        assert told.order_ref.isdigit() or len(told.events) > 1
        assert outcome(replace(request, replayed=True)) == told


@given(at=st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)), hours=st.integers(-12, 14))  # noqa: DTZ001 - as Magento writes them
def test_a_time_without_a_zone_is_in_utc(at: datetime, hours: int) -> None:
    zoned = at.replace(tzinfo=timezone(timedelta(hours=hours)))
    for text, moment in ((str(at), at.replace(tzinfo=UTC)), (zoned.isoformat(), zoned)):
        (seen,) = read({"order_id": 5, "creditmemo_id": 7, "created_at": text}).events
        assert seen == OrderTouched("5", moment)
