"""Real processes of the command, none of which outlives its test."""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.support.waiting import until

ROOT = Path(__file__).parents[2]
PATIENCE = 60  # seconds; two busy cores start seven processes

_MARK = "TEST_MARK"
_STEP = 0.1  # seconds between two looks


@dataclass
class Family:
    """Every process that was started for one test, with all of their children, however distant.

    They are known by a mark in the environment that each inherits, or, where a process writes its title over
    its environment, by the data directory in that title.
    """

    env: dict[str, str]
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    _started: list["subprocess.Popen[str]"] = field(default_factory=list)

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Run the command; its standard output is a pipe."""
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-P", "-m", "cli.main", *words],
            cwd=ROOT,
            env={**self.env, _MARK: self.mark},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._started.append(process)
        return process

    def members(self, word: str = "") -> set[int]:
        """Return the ids of the processes that live, those with a word in their command line."""
        return {pid for pid, command in self._living() if word in command}

    def eldest(self, word: str) -> int:
        """Return the id of the one process with a word in its command line that no other of them started."""
        members = self.members(word)
        (eldest,) = (pid for pid in members if _parent(pid) not in members)
        return eldest

    def _living(self) -> Iterator[tuple[int, str]]:
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(OSError):  # it ended, or is not ours
                    command = (entry / "cmdline").read_text().replace("\0", " ")
                    environment = (entry / "environ").read_bytes()
                    is_marked = f"{_MARK}={self.mark}".encode() in environment
                    if command and (is_marked or self.env["REFUND_SYNC_DATA_DIR"] in command):
                        yield int(entry.name), command

    def is_gone(self) -> bool:
        """Return whether no process is left."""
        return not self.members()

    def end(self) -> None:
        """Kill what is left."""
        while members := self.members():
            for pid in members:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            for process in self._started:
                process.poll()
        for process in self._started:
            ended(process)


@contextmanager
def family(**settings: str) -> Iterator[Family]:
    """Yield a family whose settings are these alone; nobody of it is left at the end."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("REFUND_SYNC", "PORT"))}
    for name in ("DATABASE_URL", "REDIS_URL", "WEB_CONCURRENCY", "PROMETHEUS_MULTIPROC_DIR"):
        kept.pop(name, None)
    made = Family(kept | settings)
    try:
        yield made
    finally:
        made.end()


def _parent(pid: int) -> int:
    """Return the id of the process that started one, which is not always the smaller: ids come round."""
    _, _, rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    return int(rest.split()[1])


def ended(process: "subprocess.Popen[str]") -> int:
    """Return a process' exit code, once it has ended."""
    code = process.wait(PATIENCE)
    if process.stdout:
        process.stdout.close()
    return code


def eventually(condition: Callable[[], object]) -> None:
    """Wait until a condition holds, looking seldom: a look may go through all processes."""
    until(condition, PATIENCE, step=_STEP)


def answers(url: str) -> bool:
    """Return whether a URL is answered well, within a moment."""
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False
