"""Who may do what: every operation, with a token of every role and with none."""

from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from typing import Final

import pytest
from flask import Flask

from ledger import people
from ledger.clock import utcnow
from ledger.database import Database
from ledger.models import Account, Role
from ledger.states import State
from tests.webhooks.api.conftest import PREFIX, Api, make_token
from tests.webhooks.api.furnished import Furnished, furnish
from tests.webhooks.conftest import Web

DESCRIPTION: Final = f"{PREFIX}/openapi.json"
LOOKS: Final = {
    "/accounts",
    "/accounts/<slug>",
    "/deliveries",
    "/deliveries/<number>",
    "/reconciliations",
    "/reconciliations/<number>",
    "/reconciliations/<number>/items",
    "/refunds",
    "/refunds/<number>",
    "/requests/<number>",
    "/runs",
    "/runs/<number>",
    "/runs/<number>/items",
}
ACTS: Final = {
    "/accounts/<slug>/check",
    "/accounts/<slug>/retrieve",
    "/deliveries/<number>/replay",
    "/reconciliations",
    "/reconciliations/<number>/stop",
    "/refunds/<number>/cancel",
    "/refunds/<number>/dry-run",
    "/refunds/<number>/post",
    "/refunds/<number>/resolve",
    "/refunds/<number>/retry",
    "/refunds/<number>/uncancel",
    "/refunds/bulk",
    "/runs",
    "/runs/<number>/stop",
}


def operations(app: Flask) -> Iterator[tuple[str, str]]:
    """Yield method and path of everything below the API's prefix, but for its description."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(PREFIX) and rule.rule != DESCRIPTION:
            path = "".join("<number>" if is_int(part) else part for part in pieces(rule.rule))
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                yield method, path.removeprefix(PREFIX)


def pieces(rule: str) -> Iterator[str]:
    """Yield a rule's parts, each converter one of its own."""
    while "<" in rule:
        before, _, rule = rule.partition("<")
        inside, _, rule = rule.partition(">")
        yield before
        yield f"<{inside}>"
    yield rule


def is_int(part: str) -> bool:
    return part.startswith("<int")


def test_these_are_all_operations(app: Flask) -> None:
    assert set(operations(app)) == {("GET", path) for path in LOOKS} | {("POST", path) for path in ACTS}


def asked(api: Api, method: str, path: str, there: Furnished) -> int:
    numbers = {
        "refunds": there.refunds[State.ERROR],
        "deliveries": there.quarantined,
        "runs": there.run,
        "reconciliations": there.reconciliation,
        "requests": there.request,
    }
    number = str(numbers.get(path.split("/")[1], ""))
    address = PREFIX + path.replace("<number>", number).replace("<slug>", "shop")
    headers = {"Authorization": f"Bearer {api.token}"} if api.token else {}
    return api.client.open(address, method=method, headers=headers, json={}).status_code


@pytest.mark.parametrize("role", [None, *Role])
def test_every_operation_is_open_to_its_least_role_and_above(
    app: Flask, web: Web, shop: Account, tokens: dict[Role, str], role: Role | None
) -> None:
    there = furnish(web.database, shop, now=utcnow())
    api = Api(web.client, web.database, web.redis, tokens[role] if role else "")
    refused = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    for method, path in operations(app):
        status = asked(api, method, path, there)
        if role is None:
            assert status == HTTPStatus.UNAUTHORIZED, path
        elif method == "POST" and role is Role.VIEWER:
            assert status == HTTPStatus.FORBIDDEN, path
        else:
            assert status not in refused, path
            assert status != HTTPStatus.NOT_FOUND, path  # or it would show nothing of who may
            assert status < HTTPStatus.INTERNAL_SERVER_ERROR, path


def test_what_a_role_may_not_do_is_not_done(viewer: Api, shop: Account) -> None:
    said = viewer.refused(viewer.post("/accounts/shop/check"), 403, "forbidden")
    assert said["message"] == "This needs the role operator; the token's is viewer."
    assert [entry.action for entry in viewer.audit("account", shop.id)] == ["add"]
    assert viewer.jobs("shopify") == 0


def test_a_refusal_tells_which_role_is_needed(viewer: Api) -> None:
    challenge = viewer.post("/accounts/shop/check").headers["WWW-Authenticate"]
    assert challenge == 'Bearer realm="refund-sync", error="insufficient_scope", scope="operator"'


def test_without_a_token_one_is_asked_for(nobody: Api) -> None:
    answer = nobody.get("/refunds")
    nobody.refused(answer, 401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="refund-sync"'


@pytest.mark.parametrize(
    "header", ["Basic YTpi", "Bearer", "Bearer ", "rst_abc", "Bearer rst_abc", "Bearer é", "bearer x y"]
)
def test_what_is_no_live_token_is_refused(nobody: Api, header: str) -> None:
    nobody.refused(nobody.get("/refunds", Authorization=header), 401, "unauthorized")


def test_a_token_that_is_none_is_told_apart_from_none(nobody: Api) -> None:
    nobody.token = "rst_of_somebody_else"
    challenge = nobody.get("/refunds").headers["WWW-Authenticate"]
    assert challenge == 'Bearer realm="refund-sync", error="invalid_token"'


def test_the_schemes_name_may_be_written_in_any_case(viewer: Api) -> None:
    assert viewer.get("/refunds", Authorization=f"bEaReR {viewer.token}").status_code == HTTPStatus.OK


def test_expired_and_revoked_tokens_are_refused(nobody: Api, database: Database) -> None:
    nobody.token = make_token(database, Role.ADMIN, "old", now=utcnow() - timedelta(days=1, seconds=1))
    nobody.refused(nobody.get("/refunds"), 401, "unauthorized")
    nobody.token = make_token(database, Role.ADMIN, "gone")
    nobody.ok("/refunds")
    with database.write() as session:
        people.revoke_token(session, "gone", now=utcnow(), actor="test")
    nobody.refused(nobody.get("/refunds"), 401, "unauthorized")


def test_no_answer_of_the_api_is_cached_or_guessed_at(viewer: Api, nobody: Api) -> None:
    for answer in (viewer.get("/refunds"), nobody.get("/refunds"), viewer.get("/refunds/9")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_look_may_be_at_the_head_only(viewer: Api) -> None:
    answer = viewer.client.head(f"{PREFIX}/refunds", headers={"Authorization": f"Bearer {viewer.token}"})
    assert (answer.status_code, answer.data) == (HTTPStatus.OK, b"")
