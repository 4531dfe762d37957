"""What Prometheus reads: of the ledger, of the queues, and of what the workers counted."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis
from sqlalchemy import update

from ledger.clock import utcnow
from ledger.counters import ATTEMPTS, POSTED, QUOTA, Counters
from ledger.database import Database
from ledger.models import Account, Refund
from ledger.queue import Waker
from ledger.secrets import Vault
from ledger.settings import Settings
from ledger.states import State
from tests.support.ledger import make_refund, make_seen
from tests.webhooks.conftest import Web
from tests.webhooks.platforms import refund
from webhooks.app import create_app

TOKEN = "metrics-0123456789abcdef"

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def read(page: str) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def test_refunds_that_are_not_settled_are_counted_with_the_age_of_the_oldest(web: Web, shop_id: int) -> None:
    with web.database.write() as session:
        account = session.get_one(Account, shop_id)
        row = make_refund(session, account, make_seen(), now=utcnow())
        since = utcnow() - timedelta(hours=2)
        values = {"state": State.ERROR, "reason": "REFUSED", "updated_at": since}
        session.execute(update(Refund).where(Refund.id == row.id).values(**values))
    web.shopify("refunds/create", refund())
    found = read(web.client.get("/metrics").text)
    assert found["refund_sync_refunds", (("reason", "REFUSED"), ("state", "error"))] == 1
    assert 7200 <= found["refund_sync_oldest_seconds", (("state", "error"),)] < 7300
    assert found["refund_sync_deliveries_unsettled", (("state", "received"),)] == 1
    assert found["refund_sync_ledger_up", ()] == found["refund_sync_queue_up", ()] == 1


def test_what_waits_in_a_queue_and_what_workers_counted_is_shown(web: Web, valkey_url: str) -> None:
    with Redis.from_url(valkey_url) as redis:
        Waker(redis).refunds("netsuite", [1, 2])
        counters = Counters(redis)
        counters.add(ATTEMPTS, "post", "POSTED")
        counters.set(QUOTA, "shopify", "my-shop", "points", value=1800)
        for seconds in (0.2, 0.2, 4000.0):
            counters.observe(POSTED, "shopify", "no", seconds=seconds)
        counters.flush()
    found = read(web.client.get("/metrics").text)
    assert found["refund_sync_queue_depth", (("queue", "netsuite"),)] == 2
    assert found["refund_sync_queue_depth", (("queue", "amazon"),)] == 0
    assert found["refund_sync_attempts_total", (("outcome", "post"), ("reason", "POSTED"))] == 1
    quota = (("account", "my-shop"), ("platform", "shopify"), ("resource", "points"))
    assert found["refund_sync_platform_quota_left", quota] == 1800
    name = "refund_sync_webhook_to_posted_seconds"
    direct = (("source", "shopify"), ("waited", "no"))
    assert [found[f"{name}_bucket", (("le", bound), *direct)] for bound in ("0.1", "0.25", "+Inf")] == [
        0,
        2,
        3,
    ]
    assert found[f"{name}_sum", direct] == 4000.4
    assert found[f"{name}_count", direct] == 3


def test_without_ledger_and_redis_the_page_says_so_and_shows_the_rest(tmp_path: Path) -> None:
    gone = f"postgresql+psycopg://x:very-secret@127.0.0.1:1/{tmp_path.name}"
    settings = Settings(gone, "redis://127.0.0.1:1", (), "", tmp_path, "json", allow_private_urls=False)
    page = create_app(settings).test_client().get("/metrics")
    found = read(page.text)
    assert page.status_code == 200
    assert found["refund_sync_ledger_up", ()] == found["refund_sync_queue_up", ()] == 0
    assert "very-secret" not in page.text


def test_without_redis_the_ledgers_part_is_shown(
    settings: Settings, database: Database, vault: Vault
) -> None:
    app = create_app(replace(settings, redis_url="redis://127.0.0.1:1"), database=database, vault=vault)
    found = read(app.test_client().get("/metrics").text)
    assert found["refund_sync_ledger_up", ()] == 1
    assert found["refund_sync_queue_up", ()] == 0


@pytest.fixture
def guarded(settings: Settings, database: Database, vault: Vault) -> FlaskClient:
    """The web process of an installation whose metrics take a token."""
    app = create_app(replace(settings, metrics_token=TOKEN), database=database, vault=vault)
    return app.test_client()


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_with_a_token_metrics_are_for_whoever_has_it(guarded: FlaskClient, scheme: str) -> None:
    answer = guarded.get("/metrics", headers={"Authorization": f"{scheme} {TOKEN}"})
    assert answer.status_code == 200
    assert read(answer.text)["refund_sync_ledger_up", ()] == 1


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN],
)
def test_without_it_they_are_refused_and_nothing_is_told(guarded: FlaskClient, header: str | None) -> None:
    answer = guarded.get("/metrics", headers={} if header is None else {"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="refund-sync metrics"'
    assert answer.json is not None
    assert answer.json["code"] == "unauthorized"
    assert "refund_sync_" not in answer.text
    assert TOKEN not in answer.text


def test_a_token_for_metrics_opens_and_closes_nothing_else(guarded: FlaskClient) -> None:
    assert guarded.get("/healthz").status_code == guarded.get("/readyz").status_code == 200
    told = guarded.get("/api/v1/refunds", headers={"Authorization": f"Bearer {TOKEN}"})
    assert told.status_code == 401
