"""How eBay signs a notification: ECDSA over the body, by a key of eBay's that is fetched by its id.

https://developer.ebay.com/api-docs/commerce/notification/overview.html, and the official library,
https://github.com/eBay/event-notification-nodejs-sdk.
"""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key
from marshmallow import ValidationError, fields, validate

from webhooks.parsing import ParseError, parse
from webhooks.sources.fields import Shape
from webhooks.sources.protocol import (
    Endpoint,
    KeyUnreachableError,
    NoSuchKeyError,
    Request,
    SignatureError,
)

_HOST: Final = "https://api.ebay.com"
_KEY_PATH: Final = "/commerce/notification/v1/public_key/"
_TOKEN_PATH: Final = "/identity/v1/oauth2/token"  # noqa: S105 - where tokens are had, none itself
_TOKEN_FORM: Final = {"grant_type": "client_credentials", "scope": "https://api.ebay.com/oauth/api_scope"}
_DIGESTS: Final = {
    "SHA1": hashes.SHA1(),  # noqa: S303 - eBay's choice, and it says so itself with the key
    "SHA256": hashes.SHA256(),
}
# No character that could lead the path of the key elsewhere.
_KEY_ID: Final = r"[A-Za-z0-9_-]{1,100}\Z"
_PEM_MARKS: Final = re.compile(r"-----(BEGIN|END) PUBLIC KEY-----")  # eBay's PEM has no line breaks


@dataclass(frozen=True, slots=True)
class _Header:
    """What the signature's header says."""

    kid: str
    signature: str
    alg: str = ""


@dataclass(frozen=True, slots=True)
class _Token:
    access_token: str


@dataclass(frozen=True, slots=True)
class _Key:
    """A public key; `key` is PEM without its line breaks."""

    key: str
    digest: str


class _HeaderSchema(Shape):
    makes: ClassVar[type] = _Header
    kid = fields.String(required=True, validate=validate.Regexp(_KEY_ID))
    signature = fields.String(required=True)
    alg = fields.String(allow_none=True, validate=validate.Regexp(r"(?i)ecdsa\Z"))


class _TokenSchema(Shape):
    makes: ClassVar[type] = _Token
    access_token = fields.String(required=True)


class _KeySchema(Shape):
    makes: ClassVar[type] = _Key
    key = fields.String(required=True)
    digest = fields.String(required=True, validate=validate.OneOf(_DIGESTS))


_HEADER: Final = _HeaderSchema()
_TOKEN: Final = _TokenSchema()
_KEY: Final = _KeySchema()


def verify(request: Request, endpoint: Endpoint) -> None:
    """Check that eBay signed the body.

    Raises:
        SignatureError: `missing_signature`, `wrong_signature`, or `unknown_key` if eBay knows no such key.
        KeyUnreachableError: If the key cannot be had just now.
    """
    text = request.header("x-ebay-signature")
    if not text:
        raise SignatureError("missing_signature")
    try:
        header: _Header = _HEADER.load(parse(base64.b64decode(text, validate=True)))  # type: ignore[arg-type] # it refuses what is no object
        signature = base64.b64decode(header.signature, validate=True)
    except (ValueError, ValidationError):  # what is no base64, no JSON or of another shape
        raise SignatureError("wrong_signature") from None
    key, digest = _public_key(header.kid, endpoint)
    if not any(_holds(key, digest, signature, message) for message in _messages(request.body)):
        raise SignatureError("wrong_signature")


def _holds(
    key: ec.EllipticCurvePublicKey, digest: hashes.HashAlgorithm, signature: bytes, message: bytes
) -> bool:
    try:
        key.verify(signature, message, ec.ECDSA(digest))
    except InvalidSignature:
        return False
    return True


def _messages(body: bytes) -> Iterator[bytes]:
    """Yield what may have been signed: the body, or the same JSON in its shortest form.

    eBay's library checks the latter, as JavaScript writes it, so it must hold for a body with other spaces.
    """
    yield body
    try:
        parse(body)
    except ParseError:
        return
    yield json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).encode()


def _public_key(kid: str, endpoint: Endpoint) -> tuple[ec.EllipticCurvePublicKey, hashes.HashAlgorithm]:
    """Return a key of eBay's and the digest it signs with."""
    headers = {"Authorization": f"Bearer {_token(endpoint)}"}
    try:
        answer = endpoint.keys.get(endpoint.at(_HOST, _KEY_PATH + kid), headers=headers)
    except NoSuchKeyError:
        raise SignatureError("unknown_key") from None
    try:
        told: _Key = _KEY.load(parse(answer))  # type: ignore[arg-type] # it refuses what is no object
        der = base64.b64decode("".join(_PEM_MARKS.sub("", told.key).split()), validate=True)
        key = load_der_public_key(der)
    except (ValueError, ValidationError, UnsupportedAlgorithm):
        raise _unusable(kid) from None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise _unusable(kid)
    return key, _DIGESTS[told.digest]


def _unusable(kid: str) -> KeyUnreachableError:
    return KeyUnreachableError(f"what eBay answers for its key {kid} is not a key this service can use")


def _token(endpoint: Endpoint) -> str:
    """Return an application token, which eBay wants for telling its public keys."""
    names = ("client_id", "client_secret")
    client = [endpoint.credentials.get(name) for name in names]
    if not all(client):
        raise KeyUnreachableError(f"the account's credentials have no {' and '.join(names)} to ask eBay with")
    basic = base64.b64encode(":".join(map(str, client)).encode()).decode()
    try:
        answer = endpoint.keys.get(
            endpoint.at(_HOST, _TOKEN_PATH), headers={"Authorization": f"Basic {basic}"}, form=_TOKEN_FORM
        )
        token: _Token = _TOKEN.load(parse(answer))  # type: ignore[arg-type] # it refuses what is no object
    except NoSuchKeyError:
        raise KeyUnreachableError("eBay refuses an application token to the account's client_id") from None
    except (ParseError, ValidationError):
        raise KeyUnreachableError("what eBay answers is not an application token") from None
    return token.access_token
