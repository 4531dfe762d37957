import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.jsonish import ControlError, Fields, as_decimal, dumps, loads


@given(st.integers(min_value=2**53, max_value=2**63 - 1))
def test_large_integers_survive_both_ways(number: int) -> None:
    assert loads(dumps({"id": number})) == {"id": number}


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
def test_fractions_are_read_exactly(number: Decimal) -> None:
    assert loads(f'{{"amount": {number}}}') == {"amount": number}


def test_a_decimal_is_written_as_a_json_number() -> None:
    assert dumps({"a": Decimal("1.50"), "b": Decimal(3)}) == b'{"a":1.5,"b":3}'


def test_what_is_not_json_is_not_written() -> None:
    with pytest.raises(TypeError):
        dumps({"a": object()})


@pytest.mark.parametrize("value", [True, None, "abc", "NaN", "Infinity", [], {}])
def test_only_finite_numbers_are_numbers(value: object) -> None:
    assert as_decimal(value) is None


def test_unknown_keys_are_refused_by_name() -> None:
    fields = Fields({"known": 1, "knwon": 2, "x": 3})
    fields.integer("known")
    with pytest.raises(ControlError, match="unknown keys: knwon, x"):
        fields.finish()


def test_null_counts_as_absent() -> None:
    fields = Fields({"a": None})
    assert not fields.has("a")
    assert fields.maybe_text("a") is None
    assert fields.maybe_decimal("a") is None
    assert fields.maybe_object("a") is None
    assert fields.maybe_objects("a") is None
    assert fields.maybe_strings("a") is None
    assert fields.flag("a") is False
    fields.finish()


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ([], lambda fields: fields.text("a")),
        (True, lambda fields: fields.text("a")),
        ("x", lambda fields: fields.decimal("a")),
        ("1.5", lambda fields: fields.integer("a")),
        ("yes", lambda fields: fields.flag("a")),
        ([], lambda fields: fields.maybe_object("a")),
        ({}, lambda fields: fields.objects("a")),
        ([1], lambda fields: fields.objects("a")),
        ([1], lambda fields: fields.maybe_strings("a")),
        ("red", lambda fields: fields.choice("a", ("green", "blue"))),
        (None, lambda fields: fields.text("a")),
        (None, lambda fields: fields.decimal("a")),
        (None, lambda fields: fields.integer("a")),
    ],
)
def test_values_of_the_wrong_kind_are_refused(value: object, read: object) -> None:
    with pytest.raises(ControlError):
        read(Fields({"a": value}))  # type: ignore[operator]  # a lambda of the table above


def test_an_id_may_be_given_as_a_number() -> None:
    assert Fields({"id": 820982911946154509}).text("id") == "820982911946154509"


def test_written_json_is_compact_and_keeps_letters() -> None:
    assert dumps({"name": "Zoë", "n": [1, 2]}) == '{"name":"Zoë","n":[1,2]}'.encode()
    assert json.loads(dumps({"a": "b"})) == {"a": "b"}
