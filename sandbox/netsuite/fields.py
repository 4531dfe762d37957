"""Property names of the REST records, and the kind of value each takes.

From the REST API Browser 2026.1; custom fields (``custbody*``, ``custcol*``) are checked elsewhere.
"""

from typing import Final

TEXT, NUMBER, INTEGER, FLAG, DATE, MOMENT, REF, ENUM, LIST = (
    "text",
    "number",
    "integer",
    "flag",
    "date",
    "moment",
    "ref",
    "enum",
    "list",
)


def _named(**kinds: str) -> dict[str, str]:
    """Return property names with their kinds, from kinds with blank-separated names."""
    return {name: kind for kind, names in kinds.items() for name in names.split()}


ALWAYS: Final = _named(
    text="externalId id memo refName tranId transactionNumber",
    number="exchangeRate total",
    flag="toBePrinted excludeFromGLNumbering",
    date="prevDate tranDate",
    moment="createdDate lastModifiedDate",
    ref="account class currency customForm department location nexus postingPeriod subsidiary",
    list="links",
)
SALES: Final = ALWAYS | _named(
    text="billAddress email message otherRefNum shipAddress",
    number="discountRate discountTotal handlingCost shippingCost shippingTax1Rate subtotal taxTotal",
    flag="isTaxable toBeEmailed toBeFaxed",
    date="dueDate endDate salesEffectiveDate shipDate startDate",
    ref="billingAccount createdFrom discountItem entity partner salesRep shipMethod terms",
    list="item",
)
BODY: Final[dict[str, dict[str, str]]] = {
    "salesOrder": SALES | _named(enum="orderStatus status", flag="shipComplete"),
    "invoice": SALES | _named(enum="status", number="amountPaid amountRemaining"),
    "cashSale": SALES | _named(enum="status", ref="paymentOption undepFunds"),
    "returnAuthorization": SALES | _named(enum="orderStatus status"),
    "creditMemo": SALES
    | _named(
        enum="status",
        number="amountPaid amountRemaining applied unapplied",
        flag="autoApply",
        list="apply",
    ),
    "cashRefund": SALES
    | _named(
        enum="handlingMode paymentOperation",
        text="checkNumber",
        ref="paymentOption paymentProcessingProfile",
        flag="refundCheck",
    ),
    "customerRefund": ALWAYS
    | _named(
        enum="handlingMode paymentOperation status",
        text="address checkNumber",
        number="balance",
        ref="arAcct customer paymentOption paymentProcessingProfile transactionToRefund voidJournal",
        list="apply deposit",
    ),
}
ITEM_LINE: Final = _named(
    text="description options taxDetailsReference units refName",
    number="amount grossAmt quantity rate tax1Amt taxAmount taxRate1",
    integer="line orderLine uniqueKey",
    flag="isClosed isOpen isTaxable",
    ref="account class department item location orderDoc price taxCode",
    enum="itemType itemSubtype",
    list="links",
)
APPLY_LINE: Final = _named(
    text="createdFrom currency refName refNum type",
    number="amount due total",
    integer="line",
    flag="apply",
    date="applyDate",
    ref="doc",
    list="links",
)
SUBLISTS: Final = {"item": ITEM_LINE, "apply": APPLY_LINE, "deposit": APPLY_LINE}
READ_ONLY: Final = frozenset(
    [
        "id",
        "links",
        "refName",
        "createdDate",
        "lastModifiedDate",
        "total",
        "subtotal",
        "taxTotal",
        "createdFrom",
        "transactionNumber",
        "prevDate",
        "amountPaid",
        "amountRemaining",
        "applied",
        "unapplied",
    ]
)
"""Accepted in a body, and ignored."""
