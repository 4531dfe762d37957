"""Where a record can be looked at by people on the platforms themselves; pure.

An address is empty where the platform has no form of it that fits every account: pages then show the id.
"""

import re
from typing import Final
from urllib.parse import quote

from ledger.models import Account, NetSuiteAccount, Refund
from ledger.models.accounts import Platform

_RECORD: Final = re.compile(r"[0-9]{1,18}")
_NUMBER: Final = re.compile(r"[0-9]{1,20}")
_SHOP: Final = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")
_ORDER: Final = re.compile(r"[A-Za-z0-9!~-]{1,60}")
# https://developer-docs.amazon.com/sp-api/docs/seller-central-urls
_SELLER_CENTRAL: Final = {
    **dict.fromkeys(("USD", "CAD", "MXN"), "sellercentral.amazon.com"),
    **dict.fromkeys(("EUR", "GBP"), "sellercentral-europe.amazon.com"),
    "BRL": "sellercentral.amazon.com.br",
    "SEK": "sellercentral.amazon.se",
    "PLN": "sellercentral.amazon.pl",
    "TRY": "sellercentral.amazon.com.tr",
    "AED": "sellercentral.amazon.ae",
    "SAR": "sellercentral.amazon.sa",
    "EGP": "sellercentral.amazon.eg",
    "INR": "sellercentral.amazon.in",
    "SGD": "sellercentral.amazon.sg",
    "AUD": "sellercentral.amazon.com.au",
    "JPY": "sellercentral.amazon.co.jp",
}


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

    Magento's back office has an address that every shop chooses for itself
    (https://experienceleague.adobe.com/en/docs/commerce-operations/configuration-guide/setup/custom-admin-path),
    so there is none.

    Args:
        account: Whose order it is.
        order_id: The order's id in the storefront.
        currency: The refund's; it tells which of Amazon's sites the order is on.
    """
    if not _ORDER.fullmatch(order_id):
        return ""
    if account.platform is Platform.SHOPIFY:
        is_known = _NUMBER.fullmatch(order_id) and _SHOP.fullmatch(account.storefront_id)
        return f"https://{account.storefront_id}/admin/orders/{order_id}" if is_known else ""
    if account.platform is Platform.AMAZON:
        host = _SELLER_CENTRAL.get(currency, "")
        return f"https://{host}/orders-v3/order/{order_id}" if host else ""
    if account.platform is Platform.EBAY:
        return f"https://www.ebay.com/mesh/ord/details?orderid={quote(order_id, safe='')}"
    return ""


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
