"""Fixtures for the command line: an installation on either database, and simulated platforms."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import structlog
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ledger.database import Database
from sandbox.server import SandboxServer
from tests.cli.installation import Installation
from tests.support.databases import Clone
from tests.workers.platforms.world import Control


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    """Put logging back as it was: every run of the command sets it up."""
    root = logging.getLogger()
    handlers, level, words = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**words)


@contextmanager
def _installed(database_url: str, redis_url: str, home: Path) -> Iterator[Installation]:
    """Yield an installation; whatever the developer's environment says is not seen."""
    env: dict[str, str | None] = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "REFUND_SYNC_SECRET_KEY": Fernet.generate_key().decode(),
        "REFUND_SYNC_DATA_DIR": str(home / "var"),
        "REFUND_SYNC_ALLOW_PRIVATE_URLS": "1",
        "REFUND_SYNC_PUBLIC_URL": None,
        "REFUND_SYNC_CREDENTIALS": None,
        "REFUND_SYNC_LOG": None,
        "PORT": None,
    }
    database = Database(database_url)
    yield Installation(env, database, home)
    database.dispose()


@pytest.fixture
def installation(sqlite: Clone, valkey_url: str, tmp_path: Path) -> Iterator[Installation]:
    """An installation with an empty ledger."""
    with sqlite() as database_url, _installed(database_url, valkey_url, tmp_path) as made:
        yield made


@pytest.fixture
def either(database_url: str, valkey_url: str, tmp_path: Path) -> Iterator[Installation]:
    """The same on both databases, one after the other: for commands that ask more of theirs."""
    with _installed(database_url, valkey_url, tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def private_key() -> str:
    """A key that NetSuite would take, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture(scope="session")
def _sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def control(_sandbox: SandboxServer) -> Iterator[Control]:
    """An empty sandbox's control API."""
    with requests.Session() as session:
        control = Control(_sandbox.url, session)
        control.post("reset")
        yield control
