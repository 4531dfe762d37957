"""The service's processes, each under the name of its role: started, killed, and started again."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

ROOT: Final = Path(__file__).parents[2]
_PATIENCE: Final = 60.0  # seconds
_STEP: Final = 0.02  # seconds between two looks
_PAUSE: Final = 0.3  # seconds until a process that died is started again


class FleetError(Exception):
    """Raised when a process does not do what it is there for.

    Attributes:
        reason: Always `fleet`.
    """

    reason = "fleet"


def until(condition: Callable[[], object], what: str, *, patience: float = _PATIENCE) -> float:
    """Look until something is so; return how long that took, in seconds.

    Raises:
        FleetError: If it does not come to that in time.
    """
    started, pause = time.monotonic(), threading.Event()
    while not condition():
        if time.monotonic() > started + patience:
            raise FleetError(f"waited {patience:.0f} s for {what}")
        pause.wait(_STEP)
    return time.monotonic() - started


@dataclass
class Ended:
    """A process that ended: its role, its exit code (negative for a signal), and when, in epoch seconds."""

    role: str
    code: int
    at: float


@dataclass
class Fleet:
    """Processes by role.

    Attributes:
        control: The control directory that the fault points read.
        ended: Every process that ended, oldest first.
        keeps: Whether whatever ends is started again.
    """

    control: Path
    logs: Path
    env: Mapping[str, str]
    keeps: bool = True
    ended: list[Ended] = field(default_factory=list)
    _pids: dict[str, int] = field(default_factory=dict)
    _parents: dict[str, int] = field(default_factory=dict)
    _commands: dict[str, tuple[Sequence[str], bool]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _orders: IO[bytes] | None = None
    _is_ready: threading.Event = field(default_factory=threading.Event)

    def start(self, role: str, *command: str, parent: bool = False) -> None:
        """Start a process; with `keeps`, also whenever it ended.

        Args:
            role: Its name here.
            command: The arguments of `refund-sync`.
            parent: Whether it has a parent of its own, that it ends with.
        """
        with self._lock:
            self._commands[role] = command, parent
            self._pids[role] = 0
            order = {
                "role": role,
                "command": command,
                "env": dict(self.env),
                "log": str(self.logs / f"{role}.log"),
                "parent": parent,
            }
            if self._orders is None:
                raise FleetError("the processes are over")
            self._orders.write(f"{json.dumps(order)}\n".encode())
            self._orders.flush()

    def forget(self, role: str) -> None:
        """Do not start a process again."""
        with self._lock:
            self._commands.pop(role, None)

    def pid(self, role: str) -> int:
        """Return a role's process id; 0 while it has none."""
        with self._lock:
            return self._pids.get(role, 0)

    def roles(self) -> list[str]:
        """Return every role that is to run."""
        with self._lock:
            return sorted(self._commands)

    def pids(self) -> list[int]:
        """Return every process' id."""
        with self._lock:
            return [pid for pid in self._pids.values() if pid]

    def running(self) -> set[str]:
        """Return every role that has a process."""
        with self._lock:
            return {role for role, pid in self._pids.items() if pid}

    def hit(self, role: str, number: int) -> bool:
        """Send a signal to a role's process alone; return whether there was one."""
        with self._lock, contextlib.suppress(ProcessLookupError):
            if pid := self._pids.get(role):
                os.kill(pid, number)
                return True
        return False

    def hit_parent(self, role: str, number: int) -> None:
        """Send a signal to the parent of a role's process alone, where it has one."""
        with self._lock, contextlib.suppress(ProcessLookupError):
            if parent := self._parents.get(role):
                os.kill(parent, number)

    def code_of(self, role: str) -> int:
        """Return the exit code of a role's process once it has ended, negative for a signal.

        Raises:
            FleetError: If it does not end.
        """
        until(lambda: any(each.role == role for each in self.ended), f"{role} to end")
        return next(each.code for each in reversed(self.ended) if each.role == role)

    def arm(self, role: str, point: str, *, nth: int = 1, number: int = signal.SIGKILL) -> None:
        """Let a process of a role die at the nth passing of a point, from now on.

        Args:
            role: Whose.
            point: Its name, or a pattern with `*`.
            nth: Which passing.
            number: The signal it sends to itself there.
        """
        (self.control / f"{role}.fired").unlink(missing_ok=True)
        new = self.control / f"{role}.new"
        new.write_text(json.dumps({"point": point, "nth": nth, "signal": int(number)}))
        new.rename(self.control / f"{role}.armed")

    def disarm(self, role: str) -> bool:
        """Take an order to die back; return whether it was carried out."""
        (self.control / f"{role}.armed").unlink(missing_ok=True)
        return self.has_fired(role)

    def has_fired(self, role: str) -> bool:
        """Return whether the last order to die was carried out."""
        return (self.control / f"{role}.fired").exists()

    def step_clock(self, role: str, seconds: float) -> None:
        """Put a role's clock ahead, or behind."""
        new = self.control / f"{role}.clock.new"
        new.write_text(str(seconds))
        new.rename(self.control / f"{role}.clock")

    def trace(self, role: str) -> Path:
        """Begin to write down the points that a role passes; return the file."""
        passed = self.control / f"{role}.passed"
        passed.write_text("")
        return passed

    def hear(self, said: Mapping[str, Any]) -> None:
        """Take over what the entry says."""
        with self._lock:
            if "ready" in said:
                self._is_ready.set()
            elif "parent" in said:
                self._parents[said["role"]] = said["parent"]
            elif "pid" in said:
                self._pids[said["role"]] = said["pid"]
            else:
                self._end(said["role"], said["ended"], said["code"])

    def _end(self, role: str, pid: int, code: int) -> None:
        """Take note that a process ended, or that the parent of one did, which is then nobody's."""
        if role in self._parents and code == 0 and pid != self._pids.get(role):
            return  # the parent went after its child, as it should
        self.ended.append(Ended(role, code, time.time()))
        self._pids[role] = 0
        if self.keeps and role in self._commands:
            again = threading.Timer(_PAUSE, self._again, (role,))
            again.daemon = True
            again.start()

    def _again(self, role: str) -> None:
        with self._lock:
            is_wanted = self.keeps and role in self._commands and not self._pids.get(role)
            if is_wanted and self._orders is not None:
                command, parent = self._commands[role]
                self.start(role, *command, parent=parent)

    def stop(self, *, patience: float = _PATIENCE) -> None:
        """Ask every process to end, and wait until they have.

        Raises:
            FleetError: If one does not.
        """
        self.keeps = False
        for role in self.roles():
            self.forget(role)
            self.hit(role, signal.SIGTERM)
        until(lambda: not any(self._pids.values()), "the processes to end", patience=patience)


@contextmanager
def fleet(home: Path, env: Mapping[str, str], *, fds: Sequence[int] = ()) -> Iterator[Fleet]:
    """Yield processes that share an environment; whatever of them is left is killed at the end.

    Args:
        home: For the control directory and the logs.
        env: Added to this process' own.
        fds: File descriptors they inherit.
    """
    control, logs = home / "control", home / "logs"
    control.mkdir()
    logs.mkdir(exist_ok=True)
    made = Fleet(control, logs, env)
    with (
        (logs / "entry.log").open("ab") as log,
        subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-P", "-m", "bench.chaos.entry", str(control)],
            cwd=ROOT,
            env={**os.environ, **env, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            pass_fds=fds,
            start_new_session=True,
        ) as entry,
    ):
        made._orders = entry.stdin  # noqa: SLF001 - it is made here
        hearing = threading.Thread(target=_hear, args=(made, entry.stdout), daemon=True)
        hearing.start()
        try:
            if not made._is_ready.wait(_PATIENCE):  # noqa: SLF001 - it is made here
                raise FleetError(f"the entry does not start; {log.name} says why")
            yield made
        finally:
            with made._lock:  # noqa: SLF001 - nothing is started any more
                made.keeps, made._orders = False, None  # noqa: SLF001 - nothing is started any more
            if entry.stdin is not None:
                entry.stdin.close()
            entry.wait(_PATIENCE)
            hearing.join(_PATIENCE)


def _hear(made: Fleet, words: IO[bytes] | None) -> None:
    for line in words or ():
        made.hear(json.loads(line))
