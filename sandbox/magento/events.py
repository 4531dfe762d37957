"""Tells of what happened, the way the store is set up: I/O Events or the Mageplaza extension.

https://developer.adobe.com/events/docs/common/retry-doc and https://github.com/mageplaza/magento-2-webhook.
"""

import base64
import re
import uuid
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Final

from sandbox.clock import iso_millis
from sandbox.jsonish import Json, dumps
from sandbox.magento import keys
from sandbox.magento.model import CreditMemo, Order
from sandbox.magento.payloads import memo_event, order_event
from sandbox.magento.render import memo_json
from sandbox.magento.render_order import order_json
from sandbox.magento.store import CREDITMEMO_SAVED, ORDER_SAVED, Push, Store
from sandbox.webhooks import Delivery, Headers
from sandbox.world import World

PLATFORM: Final = "magento"
EVENT_PREFIX: Final = "com.adobe.commerce."
MINUTE: Final = 60.0
LONGEST_WAIT: Final = 15 * MINUTE
RETRIED_FOR: Final = 24 * 60 * MINUTE
PLACEHOLDER: Final = re.compile(r"{{\s*item\.([\w.]+)\s*}}")


def retry_delays() -> tuple[float, ...]:
    """Return I/O Events' waits between attempts: from 1 minute, doubling up to 15, for 24 hours."""
    delays: list[float] = []
    while sum(delays) < RETRIED_FOR:
        delays.append(min(MINUTE * 2 ** len(delays), LONGEST_WAIT))
    return tuple(delays)


def is_retried(status: int | None) -> bool:
    """Tell whether I/O Events tries again: without an answer, after 429, and after 5xx except 505."""
    if status is None or status == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    server_error = HTTPStatus.INTERNAL_SERVER_ERROR
    return status // 100 == server_error // 100 and status != HTTPStatus.HTTP_VERSION_NOT_SUPPORTED


def memo_saved(world: World, store: Store, order: Order, memo: CreditMemo, *, new: bool) -> None:
    """Tell that a credit memo was saved; the order is saved with a new one."""
    _tell(
        world,
        store,
        {
            CREDITMEMO_SAVED: lambda: memo_event(store, order, memo, new=new),
            **({ORDER_SAVED: lambda: order_event(store, order, new=False)} if new else {}),
        },
        {"new_creditmemo": lambda: memo_json(store, order, memo)} if new else {},
    )


def order_saved(world: World, store: Store, order: Order, *, new: bool) -> None:
    """Tell that an order was saved."""
    hook = "new_order" if new else "order"
    _tell(
        world,
        store,
        {ORDER_SAVED: lambda: order_event(store, order, new=new)},
        {hook: lambda: order_json(store, order)},
    )


def _tell(
    world: World, store: Store, events: dict[str, Callable[[], Json]], hooks: dict[str, Callable[[], Json]]
) -> None:
    """Send what the store subscribes to, in the words of the way it is sent."""
    push = store.push
    if push is None:
        return
    if push.via == "io_events":
        sent = [io_event(store, push, each, events[each](), world) for each in events if each in push.events]
    elif push.via == "mageplaza":
        sent = [mageplaza_hook(store, push, each, hooks[each]()) for each in hooks if each in push.events]
    else:
        sent = []
    world.courier.send(sent)


def io_event(store: Store, push: Push, event: str, value: Json, world: World) -> Delivery:
    """Write, sign and address one event as I/O Events delivers it."""
    event_id, now = str(uuid.uuid4()), world.clock.now()
    if push.fields is not None:
        value = {name: each for name, each in value.items() if name in push.fields}
    body = dumps(
        {
            "specversion": "1.0",
            "id": event_id,
            "source": f"urn:uuid:{push.provider_id}",
            "type": EVENT_PREFIX + event,
            "datacontenttype": "application/json",
            "time": iso_millis(now),
            "eventid": event_id,
            "event_id": event_id,
            "recipient_client_id": push.client_id,
            "recipientclientid": push.client_id,
            "data": {
                "key": str(uuid.uuid4()),
                "value": value,
                "source": f"magento.{store.tenant}",
                "_metadata": {
                    "commerceEdition": "Adobe Commerce",
                    "commerceVersion": "2.4.8",
                    "eventsClientVersion": "1.12.1",
                    "storeId": "1",
                    "websiteId": "1",
                    "storeGroupId": "1",
                },
            },
        }
    )
    headers = {
        "Content-Type": "application/cloudevents+json; charset=utf-8",
        "User-Agent": "Adobe/1.0",
        "x-adobe-event-code": EVENT_PREFIX + event,
        "x-adobe-event-id": event_id,
        "x-adobe-provider": "dx_commerce_events",
    }
    for number in keys.EVENTS_KEYS:
        headers[f"x-adobe-digital-signature-{number}"] = keys.signature(keys.events_key(number), body)
        headers[f"x-adobe-public-key{number}-path"] = keys.key_path(number)

    def sign(_now: datetime) -> Headers:
        failures = len(delivery.attempts)
        return headers | ({"x-adobe-retry-count": str(failures)} if failures else {})

    delivery = Delivery(
        id=event_id,
        platform=PLATFORM,
        tenant=store.tenant,
        topic=event,
        url=push.url,
        body=body,
        sign=sign,
        delays=retry_delays(),
        event_id=event_id,
        retried=is_retried,
    )
    return delivery


def filled_in(template: str, item: Json) -> str:
    """Fill in a Liquid template's ``{{item.…}}``; what is not there is nothing, and nothing is escaped."""

    def value(found: re.Match[str]) -> str:
        at: object = item
        for name in found[1].split("."):
            at = at.get(name) if isinstance(at, dict) else None
        return "" if at is None else str(at)

    return PLACEHOLDER.sub(value, template)


def mageplaza_hook(store: Store, push: Push, hook: str, item: Json) -> Delivery:
    """Write one call of the Mageplaza extension: the admin's body and headers, sent once, unsigned."""

    def sign(_now: datetime) -> Headers:
        return {"Content-Type": "application/json", **push.headers}

    return Delivery(
        id=str(uuid.uuid4()),
        platform=PLATFORM,
        tenant=store.tenant,
        topic=hook,
        url=filled_in(push.url, item),
        body=filled_in(push.template, item).encode(),
        sign=sign,
        delays=(),
        accepted=frozenset({HTTPStatus.OK, HTTPStatus.CREATED}),
    )


def basic(username: str, password: str) -> str:
    """Write basic credentials as an ``Authorization`` header."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
