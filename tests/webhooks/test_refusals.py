"""What is refused, and what is answered while something of ours is down, on both databases."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from ledger import accounts
from ledger.clock import utcnow
from ledger.database import Database
from ledger.platforms import Platform
from ledger.queue import Waker, connect
from ledger.secrets import Vault
from ledger.settings import Settings
from tests.support.ledger import NOW, SECRET, make_account
from tests.support.waiting import until
from tests.webhooks.conftest import Line, Web, counted
from tests.webhooks.platforms import (
    change,
    encoded,
    netsuite_headers,
    refund,
    shopify_headers,
)
from webhooks.app import create_app
from webhooks.door import MAX_BODY

# Nobody there


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/webhooks/shopify/nobody", "unknown_account"),
        ("/webhooks/shopify/books", "unknown_account"),
        ("/webhooks/netsuite/shop", "unknown_account"),
        ("/webhooks/netsuite/nobody", "unknown_account"),
        ("/webhooks/shopify/magento-shop", "unknown_account"),
        ("/webhooks/shopify/SHOP", "unknown_account"),
        ("/webhooks/shopify/shop%00", "unknown_account"),
        ("/webhooks/shopify/%ff%fe", "unknown_account"),
        ("/webhooks/shopify/%ed%a0%80", "unknown_account"),
        ("/webhooks/shopify/" + "x" * 1000, "unknown_account"),
        ("/webhooks/shopify/shop'--", "unknown_account"),
        ("/webhooks/nobody/shop", "unknown_source"),
        ("/webhooks/woocommerce/nobody", "unknown_source"),
    ],
)
def test_unknown_addresses_have_one_answer(
    web: Web, vault: Vault, log: list[Line], path: str, reason: str
) -> None:
    with web.database.write() as session:
        make_account(session, vault, platform=Platform.MAGENTO)
    body = encoded(refund())
    source = path.split("/")[2] if path.split("/")[2] in {"shopify", "netsuite"} else "unknown"
    with counted(source=source, outcome="refused", reason=reason) as grown:
        answer = web.post(path, body, shopify_headers("refunds/create", body))
    assert answer.status_code == 404
    assert answer.json == {"code": "not_found", "message": "Nothing matches the given URI"}
    assert web.deliveries() == []
    assert grown == [1]
    assert [(line["reason"], line["outcome"]) for line in log] == [(reason, "refused")]


def test_addresses_of_no_kind_have_that_answer_too(web: Web) -> None:
    known = web.post("/webhooks/nobody/nobody", b"", {})
    for path in ("/webhooks/shopify", "/webhooks/shopify/", "/webhooks/shopify/shop/more", "/nothing"):
        answer = web.post(path, b"", {})
        assert (answer.status_code, answer.json) == (404, known.json)


def test_a_new_account_receives_at_once(web: Web, vault: Vault) -> None:
    body = encoded(refund())
    headers = shopify_headers("refunds/create", body, {"shop_domain": "new.myshopify.com"})
    assert web.post("/webhooks/shopify/new", body, headers).status_code == 404
    with web.database.write() as session:
        make_account(session, vault, slug="new", storefront_id="new.myshopify.com")
    assert web.post("/webhooks/shopify/new", body, headers).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_only_posts_are_deliveries(web: Web, method: str) -> None:
    answer = web.client.open("/webhooks/shopify/shop", method=method)
    assert (answer.status_code, answer.json and answer.json["code"]) == (405, "method_not_allowed")
    assert "POST" in answer.headers["Allow"]


# Not signed


def unsigned(web: Web, case: str) -> TestResponse:
    body = encoded(refund() if case.startswith("shopify") else change())
    soon, late = (datetime.fromtimestamp(utcnow().timestamp() + s, UTC) for s in (400, -400))
    shopify = shopify_headers("refunds/create", body)
    netsuite = netsuite_headers(body, at=utcnow())
    headers = {
        "shopify missing": shopify_headers("refunds/create", body, {"hmac_sha256": None}),
        "shopify wrong": shopify_headers("refunds/create", body, secret="a-wrong-secret"),
        "shopify other shop": shopify_headers("refunds/create", body, {"shop_domain": "x.myshopify.com"}),
        "shopify as netsuite": netsuite_headers(body, at=utcnow()),
        "netsuite missing": {"X-NS-Timestamp": netsuite["X-NS-Timestamp"]},
        "netsuite wrong": netsuite_headers(body, at=utcnow(), secret="a-wrong-secret"),
        "netsuite stale": netsuite_headers(body, at=late),
        "netsuite from the future": netsuite_headers(body, at=soon),
        "netsuite no time": netsuite_headers(body, timestamp="now"),
        "netsuite as shopify": shopify,
    }[case]
    path = "/webhooks/shopify/shop" if case.startswith("shopify") else "/webhooks/netsuite/books"
    return web.post(path, body, headers)


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("shopify missing", "missing_signature"),
        ("shopify wrong", "wrong_signature"),
        ("shopify other shop", "wrong_shop"),
        ("shopify as netsuite", "missing_signature"),
        ("netsuite missing", "missing_signature"),
        ("netsuite wrong", "wrong_signature"),
        ("netsuite stale", "stale"),
        ("netsuite from the future", "from_the_future"),
        ("netsuite no time", "bad_timestamp"),
        ("netsuite as shopify", "missing_signature"),
    ],
)
def test_what_is_not_signed_is_refused_and_not_kept(
    web: Web, log: list[Line], case: str, reason: str
) -> None:
    with counted(source=case.partition(" ")[0], outcome="refused", reason=reason) as grown:
        answer = unsigned(web, case)
    assert (answer.status_code, answer.json and answer.json["code"]) == (401, reason)
    assert web.deliveries() == []
    assert grown == [1]
    assert [(line["log_level"], line["reason"]) for line in log] == [("warning", reason)]


def test_a_rotated_secret_counts_at_once_and_the_one_before_it_still_does(web: Web, vault: Vault) -> None:
    secrets = [SECRET, "second-secret-0123456789", "third-secret-0123456789"]

    def answers() -> list[int]:
        body = encoded(refund())
        return [
            web.post(
                "/webhooks/shopify/shop", body, shopify_headers("refunds/create", body, secret=secret)
            ).status_code
            for secret in secrets
        ]

    def rotate(secret: str) -> None:
        with web.database.write() as session:
            account = accounts.by_slug(session, "shop")
            accounts.rotate_secret(session, vault, account, secret, now=NOW, actor="test")

    assert answers() == [200, 401, 401]
    rotate(secrets[1])
    assert answers() == [200, 200, 401]
    rotate(secrets[2])
    assert answers()[1:] == [200, 200]
    until(lambda: answers() == [401, 200, 200])  # what is no longer live may be taken for `endpoints.KEPT`


# Too large


@pytest.mark.parametrize(("size", "status"), [(MAX_BODY, 200), (MAX_BODY + 1, 413)])
def test_a_body_has_a_largest_size(web: Web, log: list[Line], size: int, status: int) -> None:
    body = encoded(refund()).ljust(size)
    assert web.shopify("refunds/create", body).status_code == status
    assert len(web.deliveries()) == (status == 200)
    assert [line["reason"] for line in log] == (["too_large"] if status == 413 else [""])


# When something of ours is down


def test_without_redis_a_delivery_is_accepted_and_left_to_the_scheduler(
    settings: Settings, database: Database, vault: Vault, shop_id: int, log: list[Line]
) -> None:
    assert shop_id
    waker = Waker(connect("redis://127.0.0.1:1", timeout=0.5))
    client = create_app(settings, database=database, vault=vault, waker=waker).test_client()
    body = encoded(refund())
    answer = client.post("/webhooks/shopify/shop", data=body, headers=shopify_headers("refunds/create", body))
    assert answer.status_code == 200
    assert [(line["outcome"], line["woken"]) for line in log] == [("accepted", False)]


def is_unavailable(web: Web, log: list[Line], reason: str) -> None:
    answer = web.shopify("refunds/create", refund())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert answer.json is not None
    assert answer.json["code"] == reason
    assert [(line["log_level"], line["reason"]) for line in log] == [("error", reason)]


def test_with_the_ledger_failing_half_way_the_platform_is_asked_to_come_again(
    web: Web, log: list[Line]
) -> None:
    with web.database.write() as session:
        session.execute(text("DROP TABLE deliveries"))
    is_unavailable(web, log, "ledger_unreachable")


def test_with_a_secret_nobody_can_open_the_platform_is_asked_to_come_again(web: Web, log: list[Line]) -> None:
    with web.database.write() as session:
        accounts.by_slug(session, "shop").webhook_secrets = b"sealed with a lost key"
    is_unavailable(web, log, "secret_unreadable")


def test_with_settings_of_another_version_the_platform_is_asked_to_come_again(
    web: Web, log: list[Line]
) -> None:
    with web.database.write() as session:
        accounts.by_slug(session, "shop").settings = {"of_the_future": True}
    is_unavailable(web, log, "unknown_setting")


@pytest.mark.parametrize("scheme", ["sqlite", "postgresql"])
def test_without_the_ledger_the_platform_is_asked_to_come_again(
    tmp_path: Path, vault: Vault, log: list[Line], scheme: str
) -> None:
    url = f"sqlite:///{tmp_path}/gone/x.db" if scheme == "sqlite" else "postgresql+psycopg://x@127.0.0.1:1/x"
    database = Database(url)
    if scheme == "sqlite":
        (tmp_path / "gone").rmdir()
    settings = Settings(url, "redis://127.0.0.1:1", (), "", tmp_path, "json", allow_private_urls=False)
    client = create_app(settings, database=database, vault=vault).test_client()
    body = encoded(refund())
    answer = client.post("/webhooks/shopify/shop", data=body, headers=shopify_headers("refunds/create", body))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert [line["reason"] for line in log] == ["ledger_unreachable"]


def test_a_failure_nobody_foresaw_shows_nothing_of_the_inside(
    web: Web, vault: Vault, log: list[Line]
) -> None:
    with web.database.write() as session:
        accounts.by_slug(session, "shop").webhook_secrets = vault.seal(5)
    answer = web.shopify("refunds/create", refund())
    assert (answer.status_code, answer.json and answer.json["code"]) == (500, "internal_server_error")
    assert "Traceback" not in answer.text
    assert [(line["event"], line["reason"], line["log_level"]) for line in log] == [
        ("failed", "INTERNAL", "error")
    ]
