"""The platforms that post to us: a module a platform, and its line here."""

from typing import Final

from webhooks.sources.netsuite import NetSuite
from webhooks.sources.protocol import Source
from webhooks.sources.shopify import Shopify

_ALL: Final[tuple[Source, ...]] = (Shopify(), NetSuite())

SOURCES: Final[dict[str, Source]] = {source.name: source for source in _ALL}
"""Every source by its name in addresses."""
