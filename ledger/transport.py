"""The way out: connections that keep to a deadline, tell what was sent, and stay off private networks.

`requests` bounds each wait on the socket, not their sum: a server that sends a byte now and then could hold a
worker for ever. Here every wait is cut to what is left of the call's time.
"""

import http.client
import io
import ipaddress
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_POOL_SIZE: Final = 8  # hosts, and connections to each, that a thread keeps open


@dataclass
class Exchange:
    """One request and its answer, under way.

    Attributes:
        deadline: When it must be over, on the monotonic clock.
        read_timeout: Longest wait for the next bytes, in seconds.
        allow_private: Whether it may go to an address that is not public.
        sent: Whether the request, or a part of it, may have reached the server.
        refused: Why it was not sent at all; empty if it was.
    """

    deadline: float
    read_timeout: float
    allow_private: bool
    sent: bool = False
    refused: str = ""

    def patience(self) -> float:
        """Return how long the next wait may be, in seconds.

        Raises:
            TimeoutError: If the exchange's time is over.
        """
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the call took longer than it may")
        return min(self.read_timeout, left)


_current: ContextVar[Exchange] = ContextVar("current_exchange")


@contextmanager
def under_way(exchange: Exchange) -> Iterator[None]:
    """Hold this thread's connections to an exchange; no request can be made without one."""
    token = _current.set(exchange)
    try:
        yield
    finally:
        _current.reset(token)


class _BoundedReader(io.RawIOBase):
    """Reads an answer from its socket, waiting no longer than the exchange allows."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, exchange: Exchange) -> None:
        super().__init__()
        self._raw = raw
        self._sock = sock
        self._exchange = exchange

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int | None:
        self._sock.settimeout(self._exchange.patience())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedResponse(http.client.HTTPResponse):
    def __init__(
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        self.fp = io.BufferedReader(_BoundedReader(self.fp.detach(), sock, _current.get()))


def is_public(address: str) -> bool:
    """Return whether an IP address, or the IPv4 address inside it, belongs to the public internet."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = [ip]
    if isinstance(ip, ipaddress.IPv6Address):
        inner += [each for each in (ip.ipv4_mapped, ip.sixtofour) if each is not None]
        if ip in ipaddress.IPv6Network("64:ff9b::/96"):  # NAT64, RFC 6052
            inner.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
    return all(each.is_global and not each.is_multicast for each in inner)


def _checked(sock: socket.socket, connection: HTTPConnection) -> socket.socket:
    """Return the socket if its other end may be spoken to.

    The address is checked once connected, so that a name cannot resolve to one address for the check and to
    another for the request.
    """
    exchange = _current.get()
    address = sock.getpeername()[0]
    if not exchange.allow_private and not is_public(address):
        sock.close()
        exchange.refused = f"{connection.host} is at {address}, which is not a public address"
        raise NewConnectionError(connection, exchange.refused)
    return sock


class _Connection(HTTPConnection):
    response_class = _BoundedResponse

    def _new_conn(self) -> socket.socket:
        return _checked(super()._new_conn(), self)

    def send(self, data: object) -> None:
        if self.sock is None:
            self.connect()
        exchange = _current.get()
        self.sock.settimeout(exchange.patience())
        exchange.sent = True
        super().send(data)  # type: ignore[arg-type] # whatever urllib3 hands on


class _TLSConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - handed on as they come
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}


_local = threading.local()


def session(*, allow_private: bool) -> requests.Session:
    """Return this thread's session, whose connections stay open between calls.

    A forked process gets sessions of its own: two processes must not speak over one connection.
    """
    sessions: dict[tuple[int, bool], requests.Session] = _local.__dict__.setdefault("sessions", {})
    key = (os.getpid(), allow_private)
    if key not in sessions:
        sessions[key] = new_session()
    return sessions[key]


def new_session() -> requests.Session:
    """Return a session that nobody else uses; whoever asks for it closes it."""
    made = requests.Session()
    # Neither proxies, nor certificates, nor a .netrc whose password would replace our own authorization.
    made.trust_env = False
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = _Adapter(pool_connections=_POOL_SIZE, pool_maxsize=_POOL_SIZE)
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    return made
