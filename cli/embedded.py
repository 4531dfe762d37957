"""The embedded Valkey, shared by every process of a data directory and ended with the last of them.

Whoever uses the server holds a shared lock on one file. A keeper (`cli.keeper`) starts the server, watches
that lock, and stops the server once nobody holds it any more. The kernel gives a lock back when its process
ends, by SIGKILL too, so nothing is left behind; the lock stays through `fork` and `exec`.
"""

import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Final

from ledger import embedded
from ledger.settings import Settings

_USERS: Final = "valkey.users"
_KEEPER: Final = "valkey.keeper"
_PATIENCE: Final = 20.0  # seconds for the server to start or end, on a slow machine
_STEP: Final = 0.05  # seconds between two looks meanwhile


class EmbeddedError(Exception):
    """Raised when the embedded Valkey does not start.

    Attributes:
        reason: Always `embedded_valkey`.
    """

    reason = "embedded_valkey"


class Hold:
    """A claim on the embedded server: it runs at least as long as this is held.

    Args:
        data_dir: Whose server; made if missing.

    Raises:
        EmbeddedError: If the server does not start.
        ledger.embedded.SocketPathError: If others could stand in for it.
    """

    def __init__(self, data_dir: Path) -> None:
        data_dir.mkdir(parents=True, exist_ok=True)
        self._lock = users_lock(data_dir)
        self._keeper = 0  # process id of the keeper, if this claim started it
        self._failed = False
        fcntl.flock(self._lock, fcntl.LOCK_SH)  # waits for a keeper that is just ending
        with ExitStack() as failing:
            failing.callback(self.release)
            self._start(data_dir)
            failing.pop_all()

    def stay(self) -> None:
        """Keep the claim when this process becomes another program by `exec`."""
        os.set_inheritable(self._lock.fileno(), True)  # noqa: FBT003 - the standard library's signature

    def release(self) -> None:
        """Give the claim up; where nobody else has one, return once the server is gone."""
        is_last = take(self._lock)
        self._lock.close()
        deadline = time.monotonic() + _PATIENCE
        while is_last and self._keeper_runs() and time.monotonic() < deadline:
            time.sleep(_STEP)

    def _start(self, data_dir: Path) -> None:
        deadline = time.monotonic() + _PATIENCE
        while True:
            if not self._keeper_runs() and not _is_kept(data_dir):
                self._keeper = _spawn_keeper(data_dir)
            if embedded.is_running(data_dir):
                return
            if self._failed or time.monotonic() > deadline:
                raise EmbeddedError(
                    f"the embedded Valkey does not start, {data_dir / 'valkey' / 'valkey.log'} may say why: "
                    "mend that, or set REDIS_URL to a server of your own"
                )
            time.sleep(_STEP)

    def _keeper_runs(self) -> bool:
        """Return whether the keeper that this process started still runs; False if it started none."""
        if self._keeper:
            ended, status = os.waitpid(self._keeper, os.WNOHANG)
            if ended:
                self._keeper, self._failed = 0, status != 0
        return bool(self._keeper)


@contextmanager
def queue_server(settings: Settings) -> Iterator[str]:
    """Yield the URL of the queue's server; the embedded one runs meanwhile where none is configured.

    Raises:
        EmbeddedError: If it does not start.
        ledger.embedded.SocketPathError: If others could stand in for it.
    """
    if settings.redis_url:
        yield settings.redis_url
        return
    hold = Hold(settings.data_dir)
    try:
        yield embedded.url(settings.data_dir)
    finally:
        hold.release()


def users_lock(data_dir: Path) -> IO[bytes]:
    """Return the file that whoever uses the server holds a shared lock on."""
    return (data_dir / _USERS).open("wb")


def keeper_lock(data_dir: Path) -> IO[bytes]:
    """Return the file that the keeper holds an exclusive lock on."""
    return (data_dir / _KEEPER).open("wb")


def take(lock: IO[bytes]) -> bool:
    """Take a lock for this process alone; return False, at once, if anybody else has it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_kept(data_dir: Path) -> bool:
    with keeper_lock(data_dir) as lock:
        return not take(lock)


def _spawn_keeper(data_dir: Path) -> int:
    """Start a keeper in a session of its own, so that no terminal's Ctrl-C reaches it; return its id."""
    # Without -P, a directory called `cli` where the command is run would be taken for ours.
    arguments = [sys.executable, "-P", "-m", "cli.keeper", str(data_dir)]
    null = (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDWR, 0), (os.POSIX_SPAWN_DUP2, 0, 1)
    return os.posix_spawn(sys.executable, arguments, os.environ, file_actions=null, setsid=True)
