"""Access tokens, kept in the process's memory until shortly before they expire."""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

_MARGIN: Final = 60.0  # seconds before its end at which a token is not used any more


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and how long it lasts, in seconds from now."""

    text: str
    lasts: float

    def __repr__(self) -> str:
        """Return a text without the token."""
        return f"Token(lasts={self.lasts})"


class TokenCache:
    """Keeps tokens by whom they are for; safe to share between threads.

    Args:
        clock: Monotonic time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens: dict[Hashable, tuple[str, float]] = {}

    def get(self, holder: Hashable, fetch: Callable[[], Token]) -> str:
        """Return the holder's token, fetched if there is none or it is about to expire."""
        with self._lock:
            text, until = self._tokens.get(holder, ("", 0.0))
            if not text or self._clock() >= until:
                token = fetch()
                text, until = token.text, self._clock() + max(token.lasts - _MARGIN, 0.0)
                self._tokens[holder] = text, until
            return text

    def drop(self, holder: Hashable, text: str) -> None:
        """Forget a token that was refused, unless a newer one has taken its place."""
        with self._lock:
            if self._tokens.get(holder, ("", 0.0))[0] == text:
                del self._tokens[holder]
