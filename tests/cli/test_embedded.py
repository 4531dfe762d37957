"""The embedded Valkey: one for all processes of a data directory, and gone with the last of them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from cli.embedded import EmbeddedError, Hold, queue_server, take, users_lock
from cli.keeper import keep
from ledger import embedded
from ledger.settings import Settings
from tests.cli.installation import Installation
from tests.cli.processes import ROOT, eventually, family
from tests.support.racing import race

HOLDER = """
import pathlib, sys
from cli.embedded import Hold
hold = Hold(pathlib.Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def _server(data_dir: Path) -> int:
    """Return the process id of a data directory's server."""
    with Redis.from_url(embedded.url(data_dir)) as client:
        return int(client.info("server")["process_id"])


def _lives(pid: int) -> bool:
    """Return whether a process lives; one that ended and was not yet waited for does not."""
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A data directory; whatever runs in it is ended with the test."""
    with family(REFUND_SYNC_DATA_DIR=str(tmp_path / "var")):
        yield tmp_path / "var"


def test_the_server_runs_while_it_is_held_and_is_gone_afterwards(data_dir: Path) -> None:
    hold = Hold(data_dir)
    pid = _server(data_dir)

    hold.release()

    assert not _lives(pid)
    assert not embedded.is_running(data_dir)


def test_it_is_held_by_several_and_outlives_whoever_started_it(data_dir: Path) -> None:
    first, second = Hold(data_dir), Hold(data_dir)
    pid = _server(data_dir)

    first.release()
    assert _server(data_dir) == pid

    second.release()
    eventually(lambda: not _lives(pid))


def test_what_was_queued_is_there_again(data_dir: Path) -> None:
    hold = Hold(data_dir)
    with Redis.from_url(embedded.url(data_dir)) as client:
        client.set("kept", "yes")
    hold.release()

    hold = Hold(data_dir)
    with Redis.from_url(embedded.url(data_dir)) as client:
        assert client.get("kept") == b"yes"
    hold.release()


def test_many_that_start_at_once_share_one_server(data_dir: Path) -> None:
    holds = race(*[lambda: Hold(data_dir)] * 4)

    with family(REFUND_SYNC_DATA_DIR=str(data_dir)) as processes:
        assert len(processes.members("valkey-server")) == 1
        for hold in holds:
            hold.release()
        eventually(processes.is_gone)


def test_a_user_that_is_killed_lets_go(data_dir: Path) -> None:
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", HOLDER, str(data_dir)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as user:
        assert user.stdout
        assert user.stdout.readline() == "held\n"
        pid = _server(data_dir)

        user.kill()
        eventually(lambda: not _lives(pid))


def test_a_server_whose_keeper_was_killed_is_taken_over(data_dir: Path) -> None:
    first = Hold(data_dir)
    pid = _server(data_dir)
    with family(REFUND_SYNC_DATA_DIR=str(data_dir)) as processes:
        (keeper,) = processes.members("cli.keeper")
        os.kill(keeper, signal.SIGKILL)
        eventually(lambda: not _lives(keeper))

        second = Hold(data_dir)
        eventually(lambda: processes.members("cli.keeper"))
        assert _server(data_dir) == pid
        first.release()
        second.release()

        eventually(lambda: not _lives(pid))


def test_a_server_that_died_is_started_again(data_dir: Path) -> None:
    started = embedded.start(data_dir)
    assert started
    with users_lock(data_dir) as mine:
        assert take(mine)

        def use() -> None:
            started.terminate()
            eventually(lambda: embedded.is_running(data_dir))
            mine.close()

        race(use, lambda: keep(data_dir, silence=0.3))

    assert not embedded.is_running(data_dir)


def test_a_second_keeper_leaves_the_server_to_the_first(data_dir: Path) -> None:
    hold = Hold(data_dir)
    pid = _server(data_dir)

    keep(data_dir)

    assert _server(data_dir) == pid
    hold.release()


def test_a_keeper_pays_no_heed_to_signals_that_everybody_gets(data_dir: Path) -> None:
    hold = Hold(data_dir)
    with family(REFUND_SYNC_DATA_DIR=str(data_dir)) as processes:
        (keeper,) = processes.members("cli.keeper")
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(keeper, number)
        assert embedded.is_running(data_dir)
        hold.release()
        eventually(processes.is_gone)


def test_a_server_that_cannot_start_is_said_at_once(data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "valkey").write_text("in the way")

    with pytest.raises(EmbeddedError) as refused:
        Hold(data_dir)

    assert "REDIS_URL" in str(refused.value)


def test_a_configured_server_is_used_as_it_is(installation: Installation) -> None:
    settings = Settings.from_env({name: value for name, value in installation.env.items() if value})

    with queue_server(settings) as url:
        assert url == installation.env["REDIS_URL"]
        assert not settings.data_dir.exists()


def test_a_command_that_needs_the_queue_starts_it_for_as_long(installation: Installation) -> None:
    installation.env["REDIS_URL"] = None
    data_dir = Path(str(installation.env["REFUND_SYNC_DATA_DIR"]))

    with family(REFUND_SYNC_DATA_DIR=str(data_dir)) as processes:
        found = installation.json("doctor")
        assert processes.is_gone()

    assert "Valkey" in next(each["text"] for each in found if each["check"] == "redis")
