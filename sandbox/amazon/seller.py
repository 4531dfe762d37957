"""A seller: settings, credentials, and everything the account holds."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sandbox.amazon.ids import Ids
from sandbox.amazon.model import Document, Feed, Order, Outcome, Transaction
from sandbox.amazon.throttle import PLANS, Bucket, Plan
from sandbox.jsonish import Json

PLATFORM: Final = "amazon"
TOKEN_LIFE: Final = timedelta(hours=1)
NOTIFICATION_SCOPE: Final = "sellingpartnerapi::notifications"

MARKETPLACES: Final = {
    "ATVPDKIKX0DER": ("Amazon.com", "USD"),
    "A2EUQ1WTGCTBG2": ("Amazon.ca", "CAD"),
    "A1AM78C64UM0Y8": ("Amazon.com.mx", "MXN"),
    "A1F83G8C2ARO7P": ("Amazon.co.uk", "GBP"),
    "A1PA6795UKMFR9": ("Amazon.de", "EUR"),
    "A13V1IB3VIYZZH": ("Amazon.fr", "EUR"),
    "A1VC38T7YXB528": ("Amazon.co.jp", "JPY"),
}
"""Marketplace ids: https://developer-docs.amazon.com/sp-api/docs/marketplace-ids"""
UNITED_STATES: Final = "ATVPDKIKX0DER"


@dataclass
class Push:
    """Where a seller's notifications go.

    Attributes:
        via: ``api_destination``, ``sns`` or ``bare``.
        secret_header: Header of the API destination's connection, with ``secret`` as its value.
        confirmed: Whether the SNS subscription is confirmed.
    """

    via: str
    url: str
    secret_header: str = ""
    secret: str = ""
    topic_arn: str = ""
    signature_version: str = "1"
    confirmed: bool = False
    subscription_arn: str = ""
    token: str = ""


@dataclass
class Timing:
    """How long things take, in seconds of the sandbox's clock.

    Attributes:
        late: Until the Finances API shows a transaction.
        late_v0: Until its version 0 does; "up to 48 hours".
        queue: A feed's time in the queue.
        process: A feed's time in processing.
    """

    late: float = 0.0
    late_v0: float = 48 * 60 * 60
    queue: float = 5.0
    process: float = 10.0


@dataclass
class Seller:
    """A seller's account, with the app authorised.

    Attributes:
        id: The seller's id.
        page_size: Transactions in one page.
        empty_pages: Whether every page is preceded by an empty one.
        nulls: Whether what is empty is answered as ``null``, as the live API does though its model does not.
        v0_gone: Whether version 0 of the Finances API has been removed.
        gzip_reports: Whether processing reports are compressed.
        outcome: How the next feed shall end.
        outcomes: For how many more feeds that holds.
        notifications: Type and envelope of all that was published, by notification id.
    """

    id: str
    marketplace: str
    client_id: str
    client_secret: str
    refresh_token: str
    ids: Ids
    application_id: str
    page_size: int = 500
    empty_pages: bool = False
    nulls: bool = False
    v0_gone: bool = False
    gzip_reports: bool = False
    timing: Timing = field(default_factory=Timing)
    push: Push | None = None
    plans: dict[str, Plan] = field(default_factory=lambda: dict(PLANS))
    outcome: Outcome | None = None
    outcomes: int = 0
    orders: dict[str, Order] = field(default_factory=dict)
    transactions: list[Transaction] = field(default_factory=list)
    documents: dict[str, Document] = field(default_factory=dict)
    feeds: dict[str, Feed] = field(default_factory=dict)
    notifications: dict[str, tuple[str, Json]] = field(default_factory=dict)
    _buckets: dict[str, Bucket] = field(default_factory=dict)
    _tokens: dict[str, tuple[datetime, bool]] = field(default_factory=dict)

    @property
    def marketplace_name(self) -> str:
        """The marketplace's name, such as ``Amazon.com``."""
        return MARKETPLACES[self.marketplace][0]

    @property
    def currency(self) -> str:
        """The marketplace's currency."""
        return MARKETPLACES[self.marketplace][1]

    def issue_token(self, now: datetime, *, grantless: bool) -> str:
        """Give out an access token that lives an hour.

        Args:
            now: The present time.
            grantless: Whether it is for operations that no seller has to authorise.
        """
        token = f"Atza|{secrets.token_urlsafe(48)}"
        self._tokens[token] = (now + TOKEN_LIFE, grantless)
        return token

    def token_state(self, token: str, now: datetime) -> str:
        """Return ``good``, ``expired``, ``grantless`` or ``unknown``."""
        if token not in self._tokens:
            return "unknown"
        until, grantless = self._tokens[token]
        if now >= until:
            return "expired"
        return "grantless" if grantless else "good"

    def forget_tokens(self) -> None:
        """End every access token, as when the seller withdraws the authorisation."""
        self._tokens.clear()

    def take(self, operation: str, now: datetime) -> bool:
        """Take one call of an operation from its usage plan if there is one left."""
        bucket = self._buckets.get(operation)
        if bucket is None:
            bucket = self._buckets[operation] = Bucket(now, self.plans[operation])
        return bucket.take(now)

    def set_plan(self, operation: str, plan: Plan) -> None:
        """Change a usage plan; its bucket starts full."""
        self.plans[operation] = plan
        self._buckets.pop(operation, None)
