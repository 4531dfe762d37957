"""The GraphQL operations sent to Shopify's Admin API, and the version they are written for.

Each is checked in the tests against Shopify's published schema of that version:
https://shopify.dev/docs/api/admin-graphql/2026-10
"""

from typing import Final

API_VERSION: Final = "2026-10"

LINES_A_PAGE: Final = 100
REFUNDS_READ: Final = 100
"""Refunds of one order that can be read: `Order.refunds` is a plain list without pages."""

ORDERS_A_PAGE: Final = 25

REFUNDS_LISTED: Final = 20
"""Refunds of each order that are listed with the orders that changed."""

PARTS_READ: Final = 50
"""Transactions, adjustments and shipping lines of one refund that can be read."""

_LINES: Final = f"""
    lineItems(first: {LINES_A_PAGE}, after: $after) {{
      nodes {{ id sku title quantity refundableQuantity }}
      pageInfo {{ hasNextPage endCursor }}
    }}"""
_MONEY: Final = "amount currencyCode"
_BOTH: Final = f"shopMoney {{ {_MONEY} }} presentmentMoney {{ {_MONEY} }}"
_PRESENTMENT: Final = f"presentmentMoney {{ {_MONEY} }}"

ORDER: Final = f"""
query Order($id: ID!, $after: String) {{
  order(id: $id) {{
    id name createdAt cancelledAt currencyCode presentmentCurrencyCode
    totalPriceSet {{ {_BOTH} }}
    totalReceivedSet {{ {_BOTH} }}
    netPaymentSet {{ {_PRESENTMENT} }}
    refunds(first: {REFUNDS_READ}) {{ id note totalRefundedSet {{ {_PRESENTMENT} }} }}{_LINES}
  }}
}}
"""

ORDER_LINES: Final = f"""
query OrderLines($id: ID!, $after: String) {{
  order(id: $id) {{{_LINES}
  }}
}}
"""

FIND_ORDER: Final = """
query FindOrder($query: String!) {
  orders(first: 10, query: $query) { nodes { id name } }
}
"""

SUGGEST: Final = f"""
query SuggestRefund($id: ID!, $lines: [RefundLineItemInput!], $shipping: Money) {{
  order(id: $id) {{
    suggestedRefund(refundLineItems: $lines, shippingAmount: $shipping) {{
      amountSet {{ {_PRESENTMENT} }}
      maximumRefundableSet {{ {_PRESENTMENT} }}
      subtotalSet {{ {_PRESENTMENT} }}
      totalTaxSet {{ {_PRESENTMENT} }}
      shipping {{ amountSet {{ {_PRESENTMENT} }} maximumRefundableSet {{ {_PRESENTMENT} }} }}
      suggestedTransactions {{
        gateway
        amountSet {{ {_PRESENTMENT} }}
        maximumRefundableSet {{ {_PRESENTMENT} }}
        parentTransaction {{ id }}
      }}
    }}
  }}
}}
"""

CREATE_REFUND: Final = f"""
mutation CreateRefund($input: RefundInput!, $key: String!) {{
  refundCreate(input: $input) @idempotent(key: $key) {{
    refund {{
      id
      totalRefundedSet {{ {_PRESENTMENT} }}
      transactions(first: {PARTS_READ}) {{ nodes {{ status }} }}
    }}
    userErrors {{ field message }}
  }}
}}
"""

REFUND_IDS: Final = f"""
query RefundIds($id: ID!) {{
  order(id: $id) {{
    currencyCode presentmentCurrencyCode
    refunds(first: {REFUNDS_READ}) {{ id note totalRefundedSet {{ {_PRESENTMENT} }} }}
  }}
}}
"""

REFUND: Final = f"""
query Refund($id: ID!, $after: String) {{
  refund(id: $id) {{
    id note createdAt processedAt
    refundLineItems(first: {PARTS_READ}, after: $after) {{
      nodes {{
        quantity restockType
        location {{ id }}
        lineItem {{ id sku title isGiftCard }}
        subtotalSet {{ {_BOTH} }}
        totalTaxSet {{ {_BOTH} }}
      }}
      pageInfo {{ hasNextPage endCursor }}
    }}
    refundShippingLines(first: 10) {{
      nodes {{ shippingLine {{ title }} subtotalAmountSet {{ {_BOTH} }} taxAmountSet {{ {_BOTH} }} }}
      pageInfo {{ hasNextPage }}
    }}
    orderAdjustments(first: 10) {{
      nodes {{ reason amountSet {{ {_BOTH} }} taxAmountSet {{ {_BOTH} }} }}
      pageInfo {{ hasNextPage }}
    }}
    duties {{ amountSet {{ {_BOTH} }} }}
    transactions(first: 20) {{
      nodes {{ id kind status amountSet {{ {_PRESENTMENT} }} }}
      pageInfo {{ hasNextPage }}
    }}
  }}
}}
"""

REFUND_STATE: Final = f"""
query RefundState($id: ID!) {{
  refund(id: $id) {{
    id
    totalRefundedSet {{ {_PRESENTMENT} }}
    transactions(first: {PARTS_READ}) {{ nodes {{ status }} }}
  }}
}}
"""

# The search's terms: https://shopify.dev/docs/api/admin-graphql/2026-10/queries/orders#arguments-query
CHANGED_ORDERS: Final = f"""
query ChangedOrders($query: String!, $after: String) {{
  orders(first: {ORDERS_A_PAGE}, query: $query, sortKey: UPDATED_AT, after: $after) {{
    nodes {{ id updatedAt refunds(first: {REFUNDS_LISTED}) {{ id }} }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}
"""

CHECK: Final = "query Check { shop { name } orders(first: 1) { nodes { id } } }"

OPERATIONS: Final = {
    "Order": ORDER,
    "OrderLines": ORDER_LINES,
    "FindOrder": FIND_ORDER,
    "SuggestRefund": SUGGEST,
    "CreateRefund": CREATE_REFUND,
    "RefundIds": REFUND_IDS,
    "Refund": REFUND,
    "RefundState": REFUND_STATE,
    "ChangedOrders": CHANGED_ORDERS,
    "Check": CHECK,
}
"""Every operation by its name."""
