"""A seller with an application connected: credentials, settings, and everything the seller has."""

import itertools
import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sandbox.ebay.model import REFUNDED, Line, Order, Refund, Request
from sandbox.ebay.signatures import SigningKey

SCOPE: Final = "https://api.ebay.com/oauth/api_scope"
FULFILLMENT: Final = f"{SCOPE}/sell.fulfillment"
FULFILLMENT_READ: Final = f"{FULFILLMENT}.readonly"
FINANCES: Final = f"{SCOPE}/sell.finances"
DEFAULT_SCOPES: Final = (SCOPE, FULFILLMENT, FULFILLMENT_READ, FINANCES)
TOKEN_LIFE: Final = timedelta(hours=2)

TOPICS: Final = (
    "ORDER_CONFIRMATION",
    "ORDER_CANCELLATION_ACTIVITY",
    "ORDER_RETURN_ACTIVITY",
    "ORDER_INQUIRY_ACTIVITY",
    "MARKETPLACE_ACCOUNT_DELETION",
    "AUTHORIZATION_REVOCATION",
)

DAILY: Final = {
    "fulfillment": 100_000,
    "issue_refund": 100_000,
    "finances": 15_000,
    "notification": 10_000,
    "key_management": 5_000,
    "return": 5_000,
    "cancellation": 5_000,
    "inquiry": 5_000,
    "casemanagement": 5_000,
}
"""Calls a day, by resource: https://developer.ebay.com/develop/apis/api-call-limits."""


class Quotas:
    """Counts calls by resource and day, in UTC; not locked, its seller is."""

    def __init__(self) -> None:
        self.limits = dict(DAILY)
        self._used: Counter[tuple[str, str]] = Counter()

    def take(self, name: str, now: datetime) -> bool:
        """Count a call in if the day's limit allows one more."""
        day = (name, now.date().isoformat())
        if self._used[day] >= self.limits[name]:
            return False
        self._used[day] += 1
        return True

    def restart(self) -> None:
        """Forget what was used."""
        self._used.clear()


@dataclass(frozen=True)
class Token:
    """An access token.

    Attributes:
        scopes: What it is good for.
        end: When it expires.
        user: Whether a seller stands behind it; otherwise it is the application's own.
    """

    scopes: frozenset[str]
    end: datetime
    user: bool


@dataclass
class Legacy:
    """Platform Notifications: the keys that sign them, and where they go."""

    url: str
    dev_id: str
    app_id: str
    cert_id: str
    events: tuple[str, ...]


@dataclass
class Push:
    """Where notifications go.

    Attributes:
        url: The destination's endpoint.
        verification_token: The destination's token.
        topics: Topics subscribed to.
        kid: Id of the key that signs.
        verified: Whether the endpoint answered the challenge rightly.
        challenge_status: HTTP status of its answer.
        marked_down: Whether eBay gave up on it.
        legacy: The old notifications, if wanted.
        names_orders: Whether what is told of a request names its order; otherwise its own number only.
    """

    url: str
    verification_token: str
    topics: tuple[str, ...]
    kid: str
    verified: bool = False
    challenge_status: int | None = None
    marked_down: bool = False
    legacy: Legacy | None = None
    names_orders: bool = True

    @property
    def status(self) -> str:
        """The destination's status."""
        return "MARKED_DOWN" if self.marked_down else "ENABLED" if self.verified else "DISABLED"


class Ids:
    """Hands out eBay's kinds of ids, unique among all sellers; not locked, the platform is."""

    def __init__(self) -> None:
        self._orders = itertools.count(10_001)
        self._numbers = itertools.count(5_000_000_001)
        self._items = itertools.count(110_000_000_001)
        self._lines = itertools.count(10_000_000_001)

    def order(self) -> str:
        """Return an order id or transaction id, as ``12-10001-48213``."""
        number = next(self._orders)
        return f"{10 + number % 17:02d}-{number:05d}-{number * 48_271 % 100_000:05d}"

    def number(self) -> str:
        """Return the number of a refund or a request."""
        return str(next(self._numbers))

    def item(self) -> str:
        """Return a listing's legacy id."""
        return str(next(self._items))

    def line(self) -> str:
        """Return a line item id."""
        return str(next(self._lines))


@dataclass
class Seller:
    """A seller.

    Attributes:
        id: The sandbox's name for the seller, part of the base URL.
        username: User name on eBay.
        user_id: The immutable one.
        client_id: The application's id.
        client_secret: The application's secret.
        refresh_token: The seller's consent.
        scopes: What the seller consented to.
        marketplace: Where the seller sells.
        currency: Of orders that name no other.
        eu: Whether calls that move money must be signed.
        refund_seconds: How long a refund made through the API stays pending.
        refund_outcome: How it ends; ``PENDING`` if only by hand.
        finances_seconds: How much later than a refund its transaction shows.
        push: Where notifications go.
        ids: Where ids come from.
    """

    id: str
    username: str
    client_id: str
    client_secret: str
    refresh_token: str
    ids: Ids
    user_id: str = field(default_factory=lambda: secrets.token_urlsafe(8))
    scopes: list[str] = field(default_factory=lambda: list(DEFAULT_SCOPES))
    marketplace: str = "EBAY_US"
    currency: str = "USD"
    eu: bool = False
    refund_seconds: float = 0.0
    refund_outcome: str = REFUNDED
    finances_seconds: float = 0.0
    revoked: bool = False
    push: Push | None = None
    quotas: Quotas = field(default_factory=Quotas)
    tokens: dict[str, Token] = field(default_factory=dict)
    keys: dict[str, SigningKey] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)

    def issue(self, scopes: frozenset[str], now: datetime, *, user: bool) -> str:
        """Return a new access token."""
        text = f"v^1.1#i^1#{secrets.token_urlsafe(32)}"
        self.tokens[text] = Token(scopes, now + TOKEN_LIFE, user)
        return text

    def token(self, text: str, now: datetime) -> Token | None:
        """Return the token if it is good at this time."""
        found = self.tokens.get(text)
        return found if found is not None and now < found.end else None

    def revoke(self) -> None:
        """Take back the seller's consent, and every token that rests on it."""
        self.revoked = True
        self.tokens = {text: token for text, token in self.tokens.items() if not token.user}

    def settle(self, now: datetime) -> None:
        """Let refunds end whose time has come."""
        for order in self.orders.values():
            for refund in order.refunds:
                if refund.due is not None and refund.due <= now:
                    due = refund.due
                    refund.finish(refund.outcome, self.ids.number(), due)
                    order.touch(due)

    def refunds(self) -> Iterator[tuple[Order, Refund]]:
        """Return every refund with its order."""
        return ((order, refund) for order in self.orders.values() for refund in order.refunds)

    def requests(self) -> Iterator[tuple[Order, Request]]:
        """Return every request with its order."""
        return ((order, request) for order in self.orders.values() for request in order.requests)

    def line_named(self, order: Order, name: str) -> Line | None:
        """Return the first line of that SKU or id."""
        return next((line for line in order.lines if name in {line.sku, line.id}), None)
