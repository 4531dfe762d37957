"""The application under the server it runs under: several processes, real bytes, counters that add up."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from cryptography.fernet import Fernet
from sqlalchemy import func, select

from ledger.database import Database
from ledger.models import Delivery
from ledger.secrets import Vault
from tests.support.ledger import make_account
from tests.support.racing import race
from tests.support.waiting import until
from tests.webhooks.platforms import encoded, refund, shopify_headers
from tests.webhooks.test_http import exchange
from webhooks.door import MAX_BODY

DELIVERIES = 12
LONGEST = 30  # seconds


@contextmanager
def gunicorn(env: dict[str, str], log: Path) -> Iterator[str]:
    """Serve with two processes of four threads each; yield the address."""
    config = log.with_suffix(".py")
    # Newer versions listen for commands at a place that is the same for every instance on a host.
    config.write_text("control_socket_disable = True\n")
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        log.open("w") as errors,
        subprocess.Popen(  # noqa: S603 - the arguments are all made here
            [
                *(sys.executable, "-m", "gunicorn", "--workers=2", "--threads=4", f"--config={config}"),
                *(f"--bind=fd://{listening.fileno()}", "webhooks.app:create_app()"),
            ],
            env=env,
            cwd=Path(__file__).parents[2],
            stderr=errors,
            pass_fds=[listening.fileno()],
            start_new_session=True,
        ) as server,
    ):
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            os.killpg(server.pid, signal.SIGTERM)


@pytest.fixture
def served(tmp_path: Path, database_url: str, database: Database, valkey_url: str) -> Iterator[str]:
    key = Fernet.generate_key().decode()
    with database.write() as session:
        make_account(session, Vault((key,)), slug="shop")
    counters = tmp_path / "counters"
    counters.mkdir()
    env = {
        "DATABASE_URL": database_url,
        "REDIS_URL": valkey_url,
        "REFUND_SYNC_SECRET_KEY": key,
        "REFUND_SYNC_DATA_DIR": str(tmp_path),
        "PROMETHEUS_MULTIPROC_DIR": str(counters),
    }
    with gunicorn(env, tmp_path / "log") as address:
        until(lambda: is_ready(address), LONGEST)
        yield address


def is_ready(address: str) -> bool:
    try:
        return requests.get(f"{address}/readyz", timeout=LONGEST).ok
    except requests.ConnectionError:
        return False


def in_pieces(body: bytes) -> Iterator[bytes]:
    """Yield a body in pieces, which makes `requests` send it in chunks, without a length."""
    size = 65536
    yield from (body[at : at + size] for at in range(0, len(body), size))


def test_deliveries_are_taken_in_and_counted_over_all_processes(
    served: str, database: Database, tmp_path: Path
) -> None:
    def deliver() -> int:
        body = encoded(refund())
        headers = shopify_headers("refunds/create", body)
        return requests.post(
            f"{served}/webhooks/shopify/shop", body, headers=headers, timeout=LONGEST
        ).status_code

    assert race(*[deliver] * DELIVERIES) == [200] * DELIVERIES
    with database.read() as session:
        assert session.scalar(select(func.count(Delivery.id))) == DELIVERIES
    counted = re.compile(
        r'refund_sync_deliveries_total\{outcome="accepted",reason="",source="shopify"\} ([0-9.]+)'
    )
    for _ in range(6):  # whichever process answers
        page = requests.get(f"{served}/metrics", timeout=LONGEST).text
        assert [float(value) for value in counted.findall(page)] == [DELIVERIES]
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines() if line.startswith("{")]
    delivered = [line for line in lines if line["event"] == "delivery"]
    assert [line["outcome"] for line in delivered] == ["accepted"] * DELIVERIES
    assert all(line["woken"] for line in delivered)


def test_chunks_that_are_none_are_not_what_was_signed_there_either(served: str) -> None:
    headers = shopify_headers("refunds/create", encoded(refund())) | {"Transfer-Encoding": "chunked"}
    for broken in (b"zz\r\nabc\r\n0\r\n\r\n", b"-5\r\nabc\r\n", b"5\r\nabcdefgh\r\n", b"5\r\nabc", b""):
        status, answer = exchange(int(served.rpartition(":")[2]), headers, broken)
        assert (status, answer["code"]) in {(401, "incomplete_body"), (401, "wrong_signature")}


def test_chunks_have_a_largest_size_there_too(served: str) -> None:
    sizes = {MAX_BODY: 200, MAX_BODY + 1: 413, 3 * MAX_BODY: 413}
    for size, status in sizes.items():
        body = encoded(refund()).ljust(size)
        headers = shopify_headers("refunds/create", body)
        answer = requests.post(
            f"{served}/webhooks/shopify/shop", in_pieces(body), headers=headers, timeout=LONGEST
        )
        assert answer.status_code == status
