"""Processes killed at every step, for real: nothing is lost and nothing doubled, whichever step it was."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pytest
import requests

from bench.chaos.compare import Findings, Name
from bench.chaos.fleet import ROOT
from ledger.clock import utcnow
from ledger.states import State
from tests.functional.ground import PATIENCE, Ground, findings, ground, worked_off
from tests.support.databases import Clone
from tests.support.waiting import until

CLEAN = Findings([], [], [])
_TAKEN, _, _ENDED = _OF_JOB = (
    "redis rq.queue.Queue.lmove",
    "redis rq.worker.base.BaseWorker.prepare_job_execution",
    "redis rq.worker.base.BaseWorker.handle_job_success",
)
_SUPERVISED = """
import os, sys
from cli.supervisor import Program, Supervisor
worker = (sys.executable, "-P", "-m", "cli.main", "--tether", str(os.getpid()), "worker", "shopify")
Supervisor([Program("worker", worker)], grace=30).run()
"""
Point = tuple[str, int]
"""A fault point, and which passing of it."""


class Job(NamedTuple):
    """What a worker of one queue does for a refund that was made somewhere."""

    source: str
    queue: str


TO_NETSUITE = Job("shopify", "shopify")
HANDING_OVER = Job("netsuite", "netsuite")
FROM_NETSUITE = Job("netsuite", "shopify")  # with a worker for NetSuite's news at its side

pytestmark = pytest.mark.xdist_group("processes")


@pytest.fixture(scope="module")
def _on_postgresql(postgresql: Clone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with postgresql() as url, ground(tmp_path_factory.mktemp("killing"), url) as made:
        yield made


@pytest.fixture(scope="module")
def _on_sqlite(sqlite: Clone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with sqlite() as url, ground(tmp_path_factory.mktemp("killing"), url) as made:
        yield made


@pytest.fixture
def on_postgresql(_on_postgresql: Ground) -> Iterator[Ground]:
    yield _on_postgresql
    _on_postgresql.rest()


@pytest.fixture
def on_sqlite(_on_sqlite: Ground) -> Iterator[Ground]:
    yield _on_sqlite
    _on_sqlite.rest()


@pytest.fixture(params=["sqlite", "postgresql"])
def on_both(request: pytest.FixtureRequest) -> Ground:
    here: Ground = request.getfixturevalue(f"on_{request.param}")
    return here


def carry_one(here: Ground, job: Job, role: str) -> list[str]:
    """Let a worker of its own do its part for a refund; return every point that the worker passed."""
    here.forget_jobs(job.queue)
    here.tell(job.source)
    passed = here.fleet.trace(role)
    here.fleet.start(role, "worker", job.queue)
    until(lambda: f"{_ENDED} after" in passed.read_text(), PATIENCE)
    here.fleet.hit(role, signal.SIGTERM)
    assert here.fleet.code_of(role) == 0
    return passed.read_text().splitlines()


def points_of(here: Ground, job: Job) -> list[Point]:
    """Return every point that a worker passes during a job."""
    carry_one(here, job, f"first-{job.source}-{job.queue}")  # Redis knows the scripts from now on
    names = carry_one(here, job, f"second-{job.source}-{job.queue}")
    nth = [(name, names[: at + 1].count(name)) for at, name in enumerate(names)]
    passed = nth[names.index(f"{_TAKEN} after") : names.index(f"{_ENDED} after") + 1]
    return [point for point in passed if _matters(*point)]


def _matters(name: str, nth: int) -> bool:
    """Tell whether to die here: what RQ writes down of a job at work matters to nobody, and is much."""
    if name.startswith("redis rq."):
        return name.rpartition(" ")[0] in _OF_JOB
    return nth == 1 or not name.startswith("redis ")


def strike(here: Ground, job: Job, points: Sequence[Point], number: int, code: int) -> list[Name]:
    """Let a worker of its own send a signal to itself at each point, at work on a refund of its own.

    Returns:
        The refunds.
    """
    refunds = []
    for at, (point, nth) in enumerate(points):
        role = f"{signal.Signals(number).name}-{job.source}-{job.queue}-{at}"
        here.forget_jobs(job.queue)  # a call that came twice would be another job for it
        refunds.append(here.tell(job.source))
        here.fleet.arm(role, point, nth=nth, number=number)
        here.fleet.start(role, "worker", job.queue)
        assert (here.fleet.code_of(role), here.fleet.has_fired(role)) == (code, True), (point, nth)
    return refunds


def understand(here: Ground) -> None:
    """Have NetSuite's news read from now on."""
    here.forget_jobs("netsuite")
    here.fleet.start("understanding", "worker", "netsuite")


def test_a_worker_killed_at_any_step_loses_and_doubles_nothing(on_postgresql: Ground) -> None:
    for job, step in (
        (TO_NETSUITE, "commit workers.carry._write after"),
        (HANDING_OVER, "redis ledger.queue._Jobs.enqueue before"),
        (FROM_NETSUITE, "commit workers.carry._write after"),
    ):
        if job is FROM_NETSUITE:
            understand(on_postgresql)
        points = points_of(on_postgresql, job)
        assert (step, 1) in points
        strike(on_postgresql, job, points, signal.SIGKILL, -signal.SIGKILL)
    on_postgresql.carry_on("shopify", "netsuite")
    worked_off(on_postgresql)
    assert findings(on_postgresql) == CLEAN


def test_on_sqlite_a_worker_killed_around_any_commit_or_call_loses_and_doubles_nothing(
    on_sqlite: Ground,
) -> None:
    points = [each for each in points_of(on_sqlite, TO_NETSUITE) if not each[0].startswith("redis ")]
    strike(on_sqlite, TO_NETSUITE, points, signal.SIGKILL, -signal.SIGKILL)
    on_sqlite.carry_on("shopify")
    worked_off(on_sqlite)
    assert findings(on_sqlite) == CLEAN


def test_a_worker_asked_to_end_at_any_step_finishes_its_refund_first(on_postgresql: Ground) -> None:
    understand(on_postgresql)
    points = [each for each in points_of(on_postgresql, FROM_NETSUITE) if each[0].endswith(" before")]
    refunds = strike(on_postgresql, FROM_NETSUITE, points[1:-1], signal.SIGTERM, 0)
    assert {on_postgresql.stand(each).state for each in refunds} == {State.POSTED}
    on_postgresql.carry_on("shopify", "netsuite")
    worked_off(on_postgresql)
    assert findings(on_postgresql) == CLEAN


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_web_process_killed_around_its_commit_gives_no_answer_and_loses_nothing(
    on_both: Ground, when: str
) -> None:
    name, webhook = on_both.refund("shopify")
    on_both.fleet.arm("web", f"commit ledger.deliveries.accept_without_alerts {when}")
    assert on_both.deliver("shopify", webhook) == 0
    assert on_both.fleet.has_fired("web")
    # The platform sends it again, to the process that took the dead one's place.
    until(lambda: on_both.deliver("shopify", webhook) == requests.codes.ok, PATIENCE)
    assert on_both.deliver("shopify", webhook) == requests.codes.ok
    on_both.carry_on("shopify")
    until(lambda: on_both.stand(name).state is State.POSTED, PATIENCE)
    worked_off(on_both)
    assert findings(on_both) == CLEAN


def test_a_scheduler_killed_around_its_hand_out_forgets_nothing(on_postgresql: Ground) -> None:
    here = on_postgresql
    for number, what in enumerate(
        ("commit workers.scheduler.Scheduler.sweep", "redis ledger.queue._Jobs.enqueue")
    ):
        for when in ("before", "after"):
            role = f"doomed-{number}-{when}"
            here.tell("shopify")
            here.valkey.empty()  # so that nobody but the scheduler knows of it
            here.fleet.arm(role, f"{what} {when}")
            here.fleet.start(role, "scheduler")
            assert here.fleet.code_of(role) == -signal.SIGKILL
    here.carry_on("shopify")
    worked_off(here)
    assert findings(here) == CLEAN


def test_redis_emptied_at_any_time_loses_nothing(on_both: Ground) -> None:
    on_both.tell("shopify")
    on_both.valkey.empty()  # before a worker heard of it
    on_both.carry_on("shopify")
    held = {"platform": "netsuite", "operation": "record:transform", "kind": "latency", "seconds": 1}
    on_both.control.post("/faults", **held)
    name = on_both.tell("shopify")
    until(lambda: on_both.stand(name).state is State.POSTING, PATIENCE)
    on_both.valkey.empty()  # while a worker is at it
    worked_off(on_both)
    assert findings(on_both) == CLEAN


def test_a_worker_whose_parent_alone_is_killed_finishes_its_refund_and_ends(on_postgresql: Ground) -> None:
    here = on_postgresql
    here.control.post(
        "/faults", platform="netsuite", operation="record:transform", kind="latency", seconds=1.5
    )
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", _SUPERVISED], cwd=ROOT, env={**os.environ, **here.fleet.env}
    ) as parent:
        name = here.tell("shopify")
        until(lambda: here.stand(name).state is State.POSTING, PATIENCE)
        parent.kill()
        parent.wait(PATIENCE)
    claimed_until = here.stand(name).lease_until
    until(lambda: here.stand(name).state is State.POSTED, PATIENCE)
    assert claimed_until is not None
    assert utcnow() < claimed_until  # nobody else could have had it
    assert findings(here) == CLEAN
