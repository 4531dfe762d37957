"""The answers over real HTTP, where lengths may lie, be missing or never come."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from tests.webhooks.conftest import Line, Web
from tests.webhooks.platforms import encoded, refund, shopify_headers
from webhooks.door import MAX_BODY

BODY = encoded(refund())
CHUNK = b"x" * 65536
LONGEST = 30  # seconds; a server that does not answer fails the test instead of hanging it


@contextmanager
def served(app: Flask) -> Iterator[int]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def port(app: Flask, shop_id: int) -> Iterator[int]:
    assert shop_id
    with served(app) as number:
        yield number


def exchange(port: int, headers: dict[str, str], *pieces: bytes) -> tuple[int, Any]:
    """Send a request as it is, then say no more; return status and JSON of the answer."""
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    request = f"POST /webhooks/shopify/shop HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{head}\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=LONGEST) as connection:
        connection.sendall(request.encode("latin-1"))
        for piece in pieces:
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as answer:
            raw = answer.read()
    first, _, body = raw.partition(b"\r\n\r\n")
    return int(first.split()[1]), json.loads(body)


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def with_length(length: object, body: bytes = BODY) -> dict[str, str]:
    return shopify_headers("refunds/create", body) | {"Content-Length": str(length)}


def in_chunks(body: bytes = BODY) -> dict[str, str]:
    return shopify_headers("refunds/create", body) | {"Transfer-Encoding": "chunked"}


def test_a_body_of_the_stated_length_is_accepted(port: int, web: Web) -> None:
    assert exchange(port, with_length(len(BODY)), BODY) == (200, {"outcome": "accepted"})
    assert [delivery.body for delivery in web.deliveries()] == [BODY]


def test_a_body_in_chunks_is_accepted(port: int, web: Web) -> None:
    pieces = [chunk(BODY[:100]), chunk(BODY[100:]), b"0\r\n\r\n"]
    assert exchange(port, in_chunks(), *pieces) == (200, {"outcome": "accepted"})
    assert [delivery.body for delivery in web.deliveries()] == [BODY]


def test_a_stated_length_above_the_largest_is_refused_unread(port: int, web: Web, log: list[Line]) -> None:
    status, answer = exchange(port, with_length(MAX_BODY + 1), BODY)
    assert (status, answer["code"]) == (413, "too_large")
    assert web.deliveries() == []
    assert [line["reason"] for line in log] == ["too_large"]


def test_a_body_that_is_too_large_is_refused_though_its_client_sends_it_all(port: int, web: Web) -> None:
    body = b"x" * (MAX_BODY + 1)
    status, answer = exchange(port, with_length(len(body), body), body)
    assert (status, answer["code"]) == (413, "too_large")
    assert web.deliveries() == []


@pytest.mark.parametrize("excess", [1, 2, len(CHUNK), MAX_BODY])
def test_chunks_are_refused_once_they_are_too_large(
    port: int, web: Web, log: list[Line], excess: int
) -> None:
    body = BODY.ljust(MAX_BODY + excess)
    pieces = [chunk(body[at : at + len(CHUNK)]) for at in range(0, len(body), len(CHUNK))]
    status, answer = exchange(port, in_chunks(body), *pieces, b"0\r\n\r\n")
    assert (status, answer["code"]) == (413, "too_large")
    assert web.deliveries() == []
    assert [line["reason"] for line in log] == ["too_large"]


def test_chunks_of_the_largest_size_are_accepted(port: int, web: Web) -> None:
    body = BODY.ljust(MAX_BODY)
    pieces = [chunk(body[at : at + len(CHUNK)]) for at in range(0, len(body), len(CHUNK))]
    assert exchange(port, in_chunks(body), *pieces, b"0\r\n\r\n") == (200, {"outcome": "accepted"})
    assert [len(delivery.body) for delivery in web.deliveries()] == [MAX_BODY]


def test_a_body_shorter_than_stated_is_not_what_was_signed(port: int, web: Web, log: list[Line]) -> None:
    status, answer = exchange(port, with_length(len(BODY) + 1), BODY)
    assert (status, answer["code"]) == (401, "incomplete_body")
    assert web.deliveries() == []
    assert [line["reason"] for line in log] == ["incomplete_body"]


def test_a_body_longer_than_stated_is_not_what_was_signed(port: int, web: Web) -> None:
    status, answer = exchange(port, with_length(len(BODY) - 1), BODY)
    assert (status, answer["code"]) == (401, "wrong_signature")
    assert web.deliveries() == []


@pytest.mark.parametrize("broken", [b"zz\r\nabc\r\n0\r\n\r\n", b"-5\r\nabc\r\n", b"5\r\nabc", b""])
def test_chunks_that_are_none_are_not_what_was_signed(port: int, web: Web, broken: bytes) -> None:
    status, answer = exchange(port, in_chunks(), broken)
    assert (status, answer["code"]) in {(401, "incomplete_body"), (401, "wrong_signature")}
    assert web.deliveries() == []


@pytest.mark.parametrize("length", ["-1", "x", "1e3", ""])
def test_a_length_that_is_no_number_leaves_nothing_to_verify(port: int, web: Web, length: str) -> None:
    status, answer = exchange(port, with_length(length), BODY)
    assert (status, answer["code"]) == (401, "wrong_signature")
    assert web.deliveries() == []


def test_without_a_length_there_is_no_body(port: int, web: Web) -> None:
    status, answer = exchange(port, shopify_headers("refunds/create", BODY), BODY)
    assert (status, answer["code"]) == (401, "wrong_signature")
    assert web.deliveries() == []


def test_headers_in_any_bytes_are_answered(port: int, web: Web) -> None:
    odd = {"X-Shopify-Topic": "refunds/cr\xe9ate", "X-Shopify-Event-Id": "\xff" * 500}
    status, answer = exchange(port, with_length(len(BODY)) | odd, BODY)
    assert (status, answer) == (200, {"outcome": "quarantined"})
    assert [delivery.topic for delivery in web.deliveries()] == ["refunds/cr\xe9ate"]
