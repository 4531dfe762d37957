"""Messages posted to a webhook, over real HTTP."""

import base64
import hashlib
import hmac
import json

import pytest

from ledger.alert_channels import new_secret
from tests.support.ledger import NOW
from tests.workers.platforms.wire import Wire, answer, saying, wire
from workers.platforms.http import Http
from workers.telling import webhook
from workers.telling.errors import TellingError
from workers.telling.words import Words

SECRET = new_secret()
PATH = "/services/T00000000/B00000000/very-secret?token=also-secret"
WORDS = Words(
    "[refund-sync] Refund 17",
    "<!channel> & <https://evil.example|click> \u20ac",
    [{"id": 3, "detail": "<b>"}],
    {"raised:error": 1},
)


def send(url: str, *, allow_private: bool = True, is_test: bool = False, read_timeout: float = 5) -> None:
    http = Http(read_timeout=read_timeout, allow_private=allow_private, user_agent="test", total_timeout=5)
    webhook.send(http, url, SECRET, WORDS, "0123456789abcdef", is_test=is_test, now=NOW)


def refused(url: str, *, allow_private: bool = True) -> TellingError:
    with pytest.raises(TellingError) as found:
        send(url, allow_private=allow_private)
    assert "secret" not in str(found.value)
    return found.value


def received(served: Wire) -> tuple[str, dict[str, str], bytes]:
    """Return the request line, the headers and the body of the only request."""
    (request,) = served.requests
    head, _, body = request.partition(b"\r\n\r\n")
    line, *headers = head.decode().split("\r\n")
    return line, {name.lower(): value for name, _, value in (each.partition(": ") for each in headers)}, body


def test_a_message_is_posted_as_slack_and_programs_want_it() -> None:
    with wire(saying(answer(b"ok"))) as served:
        send(f"{served.url}{PATH}")
    line, headers, body = received(served)
    assert line == f"POST {PATH} HTTP/1.1"
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == {
        "text": "[refund-sync] Refund 17\n&lt;!channel&gt; &amp; &lt;https://evil.example|click&gt; \u20ac",
        "id": "0123456789abcdef",
        "type": "alerts",
        "numbers": {"raised:error": 1},
        "events": [{"id": 3, "detail": "<b>"}],
    }


def test_a_message_is_signed_as_the_specification_says() -> None:
    with wire(saying(answer(b"ok"))) as served:
        send(f"{served.url}/x", is_test=True)
    _, headers, body = received(served)
    assert headers["webhook-id"] == "0123456789abcdef"
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    version, _, signature = headers["webhook-signature"].partition(",")
    assert version == "v1"
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    assert hmac.new(key, signed, hashlib.sha256).digest() == base64.b64decode(signature)
    assert json.loads(body)["type"] == "test"


def test_a_signature_is_that_of_the_specifications_example() -> None:
    # https://github.com/standard-webhooks/standard-webhooks, the example that its libraries are tested with
    found = webhook.signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "1614265330",
        '{"test": 2432232314}',
    )
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found", "500 Oops", "302 Found"])
def test_what_is_not_taken_is_tried_again(status: str) -> None:
    moved = "Location: https://elsewhere.example/\r\n"
    with wire(saying(answer(b"no_service\nhere", status, moved))) as served:
        error = refused(f"{served.url}{PATH}")
    assert len(served.requests) == 1
    assert error.reason == "refused"
    assert error.detail == f"127.0.0.1 answered {status[:3]} no_service here"


def test_an_answer_that_repeats_the_address_does_not_give_it_away() -> None:
    with wire(saying(answer(PATH.encode() + b"x" * 1000, "404 Not Found"))) as served:
        error = refused(f"{served.url}{PATH}")
    assert len(error.detail) <= 300


@pytest.mark.parametrize("path", [PATH, "/", ""])
def test_a_receiver_that_is_not_there_is_unreachable(path: str) -> None:
    with wire() as served:
        pass
    assert refused(f"{served.url}{path}").reason == "unreachable"


def test_a_receiver_that_hangs_up_may_have_taken_it() -> None:
    def hang_up(*_: object) -> None:
        raise ConnectionError

    with wire(hang_up) as served:
        assert refused(f"{served.url}{PATH}").reason == "unreachable"


def test_outside_development_nothing_is_sent_to_a_private_address_or_in_clear() -> None:
    with wire(saying(answer(b"ok"))) as served:
        assert refused(f"{served.url}{PATH}", allow_private=False).reason == "refused"
        private = served.url.replace("http:", "https:")
        assert refused(f"{private}{PATH}", allow_private=False).reason == "refused"
    assert served.requests == []


def test_a_long_text_is_cut() -> None:
    words = Words("s", "x" * 100_000, [], {})
    with wire(saying(answer(b"ok"))) as served:
        http = Http(read_timeout=5, allow_private=True, user_agent="test")
        webhook.send(http, served.url, SECRET, words, "k", is_test=False, now=NOW)
    assert len(json.loads(received(served)[2])["text"]) == 35_000
