"""Every way out of this service, each as a call to an address, for tests that try all of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from redis import Redis

from ledger.clock import utcnow
from ledger.platforms import Platform
from tests.support.sandboxed import TBA
from webhooks.keys import FetchedKeys
from workers.platforms.amazon_api import AmazonApi
from workers.platforms.http import Http
from workers.platforms.netsuite import NetSuiteClient
from workers.platforms.slots import Slots
from workers.platforms.storefronts import STOREFRONTS
from workers.telling import webhook
from workers.telling.words import Words

_KEY: Final = ec.generate_private_key(ec.SECP256R1()).private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
)
_APPLICATION: Final = {"client_id": "client-1", "client_secret": "client-secret-1"}
_CONSENT: Final = {**_APPLICATION, "refresh_token": "refresh-token-1"}
_CERTIFICATE: Final = {
    "auth": "oauth2",
    "client_id": "client-1",
    "certificate_id": "certificate-1",
    "private_key": _KEY.decode(),
}


@dataclass(frozen=True)
class Outside:
    """What a process speaks to the outside with.

    Attributes:
        patience: Seconds for an answer.
    """

    redis: Redis
    allow_private: bool = True
    patience: float = 10.0

    @property
    def http(self) -> Http:
        """The transport of workers and commands."""
        return Http(
            read_timeout=self.patience,
            total_timeout=self.patience * 2,
            allow_private=self.allow_private,
            user_agent="refund-sync/test",
        )

    @property
    def keys(self) -> FetchedKeys:
        """What the web process fetches keys with."""
        return FetchedKeys(allow_private=self.allow_private, longest=self.patience)


Way = Callable[[Outside, str], object]
"""Calls an address."""


def _storefront(platform: Platform, credentials: dict[str, Any]) -> Way:
    def call(outside: Outside, url: str) -> None:
        STOREFRONTS[platform]("storefront-1", url, credentials, outside.http).check()

    return call


def _netsuite(credentials: Mapping[str, Any]) -> Way:
    def call(outside: Outside, url: str) -> None:
        NetSuiteClient(
            account_id="1234567_SB1",
            api_url=url,
            credentials=credentials,
            http=outside.http,
            slots=Slots(outside.redis, "netsuite:walk", 5),
        ).check()

    return call


def _amazon(outside: Outside, url: str) -> AmazonApi:
    return AmazonApi("A1SELLER", url, _CONSENT, outside.http)


def _confirm(outside: Outside, url: str) -> None:
    offered = "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=t"
    STOREFRONTS[Platform.AMAZON]("A1SELLER", url, _CONSENT, outside.http).confirm(offered)


def _tell(outside: Outside, url: str) -> None:
    words = Words("subject", "text", (), {})
    webhook.send(outside.http, url, "whsec_MDEyMw==", words, "key-1", is_test=True, now=utcnow())


WAYS: Final[Mapping[str, Way]] = {
    "Shopify": _storefront(Platform.SHOPIFY, {"access_token": "token-1"}),
    "Shopify's tokens": _storefront(Platform.SHOPIFY, _APPLICATION),
    "Magento": _storefront(Platform.MAGENTO, {"access_token": "token-1"}),
    "Adobe's tokens": _storefront(Platform.MAGENTO, _APPLICATION),
    "eBay's tokens": _storefront(Platform.EBAY, _CONSENT),
    "Amazon's tokens": _storefront(Platform.AMAZON, _CONSENT),
    "Amazon's documents, up": lambda outside, url: _amazon(outside, url).upload(f"{url}/d", "x", "text/xml"),
    "Amazon's documents, down": lambda outside, url: _amazon(outside, url).download(f"{url}/d"),
    "SNS' confirmations": _confirm,
    "NetSuite": _netsuite({"auth": "tba", **TBA}),
    "NetSuite's tokens": _netsuite(_CERTIFICATE),
    "keys of eBay, SNS and Adobe": lambda outside, url: outside.keys.get(f"{url}/key.pem"),
    "eBay's tokens for its keys": lambda outside, url: outside.keys.get(f"{url}/token", form={"grant": "x"}),
    "alerts": _tell,
}
"""By what they are for. Amazon's and eBay's own calls go the same way as the tokens that come before them."""
