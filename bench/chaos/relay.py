"""Stands between the platforms' couriers and the web process: delays webhooks, doubles them, and takes notes.

Both sides are what they would be without it: what the web process answers goes back, and where it does not
answer, the courier gets no answer either.
"""

import hashlib
import heapq
import http.client
import itertools
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

_ANSWER_WITHIN: Final = 5.0  # seconds, as platforms have it
_STEP: Final = 0.1  # seconds between two looks at what is to be sent again
_NOT_PASSED_ON: Final = frozenset({"host", "connection", "content-length", "accept-encoding"})
_NAMED: Final = re.compile(rb'"[Nn]otificationId\\?"\s*:\s*\\?"([^"\\]+)')

_DELAYED: Final = 0.1
_TWINS: Final = 0.04
_AGAIN: Final = 0.05
_LONGEST_DELAY: Final = 1.5  # seconds
_LATEST_AGAIN: Final = 40.0  # seconds


def fingerprint(path: str, body: bytes) -> str:
    """Return what two sendings of one webhook have in common: its notification's id, else its whole body."""
    named = _NAMED.search(body)
    what = named[1].decode() if named else hashlib.sha256(body).hexdigest()[:24]
    return f"{path.removeprefix('/webhooks/')} {what}"


@dataclass
class Relay:
    """Passes webhooks on.

    Attributes:
        url: Where it listens, and what the platforms know.
        told: How often each webhook was answered well, by its fingerprint.
        counts: How many webhooks came, and what was done with them.
    """

    port: int
    chance: random.Random
    url: str = ""
    told: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _later: list[tuple[float, int, "Webhook"]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=itertools.count)
    _is_over: threading.Event = field(default_factory=threading.Event)

    @property
    def waiting(self) -> int:
        """How many webhooks are still to be sent again."""
        return len(self._later)

    def take(self, webhook: "Webhook") -> "Answer | None":
        """Pass a webhook on as chance has it; return the answer, None where there was none."""
        with self._lock:
            delay = self.chance.random() * _LONGEST_DELAY if self.chance.random() < _DELAYED else 0.0
            has_twin, comes_again = self.chance.random() < _TWINS, self.chance.random() < _AGAIN
            self.counts["sent"] += 1
            if comes_again:
                due = time.monotonic() + self.chance.random() * _LATEST_AGAIN
                heapq.heappush(self._later, (due, next(self._order), webhook))
        if delay:
            self._count("delayed")
            self._is_over.wait(delay)
        if has_twin:
            self._count("doubled at once")
            threading.Thread(target=self._pass_on, args=(webhook,), daemon=True).start()
        return self._pass_on(webhook)

    def _pass_on(self, webhook: "Webhook") -> "Answer | None":
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_ANSWER_WITHIN)
        try:
            connection.request(webhook.method, webhook.path, webhook.body, dict(webhook.headers))
            got = connection.getresponse()
            answer = Answer(got.status, got.getheader("Content-Type") or "", got.read())
        except (OSError, http.client.HTTPException):
            self._count("not answered")
            return None
        finally:
            connection.close()
        if webhook.method == "POST":
            self._note(webhook, answer)
        return answer

    def _note(self, webhook: "Webhook", answer: "Answer") -> None:
        with self._lock:
            if answer.status // 100 == HTTPStatus.OK // 100:
                self.told[fingerprint(webhook.path, webhook.body)] += 1
            else:
                self.counts[f"answered {answer.status}"] += 1

    def _count(self, what: str) -> None:
        with self._lock:
            self.counts[what] += 1

    def send_again(self) -> None:
        """Send webhooks a second time when their time has come, until it is over."""
        while not self._is_over.wait(_STEP):
            while self._later and self._later[0][0] <= time.monotonic():
                with self._lock:
                    webhook = heapq.heappop(self._later)[2]
                    self.counts["sent again later"] += 1
                self._pass_on(webhook)

    def hurry(self) -> None:
        """Send again at once whatever waits for its time."""
        with self._lock:
            self._later = [(0.0, order, webhook) for _, order, webhook in self._later]

    def end(self) -> None:
        """Send nothing any more."""
        self._is_over.set()


@dataclass(frozen=True, slots=True)
class Webhook:
    """A request of a courier."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What the web process answered."""

    status: int
    content_type: str
    body: bytes


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    relay: Relay


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        """Pass a webhook on."""
        self._take()

    def do_GET(self) -> None:
        """Pass a challenge on."""
        self._take()

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: text for name, text in self.headers.items() if name.lower() not in _NOT_PASSED_ON}
        answer = self.server.relay.take(Webhook(self.command, self.path, headers, body))
        if answer is None:
            self.close_connection = True
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_args: object) -> None:
        """Say nothing: what matters is counted."""


@contextmanager
def relay(port: int, chance: random.Random) -> Iterator[Relay]:
    """Yield a relay before the web process of a port."""
    made = Relay(port, chance)
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.relay = made
        made.url = f"http://127.0.0.1:{server.server_port}"
        threads = [
            threading.Thread(target=work, daemon=True) for work in (server.serve_forever, made.send_again)
        ]
        for thread in threads:
            thread.start()
        try:
            yield made
        finally:
            made.end()
            server.shutdown()
            for thread in threads:
                thread.join()
