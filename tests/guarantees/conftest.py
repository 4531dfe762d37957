"""The installation that the guarantees are shown on."""

import logging
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
import structlog
from cryptography.fernet import Fernet

from ledger.database import Database
from ledger.secrets import Vault
from ledger.settings import Settings
from sandbox.server import SandboxServer
from tests.guarantees.house import House
from tests.support.applications import SharedApplication
from tests.support.settings import make_settings
from tests.support.world import World
from tests.webhooks.test_http import served
from tests.workers.platforms.world import Control
from webhooks import replay
from workers import jobs
from workers.runtime import Runtime
from workers.worker import make_worker

_KEY = Fernet.generate_key().decode()
_PATIENCE = 3.0  # seconds; as the web process has it


@pytest.fixture(scope="session")
def _platforms() -> Iterator[Control]:
    with SandboxServer() as server, requests.Session() as session:
        yield Control(server.url, session)


@pytest.fixture
def settings(database_url: str, valkey_url: str, tmp_path: Path) -> Settings:
    """The settings of every process, which may speak to this host."""
    return make_settings(tmp_path, valkey_url, database_url, secret_keys=(_KEY,), allow_private_urls=True)


@pytest.fixture
def log() -> Iterator[list[structlog.typing.EventDict]]:
    """Every line that is written to the log."""
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture
def world(
    _platforms: Control, settings: Settings, database: Database, log: list[structlog.typing.EventDict]
) -> Iterator[World]:
    """The ledger, and the platforms around it."""
    runtime = Runtime(settings, read=replay.read)
    runtime.database = database
    made = World(runtime, _platforms, log)
    yield made
    _platforms.delete("faults")
    made.close()


@pytest.fixture(scope="session")
def _shared(_valkey: str, tmp_path_factory: pytest.TempPathFactory) -> SharedApplication:
    home = tmp_path_factory.mktemp("shared")
    settings = make_settings(home, _valkey, secret_keys=(_KEY,), allow_private_urls=True)
    return SharedApplication(settings, Vault.of(settings))


@pytest.fixture
def web(_shared: SharedApplication, settings: Settings) -> Iterator[str]:
    """The web process; yields its address."""
    database = Database(settings.database_url, patience=_PATIENCE)
    with served(_shared.on(database)) as port:
        yield f"http://127.0.0.1:{port}"
    database.dispose()


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
def work(settings: Settings, monkeypatch: pytest.MonkeyPatch, _settled: None) -> Iterator[Callable[[], None]]:
    """A worker of the shop's and of NetSuite's queue: works them off."""
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("REDIS_URL", settings.redis_url)
    monkeypatch.setenv("REFUND_SYNC_SECRET_KEY", _KEY)
    monkeypatch.setenv("REFUND_SYNC_ALLOW_PRIVATE_URLS", "1")
    jobs.runtime.cache_clear()
    jobs.read_by(replay.read)

    def work_off() -> None:
        for queue in ("shopify", "netsuite"):
            make_worker(queue, jobs.runtime().redis).work(burst=True, logging_level="CRITICAL")

    yield work_off
    if jobs.runtime.cache_info().currsize:
        jobs.runtime().redis.close()
        jobs.runtime().database.dispose()
    jobs.runtime.cache_clear()


@pytest.fixture
def house(world: World, web: str, work: Callable[[], None]) -> House:
    """An installation with a shop, whose refunds go to NetSuite."""
    books = world.add_books()
    made = House(world, books, world.add_shop(books), web, work)
    made.listen()
    return made
