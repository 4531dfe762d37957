"""What the portal asks of platforms' clients when an account is connected.

The web process knows no client: what credentials must be like is the workers' knowledge, which the command
line hands in, so that there is one place for it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger.models import Account, NetSuiteAccount
from ledger.platforms import Platform

NETSUITE: Final = "netsuite"
"""The source channel that is no storefront."""


def _unknown(_credentials: Mapping[str, Any]) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Connector:
    """What connecting an account of one platform needs to know of it.

    Attributes:
        check: Refuses credentials that are not of the platform's shape, by a ValueError whose message is one
            sentence for whoever gave them.
        secret: Returns the webhooks' secret where the credentials tell, else nothing.
    """

    check: Callable[[Mapping[str, Any]], None]
    secret: Callable[[Mapping[str, Any]], str] = _unknown


Connectors = Mapping[str, Connector]
"""By source channel; an account can be connected to those that are there."""


def storefronts(known: Connectors) -> Sequence[str]:
    """Return the storefronts that an account can be connected to, by name."""
    return sorted(set(known) - {NETSUITE})


def blank(source: str) -> Account | NetSuiteAccount:
    """Return an account of a source channel that is nowhere kept, to ask what all of its kind have.

    Raises:
        ValueError: If there is no such source channel.
    """
    return NetSuiteAccount() if source == NETSUITE else Account(platform=Platform(source))
