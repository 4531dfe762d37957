"""The service as it runs, in the sandbox's world: web, workers and scheduler against simulated platforms."""

import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import requests
from rq import Worker
from sqlalchemy import func, select

from bench import servers, shop
from bench.bodies import SHOP, SLUG
from bench.servers import ServerError
from ledger import queue
from ledger.models import Delivery, Refund
from ledger.models.deliveries import DeliveryState
from ledger.states import State

NETSUITE: Final = "1234567_SB1"
_TENANT: Final = "1234567-sb1"
WEBHOOKS: Final = 3
"""How many a shop sends for one refund: the refund, its transaction, and the order that it changed."""

_SKU: Final = "TSHIRT-M"
_PATIENCE: Final = 120.0  # seconds
_GRACE: Final = 30.0  # seconds for a process to end
_STEP: Final = 0.02  # seconds between two looks
_TOKEN: Final = "shpat_0123456789abcdef0123456789abcdef"  # noqa: S105 - a simulated shop's
_TBA: Final = {
    "consumer_key": "consumer-key-0123456789",
    "consumer_secret": "consumer-secret-0123456789",
    "token_id": "token-id-0123456789",
    "token_secret": "token-secret-0123456789",
}


def until(condition: Callable[[], object], what: str, *, patience: float = _PATIENCE) -> float:
    """Look until something is so; return the monotonic time at which it was.

    Raises:
        TimeoutError: If it does not come to that in time.
    """
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {patience:.0f} s for {what}")
        time.sleep(_STEP)
    return time.monotonic()


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@dataclass
class Sandbox:
    """The simulated platforms."""

    url: str
    _session: requests.Session = field(default_factory=requests.Session)

    def post(self, path: str, **body: Any) -> Any:  # noqa: ANN401 - JSON values
        """Do something through the control API, and return its answer."""
        answer = self._session.post(f"{self.url}/_control/{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON values
        """Return what the control API has."""
        answer = self._session.get(f"{self.url}/_control/{path}", timeout=30)
        answer.raise_for_status()
        return answer.json()

    def furnish(self, web_url: str, secret: str, *, concurrency: int = 5) -> None:
        """Open the shop, which tells the web process of its refunds, and its books."""
        self.post("netsuite/accounts", account_id=NETSUITE, tba=_TBA, concurrency=concurrency)
        webhook = {"url": f"{web_url}/webhooks/shopify/{SLUG}", "secret": secret}
        bucket = {"maximum": 1_000_000, "restore_rate": 1_000_000}  # Shopify's limits are not measured
        self.post("shopify/shops", domain=SHOP, access_token=_TOKEN, webhook=webhook, bucket=bucket)

    def order(self, number: int) -> str:
        """Place an order, import and bill it in the books; return its id in the shop."""
        line = {"sku": _SKU, "quantity": 1, "price": "20.00"}
        made = self.post(f"shopify/{SHOP}/orders", name=f"#{number}", lines=[line], silent=True)
        billed = {"sku": _SKU, "quantity": 1, "rate": "20.00"}
        self.post(
            f"netsuite/{_TENANT}/orders",
            currency="USD",
            otherRefNum=f"#{number}",
            lines=[billed],
            billed="invoice",
            silent=True,
        )
        return str(made["id"])

    def refund(self, order_id: str) -> None:
        """Refund an order; the shop tells of it."""
        self.post(f"shopify/{SHOP}/orders/{order_id}/refund", lines=[{"sku": _SKU, "quantity": 1}])

    def calls(self, platform: str) -> list[dict[str, Any]]:
        """Return the calls of a platform's API so far."""
        found: list[dict[str, Any]] = self.get(f"calls?platform={platform}")
        return found

    def most_in_flight(self) -> int:
        """Return the most requests that were in flight to the books at once."""
        return int(self.get(f"netsuite/{_TENANT}")["max_in_flight"])


def credentials(sandbox_url: str) -> shop.Connection:
    """Return how the ledger's accounts reach the sandbox."""
    return shop.Connection(
        books={"auth": "tba", **_TBA},
        books_url=f"{sandbox_url}/netsuite/{_TENANT}",
        shop={"access_token": _TOKEN},
        shop_url=f"{sandbox_url}/shopify/{SHOP}",
    )


@dataclass
class Service:
    """What is running.

    Attributes:
        workers: The worker processes that are running.
    """

    sandbox: Sandbox
    ledger: shop.Ledger
    env: Mapping[str, str]
    home: Path
    redis_url: str
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1001))

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start one of our processes; it ends with the service."""
        return self._stack.enter_context(process(command, self.env, self.home / f"{command[0]}.log"))

    def start_workers(self, number: int) -> None:
        """Start workers of the shop's queue, and wait until they are ready."""
        jobs = queue.open_queue("shopify", queue.connect(self.redis_url, timeout=5))
        known = {worker.name for worker in Worker.all(queue=jobs)}  # one that was killed is still listed
        self.workers += [self.start("worker", "shopify") for _ in range(number)]
        until(lambda: len({each.name for each in Worker.all(queue=jobs)} - known) >= number, "the workers")

    def stop_workers(self) -> None:
        """Ask all workers to end after the job under way, and wait until they have."""
        for each in self.workers:
            each.send_signal(signal.SIGTERM)
        for each in self.workers:
            each.wait(_GRACE)
        self.workers.clear()

    def recorded(self) -> int:
        """Return how many deliveries are in the ledger."""
        with self.ledger.database.read() as session:
            return session.scalar(select(func.count(Delivery.id))) or 0

    def waiting(self) -> int:
        """Return how many deliveries are not worked off."""
        query = select(func.count(Delivery.id)).where(Delivery.state == DeliveryState.RECEIVED)
        with self.ledger.database.read() as session:
            return session.scalar(query) or 0

    def posted(self) -> int:
        """Return how many refunds are posted."""
        query = select(func.count(Refund.id)).where(Refund.state == State.POSTED)
        with self.ledger.database.read() as session:
            return session.scalar(query) or 0

    def writing(self) -> int:
        """Return how many refunds are being written to the other side."""
        query = select(func.count(Refund.id)).where(Refund.state == State.POSTING, Refund.write_began)
        with self.ledger.database.read() as session:
            return session.scalar(query) or 0

    def orders(self, number: int) -> list[str]:
        """Place orders; return their ids."""
        return [self.sandbox.order(next(self._numbers)) for _ in range(number)]


@contextmanager
def service(home: Path, database: str, *, scheduler: bool = True) -> Iterator[Service]:
    """Run web process, sandbox and their servers; workers are started by whoever measures.

    Args:
        home: An empty directory.
        database: `sqlite` or `postgresql`.
        scheduler: Whether to run one, too.
    """
    home.chmod(0o755)  # PostgreSQL runs as somebody else when this runs as root
    with ExitStack() as stack:
        redis_url = stack.enter_context(servers.valkey(home / "valkey"))
        url = stack.enter_context(shop.opened(database, home / "database"))
        web_port, sandbox_port = free_port(), free_port()
        sandbox = Sandbox(f"http://127.0.0.1:{sandbox_port}")
        ledger = stack.enter_context(shop.ledger(url, credentials(sandbox.url)))
        env = dict(ledger.env(home / "data", redis_url))
        running = Service(sandbox, ledger, env, home, redis_url, _stack=stack.enter_context(ExitStack()))
        running.start("sandbox", "--port", str(sandbox_port))
        running.start("web", "--port", str(web_port))
        until(lambda: _answers(f"{sandbox.url}/_control/healthz"), f"the sandbox; see {home}/sandbox.log")
        until(lambda: _answers(f"http://127.0.0.1:{web_port}/healthz"), f"the web; see {home}/web.log")
        sandbox.furnish(f"http://127.0.0.1:{web_port}", ledger.secret)
        if scheduler:
            running.start("scheduler")
        yield running


@contextmanager
def process(command: tuple[str, ...], env: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run `refund-sync` with a command."""
    with (
        log.open("ab") as output,
        subprocess.Popen(  # noqa: S603 - our own command line
            [sys.executable, "-m", "cli.main", *command],
            env={**os.environ, **env},
            stdout=output,
            stderr=output,
        ) as running,
    ):
        try:
            yield running
        finally:
            running.send_signal(signal.SIGTERM)
            try:
                running.wait(_GRACE)
            except subprocess.TimeoutExpired:
                running.kill()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:  # it is not there yet, or not quick yet
        return False


def resident(pid: int) -> float:
    """Return the memory of a process in MB: its own, and its share of what it has in common with others.

    Raises:
        ServerError: If there is no such process.
    """
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError as error:
        raise ServerError(f"nothing is known of process {pid}") from error
    (line,) = (each for each in text.splitlines() if each.startswith("Pss:"))
    return int(line.split()[1]) / 1024
