"""A server that says exactly what a test wants, byte by byte, and remembers what it was sent."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

Script = Callable[[socket.socket, threading.Event], None]
"""Answers one request on a connection; the event is set when the test is over."""


@dataclass
class Wire:
    """A server under way.

    Attributes:
        url: Its address, without a slash at the end.
        requests: What it was sent, each request as it came.
        connections: How many connections were made to it.
    """

    url: str
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0


def answer(body: bytes, status: str = "200 OK", headers: str = "Content-Type: application/json\r\n") -> bytes:
    """Return a whole HTTP answer."""
    head = f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def hang(_connection: socket.socket, over: threading.Event) -> None:
    """Answer nothing until the test is over."""
    over.wait(30)


def saying(data: bytes) -> Script:
    """Answer with these bytes."""
    return lambda connection, _over: connection.sendall(data)


@contextmanager
def wire(*scripts: Script, certificate: Path | None = None) -> Iterator[Wire]:
    """Serve on a free port of this host.

    Args:
        scripts: What to do with each request in turn, the last one again and again; a script that raises
            `ConnectionError` ends the connection.
        certificate: File with a certificate and its key, to serve over TLS.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    scheme = "https" if certificate else "http"
    served = Wire(f"{scheme}://127.0.0.1:{listener.getsockname()[1]}")
    over = threading.Event()
    context = _context(certificate)
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        with suppress(OSError), _secured(connection, context) as secured:
            while request := _read(secured):
                served.requests.append(request)
                scripts[min(len(served.requests), len(scripts)) - 1](secured, over)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                served.connections += 1
                thread = threading.Thread(target=serve, args=(connection,), daemon=True)
                threads.append(thread)
                thread.start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield served
    finally:
        over.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join(5)


def _context(certificate: Path | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@contextmanager
def _secured(connection: socket.socket, context: ssl.SSLContext | None) -> Iterator[socket.socket]:
    with connection:
        if context is None:
            yield connection
        else:
            with context.wrap_socket(connection, server_side=True) as secured:
                yield secured


def _read(connection: socket.socket) -> bytes:
    """Return a whole request, by its Content-Length; nothing at the connection's end."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [
        line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
    ]
    while len(body) < int(lengths[0] if lengths else 0):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
