"""Magento Open Source and Adobe Commerce: who sent a request, and what it tells.

A shop sends in one of three ways, told by the headers: by Adobe I/O Events, by the Commerce Webhooks module,
or by an extension with a secret in a header; see `webhooks.sources.magento_signatures`. An account accepts
those that its credentials are set up for: `adobe_client_id`, `commerce_public_key` (a PEM text, or a list of
several), and the account's webhook secret in the header `secret_header` (by default `x-refund-sync-secret`).
"""

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from marshmallow import ValidationError

from ledger import accounts
from webhooks.parsing import Json, ParseError, parse
from webhooks.sources import magento_signatures as signatures
from webhooks.sources.magento_events import read_events, read_notice
from webhooks.sources.protocol import (
    Answer,
    Endpoint,
    NotOfSchemaError,
    Reading,
    Request,
    UnknownTopicError,
    UnreadableError,
    no_glance,
)
from webhooks.sources.signing import delivery_key, unread_key
from webhooks.sources.subscription import Subscription

_EVENT_ID: Final = "x-adobe-event-id"
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9._~=-]{1,200}")  # Adobe's are UUIDs
_ORDER_ID: Final = re.compile(r"[1-9][0-9]{0,18}")


class Magento:
    """The source `magento`."""

    name = "magento"
    find_account = staticmethod(accounts.by_slug)
    # https://developer.adobe.com/commerce/extensibility/events/events-reference/
    subscription = Subscription(
        ("observer.sales_order_creditmemo_save_after", "observer.sales_order_save_after"),
        "Adobe I/O Events or the Commerce Webhooks module; or, with an extension such as Mageplaza, its "
        "hooks for new credit memos and orders",
        "the shop sends it in the header x-refund-sync-secret, unless the credentials have adobe_client_id "
        "(for Adobe I/O Events) or commerce_public_key (for Commerce Webhooks)",
    )
    kept_headers = frozenset({*signatures.KEY_PATH_HEADERS, _EVENT_ID, "x-adobe-retry-count"})
    unsigned_status = HTTPStatus.UNAUTHORIZED
    uses_credentials = True
    glance = staticmethod(no_glance)

    def verify(self, request: Request, endpoint: Endpoint) -> None:
        """Check a request in the one way that its headers announce.

        Raises:
            SignatureError: `missing_signature`, `wrong_signature`, `unknown_key` or `wrong_shop`.
            KeyUnreachableError: If a key cannot be had just now.
        """
        signatures.verify(request, endpoint)

    def read(self, request: Request, _endpoint: Endpoint) -> Reading:
        """Return the request in our own words.

        Raises:
            UnreadableError: If it is not JSON, of an event that is not listened to, or names no order.
        """
        is_event = signatures.is_event(request)
        payload: Json = None
        try:
            payload = parse(signatures.event_body(request.body) if is_event else request.body)
            told = (read_events if is_event else read_notice)(payload, request.received_at)
        except (ParseError, NotOfSchemaError, UnknownTopicError) as error:
            reason, detail = error.reason, str(error)
        except ValidationError as error:
            reason, detail = NotOfSchemaError.reason, json.dumps(error.messages)
        else:
            return Reading(
                told.topic, delivery_key(*told.key), told.events, told.order_ref, person_ref=told.person_ref
            )
        topic, order_ref = _glimpse(payload)
        raise UnreadableError(
            reason,
            detail,
            topic=topic,
            delivery_key=unread_key(topic, request.header(_EVENT_ID), request.body),
            order_ref=order_ref,
        )

    def answer(self, _request: Request, _outcome: str) -> Answer:
        """Let the shop go on: the Webhooks module forbids what its user does unless it is told so.

        It must be 200: Mageplaza takes nothing but 200 and 201 for success. The other ways read no more than
        the status, so that a hook which is set up with a secret header is answered right, too.
        https://developer.adobe.com/commerce/extensibility/webhooks/responses
        """
        return Answer.of({"op": "success"})

    def challenge(self, query: Mapping[str, str], endpoint: Endpoint) -> Answer | None:
        """Return the text that Adobe I/O Events asks for while a registration is made.

        https://developer.adobe.com/events/docs/guides/ ("The challenge request")
        """
        asked = query.get("challenge", "")
        if not endpoint.credentials.get("adobe_client_id") or not _CHALLENGE.fullmatch(asked):
            return None
        return Answer.of({"challenge": asked})


def _glimpse(payload: Json) -> tuple[str, str]:
    """Return the topic and the order of a body that is not understood, as far as it seems to name them."""
    if not isinstance(payload, dict):
        return "", ""
    topic = payload.get("type") or payload.get("eventName")
    data = payload.get("data")
    value = data.get("value") if isinstance(data, dict) else payload
    order_id = value.get("order_id") or value.get("entity_id") if isinstance(value, dict) else None
    is_id = _ORDER_ID.fullmatch(str(order_id)) is not None
    return topic if isinstance(topic, str) else "", str(order_id) if is_id else ""
