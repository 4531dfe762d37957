"""What is sent twice under one key is done once."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from ledger import idempotency
from ledger.clock import utcnow
from ledger.database import Database
from ledger.models import Account, KeptAnswer, Request, Role
from ledger.secrets import Vault
from ledger.settings import Settings
from tests.support.racing import race
from tests.webhooks.api.conftest import PREFIX, Api, make_token
from tests.webhooks.conftest import Line
from webhooks.app import create_app

Ask = Callable[..., TestResponse]
KEY = "5f3a1c1e-7a8e-4a3b-9d52-0c4bd7f3a1de"


@pytest.fixture
def ask(operator: Api, shop: Account) -> Ask:
    """Asks for the refunds of an order, under a key."""
    assert shop.slug == "shop"

    def asked(order: str = "1001", key: str = KEY) -> TestResponse:
        return operator.post("/accounts/shop/retrieve", {"order": order}, Idempotency_Key=key)

    return asked


def made(database: Database) -> int:
    """Return how many requests there are."""
    with database.read() as session:
        return session.scalar(select(func.count(Request.id))) or 0


def test_the_same_request_is_answered_the_same_and_done_once(ask: Ask, operator: Api) -> None:
    first, second = ask(), ask()
    for name in ("Location", "Content-Type"):
        assert first.headers[name] == second.headers[name]
    assert (first.status_code, first.data) == (second.status_code, second.data)
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert made(operator.database) == operator.jobs("shopify") == 1


def test_without_a_key_it_is_done_each_time(operator: Api, shop: Account) -> None:
    for _ in range(2):
        operator.did(f"/accounts/{shop.slug}/check", status=202)
    assert made(operator.database) == 2


def test_a_refusal_is_answered_the_same_too(operator: Api, ask: Ask) -> None:
    for replayed in (None, "true"):
        answer = ask(order="")
        operator.refused(answer, 422, "validation_failed")
        assert answer.headers.get("Idempotent-Replayed") == replayed


def test_another_request_under_the_key_is_refused(operator: Api, ask: Ask) -> None:
    ask()
    operator.refused(ask(order="1002"), 422, "idempotency_key_reused")
    operator.refused(
        operator.post("/accounts/shop/check", {"order": "1001"}, Idempotency_Key=KEY),
        422,
        "idempotency_key_reused",
    )
    assert made(operator.database) == 1


def test_one_token_knows_nothing_of_anothers_keys(operator: Api, ask: Ask) -> None:
    ask()
    operator.token = make_token(operator.database, Role.OPERATOR, "other")
    assert "Idempotent-Replayed" not in ask().headers
    assert made(operator.database) == 2


def test_of_racing_requests_one_is_done(app: Flask, operator: Api, ask: Ask) -> None:
    operator.ok("/accounts")

    def send() -> int:
        headers = {"Authorization": f"Bearer {operator.token}", "Idempotency-Key": KEY}
        path = f"{PREFIX}/accounts/shop/retrieve"
        return app.test_client().post(path, json={"order": "1001"}, headers=headers).status_code

    statuses = race(*[send] * 4)
    assert 202 in statuses
    assert set(statuses) <= {202, 409}
    assert made(operator.database) == 1


def test_a_request_under_way_is_not_begun_again(operator: Api, ask: Ask) -> None:
    ask()
    with operator.database.write() as session:
        session.execute(update(KeptAnswer).values(status=idempotency.UNDER_WAY))
    operator.refused(ask(), 409, "idempotency_key_in_use")


def test_a_day_later_the_key_is_free(operator: Api, ask: Ask) -> None:
    ask()
    with operator.database.write() as session:
        session.execute(update(KeptAnswer).values(began_at=utcnow() - timedelta(days=1)))
    assert "Idempotent-Replayed" not in ask(order="1002").headers


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "é"])
def test_what_is_no_key_is_refused(operator: Api, ask: Ask, key: str) -> None:
    operator.refused(ask(key=key), 400, "bad_idempotency_key")
    assert made(operator.database) == 0


def test_a_look_needs_no_key_and_keeps_no_answer(operator: Api) -> None:
    for _ in range(2):
        assert operator.get("/refunds", Idempotency_Key=KEY).headers.get("Idempotent-Replayed") is None


def test_who_may_not_act_takes_no_key(viewer: Api, ask: Ask) -> None:
    viewer.refused(viewer.post("/accounts/shop/check", Idempotency_Key=KEY), 403, "forbidden")
    assert ask().status_code == 202


def test_what_failed_on_our_side_may_be_sent_again(
    app: Flask, operator: Api, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    rule = next(
        each for each in app.url_map.iter_rules() if each.rule == f"{PREFIX}/accounts/<slug>/retrieve"
    )

    def fail(**_: object) -> str:
        raise ZeroDivisionError

    fail.__dict__.update(app.view_functions[rule.endpoint].__dict__)
    with monkeypatch.context() as patched:
        patched.setitem(app.view_functions, rule.endpoint, fail)
        operator.refused(ask(), 500, "internal_server_error")
    assert ask().status_code == 202


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(
    settings: Settings, database: Database, vault: Vault, operator: Api, shop: Account, log: list[Line]
) -> None:
    impatient = Database(settings.database_url, patience=0.1)
    app = create_app(settings, database=impatient, vault=vault)
    operator.client = app.test_client()
    rule = next(each for each in app.url_map.iter_rules() if each.rule == f"{PREFIX}/accounts/<slug>/check")
    check = app.view_functions[rule.endpoint]

    with ExitStack() as others:

        def check_and_be_held_up(slug: str) -> object:
            answer = check(slug=slug)
            session = others.enter_context(database.write())
            session.execute(update(KeptAnswer).values(body="of somebody else"))
            return answer

        check_and_be_held_up.__dict__.update(check.__dict__)
        app.view_functions[rule.endpoint] = check_and_be_held_up  # type: ignore[assignment] # what `check` returns
        answer = operator.post(f"/accounts/{shop.slug}/check", Idempotency_Key=KEY)
    impatient.dispose()
    assert answer.status_code == 202
    assert "answer_not_kept" in [line["event"] for line in log]
