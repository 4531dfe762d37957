"""A worker process with both platforms around it."""

from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
import requests
import structlog
from cryptography.fernet import Fernet

from ledger.settings import Settings
from sandbox.server import SandboxServer
from tests.support.sandboxed import Books, Shop
from tests.support.world import World
from tests.workers.platforms.world import Control
from workers.runtime import Runtime

Line = MutableMapping[str, Any]

_KEY = Fernet.generate_key().decode()


@pytest.fixture(scope="session")
def _platforms() -> Iterator[Control]:
    with SandboxServer() as server, requests.Session() as session:
        yield Control(server.url, session)


@pytest.fixture
def worker_settings(database_url: str, valkey_url: str, tmp_path: Path) -> Settings:
    """The settings of a worker process that may speak to this host."""
    return Settings(
        database_url=database_url,
        redis_url=valkey_url,
        secret_keys=(_KEY,),
        public_url="",
        data_dir=tmp_path,
        log_format="json",
        allow_private_urls=True,
    )


@pytest.fixture
def log() -> Iterator[list[Line]]:
    """Every line the process writes to its log."""
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture
def world(_platforms: Control, worker_settings: Settings, log: list[Line]) -> Iterator[World]:
    """A worker process, and both platforms around it."""
    made = World(Runtime(worker_settings), _platforms, log)
    yield made
    _platforms.delete("faults")
    made.close()


@pytest.fixture
def netsuite(world: World) -> Books:
    """A NetSuite account; the ledger calls it `books`."""
    return world.add_books()


@pytest.fixture
def shop(world: World, netsuite: Books) -> Shop:
    """A shop whose refunds go to NetSuite; the ledger calls it `shop`."""
    return world.add_shop(netsuite)
