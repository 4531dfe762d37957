"""The forms that credentials are given in."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from ledger.models import Account, NetSuiteAccount
from ledger.platforms import Platform
from ledger.platforms.credentials import CredentialsRefusedError, Form
from webhooks.portal.credential_forms import form_of, read_json
from workers.platforms import amazon_auth, ebay_auth, magento_auth, shopify_auth

OAUTH = {"consumer_key": "a", "consumer_secret": "b", "access_token": "c", "access_token_secret": "d"}
APP = {"client_id": "a", "client_secret": "b"}
TBA = {"consumer_key": "a", "consumer_secret": "b", "token_id": "c", "token_secret": "d"}
SELLER = {**APP, "refresh_token": "c"}


def form(platform: str) -> Form:
    return form_of(NetSuiteAccount() if platform == "netsuite" else Account(platform=Platform(platform)))


def test_netsuites_other_way_to_sign_in_takes_the_place_of_the_first() -> None:
    stored = {"auth": "oauth2", "client_id": "a"}
    assert form("netsuite").merged(stored, TBA) == {"auth": "tba", **TBA}
    with pytest.raises(CredentialsRefusedError):
        form("netsuite").merged(TBA, {"client_id": "a"})


@pytest.mark.parametrize(
    ("platform", "validate", "whole"),
    [
        ("shopify", shopify_auth.validate_credentials, APP),
        ("shopify", shopify_auth.validate_credentials, {"access_token": "t"}),
        ("magento", magento_auth.validate_credentials, OAUTH),
        ("magento", magento_auth.validate_credentials, APP),
        ("amazon", amazon_auth.validate_credentials, SELLER),
        ("ebay", ebay_auth.validate_credentials, SELLER),
    ],
)
def test_whatever_is_taken_here_is_of_a_shape_that_workers_take(
    platform: str,
    validate: Callable[[Mapping[str, Any]], None],
    whole: dict[str, Any],
) -> None:
    validate(form(platform).merged({}, whole))


@pytest.mark.parametrize("platform", [*Platform, "netsuite"])
def test_every_field_belongs_to_a_way_or_may_be_there(platform: str) -> None:
    found = form(platform)
    known = {name for way in found.ways for name in way} | set(found.more)
    assert {field.name for field in found.fields} <= known
    assert not found.marks or len(found.marks) == len(found.ways)


def test_json_is_an_object_or_nothing() -> None:
    assert read_json(" ") == {}
    assert read_json('{"region": "eu"}') == {"region": "eu"}
    for text in ("{", "[]", "1", "[" * 100_000):
        with pytest.raises(CredentialsRefusedError) as refused:
            read_json(text)
        assert text not in str(refused.value) or len(text) == 1
