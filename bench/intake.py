"""How many signed deliveries are accepted and committed a second, against what does less.

Contenders are all up at once and take turns, round by round, under one gunicorn configuration: Flask's hello
world, the tutorial way (`bench.apps.tutorial`), and our web process on SQLite and on PostgreSQL. What the
ledger holds at the end is compared with what was answered 200.
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click
from redis import Redis
from sqlalchemy import func, select

from bench import figures, load, servers, shop
from bench.bodies import Deliveries
from bench.load import Answers, Order
from ledger.models import Delivery

_STEP: Final = 10_000_000  # ids between two rounds
_WARM_UP: Final = 1.0  # seconds before anything is counted
_HELLO: Final = "hello world"
_TUTORIAL: Final = "tutorial"


@dataclass
class Contender:
    """One way to take deliveries in.

    Attributes:
        ledger: Where they are written down; None where nothing is.
    """

    name: str
    port: int
    secret: str
    ledger: shop.Ledger | None = None
    rounds: list[list[Answers]] = field(default_factory=list)
    accepted: int = 0

    def rate(self) -> float:
        """Return the deliveries accepted a second: the median of the rounds."""
        return figures.median([sum(a.accepted / a.seconds for a in each) for each in self.rounds])

    def row(self, base: dict[str, float]) -> figures.Row:
        """Return the figures of all rounds."""
        answers = [answer for each in self.rounds for answer in each]
        every = [millis for answer in answers for millis in answer.millis]
        refused = sum(sum(a.statuses.values()) - a.accepted for a in answers)
        return {
            "contender": self.name,
            "per_second": round(self.rate(), 1),
            **{f"of_{name.split()[0]}": round(self.rate() / rate, 2) for name, rate in base.items()},
            **figures.millis(every),
            "refused": refused,
            "lost": "-" if self.ledger is None else self.accepted - recorded(self.ledger),
            "generator_busy": round(max(a.busy for a in answers), 2),
        }


def recorded(ledger: shop.Ledger) -> int:
    """Return how many deliveries the ledger holds."""
    with ledger.database.read() as session:
        return session.scalar(select(func.count(Delivery.id))) or 0


@contextmanager
def contenders(home: Path, redis_url: str, databases: list[str], processes: int) -> Iterator[list[Contender]]:
    """Serve all contenders at once."""
    with ExitStack() as stack:
        up: list[Contender] = []
        for name, module in ((_HELLO, "hello"), (_TUTORIAL, "tutorial")):
            env = {"REDIS_URL": redis_url, "BENCH_SECRET": "bench-0123456789"}
            served = servers.gunicorn(
                f"bench.apps.{module}:create_app()", env, home / module, processes=processes
            )
            up.append(Contender(name, stack.enter_context(served), env["BENCH_SECRET"]))
        for kind in databases:
            place = home / kind
            url = stack.enter_context(shop.opened(kind, place / "database"))
            ledger = stack.enter_context(shop.ledger(url))
            env = dict(ledger.env(place, redis_url))
            port = stack.enter_context(servers.gunicorn("", env, place / "web", processes=processes))
            up.append(Contender(f"refund-sync {kind}", port, ledger.secret, ledger))
        yield up


def measure(
    contender: Contender, number: int, *, seconds: float, connections: int, clients: int
) -> list[Answers]:
    """Send deliveries to one contender for a while."""
    orders = [
        Order(
            contender.port,
            seconds,
            connections // clients,
            contender.secret,
            first=(number * clients + client) * _STEP,
        )
        for client in range(clients)
    ]
    answers = load.run(orders)
    contender.accepted += sum(answer.accepted for answer in answers)
    return answers


@click.command()
@click.option("--seconds", default=5.0, show_default=True, help="Length of one contender's turn.")
@click.option("--rounds", default=5, show_default=True, help="Turns of each contender.")
@click.option(
    "--connections", default=32, show_default=True, help="Senders, each with one request at a time."
)
@click.option("--clients", default=1, show_default=True, help="Processes of the load generator.")
@click.option("--processes", default=2, show_default=True, help="Web processes.")
@click.option(
    "--database",
    "databases",
    multiple=True,
    default=("sqlite", "postgresql"),
    show_default=True,
    type=click.Choice(["sqlite", "postgresql"]),
    help="What the ledger is kept in.",
)
def intake(
    *, seconds: float, rounds: int, connections: int, clients: int, processes: int, databases: tuple[str, ...]
) -> None:
    """Measure deliveries accepted and committed a second."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, servers.valkey(Path(name)) as redis_url:
        home = Path(name)
        home.chmod(0o755)  # PostgreSQL runs as somebody else when this runs as root
        with (
            contenders(home, redis_url, list(databases), processes) as up,
            Redis.from_url(redis_url) as redis,
        ):
            for number in range(rounds + 1):
                for each in up:
                    redis.flushall()  # no worker is there to take the jobs
                    turn = seconds if number else min(seconds, _WARM_UP)
                    answers = measure(each, number, seconds=turn, connections=connections, clients=clients)
                    if number:
                        each.rounds.append(answers)
            base = {each.name: each.rate() for each in up if each.name in {_HELLO, _TUTORIAL}}
            rows = [each.row(base) for each in up]
    figures.show(
        "intake",
        rows,
        body_bytes=_body_bytes(),
        seconds=seconds,
        rounds=rounds,
        connections=connections,
        clients=clients,
        processes=processes,
    )


def _body_bytes() -> int:
    _, body, tail = Deliveries("", 0).next()
    return len(body) + len(tail)
