"""The servers of the tests themselves: none may outlive the run that started it."""

import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.support.serving import serving
from tests.support.waiting import until

RUN = """
import sys
from tests.support.serving import serving
with serving("tests.support.keep_valkey") as address:
    print(address, flush=True)
    sys.stdin.read()
"""


def answers(address: str) -> bool:
    try:
        with Redis.from_url(address, retry=Retry(NoBackoff(), 0)) as client:
            return bool(client.ping())
    except RedisError:
        return False


def test_a_server_is_gone_at_the_end_and_its_files_too() -> None:
    with serving("tests.support.keep_valkey") as address:
        assert answers(address)
    assert not answers(address)
    assert not Path(address.removeprefix("unix://")).parent.exists()


@pytest.mark.parametrize("end", ["kill", "terminate"])
def test_a_server_is_gone_when_its_test_run_is_killed(end: str) -> None:
    with subprocess.Popen(  # noqa: S603 - a program of this file
        [sys.executable, "-c", RUN],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout is not None
        address = run.stdout.readline().strip()
        assert answers(address)
        getattr(run, end)()
    until(lambda: not Path(address.removeprefix("unix://")).parent.exists())
    assert not answers(address)


def test_a_server_that_does_not_start_is_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="did not start a server"), serving("tests.support.keep_nothing"):
        pass
    assert "keep_nothing" in capfd.readouterr().err


def test_waiting_for_what_never_comes_ends() -> None:
    with pytest.raises(TimeoutError):
        until(lambda: False, seconds=0)
