"""What every platform's signature and delivery key have in common."""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from typing import Final

_PLAIN: Final = re.compile(r"[A-Za-z0-9_./-]+")
_LONGEST_KEY: Final = 255  # characters; the width of the ledger's column


def signed_by_any(secrets: Iterable[str], message: bytes, signature: bytes) -> bool:
    """Tell whether one of the secrets made this HMAC-SHA256, in a time that does not tell which.

    Args:
        secrets: Every live secret, as UTF-8 text.
        message: The bytes that were signed.
        signature: The digest's bytes.
    """
    matches = [
        hmac.compare_digest(hmac.digest(secret.encode(), message, "sha256"), signature) for secret in secrets
    ]
    return any(matches)


def is_any_of(secrets: Iterable[str], shown: str) -> bool:
    """Tell whether a text is one of the secrets, in a time that does not tell which, or how much of it.

    Args:
        secrets: Every live secret.
        shown: What came in a header.
    """
    given = hashlib.sha256(shown.encode(errors="surrogatepass")).digest()
    matches = [hmac.compare_digest(hashlib.sha256(secret.encode()).digest(), given) for secret in secrets]
    return any(matches)


def delivery_key(*parts: str) -> str:
    """Return the key that these parts make: readable where it can be, hashed where it is long or odd."""
    readable = ":".join(parts)
    if len(readable) <= _LONGEST_KEY and all(_PLAIN.fullmatch(part) for part in parts):
        return readable
    return f"sha256:{hashlib.sha256(json.dumps(parts).encode()).hexdigest()}"


def unread_key(topic: str, event: str, body: bytes) -> str:
    """Return the key of a request that is not understood: all that it is known by."""
    return delivery_key("unread", hashlib.sha256(json.dumps([topic, event]).encode() + body).hexdigest())
