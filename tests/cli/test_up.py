"""`refund-sync up`, as a person or a service manager runs it: real processes, real signals."""

import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import requests

from tests.cli.processes import Family, answers, ended, eventually, family

SMALL = ("up", "--port", "0", "--workers", "1", "--processes", "1")


def _are_replaced(processes: Family, name: str, old: set[int]) -> bool:
    now = processes.members(name)
    return bool(now) and not now & old


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Family]:
    """Processes with nothing configured but where their data is kept."""
    with family(REFUND_SYNC_DATA_DIR=str(tmp_path)) as made:
        yield made


def test_up_brings_everything_up_replaces_the_dead_and_ends_it_all(up: Family, tmp_path: Path) -> None:
    supervisor = up.start(*SMALL)
    assert supervisor.stdout
    url = supervisor.stdout.readline().split()[3]
    assert "refund-sync user add" in supervisor.stdout.readline()

    eventually(lambda: answers(f"{url}/healthz"))
    eventually(lambda: answers(f"{url}/readyz"))
    assert requests.get(f"{url}/metrics", timeout=10).ok
    assert (tmp_path / "ledger.db").exists()
    for name in ("worker shopify", "worker netsuite", "scheduler", "valkey-server", "gunicorn"):
        assert up.members(name), name

    for name in ("worker netsuite", "gunicorn"):
        old = up.members(name)
        os.kill(up.eldest(name), signal.SIGKILL)  # of gunicorn's, the one that forked the others
        eventually(partial(_are_replaced, up, name, old))
    eventually(lambda: answers(f"{url}/readyz"))

    supervisor.terminate()

    assert ended(supervisor) == 0
    eventually(up.is_gone)


def test_up_that_is_killed_leaves_nobody_behind(up: Family) -> None:
    supervisor = up.start(*SMALL)
    eventually(lambda: up.members("worker netsuite") and up.members("gunicorn") and up.members("scheduler"))

    supervisor.kill()

    assert ended(supervisor) == -signal.SIGKILL
    eventually(up.is_gone)
