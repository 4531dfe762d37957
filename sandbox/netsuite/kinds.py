"""The record types the sandbox knows: their names in REST, SuiteQL and SuiteScript, and their statuses."""

from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True)
class RecordType:
    """A transaction type.

    Attributes:
        rest: Name in REST URLs.
        code: ``type`` in SuiteQL.
        script: Name in SuiteScript, and ``recordtype`` in SuiteQL.
        label: Name for people.
        prefix: Start of its document numbers.
        sells: Whether it sells (a debit to the customer) rather than gives back.
        statuses: Status letters and what they mean.
        links: What a line of it, made from another transaction's line, is called as a link.
    """

    rest: str
    code: str
    script: str
    label: str
    prefix: str
    sells: bool
    statuses: dict[str, str] = field(default_factory=dict, hash=False)
    links: str = "OrdBill"


SALES_ORDER: Final = RecordType(
    rest="salesOrder",
    code="SalesOrd",
    script="salesorder",
    label="Sales Order",
    prefix="SO",
    sells=True,
    statuses={
        "A": "Pending Approval",
        "B": "Pending Fulfillment",
        "C": "Cancelled",
        "D": "Partially Fulfilled",
        "E": "Pending Billing/Partially Fulfilled",
        "F": "Pending Billing",
        "G": "Billed",
        "H": "Closed",
    },
)
INVOICE: Final = RecordType(
    rest="invoice",
    code="CustInvc",
    script="invoice",
    label="Invoice",
    prefix="INV",
    sells=True,
    statuses={"A": "Open", "B": "Paid In Full", "V": "Voided"},
)
CASH_SALE: Final = RecordType(
    rest="cashSale",
    code="CashSale",
    script="cashsale",
    label="Cash Sale",
    prefix="CS",
    sells=True,
    statuses={"A": "Unapproved Payment", "B": "Not Deposited", "C": "Deposited", "V": "Voided"},
)
CREDIT_MEMO: Final = RecordType(
    rest="creditMemo",
    code="CustCred",
    script="creditmemo",
    label="Credit Memo",
    prefix="CM",
    sells=False,
    statuses={"A": "Open", "B": "Fully Applied", "V": "Voided"},
    links="SaleRet",
)
CASH_REFUND: Final = RecordType(
    rest="cashRefund",
    code="CashRfnd",
    script="cashrefund",
    label="Cash Refund",
    prefix="CR",
    sells=False,
    links="SaleRet",
)
CUSTOMER_REFUND: Final = RecordType(
    rest="customerRefund",
    code="CustRfnd",
    script="customerrefund",
    label="Customer Refund",
    prefix="RF",
    sells=False,
    statuses={"R": "Paid", "V": "Voided"},
)
RETURN: Final = RecordType(
    rest="returnAuthorization",
    code="RtnAuth",
    script="returnauthorization",
    label="Return Authorization",
    prefix="RA",
    sells=False,
    statuses={
        "A": "Pending Approval",
        "B": "Pending Receipt",
        "C": "Cancelled",
        "D": "Partially Received",
        "E": "Pending Refund/Partially Received",
        "F": "Pending Refund",
        "G": "Refunded",
        "H": "Closed",
    },
    links="SaleRet",
)

TYPES: Final = (SALES_ORDER, INVOICE, CASH_SALE, CREDIT_MEMO, CASH_REFUND, CUSTOMER_REFUND, RETURN)
BY_REST: Final = {each.rest: each for each in TYPES}
BILLS: Final = frozenset({INVOICE.code, CASH_SALE.code})
CREDITS: Final = frozenset({CREDIT_MEMO.code, CASH_REFUND.code})

TRANSFORMS: Final = frozenset(
    {
        (SALES_ORDER.rest, INVOICE.rest),
        (SALES_ORDER.rest, CASH_SALE.rest),
        (SALES_ORDER.rest, RETURN.rest),
        (INVOICE.rest, CREDIT_MEMO.rest),
        (INVOICE.rest, RETURN.rest),
        (CASH_SALE.rest, CASH_REFUND.rest),
        (CASH_SALE.rest, RETURN.rest),
        (RETURN.rest, CREDIT_MEMO.rest),
        (RETURN.rest, CASH_REFUND.rest),
        (CREDIT_MEMO.rest, CUSTOMER_REFUND.rest),
    }
)
"""Transforms on offer: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4267258715.html"""
