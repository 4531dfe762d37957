"""The quick way of loading and marshmallow's own: they must not be told apart."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields, pre_load, validate

from tests.webhooks.platforms import adjustment, bag, line, order, refund, shipping_line
from webhooks.sources import shopify_schemas
from webhooks.sources.fields import Count, Currency, Decimals, Flag, Id, Moment, Shape
from webhooks.sources.quick import loader

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2**65) | st.decimals(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)

FULL = refund(
    refund_line_items=[line("89.99", "7.20"), line("10.00")],
    refund_shipping_lines=[shipping_line("5.00", tax="0.40")],
    order_adjustments=[adjustment("1.00", reason="Refund discrepancy")],
    duties=[{"amount_set": bag("2.00")}],
)
SCHEMAS: list[tuple[Schema, Any]] = [
    (shopify_schemas._Refund(), FULL),  # noqa: SLF001 - the payload that has everything
    (shopify_schemas._Order(), order(refunds=[FULL])),  # noqa: SLF001 - and the one around it
]


def outcome(load: Callable[[Any], Any], payload: object) -> object:
    """Return what loading comes to: an object, or what is said against it."""
    try:
        return load(copy.deepcopy(payload))
    except ValidationError as error:
        return error.messages


@st.composite
def changed(draw: st.DrawFn, payload: Any) -> Any:  # noqa: ANN401 - JSON may be anything
    """Return a payload with one value somewhere in it replaced, or one key taken out."""
    whole = [copy.deepcopy(payload)]
    holder: Any = whole
    key: Any = 0
    while isinstance(holder[key], dict | list) and holder[key] and draw(st.integers(0, 4)):
        holder = holder[key]
        key = draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
    if isinstance(holder, dict) and draw(st.booleans()):
        del holder[key]
    else:
        holder[key] = draw(JSON)
    return whole[0]


@pytest.mark.parametrize(("schema", "payload"), SCHEMAS, ids=["refund", "order"])
def test_what_is_as_it_should_be_is_loaded_alike(schema: Schema, payload: object) -> None:
    assert loader(schema)(payload) == schema.load(payload)  # type: ignore[arg-type] # JSON


@pytest.mark.parametrize(("schema", "payload"), SCHEMAS, ids=["refund", "order"])
@given(data=st.data())
def test_whatever_is_wrong_is_refused_alike_and_in_the_same_words(
    schema: Schema, payload: object, data: st.DataObject
) -> None:
    odd = data.draw(changed(payload))
    assert outcome(loader(schema), odd) == outcome(schema.load, odd)


@dataclass(frozen=True)
class Thing:
    """Something with a field of every kind."""

    number: str = ""
    count: int = 0
    flag: bool = False
    price: Decimal = Decimal(0)
    currency: str = ""
    at: object = None
    name: str = ""
    short: str = ""
    wild: object = None
    inner: object = None
    many: list[object] = field(default_factory=list)
    lists: list[object] = field(default_factory=list)


class Kinds(Shape):
    makes: ClassVar[type] = Thing
    number = Id(allow_none=True)
    count = Count()
    flag = Flag()
    price = Decimals(data_key="unitPrice")
    currency = Currency()
    at = Moment(allow_none=True)
    name = fields.String(required=True)
    short = fields.String(validate=validate.Length(max=3))
    wild = fields.Raw()
    inner = fields.Nested(lambda: Plain())  # noqa: PLW0108 - it is declared by its name
    many = fields.Nested(lambda: Plain(many=True))
    lists = fields.List(fields.String(), allow_none=True)


class Plain(Shape):
    makes: ClassVar[type] = Thing
    name = fields.String(required=True)


class Prepared(Plain):
    """A schema that does more than become its class."""

    @pre_load
    def prepare(self, data: dict[str, Any], **_: object) -> dict[str, Any]:
        return {"name": data["called"]}


class Defaulted(Plain):
    count = Count(load_default=7)


class Renamed(Plain):
    title = fields.String(attribute="short")


class Stock(Schema):
    name = fields.String(required=True)


KINDS = {
    "number": "17",
    "count": 3,
    "flag": True,
    "unitPrice": "12.30",
    "currency": "USD",
    "at": "2026-03-14T10:09:20-05:00",
    "name": "thing",
    "short": "abc",
    "wild": {"any": 1},
    "inner": {"name": "in"},
    "many": [{"name": "a"}, {"name": "b"}],
    "lists": ["x", "y"],
    "unknown": 1,
}


@given(changed(KINDS))
def test_every_kind_of_field_is_read_alike(payload: object) -> None:
    schema = Kinds()
    assert outcome(loader(schema), payload) == outcome(schema.load, payload)


@pytest.mark.parametrize(
    ("schema", "payload"),
    [
        (Kinds(), KINDS),
        (Prepared(), {"called": "thing"}),
        (Defaulted(), {"name": "thing"}),
        (Renamed(), {"name": "thing", "title": "t"}),
        (Stock(), {"name": "thing"}),
    ],
)
def test_schemas_with_ways_of_their_own_keep_them(schema: Schema, payload: dict[str, Any]) -> None:
    assert loader(schema)(payload) == schema.load(payload)


@pytest.mark.parametrize("payload", [None, 1, "text", [], {}, [{"name": "a"}], {"name": b"bytes"}])
def test_what_is_no_such_object_is_refused_alike(payload: object) -> None:
    schema = Plain()
    assert outcome(loader(schema), payload) == outcome(schema.load, payload)
