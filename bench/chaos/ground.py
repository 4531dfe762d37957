"""Where the chaos run takes place: real servers and processes, simulated platforms, proxies in between."""

import os
import random
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import requests
from cryptography.fernet import Fernet

from bench.chaos import plan
from bench.chaos.fleet import ROOT, Fleet, fleet, until
from bench.chaos.proxy import Proxy, proxy
from bench.chaos.relay import Relay, relay
from bench.chaos.servers import Postgres, Valkey, free_port, running
from cli.demo.control import Control, Storefront
from cli.demo.platforms.amazon import Seller, open_amazon
from cli.demo.platforms.ebay import EbaySeller, open_ebay
from cli.demo.platforms.magento import Store, open_magento
from cli.demo.platforms.netsuite import Books, make_login, open_books
from cli.demo.platforms.shopify import Shop, open_shop
from cli.demo.site import Site
from ledger import accounts, changing, installation, polls, schema
from ledger.clock import utcnow
from ledger.database import Database
from ledger.models.accounts import Direction
from ledger.secrets import Vault

LEASE: Final = 15.0  # seconds

_QUICK: Final = {
    "lease_seconds": str(LEASE),
    "retry_seconds": "1",
    "throttle_seconds": "0.5",
    "wait_seconds": "1",
    "wait_longest_seconds": "5",
    "read_timeout_seconds": "2",
    "poll_minutes": "3",
}
_RETRY_SCALE: Final = 0.01  # of the platforms' waits between two tries of a webhook
_AMAZON_PLAN: Final = {"rate": "50", "burst": "500"}
_AMAZON_CALLS: Final = (
    *("listTransactions", "getOrder"),
    *("createFeed", "createFeedDocument", "getFeed", "getFeeds", "getFeedDocument"),
)
_IN: Final = Direction.TO_NETSUITE
_OUT: Final = Direction.FROM_NETSUITE


@dataclass(kw_only=True)
class Ground:
    """Everything that runs.

    Attributes:
        proxies: Between the processes and `redis` or `database`.
        postgres: None on SQLite.
        database: The ledger, by a way that nobody cuts.
    """

    fleet: Fleet
    valkey: Valkey
    postgres: Postgres | None
    proxies: Mapping[str, Proxy]
    database: Database
    control: Control
    relay: Relay
    books: Books
    market_books: Books
    shop_in: Shop
    shop_out: Shop
    amazon_in: Seller
    amazon_sns: Seller
    amazon_out: Seller
    ebay_in: EbaySeller
    ebay_out: EbaySeller
    magento_in: Store
    magento_out: Store

    @property
    def storefronts(self) -> list[Storefront]:
        """Every storefront."""
        return [each for each in vars(self).values() if isinstance(each, Storefront)]

    @property
    def all_books(self) -> list[Books]:
        """Every NetSuite account."""
        return [self.books, self.market_books]

    def poll_now(self) -> None:
        """Let every account be asked for what no webhook told of."""
        with self.database.write() as session:
            for shop in self.storefronts:
                polls.hurry(session, accounts.by_slug(session, shop.slug), now=utcnow())
            for books in self.all_books:
                polls.hurry(session, accounts.netsuite_by_slug(session, books.slug), now=utcnow())


@dataclass
class _Start:
    """What is there before the processes are."""

    home: Path
    stack: ExitStack
    key: str = field(default_factory=lambda: Fernet.generate_key().decode())


@contextmanager
def ground(home: Path, database: str, *, workers: int, seed: int) -> Iterator[Ground]:
    """Start everything, and stop it at the end.

    Args:
        home: An empty directory.
        database: `postgresql` or `sqlite`.
        workers: Processes for each queue.
        seed: Of what is left to chance.
    """
    home.chmod(0o755)  # PostgreSQL runs as somebody else when this runs as root
    with ExitStack() as stack:
        start = _Start(home, stack)
        valkey = Valkey(home / "valkey")
        stack.enter_context(running(valkey))
        proxies = {"redis": stack.enter_context(proxy(valkey.port))}
        postgres = None
        straight = through = f"sqlite:///{home / 'ledger.db'}"
        if database == "postgresql":
            postgres = Postgres(home / "postgres")
            stack.enter_context(running(postgres))
            proxies["database"] = stack.enter_context(proxy(postgres.port))
            straight, through = postgres.url(postgres.port), postgres.url(proxies["database"].port)
        ledger = Database(straight)
        stack.callback(ledger.dispose)
        schema.migrate(ledger)
        control = Control(stack.enter_context(_sandbox(home)))
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=512))
        relaying = stack.enter_context(relay(listener.getsockname()[1], random.Random(seed)))  # noqa: S311 - to be had again
        env = _environment(start, through, proxies["redis"].port, relaying.url)
        site = Site(control, ledger, Vault((start.key,)), relaying.url)
        made = {**_accounts(site), "control": control, "database": ledger, "relay": relaying}
        processes = stack.enter_context(fleet(home, env, fds=[listener.fileno()]))
        here = Ground(fleet=processes, valkey=valkey, postgres=postgres, proxies=proxies, **made)  # type: ignore[arg-type] # each under its own name
        for role in plan.roles(workers):
            command = _command(role, listener.fileno())
            processes.start(role, *command, parent=role.startswith("worker-"))
        until(lambda: _answers(f"{relaying.url}/readyz"), f"the web process; see {home}/logs")
        for connect in site.once_up:
            connect()
        yield here
        processes.stop()


def _command(role: str, listener: int) -> tuple[str, ...]:
    if role == "web":
        return ("web", "--fd", str(listener), "--processes", "2")
    if role.startswith("worker-"):
        return ("worker", role.split("-")[1])
    return ("scheduler",)


def _environment(start: _Start, database_url: str, redis_port: int, public_url: str) -> dict[str, str]:
    metrics = start.home / "metrics"
    metrics.mkdir()
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
        "REFUND_SYNC_SECRET_KEY": start.key,
        "REFUND_SYNC_DATA_DIR": str(start.home / "data"),
        "REFUND_SYNC_ALLOW_PRIVATE_URLS": "1",
        "REFUND_SYNC_PUBLIC_URL": public_url,
        "REFUND_SYNC_LOG": "json",
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
        "CHAOS_SHOWS_WITHIN": str(round(4 * LEASE)),
    }


@contextmanager
def _sandbox(home: Path) -> Iterator[str]:
    url = f"http://127.0.0.1:{free_port()}"
    with (
        (home / "sandbox.log").open("ab") as log,
        subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-P", "-m", "cli.main", "sandbox", "--port", url.rpartition(":")[2]],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
        ) as process,
    ):
        try:
            until(lambda: _answers(f"{url}/_control/healthz"), "the sandbox")
            yield url
        finally:
            process.terminate()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False


def _accounts(site: Site) -> dict[str, Books | Storefront]:
    with site.database.write() as session:
        for name, value in _QUICK.items():
            installation.store(session, name, value)
    site.control.post("/settings", retry_scale=str(_RETRY_SCALE))
    login = make_login()
    books = open_books(site, "books", "1234567_SB1", login)
    market = open_books(site, "market-books", "7654321_SB1", login)
    made: dict[str, Books | Storefront] = {
        "books": books,
        "market_books": market,
        "shop_in": open_shop(site, books, "shop-in", _IN),
        "shop_out": open_shop(site, books, "shop-out", _OUT),
        "amazon_in": open_amazon(site, market, "amazon-in", "A2CHAOSIN", _IN, "api_destination"),
        "amazon_sns": open_amazon(site, market, "amazon-sns", "A1CHAOSSNS", _IN, "sns"),
        "amazon_out": open_amazon(site, market, "amazon-out", "A3CHAOSOUT", _OUT, "api_destination"),
        "ebay_in": open_ebay(site, market, "ebay-in", _IN, "REFUNDED"),
        "ebay_out": open_ebay(site, market, "ebay-out", _OUT, "REFUNDED"),
        "magento_in": open_magento(site, market, "magento-in", _IN, "mageplaza"),
        "magento_out": open_magento(site, market, "magento-out", _OUT, "io_events"),
    }
    bucket = {"maximum": 1_000_000, "restore_rate": 1_000_000}  # Shopify's limits are not what is tried here
    for slug in ("shop_in", "shop_out"):
        site.control.patch(made[slug].path, bucket=bucket)
    for slug in ("amazon_in", "amazon_sns", "amazon_out"):
        site.control.patch(made[slug].path, usage_plans=dict.fromkeys(_AMAZON_CALLS, _AMAZON_PLAN))
    with site.database.write() as session:
        # Each search for the buyer's request counts, and eBay grants few a day.
        account = accounts.by_slug(session, "ebay-in")
        changing.set_rules(session, account, {"unrequested": "post"}, now=utcnow(), actor="chaos")
    return made
