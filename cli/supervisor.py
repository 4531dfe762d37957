"""Keep several programs running: start them, start again what died, and end them all, in order and for good.

Each program has a session of its own, so that a terminal's Ctrl-C reaches this process alone, and is tied to
this process (`cli.tether`), so that not even SIGKILL leaves one behind. What a program leaves of itself when
it dies, such as workers it had forked, is ended by its process group.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Final

import structlog

log = structlog.get_logger(__name__)

_STEP: Final = 0.1  # seconds between two looks
_FIRST_PAUSE: Final = 0.5  # seconds before a program that died is started again
_LONGEST_PAUSE: Final = 30.0  # seconds, if it dies again and again
_WELL: Final = 30.0  # seconds a program has to run for its earlier deaths to be forgotten


@dataclass(frozen=True, slots=True)
class Program:
    """What to keep running.

    Attributes:
        name: For the log.
        command: Program and arguments.
        fds: File descriptors it inherits.
    """

    name: str
    command: tuple[str, ...]
    fds: tuple[int, ...] = ()


def pause(deaths: int) -> float:
    """Return how long to wait before a program is started again, in seconds.

    Args:
        deaths: How often it died in a row, at least 1.
    """
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(deaths - 1, 10))


class _Keeping:
    """One program and its process, if it has one just now."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._start_at = 0.0
        self._deaths = 0

    def look(self, now: float) -> None:
        """Notice a death; start the program if it does not run and its pause is over."""
        if self._process is not None and (code := self._process.poll()) is not None:
            self._died(code, now)
        if self._process is None and now >= self._start_at:
            self._start(now)

    def _start(self, now: float) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own commands
            self._program.command,
            stdin=subprocess.DEVNULL,
            pass_fds=self._program.fds,
            start_new_session=True,
        )
        self._started_at = now
        log.info("process_started", process=self._program.name, pid=self._process.pid)

    def _died(self, code: int, now: float) -> None:
        self.kill()
        self._deaths = 1 if now - self._started_at >= _WELL else self._deaths + 1
        self._start_at = now + pause(self._deaths)
        self._process = None
        log.warning(
            "process_died", process=self._program.name, code=code, again_in=round(self._start_at - now, 1)
        )

    def ask(self) -> None:
        """Ask the process to end."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def runs(self) -> bool:
        """Return whether the process still runs; what it left behind is ended once it does not."""
        if self._process is None or self._process.poll() is None:
            return self._process is not None
        self.kill()
        self._process = None
        return False

    def kill(self) -> None:
        """End the process, and all of its group, at once."""
        if self._process is not None:
            with contextlib.suppress(
                ProcessLookupError, PermissionError
            ):  # macOS says the latter of a zombie
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


class Supervisor:
    """Keeps programs running until SIGTERM, SIGINT or SIGHUP; a second signal ends them without patience.

    Args:
        programs: What to keep running.
        grace: Seconds they have to finish what they are doing once asked to end.
        clock: Monotonic time in seconds.
    """

    def __init__(
        self, programs: Sequence[Program], *, grace: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._keepings = [_Keeping(program) for program in programs]
        self._grace = grace
        self._clock = clock
        self._signals = 0

    def run(self) -> None:
        """Keep the programs running; return once they have all ended because somebody asked for it."""
        with self._signals_counted():
            try:
                while not self._signals:
                    for each in self._keepings:
                        each.look(self._clock())
                    time.sleep(_STEP)
                self._end()
            finally:
                for each in self._keepings:
                    each.kill()

    def _end(self) -> None:
        log.info("stopping", grace=self._grace)
        for each in self._keepings:
            each.ask()
        deadline = self._clock() + self._grace
        while any(each.runs() for each in self._keepings):
            if self._signals > 1 or self._clock() > deadline:
                log.warning("stopped_by_force")
                return
            time.sleep(_STEP)
        log.info("stopped")

    @contextmanager
    def _signals_counted(self) -> Iterator[None]:
        def count(_number: int, _frame: FrameType | None) -> None:
            self._signals += 1

        # SIGHUP means that the terminal is gone; under nohup it is ignored, and stays so.
        hangs_up = signal.getsignal(signal.SIGHUP) != signal.SIG_IGN
        numbers = (signal.SIGTERM, signal.SIGINT, *([signal.SIGHUP] if hangs_up else []))
        before = [(number, signal.signal(number, count)) for number in numbers]
        try:
            yield
        finally:
            for number, handler in before:
                signal.signal(number, handler)
