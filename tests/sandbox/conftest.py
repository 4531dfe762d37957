"""A running sandbox, a receiver for its webhooks, a shop and an account."""

from collections.abc import Iterator

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sandbox.server import SandboxServer
from tests.sandbox.helpers import Books, Control, Receiver, Shop, receiving

SECRET = "hush"


@pytest.fixture(scope="session")
def _server() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def control(_server: SandboxServer) -> Iterator[Control]:
    """The control API of an empty sandbox."""
    control = Control(_server.url)
    control.post("reset")
    yield control
    control.post("reset")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of webhooks."""
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def shop(control: Control) -> Shop:
    """A shop without webhooks."""
    shop = Shop(control)
    control.post("shopify/shops", {"domain": shop.domain, "access_token": shop.token})
    return shop


@pytest.fixture
def hooked(shop: Shop, receiver: Receiver) -> Shop:
    """A shop whose webhooks the receiver gets."""
    shop.control.patch(shop.path, {"webhook": {"url": receiver.url, "secret": SECRET}})
    return shop


@pytest.fixture(scope="session")
def key() -> rsa.RSAPrivateKey:
    """A private key for OAuth 2.0."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def public_pem(key: rsa.RSAPrivateKey) -> str:
    """Its public key."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture
def books(control: Control, key: rsa.RSAPrivateKey, public_pem: str) -> Books:
    """An account, logged in."""
    control.post(
        "netsuite/accounts",
        {
            "account_id": Books.account_id,
            "certificate_id": "certificate",
            "client_id": "client",
            "certificate_pem": public_pem,
            "items": [{"id": "900", "itemid": "Adjustment", "itemtype": "OthCharge"}],
        },
    )
    url = f"{control.url}/netsuite/{Books.slug}/services/rest/auth/oauth2/v1/token"
    issued = int(control.post("settings")["timestamp"])
    claims = {"iss": "client", "scope": "rest_webservices", "aud": url, "iat": issued, "exp": issued + 3600}
    assertion = jwt.encode(claims, key, algorithm="PS256", headers={"kid": "certificate"})
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
    }
    return Books(control, requests.post(url, data=form, timeout=10).json()["access_token"])
