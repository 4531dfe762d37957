"""Which account an address belongs to."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy.orm import Session

from ledger.accounts import AccountError
from ledger.database import Database
from ledger.secrets import Vault
from webhooks.sources import SOURCES
from webhooks.sources.protocol import Endpoint, Keys, NoKeys, Source

KEPT: Final = 1.0  # seconds an endpoint is remembered, and a change of its account may go unnoticed
RENEWED: Final = KEPT / 2  # seconds after which one request looks it up anew, while others go on with it

_SLUG_LENGTH: Final = 40  # characters; the width of the ledger's column


class NoSuchEndpointError(LookupError):
    """Raised when no platform or no account has this address.

    Attributes:
        reason: `unknown_source` or `unknown_account`; the answer tells neither from the other.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def source_of(name: str) -> Source:
    """Return the platform of an address.

    Raises:
        NoSuchEndpointError: If there is none of that name.
    """
    try:
        return SOURCES[name]
    except KeyError:
        raise NoSuchEndpointError("unknown_source") from None


def path_of(source: str, slug: str) -> str:
    """Return where an account's webhooks are received, below the public address."""
    return f"/webhooks/{source}/{slug}"


@dataclass(frozen=True, slots=True)
class Directory:
    """Finds endpoints.

    Attributes:
        public_url: Where the platforms reach us, without a slash at its end.
        keys: Where the platforms' public keys come from.
        clock: Monotonic time in seconds.
    """

    vault: Vault = field(repr=False)
    public_url: str = ""
    keys: Keys = field(default_factory=NoKeys, repr=False)
    clock: Callable[[], float] = time.monotonic
    _known: dict[tuple[str, str], tuple[float, Endpoint]] = field(default_factory=dict, repr=False)
    _renewing: set[tuple[str, str]] = field(default_factory=set, repr=False)

    def recall(self, database: Database, source: Source, slug: str) -> Endpoint:
        """Return the endpoint of a platform's account as it was at most `KEPT` seconds ago.

        Looking it up costs more than all else of a request, so that not all do at once. Raises what `find`
        does; that there is no such account is never remembered.
        """
        key = source.name, slug
        found_at, endpoint = self._known.get(key, (0.0, None))
        age = self.clock() - found_at
        if endpoint is not None and (age < RENEWED or (age < KEPT and key in self._renewing)):
            return endpoint
        self._renewing.add(key)
        try:
            return self.look_up(database, source, slug)
        finally:
            self._renewing.discard(key)

    def look_up(self, database: Database, source: Source, slug: str) -> Endpoint:
        """Return the endpoint of a platform's account as it is now, and remember it.

        Raises what `find` does.
        """
        now = self.clock()
        with database.read() as session:
            endpoint = self.find(session, source, slug)
        self._known[source.name, slug] = now, endpoint
        return endpoint

    def find(self, session: Session, source: Source, slug: str) -> Endpoint:
        """Return the endpoint of a platform's account, with its live secrets as of now.

        Raises:
            NoSuchEndpointError: If the platform has no account of that name.
            ledger.secrets.SecretsError: If no key opens the account's secrets.
            ledger.policy.PolicyError: If the account's settings are not of this version.
        """
        # The database is not asked for what no account can be called.
        if not (slug.isascii() and slug.isprintable() and len(slug) <= _SLUG_LENGTH):
            raise NoSuchEndpointError("unknown_account")
        try:
            account = source.find_account(session, slug)
        except AccountError:
            raise NoSuchEndpointError("unknown_account") from None
        endpoint = Endpoint.of(account, secrets=tuple(self.vault.open(account.webhook_secrets)))
        if endpoint.source != source.name:
            raise NoSuchEndpointError("unknown_account")
        return replace(
            endpoint,
            url=f"{self.public_url}{path_of(source.name, slug)}",
            credentials=self.vault.open(account.credentials) if source.uses_credentials else {},
            keys=self.keys,
        )
