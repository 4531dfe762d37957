import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest

from tests.workers.platforms.wire import answer, hang, saying, wire
from workers.platforms import http as module
from workers.platforms.errors import Call, PlatformError
from workers.platforms.http import Http, Journal

READ_TIMEOUT = 0.3  # seconds; long enough for this host, short enough to wait for


@pytest.fixture
def hasty(journal: Journal) -> Http:
    return Http(
        read_timeout=READ_TIMEOUT,
        total_timeout=READ_TIMEOUT * 2,
        allow_private=True,
        user_agent="refund-sync/test",
        journal=journal,
    )


@contextmanager
def unused_address() -> Iterator[str]:
    """Yield an address at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    yield f"http://127.0.0.1:{port}"


def drip(connection: socket.socket, over: threading.Event, *, head: bytes) -> None:
    """Send something, then a byte now and then, for ever."""
    connection.sendall(head)
    while not over.wait(READ_TIMEOUT / 6):
        connection.sendall(b"x")


def test_an_answer_is_read_exactly(http: Http) -> None:
    body = b'{"id": 9007199254740993, "total": 12.30}'
    with wire(saying(answer(body, headers="Location: /creditMemo/7\r\n"))) as server:
        got = http.call("GET", f"{server.url}/x", write=False)
    assert got.ok
    assert got.status == 200
    assert got.body == {"id": 9007199254740993, "total": Decimal("12.30")}
    assert got.headers["location"] == "/creditMemo/7"
    assert got.text == body.decode()


def test_a_request_carries_what_it_was_given(http: Http) -> None:
    with wire(saying(answer(b"{}"))) as server:
        http.call(
            "POST",
            f"{server.url}/x",
            write=True,
            headers={"Prefer": "transient"},
            params={"limit": "10"},
            json={"amount": Decimal("12.30"), "name": "Zoë"},
        )
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /x?limit=10 HTTP/1.1\r\n")
    assert b"\r\nPrefer: transient" in head
    assert b"\r\nContent-Type: application/json" in head
    assert b"\r\nUser-Agent: refund-sync/test" in head
    assert body == b'{"amount":12.30,"name":"Zo\\u00eb"}'


def test_a_form_is_sent_as_a_form(http: Http) -> None:
    with wire(saying(answer(b"{}"))) as server:
        http.call("POST", server.url, write=False, form={"grant_type": "client credentials", "x": "a&b"})
    assert server.requests[0].endswith(b"grant_type=client+credentials&x=a%26b")
    assert b"Content-Type: application/x-www-form-urlencoded" in server.requests[0]


def test_connections_are_kept_open_between_calls(http: Http) -> None:
    with wire(saying(answer(b"{}"))) as server:
        for _ in range(5):
            http.call("GET", server.url, write=False)
    assert (server.connections, len(server.requests)) == (1, 5)


def test_every_thread_has_a_connection_of_its_own(http: Http) -> None:
    with wire(saying(answer(b"{}"))) as server:
        threads = [
            threading.Thread(target=lambda: http.call("GET", server.url, write=False)) for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (server.connections, len(server.requests)) == (3, 3)


def test_cookies_are_neither_kept_nor_sent(http: Http) -> None:
    with wire(saying(answer(b"{}", headers="Set-Cookie: session=abc; Path=/\r\n"))) as server:
        http.call("GET", server.url, write=False)
        http.call("GET", server.url, write=False)
    assert b"cookie" not in server.requests[1].lower()


def test_proxies_and_passwords_of_the_environment_are_ignored(
    http: Http, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    netrc = f"{tmp_path}/netrc"
    with open(netrc, "w", encoding="utf-8") as file:  # noqa: PTH123 - netrc wants a name, not a Path
        file.write("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", netrc)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with wire(saying(answer(b"{}"))) as server:
        http.call("GET", server.url, write=False)
    assert b"authorization" not in server.requests[0].lower()


def test_a_redirect_is_not_followed(http: Http) -> None:
    with wire(saying(answer(b"", "302 Found", "Location: https://elsewhere.example/\r\n"))) as server:
        got = http.call("POST", server.url, write=True)
    assert got.status == 302
    assert not got.ok
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", ["204 No Content", "400 Bad Request", "503 Service Unavailable"])
def test_an_answer_without_json_has_no_body(http: Http, status: str) -> None:
    with wire(saying(answer(b"", status))) as server:
        assert http.call("GET", server.url, write=False).body is None


@pytest.mark.parametrize("write", [True, False])
def test_a_server_that_is_not_there_got_nothing(http: Http, *, write: bool) -> None:
    with unused_address() as url, pytest.raises(PlatformError) as caught:
        http.call("POST", url, write=write, json={})
    assert (caught.value.reason, caught.value.outcome_unknown) == ("TRANSIENT", False)


def test_a_name_that_does_not_resolve_got_nothing(http: Http) -> None:
    with pytest.raises(PlatformError) as caught:
        http.call("POST", "http://no-such-host.invalid/", write=True, json={})
    assert (caught.value.reason, caught.value.outcome_unknown) == ("TRANSIENT", False)


def hang_up(_connection: socket.socket, _over: threading.Event) -> None:
    raise ConnectionError


def cut_short(connection: socket.socket, _over: threading.Event) -> None:
    connection.sendall(answer(b'{"id": "1"}')[:-5])
    raise ConnectionError


def garble(connection: socket.socket, _over: threading.Event) -> None:
    connection.sendall(b"not http at all\r\n\r\n")
    raise ConnectionError


def drip_head(connection: socket.socket, over: threading.Event) -> None:
    drip(connection, over, head=b"HTTP/1.1 200 OK\r\nX-Slow: ")


def drip_body(connection: socket.socket, over: threading.Event) -> None:
    drip(connection, over, head=b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")


def drip_chunks(connection: socket.socket, over: threading.Event) -> None:
    drip(connection, over, head=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n")


def bad_gzip(connection: socket.socket, _over: threading.Event) -> None:
    connection.sendall(answer(b"this is no gzip", headers="Content-Encoding: gzip\r\n"))


LOST = [hang, hang_up, cut_short, garble, drip_head, drip_body, drip_chunks, bad_gzip]


@pytest.mark.parametrize("script", LOST)
def test_a_write_whose_answer_is_lost_has_an_unknown_outcome(hasty: Http, script: object) -> None:
    with wire(script) as server, pytest.raises(PlatformError) as caught:  # type: ignore[arg-type] # a Script
        hasty.call("POST", server.url, write=True, json={})
    assert (caught.value.reason, caught.value.outcome_unknown) == ("UNKNOWN_OUTCOME", True)


@pytest.mark.parametrize("script", LOST)
def test_a_read_whose_answer_is_lost_can_be_repeated(hasty: Http, script: object) -> None:
    with wire(script) as server, pytest.raises(PlatformError) as caught:  # type: ignore[arg-type] # a Script
        hasty.call("GET", server.url, write=False)
    assert (caught.value.reason, caught.value.outcome_unknown) == ("TRANSIENT", False)


def test_after_a_lost_answer_the_next_call_has_a_connection_of_its_own(http: Http) -> None:
    with wire(cut_short, saying(answer(b'{"id": "2"}'))) as server:
        with pytest.raises(PlatformError):
            http.call("GET", server.url, write=False)
        assert http.call("GET", server.url, write=False).body == {"id": "2"}


def test_an_answer_above_the_limit_is_not_read_to_its_end(
    http: Http, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGEST_ANSWER", 100_000)
    with wire(saying(answer(b"x" * 300_000))) as server:
        with pytest.raises(PlatformError) as read:
            http.call("GET", server.url, write=False)
        with pytest.raises(PlatformError) as write:
            http.call("POST", server.url, write=True)
    assert (read.value.reason, write.value.reason) == ("REFUSED", "UNKNOWN_OUTCOME")
    assert "larger than" in journal.entries()[0]["response"]


def test_an_answer_of_just_the_limit_is_read(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST_ANSWER", 100_000)
    with wire(saying(answer(b"x" * 100_000))) as server:
        assert len(http.call("GET", server.url, write=False).text) == 100_000


def test_a_private_address_is_refused_before_anything_is_sent(journal: Journal) -> None:
    http = Http(read_timeout=5, allow_private=False, user_agent="test", journal=journal)
    with wire(saying(answer(b"{}"))) as server, pytest.raises(PlatformError) as caught:
        http.call("POST", server.url.replace("http:", "https:"), write=True, json={})
    assert caught.value.reason == "REFUSED"
    assert not caught.value.outcome_unknown
    assert "not a public address" in caught.value.detail
    assert server.requests == []


def test_without_tls_nothing_is_sent(journal: Journal) -> None:
    http = Http(read_timeout=5, allow_private=False, user_agent="test", journal=journal)
    with wire(saying(answer(b"{}"))) as server, pytest.raises(PlatformError) as caught:
        http.call("POST", server.url, write=True, json={})
    assert caught.value.reason == "REFUSED"
    assert server.connections == 0


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "127.0.0.1/x", "http://", "http://[::1/"])
def test_what_is_no_web_address_is_refused(http: Http, url: str) -> None:
    with pytest.raises(PlatformError) as caught:
        http.call("GET", url, write=True)
    assert (caught.value.reason, caught.value.outcome_unknown) == ("REFUSED", False)


def test_every_call_is_written_down(http: Http, journal: Journal) -> None:
    head = "X-Request-Id: abc-123\r\n"
    with wire(saying(answer(b'{"access_token": "s3cr3t", "n": 1}', "201 Created", head))) as server:
        http.call("POST", server.url, write=True, params={"limit": "1"}, json={"password": "s3cr3t"})
    (entry,) = journal.entries()
    assert entry["method"] == "POST"
    assert entry["url"] == f"{server.url}/?limit=1"
    assert entry["status"] == 201
    assert entry["request"] == '{"password":"***"}'
    assert entry["response"] == '{"access_token":"***","n":1}'
    assert entry["request_id"] == "abc-123"
    assert entry["ms"] >= 0
    assert entry["at"].endswith("+00:00")


def test_a_call_without_an_answer_is_written_down_too(http: Http, journal: Journal) -> None:
    with wire(hang_up) as server, pytest.raises(PlatformError) as caught:
        http.call("POST", server.url, write=True, json={"a": 1})
    (entry,) = journal.entries()
    assert entry["status"] is None
    assert entry["request"] == '{"a":1}'
    assert entry["response"].startswith("ConnectionError: ")
    assert caught.value.call is not None
    assert caught.value.call.url == server.url


def test_a_transport_tells_of_its_calls_and_of_what_is_left(http: Http) -> None:
    calls: list[Call] = []
    left: list[tuple[str, float]] = []
    counted = http.counted(lambda call, _seconds: calls.append(call), lambda *told: left.append(told))
    teapot = answer(b"{}", "418 I'm a teapot", "X-Request-Id: abc-123\r\n")
    with wire(saying(teapot), hang_up) as server:
        counted.call("GET", server.url, write=False, params={"access_token": "s3cr3t"})
        with pytest.raises(PlatformError):
            counted.call("GET", server.url, write=False)
    counted.tell_left("points", 3)
    counted.tell_left("points", None)
    http.tell_left("points", 9)
    assert [(call.status, call.request_id) for call in calls] == [(418, "abc-123"), (None, "")]
    assert calls[0].url.startswith(server.url)
    assert "s3cr3t" not in calls[0].url
    assert left == [("points", 3)]


def test_without_a_journal_a_transport_keeps_its_own() -> None:
    http = Http(read_timeout=5, allow_private=True, user_agent="test")
    with wire(saying(answer(b"{}"))) as server:
        http.call("GET", server.url, write=False)
    assert len(http.journal.entries()) == 1
