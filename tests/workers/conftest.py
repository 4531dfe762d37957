"""A worker process with both platforms around it."""

import logging
import signal
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
import structlog
from cryptography.fernet import Fernet
from redis import Redis

from ledger.clock import utcnow
from ledger.database import Database
from ledger.settings import Settings
from sandbox.server import SandboxServer
from tests.support.ledger import make_account
from tests.support.readers import Runs, soon
from tests.support.sandboxed import Books, Shop
from tests.support.settings import make_settings
from tests.support.specs_amazon import check_requests_if_specified
from tests.support.telling import Teller
from tests.support.world import World
from tests.workers.platforms.world import Control
from webhooks import replay
from workers import jobs
from workers.runtime import Runtime
from workers.worker import make_worker

Line = MutableMapping[str, Any]
Work = Callable[[], None]

_KEY = Fernet.generate_key().decode()


@pytest.fixture(scope="session")
def _platforms() -> Iterator[Control]:
    with SandboxServer() as server, requests.Session() as session:
        yield Control(server.url, session)


@pytest.fixture
def worker_settings(database_url: str, valkey_url: str, tmp_path: Path) -> Settings:
    """The settings of a worker process that may speak to this host."""
    return make_settings(tmp_path, valkey_url, database_url, secret_keys=(_KEY,), allow_private_urls=True)


@pytest.fixture
def log() -> Iterator[list[Line]]:
    """Every line the process writes to its log."""
    with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars]) as lines:
        yield lines


@pytest.fixture
def _settled() -> Iterator[None]:
    """Put back what a worker sets up for its whole process."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    root, words = logging.getLogger(), structlog.get_config()
    kept, level = root.handlers[:], root.level
    yield
    structlog.configure(**words)
    root.handlers[:] = kept
    root.setLevel(level)
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def work(
    world: World, monkeypatch: pytest.MonkeyPatch, database_url: str, valkey_url: str, _settled: None
) -> Iterator[Work]:
    """Works the queue `shopify` off as a process with this environment does."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", valkey_url)
    monkeypatch.setenv("REFUND_SYNC_SECRET_KEY", world.runtime.settings.secret_keys[0])
    monkeypatch.setenv("REFUND_SYNC_ALLOW_PRIVATE_URLS", "1")
    jobs.runtime.cache_clear()
    jobs.read_by(replay.read)
    yield lambda: worked(world.runtime.redis)
    if jobs.runtime.cache_info().currsize:
        jobs.runtime().redis.close()
        jobs.runtime().database.dispose()
    jobs.runtime.cache_clear()


def worked(redis: Redis) -> None:
    """Work the queue off, and say nothing."""
    make_worker("shopify", redis).work(burst=True, logging_level="CRITICAL")


@pytest.fixture
def world(
    _platforms: Control, worker_settings: Settings, database: Database, log: list[Line]
) -> Iterator[World]:
    """A worker process, and both platforms around it; what Amazon was asked is checked against its models."""
    runtime = Runtime(worker_settings, read=replay.read)
    runtime.database = database
    made = World(runtime, _platforms, log)
    yield made
    _platforms.delete("faults")
    made.close()
    asked = _platforms.get("calls?platform=amazon")
    _platforms.delete("calls")  # of whichever test: the next one's are checked on their own
    check_requests_if_specified(asked)


@pytest.fixture
def netsuite(world: World) -> Books:
    """A NetSuite account; the ledger calls it `books`."""
    return world.add_books()


@pytest.fixture
def shop(world: World, netsuite: Books) -> Shop:
    """A shop whose refunds go to NetSuite; the ledger calls it `shop`."""
    return world.add_shop(netsuite)


@pytest.fixture
def soon_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Polls and runs read up to a moment to come: see `soon`."""
    soon(monkeypatch)


@pytest.fixture
def people(world: World) -> Runs:
    """Somebody who begins runs."""
    return Runs(world)


@pytest.fixture
def teller(worker_settings: Settings, database: Database) -> Iterator[Teller]:
    """A process on a ledger with one shop."""
    runtime = Runtime(replace(worker_settings, public_url="https://refunds.example.com"))
    runtime.database = database
    made = Teller(runtime, utcnow())
    with made.runtime.database.write() as session:
        make_account(session, made.runtime.vault)
    yield made
    made.close()
