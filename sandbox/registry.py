"""The platforms the sandbox simulates: a line each."""

from collections.abc import Callable
from typing import Final

from sandbox.amazon.platform import AmazonPlatform
from sandbox.ebay.platform import EbayPlatform
from sandbox.magento.platform import MagentoPlatform
from sandbox.netsuite.platform import NetSuitePlatform
from sandbox.shopify.platform import ShopifyPlatform
from sandbox.world import Platform, World

PLATFORMS: Final[tuple[Callable[[World], Platform], ...]] = (
    ShopifyPlatform,
    NetSuitePlatform,
    MagentoPlatform,
    AmazonPlatform,
    EbayPlatform,
)
