import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.parsing import Json, ParseError, parse

numbers = st.integers(-(10**30), 10**30) | st.decimals(
    allow_nan=False, allow_infinity=False, places=6
).filter(lambda number: len(str(number)) < 30)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
trees = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


def refused(body: bytes) -> str:
    with pytest.raises(ParseError) as caught:
        parse(body)
    return caught.value.reason


@given(trees, st.booleans())
def test_what_json_holds_is_read_as_it_is(tree: Json, ascii_only: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert parse(json.dumps(tree, ensure_ascii=ascii_only).encode()) == tree


@given(numbers)
def test_numbers_keep_every_digit(number: int | Decimal) -> None:
    assert parse(f"{number:f}".encode() if isinstance(number, Decimal) else str(number).encode()) == number


def test_integers_beyond_a_double_stay_exact() -> None:
    assert parse(b"890088186047892319") == 890088186047892319


@pytest.mark.parametrize("text", ["89.99", "0.1", "1e2", "1E-2", "-0.00", "1.10e+5"])
def test_other_numbers_are_decimals(text: str) -> None:
    value = parse(text.encode())
    assert isinstance(value, Decimal)
    assert value == Decimal(text)


def test_the_last_of_two_equal_keys_counts() -> None:
    assert parse(b'{"id": 1, "id": 2}') == {"id": 2}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"[1,]",
        b"{'id': 1}",
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"01",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        '{"name":"é"}'.encode("latin-1"),
        "{}".encode("utf-16"),
        b'"\x00"',
        b'{"a": 1} {"b": 2}',
    ],
)
def test_what_is_not_json_is_refused(body: bytes) -> None:
    assert refused(body) == "NOT_JSON"


@pytest.mark.parametrize(
    "body",
    [
        rb'"a\u0000b"',
        rb'{"\u0000": 1}',
        rb'["\ud800"]',
        rb'{"\udfff": 1}',
        b"1" * 41,
        b"-" + b"1" * 40,
        b"1" * 5000,
        b"0." + b"1" * 40,
        b"1e9999",
        b"1e999999999999999999",
        b"1e-9999",
    ],
)
def test_json_that_the_ledger_cannot_hold_is_refused(body: bytes) -> None:
    assert refused(body) == "NOT_OF_SCHEMA"


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert parse(rb'"\ud83d\ude00"') == "\U0001f600"


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
@pytest.mark.parametrize(
    ("depth", "fits"), [(1, True), (63, True), (64, False), (500, False), (100_000, False)]
)
def test_nesting_ends_somewhere(opening: bytes, closing: bytes, depth: int, fits: bool) -> None:  # noqa: FBT001 - a parameter of the test
    body = opening * depth + b"1" + closing * depth
    if fits:
        parse(body)
    else:
        assert refused(body) == "NOT_OF_SCHEMA"


def test_an_unclosed_abyss_is_refused() -> None:
    assert refused(b"[" * 1_000_000) in {"NOT_JSON", "NOT_OF_SCHEMA"}


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_a_reason(body: bytes) -> None:
    reason = ""
    try:
        parse(body)
    except ParseError as error:
        reason = error.reason
    assert reason in {"", "NOT_JSON", "NOT_OF_SCHEMA"}
