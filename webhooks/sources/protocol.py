"""What the receiving side asks of a platform: verify a request, and read it in our own words.

A source does no I/O but for the platform's public keys, by way of `Endpoint.keys`, and does not know the web
framework.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Protocol, Self

from sqlalchemy.orm import Session

from ledger.events import Event
from ledger.models import Account, NetSuiteAccount
from ledger.policy import Policy
from webhooks.sources.subscription import Subscription


class SignatureError(Exception):
    """Raised when nothing shows that a request comes from the platform, and for this account.

    Attributes:
        reason: `missing_signature`, `wrong_signature`, `unknown_key`, `wrong_shop`, `wrong_topic`,
            `bad_timestamp`, `stale` or `from_the_future`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotOfSchemaError(ValueError):
    """Raised while reading a payload that contradicts the platform's documentation.

    Attributes:
        reason: Always `NOT_OF_SCHEMA`.
    """

    reason = "NOT_OF_SCHEMA"


class UnknownTopicError(ValueError):
    """Raised while reading a payload of a topic this service did not ask for.

    Attributes:
        reason: Always `UNKNOWN_TOPIC`.
    """

    reason = "UNKNOWN_TOPIC"


class UnreadableError(Exception):
    """Raised when a request is the platform's, but is not understood.

    Attributes:
        reason: `NOT_JSON`, `NOT_OF_SCHEMA` or `UNKNOWN_TOPIC`, codes of `ledger.reasons`.
        topic: The topic as far as it is known.
        delivery_key: What a second sending of the same request has in common with it.
        order_ref: The order it speaks of as far as it is known, for erasing personal data.
    """

    def __init__(
        self, reason: str, detail: str, *, topic: str = "", delivery_key: str, order_ref: str = ""
    ) -> None:
        super().__init__(detail)
        self.reason = reason
        self.topic = topic
        self.delivery_key = delivery_key
        self.order_ref = order_ref


class KeyUnreachableError(Exception):
    """Raised when a platform's public key cannot be had just now, so that nothing can be said of a signature.

    Attributes:
        reason: Always `key_unreachable`.
    """

    reason = "key_unreachable"


class NoSuchKeyError(Exception):
    """Raised when the platform says it has no such key.

    Attributes:
        reason: Always `unknown_key`.
    """

    reason = "unknown_key"


class Keys(Protocol):
    """Where the platforms' public keys and certificates come from; what was fetched is kept for a while."""

    def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, form: Mapping[str, str] | None = None
    ) -> bytes:
        """Return what is at a URL, by GET, or by POST of a form where one is given.

        The caller has checked that the URL is one of the platform's own.

        Raises:
            KeyUnreachableError: If it cannot be had just now.
            NoSuchKeyError: If the platform says that it has no such thing.
        """


class NoKeys:
    """No key can be had; for platforms that need none, and for reading what was verified before."""

    def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, form: Mapping[str, str] | None = None
    ) -> bytes:
        """Refuse."""
        del headers, form
        raise KeyUnreachableError(f"no keys are fetched here: {url}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a platform is answered.

    Attributes:
        body: As it is sent, in UTF-8.
    """

    status: HTTPStatus = HTTPStatus.OK
    body: str = ""
    content_type: str = "application/json"

    @classmethod
    def of(cls, body: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK) -> Self:
        """Return a JSON answer."""
        return cls(status, json.dumps(body))


def plain_answer(_request: "Request", outcome: str) -> Answer:
    """Answer 200 with the outcome, for platforms that read no more than the status."""
    return _plain(outcome)


@lru_cache(maxsize=8)
def _plain(outcome: str) -> Answer:
    return Answer.of({"outcome": outcome})


def no_challenge(_query: Mapping[str, str], _endpoint: "Endpoint") -> Answer | None:
    """Answer no GET at all, for platforms that ask for no proof of who listens at an address."""
    return None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address that a platform posts to, with what is needed to judge what arrives there.

    Attributes:
        source: The platform's name, as in the address.
        slug: The account's name, as in the address.
        platform_id: The account's name at the platform: a shop's domain, a NetSuite account id.
        netsuite_account_id: The NetSuite account in the ledger.
        account_id: The storefront account in the ledger; None where NetSuite itself posts.
        policy: The storefront account's rules; the defaults where NetSuite itself posts.
        secrets: Every live webhook secret, newest first.
        url: This address as the platform knows it; empty while a stored delivery is read again.
        api_url: What stands in for every host of the platform in development; else empty.
        credentials: The account's, for sources that say they use them; else empty.
        keys: Where the platform's public keys come from.
    """

    source: str
    slug: str
    platform_id: str
    netsuite_account_id: int
    account_id: int | None
    policy: Policy
    secrets: tuple[str, ...] = field(default=(), repr=False)
    url: str = ""
    api_url: str = ""
    credentials: Mapping[str, Any] = field(default_factory=dict, repr=False)
    keys: Keys = field(default_factory=NoKeys, repr=False)

    @classmethod
    def of(cls, account: Account | NetSuiteAccount, *, secrets: tuple[str, ...] = ()) -> Self:
        """Return the endpoint of an account.

        Raises:
            ledger.policy.PolicyError: If its stored settings are not of this version.
        """
        if isinstance(account, NetSuiteAccount):
            return cls("netsuite", account.slug, account.account_id, account.id, None, Policy(), secrets)
        return cls(
            account.platform.value,
            account.slug,
            account.storefront_id,
            account.netsuite_account_id,
            account.id,
            Policy.of(account.settings),
            secrets,
            api_url=account.api_url,
        )

    def at(self, host: str, path: str) -> str:
        """Return a URL of the platform: on its own host, or on what stands in for it in development.

        Args:
            host: The platform's own, with its scheme and without a slash at its end.
            path: From the slash on.
        """
        return f"{self.api_url.rstrip('/') or host}{path}"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came.

    Attributes:
        headers: By name; the names are kept in lower case.
        body: The raw bytes, as signed.
        received_at: When it came, in UTC.
        replayed: It was accepted before and is read again because a person asked for it.
    """

    headers: Mapping[str, str]
    body: bytes
    received_at: datetime
    replayed: bool = False

    def __post_init__(self) -> None:
        """Make the names of headers findable in whatever case they came."""
        object.__setattr__(self, "headers", {name.lower(): text for name, text in self.headers.items()})

    def header(self, name: str) -> str:
        """Return a header's text, empty where there is none."""
        return self.headers.get(name.lower(), "").strip()


@dataclass(frozen=True, slots=True)
class Reading:
    """A request in our own words.

    Attributes:
        topic: What it is about.
        delivery_key: What a second sending of the same event has in common with it.
        events: What it tells; may be empty.
        order_ref: The order's id at the platform, empty where there is none.
        reason: A code of `ledger.reasons` where something is to be said about it, such as `TEST_DELIVERY`.
        person_ref: The platform's own id of the buyer it speaks of, for erasing personal data; kept hashed.
    """

    topic: str
    delivery_key: str
    events: tuple[Event, ...]
    order_ref: str = ""
    reason: str = ""
    person_ref: str = ""


@dataclass(frozen=True, slots=True)
class Glance:
    """What a look at the headers and for a few words in the body tells of a request, the same as its reading.

    Attributes:
        topic: As in a `Reading`.
        delivery_key: As in a `Reading`.
        order_ref: As in a `Reading`.
    """

    topic: str
    delivery_key: str
    order_ref: str


def no_glance(_request: Request) -> Glance | None:
    """Tell nothing of a request that was not read, for platforms whose pushes are read in no time."""
    return None


class Source(Protocol):
    """A platform that posts to us."""

    @property
    def name(self) -> str:
        """The platform's name in addresses."""

    @property
    def find_account(self) -> Callable[[Session, str], Account | NetSuiteAccount]:
        """How the ledger finds the account in its addresses; raises `ledger.accounts.AccountError`."""

    @property
    def subscription(self) -> Subscription | None:
        """What has to be asked for; None where nobody has to ask."""

    @property
    def kept_headers(self) -> frozenset[str]:
        """The headers that are kept with a delivery, in lower case."""

    @property
    def uses_credentials(self) -> bool:
        """Whether the account's credentials are needed to judge what comes."""

    @property
    def unsigned_status(self) -> HTTPStatus:
        """What the platform is told when its signature does not hold."""

    def verify(self, request: Request, endpoint: Endpoint) -> None:
        """Check that the request is the platform's own and meant for this endpoint.

        Raises:
            SignatureError: If it is not.
            KeyUnreachableError: If the key it is signed with cannot be had just now.
        """

    def glance(self, request: Request) -> Glance | None:
        """Return what a verified request is about, if that can be told without reading it.

        It is read by a worker then; what None is returned for has to be read at once.
        """

    def read(self, request: Request, endpoint: Endpoint) -> Reading:
        """Return the request in our own words.

        Raises:
            UnreadableError: If it is not understood.
        """

    def answer(self, request: Request, outcome: str) -> Answer:
        """Return what the platform takes as success.

        Args:
            request: What came, and was written down.
            outcome: `accepted`, `duplicate` or `quarantined`.
        """

    def challenge(self, query: Mapping[str, str], endpoint: Endpoint) -> Answer | None:
        """Return the proof that we listen at an address, which some platforms ask for by GET.

        Args:
            query: The request's query parameters.
            endpoint: The address asked.

        Returns:
            None where the platform asks for none, or this is not how it asks.
        """
