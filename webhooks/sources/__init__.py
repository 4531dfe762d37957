"""The platforms that post to us: a module a platform, and its line here."""

from typing import Final

from webhooks.sources.amazon import Amazon
from webhooks.sources.ebay import Ebay
from webhooks.sources.magento import Magento
from webhooks.sources.netsuite import NetSuite
from webhooks.sources.protocol import Source
from webhooks.sources.shopify import Shopify

_ALL: Final[tuple[Source, ...]] = (
    Shopify(),
    Magento(),
    NetSuite(),
    Amazon(),
    Ebay(),
)

SOURCES: Final[dict[str, Source]] = {source.name: source for source in _ALL}
"""Every source by its name in addresses."""
