import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.platforms.shopify_ids import gid, is_number, number_of, with_gids


@given(st.integers(0, 2**64 - 1), st.sampled_from(["Order", "LineItem", "OrderTransaction"]))
def test_a_number_comes_back_out_of_its_global_id(number: int, kind: str) -> None:
    assert number_of(gid(kind, str(number))) == str(number)
    assert gid("Refund", gid(kind, str(number))) == gid(kind, str(number))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("gid://shopify/LineItem/5?x=y", "5"),
        ("gid://shopify/Order/", ""),
        ("gid://shopify/Order/abc", ""),
        ("gid://other/Order/5", ""),
        ("5", ""),
        ("", ""),
    ],
)
def test_what_is_no_global_id_has_no_number(text: str, number: str) -> None:
    assert number_of(text) == number


@pytest.mark.parametrize("text", ["", "abc", "-1", "1.0", " 1", "1" * 21, "²", "#1001"])
def test_what_is_no_number_is_known(text: str) -> None:
    assert not is_number(text)


def test_an_inputs_numbers_become_global_ids() -> None:
    given_input = {
        "orderId": "1",
        "note": "2",
        "refundLineItems": [{"lineItemId": "3", "quantity": 4, "locationId": ""}],
        "transactions": ({"orderId": "gid://shopify/Order/1", "parentId": "5", "amount": "6.00"},),
        "shipping": {"amount": "7"},
        "refundDuties": [{"dutyId": "8"}],
    }
    assert with_gids(given_input) == {
        "orderId": "gid://shopify/Order/1",
        "note": "2",
        "refundLineItems": [{"lineItemId": "gid://shopify/LineItem/3", "quantity": 4}],
        "transactions": [
            {
                "orderId": "gid://shopify/Order/1",
                "parentId": "gid://shopify/OrderTransaction/5",
                "amount": "6.00",
            }
        ],
        "shipping": {"amount": "7"},
        "refundDuties": [{"dutyId": "gid://shopify/Duty/8"}],
    }


def test_an_input_is_turned_once() -> None:
    turned = with_gids({"orderId": "1", "lines": [{"lineItemId": "x"}]})
    assert turned == {"orderId": "gid://shopify/Order/1", "lines": [{"lineItemId": "x"}]}
    assert with_gids(turned) == turned
