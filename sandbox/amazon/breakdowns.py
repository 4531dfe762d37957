"""Writes a transaction as the Finances API of 2024-06-19 does, with its trees of breakdowns.

The model leaves ``breakdownType`` open: https://developer-docs.amazon.com/sp-api/reference/finances-v2024-06-19
The names here are those of public reports of live answers. Where each comes from stands in the README.
"""

from decimal import Decimal
from typing import Final

from sandbox.amazon.answers import moment
from sandbox.amazon.model import ZERO, Item, Part, Transaction, TransactionStatus
from sandbox.amazon.seller import Seller
from sandbox.jsonish import Json

ACCOUNT_TYPE: Final = "Standard Orders"

PLACES: Final = {
    Part.PRINCIPAL: ("ProductCharges", "OurPricePrincipal"),
    Part.TAX: ("Tax", "OurPriceTax"),
    Part.SHIPPING: ("Shipping", "ShippingPrincipal"),
    Part.SHIPPING_TAX: ("Tax", "ShippingTax"),
    Part.GIFT_WRAP: ("Other", "GiftwrapPrincipal"),
    Part.GIFT_WRAP_TAX: ("Tax", "GiftwrapTax"),
    Part.PROMOTION: ("PromoRebates", "OurPriceDiscount"),
    Part.FACILITATOR_TAX: ("Tax", "MarketplaceFacilitatorTax-Principal"),
    Part.FACILITATOR_SHIPPING_TAX: ("Tax", "MarketplaceFacilitatorTax-Shipping"),
    Part.GOODWILL: ("Other", "GoodwillPrincipal"),
    Part.RESTOCKING_FEE: ("Other", "RestockingDeductionPrincipal"),
    Part.COMMISSION: ("AmazonFees", "Commission"),
    Part.REFUND_COMMISSION: ("AmazonFees", "RefundCommission"),
}
"""Category and name of each part's amount."""
FEES: Final = "AmazonFees"

DESCRIPTIONS: Final = {"Shipment": "Order Payment", "Refund": "Refund Order"}
SUMMARIES: Final = {
    "Shipment": ("Sales", "Expenses"),
    "Refund": ("Refunded Sales", "Refunded Expenses"),
}


def currency(amount: Decimal, code: str) -> Json:
    """Write an amount: a JSON number."""
    return {"currencyAmount": amount, "currencyCode": code}


def _node(kind: str, amount: Decimal, code: str, children: list[Json]) -> Json:
    return {"breakdownType": kind, "breakdownAmount": currency(amount, code), "breakdowns": children}


def item_breakdowns(item: Item, code: str) -> list[Json]:
    """Write what an item's total is made of: categories, in them the charges; a fee has its base in it."""
    categories: dict[str, list[tuple[str, Decimal]]] = {}
    for part, (category, name) in PLACES.items():
        amount = item.amounts.get(part, ZERO)
        if amount:
            categories.setdefault(category, []).append((name, amount))
    nodes = []
    for category, leaves in categories.items():
        children = [
            _node(name, amount, code, [_node("Base", amount, code, [])] if category == FEES else [])
            for name, amount in leaves
        ]
        nodes.append(_node(category, sum((amount for _, amount in leaves), ZERO), code, children))
    return nodes


def transaction_breakdowns(transaction: Transaction, code: str) -> list[Json]:
    """Write what a transaction's total is made of: sales and expenses, in them the categories."""
    totals: dict[str, Decimal] = {}
    for item in transaction.items:
        for part, amount in item.amounts.items():
            category = PLACES[part][0]
            totals[category] = totals.get(category, ZERO) + amount
    sales = [(name, amount) for name, amount in totals.items() if name != FEES]
    expenses = [(name, amount) for name, amount in totals.items() if name == FEES]
    return [
        _node(
            kind,
            sum((amount for _, amount in parts), ZERO),
            code,
            [_node(name, amount, code, []) for name, amount in parts],
        )
        for kind, parts in zip(SUMMARIES[transaction.kind], (sales, expenses), strict=True)
    ]


def transaction_json(seller: Seller, transaction: Transaction) -> Json:
    """Write a transaction."""
    order = transaction.order
    shown: Json = {
        "sellingPartnerMetadata": {
            "sellingPartnerId": seller.id,
            "marketplaceId": seller.marketplace,
            "accountType": ACCOUNT_TYPE,
        },
        "relatedIdentifiers": [
            {"relatedIdentifierName": name, "relatedIdentifierValue": value}
            for name, value in related_identifiers(transaction)
        ],
        "transactionType": transaction.kind,
        "transactionId": transaction.id,
        "transactionStatus": transaction.status.value,
        "description": DESCRIPTIONS[transaction.kind],
        "postedDate": moment(transaction.posted_at),
        "totalAmount": currency(transaction.total, order.currency),
        "marketplaceDetails": {
            "marketplaceId": seller.marketplace,
            "marketplaceName": seller.marketplace_name,
        },
        "items": [_item_json(transaction, item) for item in transaction.items],
        "contexts": _contexts(transaction),
        "breakdowns": transaction_breakdowns(transaction, order.currency),
    }
    return _nulled(shown) if seller.nulls else shown


def related_identifiers(transaction: Transaction) -> list[tuple[str, str]]:
    """Return what a transaction is about, and the transaction that released it or that it releases."""
    found = [
        ("ORDER_ID", transaction.order.id),
        ("SHIPMENT_ID", transaction.order.shipment_id),
        ("REFUND_ID", transaction.refund_id),
        ("FINANCIAL_EVENT_GROUP_ID", financial_event_group(transaction)),
        ("RELEASE_TRANSACTION_ID", transaction.released_by.id if transaction.released_by else ""),
        ("DEFERRED_TRANSACTION_ID", transaction.releases.id if transaction.releases else ""),
    ]
    return [(name, value) for name, value in found if value]


def financial_event_group(transaction: Transaction) -> str:
    """Return the group that pays a transaction out, one a week; empty while its money is held back."""
    if transaction.status is not TransactionStatus.RELEASED:
        return ""
    year, week, _ = transaction.posted_at.isocalendar()
    return f"group-{year}-{week:02d}"


def _contexts(transaction: Transaction) -> list[Json]:
    if transaction.maturity is None:
        return []
    return [
        {
            "contextType": "DeferredContext",
            "deferralReason": transaction.deferral_reason,
            "maturityDate": moment(transaction.maturity),
        }
    ]


def _item_json(transaction: Transaction, item: Item) -> Json:
    code = transaction.order.currency
    identifier = {
        "itemRelatedIdentifierName": "ORDER_ADJUSTMENT_ITEM_ID",
        "itemRelatedIdentifierValue": item.adjustment_id,
    }
    context = {
        "contextType": "ProductContext",
        "asin": item.line.asin,
        "sku": item.line.sku,
        "quantityShipped": item.quantity,
        "fulfillmentNetwork": transaction.order.network,
    }
    return {
        "description": item.line.title,
        "relatedIdentifiers": [identifier],
        "totalAmount": currency(item.total, code),
        "breakdowns": item_breakdowns(item, code),
        "contexts": [context],
    }


def _nulled(value: Json) -> Json:
    """Answer empty lists as ``null``, as the live API was seen to do."""

    def walk(each: object) -> object:
        if isinstance(each, dict):
            return {name: walk(inner) for name, inner in each.items()}
        if isinstance(each, list):
            return [walk(inner) for inner in each] or None
        return each

    return {name: walk(inner) for name, inner in value.items()}
