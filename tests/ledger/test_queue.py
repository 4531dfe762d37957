import json
import pickle
import socket
import tempfile
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue
from rq.exceptions import DeserializationError
from rq.job import Job
from rq.serializers import JSONSerializer, resolve_serializer

from ledger import embedded
from ledger.queue import QUEUES, Waker, connect, open_queue


@pytest.fixture
def connection(valkey_url: str) -> Iterator[Redis]:
    """A connection to a real, empty Valkey."""
    with connect(valkey_url, timeout=5) as client:
        yield client


def jobs_of(connection: Redis, name: str) -> list[Job]:
    return open_queue(name, connection).get_jobs()


@pytest.mark.parametrize("source", QUEUES)
def test_a_call_waits_in_the_queue_of_its_source(connection: Redis, source: str) -> None:
    waker = Waker(connection)
    assert waker.deliveries(source, [7, 8])
    assert waker.refunds(source, [9])
    assert waker.polls(source, [4])
    assert waker.runs(source, [5])
    calls = [(job.func_name, job.args, job.kwargs, job.description) for job in jobs_of(connection, source)]
    assert calls == [
        ("workers.jobs.process_delivery", [7], {}, f"Understand delivery 7 from {source}"),
        ("workers.jobs.process_delivery", [8], {}, f"Understand delivery 8 from {source}"),
        ("workers.jobs.carry_refund", [9], {}, f"Carry refund 9 of {source}"),
        ("workers.jobs.poll_account", [4], {}, f"Poll account 4 from {source}"),
        ("workers.jobs.work_run", [5], {}, f"Work on run 5 from {source}"),
    ]
    assert not [other for other in QUEUES if other != source and jobs_of(connection, other)]


def test_who_waits_is_served_first(connection: Redis) -> None:
    waker = Waker(connection)
    assert waker.refunds("shopify", [9])
    assert waker.requests("shopify", [3])
    assert [(job.func_name, job.args) for job in jobs_of(connection, "shopify")] == [
        ("workers.jobs.answer_request", [3]),
        ("workers.jobs.carry_refund", [9]),
    ]


def test_refunds_of_several_origins_go_to_the_queue_of_each(connection: Redis) -> None:
    assert Waker(connection).due_refunds([(1, "shopify"), (2, "netsuite"), (3, "shopify")])
    calls = {name: [job.args for job in jobs_of(connection, name)] for name in ("shopify", "netsuite")}
    assert calls == {"shopify": [[1], [3]], "netsuite": [[2]]}


def test_a_call_to_wake_nobody_is_taken(connection: Redis) -> None:
    assert Waker(connection).deliveries("shopify", [])
    assert jobs_of(connection, "shopify") == []


def test_a_job_leaves_no_result_and_has_time_enough(connection: Redis) -> None:
    Waker(connection).refunds("shopify", [9])
    (job,) = jobs_of(connection, "shopify")
    assert (job.result_ttl, job.timeout) == (0, 300)


def test_a_job_is_json_that_holds_an_id_and_nothing_else(connection: Redis) -> None:
    Waker(connection).refunds("shopify", [9])
    (job,) = jobs_of(connection, "shopify")
    stored = connection.hget(job.key, "data")
    assert isinstance(stored, bytes)
    assert json.loads(stored) == ["workers.jobs.carry_refund", None, [9], {}]


def test_nothing_in_redis_is_a_pickle(connection: Redis) -> None:
    waker = Waker(connection)
    waker.deliveries("shopify", [7])
    waker.refunds("netsuite", [9])
    values = list(everything_in(connection))
    assert len(values) > 10
    # How pickles of protocol 2 and above begin; RQ writes none below.
    assert not [value for value in values if value.startswith(b"\x80")]


def everything_in(connection: Redis) -> Iterator[bytes]:
    """Every value that the server holds, inflated."""
    for key in connection.scan_iter():
        kind = connection.type(key)
        if kind == b"hash":
            values = list(connection.hgetall(key).values())
        elif kind == b"list":
            values = connection.lrange(key, 0, -1)
        elif kind == b"set":
            values = list(connection.smembers(key))
        else:
            assert kind == b"string"
            values = [connection.get(key) or b""]
        for value in values:
            assert isinstance(value, bytes)
            yield inflated(value)


def inflated(value: bytes) -> bytes:
    try:
        return zlib.decompress(value)
    except zlib.error:
        return value


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.path,)


@pytest.fixture
def sprung(tmp_path: Path) -> Path:
    """The file that a trap would make."""
    return tmp_path / "sprung"


@pytest.mark.parametrize("serializer", [None, "json"])
def test_pickled_arguments_that_somebody_put_into_redis_are_not_loaded(
    connection: Redis, sprung: Path, serializer: str | None
) -> None:
    Waker(connection).refunds("shopify", [9])
    (made,) = jobs_of(connection, "shopify")
    connection.hset(made.key, "data", zlib.compress(pickle.dumps(Trap(sprung))))
    job = Job.fetch(made.id, connection=connection, serializer=serializer)
    with pytest.raises(DeserializationError):
        job.perform()
    assert not sprung.exists()


@pytest.mark.parametrize("serializer", [None, "json"])
def test_a_pickled_meta_that_somebody_put_into_redis_is_not_loaded(
    connection: Redis, sprung: Path, serializer: str | None
) -> None:
    Waker(connection).refunds("shopify", [9])
    (made,) = jobs_of(connection, "shopify")
    trap = pickle.dumps(Trap(sprung))
    connection.hset(made.key, "meta", trap)
    job = Job.fetch(made.id, connection=connection, serializer=serializer)
    assert job.meta == {"unserialized": trap}
    assert not sprung.exists()


def test_rq_speaks_json_wherever_nothing_else_was_asked_for(connection: Redis) -> None:
    assert Queue("shopify", connection=connection).serializer is JSONSerializer
    assert resolve_serializer(None) is JSONSerializer


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_redis_is_left_alone_for_a_while_after_it_was_found_down() -> None:
    clock = Clock()
    with tempfile.TemporaryDirectory(prefix="q-") as name:
        data_dir = Path(name)
        with connect(embedded.url(data_dir), timeout=5) as client:
            waker = Waker(client, clock=clock)
            assert not waker.deliveries("shopify", [7])
            server = embedded.start(data_dir)
            assert server is not None
            try:
                assert not waker.deliveries("shopify", [8])
                clock.now += 1.9
                assert not waker.refunds("netsuite", [9])
                clock.now += 0.2
                assert waker.deliveries("shopify", [10])
                assert [job.args for job in jobs_of(client, "shopify")] == [[10]]
                assert jobs_of(client, "netsuite") == []
            finally:
                server.stop()


def test_a_refused_connection_is_no_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with connect(f"redis://127.0.0.1:{port}/0", timeout=5) as client:
        assert not Waker(client).deliveries("shopify", [7])


def test_a_redis_that_hangs_holds_nobody_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        answers: list[bool] = []

        def wake() -> None:
            with connect(f"redis://127.0.0.1:{port}/0", timeout=0.05) as client:
                answers.append(Waker(client).deliveries("shopify", [7]))

        waking = threading.Thread(target=wake)
        waking.start()
        waking.join(timeout=30)
        assert answers == [False]


def test_a_redis_on_a_host_that_swallows_packets_is_given_half_a_second() -> None:
    with connect("redis://127.0.0.1:6379/0") as client:
        options = client.connection_pool.connection_kwargs
    assert options["socket_connect_timeout"] == 0.5
    assert options["socket_timeout"] is None  # for workers, which block
