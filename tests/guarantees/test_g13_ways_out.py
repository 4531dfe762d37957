"""G13: calls to the outside follow no redirects, stay off private addresses, verify TLS, and end in time."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.guarantees.ways_out import WAYS, Outside, Way
from tests.workers.platforms.test_transport import certificate
from tests.workers.platforms.wire import answer, hang, saying, wire
from webhooks.sources.protocol import KeyUnreachableError
from workers.platforms.errors import PlatformError
from workers.telling.errors import TellingError

__all__ = ["certificate"]  # a fixture

ROOT = Path(__file__).parents[2]
FAILED = (PlatformError, KeyUnreachableError, TellingError)
HASTY = 0.2  # seconds

# Who opens connections to the outside, and which way of `WAYS` shows how.
OPENERS = {
    ("ledger/transport.py", "requests.Session"),
    ("workers/telling/mail.py", "smtplib.SMTP"),
    ("workers/telling/mail.py", "smtplib.SMTP_SSL"),
}
_DANGEROUS = {
    "requests": {"Session", "session", "get", "post", "put", "patch", "delete", "head", "options", "request"},
    "smtplib": {"SMTP", "SMTP_SSL", "LMTP"},
    "socket": {"create_connection", "socket"},
    "http.client": {"HTTPConnection", "HTTPSConnection"},
    "urllib.request": {"urlopen", "build_opener", "urlretrieve"},
    "urllib3": {"PoolManager", "request"},
}


def opened() -> Iterator[tuple[str, str]]:
    """Yield every place in the service, the demo aside, that can open a connection by itself."""
    for package in ("cli", "ledger", "webhooks", "workers"):
        for path in (ROOT / package).rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith("cli/demo/"):
                yield from ((name, call) for call in _opening(ast.parse(path.read_text())))


def _opening(tree: ast.Module) -> Iterator[str]:
    imported = {each.name for node in ast.walk(tree) if isinstance(node, ast.Import) for each in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            module, _, function = ast.unparse(node.func).rpartition(".")
            if module in imported and function in _DANGEROUS.get(module, ()):
                yield f"{module}.{function}"
        elif isinstance(node, ast.ImportFrom) and node.module in _DANGEROUS:
            yield from (
                f"{node.module}.{each.name}" for each in node.names if each.name in _DANGEROUS[node.module]
            )


@pytest.fixture
def outside(valkey_url: str) -> Iterator[Redis]:
    """The Redis that calls are counted in."""
    with Redis.from_url(valkey_url) as redis:
        yield redis


def test_g13_nobody_opens_a_connection_but_those_that_are_tried_here() -> None:
    assert set(opened()) == OPENERS


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("status", ["301 Moved Permanently", "307 Temporary Redirect"])
def test_g13_redirects_are_not_followed(outside: Redis, way: Way, status: str) -> None:
    with wire(saying(answer(b"{}"))) as elsewhere:
        location = f"Location: {elsewhere.url}/\r\n"
        with wire(saying(answer(b"", status, location))) as server, pytest.raises(FAILED):
            way(Outside(outside), server.url)
        assert server.connections > 0
        assert elsewhere.connections == 0


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_g13_private_addresses_and_connections_without_tls_are_refused(outside: Redis, way: Way) -> None:
    with wire(saying(answer(b"{}"))) as server:
        for url in (server.url, server.url.replace("http:", "https:")):
            with pytest.raises(FAILED):
                way(Outside(outside, allow_private=False), url)
        assert server.requests == []


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_g13_a_certificate_that_nobody_vouches_for_is_not_spoken_to(
    outside: Redis,
    way: Way,
    certificate: Path,
) -> None:
    with wire(saying(answer(b"{}")), certificate=certificate) as server:
        with pytest.raises(FAILED):
            way(Outside(outside), server.url)
        assert server.connections > 0
        assert server.requests == []


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_g13_who_does_not_answer_is_not_waited_for_for_ever(outside: Redis, way: Way) -> None:
    with wire(hang) as server, pytest.raises(FAILED):
        way(Outside(outside, patience=HASTY), server.url)
    assert len(server.requests) > 0
