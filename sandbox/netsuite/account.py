"""An account: its settings, its credentials and its records."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from sandbox.netsuite.index import Index
from sandbox.netsuite.kinds import RecordType
from sandbox.netsuite.model import Currency, Customer, Item, Place, Transaction

DEFAULT_CONCURRENCY: Final = 5
DEFAULT_RETRY_SECONDS: Final = 900.0
CURRENCIES: Final = (
    ("USD", "US Dollar", 2),
    ("GBP", "British Pound", 2),
    ("CAD", "Canadian Dollar", 2),
    ("EUR", "Euro", 2),
    ("JPY", "Japanese Yen", 0),
    ("KWD", "Kuwaiti Dinar", 3),
)
PublicKey = RSAPublicKey | EllipticCurvePublicKey


@dataclass(frozen=True)
class Certificate:
    """A public key registered for OAuth 2.0 client credentials.

    Attributes:
        client_id: The integration it belongs to.
        key: The public key.
        not_after: End of the certificate, ``None`` for a bare key.
    """

    client_id: str
    key: PublicKey
    not_after: datetime | None


@dataclass(frozen=True)
class TokenCredentials:
    """Credentials of token-based authentication."""

    consumer_key: str
    consumer_secret: str
    token_id: str
    token_secret: str


@dataclass(frozen=True)
class Webhook:
    """Where the account's user event script posts to.

    Attributes:
        url: Address of the receiver.
        secret: Key of the HMAC.
        retry_seconds: Wait before a failed post is sent again.
    """

    url: str
    secret: str
    retry_seconds: float = DEFAULT_RETRY_SECONDS


@dataclass
class Account:
    """A NetSuite account.

    Attributes:
        account_id: As NetSuite shows it, ``1234567_SB1``.
        database: The SuiteQL tables.
        concurrency: Most requests in flight at once.
        refund_in_advance: Whether returns may be refunded before the goods have come back.
        clock_ahead: How far the time SuiteQL speaks of is ahead of UTC.
        closed_until: Last day of the closed accounting periods, if any.
        custom_fields: Custom transaction body fields there are.
        certificates: By certificate id.
        tba: Credentials of token-based authentication, if allowed.
        webhook: Where user events go.
        tokens: OAuth 2.0 access tokens given, with their end.
        nonces: Nonces used, with their timestamps.
        items: By internal id.
        currencies: By ISO code.
        customers: By internal id.
        locations: By internal id.
        subsidiaries: By internal id.
        transactions: By internal id; changed by ``keep`` and ``forget`` only.
        index: Finds them by other things.
    """

    account_id: str
    database: sqlite3.Connection
    concurrency: int = DEFAULT_CONCURRENCY
    refund_in_advance: bool = False
    clock_ahead: timedelta = timedelta(0)
    closed_until: date | None = None
    custom_fields: set[str] = field(default_factory=set)
    certificates: dict[str, Certificate] = field(default_factory=dict)
    tba: TokenCredentials | None = None
    webhook: Webhook | None = None
    tokens: dict[str, datetime] = field(default_factory=dict)
    nonces: set[tuple[str, str]] = field(default_factory=set)
    items: dict[str, Item] = field(default_factory=dict)
    currencies: dict[str, Currency] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)
    locations: dict[str, Place] = field(default_factory=dict)
    subsidiaries: dict[str, Place] = field(default_factory=dict)
    transactions: dict[str, Transaction] = field(default_factory=dict)
    index: Index = field(default_factory=Index)
    numbers: Iterator[int] = field(default_factory=lambda: count(1001))
    item_numbers: Iterator[int] = field(default_factory=lambda: count(101))
    customer_numbers: Iterator[int] = field(default_factory=lambda: count(501))
    line_keys: Iterator[int] = field(default_factory=lambda: count(50001))

    @property
    def slug(self) -> str:
        """The account id as host names and URLs have it."""
        return slug_of(self.account_id)

    def local(self, moment: datetime) -> datetime:
        """Return a moment on the clock that SuiteQL speaks of; the zone it names is not its own."""
        return moment.astimezone(UTC) + self.clock_ahead

    def item_named(self, name: str) -> Item | None:
        """Find an item by its name."""
        return next((item for item in self.items.values() if item.itemid == name), None)

    def currency_by_id(self, internal_id: str) -> Currency | None:
        """Find a currency by its internal id."""
        return next((each for each in self.currencies.values() if each.id == internal_id), None)

    def keep(self, transaction: Transaction) -> None:
        """Save a transaction, new or changed."""
        self.transactions[transaction.id] = transaction
        self.index.put(transaction)

    def forget(self, transaction: Transaction) -> None:
        """Take a transaction away."""
        del self.transactions[transaction.id]
        self.index.drop(transaction)

    def by_external_id(self, kind: RecordType, external_id: str) -> Transaction | None:
        """Find a transaction of a type by its external id."""
        return self.index.by_external_id(kind.code, external_id)

    def children(self, source: Transaction) -> list[Transaction]:
        """Return the transactions made from another."""
        return list(self.index.children(source.id))

    def applied_to(self, target: Transaction) -> Decimal:
        """Return how much of other transactions is applied to this one."""
        amounts = (
            part.amount
            for each in self.index.appliers(target.id)
            if not each.voided
            for part in each.applications
            if part.doc == target.id
        )
        return sum(amounts, Decimal(0))


def slug_of(account_id: str) -> str:
    """Write an account id as host names have it: lower case, ``_`` as ``-``."""
    return account_id.lower().replace("_", "-")
