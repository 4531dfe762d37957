"""A worker that is at work, seen with its job."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from ledger.database import Database
from tests.cli.processes import PATIENCE, family
from tests.support.databases import Clone
from tests.support.waiting import until
from tests.webhooks.dashboard.conftest import Desk


@pytest.fixture
def ledger_url(postgresql: Clone) -> Iterator[str]:
    """A ledger whose tables can be locked, so that a job waits."""
    with postgresql() as url:
        yield url


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Hold every refund: whoever wants to read one waits."""
    database = Database(url)
    try:
        with database.write() as session:
            session.execute(text("LOCK TABLE refunds IN ACCESS EXCLUSIVE MODE"))
            yield
    finally:
        database.dispose()


def workers(desk: Desk) -> list[dict[str, object]]:
    answer = desk.get("/0/data/workers.json")
    assert answer.json is not None
    return list(answer.json["workers"])


def test_without_workers_there_are_none(desk: Desk) -> None:
    assert workers(desk) == []


def test_a_busy_worker_is_seen_with_its_job(
    desk: Desk, ledger_url: str, valkey_url: str, tmp_path: Path
) -> None:
    settings = {
        "DATABASE_URL": ledger_url,
        "REDIS_URL": valkey_url,
        "REFUND_SYNC_SECRET_KEY": Fernet.generate_key().decode(),
        "REFUND_SYNC_DATA_DIR": str(tmp_path),
    }
    with locked(ledger_url), family(**settings) as processes:
        job = desk.refund(17)
        processes.start("worker", "shopify")
        until(lambda: [worker for worker in workers(desk) if worker["state"] == "busy"], PATIENCE)
        (worker,) = workers(desk)
        (started,) = desk.jobs("started")
        shown = desk.job(job.id)
    assert worker["queues"] == ["shopify"]
    assert worker["job_id"] == started["id"] == job.id
    assert isinstance(worker["job"], dict)
    assert worker["job"]["description"] == "Carry refund 17 of shopify"
    assert worker["job"]["page"] == "/refunds/17"
    assert (shown["status"], shown["exc_info"]) == ("started", "")
    assert shown["started_at"]
