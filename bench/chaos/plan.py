"""Which faults strike, in which order: drawn from a seed, so that a run can be had again. Pure."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.queue import QUEUES

_EITHER: Final = ("before", "after")
_ON_POSTGRESQL: Final = frozenset({"database restarted", "database crashed", "database cut"})
_ON_SQLITE: Final = frozenset({"disk full"})

WEIGHTS: Final = {
    "killed at a point": 36,
    "asked to end at a point": 8,
    "killed": 10,
    "asked to end": 5,
    "worker's parent alone killed": 3,
    "web's parent alone killed": 2,
    "redis stopped": 2,
    "redis restarted": 3,
    "redis emptied": 4,
    "redis cut": 4,
    "database restarted": 2,
    "database crashed": 2,
    "database cut": 5,
    "no answer, nothing done": 3,
    "no answer, but done": 4,
    "connection reset": 3,
    "429 storm": 3,
    "5xx storm": 3,
    "clock stepped": 2,
    "disk full": 3,
}
"""How often each kind of fault strikes, against the others."""

_BY_POINT: Final = frozenset({"killed at a point", "asked to end at a point"})
_BY_ROLE: Final = frozenset({"killed", "asked to end", "clock stepped"})
_BY_WORKER: Final = "worker's parent alone killed"
_BY_PLATFORM: Final = frozenset(
    {"no answer, nothing done", "no answer, but done", "connection reset", "429 storm", "5xx storm"}
)
_WORKER_POINTS: Final = (
    "redis rq.queue.Queue.lmove after",
    *(f"redis rq.*.prepare_job_execution {when}" for when in _EITHER),
    *(f"commit workers.process.process {when}" for when in _EITHER),
    *(f"commit workers.process._take {when}" for when in _EITHER),
    *(f"commit workers.carry._claim {when}" for when in _EITHER),
    *(f"call workers.posting.*.read {when}" for when in _EITHER),
    *(f"commit workers.carry._decide_and_write {when}" for when in _EITHER),
    *(f"commit workers.carry._write {when}" for when in _EITHER),
    *(f"call workers.posting.*.write {when}" for when in _EITHER),
    *(f"commit workers.carry._run {when}" for when in _EITHER),
    *(f"redis ledger.counters.* {when}" for when in _EITHER),
    *(f"redis rq.*.handle_job_success {when}" for when in _EITHER),
)
_READING_POINTS: Final = tuple(f"call workers.process._read {when}" for when in _EITHER)
"""Of workers whose platform's webhooks do not say everything: all but Shopify's."""

_POINTS: Final = {
    "web": tuple(
        f"{what} {when}"
        for what in ("commit ledger.deliveries.accept_without_alerts", "redis ledger.queue._Jobs.enqueue")
        for when in _EITHER
    ),
    "scheduler": tuple(
        f"{what} {when}"
        for what in ("commit workers.scheduler.*", "redis ledger.queue.*")
        for when in _EITHER
    ),
}
_PROCESSES: Final = ("worker",) * 8 + ("web", "scheduler")
_TRAFFIC: Final = {"shopify": 5, "netsuite": 5, "magento": 2, "ebay": 1, "amazon": 1}
"""How much the workers of each queue have to do: who has little passes few points."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that is to strike.

    Attributes:
        kind: One of `WEIGHTS`.
        role: The process it strikes, where it strikes one.
        point: Where that dies, for a death at a point.
        nth: At which passing.
        platform: The platform that fails, where one does.
        size: From 0 to 1: how bad it is, in whatever way it can be.
    """

    kind: str
    role: str = ""
    point: str = ""
    nth: int = 1
    platform: str = ""
    size: float = 0.0


def kinds(database: str) -> list[str]:
    """Return the kinds of fault that can strike where a database is used: `postgresql` or `sqlite`."""
    impossible = _ON_SQLITE if database == "postgresql" else _ON_POSTGRESQL
    return [kind for kind in WEIGHTS if kind not in impossible]


def roles(workers: int) -> list[str]:
    """Return the roles of all processes, with so many workers a queue."""
    return [*_working(workers), "web", "scheduler-1", "scheduler-2"]


def _working(workers: int) -> list[str]:
    return [f"worker-{queue}-{number}" for queue in QUEUES for number in range(1, workers + 1)]


def plan(seed: int, number: int, *, database: str, workers: int) -> list[Fault]:
    """Return so many faults, each kind at least once where there is room for all."""
    chance = random.Random(seed)  # noqa: S311 - a run is to be had again
    possible = kinds(database)
    chance.shuffle(possible)  # where there is no room for all
    drawn = [*possible, *chance.choices(possible, [WEIGHTS[kind] for kind in possible], k=number)][:number]
    chance.shuffle(drawn)
    return [_fault(kind, chance, workers) for kind in drawn]


def _fault(kind: str, chance: random.Random, workers: int) -> Fault:
    size = chance.random()
    if kind in _BY_POINT:
        role, point = _point(chance, workers)
        return Fault(kind, role, point, chance.randint(1, 3), size=size)
    if kind == _BY_WORKER:
        return Fault(kind, chance.choice(_working(workers)), size=size)
    if kind in _BY_ROLE:
        return Fault(kind, chance.choice(roles(workers)), size=size)
    if kind in _BY_PLATFORM:
        return Fault(kind, platform=_busiest(chance), size=size)
    return Fault(kind, size=size)


def _point(chance: random.Random, workers: int) -> tuple[str, str]:
    """Return a role, and a point that its process passes."""
    process = chance.choice(_PROCESSES)
    if process != "worker":
        role = chance.choice([each for each in roles(workers) if each.startswith(process)])
        return role, chance.choice(_POINTS[process])
    queue = chance.choices(list(_TRAFFIC), list(_TRAFFIC.values()))[0]
    points = _WORKER_POINTS if queue == "shopify" else (*_WORKER_POINTS, *_READING_POINTS)
    return f"worker-{queue}-{chance.randint(1, workers)}", chance.choice(points)


def _busiest(chance: random.Random) -> str:
    """Return a platform; NetSuite is called for every refund."""
    return chance.choices(QUEUES, [10 if queue == "netsuite" else 3 for queue in QUEUES])[0]


def moments(number: int, refunds: int) -> Sequence[int]:
    """Return after how many refunds each of so many faults strikes: evenly, none before the first refunds."""
    return [round(refunds * (at + 1) / (number + 1)) for at in range(number)]
