"""What stored credentials become with what was given."""

from typing import Any

import pytest

from ledger.platforms import Platform
from ledger.platforms.credentials import CredentialsRefusedError, Field, Form

OAUTH = {"consumer_key": "a", "consumer_secret": "b", "access_token": "c", "access_token_secret": "d"}
APP = {"client_id": "a", "client_secret": "b"}
SELLER = {**APP, "refresh_token": "c"}
MARKED = Form(
    (Field("key", "Key"), Field("word", "Word")),
    (("key",), ("word",)),
    marks=({"auth": "by_key"}, {"auth": "by_word"}),
)


def form(platform: str) -> Form:
    """Return the form of a platform's credentials."""
    return Platform(platform).declaration.credentials


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
    ],
)
def test_given_parts_replace_stored_ones_and_a_new_way_the_old(
    platform: str, stored: dict[str, Any], given: dict[str, Any], whole: dict[str, Any]
) -> None:
    assert form(platform).merged(stored, given) == whole


def test_a_way_is_marked_where_it_does_not_tell_itself() -> None:
    assert MARKED.merged({"auth": "by_key", "key": "a"}, {"word": "b"}) == {"auth": "by_word", "word": "b"}
    assert MARKED.merged({}, {"auth": "by_word", "key": "a"}) == {"auth": "by_key", "key": "a"}


@pytest.mark.parametrize(
    ("platform", "stored", "given", "said"),
    [
        (
            "shopify",
            {},
            {"client_id": "a"},
            "Give all of these: client_id, client_secret; or access_token.",
        ),
        (
            "shopify",
            {},
            {"client_id": "a", "access_token": "b"},
            "Give all of these: client_id, client_secret; or access_token.",
        ),
        (
            "amazon",
            SELLER,
            {"refresh_token": None},
            "Give all of these: client_id, client_secret, refresh_token.",
        ),
        ("amazon", SELLER, {"regoin": "eu"}, "These credentials have no regoin."),
    ],
)
def test_what_makes_no_credentials_is_refused(
    platform: str, stored: dict[str, Any], given: dict[str, Any], said: str
) -> None:
    with pytest.raises(CredentialsRefusedError, match=f"^{said}$") as refused:
        form(platform).merged(stored, given)
    assert refused.value.reason == "bad_credentials"
