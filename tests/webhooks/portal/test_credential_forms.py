"""What stored credentials become with what was given."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from ledger.models import Account, NetSuiteAccount
from ledger.models.accounts import Platform
from webhooks.portal.credential_forms import CredentialsRefusedError, Form, form_of, read_json
from workers.platforms import amazon_auth, ebay_auth, magento_auth, shopify_auth

OAUTH = {"consumer_key": "a", "consumer_secret": "b", "access_token": "c", "access_token_secret": "d"}
APP = {"client_id": "a", "client_secret": "b"}
TBA = {"consumer_key": "a", "consumer_secret": "b", "token_id": "c", "token_secret": "d"}
SELLER = {**APP, "refresh_token": "c"}


def form(platform: str) -> Form:
    return form_of(NetSuiteAccount() if platform == "netsuite" else Account(platform=Platform(platform)))


@pytest.mark.parametrize(
    ("platform", "stored", "given", "whole"),
    [
        ("shopify", APP, {"access_token": "t"}, {"access_token": "t"}),
        ("shopify", {"access_token": "t"}, APP, APP),
        ("shopify", APP, {"client_secret": "n"}, {"client_id": "a", "client_secret": "n"}),
        ("magento", OAUTH, {"access_token": "n"}, {**OAUTH, "access_token": "n"}),
        ("magento", {}, {"access_token": "n"}, {"access_token": "n"}),
        ("magento", {**OAUTH, "store": "de"}, APP, {**APP, "store": "de"}),
        ("amazon", SELLER, {"region": "eu"}, {**SELLER, "region": "eu"}),
        ("amazon", {**SELLER, "region": "eu"}, {"region": None}, SELLER),
        ("ebay", SELLER, {"legacy": {"app_id": "x"}}, {**SELLER, "legacy": {"app_id": "x"}}),
        ("netsuite", {"auth": "oauth2", "client_id": "a"}, TBA, {"auth": "tba", **TBA}),
    ],
)
def test_given_parts_replace_stored_ones_and_a_new_way_the_old(
    platform: str, stored: dict[str, Any], given: dict[str, Any], whole: dict[str, Any]
) -> None:
    assert form(platform).merged(stored, given) == whole


@pytest.mark.parametrize(
    ("platform", "stored", "given"),
    [
        ("shopify", {}, {"client_id": "a"}),
        ("shopify", {}, {"client_id": "a", "access_token": "b"}),
        ("amazon", SELLER, {"refresh_token": None}),
        ("amazon", SELLER, {"regoin": "eu"}),
        ("netsuite", TBA, {"client_id": "a"}),
    ],
)
def test_what_makes_no_credentials_is_refused(
    platform: str, stored: dict[str, Any], given: dict[str, Any]
) -> None:
    with pytest.raises(CredentialsRefusedError) as refused:
        form(platform).merged(stored, given)
    assert refused.value.reason == "bad_credentials"


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
