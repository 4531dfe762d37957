import random
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from bench.chaos.relay import Relay, fingerprint, relay
from tests.support.waiting import until

PATH = "/webhooks/shopify/shop-in"


class _Web(ThreadingHTTPServer):
    """Answers every webhook as it is told to."""

    daemon_threads = True
    status = 200
    came: list[tuple[str, str, bytes]]


class _Handler(BaseHTTPRequestHandler):
    server: _Web

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.came.append((self.path, self.headers["X-Signature"], body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def web() -> Iterator[_Web]:
    with _Web(("127.0.0.1", 0), _Handler) as server:
        server.came = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Certainly(random.Random):
    """Whatever may happen happens, at once."""

    def random(self) -> float:
        return 0.0


class Never(random.Random):
    """Nothing happens that need not."""

    def random(self) -> float:
        return 0.999


class Later(random.Random):
    """Nothing happens at once that need not, but everything again, as late as may be."""

    def __init__(self) -> None:
        super().__init__()
        # Not delayed, no twin, sent again, after almost the longest time.
        self._drawn = iter((0.999, 0.999, 0.0, 0.999))

    def random(self) -> float:
        return next(self._drawn)


@pytest.fixture
def plain(web: _Web) -> Iterator[Relay]:
    with relay(web.server_port, Never()) as made:
        yield made


def send(to: Relay, body: bytes = b"{}") -> requests.Response:
    return requests.post(f"{to.url}{PATH}", data=body, headers={"X-Signature": "s"}, timeout=10)


def test_a_webhook_goes_through_as_it_is_and_so_does_the_answer(web: _Web, plain: Relay) -> None:
    web.status = 201
    assert send(plain, b'{"a": 1}').status_code == 201
    assert web.came == [(PATH, "s", b'{"a": 1}')]
    assert plain.told == {fingerprint(PATH, b'{"a": 1}'): 1}
    assert plain.counts == {"sent": 1}


def test_one_that_is_answered_badly_was_not_told(web: _Web, plain: Relay) -> None:
    web.status = 503
    assert send(plain).status_code == 503
    assert not plain.told
    assert plain.counts == {"sent": 1, "answered 503": 1}


def test_one_that_is_not_answered_gets_no_answer(web: _Web) -> None:
    with relay(1, Never()) as made:  # nobody listens there
        with pytest.raises(requests.ConnectionError):
            send(made)
        assert not made.told
        assert made.counts == {"sent": 1, "not answered": 1}


def test_one_may_come_twice_at_once_and_again_later(web: _Web) -> None:
    with relay(web.server_port, Certainly()) as made:
        assert send(made).status_code == 200
        until(lambda: len(web.came) == 3)
        until(lambda: made.told == {fingerprint(PATH, b"{}"): 3})
        assert made.waiting == 0


def test_what_waits_for_its_time_may_be_hurried(web: _Web) -> None:
    with relay(web.server_port, Later()) as made:
        assert send(made).status_code == 200
        assert made.waiting == 1
        made.hurry()
        until(lambda: len(web.came) == 2)
        assert made.waiting == 0


def test_what_a_platform_signs_anew_is_known_by_its_notification() -> None:
    first = b'{"notification":{"notificationId":"49feeaeb","publishAttemptCount":1}}'
    again = b'{"notification":{"notificationId":"49feeaeb","publishAttemptCount":2}}'
    wrapped = rb'{"Message":"{\"NotificationMetadata\":{\"NotificationId\":\"49feeaeb\"}}"}'
    for body in (first, again, wrapped):
        assert fingerprint("/webhooks/ebay/one", body) == "ebay/one 49feeaeb"
    assert fingerprint("/webhooks/ebay/two", first) != fingerprint("/webhooks/ebay/one", first)
    assert fingerprint(PATH, b"{}") != fingerprint(PATH, b"[]")
