from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from ledger.database import Database
from ledger.secrets import Vault
from ledger.settings import Settings
from tests.webhooks.conftest import Web
from tests.webhooks.platforms import refund
from webhooks.app import create_app

GONE = "redis://:very-secret@127.0.0.1:1"


def test_a_process_that_answers_lives_whatever_else_is_down(tmp_path: Path) -> None:
    gone = f"postgresql+psycopg://x:very-secret@127.0.0.1:1/{tmp_path.name}"
    settings = Settings(gone, GONE, (), "", tmp_path, "json", allow_private_urls=False)
    answer = create_app(settings).test_client().get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_a_process_is_ready_when_all_it_needs_is_there(web: Web) -> None:
    answer = web.client.get("/readyz")
    checks = {"ledger": "ok", "queue": "ok", "schema": "ok"}
    assert (answer.status_code, answer.json) == (200, {"status": "ready", "checks": checks})


def test_without_redis_it_is_not_ready_and_says_so_without_the_password(
    settings: Settings, database: Database, vault: Vault
) -> None:
    app = create_app(replace(settings, redis_url=GONE), database=database, vault=vault)
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {
        "status": "not_ready",
        "checks": {"ledger": "ok", "queue": "cannot be reached (ConnectionError)", "schema": "ok"},
    }


def test_with_another_schema_it_is_not_ready(web: Web) -> None:
    with web.database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    answer = web.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert "refund-sync migrate" in answer.json["checks"]["schema"]


@pytest.mark.parametrize("scheme", ["sqlite", "postgresql"])
def test_without_the_ledger_it_is_not_ready_and_says_so_without_the_password(
    tmp_path: Path, valkey_url: str, scheme: str
) -> None:
    gone = f"sqlite:///{tmp_path}/gone/x.db"
    url = gone if scheme == "sqlite" else "postgresql+psycopg://x:very-secret@127.0.0.1:1/x"
    settings = Settings(url, valkey_url, (), "", tmp_path, "json", allow_private_urls=False)
    app = create_app(settings)
    if scheme == "sqlite":
        (tmp_path / "gone").rmdir()
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    failed = "cannot be reached (OperationalError)"
    assert answer.json["checks"] == {"ledger": failed, "queue": "ok", "schema": failed}


def test_deliveries_are_counted_by_what_became_of_them(web: Web) -> None:
    web.shopify("refunds/create", refund())
    web.shopify("refunds/create", refund(), hmac_sha256=None)
    page = web.client.get("/metrics")
    assert page.content_type.startswith("text/plain")
    for labels in ('outcome="accepted",reason=""', 'outcome="refused",reason="missing_signature"'):
        assert f'refund_sync_deliveries_total{{{labels},source="shopify"}}' in page.text
