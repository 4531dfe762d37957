import random
import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from bench.chaos.proxy import Proxy, proxy
from tests.support.waiting import until

CHANCE = random.Random(1)  # noqa: S311 - no secret


@pytest.fixture
def echoing() -> Iterator[Proxy]:
    """A proxy before a server that says everything again."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def say_again(connection: socket.socket) -> None:
            with connection:
                while said := connection.recv(1024):
                    connection.sendall(said)

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=say_again, args=(connection,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        with proxy(listener.getsockname()[1]) as made:
            yield made
        listener.shutdown(socket.SHUT_RDWR)


def call(to: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", to.port), timeout=10)


def is_cut(connection: socket.socket) -> bool:
    try:
        connection.sendall(b"anybody?")
        return connection.recv(1024) == b""
    except OSError:
        return True


def test_what_is_said_goes_through_both_ways(echoing: Proxy) -> None:
    with closing(call(echoing)) as one, closing(call(echoing)) as other:
        one.sendall(b"one")
        other.sendall(b"other")
        assert (one.recv(10), other.recv(10)) == (b"one", b"other")


def test_the_connections_that_are_cut_end_and_others_stay(echoing: Proxy) -> None:
    with closing(call(echoing)) as one, closing(call(echoing)) as other:
        for each in (one, other):
            each.sendall(b"hello")
            assert each.recv(10) == b"hello"
        assert echoing.cut(0.5, CHANCE) == 1
        assert sorted([is_cut(one), is_cut(other)]) == [False, True]
        assert echoing.cut(1, CHANCE) == 1
        assert until(lambda: is_cut(one) and is_cut(other))


def test_nobody_gets_through_while_it_is_closed(echoing: Proxy) -> None:
    with closing(call(echoing)) as before:
        before.sendall(b"hello")
        assert before.recv(10) == b"hello"
        echoing.close()
        assert is_cut(before)
    with closing(call(echoing)) as meanwhile:
        assert is_cut(meanwhile)
    echoing.open()
    with closing(call(echoing)) as after:
        assert not is_cut(after)


def test_nobody_gets_through_to_a_server_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with proxy(port) as made, closing(call(made)) as connection:
        assert is_cut(connection)
