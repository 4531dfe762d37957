r"""Who calls: OAuth 1.0a signatures, bearer tokens, and what the integration may use.

https://developer.adobe.com/commerce/webapi/get-started/authentication/gs-authentication-oauth, RFC 5849, and
``Magento\Framework\Oauth\Oauth`` for the order of the checks and their words.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from sandbox.magento.errors import NOT_ALLOWED, MagentoError, bad_request, missing, unauthorized
from sandbox.magento.store import KEY_LENGTH, Store

DEVIATION_SECONDS: Final = 600
DEFAULT_PORTS: Final = {"http": 80, "https": 443}
METHODS: Final = {"HMAC-SHA256": hashlib.sha256, "HMAC-SHA1": hashlib.sha1}
NEEDED: Final = (
    "oauth_consumer_key",
    "oauth_signature",
    "oauth_signature_method",
    "oauth_nonce",
    "oauth_timestamp",
    "oauth_token",
)
CONSUMER_ID: Final = 1


def parse_header(header: str) -> dict[str, str] | None:
    """Read the protocol parameters of an ``OAuth`` header; ``None`` if it is not one."""
    position = header.lower().find("oauth ")
    if position < 0:
        return None
    found: dict[str, str] = {}
    for part in header[position + len("oauth ") :].split(","):
        name, equals, value = part.strip().partition("=")
        if equals and name.startswith("oauth_"):
            found[unquote(name)] = unquote(value.strip('"'))
    return found


def escaped(text: str) -> str:
    """Percent-encode as RFC 5849 section 3.6 says."""
    return quote(text, safe="-._~")


def base_string(method: str, url: str, parameters: Sequence[tuple[str, str]]) -> str:
    """Write the signature base string of RFC 5849 section 3.4.1.

    Args:
        method: HTTP method.
        url: The whole URL; its query takes part.
        parameters: OAuth parameters, the signature left out.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if parts.port is not None and parts.port != DEFAULT_PORTS.get(parts.scheme):
        host = f"{host}:{parts.port}"
    pairs = [*parse_qsl(parts.query, keep_blank_values=True), *parameters]
    ordered = sorted((escaped(name), escaped(value)) for name, value in pairs)
    normal = "&".join(f"{name}={value}" for name, value in ordered)
    place = f"{parts.scheme}://{host}{parts.path}"
    return "&".join(escaped(each) for each in (method.upper(), place, normal))


def authorize(store: Store, header: str, method: str, url: str, resource: str, now: datetime) -> None:
    """Let a request in if its caller may use a resource.

    Args:
        store: The store called.
        header: The ``Authorization`` header.
        method: HTTP method.
        url: The URL as called, with its query.
        resource: The ACL resource that the route needs.
        now: The present time.

    Raises:
        MagentoError: The signature is not good, or the caller is nobody, or may not.
    """
    given = parse_header(header)
    if given is not None:
        check_signature(store, given, method, url, now)
        known = True
    else:
        known = _bearer_is_good(store, header, now)
    if not known:
        raise MagentoError(401, NOT_ALLOWED, {"resources": resource})
    if resource not in store.acl:
        raise MagentoError(store.forbidden_status, NOT_ALLOWED, {"resources": resource})


def _bearer_is_good(store: Store, header: str, now: datetime) -> bool:
    """Tell whether a bearer token is known; Magento takes a wrong one for no token at all."""
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        return False
    token = token.strip()
    if store.ims is not None and store.ims.knows(token, now):
        return True
    return store.bearer and hmac.compare_digest(token.encode(), store.oauth.access_token.encode())


def check_signature(store: Store, given: dict[str, str], method: str, url: str, now: datetime) -> None:
    """Check protocol parameters in Magento's order; the nonce is spent before the signature is looked at.

    Raises:
        MagentoError: Something is not good.
    """
    if given.get("oauth_version", "1.0") != "1.0":
        raise bad_request('The "%1" Oauth version isn\'t supported.', [given["oauth_version"]])
    absent = [name for name in NEEDED if name not in given]
    if absent:
        raise missing(*absent)
    if len(given["oauth_token"]) != KEY_LENGTH:
        raise bad_request("The token length is invalid. Check the length and try again.")
    if given["oauth_signature_method"] not in METHODS:
        raise bad_request("Signature method %1 is not supported", [given["oauth_signature_method"]])
    if len(given["oauth_consumer_key"]) != KEY_LENGTH:
        raise unauthorized("Consumer key is not the correct length")
    if given["oauth_consumer_key"] != store.oauth.consumer_key:
        raise unauthorized("A consumer having the specified key does not exist")
    _spend_nonce(store, given, now)
    if given["oauth_token"] != store.oauth.access_token:
        raise unauthorized("Specified token does not exist")
    if not hmac.compare_digest(_signature(store, given, method, url), given["oauth_signature"].encode()):
        raise unauthorized("The signature is invalid. Verify and try again.")


def _spend_nonce(store: Store, given: dict[str, str], now: datetime) -> None:
    """Take a nonce once; timestamps may be old, but not far in the future."""
    stamp = given["oauth_timestamp"]
    if not stamp.isdigit() or not 0 < int(stamp) <= now.timestamp() + DEVIATION_SECONDS:
        raise unauthorized("An error occurred validating the nonce")
    if given["oauth_nonce"] in store.nonces:
        message = "The nonce is already being used by the consumer with ID %1"
        raise MagentoError(401, message, [str(CONSUMER_ID)])
    store.nonces.add(given["oauth_nonce"])


def _signature(store: Store, given: dict[str, str], method: str, url: str) -> bytes:
    signed = [(name, value) for name, value in given.items() if name != "oauth_signature"]
    key = f"{escaped(store.oauth.consumer_secret)}&{escaped(store.oauth.access_token_secret)}"
    digest = METHODS[given["oauth_signature_method"]]
    made = hmac.new(key.encode(), base_string(method, url, signed).encode(), digest).digest()
    return base64.b64encode(made)
