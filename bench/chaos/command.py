"""`python -m bench chaos`: refunds under faults, and everything compared afterwards."""

import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from bench import figures
from bench.chaos import evidence, plan, recovery
from bench.chaos.compare import SETTLED, Evidence, Findings, compare
from bench.chaos.faults import Faults
from bench.chaos.fleet import FleetError, until
from bench.chaos.ground import LEASE, Ground, ground
from bench.chaos.person import Person
from bench.chaos.recovery import Span
from bench.chaos.relay import fingerprint
from bench.chaos.traffic import Stream, Traffic
from ledger.models import Delivery, Refund
from ledger.models.deliveries import DeliveryState
from ledger.states import UNDER_WAY

_THREADS: Final = 4
_MOST_BEHIND: Final = 100  # refunds and deliveries under way
_UNKNOWN: Final = 10_000  # how far the service is behind while nobody can look
_EVERY: Final = 10.0  # seconds between two looks of the person, and between two polls in the end
_PATIENCE: Final = 1200.0  # seconds for everything to settle in the end
_STEP: Final = 0.02  # seconds
_SHOWN: Final = 20  # sentences of each kind


@dataclass
class Run:
    """One run.

    Attributes:
        seconds: How long the traffic took, and how long it took to settle afterwards.
    """

    ground: Ground
    traffic: Traffic
    faults: Faults
    person: Person
    seconds: tuple[float, float] = (0.0, 0.0)

    def go(self, refunds: int, planned: Sequence[plan.Fault]) -> Findings:
        """Make refunds, let faults strike meanwhile, wait until all is settled, and compare."""
        began = time.monotonic()
        stream = Stream(self.traffic, refunds, lambda: behind(self.ground), _MOST_BEHIND)
        threads = [threading.Thread(target=stream.run) for _ in range(_THREADS)]
        watching = threading.Thread(target=stream.watch)
        for thread in (*threads, watching):
            thread.start()
        try:
            self._strike(planned, stream)
            for thread in threads:
                thread.join()
        finally:
            stream.end()
            watching.join()
        made = time.monotonic()
        self._settle()
        self.seconds = (made - began, time.monotonic() - made)
        found = compare(self._evidence())
        return Findings(found.lost, found.doubled, [*found.wrong, *stream.problems])

    def _strike(self, planned: Sequence[plan.Fault], stream: Stream) -> None:
        """Let the faults strike, evenly among the refunds, which go on until the next one's turn."""
        looked, pause = time.monotonic(), threading.Event()
        moments = plan.moments(len(planned), stream.refunds)
        stream.allowed = [*moments, stream.refunds][0]
        for fault, at, following in zip(planned, moments, [*moments[1:], stream.refunds], strict=True):
            while stream.made < at:
                pause.wait(_STEP)
            stream.allowed = following
            self.faults.strike(fault)
            if time.monotonic() > looked + _EVERY:
                self.person.look()
                looked = time.monotonic()
                _progress(f"{stream.made} refunds, {len(self.faults.struck)} faults")

    def _settle(self) -> None:
        """Wait until nothing moves any more; accounts are polled for what no webhook brought."""
        looked = 0.0
        self.ground.relay.hurry()

        def is_quiet() -> bool:
            nonlocal looked
            if time.monotonic() > looked + _EVERY:
                looked = time.monotonic()
                self.person.look()
                if not self._pending() and not behind(self.ground):
                    self.ground.poll_now()
                waiting = f"{behind(self.ground)} behind, {self._missing()} not there yet"
                _progress(f"settling: {waiting}, {self._pending()} webhooks to come")
            return not (self._pending() or behind(self.ground) or self._missing())

        try:
            until(is_quiet, "everything to be settled", patience=_PATIENCE)
        except FleetError as error:
            _progress(str(error))

    def _pending(self) -> int:
        pending = self.ground.control.get("/webhooks/pending")["pending"]
        return int(pending) + self.ground.relay.waiting

    def _missing(self) -> int:
        """Return how many refunds are not settled."""
        with self.ground.database.read() as session:
            settled = {evidence.name_of(row) for row in evidence.rows(session) if row.state in SETTLED}
        return sum(each.name not in settled for each in self.traffic.sent)

    def _evidence(self) -> Evidence:
        here = self.ground
        sent = {each.name for each in self.traffic.sent}
        with here.database.read() as session:
            rows = evidence.rows(session)
            kept, unsettled = evidence.kept(session, rows), evidence.unsettled(session)
            taken = frozenset(evidence.fingerprints(session, fingerprint))
        carried = [row for row in rows if evidence.name_of(row) in sent]
        counted, wanted = evidence.writes(rows, here.all_books, here.storefronts)
        return Evidence(
            sent=self.traffic.sent,
            kept=kept,
            made=evidence.made(carried, here.all_books, here.storefronts),
            counted=counted,
            wanted=wanted,
            told=list(here.relay.told),
            taken=taken,
            unsettled=unsettled,
        )

    def spans(self) -> list[Span]:
        """Return how long each refund was under way, those aside that a person was asked about.

        A worker whose clock was behind may say that it posted one before it was made.
        """
        with self.ground.database.read() as session:
            return [
                Span(made_at, max(made_at, row.posted_at.timestamp()))
                for row in evidence.rows(session)
                if (made_at := self.traffic.made_at.get(evidence.name_of(row))) and row.posted_at is not None
            ]


def behind(here: Ground) -> int:
    """Return how many refunds and deliveries are under way."""
    refunds = select(func.count(Refund.id)).where(Refund.state.in_(UNDER_WAY))
    deliveries = select(func.count(Delivery.id)).where(Delivery.state == DeliveryState.RECEIVED)
    try:
        with here.database.read() as session:
            return (session.scalar(refunds) or 0) + (session.scalar(deliveries) or 0)
    except SQLAlchemyError:
        return _UNKNOWN


def _progress(said: str) -> None:
    sys.stderr.write(f"{said}\n")


def table(run: Run) -> list[figures.Row]:
    """Return a row for each kind of fault, and one for all.

    `again` is until the service posted refunds again, `settled` until all that was under way was settled.
    """
    struck, spans = run.faults.struck, run.spans()
    again, settled = recovery.again(struck, spans), recovery.times(struck, spans)
    of_again, of_settled = recovery.by_kind(struck, again), recovery.by_kind(struck, settled)
    rows = [(kind, of_again[kind], of_settled[kind]) for kind in sorted(of_again)]
    return [
        {
            "fault": kind,
            "struck": len(first),
            "again_p50_s": round(figures.median(first), 1),
            "again_max_s": round(max(first), 1),
            "settled_p50_s": round(figures.median(last), 1),
            "settled_max_s": round(max(last), 1),
        }
        for kind, first, last in [*rows, ("all", again, settled)]
        if first
    ]


def taken_over(run: Run) -> dict[str, float]:
    """Return how many refunds were taken over from a worker that was killed, and how long that took."""
    with run.ground.database.read() as session:
        took = evidence.takeovers(session)
    if not took:
        return {"refunds": 0}
    return {
        "refunds": len(took),
        "p50_s": round(figures.median(took), 1),
        "max_s": round(max(took), 1),
        "lease_s": LEASE,
    }


@click.command()
@click.option("--refunds", default=10_000, show_default=True, help="How many are made.")
@click.option("--faults", default=500, show_default=True, help="How many strike meanwhile.")
@click.option("--seed", default=1, show_default=True, help="Of everything that is left to chance.")
@click.option("--workers", default=2, show_default=True, help="Worker processes of each queue.")
@click.option(
    "--database", default="postgresql", show_default=True, type=click.Choice(["sqlite", "postgresql"])
)
@click.option(
    "--keep", type=click.Path(path_type=Path), help="Where logs and data are kept; nowhere by default."
)
def chaos(*, refunds: int, faults: int, seed: int, workers: int, database: str, keep: Path | None) -> None:
    """Kill everything at every step under a stream of refunds, and compare both sides afterwards.

    Exits with 0 only if nothing was lost, nothing doubled and nothing wrong.
    """
    with ExitStack() as stack:
        if keep is None:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        else:
            home = keep
            home.mkdir(parents=True)
        here = stack.enter_context(ground(home.absolute(), database, workers=workers, seed=seed))
        chance = random.Random(seed)  # noqa: S311 - a run is to be had again
        run = Run(here, Traffic(here, chance), Faults(here, chance), Person(here))
        planned = plan.plan(seed, faults, database=database, workers=workers)
        findings = run.go(refunds, planned)
        report(run, findings, database=database, seed=seed, workers=workers)
    if not findings.is_clean:
        raise SystemExit(1)


def report(run: Run, findings: Findings, **settings: object) -> None:
    """Print the table, and everything as JSON."""
    for what in ("lost", "doubled", "wrong"):
        for sentence in list(getattr(findings, what))[:_SHOWN]:
            _progress(f"{what}: {sentence}")
    relay = run.ground.relay
    deaths = Counter(
        "killed" if each.code < 0 else "ended" if each.code == 0 else "failed"
        for each in run.ground.fleet.ended
    )
    result: figures.Row = {
        "refunds": len(run.traffic.sent),
        "events_sent": relay.counts["sent"],
        "faults": len(run.faults.struck),
        "lost": len(findings.lost),
        "doubled": len(findings.doubled),
        "wrong": len(findings.wrong),
    }
    figures.show(
        "chaos",
        table(run),
        [result],
        webhooks={"told": len(relay.told), "answered well": sum(relay.told.values()), **relay.counts},
        processes_ended=dict(deaths),
        died_at=dict(sorted(run.faults.points.items())),
        taken_over=taken_over(run),
        asked_a_person=dict(run.person.asked),
        seconds={"refunds": round(run.seconds[0], 1), "settling": round(run.seconds[1], 1)},
        **settings,
    )
