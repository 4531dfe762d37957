"""Fixtures for the platforms' clients: a sandbox over real HTTP, and the transport to it."""

from collections.abc import Iterator

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from redis import Redis

from sandbox.server import SandboxServer
from tests.support.sandboxed_ebay import check_what_was_sent
from tests.support.specs_amazon import check_requests_if_specified
from tests.workers.platforms.books import Books, open_books
from tests.workers.platforms.shop import Shop, open_shop
from tests.workers.platforms.world import Control, KeyPair
from workers.platforms.http import Http, Journal


def _pair(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> KeyPair:
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return KeyPair(private.decode(), public.decode())


@pytest.fixture(scope="session")
def rsa_pair() -> KeyPair:
    """An RSA key of the smallest size NetSuite recommends."""
    return _pair(rsa.generate_private_key(public_exponent=65537, key_size=3072))


@pytest.fixture(scope="session")
def ec_pair() -> KeyPair:
    """A key on P-256."""
    return _pair(ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture(scope="session")
def _server() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def control(_server: SandboxServer) -> Iterator[Control]:
    """An empty sandbox's control API; what Amazon and eBay were asked is checked in the end."""
    with requests.Session() as session:
        control = Control(_server.url, session)
        control.post("reset")
        yield control
        control.delete("faults")
        check_requests_if_specified(control.get("calls?platform=amazon"))
        check_what_was_sent(control.get("calls?platform=ebay"))


@pytest.fixture
def journal() -> Journal:
    """Records the calls of a test."""
    return Journal()


@pytest.fixture
def http(journal: Journal) -> Http:
    """The transport, allowed to speak to this host, with a quick time-out."""
    return Http(read_timeout=10, allow_private=True, user_agent="refund-sync/test", journal=journal)


@pytest.fixture
def hasty(journal: Journal) -> Http:
    """A transport that gives up at once on a platform that does not answer."""
    return Http(read_timeout=0.3, allow_private=True, user_agent="refund-sync/test", journal=journal)


@pytest.fixture
def redis(valkey_url: str) -> Iterator[Redis]:
    """A connection to a real, empty Valkey."""
    with Redis.from_url(valkey_url) as client:
        yield client


@pytest.fixture
def books(control: Control, redis: Redis, ec_pair: KeyPair) -> Books:
    """A NetSuite account."""
    return open_books(control, redis, ec_pair)


@pytest.fixture
def shop(control: Control) -> Shop:
    """A Shopify shop."""
    return open_shop(control)
