"""The platforms' public keys and certificates, fetched and kept for a while.

Whoever sends us a request names the key that it is signed with, so nothing here may be steered by it: the
sources name only hosts of the platform, private addresses are refused, redirects not followed, answers are
small and waited for briefly, and what the platform does not have is remembered, too.
"""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeVar
from urllib.parse import urlsplit

import requests

from ledger import transport
from webhooks.sources.protocol import KeyUnreachableError, NoSuchKeyError

KEPT: Final = 3600.0
"""Seconds a key is kept; eBay's own advice is an hour (https://developer.ebay.com/marketplace-account-deletion)."""

KEPT_MISSING: Final = 60.0
"""Seconds for which it is remembered that the platform has no such key."""

KEPT_STALE: Final = 6 * 3600.0
"""Seconds a key is used beyond its time while the platform cannot be asked for it."""

LARGEST: Final = 64 * 1024
"""Bytes of an answer; a certificate has a few thousand."""

LONGEST: Final = 4.0
"""Seconds for all of an answer."""

_TIMEOUT: Final = (2.0, 2.0)  # seconds to connect, and for the next bytes; the platform is waiting
_MOST: Final = 256  # answers kept; the platforms have a handful of keys at a time
_MOST_MISSING: Final = 1024  # names remembered that the platforms have nothing under

FETCHES: Final = 30
"""How often a host is asked within `WINDOW`: whoever makes up names of keys uses up nobody's quota."""

WINDOW: Final = 60.0
"""Seconds."""

_Pairs = tuple[tuple[str, str], ...]
_Name = tuple[str, _Pairs, _Pairs]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer, and until when it holds on the monotonic clock."""

    content: bytes
    until: float


class FetchedKeys:
    """Keys over HTTPS; see `webhooks.sources.protocol.Keys`. Safe to share between threads."""

    def __init__(
        self,
        *,
        allow_private: bool = False,
        longest: float = LONGEST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Fetch keys.

        Args:
            allow_private: Whether private addresses and those without TLS are asked, as in development.
            longest: Seconds that an answer may take.
            clock: Tells the time in seconds, for how long an answer is kept.
        """
        self._allow_private = allow_private
        self._longest = longest
        self._clock = clock
        self._kept: OrderedDict[_Name, _Kept] = OrderedDict()
        self._missing: OrderedDict[_Name, float] = OrderedDict()
        self._asked: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, form: Mapping[str, str] | None = None
    ) -> bytes:
        """Return what is at a URL, by GET, or by POST of a form where one is given.

        Raises:
            KeyUnreachableError: If it cannot be had just now.
            NoSuchKeyError: If the platform says that it has no such thing.
        """
        # What the platform says to one account's credentials is not said to another's.
        name = (url, _pairs(headers), _pairs(form))
        now = self._clock()
        with self._lock:
            kept = self._kept.get(name)
            if kept is not None and now < kept.until:
                return kept.content
            if now < self._missing.get(name, 0.0):
                raise NoSuchKeyError(f"{url} has no such key")
            may_ask = self._may_ask(urlsplit(url).netloc, now)
        try:
            content = self._fetch(url, headers or {}, form, may_ask=may_ask)
        except KeyUnreachableError:
            if kept is not None and now < kept.until + KEPT_STALE:
                return kept.content  # better than nothing while the platform cannot be asked
            raise
        with self._lock:
            if content is None:
                self._kept.pop(name, None)
                _remember(self._missing, name, now + KEPT_MISSING, _MOST_MISSING)
                raise NoSuchKeyError(f"{url} has no such key")
            _remember(self._kept, name, _Kept(content, now + KEPT), _MOST)
        return content

    def _may_ask(self, host: str, now: float) -> bool:
        asked = self._asked.setdefault(host, deque())
        while asked and asked[0] <= now - WINDOW:
            asked.popleft()
        if len(asked) >= FETCHES:
            return False
        asked.append(now)
        return True

    def _fetch(
        self, url: str, headers: Mapping[str, str], form: Mapping[str, str] | None, *, may_ask: bool
    ) -> bytes | None:
        if not may_ask:
            raise KeyUnreachableError(f"{url}: this host was asked for keys too often just now")
        if not (url.startswith("https://") or self._allow_private):
            raise KeyUnreachableError(f"keys are fetched over https only, not from {url}")
        exchange = transport.Exchange(time.monotonic() + self._longest, _TIMEOUT[1], self._allow_private)
        try:
            with transport.under_way(exchange), transport.new_session() as session:
                answer = session.request(
                    "GET" if form is None else "POST",
                    url,
                    headers=dict(headers),
                    data=None if form is None else dict(form),
                    timeout=_TIMEOUT,
                    allow_redirects=False,
                    stream=True,
                )
                with answer:
                    content = _start_of(answer)
        except (requests.RequestException, OSError) as error:
            raise KeyUnreachableError(f"{url}: {exchange.refused or type(error).__name__}") from error
        if answer.status_code in {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND}:
            return None
        if answer.status_code != HTTPStatus.OK or len(content) > LARGEST:
            raise KeyUnreachableError(f"{url} answered {answer.status_code}, {len(content)} bytes")
        return content


def _start_of(answer: requests.Response) -> bytes:
    """Return an answer's body, or of one that is too large enough to tell."""
    content = b""
    for piece in answer.iter_content(LARGEST + 1):
        content += piece
        if len(content) > LARGEST:
            break
    return content


def _remember(kept: OrderedDict[_Name, _T], name: _Name, value: _T, most: int) -> None:
    kept[name] = value
    kept.move_to_end(name)
    while len(kept) > most:
        kept.popitem(last=False)


def _pairs(sent: Mapping[str, str] | None) -> _Pairs:
    return tuple(sorted((sent or {}).items()))
