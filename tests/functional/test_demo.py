"""The whole service, as processes of its own, over real HTTP with real signatures."""

import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from cli.demo import from_netsuite, to_netsuite, trouble
from cli.demo.stage import Stage
from cli.demo.verdict import judge
from cli.demo.world import world
from tests.support.databases import Clone

_REPOSITORY = Path(__file__).parents[2]
_SCENARIOS = (*to_netsuite.SCENARIOS, *from_netsuite.SCENARIOS, *trouble.SCENARIOS)


@pytest.mark.xdist_group("processes")
def test_the_demo_ends_with_every_refund_as_expected() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "demo", "--once"],
        cwd=_REPOSITORY,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    last = done.stdout.strip().splitlines()[-1]
    counted = re.fullmatch(r"demo: (\d+) refunds, (\d+) as expected", last)
    assert counted is not None, last
    assert counted[1] == counted[2]
    assert int(counted[1]) >= len(_SCENARIOS)
    assert re.search(r"p50 \d+\.\d{3} s, p99 \d+\.\d{3} s", done.stdout)
    for word in ("credit_memo", "cash_refund", "OVER_REFUND", "ORDER_DELETED", "WRONG_DIRECTION", "ECHO"):
        assert word in done.stdout


@pytest.mark.xdist_group("processes")
def test_every_scenario_holds_on_postgresql_and_a_redis_of_its_own(
    postgresql: Clone, valkey_url: str, tmp_path: Path
) -> None:
    with postgresql() as database_url:
        infrastructure = {
            "DATABASE_URL": database_url,
            "REDIS_URL": valkey_url,
            "REFUND_SYNC_SECRET_KEY": Fernet.generate_key().decode(),
        }
        with world(tmp_path, None, infrastructure=infrastructure) as running:
            stage = running.stage

            def act(scenario: Callable[[Stage], None]) -> None:
                scenario(stage)

            with ThreadPoolExecutor(4) as pool:
                list(pool.map(act, (*to_netsuite.SCENARIOS, *from_netsuite.SCENARIOS)))
            for scenario in trouble.SCENARIOS:
                scenario(stage)
            stage.settle()
            verdict = judge(stage)
    assert verdict.wrong == []
    assert verdict.expected == len(verdict.rows)
