"""Deliveries that take the door, and what goes Flask's way: both end alike."""

import io
from collections.abc import Iterable
from typing import Any

import pytest
from sqlalchemy import delete
from werkzeug.test import EnvironBuilder

from ledger.models import Delivery
from ledger.secrets import Vault
from tests.support.ledger import make_account
from tests.webhooks.conftest import Line, Web
from tests.webhooks.platforms import encoded, refund, shopify_headers
from webhooks.door import Door, Failure
from webhooks.receive import Reception

BODY = encoded(refund())
PATH = "/webhooks/shopify/shop"
HEADERS = shopify_headers("refunds/create", BODY)


def test_a_delivery_does_not_reach_flask(web: Web) -> None:
    app, asked = web.client.application, []
    app.before_request_funcs.setdefault(None, []).append(lambda: asked.append(1))
    try:
        answer = web.client.post(PATH, data=BODY, headers=HEADERS)
        assert (answer.status_code, answer.json, asked) == (200, {"outcome": "accepted"}, [])
        web.client.get("/livez")
        assert asked == [1]
    finally:
        app.before_request_funcs[None].pop()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/webhooks/shopify/shöp", 404),
        ("POST", "/webhooks/shopify/shop/", 404),
        ("POST", "/webhooks/shopify", 404),
        ("POST", "/webhooks/shopify/", 404),
        ("POST", "/webhooks//shop", 404),
        ("POST", "/webhooks//shopify/shop", 308),  # as Flask has it of two slashes
        ("POST", "/webhooks", 404),
        ("POST", "/webhooksshopify/shop", 404),
        ("PUT", "/webhooks/shopify/shop", 405),
        ("GET", "/webhooks/shopify/shop", 404),
        ("POST", "/webhooks/shopify/other", 404),
        ("POST", "/webhooks/shopify/a%20b", 404),
        ("POST", "/webhooks/shopify/%00", 404),
        ("POST", "/webhooks/%F0%28%8C%BC/shop", 404),
        ("POST", "/webhooks/other/shop", 404),
    ],
)
def test_whatever_the_address_the_answer_is_no_failure_and_nothing_is_written(
    web: Web, method: str, path: str, status: int
) -> None:
    answer = web.client.open(path, method=method, data=BODY, headers=HEADERS)
    assert answer.status_code == status
    assert web.deliveries() == []


@pytest.mark.parametrize(
    ("path", "change", "status"),
    [
        (PATH, {}, "200 OK"),
        (PATH, {"X-Shopify-Hmac-Sha256": ""}, "401 UNAUTHORIZED"),
        (PATH, {"X-Shopify-Topic": "orders/invented"}, "200 OK"),
        ("/webhooks/shopify/other", {}, "404 NOT FOUND"),
        ("/webhooks/invented/shop", {}, "404 NOT FOUND"),
        ("/webhooks/shopify/odd", {}, "503 SERVICE UNAVAILABLE"),
    ],
)
def test_flasks_way_is_the_same_way(
    web: Web, vault: Vault, log: list[Line], path: str, change: dict[str, str], status: str
) -> None:
    with web.database.write() as session:
        odd = make_account(session, vault, slug="odd", storefront_id="odd.myshopify.com")
        odd.settings = {"of_the_future": True}
    inner = vars(web.client.application.wsgi_app)["_inner"]
    headers = [*(HEADERS | change).items()]
    answers = []
    for app in (web.client.application.wsgi_app, inner):
        environ = EnvironBuilder(path, method="POST", data=BODY, headers=headers).get_environ()
        answers.append(answer_of(app, environ))
        with web.database.write() as session:
            session.execute(delete(Delivery))
    (through, headers_through, body_through), (flasks, headers_flasks, body_flasks) = answers
    assert through.upper() == flasks.upper() == status
    assert body_through == body_flasks
    assert headers_through.items() <= headers_flasks.items()
    fields = {"outcome", "reason", "status", "topic", "level"}
    first, second = ({name: line.get(name) for name in fields} for line in log)
    assert first == second


def test_of_the_same_delivery_by_both_ways_the_second_is_a_duplicate(web: Web, log: list[Line]) -> None:
    door = web.client.application.wsgi_app
    assert isinstance(door, Door)
    answers = [
        answer_of(
            each, EnvironBuilder(PATH, method="POST", data=BODY, headers=[*HEADERS.items()]).get_environ()
        )
        for each in (door, vars(door)["_inner"])
    ]
    assert [(status, body) for status, _, body in answers] == [
        ("200 OK", b'{"outcome": "accepted"}'),
        ("200 OK", b'{"outcome": "duplicate"}'),
    ]
    assert [line["outcome"] for line in log] == ["accepted", "duplicate"]
    for _, headers, _ in answers:
        assert headers["Content-Type"] == "application/json"
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_what_nobody_foresaw_is_told_and_answered(web: Web) -> None:
    class OddError(Exception):
        """Nobody has thought of it."""

    class Broken(Reception):
        """Fails at once."""

        def receive(self, *_args: Any, **_more: Any) -> Any:  # noqa: ANN401 - whatever it is asked
            raise OddError

    told: list[tuple[str, str, Failure]] = []

    def otherwise(_environ: object, _start: object) -> Iterable[bytes]:
        raise AssertionError

    real: Reception = vars(web.client.application.wsgi_app)["_reception"]
    broken = Broken(real.database, real.directory, real.intake, real.repeats)
    door = Door(broken, otherwise, lambda *failure: told.append(failure))
    environ = EnvironBuilder(PATH, method="POST", input_stream=io.BytesIO(BODY))
    status, _, body = answer_of(door, environ.get_environ())
    assert status == "500 Internal Server Error"
    assert b"internal_server_error" in body
    assert [(method, path, kind) for method, path, (kind, _, _) in told] == [("POST", PATH, OddError)]


def answer_of(door: Any, environ: dict[str, Any]) -> tuple[str, dict[str, str], bytes]:  # noqa: ANN401 - WSGI
    """Return status, headers and body."""
    began: list[tuple[str, list[tuple[str, str]]]] = []
    body = b"".join(door(environ, lambda status, headers, *_: began.append((status, headers))))
    ((status, headers),) = began
    return status, dict(headers), body
