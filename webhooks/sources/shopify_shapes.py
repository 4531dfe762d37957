"""Shopify's webhook payloads as typed objects, as far as refunds need them.

Documentation: https://shopify.dev/docs/api/webhooks for the topics and
https://shopify.dev/docs/api/admin-rest/latest/resources/refund for the fields. Payloads are REST-shaped in
every API version. `webhooks.sources.shopify_schemas` makes these from JSON.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from ledger.money import Money


@dataclass(frozen=True, slots=True)
class Sum:
    """An amount in major units with its currency, not yet checked against each other."""

    amount: Decimal
    currency_code: str


@dataclass(frozen=True, slots=True)
class Bag:
    """One value in the shop's and in the buyer's currency; a price `*_set`."""

    shop_money: Sum
    presentment_money: Sum

    def side(self, mode: str) -> Sum:
        """Return the value as `shop` or `presentment` money."""
        return self.shop_money if mode == "shop" else self.presentment_money

    def money(self, mode: str) -> Money:
        """Return the value as `shop` or `presentment` money.

        Raises:
            ledger.money.MoneyError: If the currency cannot express the amount.
        """
        side = self.side(mode)
        return Money(side.amount, side.currency_code)


@dataclass(frozen=True, slots=True)
class TaxLine:
    """One tax on a shipping line."""

    price_set: Bag


@dataclass(frozen=True, slots=True)
class ShippingLine:
    """A shipping line of the order."""

    title: str = ""
    discounted_price_set: Bag | None = None
    tax_lines: Sequence[TaxLine] = ()


@dataclass(frozen=True, slots=True)
class RefundShippingLine:
    """A shipping line of a refund; its own tax is stated in newer versions only."""

    subtotal_amount_set: Bag
    tax_amount_set: Bag | None = None
    shipping_line: ShippingLine = field(default_factory=ShippingLine)


@dataclass(frozen=True, slots=True)
class LineItem:
    """The order's line behind a refunded one."""

    id: str = ""
    sku: str = ""
    title: str = ""
    gift_card: bool = False


@dataclass(frozen=True, slots=True)
class RefundLineItem:
    """A refunded quantity of one line of the order."""

    quantity: int
    restock_type: str
    subtotal_set: Bag
    total_tax_set: Bag
    line_item_id: str = ""
    location_id: str = ""
    line_item: LineItem = field(default_factory=LineItem)


@dataclass(frozen=True, slots=True)
class OrderAdjustment:
    """A difference between the calculated and the actual refund; positive is kept back from the customer."""

    amount_set: Bag
    tax_amount_set: Bag
    kind: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Charge:
    """A refunded duty or additional fee."""

    amount_set: Bag | None = None
    price_set: Bag | None = None


@dataclass(frozen=True, slots=True)
class Transaction:
    """A movement of money; a null currency is the shop's."""

    id: str
    kind: str
    status: str
    amount: Decimal
    order_id: str = ""
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund."""

    id: str
    order_id: str
    created_at: datetime
    refund_line_items: Sequence[RefundLineItem]
    transactions: Sequence[Transaction]
    note: str = ""
    refund_shipping_lines: Sequence[RefundShippingLine] = ()
    order_adjustments: Sequence[OrderAdjustment] = ()
    duties: Sequence[Charge] = ()
    additional_fees: Sequence[Charge] = ()
    total_duties_set: Bag | None = None
    total_additional_fees_set: Bag | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """An order."""

    id: str
    name: str
    updated_at: datetime
    currency: str
    cancelled_at: datetime | None = None
    presentment_currency: str = ""
    refunds: Sequence[Refund] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """All that is read of a payload that matters only by its id."""

    id: str


@dataclass(frozen=True, slots=True)
class Shop:
    """The shop in `app/uninstalled`."""

    id: str
    myshopify_domain: str = ""


@dataclass(frozen=True, slots=True)
class Compliance:
    """A request about personal data: https://shopify.dev/docs/apps/build/privacy-law-compliance."""

    shop_id: str
    shop_domain: str
    data_request: Resource | None = None
    customer: Resource | None = None
    orders_requested: Sequence[str] = ()
    orders_to_redact: Sequence[str] = ()
