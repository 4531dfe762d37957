"""The supervisor, over programs that die, linger, refuse to end, or leave something behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.supervisor import pause
from tests.cli.processes import PATIENCE, ROOT, eventually

WAITS = "echo $$ >> pids; exec sleep 1000"


@given(st.integers(1, 10_000))
def test_pauses_grow_and_stay_bounded(deaths: int) -> None:
    assert 0 < pause(deaths) <= pause(deaths + 1) <= 30


@contextmanager
def supervised(home: Path, *scripts: str, grace: float = 30) -> Iterator["subprocess.Popen[str]"]:
    """Run a supervisor over scripts in a directory; whatever they are, they are gone at the end."""
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "tests.cli.supervised", str(grace), *scripts],
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as supervisor:
        try:
            yield supervisor
        finally:
            supervisor.send_signal(signal.SIGTERM)
            supervisor.send_signal(signal.SIGTERM)
            supervisor.wait(PATIENCE)


def _pids(home: Path) -> list[int]:
    """Return the process ids that scripts wrote down."""
    path = home / "pids"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def _lives(pid: int) -> bool:
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def test_a_program_that_dies_is_started_again_and_again(tmp_path: Path) -> None:
    with supervised(tmp_path, "echo $$ >> pids; exit 3"):
        eventually(lambda: len(set(_pids(tmp_path))) >= 3)


def test_programs_may_finish_what_they_are_doing(tmp_path: Path) -> None:
    lingers = "trap 'echo done > result; exit 0' TERM; echo $$ >> pids; while :; do sleep 0.1; done"
    with supervised(tmp_path, lingers, WAITS) as supervisor:
        eventually(lambda: len(_pids(tmp_path)) == 2)

        supervisor.send_signal(signal.SIGINT)

        assert supervisor.communicate(timeout=PATIENCE)[0] == "ended in order\n"
        assert supervisor.returncode == 0
        assert (tmp_path / "result").read_text() == "done\n"
        assert not any(map(_lives, _pids(tmp_path)))


def test_a_program_that_does_not_end_in_time_is_killed(tmp_path: Path) -> None:
    stubborn = "trap '' TERM; echo $$ >> pids; while :; do sleep 0.1; done"
    with supervised(tmp_path, stubborn, grace=0.5) as supervisor:
        eventually(lambda: _pids(tmp_path))

        supervisor.terminate()

        assert supervisor.communicate(timeout=PATIENCE)[0] == "ended in order\n"
        assert not any(map(_lives, _pids(tmp_path)))


def test_a_second_signal_ends_the_patience(tmp_path: Path) -> None:
    stubborn = "trap 'echo >> asked' TERM; echo $$ >> pids; while :; do sleep 0.1; done"
    with supervised(tmp_path, stubborn, grace=1000) as supervisor:
        eventually(lambda: _pids(tmp_path))

        supervisor.terminate()
        eventually((tmp_path / "asked").exists)
        supervisor.terminate()

        assert supervisor.communicate(timeout=PATIENCE)[0] == "ended in order\n"
        assert not any(map(_lives, _pids(tmp_path)))


def test_what_a_dead_program_forked_dies_with_it(tmp_path: Path) -> None:
    with supervised(tmp_path, "sleep 1000 & echo $! >> pids; exit 1"):
        eventually(lambda: len(_pids(tmp_path)) >= 2)
        eventually(lambda: not _lives(_pids(tmp_path)[0]))


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_a_closed_terminal_is_a_wish_to_end(tmp_path: Path, number: signal.Signals) -> None:
    with supervised(tmp_path, WAITS) as supervisor:
        eventually(lambda: _pids(tmp_path))

        supervisor.send_signal(number)

        assert supervisor.communicate(timeout=PATIENCE)[0] == "ended in order\n"


def test_a_closed_terminal_does_not_matter_under_nohup(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # which the supervisor inherits
    try:
        with supervised(tmp_path, WAITS) as supervisor:
            eventually(lambda: _pids(tmp_path))
            supervisor.send_signal(signal.SIGHUP)
            supervisor.send_signal(signal.SIGTERM)
            assert supervisor.communicate(timeout=PATIENCE)[0] == "ended in order\n"
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_process_whose_parent_is_gone_already_does_nothing() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "cli.main", "--tether", "1", "doctor"],
        cwd=ROOT,
        check=False,
        capture_output=True,
    )

    assert (said.returncode, said.stdout) == (1, b"")
