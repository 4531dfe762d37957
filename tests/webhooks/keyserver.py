"""A platform's key server on this host, which answers as a test tells it and remembers what it was asked."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Kept:
    """What is at a path.

    Attributes:
        length: The length that is stated; the body's own by default. A longer one breaks the answer off.
        chunks: How many pieces the body is sent in, without a stated length; 0 for a body in one.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None
    chunks: int = 0


@dataclass(frozen=True)
class Asked:
    """A request that came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class KeyServer:
    """Keeps keys by their paths; what it does not keep it answers with 404."""

    url: str = ""
    kept: dict[str, Kept] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def keep(self, path: str, body: bytes = b"", **more: object) -> str:
        """Put something at a path; return its URL."""
        self.kept[path] = Kept(body, **more)  # type: ignore[arg-type] # by name, as in the dataclass
        return self.url + path

    @property
    def paths(self) -> list[str]:
        """Return the paths that were asked for, in order."""
        return [asked.path for asked in self.asked]


@contextmanager
def key_server() -> Iterator[KeyServer]:
    """Run a key server on a free port."""
    keys = KeyServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            size = int(self.headers.get("Content-Length", 0))
            keys.asked.append(Asked(self.command, self.path, dict(self.headers), self.rfile.read(size)))
            kept = keys.kept.get(self.path, Kept(b"no such key", 404))
            self.send_response(kept.status)
            for name, text in kept.headers.items():
                self.send_header(name, text)
            self.send_header("Connection", "close")
            if kept.chunks:
                self.send_header("Transfer-Encoding", "chunked")
            else:
                self.send_header("Content-Length", str(kept.length or len(kept.body)))
            self.end_headers()
            self._send(kept)

        do_POST = do_GET  # noqa: N815 - the name that http.server looks for

        def _send(self, kept: Kept) -> None:
            if not kept.chunks:
                self.wfile.write(kept.body)
                return
            size = -(-len(kept.body) // kept.chunks)
            for at in range(0, len(kept.body), size):
                piece = kept.body[at : at + size]
                self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Say nothing of clients that leave before the end."""

    with Server(("127.0.0.1", 0), Handler) as server:
        keys.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield keys
        finally:
            server.shutdown()
            thread.join()
