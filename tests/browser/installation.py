"""One installation that every test of the browser shares: our processes, and the platforms in a sandbox.

Each test has accounts of its own in it, so that none sees what another does.
"""

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import requests
from cryptography.fernet import Fernet
from redis import Redis
from rq import Worker
from sqlalchemy import func, select

from cli.demo.control import Control, Json
from cli.demo.platforms.netsuite import Books, make_login, open_books
from cli.demo.platforms.shopify import Shop
from cli.demo.site import ITEMS, Site
from cli.listener import LOOPBACK, listen, url_of
from ledger import accounts, installation, people, sessions
from ledger.clock import utcnow
from ledger.database import Database
from ledger.models import Account, Delivery, DeliveryState, Refund, Role, User
from ledger.models.accounts import Direction
from ledger.platforms import Platform
from ledger.queue import open_queue
from ledger.secrets import Vault
from ledger.settings import Settings
from ledger.states import State
from sandbox.server import SandboxServer
from tests.support.waiting import until

PASSWORD: Final = "correct horse battery staple"
COOKIE: Final = "refund-sync"

_ROOT: Final = Path(__file__).parents[2]
_PATIENCE: Final = 60.0  # seconds; two busy cores start five processes
_QUEUES: Final = ("shopify", "netsuite")
_QUICK: Final = {"retry_seconds": "1", "throttle_seconds": "0.5", "wait_seconds": "1"}
TOKEN: Final = "shpat_0123456789abcdef0123456789abcdef"
SECRET: Final = "whsec-0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class Place:
    """A shop and its books, as the people who work there have them.

    Attributes:
        slug: The shop's name in the ledger.
        imported: The orders in NetSuite, by their names.
    """

    shop: Shop
    books: Books
    slug: str
    imported: dict[str, Json] = field(default_factory=dict)

    def order(self, name: str, *, billed: str = "invoice", shipping: str = "", **more: Any) -> Json:  # noqa: ANN401 - JSON values
        """Let a customer order two lamps, and import the order into NetSuite; return the shop's order."""
        line = {"sku": "LAMP", "title": "Reading lamp, brass", "quantity": 2, "price": "40.00"}
        costs = {"shipping": {"price": shipping}} if shipping else {}
        order = self.shop.order(name=name, lines=[line], **costs, **more)
        lines = [{"sku": "LAMP", "quantity": 2, "rate": "40.00"}]
        cost = {"shippingCost": shipping} if shipping else {}
        self.imported[name] = self.books.order(name, lines, billed=billed, **cost)
        return order

    def writes(self) -> int:
        """Return how many records were written to NetSuite through its API, as NetSuite counts them."""
        return sum(self.books.writes().values())


@dataclass
class Installation:
    """What runs.

    Attributes:
        url: Where the portal is.
        people: Who may sign in with `PASSWORD`, by role.
    """

    url: str
    site: Site
    redis: Redis
    settings: Settings
    people: Mapping[Role, User]
    _login: tuple[str, str] = field(repr=False)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def database(self) -> Database:
        """The ledger."""
        return self.site.database

    def session(self, role: Role) -> str:
        """Sign somebody in as the portal does; return the cookie."""
        with self.database.write() as session:
            return sessions.begin(session, self.people[role], now=utcnow(), awaits_code=False)

    def place(self, name: str, **settings: str) -> Place:
        """Open a shop and its books on their platforms, and connect both.

        Args:
            name: What both are called in the ledger.
            settings: The account's rules, besides the generic items; empty takes an item away.
        """
        place = self.open(name)
        self.connect(place, **settings)
        return place

    def open(self, name: str) -> Place:
        """Open a shop and its books on their platforms; the shop is not connected yet."""
        number = next(self._numbers)
        books = open_books(self.site, f"{name}-books", f"{5_000_000 + number}_SB1", self._login)
        shop = Shop(self.site.control, f"{name}-{number}.myshopify.com", name, books.slug)
        self.site.control.post("/shopify/shops", domain=shop.name, access_token=TOKEN, currency="USD")
        return Place(shop, books, name)

    def connect(self, place: Place, **settings: str) -> None:
        """Connect a shop with its books: from now on its webhooks come."""
        new = accounts.NewAccount(
            slug=place.slug,
            platform=Platform.SHOPIFY,
            storefront_id=place.shop.name,
            netsuite_slug=place.books.slug,
            api_url=f"{self.site.control.url}{place.shop.path}",
            credentials={"access_token": TOKEN},
            webhook_secret=SECRET,
            settings={key: value for key, value in {**ITEMS, **settings}.items() if value},
            direction=Direction.TO_NETSUITE,
        )
        with self.database.write() as session:
            accounts.add(session, self.site.vault, new, now=utcnow(), actor="cli:root")
        webhook = {"url": self.site.webhook_url("shopify", place.slug), "secret": SECRET}
        self.site.control.patch(place.shop.path, webhook=webhook)

    def stands(self, place: Place, source_id: str, state: State, reason: str = "") -> int:
        """Wait until a refund of a shop is in a state; return its number in the ledger."""
        query = (
            select(Refund.id)
            .join(Account, Account.id == Refund.account_id)
            .where(Account.slug == place.slug, Refund.source_refund_id == source_id, Refund.state == state)
        )
        if reason:
            query = query.where(Refund.reason == reason)

        def there() -> int | None:
            with self.database.read() as session:
                return session.scalar(query)

        return until(there, _PATIENCE) or 0

    def is_quiet(self) -> bool:
        """Tell whether every webhook was delivered, and every delivery worked off."""
        query = select(func.count()).where(Delivery.state == DeliveryState.RECEIVED)
        with self.database.read() as session:
            received = session.scalar(query)
        return not received and not self.site.control.get("/webhooks/pending")["pending"]


@contextmanager
def installed(database_url: str, redis_url: str, home: Path) -> Iterator[Installation]:
    """Start everything, and stop it at the end.

    Args:
        database_url: Of a migrated, empty database.
        redis_url: Of a server that nobody else uses.
        home: A directory for the processes' data and logs.
    """
    with ExitStack() as stack:
        sandbox = stack.enter_context(SandboxServer())
        listener = stack.enter_context(listen(LOOPBACK, 0))
        url = url_of(listener)
        ours = {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "REFUND_SYNC_SECRET_KEY": Fernet.generate_key().decode(),
            "REFUND_SYNC_DATA_DIR": str(home),
            "REFUND_SYNC_ALLOW_PRIVATE_URLS": "1",
            "REFUND_SYNC_PUBLIC_URL": url,
        }
        settings = Settings.from_env(ours)
        for number, words in enumerate(_commands(listener.fileno())):
            log = stack.enter_context((home / f"process-{number}.log").open("wb"))
            stack.enter_context(_process(words, ours, listener.fileno(), log.fileno()))
        database = Database(database_url)
        stack.callback(database.dispose)
        redis = stack.enter_context(Redis.from_url(redis_url))
        site = Site(Control(sandbox.url), database, Vault.of(settings), url)
        made = Installation(url, site, redis, settings, _furnish(database), make_login())
        until(lambda: _is_up(made), _PATIENCE)
        yield made


def _commands(fd: int) -> Iterator[Sequence[str]]:
    yield ("web", "--fd", str(fd), "--processes", "1")
    yield ("scheduler",)
    for queue in _QUEUES:
        yield ("worker", queue)


@contextmanager
def _process(words: Sequence[str], env: Mapping[str, str], fd: int, log: int) -> Iterator[None]:
    """Run one of our commands; it ends with this process at the latest."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("REFUND_SYNC", "PORT"))}
    with subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-P", "-m", "cli.main", "--tether", str(os.getpid()), *words],
        cwd=_ROOT,
        env={**kept, **env},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        pass_fds=(fd,),
        start_new_session=True,
    ) as process:
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def _furnish(database: Database) -> Mapping[Role, User]:
    """Let people sign in, and let nobody wait as long as on a merchant's installation."""
    with database.write() as session:
        for name, value in _QUICK.items():
            installation.store(session, name, value)
        return {
            role: people.add_user(
                session, f"{role}@example.com", role, PASSWORD, now=utcnow(), actor="cli:root"
            )
            for role in Role
        }


def _is_up(made: Installation) -> bool:
    try:
        is_ready = requests.get(f"{made.url}/readyz", timeout=5).ok
    except requests.RequestException:
        return False
    return is_ready and all(Worker.count(queue=open_queue(queue, made.redis)) for queue in _QUEUES)
