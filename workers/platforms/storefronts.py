"""The registry of storefronts: a new platform is one module and one line here."""

from collections.abc import Callable
from typing import Any, Final

from ledger.models.accounts import Platform
from workers.platforms.amazon_storefront import AmazonStorefront
from workers.platforms.ebay_storefront import EbayStorefront
from workers.platforms.http import Http
from workers.platforms.magento_storefront import MagentoStorefront
from workers.platforms.shopify_storefront import ShopifyStorefront
from workers.platforms.storefront import Storefront

Factory = Callable[[str, str, dict[str, Any], Http], Storefront]
"""Takes the storefront's id, an API address or nothing, the credentials, and the transport."""

STOREFRONTS: Final[dict[Platform, Factory]] = {
    Platform.SHOPIFY: ShopifyStorefront,
    Platform.EBAY: EbayStorefront,
    Platform.AMAZON: AmazonStorefront,
    Platform.MAGENTO: MagentoStorefront,
}
