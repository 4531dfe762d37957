"""The stable key of a refund: what its record on the other side is known by, and how it is found again."""

import hashlib
import re
from collections.abc import Sequence
from typing import Final

_LENGTH: Final = 60  # characters of a key
_NOT_IN_KEY: Final = re.compile(r"[^A-Za-z0-9_]")
_KEY: Final = re.compile(r"rs-[A-Za-z0-9_-]+")
_KEY_APART: Final = re.compile(rf"\b{_KEY.pattern}")


def key_of(account_slug: str, source_refund_id: str) -> str:
    """Return the stable key of a refund: `rs-{account}-{source refund id}`.

    NetSuite takes letters, digits, `_` and `-` in an external id, so any other id is replaced by its hash; so
    is one with a hyphen, since account `a` with id `b-1` and account `a-b` with id `1` would share a key.
    """
    key = f"{mark_prefix(account_slug)}{source_refund_id}"
    if _NOT_IN_KEY.search(source_refund_id) or len(key) > _LENGTH:
        digest = hashlib.sha256(source_refund_id.encode()).hexdigest()[:24]
        return f"{mark_prefix(account_slug)}h{digest}"
    return key


def mark_prefix(account_slug: str) -> str:
    """Return how the keys of an account's refunds begin."""
    return f"rs-{account_slug}-"


def keys_in(text: str) -> Sequence[str]:
    """Return the words of a text that look like a key, in their order: the end of another word is none."""
    return _KEY_APART.findall(text)


def mark_in(text: str, prefix: str) -> str:
    """Return the first key in a text that begins so; empty where there is none.

    It counts even where it runs into what was written before it: who overlooks it pays a refund again.
    """
    return next((key for key in _KEY.findall(text) if key.startswith(prefix)), "")
