"""The whole service, as processes of its own, over real HTTP with real signatures."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from cli.demo.play import SCENARIOS
from ledger.platforms import Platform

_REPOSITORY = Path(__file__).parents[2]
_ENDS = (
    *("POSTED", "ALREADY_POSTED", "ECHO", "WRONG_DIRECTION", "NO_MONEY_MOVED", "ORDER_NOT_SYNCED"),
    *("ORDER_DELETED", "OVER_REFUND", "BUYER_REQUEST_MISSING", "PAYMENT_FAILED", "REFUND_OFFLINE_ONLY"),
)
"""Every reason that a refund of the demo ends with."""


@pytest.mark.xdist_group("processes")
def test_the_demo_ends_with_every_refund_as_expected() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "demo", "--once"],
        cwd=_REPOSITORY,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    last = done.stdout.strip().splitlines()[-1]
    counted = re.fullmatch(r"demo: (\d+) refunds, (\d+) as expected", last)
    assert counted is not None, last
    assert counted[1] == counted[2]
    assert int(counted[1]) >= len(SCENARIOS)
    assert re.search(r"p50 \d+\.\d{3} s, p99 \d+\.\d{3} s", done.stdout)
    shown = done.stdout.split()
    for word in ("credit_memo", "cash_refund", "netsuite", *Platform, *_ENDS):
        assert word in shown
