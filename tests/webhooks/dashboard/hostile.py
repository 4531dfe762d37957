"""What somebody who can write to Redis may put there, and how to see that it worked."""

import zlib
from base64 import b64encode
from dataclasses import dataclass, field
from html.parser import HTMLParser

from tests.webhooks.dashboard.conftest import Desk, packed
from webhooks.dashboard.stored import WORKER_FIELDS

PAYLOAD = (
    """</script></pre>"'><img src=x onerror="document.title='pwned'">"""
    """<script>document.title='pwned'</script>"""
    """<svg onload=document.title='pwned'><a href="javascript&colon;alert(1)">x</a>{{7*7}}<%= 7*7 %>${7*7}`"""
)


def fill(desk: Desk) -> str:
    """Put the payload wherever a page shows something; return the id of a job with it."""
    job = desk.failed(PAYLOAD)
    evil = PAYLOAD.encode()
    desk.redis.hset(job.key, items=["description", evil, "meta", b"[" + _json(PAYLOAD) + b"]"])
    desk.redis.hset(job.key, items=["data", packed(PAYLOAD, PAYLOAD)])
    desk.redis.hset(job.key, items=["origin", evil])
    value = b64encode(_json(PAYLOAD)).decode()
    trace = b64encode(zlib.compress(evil)).decode()
    desk.redis.xadd(f"rq:results:{job.id}", {"type": "1", "return_value": value, "exc_string": trace})
    desk.redis.hset(f"rq:job:{PAYLOAD}", items=["data", packed("x"), "description", evil, "status", "failed"])
    desk.redis.zadd("rq:failed:shopify", {PAYLOAD: 9e9})
    desk.redis.sadd("rq:queues", f"rq:queue:{PAYLOAD}")
    desk.redis.sadd("rq:workers", f"rq:worker:{PAYLOAD}")
    for name in WORKER_FIELDS:
        desk.redis.hset(f"rq:worker:{PAYLOAD}", name, PAYLOAD)
    desk.redis.sadd(f"rq:worker:{PAYLOAD}:executions", f"{job.id}:1")
    return job.id


def _json(text: str) -> bytes:
    return b'"' + text.replace("\\", "\\\\").replace('"', '\\"').encode() + b'"'


@dataclass
class Markup(HTMLParser):
    """What a page's markup asks a browser to do."""

    page: str
    text: str = ""
    handlers: list[tuple[str, str]] = field(default_factory=list)
    elements: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.handlers += [(tag, name) for name, _ in attrs if name.startswith("on")]
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src", "action"}]

    def handle_data(self, data: str) -> None:
        self.text += data


def assert_harmless(page: str) -> None:
    """Check that a page's markup has nothing in it that came out of the payload."""
    markup = Markup(page)
    assert markup.handlers == []
    assert not {"img", "svg"} & set(markup.elements)
    assert not [address for address in markup.addresses if not address.startswith(("/", "http", "#"))]
