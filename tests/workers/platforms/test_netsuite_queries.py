import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.platforms.netsuite_queries import UnknownFieldError, column_of, order_query, refund_query

FIELDS = ["other_ref_num", "external_id", "custbody_shop_order", "custbody1"]


@pytest.mark.parametrize(
    ("match", "column"),
    [
        ("other_ref_num", "otherrefnum"),
        ("external_id", "externalid"),
        ("custbody_shop_order", "custbody_shop_order"),
    ],
)
def test_a_field_has_a_column(match: str, column: str) -> None:
    assert column_of(match) == column


@pytest.mark.parametrize(
    "match",
    [
        "",
        "otherrefnum",
        "memo",
        "custbody",
        "custbody_a b",
        "custbody_x;--",
        "CUSTBODY_X",
        "custbody_" + "x" * 39,
    ],
)
def test_what_is_no_such_field_is_refused(match: str) -> None:
    with pytest.raises(UnknownFieldError) as caught:
        column_of(match)
    assert caught.value.reason == "unknown_field"
    with pytest.raises(UnknownFieldError):
        order_query("1", match=match, key="k", linked_id="")
    with pytest.raises(UnknownFieldError):
        refund_query("1", match_fields=[match])


@given(st.text(), st.sampled_from(FIELDS), st.text(), st.text())
def test_values_are_never_part_of_the_text(number: str, match: str, key: str, linked_id: str) -> None:
    query = order_query(number, match=match, key=key, linked_id=linked_id)
    assert query.text == order_query("", match=match, key="", linked_id="").text
    assert query.text.count("?") == len(query.params)
    assert number in query.params
    assert key in query.params


@given(st.integers(0, 10**18), st.lists(st.sampled_from(FIELDS)))
def test_a_refunds_query_binds_its_id(record_id: int, fields: list[str]) -> None:
    query = refund_query(str(record_id), match_fields=fields)
    assert query.text.count("?") == len(query.params)
    assert set(query.params) == {record_id}


@pytest.mark.parametrize("linked_id", ["", "abc", "-5", "1 OR 1=1", "²"])
def test_what_is_no_internal_id_finds_nothing(linked_id: str) -> None:
    assert 0 in order_query("1", match="external_id", key="k", linked_id=linked_id).params


def test_the_text_has_nothing_suiteql_does_not_have() -> None:
    for query in (
        order_query("1", match="custbody_shop_order", key="k", linked_id="5"),
        refund_query("5", match_fields=FIELDS),
    ):
        words = set(re.findall(r"[a-z]+", query.text.lower()))
        assert not words & {"limit", "offset", "with", "true", "false", "isnull"}
        assert ";" not in query.text
        assert query.text.endswith("ORDER BY t.id, l.id")


def test_a_query_is_sent_as_text_and_parameters() -> None:
    query = refund_query("5", match_fields=[])
    assert query.to_json() == {"q": query.text, "params": [5, 5, 5, 5, 5]}
