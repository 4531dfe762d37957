"""Bring up the demo's world: the sandbox, the accounts on both sides, and every process of the service."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import requests
from rq import Worker

from cli.demo.control import Control
from cli.demo.furnish import furnish
from cli.demo.site import Site
from cli.demo.stage import Stage
from cli.demo.watch import DemoError
from ledger import embedded, queue, schema
from ledger.database import Database
from ledger.secrets import Vault
from ledger.settings import Settings

_PATIENCE: Final = 60.0  # seconds for a process to answer
_GRACE: Final = 15.0  # seconds for a process to end
_TAIL: Final = 10  # lines of the log


@dataclass(frozen=True, slots=True)
class World:
    """What is running."""

    stage: Stage
    web_url: str
    data_dir: Path


@contextmanager
def world(
    data_dir: Path,
    port: int | None,
    *,
    workers: int = 1,
    infrastructure: Mapping[str, str] | None = None,
) -> Iterator[World]:
    """Start everything in a data directory, and stop it at the end.

    Args:
        data_dir: Where embedded data and the processes' log are kept.
        port: Of the web process; None for a free one.
        workers: Processes for each queue.
        infrastructure: Settings of a real database and Redis; embedded ones without.

    Raises:
        DemoError: If a process does not come up.
    """
    web_port = port or free_port()
    sandbox_port = free_port()
    web_url = f"http://127.0.0.1:{web_port}"
    env = os.environ | {
        "REFUND_SYNC_DATA_DIR": str(data_dir),
        "REFUND_SYNC_ALLOW_PRIVATE_URLS": "1",
        "REFUND_SYNC_PUBLIC_URL": web_url,
    }
    for name in ("DATABASE_URL", "REDIS_URL", "REFUND_SYNC_SECRET_KEY"):
        env.pop(name, None)
    env |= infrastructure or {}
    settings = Settings.from_env(env)
    database = Database(settings.database_url)
    schema.migrate(database)
    log = (data_dir / "demo.log").open("ab")
    with (
        log,
        _process(["sandbox", "--port", str(sandbox_port)], env, log),
        _process(["up", "--port", str(web_port), "--workers", str(workers)], env, log),
    ):
        sandbox_url = f"http://127.0.0.1:{sandbox_port}"
        _answers(f"{sandbox_url}/_control/healthz", log.name)
        site = Site(Control(sandbox_url), database, Vault.of(settings), web_url)
        stage = furnish(site)
        _answers(f"{web_url}/readyz", log.name)
        for connect in site.once_up:
            connect()
        _workers_are_up(settings, log.name)
        yield World(stage, web_url, data_dir)
    database.dispose()


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def _process(command: list[str], env: dict[str, str], log: Any) -> Iterator[None]:  # noqa: ANN401 - a file
    with subprocess.Popen(  # noqa: S603 - our own command line
        [sys.executable, "-m", "cli.main", *command], env=env, stdout=log, stderr=log
    ) as process:
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                process.kill()


def _answers(url: str, log: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.RequestException:
            pass
        threading.Event().wait(0.05)
    raise DemoError(f"{url} does not answer; {_end_of(log)}")


def _workers_are_up(settings: Settings, log: str) -> None:
    connection = queue.connect(settings.redis_url or embedded.url(settings.data_dir), timeout=5)
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if all(Worker.count(queue=queue.open_queue(name, connection)) for name in queue.QUEUES):
            return
        threading.Event().wait(0.05)
    raise DemoError(f"the workers did not start; {_end_of(log)}")


def _end_of(log: str) -> str:
    """Return how the processes' log ends: it is gone once the demo is over."""
    lines = Path(log).read_text(errors="replace").splitlines()[-_TAIL:]
    return "\n".join(["the log ends with:", *lines]) if lines else "its log is empty"
