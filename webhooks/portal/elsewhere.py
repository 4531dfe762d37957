"""Where a record can be looked at by people on the platforms themselves; pure.

An address is empty where the platform has no form of it that fits every account: pages then show the id.
"""

import re
from typing import Final

from ledger.models import Account, NetSuiteAccount, Refund
from ledger.platforms.declaration import ORDER_ID

_RECORD: Final = re.compile(r"[0-9]{1,18}")


def netsuite_record(books: NetSuiteAccount, record_id: str) -> str:
    """Return the address of a transaction in NetSuite: of whatever type, it is found by its internal id.

    The account's part of the host is its id in lower case with a hyphen, `1234567-sb1`:
    https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1498754928.html
    """
    if not _RECORD.fullmatch(record_id):
        return ""
    host = books.account_id.lower().replace("_", "-")
    return f"https://{host}.app.netsuite.com/app/accounting/transactions/transaction.nl?id={record_id}"


def storefront_order(account: Account, order_id: str, currency: str = "") -> str:
    """Return the address of an order in its storefront's back office.

    Args:
        account: Whose order it is.
        order_id: The order's id in the storefront.
        currency: The refund's; it may tell which of a platform's sites the order is on.
    """
    if not ORDER_ID.fullmatch(order_id):
        return ""
    return account.platform.declaration.order_url(account.storefront_id, order_id, currency)


def source(refund: Refund) -> str:
    """Return where a refund is where it came from; in storefronts it is on its order's page."""
    if refund.origin == "netsuite":
        return netsuite_record(refund.account.netsuite, refund.source_refund_id)
    return storefront_order(refund.account, refund.storefront_order_id, refund.currency)


def target(refund: Refund) -> str:
    """Return where a refund is on the other side; empty while it is not there."""
    if not refund.target_id:
        return ""
    if refund.origin == "netsuite":
        return storefront_order(refund.account, refund.storefront_order_id, refund.currency)
    return netsuite_record(refund.account.netsuite, refund.target_id)
