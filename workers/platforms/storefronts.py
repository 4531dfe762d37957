"""The registry of storefronts: a new platform is one module and one line here."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from ledger.platforms import Platform
from workers.platforms.amazon_storefront import AmazonStorefront
from workers.platforms.ebay_storefront import EbayStorefront
from workers.platforms.http import Http
from workers.platforms.magento_storefront import MagentoStorefront
from workers.platforms.shopify_storefront import ShopifyStorefront
from workers.platforms.storefront import Storefront


class Connector(Protocol):
    """A storefront's client class: what it asks of credentials, and how it is made from them."""

    def validate_credentials(self, credentials: Mapping[str, Any], /) -> None:
        """Check that credentials are of the platform's shape; see `Storefront`."""

    def webhook_secret(self, credentials: Mapping[str, Any], /) -> str:
        """Return the webhooks' secret where the credentials tell; see `Storefront`."""

    def may_name(self, number: str, /) -> bool:
        """Tell whether an order of the platform may have this number; see `Storefront`."""

    def __call__(
        self, storefront_id: str, api_url: str, credentials: dict[str, Any], http: Http, /
    ) -> Storefront:
        """Return a client, at another address than the platform's own where `api_url` is not empty."""


STOREFRONTS: Final[dict[Platform, Connector]] = {
    Platform.SHOPIFY: ShopifyStorefront,
    Platform.EBAY: EbayStorefront,
    Platform.AMAZON: AmazonStorefront,
    Platform.MAGENTO: MagentoStorefront,
}
