"""What every page of the portal works with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from typing import cast
from urllib.parse import urlsplit

from flask import current_app, request
from redis import Redis

from ledger.clock import utcnow
from ledger.database import Database
from ledger.queue import Waker
from ledger.secrets import Vault
from webhooks.portal.connectors import Connectors


@dataclass(frozen=True, slots=True)
class Portal:
    """The tools of the pages.

    Attributes:
        redis: The queue's; may be down.
        public_url: Where people reach the portal, without a slash at its end; empty where nobody said.
        clock: Tells the time, in UTC.
        can_mail: Whether there is a mail server to send alerts by.
        allow_private_urls: Whether alerts and calls may go to addresses that are local or without TLS.
        connectors: What is asked to connect an account; without one of a platform, it is done elsewhere.
    """

    database: Database
    vault: Vault = field(repr=False)
    redis: Redis
    waker: Waker
    public_url: str = ""
    clock: Callable[[], datetime] = utcnow
    can_mail: bool = False
    allow_private_urls: bool = False
    connectors: Connectors = field(default_factory=dict)

    @property
    def is_behind_tls(self) -> bool:
        """Tell whether people reach the portal by TLS, as the installation's settings say."""
        return self.public_url.startswith("https:")


def current() -> Portal:
    """Return the portal that the request came to."""
    return cast("Portal", current_app.extensions["portal"])


def is_secure() -> bool:
    """Tell whether cookies may travel by TLS only: always, but on one's own machine without TLS."""
    public_url = current().public_url
    if public_url:
        return current().is_behind_tls
    return request.is_secure or not _is_loopback(urlsplit(request.host_url).hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
