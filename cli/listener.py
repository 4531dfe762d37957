"""The socket of the web process, opened first of all, so that a taken port is said in one sentence."""

import errno
import os
import socket
from collections.abc import Mapping
from typing import Final

LOOPBACK: Final = "127.0.0.1"
EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - only where the environment says which port to serve

_BACKLOG: Final = 2048


class ListenError(Exception):
    """Raised when the web process cannot listen where it should; the message names the mend.

    Attributes:
        reason: `port_taken`, `port_forbidden` or `bad_address`.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def default_host(env: Mapping[str, str]) -> str:
    """Return where to listen if nobody says: everywhere on a host that hands out `PORT`, else here only."""
    return EVERYWHERE if env.get("PORT") else LOOPBACK


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Args:
        host: A name or address of this host.
        port: 0 for any free one.

    Raises:
        ListenError: If that is not possible.
    """
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=_BACKLOG
        )
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason, why = "port_taken", f"port {port} of {host} is taken: choose another with --port"
        elif error.errno in {errno.EACCES, errno.EPERM}:
            reason, why = (
                "port_forbidden",
                f"port {port} needs more rights: choose one above 1023 with --port",
            )
        else:
            reason, why = "bad_address", f"{host!r} is no address of this host: choose another with --host"
        raise ListenError(reason, why) from error


def url_of(listener: socket.socket) -> str:
    """Return where a socket listens, as a URL without a trailing slash."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def hand_over(listener: socket.socket) -> int:
    """Return the socket's descriptor, made to stay through `exec`; the socket object is done with it."""
    descriptor = listener.detach()
    os.set_inheritable(descriptor, True)  # noqa: FBT003 - the standard library's signature
    return descriptor
