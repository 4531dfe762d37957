import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from redis import Redis

from ledger import embedded
from ledger.embedded import SocketPathError
from tests.support.waiting import until

OWN = """
import sys
from pathlib import Path
from ledger import embedded
sys.stdin.readline()
server = embedded.start(Path(sys.argv[1]))
print("none" if server is None else "mine", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory of so short a name that sockets fit into it; it is the system's temporary one, too."""
    with tempfile.TemporaryDirectory(prefix="e-") as name:
        monkeypatch.setattr(tempfile, "tempdir", name)
        yield Path(name)


@pytest.fixture
def long_dir(home: Path) -> Path:
    """A data directory of a name too long for a socket inside it."""
    return home / ("d" * 100)


@contextmanager
def running(data_dir: Path) -> Iterator["Redis"]:
    server = embedded.start(data_dir)
    assert server is not None
    try:
        with Redis.from_url(embedded.url(data_dir), decode_responses=True) as client:
            yield client
    finally:
        server.stop()


def test_nothing_runs_before_it_is_started(home: Path) -> None:
    assert not embedded.is_running(home / "var")


def test_it_answers_keeps_a_file_and_never_evicts(home: Path) -> None:
    with running(home / "var") as client:
        assert embedded.is_running(home / "var")
        wanted = {
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
            "port": "0",
        }
        assert {name: client.config_get(name)[name] for name in wanted} == wanted
    assert not embedded.is_running(home / "var")


def test_what_it_holds_survives_a_restart(home: Path) -> None:
    with running(home / "var") as client:
        client.set("colour", "blue")
    with running(home / "var") as client:
        assert client.get("colour") == "blue"


def test_what_was_killed_starts_again(home: Path) -> None:
    server = embedded.start(home / "var")
    assert server is not None
    server.terminate()
    assert embedded.socket_path(home / "var").exists()
    with running(home / "var") as client:
        assert client.ping()


def test_only_its_owner_can_open_its_socket(home: Path) -> None:
    with running(home / "var"):
        mode = embedded.socket_path(home / "var").stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert not mode & (stat.S_IRWXG | stat.S_IRWXO)


def test_what_runs_already_is_not_started_again(home: Path) -> None:
    with running(home / "var"):
        assert embedded.start(home / "var") is None
        assert embedded.is_running(home / "var")


def test_a_data_directory_of_a_long_name_works(long_dir: Path) -> None:
    with running(long_dir) as client:
        assert client.ping()
        assert embedded.start(long_dir) is None
    assert (long_dir / "valkey").is_dir()
    socket_dir = embedded.socket_path(long_dir).parent
    assert stat.S_IMODE(socket_dir.stat().st_mode) == stat.S_IRWXU


def test_long_names_that_differ_do_not_meet(long_dir: Path) -> None:
    assert embedded.socket_path(long_dir) != embedded.socket_path(long_dir.with_name("e" * 100))


def test_a_short_path_that_others_could_write_to_is_refused(long_dir: Path) -> None:
    embedded.socket_path(long_dir).parent.chmod(0o777)
    with pytest.raises(SocketPathError, match="not this user's alone") as refused:
        embedded.start(long_dir)
    assert refused.value.reason == "socket_path_unsafe"


def test_a_short_path_that_leads_elsewhere_is_refused(long_dir: Path, home: Path) -> None:
    socket_dir = embedded.socket_path(long_dir).parent
    socket_dir.rmdir()
    (home / "elsewhere").mkdir(mode=0o700)
    socket_dir.symlink_to(home / "elsewhere")
    with pytest.raises(SocketPathError):
        embedded.url(long_dir)


@contextmanager
def starter(data_dir: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that starts the server when told to, and ends when told to."""
    with subprocess.Popen(  # noqa: S603 - a program of this file
        [sys.executable, "-c", OWN, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": tempfile.gettempdir()},
    ) as process:
        yield process


def tell(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def test_of_processes_that_start_it_at_once_one_does(home: Path) -> None:
    with ExitStack() as stack:
        processes = [stack.enter_context(starter(home / "var")) for _ in range(3)]
        for process in processes:
            tell(process)
        answers = sorted(process.stdout.readline() for process in processes if process.stdout)
        assert answers == ["mine\n", "none\n", "none\n"]
        assert embedded.is_running(home / "var")


def test_it_ends_with_the_process_that_started_it(home: Path) -> None:
    with starter(home / "var") as process:
        tell(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "mine\n"
        assert embedded.is_running(home / "var")
        tell(process)
        assert process.wait(timeout=30) == 0
    until(lambda: not embedded.is_running(home / "var"))
