"""Endpoints of a Magento shop, and what becomes of a request to them."""

from typing import Any

import pytest

from ledger.policy import Policy
from tests.support.ledger import NOW, SECRET
from webhooks.sources.magento import Magento
from webhooks.sources.protocol import (
    Endpoint,
    Keys,
    KeyUnreachableError,
    NoKeys,
    Request,
    SignatureError,
)

VECTOR_KEY = """-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAt05OTTC6r8AkFZxFJyb+
KjTohlw9eE4d0dW2vLKyBkAkb+eVxLb1sWwgwukTieTh5r5hTPTQIPC/hIc8NRa5
/am7bIIxkyC1NaZiIebLqtXJvTQg6u4uvZfmcmCHv8Pa1ANxNbsk9dlnvZ6AIydx
ZP8awsWZfRhJi4LatG6VRLv0Pd9RqzweLymbQnYCKZhwlM5RS424S2+HXMDTJaug
AslTOIkAWBM60FalLRSo2SNL48XHo9CriwjTy7I+ICP1DbK6GM0Tfr1pLwH7yMVp
vWhjKxyPXpQqZAdDWuAFRMtfqUMqRJCS6ZSGB3eMJzDr42Po/5ARSLrGS1VrpwGr
fQIDAQAB
-----END PUBLIC KEY-----
"""  # made with openssl, as are the signatures below
"""The public half of a key of openssl's; known answers are signed with it."""


def endpoint_of(keys: Keys | None = None, **credentials: Any) -> Endpoint:  # noqa: ANN401 - JSON may be anything
    return Endpoint(
        "magento",
        "shop",
        "https://magento.example.com",
        1,
        1,
        Policy(),
        (SECRET,),
        credentials=credentials,
        keys=keys or NoKeys(),
    )


class OneKey:
    """Has one key, whatever is asked, and remembers what was."""

    def __init__(self, pem: bytes) -> None:
        self.pem = pem
        self.asked: list[str] = []

    def get(self, url: str, **_: object) -> bytes:
        self.asked.append(url)
        return self.pem


def verify(endpoint: Endpoint, headers: dict[str, str], body: bytes) -> None:
    Magento().verify(Request(headers, body, NOW), endpoint)


def refused(endpoint: Endpoint, headers: dict[str, str], body: bytes) -> str:
    with pytest.raises(SignatureError) as caught:
        verify(endpoint, headers, body)
    return caught.value.reason


def unreachable(endpoint: Endpoint, headers: dict[str, str], body: bytes) -> str:
    with pytest.raises(KeyUnreachableError) as caught:
        verify(endpoint, headers, body)
    return str(caught.value)
