import re

from hypothesis import given
from hypothesis import strategies as st

from ledger.keys import key_of, keys_in, mark_in, mark_prefix

slugs = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", fullmatch=True)
source_ids = st.text(min_size=1, max_size=120)


@given(slugs, source_ids)
def test_a_key_is_of_characters_and_a_length_that_every_platform_takes(slug: str, source_id: str) -> None:
    key = key_of(slug, source_id)
    assert re.fullmatch(r"rs-[A-Za-z0-9_-]+", key)
    assert len(key) <= 70  # eBay's comment has 100 characters
    assert key.startswith(mark_prefix(slug))
    assert mark_prefix(slug) == f"rs-{slug}-"


@given(slugs, st.lists(source_ids, unique=True, min_size=2, max_size=5))
def test_other_refunds_of_an_account_have_other_keys(slug: str, several: list[str]) -> None:
    assert len({key_of(slug, source_id) for source_id in several}) == len(several)


def test_refunds_of_accounts_with_overlapping_names_have_other_keys() -> None:
    assert key_of("shop", "eu-1") != key_of("shop-eu", "1")


def test_keys_never_change() -> None:
    # These are in NetSuite and in storefronts' notes: were they to change, refunds would be made twice.
    assert key_of("shop", "509562969") == "rs-shop-509562969"
    assert key_of("shop", "amzn1:crow:1/2") == "rs-shop-h476ff55c714d17dab946e0ce"
    assert key_of("shop", "9" * 120) == "rs-shop-h9a76f719a1044b5d06d09f91"


@given(slugs, source_ids)
def test_a_key_is_found_in_what_is_written_around_it(slug: str, source_id: str) -> None:
    key = key_of(slug, source_id)
    assert keys_in(f"For the neighbour ({key}), others-at-home.") == [key]
    assert mark_in(f"rs-{slug}x-1 {key} {key}-2", mark_prefix(slug)) == key


def test_the_end_of_another_word_is_no_key_but_counts_as_a_mark() -> None:
    assert keys_in("papers-shop-1") == []
    assert mark_in("papers-shop-1", mark_prefix("shop")) == "rs-shop-1"


def test_the_key_of_another_account_is_no_mark() -> None:
    assert mark_in("rs-another-1", mark_prefix("shop")) == ""
    assert mark_in("", mark_prefix("shop")) == ""
