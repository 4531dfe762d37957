"""Addresses of records on the platforms themselves."""

import pytest

from ledger.models import Account, NetSuiteAccount
from ledger.platforms import Platform
from webhooks.portal import elsewhere


def account(platform: Platform, storefront_id: str = "") -> Account:
    return Account(platform=platform, storefront_id=storefront_id)


@pytest.mark.parametrize(
    ("account_id", "host"),
    [("1234567", "1234567"), ("1234567_SB1", "1234567-sb1"), ("TSTDRV1234567", "tstdrv1234567")],
)
def test_a_record_in_netsuite_is_found_by_its_internal_id(account_id: str, host: str) -> None:
    url = elsewhere.netsuite_record(NetSuiteAccount(account_id=account_id), "88001")
    assert url == f"https://{host}.app.netsuite.com/app/accounting/transactions/transaction.nl?id=88001"


@pytest.mark.parametrize("record_id", ["", "CR-17", "1 or 1", "1&x=1", "9" * 19])
def test_what_is_no_internal_id_has_no_address(record_id: str) -> None:
    assert elsewhere.netsuite_record(NetSuiteAccount(account_id="1234567"), record_id) == ""


@pytest.mark.parametrize(
    ("shop", "order_id", "currency", "url"),
    [
        (
            account(Platform.SHOPIFY, "example.myshopify.com"),
            "450789469",
            "USD",
            "https://example.myshopify.com/admin/orders/450789469",
        ),
        (
            account(Platform.AMAZON),
            "902-3159896-1390916",
            "USD",
            "https://sellercentral.amazon.com/orders-v3/order/902-3159896-1390916",
        ),
        (
            account(Platform.AMAZON),
            "902-3159896-1390916",
            "EUR",
            "https://sellercentral-europe.amazon.com/orders-v3/order/902-3159896-1390916",
        ),
        (
            account(Platform.EBAY),
            "12-34567-89012",
            "USD",
            "https://www.ebay.com/mesh/ord/details?orderid=12-34567-89012",
        ),
        (account(Platform.EBAY), "1!2", "USD", "https://www.ebay.com/mesh/ord/details?orderid=1%212"),
        (account(Platform.AMAZON), "902-3159896-1390916", "XYZ", ""),
        (account(Platform.MAGENTO, "https://magento.example.com"), "17", "USD", ""),
        (account(Platform.SHOPIFY, "evil.example/x"), "450789469", "USD", ""),
        (account(Platform.SHOPIFY, "example.myshopify.com"), "../../login", "USD", ""),
        (account(Platform.EBAY), "1&x=<script>", "USD", ""),
        (account(Platform.EBAY), "", "USD", ""),
    ],
)
def test_an_order_s_address_is_the_platform_s_own_or_none(
    shop: Account, order_id: str, currency: str, url: str
) -> None:
    assert elsewhere.storefront_order(shop, order_id, currency) == url
