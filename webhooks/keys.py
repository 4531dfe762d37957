"""The platforms' public keys and certificates, fetched and kept for a while.

Whoever sends us a request names the key that it is signed with, so nothing here may be steered by it: the
sources name only hosts of the platform, redirects are not followed, answers are small and waited for briefly,
and what the platform does not have is remembered, too.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import requests

from webhooks.sources.protocol import KeyUnreachableError, NoSuchKeyError

KEPT: Final = 3600.0
"""Seconds a key is kept; eBay's own advice is an hour (https://developer.ebay.com/marketplace-account-deletion)."""

KEPT_MISSING: Final = 60.0
"""Seconds for which it is remembered that the platform has no such key."""

LARGEST: Final = 64 * 1024
"""Bytes of an answer; a certificate has a few thousand."""

_TIMEOUT: Final = (2.0, 2.0)  # seconds to connect, and for the next bytes; the platform is waiting
_MOST: Final = 256  # answers kept; the platforms have a handful of keys at a time


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer, or None where the platform has none, and until when it holds on the monotonic clock."""

    content: bytes | None
    until: float


class FetchedKeys:
    """Keys over HTTPS; see `webhooks.sources.protocol.Keys`. Safe to share between threads."""

    def __init__(self, *, allow_private: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        """Fetch keys.

        Args:
            allow_private: Whether addresses without TLS are asked, as in development.
            clock: Tells the time in seconds, for how long an answer is kept.
        """
        self._allow_private = allow_private
        self._clock = clock
        self._kept: OrderedDict[tuple[str, tuple[tuple[str, str], ...]], _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, form: Mapping[str, str] | None = None
    ) -> bytes:
        """Return what is at a URL, by GET, or by POST of a form where one is given.

        Raises:
            KeyUnreachableError: If it cannot be had just now.
            NoSuchKeyError: If the platform says that it has no such thing.
        """
        name = (url, tuple(sorted((form or {}).items())))
        with self._lock:
            kept = self._kept.get(name)
        if kept is None or kept.until <= self._clock():
            content = self._fetch(url, headers or {}, form)
            kept = _Kept(content, self._clock() + (KEPT_MISSING if content is None else KEPT))
            with self._lock:
                self._kept[name] = kept
                self._kept.move_to_end(name)
                while len(self._kept) > _MOST:
                    self._kept.popitem(last=False)
        if kept.content is None:
            raise NoSuchKeyError(f"{url} has no such key")
        return kept.content

    def _fetch(
        self, url: str, headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> bytes | None:
        if not (url.startswith("https://") or self._allow_private):
            raise KeyUnreachableError(f"keys are fetched over https only, not from {url}")
        method = "GET" if form is None else "POST"
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.request(
                    method,
                    url,
                    headers=dict(headers),
                    data=None if form is None else dict(form),
                    timeout=_TIMEOUT,
                    allow_redirects=False,
                    stream=True,
                )
                with answer:
                    content = answer.raw.read(LARGEST + 1, decode_content=True)
        except (requests.RequestException, OSError) as error:
            raise KeyUnreachableError(f"{url}: {type(error).__name__}") from error
        if answer.status_code in {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND}:
            return None
        if answer.status_code != HTTPStatus.OK or len(content) > LARGEST:
            raise KeyUnreachableError(f"{url} answered {answer.status_code}, {len(content)} bytes")
        return bytes(content)
