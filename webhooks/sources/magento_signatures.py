"""The three ways in which a Magento shop may show that a request is its own.

- Adobe I/O Events signs with two keys of Adobe's, of which one is enough, and names the client that the event
  is for: https://developer.adobe.com/events/docs/guides/ .
- The Commerce Webhooks module signs with the shop's own key:
  https://developer.adobe.com/commerce/extensibility/webhooks/signature-verification .
- Extensions for Magento Open Source, such as Mageplaza's, sign nothing; there a secret in a header has to do.
"""

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from webhooks.parsing import Json, ParseError, parse
from webhooks.sources.protocol import (
    Endpoint,
    KeyUnreachableError,
    NoSuchKeyError,
    Request,
    SignatureError,
)
from webhooks.sources.signing import is_any_of

KEY_HOST: Final = "https://static.adobeioevents.com"
"""Where Adobe I/O Events keeps its public keys."""

KEY_PATH_HEADERS: Final = ("x-adobe-public-key1-path", "x-adobe-public-key2-path")
"""The headers that name the keys of an event; no other request has them."""

HOOK_SIGNATURE: Final = "x-adobe-commerce-webhook-signature"
"""The header with the signature of the Commerce Webhooks module."""

SECRET_HEADER: Final = "x-refund-sync-secret"  # noqa: S105 - the name of a header, not a secret
"""The header in which other extensions send the secret, where the account names none."""

_EVENT_SIGNATURES: Final = ("x-adobe-digital-signature-1", "x-adobe-digital-signature-2")
_KEY_PATH: Final = re.compile(r"/[A-Za-z0-9/_-]{1,200}\.pem")


def is_event(request: Request) -> bool:
    """Tell whether a request says it comes from Adobe I/O Events."""
    return any(request.header(name) for name in KEY_PATH_HEADERS)


def event_body(body: bytes) -> bytes:
    """Return the JSON of an event, which some of Adobe's providers send in base64; that is what is signed."""
    try:
        return base64.b64decode(body.strip(), validate=True)
    except ValueError:
        return body


def verify(request: Request, endpoint: Endpoint) -> None:
    """Check a request in the one way that its headers announce, of those that the account is set up for.

    Raises:
        SignatureError: `missing_signature`, `wrong_signature`, `unknown_key` or `wrong_shop`.
        KeyUnreachableError: If a key cannot be had just now.
    """
    client_id, hook_keys = endpoint.credentials.get("adobe_client_id"), _hook_keys(endpoint.credentials)
    secret = request.header(endpoint.credentials.get("secret_header") or SECRET_HEADER)
    if client_id and is_event(request):
        _verify_event(request, endpoint, client_id)
    elif hook_keys and request.header(HOOK_SIGNATURE):
        _verify_hook(request, hook_keys)
    elif secret:
        if not is_any_of(endpoint.secrets, secret):
            raise SignatureError("wrong_signature")
    else:
        is_signed = is_event(request) or bool(request.header(HOOK_SIGNATURE))
        raise SignatureError("unknown_key" if is_signed else "missing_signature")


def _verify_event(request: Request, endpoint: Endpoint, client_id: str) -> None:
    pairs = zip(_EVENT_SIGNATURES, KEY_PATH_HEADERS, strict=True)
    given = [(request.header(signature), request.header(path)) for signature, path in pairs]
    given = [(signature, path) for signature, path in given if signature and path]
    if not given:
        raise SignatureError("missing_signature")
    message = event_body(request.body)
    # Adobe's keys sign for all of its customers. Who it is for comes first, so that a stranger who does not
    # know the client id cannot make us fetch anything.
    if not _is_for(client_id, message):
        raise SignatureError("wrong_shop")
    is_known = False
    unreachable: KeyUnreachableError | None = None
    for signature, path in given:
        try:
            if _holds(_event_key(endpoint, path), signature, message):
                return
            is_known = True
        except NoSuchKeyError:
            continue
        except KeyUnreachableError as error:
            unreachable = error
    raise unreachable or SignatureError("wrong_signature" if is_known else "unknown_key")


def _is_for(client_id: str, message: bytes) -> bool:
    try:
        payload = parse(message)
    except ParseError:
        return False
    events = payload if isinstance(payload, list) else [payload]
    return bool(events) and all(_recipients(event) == {client_id} for event in events)


def _recipients(event: Json) -> set[str]:
    if not isinstance(event, dict):
        return set()
    named = (event.get("recipient_client_id"), event.get("recipientclientid"))
    return {str(name) for name in named if name is not None}


def _event_key(endpoint: Endpoint, path: str) -> RSAPublicKey:
    if not _KEY_PATH.fullmatch(path):
        raise NoSuchKeyError("no such path has a key of Adobe's")
    return _public_key(endpoint.keys.get(endpoint.at(KEY_HOST, path)), path)


def _hook_keys(credentials: Mapping[str, Any]) -> list[str]:
    """Return the public keys of the shop's Webhooks module; several while they are exchanged."""
    configured = credentials.get("commerce_public_key") or []
    return [configured] if isinstance(configured, str) else list(configured)


def _verify_hook(request: Request, keys: Iterable[str]) -> None:
    message = base64.b64encode(request.body)
    signature = request.header(HOOK_SIGNATURE)
    unreadable: KeyUnreachableError | None = None
    for key in keys:
        try:
            if _holds(_public_key(key.encode(), "commerce_public_key"), signature, message):
                return
        except KeyUnreachableError as error:
            unreadable = error
    raise unreadable or SignatureError("wrong_signature")


def _public_key(pem: bytes, where: str) -> RSAPublicKey:
    """Return a public key.

    Raises:
        KeyUnreachableError: If what should be one is none, so that the sender tries again.
    """
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPublicKey):
        raise KeyUnreachableError(f"{where} is no public RSA key in PEM")
    return key


def _holds(key: RSAPublicKey, signature: str, message: bytes) -> bool:
    try:
        key.verify(base64.b64decode(signature, validate=True), message, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):  # what is not base64 is a ValueError
        return False
    return True
