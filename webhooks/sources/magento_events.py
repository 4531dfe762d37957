"""What Magento's bodies tell, in our own words: an order to look at, or the state of one.

No amount in a push is used. Listened to are credit memos and orders that are saved, and orders that are
deleted, each also after its transaction (`…_commit_after`):
https://developer.adobe.com/commerce/extensibility/events/events-reference/ .
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ledger.events import Event, OrderSeen, OrderTouched
from ledger.models import OrderState
from webhooks.parsing import Json
from webhooks.sources.magento_shapes import CloudEvent, CreditMemo, Order, load
from webhooks.sources.magento_subject import subject_of
from webhooks.sources.protocol import NotOfSchemaError, UnknownTopicError

_PREFIX: Final = "com.adobe.commerce."
_CREDIT_MEMO: Final = "sales_order_creditmemo_save"
_ORDER: Final = "sales_order_save"
_DELETED_ORDER: Final = "sales_order_delete"


@dataclass(frozen=True, slots=True)
class Told:
    """What a body tells.

    Attributes:
        key: What a second sending of the same has in common with it, in parts.
        order_ref: The order's entity id, empty where it is about several.
        person_ref: The customer's entity id, empty for guests and where it is not told.
    """

    topic: str
    key: tuple[str, ...]
    events: tuple[Event, ...]
    order_ref: str
    person_ref: str = ""


def read_events(payload: Json, received_at: datetime) -> Told:
    """Read what Adobe I/O Events delivers: an event, or in batch delivery an array of them.

    Raises:
        marshmallow.ValidationError: If an event is not of the documented shape.
        NotOfSchemaError: If an event has no id, or names no order.
        UnknownTopicError: If an event is not one that is listened to.
    """
    told = [_event(each, received_at) for each in (payload if isinstance(payload, list) else [payload])]
    if not told:
        raise NotOfSchemaError("the batch is empty")
    if len(told) == 1:
        return told[0]
    return Told(
        topic=_common(each.topic for each in told) or "batch",
        key=("batch", *sorted(part for each in told for part in each.key)),
        events=tuple(event for each in told for event in each.events),
        order_ref=_common(each.order_ref for each in told),
        person_ref=_common(each.person_ref for each in told),
    )


def _common(texts: Iterable[str]) -> str:
    """Return what all texts are, empty if they differ."""
    different = set(texts)
    return different.pop() if len(different) == 1 else ""


def _event(payload: Json, received_at: datetime) -> Told:
    event = load(CloudEvent, payload)
    topic = event.type.removeprefix(_PREFIX)
    event_id = event.event_id or event.eventid or event.id
    if not event_id:
        raise NotOfSchemaError("the event has no id")
    at = event.time or received_at
    name = topic.removeprefix("observer.").removesuffix("_after").removesuffix("_commit")
    if name == _CREDIT_MEMO:
        memo = load(CreditMemo, event.value)
        # A memo that this save made may not have its time yet: the database gives it.
        expected_at = (memo.created_at or at) if memo.is_new else None
        return Told(topic, (event_id,), (OrderTouched(memo.order_id, expected_at),), memo.order_id)
    if name in {_ORDER, _DELETED_ORDER}:
        return _order(topic, (event_id,), event.value, at)
    raise UnknownTopicError("the event is not one this service asked for")


def _order(topic: str, key: tuple[str, ...], value: Mapping[str, Any], at: datetime) -> Told:
    order = load(Order, value)
    if not order.order_id:
        raise NotOfSchemaError("the order's entity_id is missing: add it to the fields that are sent")
    state = OrderState.DELETED if _DELETED_ORDER in topic else order.life
    # Without its state the order's life is not known, but it may well have been refunded.
    told: Event = OrderTouched(order.order_id)
    if state is OrderState.DELETED:
        told = OrderSeen(order.order_id, order.increment_id, state, at)
    elif state is not None:
        told = OrderSeen(order.order_id, order.increment_id, state, order.updated_at or at)
    moment = order.updated_at or at
    return Told(
        topic, key or _change("order", order.order_id, moment), (told,), order.order_id, order.customer_id
    )


def read_notice(payload: Json, received_at: datetime) -> Told:
    """Read what a hook of the Commerce Webhooks module sends, or the template of another extension.

    Neither numbers what it sends and neither sends it again, so that one is told from another by what changed
    and when; see `webhooks.sources.magento_subject` for what is looked for.

    Raises:
        marshmallow.ValidationError: If what is found is not of a usable shape.
        NotOfSchemaError: If no order is found.
    """
    subject = subject_of(payload)
    if subject is None:
        raise NotOfSchemaError("the body names no order")
    if subject.is_order:
        return _order(subject.event_name or "order", (), subject.node, received_at)
    memo = load(CreditMemo, subject.node)
    is_memo = subject.is_credit_memo or bool(memo.creditmemo_id)
    number = (memo.creditmemo_id or memo.entity_id or memo.increment_id) if is_memo else ""
    moment = memo.updated_at or (None if number else received_at)
    kind = "creditmemo" if is_memo else "notice"
    expected_at = (memo.created_at or received_at) if is_memo and memo.is_new else None
    return Told(
        subject.event_name or kind,
        _change(kind, memo.order_id, moment, number),
        (OrderTouched(memo.order_id, expected_at),),
        memo.order_id,
    )


def _change(kind: str, order_id: str, moment: datetime | None, number: str = "") -> tuple[str, ...]:
    """Return the key of a change that has no id of its own."""
    when = moment.strftime("%Y%m%dT%H%M%S.%f") if moment else "-"
    return kind, order_id, number or "-", when
