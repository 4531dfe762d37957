"""What a Shopify payload must be like to become one of `webhooks.sources.shopify_shapes`.

Keys whose absence would make a refund look smaller than it is are required; others may be missing or null.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, TypeVar

from marshmallow import Schema, fields, post_load, validate

from webhooks.sources import shopify_shapes as shapes
from webhooks.sources.fields import Count, Currency, Decimals, Flag, Id, Moment, Shape
from webhooks.sources.quick import loader

_GID: Final = re.compile(r"gid://shopify/[A-Za-z]+/([0-9]{1,19})(\?.*)?")
_NAME_LENGTH: Final = 120  # characters; the width of the ledger's column


def _nested(schema: type[Schema]) -> fields.Field[Any]:
    return fields.Nested(schema, allow_none=True)


def _several(schema: type[Schema], *, required: bool = False) -> fields.Field[Any]:
    return fields.List(fields.Nested(schema), required=required, allow_none=not required)


def _text() -> fields.Field[str]:
    return fields.String(allow_none=True)


class _Identified(Shape):
    """A resource with a numeric id, of which `admin_graphql_api_id` is the exact one where both are given.

    JavaScript on the way rounds integers above 2**53; the text of a GraphQL id survives it.
    """

    id = Id(required=True)
    admin_graphql_api_id = fields.String(allow_none=True)

    @post_load
    def make(self, data: Mapping[str, Any], **_: object) -> object:
        gid = _GID.fullmatch(data.get("admin_graphql_api_id") or "")
        rest = {name: value for name, value in data.items() if name != "admin_graphql_api_id"}
        return super().make(rest | {"id": str(int(gid[1]))} if gid else rest)


class _Sum(Shape):
    makes: ClassVar[type] = shapes.Sum
    amount = Decimals(required=True)
    currency_code = Currency(required=True)


class _Bag(Shape):
    makes: ClassVar[type] = shapes.Bag
    shop_money = fields.Nested(_Sum, required=True)
    presentment_money = fields.Nested(_Sum, required=True)


class _TaxLine(Shape):
    makes: ClassVar[type] = shapes.TaxLine
    price_set = fields.Nested(_Bag, required=True)


class _ShippingLine(Shape):
    makes: ClassVar[type] = shapes.ShippingLine
    title = _text()
    discounted_price_set = _nested(_Bag)
    tax_lines = _several(_TaxLine)


class _RefundShippingLine(Shape):
    makes: ClassVar[type] = shapes.RefundShippingLine
    subtotal_amount_set = fields.Nested(_Bag, required=True)
    tax_amount_set = _nested(_Bag)
    shipping_line = _nested(_ShippingLine)


class _LineItem(_Identified):
    makes: ClassVar[type] = shapes.LineItem
    id = Id(allow_none=True)
    sku = _text()
    title = _text()
    gift_card = Flag(allow_none=True)


class _RefundLineItem(Shape):
    makes: ClassVar[type] = shapes.RefundLineItem
    quantity = Count(required=True)
    restock_type = fields.String(required=True)
    subtotal_set = fields.Nested(_Bag, required=True)
    total_tax_set = fields.Nested(_Bag, required=True)
    line_item_id = Id(allow_none=True)
    location_id = Id(allow_none=True)
    line_item = _nested(_LineItem)


class _OrderAdjustment(Shape):
    makes: ClassVar[type] = shapes.OrderAdjustment
    amount_set = fields.Nested(_Bag, required=True)
    tax_amount_set = fields.Nested(_Bag, required=True)
    kind = _text()
    reason = _text()


class _Charge(Shape):
    makes: ClassVar[type] = shapes.Charge
    amount_set = _nested(_Bag)
    price_set = _nested(_Bag)


class _Transaction(_Identified):
    makes: ClassVar[type] = shapes.Transaction
    kind = fields.String(required=True)
    status = fields.String(required=True)
    amount = Decimals(required=True)
    order_id = Id(allow_none=True)
    currency = Currency(allow_none=True)


class _Refund(_Identified):
    makes: ClassVar[type] = shapes.Refund
    order_id = Id(required=True)
    created_at = Moment(required=True)
    note = _text()
    refund_line_items = _several(_RefundLineItem, required=True)
    refund_shipping_lines = _several(_RefundShippingLine)
    order_adjustments = _several(_OrderAdjustment)
    transactions = _several(_Transaction, required=True)
    duties = _several(_Charge)
    additional_fees = _several(_Charge)
    total_duties_set = _nested(_Bag)
    total_additional_fees_set = _nested(_Bag)


class _Order(_Identified):
    makes: ClassVar[type] = shapes.Order
    name = fields.String(required=True, validate=validate.Length(max=_NAME_LENGTH))
    cancelled_at = Moment(allow_none=True)
    updated_at = Moment(required=True)
    currency = Currency(required=True)
    presentment_currency = Currency(allow_none=True)
    refunds = _several(_Refund)


class _Resource(_Identified):
    makes: ClassVar[type] = shapes.Resource


class _Shop(_Identified):
    makes: ClassVar[type] = shapes.Shop
    myshopify_domain = _text()


class _Compliance(Shape):
    makes: ClassVar[type] = shapes.Compliance
    shop_id = Id(required=True)
    shop_domain = fields.String(required=True)
    data_request = _nested(_Resource)
    customer = _nested(_Resource)
    orders_requested = fields.List(Id(), allow_none=True)
    orders_to_redact = fields.List(Id(), allow_none=True)


_Shaped = TypeVar("_Shaped")

_LOADERS: Final[dict[type, Callable[[Any], Any]]] = {
    schema.makes: loader(schema())
    for schema in (_Refund, _Order, _Transaction, _Resource, _Shop, _Compliance)
}


def load(shape: type[_Shaped], payload: object) -> _Shaped:
    """Return a payload as a shape.

    Args:
        shape: `Refund`, `Order`, `Transaction`, `Resource`, `Shop` or `Compliance`.
        payload: A JSON value.

    Raises:
        marshmallow.ValidationError: If it is not of that shape.
    """
    shaped: _Shaped = _LOADERS[shape](payload)
    return shaped
