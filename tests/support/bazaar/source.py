"""Bazaar: who signed a request, and which order it is about; its pushes tell no more."""

from http import HTTPStatus
from typing import Any, Final, cast

from marshmallow import Schema, ValidationError, fields

from ledger import accounts
from ledger.events import OrderTouched
from webhooks.parsing import ParseError, parse
from webhooks.sources.protocol import (
    Endpoint,
    Reading,
    Request,
    SignatureError,
    UnreadableError,
    no_challenge,
    no_glance,
    plain_answer,
)
from webhooks.sources.signing import delivery_key, signed_by_any, unread_key
from webhooks.sources.subscription import Subscription

_TOPIC: Final = "refund"
_SIGNATURE: Final = "x-bazaar-signature"


class _Push(Schema):
    order = fields.String(required=True)
    refund = fields.String(required=True)


class Bazaar:
    """The source `bazaar`."""

    name = "bazaar"
    find_account = staticmethod(accounts.by_slug)
    subscription = Subscription((_TOPIC,), "the stall's settings", "the stall's owner makes it")
    kept_headers = frozenset[str]()
    unsigned_status = HTTPStatus.UNAUTHORIZED
    uses_credentials = False
    answer = staticmethod(plain_answer)
    challenge = staticmethod(no_challenge)
    glance = staticmethod(no_glance)

    def verify(self, request: Request, endpoint: Endpoint) -> None:
        """Check the HMAC of the raw bytes."""
        try:
            signature = bytes.fromhex(request.header(_SIGNATURE))
        except ValueError:
            raise SignatureError("wrong_signature") from None
        if not signed_by_any(endpoint.secrets, request.body, signature):
            raise SignatureError("wrong_signature")

    def read(self, request: Request, _endpoint: Endpoint) -> Reading:
        """Return the request in our own words."""
        try:
            told = _Push().load(cast("dict[str, Any]", parse(request.body)))
        except (ParseError, ValidationError) as error:
            key = unread_key(_TOPIC, "", request.body)
            raise UnreadableError("NOT_OF_SCHEMA", str(error), delivery_key=key) from error
        touched = OrderTouched(told["order"], request.received_at)
        key = delivery_key(_TOPIC, told["order"], told["refund"])
        return Reading(_TOPIC, key, (touched,), order_ref=told["order"])
