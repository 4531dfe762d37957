"""The service as processes that can be killed at any step, between a sandbox and a ledger of their own."""

import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import requests
from cryptography.fernet import Fernet
from sqlalchemy import select

from bench.chaos import evidence
from bench.chaos.compare import Evidence, Findings, Name, Sent, compare
from bench.chaos.fleet import Fleet, fleet
from bench.chaos.servers import Valkey, free_port, running
from cli.demo.control import Control, Json
from cli.demo.platforms.netsuite import Books, make_login, open_books
from cli.demo.platforms.shopify import Shop, open_shop
from cli.demo.site import Site
from ledger import accounts, changing, installation, orders
from ledger.clock import utcnow
from ledger.database import Database
from ledger.models import Account, Refund
from ledger.models.accounts import Direction
from ledger.secrets import Vault
from ledger.states import UNDER_WAY, State
from sandbox.server import SandboxServer
from tests.support.waiting import until

LEASE: Final = 5  # seconds
PATIENCE: Final = 40.0  # seconds
_QUICK: Final = {
    "lease_seconds": str(LEASE),
    "retry_seconds": "0.5",
    "throttle_seconds": "0.2",
    "wait_seconds": "0.5",
    "read_timeout_seconds": "2",
    "poll_minutes": "600",
}
_SLOTS: Final = 50
_BARE: Final = str.maketrans("", "", ' "')
_PEN: Final = {"sku": "PEN", "quantity": 1, "price": "10.00"}


@dataclass(frozen=True)
class Standing:
    """How a refund stands in the ledger, and until when a worker has it."""

    state: State | None
    lease_until: datetime | None


@dataclass
class Ground:
    """Where processes are killed.

    Attributes:
        shop_in: Its refunds are carried to NetSuite.
        shop_out: It gets NetSuite's refunds.
        told: Every refund that was told of.
    """

    fleet: Fleet
    valkey: Valkey
    database: Database
    control: Control
    web_url: str
    books: Books
    shop_in: Shop
    shop_out: Shop
    site: Site
    told: list[Name] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: iter(range(1001, 9999)))

    def _refund_in_shop(self) -> tuple[str, Json]:
        """Refund an order in the shop; return the refund's id and its webhook."""
        order = self._sold(self.shop_in)
        self._import(order["name"])
        refund = self.shop_in.refund(order, lines=[{"sku": "PEN", "quantity": 1}])
        return refund, self._webhook(self.shop_in.path, "refunds/create", f"id:{refund},")

    def _refund_in_netsuite(self) -> tuple[str, Json]:
        """Enter a credit memo for a shop's order; return its id and its user event."""
        order = self._sold(self.shop_out)
        return self.credit(self.shop_out.slug, str(order["id"]), order["name"])

    def credit(self, slug: str, order_id: str, number: str) -> tuple[str, Json]:
        """Enter a credit memo for an order that a storefront told of; return its id and its user event."""
        with self.database.write() as session:
            account = accounts.by_slug(session, slug)
            orders.ensure(session, account.id, order_id, now=utcnow(), name=number)
        return self.credit_unknown(number)

    def credit_unknown(self, number: str) -> tuple[str, Json]:
        """Do the same for an order that the ledger knows nothing of."""
        memo = self.books.refund(self._import(number), "PEN")
        return memo, self._webhook(self.books.path, "", f"internalId:{memo},")

    def _sold(self, shop: Shop) -> Json:
        name = f"#{shop.slug[-2:].upper()}{next(self._numbers)}"
        return shop.order(name=name, lines=[_PEN], silent=True)

    def _import(self, number: str) -> Json:
        return self.books.order(number, [{"sku": "PEN", "quantity": 1, "rate": "10.00"}], silent=True)

    def _webhook(self, path: str, topic: str, says: str) -> Json:
        def sent() -> Json | None:
            wanted = f"?topic={topic}" if topic else ""
            for each in self.control.get(f"{path}/webhooks{wanted}"):
                if each["headers"] and says in each["body"].translate(_BARE):
                    found: Json = each
                    return found
            return None

        found = until(sent, PATIENCE)
        assert found is not None
        return found

    def tell(self, source: str) -> Name:
        """Make a refund in the shop or in NetSuite, and deliver its webhook; return what it is known by."""
        name, webhook = self.refund(source)
        assert self.deliver(source, webhook) == requests.codes.ok
        return name

    def refund(self, source: str) -> tuple[Name, Json]:
        """Make a refund in the shop or in NetSuite; return what it is known by, and its webhook, unsent."""
        if source == "netsuite":
            number, webhook = self._refund_in_netsuite()
            name = self.shop_out.slug, source, number
        else:
            number, webhook = self._refund_in_shop()
            name = self.shop_in.slug, source, number
        self.told.append(name)
        return name, webhook

    def deliver(self, source: str, webhook: Json) -> int:
        """Send a webhook; return the status answered, 0 where there was no answer."""
        account = self.books.slug if source == "netsuite" else self.shop_in.slug
        try:
            answer = requests.post(
                f"{self.web_url}/webhooks/{source}/{account}",
                data=webhook["body"].encode(),
                headers=webhook["headers"],
                timeout=10,
            )
        except requests.ConnectionError:
            return 0
        return answer.status_code

    def stand(self, name: Name) -> Standing:
        """Return how a refund stands; nobody has it where the ledger does not know it yet."""
        query = (
            select(Refund.state, Refund.lease_until)
            .join(Account, Account.id == Refund.account_id)
            .where(Account.slug == name[0], Refund.origin == name[1], Refund.source_refund_id == name[2])
        )
        with self.database.read() as session:
            found = session.execute(query).one_or_none()
        return Standing(None, None) if found is None else Standing(*found)

    def forget_jobs(self, source: str) -> None:
        """Delete every wake-up call that nobody followed yet."""
        with self.valkey.client() as client:
            client.delete(f"rq:queue:{source}")

    def carry_on(self, *sources: str) -> None:
        """Start what carries on after a disaster: a scheduler, and a worker for each source."""
        self.fleet.start("scheduler", "scheduler")
        for source in sources:
            self.fleet.start(f"worker-{source}", "worker", source)

    def rest(self) -> None:
        """Stop whatever works; the web process goes on."""
        for role in self.fleet.roles():
            if role != "web":
                self.fleet.forget(role)
                self.fleet.hit(role, signal.SIGTERM)
        until(lambda: self.fleet.running() <= {"web"}, PATIENCE)


@contextmanager
def ground(home: Path, database_url: str) -> Iterator[Ground]:
    """Run web process, sandbox and Valkey; whoever tests starts workers and schedulers."""
    key = Fernet.generate_key().decode()
    with ExitStack() as stack:
        valkey = Valkey(home / "valkey")
        stack.enter_context(running(valkey))
        sandbox = stack.enter_context(SandboxServer())
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=100))
        web_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        env = {
            "DATABASE_URL": database_url,
            "REDIS_URL": f"redis://127.0.0.1:{valkey.port}/0",
            "REFUND_SYNC_SECRET_KEY": key,
            "REFUND_SYNC_DATA_DIR": str(home / "data"),
            "REFUND_SYNC_ALLOW_PRIVATE_URLS": "1",
            "REFUND_SYNC_LOG": "json",
            "PROMETHEUS_MULTIPROC_DIR": str(home / "metrics"),
        }
        processes = stack.enter_context(fleet(home, env, fds=[listener.fileno()]))
        processes.keeps = False
        database = Database(database_url)
        stack.callback(database.dispose)
        control = Control(sandbox.url)
        # The platforms deliver to nobody: whoever tests does it, once and when it suits.
        site = Site(control, database, Vault((key,)), f"http://127.0.0.1:{free_port()}")
        with database.write() as session:
            for name, value in _QUICK.items():
                installation.store(session, name, value)
        books = open_books(site, "books", "1234567_SB1", make_login())
        # A killed worker's slot is free again only when its call could be over.
        control.patch(books.path, concurrency=_SLOTS)
        with database.write() as session:
            account = accounts.netsuite_by_slug(session, books.slug)
            changing.set_concurrency(session, account, str(_SLOTS), now=utcnow(), actor="test")
        shop_in = open_shop(site, books, "shop-in", Direction.TO_NETSUITE)
        shop_out = open_shop(site, books, "shop-out", Direction.FROM_NETSUITE)
        processes.start("web", "web", "--fd", str(listener.fileno()), "--processes", "1")
        yield Ground(processes, valkey, database, control, web_url, books, shop_in, shop_out, site)


def worked_off(ground: Ground, patience: float = PATIENCE) -> None:
    """Wait until every refund that was told of is posted, and nothing moves any more."""

    def done() -> bool:
        with ground.database.read() as session:
            query = select(Account.slug, Refund.origin, Refund.source_refund_id).join(
                Account, Account.id == Refund.account_id
            )
            found = session.execute(query.where(Refund.state == State.POSTED))
            posted = {(slug, origin, number) for slug, origin, number in found}
            moving = session.scalar(select(Refund.id).where(Refund.state.in_(UNDER_WAY)).limit(1))
            return posted.issuperset(ground.told) and moving is None and not evidence.unsettled(session)

    until(done, patience)


def findings(ground: Ground) -> Findings:
    """Compare everything: each refund has to have become one credit memo, or one refund, of one pen."""
    shops = [ground.shop_in, ground.shop_out]
    with ground.database.read() as session:
        rows = evidence.rows(session)
        kept, unsettled = evidence.kept(session, rows), evidence.unsettled(session)
    counted, wanted = evidence.writes(rows, [ground.books], shops)
    sent = [Sent(each, "credit_memo", Decimal("10.00")) for each in ground.told]
    carried = [each for each in rows if evidence.name_of(each) in ground.told]
    made = evidence.made(carried, [ground.books], shops)
    return compare(Evidence(sent, kept, made, counted, wanted, unsettled=unsettled))
