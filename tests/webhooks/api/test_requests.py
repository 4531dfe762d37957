"""Accounts over the API, and what a worker is asked for."""

from typing import Any

import pytest

from ledger import requests
from ledger.clock import utcnow
from ledger.models import Account
from ledger.queue import open_queue
from tests.support.ledger import SECRET, make_refund
from tests.webhooks.api.conftest import PREFIX, Api


def test_accounts_are_shown_without_their_secrets(viewer: Api, shop: Account) -> None:
    (listed,) = viewer.ok("/accounts")["items"]
    assert listed == viewer.ok("/accounts/shop")
    assert (listed["slug"], listed["platform"], listed["netsuite"]) == (shop.slug, "shopify", "books")
    assert SECRET not in str(listed)
    assert not {"credentials", "webhook_secrets"} & set(listed)


@pytest.mark.parametrize("name", ["nobody", "No%20Name", "%00", "..", "x" * 41])
def test_an_account_that_is_not_there_is_not_found(operator: Api, name: str) -> None:
    assert operator.get(f"/accounts/{name}").status_code == 404
    assert operator.post(f"/accounts/{name}/check").status_code == 404


def asked(api: Api, path: str, body: object = None) -> dict[str, Any]:
    answer = api.post(path, body)
    request: dict[str, Any] = answer.get_json()
    assert answer.status_code == 202, answer.text
    assert answer.headers["Location"] == f"{PREFIX}/requests/{request['id']}"
    assert api.ok(f"/requests/{request['id']}") == request
    assert (request["state"], request["result"], request["actor"]) == ("queued", None, "api:operator")
    (job,) = open_queue("shopify", api.redis).get_jobs()
    assert (job.func_name, job.args) == ("workers.jobs.answer_request", [request["id"]])
    return request


@pytest.mark.parametrize("side", [None, "storefront", "netsuite"])
def test_refunds_of_an_order_are_asked_for(operator: Api, shop: Account, side: str | None) -> None:
    request = asked(
        operator, "/accounts/shop/retrieve", {"order": "#1001", "from": side} if side else {"order": "#1001"}
    )
    assert (request["kind"], request["account"]) == ("retrieve", "shop")
    assert request["params"] == {"order": "#1001", "from": side or "netsuite"}
    assert operator.audit("account", shop.id)[-1].actor == "api:operator"


def test_an_account_is_tried_out(operator: Api, shop: Account) -> None:
    assert asked(operator, "/accounts/shop/check")["account"] == shop.slug


def test_it_is_asked_what_would_be_done_with_a_refund(operator: Api, shop: Account) -> None:
    with operator.database.write() as session:
        number = make_refund(session, shop).id
    assert asked(operator, f"/refunds/{number}/dry-run")["params"] == {"refund_id": number}


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/accounts/nobody/retrieve", {"order": "1"}, 404, "not_found"),
        ("/accounts/shop/retrieve", {}, 422, "validation_failed"),
        ("/accounts/shop/retrieve", {"order": "1", "from": "amazon"}, 422, "validation_failed"),
        ("/refunds/9/dry-run", None, 404, "refund_not_found"),
    ],
)
def test_nobody_is_woken_for_what_cannot_be_asked(
    operator: Api, shop: Account, path: str, body: object, status: int, code: str
) -> None:
    assert shop.slug == "shop"
    operator.refused(operator.post(path, body), status, code)
    assert operator.jobs("shopify") == 0


def test_an_answer_is_shown_once_there_is_one(operator: Api, shop: Account) -> None:
    number = asked(operator, "/accounts/shop/check")["id"]
    assert shop.slug == "shop"
    with operator.database.write() as session:
        claimed = requests.claim(session, number, now=utcnow())
        assert claimed is not None
        requests.fail(session, claimed, "BAD_CREDENTIALS", "The credentials were refused.", now=utcnow())
    seen = operator.ok(f"/requests/{number}")
    assert (seen["state"], seen["reason"], seen["detail"]) == (
        "failed",
        "BAD_CREDENTIALS",
        "The credentials were refused.",
    )


def test_a_request_that_is_not_there_is_not_found(operator: Api) -> None:
    operator.refused(operator.get("/requests/9"), 404, "request_not_found")
