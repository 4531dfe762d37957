"""Token-based authentication: OAuth 1.0a signatures with HMAC-SHA256.

https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4389727047.html and RFC 5849.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from sandbox.netsuite.account import Account

FRESH_SECONDS: Final = 300
SHORTEST_NONCE: Final = 6
PARAMETER: Final = re.compile(r'\s*([A-Za-z_]+)="([^"]*)"\s*(?:,|$)')
DEFAULT_PORTS: Final = {"http": 80, "https": 443}
NEEDED: Final = frozenset(
    {
        "oauth_consumer_key",
        "oauth_token",
        "oauth_signature_method",
        "oauth_timestamp",
        "oauth_nonce",
        "oauth_signature",
    }
)


def parse_header(header: str) -> dict[str, str] | None:
    """Read an ``OAuth`` authorization header; ``None`` if it is not one."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "oauth":
        return None
    return {name: unquote(value) for name, value in PARAMETER.findall(rest)}


def escaped(text: str) -> str:
    """Percent-encode as RFC 5849 section 3.6 says."""
    return quote(text, safe="-._~")


def base_string(method: str, url: str, parameters: Sequence[tuple[str, str]]) -> str:
    """Write the signature base string of RFC 5849 section 3.4.1.

    Args:
        method: HTTP method.
        url: The whole URL; its query takes part.
        parameters: OAuth parameters, realm and signature left out.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if parts.port is not None and parts.port != DEFAULT_PORTS.get(parts.scheme):
        host = f"{host}:{parts.port}"
    pairs = [*parse_qsl(parts.query, keep_blank_values=True), *parameters]
    normal = "&".join(f"{name}={value}" for name, value in sorted((escaped(n), escaped(v)) for n, v in pairs))
    return "&".join(
        escaped(part) for part in (method.upper(), f"{parts.scheme}://{host}{parts.path}", normal)
    )


def is_good(account: Account, header: str, method: str, url: str, now: datetime) -> bool:
    """Tell whether a request is signed with the account's token; a nonce is good once.

    Args:
        account: The account called.
        header: The ``Authorization`` header.
        method: HTTP method.
        url: The URL as called, with its query.
        now: The present time.
    """
    given, known = parse_header(header), account.tba
    if given is None or known is None or not set(given) >= NEEDED:
        return False
    stamp = given["oauth_timestamp"]
    fits = (
        given.get("realm") == account.account_id
        and given["oauth_consumer_key"] == known.consumer_key
        and given["oauth_token"] == known.token_id
        and given["oauth_signature_method"] == "HMAC-SHA256"
        and given.get("oauth_version", "1.0") == "1.0"
        and len(given["oauth_nonce"]) >= SHORTEST_NONCE
        and stamp.isdigit()
        and abs(int(stamp) - now.timestamp()) <= FRESH_SECONDS
    )
    if not fits or (given["oauth_nonce"], stamp) in account.nonces:
        return False
    signed = [(name, value) for name, value in given.items() if name not in {"realm", "oauth_signature"}]
    key = f"{escaped(known.consumer_secret)}&{escaped(known.token_secret)}"
    digest = hmac.new(key.encode(), base_string(method, url, signed).encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(base64.b64encode(digest), given["oauth_signature"].encode()):
        return False
    account.nonces.add((given["oauth_nonce"], stamp))
    return True
