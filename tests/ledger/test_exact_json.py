from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import exact_json

_NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=8).filter(lambda n: n != n.to_integral())
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | _NUMBERS | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(_VALUES)
def test_what_is_written_is_read_again_unchanged(value: object) -> None:
    assert exact_json.loads(exact_json.dumps(value)) == value


def test_numbers_of_more_digits_than_a_double_holds_stay_exact() -> None:
    text = '{"id": 9007199254740993, "amount": 0.1000000000000000055511151231257827}'
    read = exact_json.loads(text)
    assert read == {"id": 9007199254740993, "amount": Decimal("0.1000000000000000055511151231257827")}


def test_a_decimal_is_written_as_a_plain_number() -> None:
    assert (
        exact_json.dumps([Decimal("12.30"), Decimal("1E+3"), Decimal("0.00000001")])
        == "[12.30,1000,0.00000001]"
    )


@pytest.mark.parametrize(
    "text", ["", "{", "nul", "NaN", "[Infinity]", "-Infinity", "{'a': 1}", "[" * 100_000]
)
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(exact_json.NotJsonError) as caught:
        exact_json.loads(text)
    assert caught.value.reason == "not_json"


@pytest.mark.parametrize("value", [1.5, Decimal("NaN"), object(), {1: "one"}, b"bytes"])
def test_what_has_no_place_in_json_is_not_written(value: object) -> None:
    with pytest.raises(TypeError):
        exact_json.dumps(value)
