"""The load generator: a process of its own that keeps a number of connections busy.

Each connection has one request under way at any time, is kept alive, and sends the next one as soon as the
answer is there, as a platform's courier with that many senders does. Written on epoll, without a framework:
it must cost less than what it measures. What it used of its processor is part of its report.

    python -m bench.load '{"port": 8000, "seconds": 5, ...}'
"""

import json
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from bench.bodies import Deliveries

_PATIENCE: Final = 30.0  # seconds without any answer
_BETWEEN: Final = 0.01  # seconds between two connections
_READ: Final = 65536
_STATUS: Final = slice(9, 12)  # where an answer's first line has it


@dataclass(frozen=True, slots=True)
class Order:
    """What to send.

    Attributes:
        seconds: How long to go on; answers that are still to come are waited for afterwards.
        first: Number of the first delivery; ids follow from it.
    """

    port: int
    seconds: float
    connections: int
    secret: str
    first: int


@dataclass(frozen=True, slots=True)
class Answers:
    """What came back.

    Attributes:
        seconds: From the first request to the last answer.
        statuses: How many answers had which status.
        millis: How long each answer took, in milliseconds.
        busy: The share of one processor that the generator itself used.
    """

    seconds: float
    statuses: dict[str, int]
    millis: list[float]
    busy: float

    @property
    def accepted(self) -> int:
        """Return how many requests were answered 200."""
        return self.statuses.get("200", 0)


class _Connection:
    """One keep-alive connection with one request under way."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answer = b""
        self.sent_at = 0.0

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, pieces: tuple[bytes, bytes, bytes]) -> None:
        self._answer = b""
        self.sent_at = time.perf_counter()
        sent = self._socket.sendmsg(pieces)
        if sent < sum(map(len, pieces)):
            self._socket.sendall(b"".join(pieces)[sent:])

    def status(self) -> str:
        """Read what is there; return the answer's status once it is whole, else an empty text."""
        read = self._socket.recv(_READ)
        if not read:
            raise ConnectionError("the server closed a connection that it was asked to keep")
        self._answer += read
        head, end, body = self._answer.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return ""
        return self._answer[_STATUS].decode()

    def close(self) -> None:
        self._socket.close()


def _length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"content-length:")
    return int(rest.partition(b"\r\n")[0])


def _connections(order: Order) -> Iterator[_Connection]:
    """Yield connections, opened one after the other: of a burst, one of several processes takes all."""
    for _ in range(order.connections):
        yield _Connection(order.port)
        time.sleep(_BETWEEN)


def send(order: Order) -> Answers:
    """Send what is ordered, and wait for every answer."""
    deliveries = Deliveries(order.secret, order.first)
    connections = {each.fileno(): each for each in _connections(order)}
    poll = select.epoll()
    for number in connections:
        poll.register(number, select.EPOLLIN)
    statuses: dict[str, int] = {}
    millis: list[float] = []
    cpu, started = time.process_time(), time.perf_counter()
    for each in connections.values():
        each.send(deliveries.next())
    under_way = len(connections)
    end = started + order.seconds
    while under_way:
        ready = poll.poll(_PATIENCE)
        if not ready:
            raise TimeoutError(f"{under_way} requests were not answered within {_PATIENCE:.0f} s")
        for number, _ in ready:
            connection = connections[number]
            if status := connection.status():
                now = time.perf_counter()
                millis.append((now - connection.sent_at) * 1000)
                statuses[status] = statuses.get(status, 0) + 1
                if now < end:
                    connection.send(deliveries.next())
                else:
                    under_way -= 1
    seconds = time.perf_counter() - started
    busy = (time.process_time() - cpu) / seconds
    for each in connections.values():
        each.close()
    return Answers(seconds, statuses, millis, busy)


def run(orders: list[Order]) -> list[Answers]:
    """Send several orders at once, each from a process of its own."""
    command = (sys.executable, "-m", "bench.load")
    processes = [
        subprocess.Popen((*command, json.dumps(asdict(order))), stdout=subprocess.PIPE)  # noqa: S603 - ours
        for order in orders
    ]
    answers = []
    for process in processes:
        output, _ = process.communicate()
        if process.returncode:
            raise RuntimeError("the load generator failed; its standard error says why")
        answers.append(Answers(**json.loads(output)))
    return answers


def main(arguments: list[str]) -> None:
    """Carry out one order, given and answered as JSON."""
    order: dict[str, Any] = json.loads(arguments[0])
    json.dump(asdict(send(Order(**order))), sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
