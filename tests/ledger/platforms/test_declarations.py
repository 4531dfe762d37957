"""What is declared of the platforms."""

import pytest

from ledger.platforms import Platform
from ledger.platforms.declaration import ORDER_ID


@pytest.mark.parametrize(
    ("platform", "storefront", "order", "currency", "url"),
    [
        ("shopify", "a.myshopify.com", "123", "USD", "https://a.myshopify.com/admin/orders/123"),
        ("shopify", "a.myshopify.com", "12x", "USD", ""),
        ("shopify", "a.example.com", "123", "USD", ""),
        ("amazon", "A2", "701-1-2", "GBP", "https://sellercentral-europe.amazon.com/orders-v3/order/701-1-2"),
        ("amazon", "A2", "701-1-2", "XXX", ""),
        ("ebay", "seller", "01-2~3!4", "USD", "https://www.ebay.com/mesh/ord/details?orderid=01-2~3%214"),
        ("magento", "shop.example.com", "5", "USD", ""),
    ],
)
def test_an_order_is_found_where_people_look_for_it(
    platform: str, storefront: str, order: str, currency: str, url: str
) -> None:
    assert Platform(platform).declaration.order_url(storefront, order, currency) == url


@pytest.mark.parametrize("platform", Platform)
def test_a_platform_is_known_by_the_name_of_its_declaration(platform: Platform) -> None:
    declared = platform.declaration
    assert platform == declared.name == platform.value
    assert Platform(declared.name) is platform
    assert declared.label
    assert (declared.storefront_ids is None) is (not declared.storefront_id_is)
    known = {name for way in declared.credentials.ways for name in way} | set(declared.credentials.more)
    assert {field.name for field in declared.credentials.fields} <= known
    assert ORDER_ID.fullmatch("701-1234567-1234567")
