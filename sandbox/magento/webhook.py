"""Commerce Webhooks: asked in the middle of the admin's action, and able to block it.

https://developer.adobe.com/commerce/extensibility/webhooks/ (responses, signature verification). A hook gets
the arguments of the method it hangs on: an observer's under the name of the event, a plugin's by their names.
"""

import base64
import json
import uuid
from datetime import datetime
from http import HTTPStatus
from typing import Final

import requests

from sandbox.clock import iso_millis
from sandbox.jsonish import Json, dumps
from sandbox.magento import keys
from sandbox.magento.events import PLATFORM
from sandbox.magento.model import CreditMemo, Order
from sandbox.magento.payloads import memo_event
from sandbox.magento.store import Push, Store
from sandbox.webhooks import Delivery, DeliveryState, Headers
from sandbox.world import World

SIGNATURE_HEADER: Final = "x-adobe-commerce-webhook-signature"
TIMEOUT_SECONDS: Final = 5.0
OPERATIONS: Final = frozenset({"success", "add", "replace", "remove"})
OBSERVER: Final = "observer."
GIVEN_BY_SAVING: Final = frozenset({"entity_id", "increment_id", "parent_id", "created_at", "updated_at"})
FALLBACK: Final = "Cannot perform the operation due to an error."


class BlockedError(Exception):
    """The receiver did not let the action pass; the message is for the admin. ``reason`` is ``blocked``."""

    reason = "blocked"


def signed(body: bytes) -> str:
    """Sign a body: over its base64, by the key pair made in the admin."""
    return keys.signature(keys.WEBHOOKS_KEY, base64.b64encode(body))


def ask(world: World, store: Store, order: Order, memo: CreditMemo) -> None:
    """Ask the receiver whether a credit memo may be saved, and wait for its answer.

    To be called without the world's lock.

    Args:
        world: Where it is asked from.
        store: Whose webhook it is.
        order: The order.
        memo: The credit memo as the hook sees it; without its numbers if they are still to come.

    Raises:
        BlockedError: Anything but HTTP 200 with operations that let it pass.
    """
    push = store.push
    if push is None or push.via != "commerce_webhook":
        return
    delivery = _delivery(world, store, order, memo, push)
    now = world.clock.now()
    delivery.headers = delivery.sign(now)
    status, answer = _post(delivery)
    message = _refusal(status, answer)
    delivery.attempts.append({"at": iso_millis(now), "status": status})
    delivery.state = DeliveryState.GIVEN_UP if message else DeliveryState.DELIVERED
    world.courier.keep(delivery)
    if message:
        raise BlockedError(message)


def _delivery(world: World, store: Store, order: Order, memo: CreditMemo, push: Push) -> Delivery:
    with world.lock:
        shown = memo_event(store, order, memo, new=True)
    shown = shown | {"entity_id": memo.id} if memo.id else _unsaved(shown)
    if push.fields is not None:
        shown = {name: each for name, each in shown.items() if name in push.fields}
    observed = {"eventName": push.method, "data": {"creditmemo": shown}}
    body = dumps(observed if push.method.startswith(OBSERVER) else {"entity": shown})

    def sign(_now: datetime) -> Headers:
        headers = {"Content-Type": "application/json", **push.headers}
        return headers | ({SIGNATURE_HEADER: signed(body)} if push.signed else {})

    return Delivery(
        id=str(uuid.uuid4()),
        platform=PLATFORM,
        tenant=store.tenant,
        topic=push.method,
        url=push.url,
        body=body,
        sign=sign,
        delays=(),
    )


def _unsaved(shown: Json) -> Json:
    """Leave away what a credit memo gets only by being saved."""
    return {
        name: [_unsaved(each) for each in value] if name in {"items", "comments"} else value
        for name, value in shown.items()
        if name not in GIVEN_BY_SAVING
    }


def _post(delivery: Delivery) -> tuple[int | None, bytes]:
    """Post once; no answer is ``None``."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.post(
                delivery.url,
                data=delivery.body,
                headers=dict(delivery.headers),
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException:
            return None, b""
        return answer.status_code, answer.content


def _refusal(status: int | None, answer: bytes) -> str:
    """Return what the admin reads if the action is blocked, nothing if it passes."""
    if status != HTTPStatus.OK:
        return FALLBACK
    try:
        given = json.loads(answer)
    except ValueError:
        return FALLBACK
    operations = given if isinstance(given, list) else [given]
    for each in operations:
        op = each.get("op") if isinstance(each, dict) else None
        if op == "exception":
            return str(each.get("message") or FALLBACK)
        if op not in OPERATIONS:
            return FALLBACK
    return ""
