"""NetSuite: deliveries of our own SuiteScript, since NetSuite has no webhooks.

The script signs the time and the body, so that a captured request is worth nothing after five minutes. It
sends which record changed and hints for finding its order; the rest is read from NetSuite.
"""

import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar, Final

from marshmallow import ValidationError, fields, validate

from ledger import accounts
from ledger.events import RecordChanged
from webhooks.parsing import ParseError, parse
from webhooks.sources.fields import Id, Shape
from webhooks.sources.protocol import (
    Endpoint,
    NotOfSchemaError,
    Reading,
    Request,
    SignatureError,
    UnknownTopicError,
    UnreadableError,
    no_challenge,
    no_glance,
    plain_answer,
)
from webhooks.sources.signing import delivery_key, signed_by_any, unread_key

RECORD_TYPES: Final = frozenset(
    {
        "cashrefund",
        "cashsale",
        "creditmemo",
        "customerrefund",
        "invoice",
        "returnauthorization",
        "salesorder",
    }
)
"""The record types whose changes are listened to, by SuiteScript's names."""

_CHANGES: Final = ("create", "edit", "xedit", "delete")
_TOLERANCE: Final = 300  # seconds, either way
_SIGNATURE: Final = re.compile(r"[0-9A-Fa-f]{64}")
_SECONDS: Final = re.compile(r"[0-9]{1,12}")
_TEXT_LENGTH: Final = 300  # characters; far above any number or external id


@dataclass(frozen=True, slots=True)
class _Change:
    """The body of a delivery."""

    id: str
    change: str
    record_type: str
    record_id: str
    account: str
    external_id: str = ""
    other_ref_num: str = ""
    created_from: str = ""


def _hint(key: str) -> fields.Field[str]:
    return fields.String(data_key=key, allow_none=True, validate=validate.Length(max=_TEXT_LENGTH))


class _ChangeSchema(Shape):
    makes: ClassVar[type] = _Change
    id = fields.String(required=True, validate=validate.Length(min=1, max=_TEXT_LENGTH))
    change = fields.String(required=True, data_key="type", validate=validate.OneOf(_CHANGES))
    record_type = fields.String(required=True, data_key="recordType")
    record_id = Id(required=True, data_key="internalId")
    account = fields.String(required=True)
    external_id = _hint("externalId")
    other_ref_num = _hint("otherRefNum")
    created_from = _hint("createdFrom")


_SCHEMA: Final = _ChangeSchema()


class NetSuite:
    """The source `netsuite`."""

    name = "netsuite"
    find_account = staticmethod(accounts.netsuite_by_slug)
    subscription = None  # its script knows by itself
    kept_headers = frozenset({"x-ns-timestamp"})
    unsigned_status = HTTPStatus.UNAUTHORIZED
    uses_credentials = False
    answer = staticmethod(plain_answer)
    challenge = staticmethod(no_challenge)
    glance = staticmethod(no_glance)

    def verify(self, request: Request, endpoint: Endpoint) -> None:
        """Check the HMAC of time and raw bytes, and that the time is near.

        Raises:
            SignatureError: `missing_signature`, `wrong_signature`, `bad_timestamp`, `stale` or
                `from_the_future`.
        """
        timestamp, signature = request.header("x-ns-timestamp"), request.header("x-ns-signature")
        if not timestamp or not signature:
            raise SignatureError("missing_signature")
        message = timestamp.encode(errors="replace") + b"." + request.body
        if not _SIGNATURE.fullmatch(signature) or not signed_by_any(
            endpoint.secrets, message, bytes.fromhex(signature)
        ):
            raise SignatureError("wrong_signature")
        if not _SECONDS.fullmatch(timestamp):
            raise SignatureError("bad_timestamp")
        age = request.received_at.timestamp() - int(timestamp)
        if age > _TOLERANCE:
            raise SignatureError("stale")
        if age < -_TOLERANCE:
            raise SignatureError("from_the_future")

    def read(self, request: Request, endpoint: Endpoint) -> Reading:
        """Return the request in our own words.

        Raises:
            UnreadableError: If the body is not what our script sends, or comes from another NetSuite account.
        """
        topic = ""
        try:
            change = _change(request.body)
            topic = f"{change.record_type}/{change.change}"
            _check(change, endpoint)
        except (ParseError, NotOfSchemaError, UnknownTopicError) as error:
            reason, detail = error.reason, str(error)
        except ValidationError as error:
            reason, detail = NotOfSchemaError.reason, json.dumps(error.messages)
        else:
            return Reading(topic, delivery_key(change.id), (_seen(change),))
        raise UnreadableError(reason, detail, topic=topic, delivery_key=unread_key(topic, "", request.body))


def _change(body: bytes) -> _Change:
    change: _Change = _SCHEMA.load(parse(body))  # type: ignore[arg-type] # it refuses what is no object
    return change


def _check(change: _Change, endpoint: Endpoint) -> None:
    if change.account.lower() != endpoint.platform_id.lower():
        raise NotOfSchemaError("the body comes from another NetSuite account")
    if change.record_type not in RECORD_TYPES:
        raise UnknownTopicError("the record type is not one this service listens to")


def _seen(change: _Change) -> RecordChanged:
    return RecordChanged(
        record_type=change.record_type,
        record_id=change.record_id,
        change=change.change,
        external_id=change.external_id,
        other_ref_num=change.other_ref_num,
        created_from=change.created_from,
    )
