"""Shopify: who signed a request, which event it is, and what it tells.

Delivery: https://shopify.dev/docs/apps/build/webhooks/delivery-structure. Newer deliveries, of "Events", use
the prefix `shopify-` for the same headers.
"""

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final, Self

from marshmallow import ValidationError

from ledger import accounts
from ledger.money import MoneyError
from webhooks.parsing import Json, ParseError, parse
from webhooks.sources import shopify_glance
from webhooks.sources.fields import moment_of
from webhooks.sources.protocol import (
    Endpoint,
    Glance,
    NotOfSchemaError,
    Reading,
    Request,
    SignatureError,
    UnknownTopicError,
    UnreadableError,
    no_challenge,
    plain_answer,
)
from webhooks.sources.shopify_events import READERS, Understood, order_of
from webhooks.sources.signing import delivery_key, signed_by_any, unread_key
from webhooks.sources.subscription import Subscription

_PREFIXES: Final = ("x-shopify-", "shopify-")
_REQUIRED: Final = ("topic", "api-version", "webhook-id")
_KEPT: Final = (*_REQUIRED, "shop-domain", "event-id", "triggered-at", "sub-topic", "name", "test")


def _header(request: Request, name: str) -> str:
    return request.header(_PREFIXES[0] + name) or request.header(_PREFIXES[1] + name)


@dataclass(frozen=True, slots=True)
class _Envelope:
    """What the headers say; none of it is signed.

    Attributes:
        event: The action's id, or where it has none the delivery's own: both outlast every retry.
        at: When it happened, or at the latest when it came.
    """

    topic: str
    event: str
    at: datetime
    is_test: bool
    missing: tuple[str, ...]

    @classmethod
    def of(cls, request: Request) -> Self:
        """Read the headers of a request; a replayed one has passed as complete or is wanted all the same."""
        event_id = _header(request, "event-id")
        return cls(
            topic=_header(request, "topic").lower(),
            event=event_id or _header(request, "webhook-id"),
            at=moment_of(_header(request, "triggered-at")) or request.received_at,
            is_test=_header(request, "test").lower() == "true",
            missing=tuple(name for name in _REQUIRED if not (request.replayed or _header(request, name))),
        )


class Shopify:
    """The source `shopify`."""

    name = "shopify"
    find_account = staticmethod(accounts.by_slug)
    # https://shopify.dev/docs/apps/build/webhooks/subscribe/https
    subscription = Subscription(
        tuple(READERS),
        "the app's configuration (shopify.app.toml) or webhookSubscriptionCreate",
        "Shopify signs webhooks with the app's client secret",
    )
    kept_headers = frozenset(prefix + name for prefix in _PREFIXES for name in _KEPT)
    unsigned_status = HTTPStatus.UNAUTHORIZED
    uses_credentials = False
    answer = staticmethod(plain_answer)
    challenge = staticmethod(no_challenge)

    def verify(self, request: Request, endpoint: Endpoint) -> None:
        """Check the HMAC of the raw bytes, and that the request is about this account's shop.

        One app secret signs for every shop that installed the app, so the secret alone does not tell which.

        Raises:
            SignatureError: `missing_signature`, `wrong_signature` or `wrong_shop`.
        """
        text = _header(request, "hmac-sha256")
        if not text:
            raise SignatureError("missing_signature")
        try:
            signature = base64.b64decode(text, validate=True)
        except ValueError:  # what is not base64, or not even ASCII
            raise SignatureError("wrong_signature") from None
        if not signed_by_any(endpoint.secrets, request.body, signature):
            raise SignatureError("wrong_signature")
        if _header(request, "shop-domain").lower() != endpoint.platform_id.lower():
            raise SignatureError("wrong_shop")

    def glance(self, request: Request) -> Glance | None:
        """Return what a refund or an order is about; None for all else, and for what lacks a header."""
        envelope = _Envelope.of(request)
        if envelope.missing or envelope.is_test:
            return None
        return shopify_glance.glance(envelope.topic, envelope.event, request.body)

    def read(self, request: Request, endpoint: Endpoint) -> Reading:
        """Return the request in our own words.

        Raises:
            UnreadableError: If a header that Shopify always sends is missing, the topic is not one we asked
                for, or the body is not of its documented shape.
        """
        envelope = _Envelope.of(request)
        payload: Json = None
        try:
            payload = parse(request.body)
            return _reading(envelope, payload, endpoint)
        except (ParseError, NotOfSchemaError, UnknownTopicError) as error:
            reason, detail = error.reason, str(error)
        except ValidationError as error:
            reason, detail = NotOfSchemaError.reason, json.dumps(error.messages)
        except MoneyError as error:
            reason, detail = NotOfSchemaError.reason, str(error)
        raise UnreadableError(
            reason,
            detail,
            topic=envelope.topic,
            delivery_key=unread_key(envelope.topic, envelope.event, request.body),
            order_ref=order_of(envelope.topic, payload),
        )


def _reading(envelope: _Envelope, payload: Json, endpoint: Endpoint) -> Reading:
    if envelope.missing:
        raise NotOfSchemaError(f"headers are missing: {', '.join(envelope.missing)}")
    reader = READERS.get(envelope.topic)
    if reader is None:
        raise UnknownTopicError("the topic is not one this service asked for")
    if envelope.is_test:
        key = delivery_key(envelope.topic, envelope.event, "test")
        return Reading(envelope.topic, key, (), reason="TEST_DELIVERY")
    understood = reader(payload, endpoint, envelope.at)
    return Reading(
        envelope.topic, _key(envelope, understood), understood.events, order_ref=understood.order_ref
    )


def _key(envelope: _Envelope, understood: Understood) -> str:
    # One action of the merchant may concern several resources of one topic, under one event id.
    return delivery_key(envelope.topic, envelope.event, understood.resource_id)
