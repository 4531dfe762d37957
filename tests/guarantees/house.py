"""One installation, a shop and its books: real HTTP, real signatures, a real Valkey, a real database.

The platforms are the sandbox. Web process, worker and scheduler run in this process, unless a test needs some
that it can kill: those it starts with `House.family`.
"""

import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

import pytest
import requests
from sqlalchemy import func, select, text, update

from ledger import people
from ledger.clock import utcnow
from ledger.models import Base, Delivery, Refund, Role
from ledger.states import UNDER_WAY
from tests.cli.processes import Family, answers, eventually, family
from tests.support.ledger import SECRET
from tests.support.sandboxed import SHIRT, Books, Shop
from tests.support.waiting import until
from tests.support.world import World
from tests.webhooks.platforms import change, encoded, netsuite_headers
from workers.scheduler import Scheduler

LONGEST: Final = 30  # seconds; what does not answer fails the test instead of hanging it
_MOST_ROUNDS: Final = 20

ON_SQLITE: Final = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what has nothing to do with the database."""

ON_POSTGRESQL: Final = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""For what only shows, or can only be seen, on PostgreSQL."""


@dataclass
class House:
    """An installation.

    Attributes:
        url: Where its web process answers.
        work: Works every queue off, as a worker process does, until nothing is left in them.
    """

    world: World
    books: Books
    shop: Shop
    url: str
    work: Callable[[], None]
    _token: str = field(default="", repr=False)

    # The shop and its merchant.

    def listen(self, url: str = "", secret: str = SECRET) -> None:
        """Have the shop send its webhooks to an address, to our web process by default."""
        there = f"{url or self.url}/webhooks/shopify/{self.shop.slug}"
        self.shop.change(webhook={"url": there, "secret": secret})

    def order(self, *, billed: str = "invoice", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON may be anything
        """Let a customer order five T-shirts; the order is in the books, too."""
        order = self.shop.order(**more)
        self.books.order(order["name"], billed=billed)
        return order

    def refund(self, order: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON may be anything
        """Give back one T-shirt in the shop; return the webhook that tells of it, once all were accepted."""
        self.shop.refund(order or self.order(), lines=[{"sku": SHIRT, "quantity": 1}], **more)
        self.is_told()
        return self.webhooks("refunds/create")[-1]

    def is_told(self) -> None:
        """Wait until we have accepted every webhook of the shop."""
        until(lambda: all(each["delivered"] for each in self.webhooks()), LONGEST)

    def unheard(self) -> list[dict[str, Any]]:
        """Give back one T-shirt while nobody listens; return the webhooks with their bodies and headers."""
        self.listen("http://127.0.0.1:1")
        self.shop.refund(self.order(), lines=[{"sku": SHIRT, "quantity": 1}])
        until(lambda: all(each["attempts"] for each in self.webhooks()), LONGEST)
        return self.webhooks()

    def hear(self, told: Mapping[str, Any]) -> requests.Response:
        """Deliver a webhook of the shop, byte by byte as the shop sent it."""
        body, headers = told["body"].encode(), told["headers"]
        return self.post(f"/webhooks/shopify/{self.shop.slug}", body, headers)

    def told_by_books(self, memo: str, *, at: datetime | None = None) -> requests.Response:
        """Have NetSuite tell, at a time, that a credit memo was made."""
        account = self.books.tenant.upper().replace("-", "_")
        body = encoded(change(internalId=memo, account=account, otherRefNum=None, createdFrom=None))
        headers = netsuite_headers(body, at=at or utcnow())
        return self.post(f"/webhooks/netsuite/{self.books.slug}", body, headers)

    def webhooks(self, topic: str = "") -> list[dict[str, Any]]:
        """Return what the shop has sent, oldest first."""
        only = f"?topic={topic}" if topic else ""
        found: list[dict[str, Any]] = self.shop.control.get(f"{self.shop.path}/webhooks{only}")
        return found

    # The web process.

    def post(self, path: str, body: object, headers: Mapping[str, str] | None = None) -> requests.Response:
        """Post to the web process, over HTTP; a body that is an iterator is sent in chunks."""
        data = body if isinstance(body, bytes | Iterator) else encoded(body)
        with requests.Session() as session:
            return session.post(self.url + path, data=data, headers=dict(headers or {}), timeout=LONGEST)

    def api(self, path: str, body: object = None) -> tuple[int, Any]:
        """Ask the API as an operator, by POST where there is a body; return status and JSON."""
        if not self._token:
            with self.world.database.write() as session:
                _, self._token = people.add_token(
                    session, "operator", Role.OPERATOR, timedelta(days=1), now=utcnow(), actor="test"
                )
        with requests.Session() as session:
            answer = session.request(
                "GET" if body is None else "POST",
                f"{self.url}/api/v1{path}",
                json=body,
                headers={"Authorization": f"Bearer {self._token}"},
                timeout=LONGEST,
            )
        return answer.status_code, answer.json()

    # What time does.

    def sweep(self) -> int:
        """Wake what is due, as the scheduler does; return how much it was."""
        return self._scheduler.sweep()

    @cached_property
    def _scheduler(self) -> Scheduler:
        return Scheduler(self.world.another())

    def later(self, *, leases: bool = False) -> None:
        """Let the time come for whatever waits for it, and for leases to end where that is said."""
        past = utcnow() - timedelta(seconds=1)
        with self.world.database.write() as session:
            for table in (Delivery, Refund):
                is_held = table.lease_until.is_not(None)
                due = update(table).where(table.due_at.is_not(None))
                if leases:
                    session.execute(update(table).where(is_held).values(lease_until=past))
                session.execute((due if leases else due.where(~is_held)).values(due_at=past, not_before=None))

    def settle_after_death(self) -> None:
        """Let the leases of dead workers end, then do as `settle` does."""
        self.later(leases=True)
        self.settle()

    def settle(self) -> None:
        """Let time pass, and scheduler and worker do their work, until every refund is at rest."""
        for _ in range(_MOST_ROUNDS):
            self.later()
            self.sweep()
            self.work()
            if not any(refund.state in UNDER_WAY for refund in self.world.refunds()):
                return
        raise AssertionError(f"not at rest: {self.world.refunds()}")

    # What there is.

    def rows(self) -> dict[str, int]:
        """Return how many rows each table has."""
        with self.world.database.read() as session:
            return {
                table.name: session.scalar(select(func.count()).select_from(table)) or 0
                for table in Base.metadata.sorted_tables
            }

    def everything(self) -> str:
        """Return all that the ledger holds, as one text."""
        with self.world.database.read() as session:
            return "\n".join(
                f"{table.name}: {dict(row._mapping)}"  # noqa: SLF001 - SQLAlchemy's documented way to a mapping
                for table in Base.metadata.sorted_tables
                for row in session.execute(select(table))
            )

    def deliveries(self) -> list[Delivery]:
        """Return every delivery, oldest first."""
        with self.world.database.read() as session:
            return list(session.scalars(select(Delivery).order_by(Delivery.id)))

    # Processes of its own.

    @contextmanager
    def family(self, **settings: str) -> Iterator[Family]:
        """Start processes of the command on this installation; none of them is left at the end."""
        known = self.world.runtime.settings
        env = {
            "DATABASE_URL": known.database_url,
            "REDIS_URL": known.redis_url,
            "REFUND_SYNC_SECRET_KEY": known.secret_keys[0],
            "REFUND_SYNC_DATA_DIR": str(known.data_dir),
            "REFUND_SYNC_ALLOW_PRIVATE_URLS": "1",
        }
        with family(**env | settings) as made:
            yield made

    @staticmethod
    def start_web(processes: Family) -> tuple["subprocess.Popen[str]", str]:
        """Start a web process of one worker; return it and its address once it answers."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        web = processes.start("web", "--port", str(port), "--processes", "1")
        url = f"http://127.0.0.1:{port}"
        eventually(lambda: answers(f"{url}/healthz"))
        return web, url

    def waits_for_a_lock(self) -> bool:
        """Return whether somebody waits for a lock of this database, which is PostgreSQL."""
        waiting = text(
            "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database"
            " WHERE NOT granted AND datname = current_database()"
        )
        with self.world.database.read() as session:
            return bool(session.scalar(waiting))
