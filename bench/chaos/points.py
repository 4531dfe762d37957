"""Fault points: before and after each commit, call and word with Redis, a process may be made to die.

The service knows nothing of them. They are put from outside around what it uses: SQLAlchemy's sessions, the
connection for single statements, the adapters of requests, and the client of Redis. A point is named after
what is done and the function of the service (or of RQ) that does it, such as `commit workers.carry._claim
before`.

What is to happen is read from a control directory, at every passing:

- `ROLE.armed` says at which point a process of that role is to die, at which passing, and by which signal;
- `ROLE.clock` holds by how many seconds its clock is ahead;
- `ROLE.passed` lists the points that were passed, if it exists.
"""

import json
import os
import sys
import time
from collections import Counter
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from types import FrameType
from typing import Any, Final

from redis.client import Pipeline, Redis
from requests.adapters import HTTPAdapter
from sqlalchemy import event
from sqlalchemy.orm import Session

from ledger import clock
from ledger.autocommit import Autocommit

_OURS: Final = ("workers.", "webhooks.", "ledger.", "cli.", "rq.")
# Who does something on behalf of everybody is not who is asked for it.
_SERVANTS: Final = (
    *("ledger.database", "ledger.autocommit", "ledger.together", "ledger.inserting", "workers.platforms."),
    *("rq.connections", "rq.utils", "rq.decorators"),
)
_BEFORE: Final = "before"
_AFTER: Final = "after"


class Points:
    """The fault points of one process, and of those it forks."""

    def __init__(self, control: Path, role: str) -> None:
        self._order = 0
        self._counts: Counter[str] = Counter()
        self._inside = False
        self.bind(control, role)

    def bind(self, control: Path, role: str) -> None:
        """Say whose points these are: which files of the control directory count."""
        self._armed = control / f"{role}.armed"
        self._fired = control / f"{role}.fired"
        self._passed = control / f"{role}.passed"
        self._clock = control / f"{role}.clock"
        self._offset = timedelta(0)
        self._clock_known = 0

    def install(self) -> None:
        """Put the points around what the process uses; to be called before the service is imported."""
        self._around_sessions()
        self._around(Redis, "execute_command", "redis")
        self._around(Pipeline, "execute", "redis")
        self._around(HTTPAdapter, "send", "call")
        real = clock.utcnow
        clock.utcnow = lambda: real() + self.offset()

    def offset(self) -> timedelta:
        """Return by how much the clock is ahead just now."""
        try:
            changed = self._clock.stat().st_mtime_ns
        except FileNotFoundError:
            return self._offset
        if changed != self._clock_known:
            self._offset = timedelta(seconds=float(self._clock.read_text() or "0"))
            self._clock_known = changed
        return self._offset

    def pass_by(self, kind: str, when: str) -> None:
        """Pass a point; the process may end here."""
        if self._inside or not (self._armed.exists() or self._passed.exists()):
            return
        self._inside = True
        try:
            name = f"{kind} {caller()} {when}"
            self._note(name)
            self._die_if_told(name)
        finally:
            self._inside = False

    def _note(self, name: str) -> None:
        if self._passed.exists():
            with self._passed.open("a") as passed:
                passed.write(f"{name}\n")

    def _die_if_told(self, name: str) -> None:
        try:
            order = self._armed.stat().st_mtime_ns
            armed = json.loads(self._armed.read_text())
        except (FileNotFoundError, ValueError):  # another process of the role was first
            return
        if order != self._order:
            self._order = order
            self._counts.clear()
        if not fnmatchcase(name, armed["point"]):
            return
        self._counts[armed["point"]] += 1
        if self._counts[armed["point"]] < armed["nth"]:
            return
        try:
            self._armed.rename(self._fired)
        except FileNotFoundError:
            return
        said = {"point": name, "pid": os.getpid(), "at": time.time()}
        self._fired.with_suffix(".said").write_text(json.dumps(said))
        os.kill(os.getpid(), armed["signal"])

    def _around(self, owner: type, method: str, kind: str) -> None:
        real = getattr(owner, method)
        points = self

        def with_points(*args: Any, **options: Any) -> Any:  # noqa: ANN401 - whatever the method takes and gives
            points.pass_by(kind, _BEFORE)
            result = real(*args, **options)
            points.pass_by(kind, _AFTER)
            return result

        setattr(owner, method, with_points)

    def _around_sessions(self) -> None:
        event.listen(Session, "before_commit", lambda _session: self.pass_by("commit", _BEFORE))
        event.listen(Session, "after_commit", lambda _session: self.pass_by("commit", _AFTER))
        # A statement that is a transaction of its own is committed when it has run.
        self._around(Autocommit, "run", "commit")


def caller() -> str:
    """Return the nearest function of the service, or of RQ, that is not there to do others' work."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the documented way to the stack
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith(_OURS) and not module.startswith(_SERVANTS):
            return f"{module}.{frame.f_code.co_qualname}"
        frame = frame.f_back
    return "nobody"
