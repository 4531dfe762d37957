"""What a worker process keeps: database, keys, connections and clients, each made once, on first use."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import structlog
from redis import Redis

from ledger import embedded, installation, queue
from ledger.counters import CALLS, QUOTA, Counters
from ledger.database import Database
from ledger.installation import Installation
from ledger.models import Account, NetSuiteAccount
from ledger.reading import Reader, nobody
from ledger.secrets import Vault
from ledger.settings import Settings
from workers.breaker import Breaker
from workers.platforms.buckets import Buckets
from workers.platforms.errors import Call
from workers.platforms.http import Http, Journal
from workers.platforms.netsuite import NetSuiteClient
from workers.platforms.slots import Slots
from workers.platforms.storefront import Storefront
from workers.platforms.storefronts import STOREFRONTS

log = structlog.get_logger(__name__)

_REDIS_TIMEOUT: Final = 5.0  # seconds
USER_AGENT: Final = "refund-sync/0.1"


@dataclass
class Runtime:
    """One worker process's tools.

    Attributes:
        settings: From the environment.
        journal: Records the calls of the attempt under way; a process works on one at a time.
        breaker: Leaves storefronts alone that did not answer just now, where another's refunds would wait.
        read: Reads deliveries that were written down unread.
        fresh: Seconds for which the settings of the installation are not read again.
    """

    settings: Settings
    journal: Journal = field(default_factory=Journal)
    breaker: Breaker = field(default_factory=Breaker)
    read: Reader = nobody
    fresh: float = 10.0
    _netsuite: dict[tuple[int, bytes, str, int], NetSuiteClient] = field(default_factory=dict)
    _storefronts: dict[tuple[int, bytes, str], Storefront] = field(default_factory=dict)
    _installation: tuple[float, Installation] | None = None

    @cached_property
    def database(self) -> Database:
        """The ledger."""
        database = Database(self.settings.database_url)
        database.on_settled = self._count_settled
        return database

    def _count_settled(self, refunds: Sequence[tuple[str, str]]) -> None:
        self.counters.settled(refunds)

    @cached_property
    def vault(self) -> Vault:
        """The keys to the credentials."""
        return Vault.of(self.settings)

    @cached_property
    def redis(self) -> Redis:
        """A connection for slots and wake-up calls."""
        url = self.settings.redis_url or embedded.url(self.settings.data_dir)
        return queue.connect(url, timeout=_REDIS_TIMEOUT)

    @cached_property
    def waker(self) -> queue.Waker:
        """Wakes workers."""
        return queue.Waker(self.redis)

    @property
    def installation(self) -> Installation:
        """The settings all processes share, as they were a few seconds ago at most."""
        now = time.monotonic()
        if self._installation is None or now - self._installation[0] >= self.fresh:
            with self.database.read() as session:
                self._installation = (now, installation.load(session))
        return self._installation[1]

    @cached_property
    def http(self) -> Http:
        """The transport of every platform client."""
        return Http(
            read_timeout=self.installation.read_timeout_seconds,
            allow_private=self.settings.allow_private_urls,
            user_agent=USER_AGENT,
            journal=self.journal,
        )

    @cached_property
    def counters(self) -> Counters:
        """What this process counts."""
        return Counters(self.redis)

    @cached_property
    def buckets(self) -> Buckets:
        """What all processes may call of a platform together."""
        return Buckets(self.redis)

    def _http_of(self, platform: str, slug: str) -> Http:
        def count(call: Call, seconds: float) -> None:
            self.counters.observe(CALLS, platform, str(call.status or "none"), seconds=seconds)
            log.info(
                "call",
                platform=platform,
                account=slug,
                method=call.method,
                url=call.url,
                status=call.status,
                request_id=call.request_id,
                ms=round(seconds * 1000),
            )

        def left(resource: str, value: float) -> None:
            self.counters.set(QUOTA, platform, slug, resource, value=round(value, 1))

        return self.http.counted(count, left, self.buckets)

    def netsuite(self, account: NetSuiteAccount) -> NetSuiteClient:
        """Return the client of a NetSuite account; made anew when the account changes."""
        known = (account.id, account.credentials, account.api_url, account.concurrency)
        if known not in self._netsuite:
            self._netsuite[known] = NetSuiteClient(
                account_id=account.account_id,
                api_url=account.api_url,
                credentials=self.vault.open(account.credentials),
                http=self._http_of("netsuite", account.slug),
                slots=Slots(self.redis, f"netsuite:{account.account_id}", account.concurrency),
            )
        return self._netsuite[known]

    def storefront(self, account: Account) -> Storefront:
        """Return the client of a storefront account; made anew when the account changes."""
        known = (account.id, account.credentials, account.api_url)
        if known not in self._storefronts:
            self._storefronts[known] = STOREFRONTS[account.platform](
                account.storefront_id,
                account.api_url,
                self.vault.open(account.credentials),
                self._http_of(account.platform.value, account.slug),
            )
        return self._storefronts[known]
