"""What is fetched for verifying signatures: from where, how much, how often, and what a failure says."""

import gzip
import socket
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.racing import race
from tests.webhooks.keyserver import KeyServer, key_server
from tests.workers.platforms.wire import wire
from webhooks.keys import FETCHES, KEPT, KEPT_MISSING, KEPT_STALE, LARGEST, WINDOW, FetchedKeys
from webhooks.sources.protocol import KeyUnreachableError, NoKeys, NoSuchKeyError

PEM = b"-----BEGIN PUBLIC KEY-----\n"


class Clock:
    """A clock that a test sets."""

    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with key_server() as keys:
        yield keys


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(clock: Clock) -> FetchedKeys:
    return FetchedKeys(allow_private=True, clock=clock)


def unreachable(keys: FetchedKeys, url: str) -> str:
    with pytest.raises(KeyUnreachableError) as caught:
        keys.get(url)
    assert caught.value.reason == "key_unreachable"
    return str(caught.value)


# Fetching


def test_a_key_is_what_is_at_its_url(keys: FetchedKeys, server: KeyServer) -> None:
    assert keys.get(server.keep("/k.pem", PEM)) == PEM
    assert [(asked.method, asked.path) for asked in server.asked] == [("GET", "/k.pem")]


def test_headers_are_sent_along(keys: FetchedKeys, server: KeyServer) -> None:
    keys.get(server.keep("/k", PEM), headers={"Authorization": "Bearer t"})
    assert server.asked[0].headers["Authorization"] == "Bearer t"


def test_a_form_is_posted(keys: FetchedKeys, server: KeyServer) -> None:
    url = server.keep("/token", b"{}")
    assert keys.get(url, headers={"Authorization": "Basic b"}, form={"grant_type": "client credentials"})
    (asked,) = server.asked
    assert (asked.method, asked.body) == ("POST", b"grant_type=client+credentials")
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert asked.headers["Authorization"] == "Basic b"


@pytest.mark.parametrize("chunks", [1, 7])
def test_a_key_may_come_in_chunks(keys: FetchedKeys, server: KeyServer, chunks: int) -> None:
    assert keys.get(server.keep("/k", PEM * 10, chunks=chunks)) == PEM * 10


def test_a_key_may_come_compressed(keys: FetchedKeys, server: KeyServer) -> None:
    url = server.keep("/k", gzip.compress(PEM), headers={"Content-Encoding": "gzip"})
    assert keys.get(url) == PEM


def test_proxies_and_passwords_of_the_environment_are_not_used(
    keys: FetchedKeys, server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    assert keys.get(server.keep("/k", PEM)) == PEM


# Whom we do not follow, and what we do not swallow


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(keys: FetchedKeys, server: KeyServer, status: int) -> None:
    elsewhere = server.keep("/elsewhere", PEM)
    url = server.keep("/k", status=status, headers={"Location": elsewhere})
    assert str(status) in unreachable(keys, url)
    assert server.paths == ["/k"]


def test_without_tls_nobody_is_asked(server: KeyServer) -> None:
    assert "https" in unreachable(FetchedKeys(), server.keep("/k", PEM))
    assert server.asked == []


@pytest.mark.parametrize("url", ["HTTP://127.0.0.1/k", "ftp://127.0.0.1/k", "file:///etc/passwd", "/k", ""])
def test_nothing_but_https_is_asked(url: str) -> None:
    assert "https" in unreachable(FetchedKeys(), url)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/k", "file:///etc/passwd", "http://", "/k"])
def test_in_development_nothing_but_http_is_asked(keys: FetchedKeys, url: str) -> None:
    unreachable(keys, url)


def test_https_is_asked_and_has_to_be_https(keys: FetchedKeys, server: KeyServer) -> None:
    url = server.keep("/k", PEM).replace("http://", "https://")
    assert "SSLError" in unreachable(keys, url)
    assert server.asked == []


def test_a_private_address_is_not_asked(server: KeyServer) -> None:
    url = server.keep("/k", PEM).replace("http://", "https://")
    assert "127.0.0.1, which is not a public address" in unreachable(FetchedKeys(), url)
    assert server.asked == []


@pytest.mark.parametrize("chunks", [0, 1, 50])
def test_a_key_has_a_largest_size(keys: FetchedKeys, server: KeyServer, chunks: int) -> None:
    assert len(keys.get(server.keep("/fits", b"x" * LARGEST, chunks=chunks))) == LARGEST
    told = unreachable(keys, server.keep("/more", b"x" * (LARGEST + 1), chunks=chunks))
    assert "bytes" in told


def test_no_more_is_read_of_an_endless_answer_than_tells(keys: FetchedKeys, server: KeyServer) -> None:
    told = unreachable(keys, server.keep("/k", b"x" * LARGEST * 200))
    assert f"{LARGEST + 1} bytes" in told


def test_what_is_small_only_while_compressed_is_too_large(keys: FetchedKeys, server: KeyServer) -> None:
    bomb = gzip.compress(b"\x00" * LARGEST * 200)
    assert len(bomb) < LARGEST
    told = unreachable(keys, server.keep("/k", bomb, headers={"Content-Encoding": "gzip"}))
    assert "bytes" in told


# What went wrong


@pytest.mark.parametrize("status", [400, 404])
def test_what_the_platform_does_not_have_is_no_key(keys: FetchedKeys, server: KeyServer, status: int) -> None:
    with pytest.raises(NoSuchKeyError) as caught:
        keys.get(server.keep("/k", b"no", status=status))
    assert caught.value.reason == "unknown_key"


@pytest.mark.parametrize("status", [201, 204, 401, 403, 429, 500, 502, 503])
def test_whatever_else_the_platform_says_may_be_better_later(
    keys: FetchedKeys, server: KeyServer, status: int
) -> None:
    assert str(status) in unreachable(keys, server.keep("/k", status=status))


def test_an_answer_that_breaks_off_is_no_key(keys: FetchedKeys, server: KeyServer) -> None:
    unreachable(keys, server.keep("/k", PEM, length=len(PEM) + 1))


def test_an_answer_that_is_not_compressed_as_it_says_is_no_key(keys: FetchedKeys, server: KeyServer) -> None:
    unreachable(keys, server.keep("/k", PEM, headers={"Content-Encoding": "gzip"}))


def test_nobody_there_is_a_failure_for_now(keys: FetchedKeys) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert "ConnectionError" in unreachable(keys, f"http://127.0.0.1:{port}/k")


def test_an_answer_is_waited_for_briefly(keys: FetchedKeys) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never says a word
        port = silent.getsockname()[1]
        assert "ReadTimeout" in unreachable(keys, f"http://127.0.0.1:{port}/k")


def test_a_failure_tells_no_credential(keys: FetchedKeys, server: KeyServer) -> None:
    with pytest.raises(KeyUnreachableError) as caught:
        keys.get(server.keep("/k", status=500), headers={"Authorization": "hidden"}, form={"s": "hidden"})
    assert "hidden" not in str(caught.value)


def test_a_server_that_says_a_byte_now_and_then_is_not_listened_to_for_ever() -> None:
    def drip(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        while not over.wait(0.01):
            connection.sendall(b"x")

    with wire(drip) as server:
        hasty = FetchedKeys(allow_private=True, longest=0.2)
        assert "ConnectionError" in unreachable(hasty, f"{server.url}/k")


# Keeping


def test_a_key_is_kept_for_its_time_and_no_longer(keys: FetchedKeys, server: KeyServer, clock: Clock) -> None:
    url = server.keep("/k", PEM)
    keys.get(url)
    server.keep("/k", b"another")
    clock.seconds += KEPT - 1
    assert keys.get(url) == PEM
    clock.seconds += 1
    assert keys.get(url) == b"another"
    assert server.paths == ["/k", "/k"]


def test_a_key_that_there_is_not_is_remembered_for_its_time(
    keys: FetchedKeys, server: KeyServer, clock: Clock
) -> None:
    url = f"{server.url}/k"
    for _ in range(2):
        with pytest.raises(NoSuchKeyError):
            keys.get(url)
    assert server.paths == ["/k"]
    server.keep("/k", PEM)
    clock.seconds += KEPT_MISSING - 1
    with pytest.raises(NoSuchKeyError):
        keys.get(url)
    clock.seconds += 1
    assert keys.get(url) == PEM


def test_a_failure_is_not_kept(keys: FetchedKeys, server: KeyServer) -> None:
    url = server.keep("/k", status=503)
    unreachable(keys, url)
    server.keep("/k", PEM)
    assert keys.get(url) == PEM


def test_a_key_is_used_beyond_its_time_while_the_platform_cannot_be_asked_but_not_for_ever(
    keys: FetchedKeys, server: KeyServer, clock: Clock
) -> None:
    url = server.keep("/k", PEM)
    keys.get(url)
    server.keep("/k", status=500)
    clock.seconds += KEPT
    assert keys.get(url) == PEM
    clock.seconds += KEPT_STALE
    unreachable(keys, url)


def test_a_key_that_was_withdrawn_is_used_no_more(keys: FetchedKeys, server: KeyServer, clock: Clock) -> None:
    url = server.keep("/k", PEM)
    keys.get(url)
    server.keep("/k", status=404)
    clock.seconds += KEPT
    for _ in range(2):
        with pytest.raises(NoSuchKeyError):
            keys.get(url)


def test_made_up_keys_use_up_nobodys_quota(keys: FetchedKeys, server: KeyServer, clock: Clock) -> None:
    url = server.keep("/k", PEM)
    keys.get(url)
    for number in range(FETCHES - 1):
        with pytest.raises(NoSuchKeyError):
            keys.get(url.replace("/k", f"/none-{number}"))
    assert "too often" in unreachable(keys, url.replace("/k", "/none"))
    assert len(server.asked) == FETCHES
    assert keys.get(url) == PEM
    clock.seconds += WINDOW
    with pytest.raises(NoSuchKeyError):
        keys.get(url.replace("/k", "/none"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"form": {"a": "1"}}, {"form": {"a": "2"}}),
        ({"form": {"a": "1"}}, {}),
        ({"headers": {"Authorization": "1"}}, {"headers": {"Authorization": "2"}}),
        ({"headers": {"Authorization": "1"}}, {}),
    ],
)
def test_what_is_asked_otherwise_is_kept_by_itself(
    keys: FetchedKeys, server: KeyServer, one: dict[str, dict[str, str]], other: dict[str, dict[str, str]]
) -> None:
    url = server.keep("/k", b"one")
    assert keys.get(url, **one) == b"one"
    server.keep("/k", b"other")
    assert (keys.get(url, **other), keys.get(url, **one)) == (b"other", b"one")


def test_only_so_many_are_kept_and_the_oldest_go_first(
    keys: FetchedKeys, server: KeyServer, clock: Clock
) -> None:
    urls = [server.keep(f"/{number}", b"%d" % number) for number in range(257)]
    for url in urls:
        keys.get(url)
        clock.seconds += WINDOW / FETCHES
    server.asked.clear()
    for url in (urls[-1], urls[1], urls[0]):
        keys.get(url)
    assert server.paths == ["/0"]


def test_threads_share_what_is_kept(keys: FetchedKeys, server: KeyServer) -> None:
    urls = [server.keep(f"/{number}", b"%d" % number) for number in range(4)]

    def get_all() -> list[bytes]:
        return [keys.get(url) for url in urls]

    told = race(
        *[get_all] * 6
    )  # even if each of them fetched every one, the host would not be asked too often
    assert told == [[b"0", b"1", b"2", b"3"]] * 6
    server.asked.clear()
    get_all()
    assert server.asked == []


@given(st.text(max_size=20), st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2))
def test_without_a_network_nothing_can_be_had(url: str, form: dict[str, str]) -> None:
    with pytest.raises(KeyUnreachableError):
        NoKeys().get(url, form=form)
