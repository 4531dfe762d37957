"""The web process's own calls for SNS's certificate and Adobe's public keys: as documented, without a secret.

SNS: what `SigningCertURL` names, by HTTPS (https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html).
Adobe: what `x-adobe-public-key1-path` names at https://static.adobeioevents.com (https://developer.adobe.com/events/docs/guides/).
Both are public: nobody logs in.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest

from ledger.database import Database
from ledger.platforms import Platform
from ledger.policy import Policy
from ledger.secrets import Vault
from ledger.settings import Settings
from tests.support.ledger import NOW, SECRET, make_account
from tests.webhooks.amazon_pushes import CERTIFICATE, HOST, TOPIC, certificate, signed, sns, sns_headers
from tests.webhooks.amazon_pushes import transaction as refund
from tests.webhooks.keyserver import KeyServer, key_server
from tests.webhooks.magento_pushes import (
    CLIENT_ID,
    CREDIT_MEMO,
    KEY_PATHS,
    cloud_event,
    credit_memo,
    event_headers,
    public_pem,
)
from tests.webhooks.platforms import encoded
from webhooks.app import create_app
from webhooks.sources.amazon import Amazon
from webhooks.sources.magento import Magento
from webhooks.sources.protocol import Endpoint, Request, Source

EVENT: Final = encoded(cloud_event(CREDIT_MEMO, credit_memo()))
MESSAGE: Final = signed(sns(refund()))
HARMLESS: Final = {"host", "user-agent", "accept", "accept-encoding", "connection"}
"""Headers that say nothing of whose account it is."""

SECRETS: Final = {
    "client_id": "amzn1.application-oa2-client.0123456789",
    "client_secret": "client-secret-0123456789",
    "refresh_token": "Atzr|0123456789",
    "consumer_secret": "consumer-secret-0123456789",
    "access_token": "access-token-0123456789",
    "access_token_secret": "access-token-secret-0123456789",
    "topic_arns": [TOPIC],
    "adobe_client_id": CLIENT_ID,
}


@dataclass(frozen=True)
class Call:
    """A push whose key has to be fetched.

    Attributes:
        host: Where the platform's document says that the key is.
        path: The same, on that host.
        key: What is there.
    """

    source: Source
    headers: Mapping[str, str]
    body: bytes
    host: str
    path: str
    key: bytes

    @property
    def platform(self) -> Platform:
        return Platform(self.source.name)


CALLS: Final[Mapping[str, Callable[[], Call]]] = {
    "amazon": lambda: Call(
        Amazon(), sns_headers(MESSAGE), encoded(MESSAGE), HOST, CERTIFICATE, certificate()
    ),
    "magento": lambda: Call(
        Magento(),
        event_headers(EVENT),
        EVENT,
        "https://static.adobeioevents.com",
        KEY_PATHS[0],
        public_pem(1),
    ),
}


@pytest.fixture(params=sorted(CALLS))
def call(request: pytest.FixtureRequest) -> Call:
    """A push, and the call that its signature asks for."""
    return CALLS[request.param]()


@pytest.fixture
def server(call: Call) -> Iterator[KeyServer]:
    """What stands in for the platform's host."""
    with key_server() as keys:
        keys.keep(call.path, call.key)
        yield keys


class Noted:
    """Has one key, whatever is asked, and notes down how it was asked for."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.asked: list[tuple[str, Any, Any]] = []

    def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, form: Mapping[str, str] | None = None
    ) -> bytes:
        self.asked.append((url, headers, form))
        return self._key


def test_the_key_is_where_the_platforms_document_says(call: Call) -> None:
    keys = Noted(call.key)
    endpoint = Endpoint(
        *(call.source.name, "shop", "A3TESTSELLER01", 1, 1, Policy(), (SECRET,)),
        credentials=SECRETS,
        keys=keys,
    )
    names = {name.lower(): value for name, value in call.headers.items()}
    call.source.verify(Request(names, call.body, NOW), endpoint)
    assert keys.asked == [(f"{call.host}{call.path}", None, None)]


def test_the_call_for_a_key_is_a_bare_get_that_shows_nothing_of_the_account(
    call: Call, server: KeyServer, settings: Settings, database: Database, vault: Vault
) -> None:
    with database.write() as session:
        make_account(
            session, vault, platform=call.platform, slug="shop", credentials=SECRETS, api_url=server.url
        )
    app = create_app(
        replace(settings, allow_private_urls=True), database=database, vault=vault, clock=lambda: NOW
    )
    answer = app.test_client().post(
        f"/webhooks/{call.source.name}/shop", data=call.body, headers=dict(call.headers)
    )
    assert answer.status_code == 200
    (asked,) = server.asked
    assert (asked.method, asked.path, asked.body) == ("GET", call.path, b"")
    assert {name.lower() for name in asked.headers} <= HARMLESS
    said = "\n".join([asked.path, *asked.headers.values()])
    assert [each for each in (*map(str, SECRETS.values()), SECRET, "shop", TOPIC) if each in said] == []
