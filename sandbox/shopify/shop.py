"""A shop: its settings, its credentials, and everything it holds."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sandbox.shopify.idempotency import IdempotencyMemory
from sandbox.shopify.ids import Ids
from sandbox.shopify.model import Order
from sandbox.shopify.throttle import Bucket

API_VERSIONS: Final = ("2026-01", "2026-04", "2026-07", "2026-10")
LATEST: Final = API_VERSIONS[-1]
DEFAULT_SCOPES: Final = ("read_orders", "write_orders", "read_locations")
TOKEN_LIFE: Final = timedelta(hours=24)

SUBSCRIBED_TOPICS: Final = (
    "refunds/create",
    "orders/create",
    "orders/updated",
    "orders/cancelled",
    "orders/delete",
    "order_transactions/create",
    "app/uninstalled",
)
COMPLIANCE_TOPICS: Final = ("customers/data_request", "customers/redact", "shop/redact")


@dataclass(frozen=True)
class Location:
    """A place where stock is kept."""

    id: int
    name: str


@dataclass(frozen=True)
class Subscription:
    """A webhook subscription to one topic."""

    id: int
    topic: str
    uri: str
    created_at: datetime


@dataclass
class Shop:
    """A shop with the app installed.

    Attributes:
        id: REST id.
        domain: ``name.myshopify.com``.
        currency: The shop's currency.
        created_at: When it was made.
        bucket: Points for GraphQL calls.
        access_token: Token that never expires, as of an app made in the admin.
        client_id: The app's client id.
        client_secret: The app's client secret.
        scopes: Access scopes granted.
        webhook_url: Where the app wants its webhooks.
        webhook_secret: Key of the webhooks' HMAC.
        webhook_version: API version of the webhooks' bodies.
        subscriptions: By topic.
        locations: Where stock is kept.
        orders: By REST id.
        tokens: Tokens given for client credentials, with their end.
        installed: Whether the app is.
        refund_status: Status of the transactions of refunds made through the API.
        ids: Where ids come from.
        keys: Idempotency keys.
        last_number: Number of the latest order.
    """

    id: int
    domain: str
    currency: str
    created_at: datetime
    bucket: Bucket
    access_token: str
    client_id: str
    client_secret: str
    ids: Ids
    scopes: list[str] = field(default_factory=lambda: list(DEFAULT_SCOPES))
    webhook_url: str | None = None
    webhook_secret: str = ""
    webhook_version: str = LATEST
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    locations: list[Location] = field(default_factory=list)
    orders: dict[int, Order] = field(default_factory=dict)
    tokens: dict[str, datetime] = field(default_factory=dict)
    installed: bool = True
    refund_status: str = "success"
    keys: IdempotencyMemory = field(default_factory=IdempotencyMemory)
    last_number: int = 1000

    def allows(self, scope: str) -> bool:
        """Tell whether a scope was granted; the right to write is the right to read."""
        return scope in self.scopes or scope.replace("read_", "write_", 1) in self.scopes

    def knows_token(self, token: str, now: datetime) -> bool:
        """Tell whether an access token is good at this time."""
        if not self.installed:
            return False
        given = token.encode()
        if self.access_token and secrets.compare_digest(given, self.access_token.encode()):
            return True
        return any(
            secrets.compare_digest(given, each.encode()) and now < end for each, end in self.tokens.items()
        )

    def issue_token(self, now: datetime) -> str:
        """Return a new access token that is good for 24 hours."""
        token = f"shpat_{secrets.token_hex(16)}"
        self.tokens[token] = now + TOKEN_LIFE
        return token

    def subscribe(self, url: str, now: datetime) -> None:
        """Subscribe the app to every topic, anew."""
        self.webhook_url = url
        self.subscriptions = {
            topic: Subscription(self.ids.next(), topic, url, now) for topic in SUBSCRIBED_TOPICS
        }

    def uninstall(self) -> None:
        """Take the app's access and subscriptions away."""
        self.installed = False
        self.tokens.clear()
        self.subscriptions.clear()
