"""The web process on a ledger with a shop and its books, and requests to it."""

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client import REGISTRY
from redis import Redis
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from ledger.clock import utcnow
from ledger.database import Database
from ledger.models import Delivery
from ledger.secrets import Vault
from ledger.settings import Settings
from tests.support.applications import SharedApplication
from tests.support.ledger import SECRET, make_account
from tests.support.settings import make_settings
from tests.support.templates import COMPILED
from tests.webhooks.platforms import encoded, netsuite_headers, shopify_headers
from webhooks.app import WebProcess

# Some tests make an application of their own, and compiling its templates would be most of the work.
WebProcess.jinja_options = {"bytecode_cache": COMPILED}

Line = MutableMapping[str, Any]


@dataclass(frozen=True)
class Web:
    """The web process, as its clients and its operator see it."""

    client: FlaskClient
    database: Database
    redis: Redis

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> TestResponse:
        return self.client.post(path, data=body, headers=headers)

    def shopify(self, topic: str, payload: object, **headers: str | None) -> TestResponse:
        """Post a delivery to the shop's endpoint, signed unless `headers` say otherwise."""
        body = payload if isinstance(payload, bytes) else encoded(payload)
        return self.post("/webhooks/shopify/shop", body, shopify_headers(topic, body, headers))

    def netsuite(self, payload: object) -> TestResponse:
        """Post a signed delivery to the books' endpoint."""
        body = payload if isinstance(payload, bytes) else encoded(payload)
        return self.post("/webhooks/netsuite/books", body, netsuite_headers(body, at=utcnow()))

    def deliveries(self) -> list[Delivery]:
        with self.database.read() as session:
            return list(session.scalars(select(Delivery).order_by(Delivery.id)))

    def count(self) -> int:
        """Return how many deliveries there are."""
        with self.database.read() as session:
            return session.scalar(select(func.count(Delivery.id))) or 0

    def jobs(self, queue: str) -> int:
        return int(self.redis.llen(f"rq:queue:{queue}"))


@pytest.fixture
def settings(tmp_path: Path, database_url: str, valkey_url: str) -> Settings:
    return make_settings(tmp_path, valkey_url, database_url)


@pytest.fixture
def shop_id(database: Database, vault: Vault) -> int:
    """The shop `shop`, joined to the NetSuite account `books`; both have `SECRET`."""
    with database.write() as session:
        return make_account(session, vault, slug="shop", secret=SECRET).id


@pytest.fixture(scope="session")
def _shared(vault: Vault, _valkey: str, tmp_path_factory: pytest.TempPathFactory) -> SharedApplication:
    return SharedApplication(make_settings(tmp_path_factory.mktemp("shared"), _valkey), vault)


@pytest.fixture
def app(_shared: SharedApplication, database: Database, valkey_url: str) -> Flask:
    """The web process' application."""
    assert valkey_url
    return _shared.on(database)


@pytest.fixture
def web(app: Flask, database: Database, valkey_url: str, shop_id: int) -> Iterator[Web]:
    assert shop_id
    with Redis.from_url(valkey_url) as redis:
        yield Web(app.test_client(), database, redis)


@pytest.fixture
def log() -> Iterator[list[Line]]:
    """Every line the process writes to its log."""
    with structlog.testing.capture_logs() as lines:
        yield lines


@contextmanager
def counted(**labels: str) -> Iterator[list[float]]:
    """Tell, at its end, by how much the counter of deliveries grew."""
    grown: list[float] = []
    name = "refund_sync_deliveries_total"
    before = REGISTRY.get_sample_value(name, labels) or 0
    yield grown
    grown.append((REGISTRY.get_sample_value(name, labels) or 0) - before)
