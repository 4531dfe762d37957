"""eBay's Platform Notifications of old: SOAP, signed by a hash that covers its time only.

The signature shows that eBay sent something at that time, not that it sent this, so a body is no more than a
hint at which order or request to look: https://developer.ebay.com/support/kb-article?KBid=1201. Bodies:
https://developer.ebay.com/api-docs/static/platform-notifications-landing.html.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final
from xml.etree.ElementTree import Element

from marshmallow import ValidationError, fields, validate

from ledger.events import Event, OrderTouched, RequestTouched
from webhooks.sources.ebay_shapes import MOST_ORDERS, ORDER_ID, REQUEST_ID, REQUESTS
from webhooks.sources.ebay_xml import content_of, document, elements_in, header_of, texts_in
from webhooks.sources.fields import Shape, moment_of
from webhooks.sources.protocol import (
    Endpoint,
    NotOfSchemaError,
    Reading,
    Request,
    SignatureError,
    UnknownTopicError,
    UnreadableError,
)
from webhooks.sources.signing import delivery_key, unread_key

EVENTS: Final = re.compile(
    r"Return[A-Za-z]+|OrderInquiry[A-Za-z]+|EBP[A-Za-z]+|BuyerCancelRequested"
    r"|AuctionCheckoutComplete|FixedPriceTransaction"
)
"""The events that are understood."""

_TOLERANCE: Final = 600  # seconds, either way
_TEXT_LENGTH: Final = 300  # characters; far above any id or name
_SUBJECTS: Final = {name.lower(): kind for name, kind in REQUESTS.items()}


@dataclass(frozen=True, slots=True)
class _Notice:
    """What a notification tells.

    Attributes:
        orders: The ids of the orders it names.
        subjects: The number of the return, cancellation, inquiry or case it names, by kind.
        correlation_id: eBay's own id of the notification, which some kinds have.
        buyer: What it calls the buyer.
    """

    event: str
    timestamp: str
    orders: list[str]
    subjects: dict[str, str]
    correlation_id: str = ""
    buyer: str = ""


def _text(*, required: bool = False) -> fields.Field[str]:
    length = validate.Length(min=int(required), max=_TEXT_LENGTH)
    return fields.String(required=required, validate=length)


class _NoticeSchema(Shape):
    makes: ClassVar[type] = _Notice
    event = _text(required=True)
    timestamp = _text(required=True)
    orders = fields.List(
        fields.String(validate=validate.Regexp(rf"{ORDER_ID.pattern}\Z")),
        required=True,
        validate=validate.Length(max=MOST_ORDERS),
    )
    subjects = fields.Dict(
        values=fields.String(validate=validate.Regexp(rf"{REQUEST_ID.pattern}\Z")), required=True
    )
    correlation_id = _text()
    buyer = _text()


_SCHEMA: Final = _NoticeSchema()


def verify(request: Request, endpoint: Endpoint) -> tuple[str, ...]:
    """Check that eBay sent the signature, lately, and return what the body calls the recipient.

    The account's credentials have `legacy`: `dev_id`, `app_id` and `cert_id`, the last a text, or a list of
    texts while two are live.

    Raises:
        SignatureError: `missing_signature` also where the account takes no such pushes; `wrong_signature`,
            `bad_timestamp`, `stale` or `from_the_future`.
    """
    keys = _keys(endpoint.credentials.get("legacy"))
    root = document(request.body) if keys else None
    signature = "" if root is None else next(texts_in(header_of(root), "notificationsignature"), "")
    if root is None or not signature:
        raise SignatureError("missing_signature")
    content = content_of(root)
    timestamp = content.get("timestamp", "")
    if not _signed_by_any(keys, timestamp, signature):
        raise SignatureError("wrong_signature")
    sent_at = moment_of(timestamp)
    if sent_at is None:
        raise SignatureError("bad_timestamp")
    age = (request.received_at - sent_at).total_seconds()
    if abs(age) > _TOLERANCE:
        raise SignatureError("stale" if age > 0 else "from_the_future")
    recipient = content.get("recipientuserid", "")
    return (recipient,) if recipient else ()


def _keys(legacy: object) -> list[str]:
    """Return what is hashed after the time, for each live certificate; nothing unless all of it is there."""
    if not isinstance(legacy, Mapping):
        return []
    certificates = legacy.get("cert_id")
    ids = [legacy.get("dev_id"), legacy.get("app_id")]
    live = certificates if isinstance(certificates, list) else [certificates]
    parts = [part for part in (*ids, *live) if isinstance(part, str) and part]
    if len(parts) < len(ids) + len(live):
        return []
    return ["".join((*parts[: len(ids)], certificate)) for certificate in parts[len(ids) :]]


def _signed_by_any(keys: list[str], timestamp: str, signature: str) -> bool:
    try:
        digest = base64.b64decode(signature, validate=True)
    except ValueError:
        return False
    matches = [
        # MD5 is what eBay made these with.
        hmac.compare_digest(hashlib.md5((timestamp + key).encode(), usedforsecurity=False).digest(), digest)
        for key in keys
    ]
    return any(matches)


def read(body: bytes) -> Reading:
    """Return a notification in our own words.

    Most kinds name a return, a cancellation or a case, and no order: eBay has to be asked whose order it is
    about.

    Raises:
        UnreadableError: If the event is not one we asked for, or the body is not of its shape.
    """
    root = document(body)
    told = {} if root is None else _told(root)
    topic = str(told.get("event", ""))
    try:
        return _reading(_SCHEMA.load(told))
    except (NotOfSchemaError, UnknownTopicError) as error:
        reason, detail = error.reason, str(error)
    except ValidationError as error:
        reason, detail = NotOfSchemaError.reason, json.dumps(error.messages)
    raise UnreadableError(reason, detail, topic=topic, delivery_key=unread_key(topic, "", body))


def _reading(notice: _Notice) -> Reading:
    if not EVENTS.fullmatch(notice.event):
        raise UnknownTopicError("the event is not one this service asked for")
    if not notice.orders and not notice.subjects:
        raise NotOfSchemaError("the notification names no order, return, cancellation, inquiry or case")
    # A further attempt is the same text again.
    event = notice.correlation_id or notice.timestamp
    touched: tuple[Event, ...] = tuple(OrderTouched(order) for order in notice.orders)
    return Reading(
        notice.event,
        delivery_key("soap", notice.event, event, *notice.subjects.values(), *notice.orders),
        touched or tuple(RequestTouched(*subject) for subject in notice.subjects.items()),
        order_ref=next(iter(notice.orders), ""),
        person_ref=notice.buyer,
    )


def _told(root: Element) -> dict[str, object]:
    """Return what a notification tells, by the names of `_Notice`."""
    content = content_of(root)
    named = {
        "event": content.get("notificationeventname"),
        "timestamp": content.get("timestamp"),
        "correlation_id": content.get("correlationid"),
        "buyer": _buyer(root, content),
    }
    # An order that had another id once is named by both.
    orders = list(texts_in(root, "extendedorderid")) or list(texts_in(root, "orderid"))
    return {name: text for name, text in named.items() if text} | {
        "orders": list(dict.fromkeys(orders)),
        "subjects": {kind: content[name] for name, kind in _SUBJECTS.items() if content.get(name)},
    }


def _buyer(root: Element, content: Mapping[str, str]) -> str:
    if content.get("otherpartyrole") == "BUYER":
        return content.get("otherpartyid", "")
    buyer = next(elements_in(root, "buyer"), None)
    return "" if buyer is None else next(texts_in(buyer, "userid"), "")
