"""The memory behind ``@idempotent(key)``.

Rules and messages: https://shopify.dev/docs/api/usage/implementing-idempotency and the descriptions of the
``IDEMPOTENCY_*`` enum values in the Admin schema. Keys are kept 24 hours; a replay is answered from what
the shop holds now, not from what it answered then.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

KEPT: Final = timedelta(hours=24)
CONCURRENT: Final = "This request is currently in progress, please try again."
MISMATCH: Final = "The same idempotency key cannot be used with different operation parameters."
PREVIOUS_FAILED: Final = (
    "A previous request with this idempotency key failed. Retry with a new idempotency key."
)


@dataclass
class Remembered:
    """What is known of a key.

    Attributes:
        at: When it was first used.
        fingerprint: The operation's parameters in canonical form.
        refund_id: What came of it, ``None`` if the attempt broke down.
    """

    at: datetime
    fingerprint: str
    refund_id: int | None


class IdempotencyError(Exception):
    """A key that may not be used like this; its message is Shopify's.

    Attributes:
        reason: Machine-readable reason, always ``idempotency``.
    """

    reason = "idempotency"


class IdempotencyMemory:
    """A shop's keys, and the requests under way that carry one; not locked, its shop is."""

    def __init__(self) -> None:
        self._known: dict[str, Remembered] = {}
        self._under_way: dict[str, list[object]] = {}

    def arrive(self, keys: list[str], request: object) -> None:
        """Note that a request carrying these keys has come in."""
        for key in keys:
            self._under_way.setdefault(key, []).append(request)

    def leave(self, keys: list[str], request: object) -> None:
        """Note that the request has been answered."""
        for key in keys:
            self._under_way[key].remove(request)

    def recall(self, key: str, fingerprint: str, request: object, now: datetime) -> int | None:
        """Return the refund that this key already made, ``None`` if the key is new.

        Args:
            key: The idempotency key.
            fingerprint: The operation's parameters in canonical form.
            request: The request that asks, as it arrived.
            now: The present time.

        Raises:
            IdempotencyError: The key is in use, was used for something else, or its attempt broke down.
        """
        known = self._known.get(key)
        if known is not None and now - known.at >= KEPT:
            del self._known[key]
            known = None
        if known is not None:
            if known.refund_id is None:
                raise IdempotencyError(PREVIOUS_FAILED)
            if known.fingerprint != fingerprint:
                raise IdempotencyError(MISMATCH)
            return known.refund_id
        under_way = self._under_way.get(key, [])
        if under_way and under_way[0] is not request:
            raise IdempotencyError(CONCURRENT)
        return None

    def remember(self, key: str, fingerprint: str, refund_id: int, now: datetime) -> None:
        """Keep what came of a key."""
        self._known[key] = Remembered(now, fingerprint, refund_id)

    def break_down(self, keys: list[str], now: datetime) -> None:
        """Mark the keys of a request during which the platform itself failed."""
        for key in keys:
            self._known.setdefault(key, Remembered(now, "", None))
