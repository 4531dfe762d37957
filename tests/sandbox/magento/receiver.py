"""A receiver of a store's pushes: it says challenges back, and answers as it is told."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.waiting import until

SUCCESS = '{"op":"success"}'


@dataclass(frozen=True)
class Got:
    """A request that it got."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401  # JSON may be anything
        return json.loads(self.body)


@dataclass
class PushReceiver:
    """What it got; `answers` are given in turn, then 200 and success. `challenged` says challenges back."""

    url: str = ""
    answers: list[tuple[int, str]] = field(default_factory=list)
    got: list[Got] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    challenged: str = "{}"

    def take(self, got: Got) -> tuple[int, str]:
        with self.lock:
            self.got.append(got)
            return self.answers.pop(0) if self.answers else (200, SUCCESS)

    def wait(self, number: int = 1) -> list[Got]:
        """Return the requests once there are so many of them."""
        until(lambda: len(self.got) >= number)
        return list(self.got)


@contextmanager
def receiving_pushes() -> Iterator[PushReceiver]:
    """Run a receiver on a free loopback port."""
    receiver = PushReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)["challenge"][0]
            self._say(200, receiver.challenged.replace("{}", asked))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._say(*receiver.take(Got(self.path, dict(self.headers), body)))

        def _say(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_port}/push"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield receiver
        server.shutdown()
        thread.join()
