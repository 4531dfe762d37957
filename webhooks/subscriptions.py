"""What each platform has to be asked to send, as its source says."""

from collections.abc import Mapping
from typing import Final

from ledger.platforms import Platform
from webhooks.sources import SOURCES
from webhooks.sources.subscription import Subscription

_SAID: Final = {name: source.subscription for name, source in SOURCES.items()}

SUBSCRIPTIONS: Final[Mapping[Platform, Subscription]] = {
    Platform(name): said for name, said in _SAID.items() if said is not None
}
"""Of every storefront platform; NetSuite's script knows by itself what to send."""
