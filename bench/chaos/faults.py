"""Lets the faults of a plan strike, one after the other."""

import os
import random
import resource
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.chaos.fleet import FleetError, until
from bench.chaos.ground import Ground
from bench.chaos.plan import Fault
from bench.chaos.recovery import Struck

_FIRES_WITHIN: Final = 6.0  # seconds until a process that passes no such point is killed where it is
_LONG: Final = 3.0  # seconds that an outage lasts at most
_STORM: Final = 3.0  # seconds
_STALL: Final = 4.0  # seconds, longer than a call may take here
_STEP: Final = 30.0  # seconds that a clock is put ahead or behind at most: more than a lease lasts here
_ENDLESS: Final = resource.RLIM_INFINITY


@dataclass
class Faults:
    """Strikes.

    Attributes:
        struck: Every fault that struck.
        points: How often a process died at each point.
    """

    ground: Ground
    chance: random.Random
    struck: list[Struck] = field(default_factory=list)
    points: Counter[str] = field(default_factory=Counter)
    _pause: threading.Event = field(default_factory=threading.Event)

    def strike(self, fault: Fault) -> None:
        """Let a fault strike, and return once its cause is over."""
        self.struck.append(Struck(fault.kind, time.time()))
        _WAYS[fault.kind](self, fault)

    def _at_a_point(self, fault: Fault) -> None:
        number = signal.SIGKILL if fault.kind.startswith("killed") else signal.SIGTERM
        fleet = self.ground.fleet
        fleet.arm(fault.role, fault.point, nth=fault.nth, number=number)
        try:
            until(lambda: fleet.has_fired(fault.role), "a point", patience=_FIRES_WITHIN)
        except FleetError:
            if not fleet.disarm(fault.role):
                self._instead(fault, number)
                return
        self.points[fault.point] += 1

    def _instead(self, fault: Fault, number: int) -> None:
        """Nobody came by that point in time: strike wherever the process is."""
        self.struck[-1] = Struck(fault.kind.removesuffix(" at a point"), time.time())
        self.ground.fleet.hit(fault.role, number)

    def _anywhere(self, fault: Fault) -> None:
        number = signal.SIGKILL if fault.kind == "killed" else signal.SIGTERM
        if fault.role == "web" and fault.size < 1 / 2:
            self._a_web_child(number)
        else:
            self.ground.fleet.hit(fault.role, number)

    def _a_web_child(self, number: int) -> None:
        children = children_of(self.ground.fleet.pid("web"))
        if children:
            _send(self.chance.choice(children), number)

    def _parent_alone(self, fault: Fault) -> None:
        """Kill gunicorn's first process, or what a worker is tethered to, and not their children."""
        if fault.role:
            self.ground.fleet.hit_parent(fault.role, signal.SIGKILL)
        else:
            self.ground.fleet.hit("web", signal.SIGKILL)

    def _redis_down(self, fault: Fault) -> None:
        self.ground.valkey.stop(self.chance.choice((signal.SIGTERM, signal.SIGKILL)))
        self._wait(fault.size * _LONG if fault.kind == "redis stopped" else 0)
        self.ground.valkey.start()

    def _redis_emptied(self, _fault: Fault) -> None:
        self.ground.valkey.empty()

    def _cut(self, fault: Fault) -> None:
        proxies = self.ground.proxies
        proxy = proxies["redis" if fault.kind == "redis cut" else "database"]
        if fault.size < 1 / 2:
            proxy.cut(fault.size * 2, self.chance)
            return
        proxy.close()
        self._wait((fault.size - 1 / 2) * _LONG)
        proxy.open()

    def _database_down(self, fault: Fault) -> None:
        database = self.ground.postgres
        if database is not None:
            database.stop("immediate" if fault.kind == "database crashed" else "fast")
            self._wait(fault.size * _LONG / 2)
            database.start()

    def _platform(self, fault: Fault) -> None:
        """Let calls of a platform fail for a while; whatever it still holds is let go afterwards."""
        how: Mapping[str, object]
        if fault.kind.startswith("no answer"):
            when = "after" if fault.kind.endswith("but done") else "before"
            how = {"when": when, "kind": "stall", "seconds": _STALL, "times": 1 + round(2 * fault.size)}
        elif fault.kind == "connection reset":
            when = self.chance.choice(("before", "after"))
            how = {"when": when, "kind": "reset", "times": 1 + round(4 * fault.size)}
        elif fault.kind == "429 storm":
            how = {"kind": "throttle", "times": 5 + round(40 * fault.size)}
        else:
            status = self.chance.choice((500, 502, 503, 504))
            when = self.chance.choice(("before", "after"))
            how = {"when": when, "kind": "status", "status": status, "times": 5 + round(20 * fault.size)}
        self.ground.control.post("/faults", platform=fault.platform, **how)
        self._wait(_STALL if fault.kind.startswith("no answer") else _STORM)
        self.ground.control.delete("/faults")

    def _clock(self, fault: Fault) -> None:
        """Step one process' clock, or that of all, and back."""
        seconds = self.chance.choice((-1, 1)) * fault.size * _STEP
        roles = [fault.role] if self.chance.random() < 1 / 2 else self.ground.fleet.roles()
        for role in roles:
            self.ground.fleet.step_clock(role, seconds)
        self._wait(_STORM)
        for role in roles:
            self.ground.fleet.step_clock(role, 0)

    def _disk_full(self, fault: Fault) -> None:
        """Let no file of any process grow beyond some bytes: writes then fail as on a disk that is full."""
        limited = [*family(self.ground.fleet.pids()), *self.ground.valkey.pids()]
        _limit(limited, 0)
        self._wait(fault.size * _LONG)
        _limit(limited, _ENDLESS)

    def _wait(self, seconds: float) -> None:
        self._pause.wait(seconds)


_WAYS: Final[Mapping[str, Callable[[Faults, Fault], None]]] = {
    "killed at a point": Faults._at_a_point,  # noqa: SLF001 - the table of this class
    "asked to end at a point": Faults._at_a_point,  # noqa: SLF001 - the table of this class
    "killed": Faults._anywhere,  # noqa: SLF001 - the table of this class
    "asked to end": Faults._anywhere,  # noqa: SLF001 - the table of this class
    "worker's parent alone killed": Faults._parent_alone,  # noqa: SLF001 - the table of this class
    "web's parent alone killed": Faults._parent_alone,  # noqa: SLF001 - the table of this class
    "redis stopped": Faults._redis_down,  # noqa: SLF001 - the table of this class
    "redis restarted": Faults._redis_down,  # noqa: SLF001 - the table of this class
    "redis emptied": Faults._redis_emptied,  # noqa: SLF001 - the table of this class
    "redis cut": Faults._cut,  # noqa: SLF001 - the table of this class
    "database restarted": Faults._database_down,  # noqa: SLF001 - the table of this class
    "database crashed": Faults._database_down,  # noqa: SLF001 - the table of this class
    "database cut": Faults._cut,  # noqa: SLF001 - the table of this class
    "no answer, nothing done": Faults._platform,  # noqa: SLF001 - the table of this class
    "no answer, but done": Faults._platform,  # noqa: SLF001 - the table of this class
    "connection reset": Faults._platform,  # noqa: SLF001 - the table of this class
    "429 storm": Faults._platform,  # noqa: SLF001 - the table of this class
    "5xx storm": Faults._platform,  # noqa: SLF001 - the table of this class
    "clock stepped": Faults._clock,  # noqa: SLF001 - the table of this class
    "disk full": Faults._disk_full,  # noqa: SLF001 - the table of this class
}


def children_of(pid: int) -> list[int]:
    """Return the ids of a process' children (Linux)."""
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def family(pids: list[int]) -> list[int]:
    """Return processes and their children."""
    return [each for pid in pids if pid for each in (pid, *children_of(pid))]


def _limit(pids: list[int], most: int) -> None:
    for pid in pids:
        try:
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, hard))
        except ProcessLookupError:
            continue


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
