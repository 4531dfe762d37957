"""Nothing here takes files: no route reads a form that may hold some, and no page has a field for one."""

import re
from http import HTTPStatus
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import FileSystemLoader

from ledger.models import Role
from tests.webhooks.api.conftest import make_token
from tests.webhooks.conftest import Web
from tests.webhooks.dashboard.conftest import OURS
from tests.webhooks.platforms import encoded, refund, shopify_headers
from tests.webhooks.portal.conftest import Browser, Enter
from tests.webhooks.portal.walking import Known, one_of_each, taking_bodies

_WEBHOOKS = Path(__file__).parents[3] / "webhooks"
_FILE_FIELD = re.compile(r"""type\s*=\s*["']?file\b|\benctype\b|\bformenctype\b""", re.IGNORECASE)


@pytest.fixture
def known(nobody: Browser, shop_id: int) -> Known:
    """A ledger and a queue with one of each thing."""
    return one_of_each(nobody, shop_id)


def test_no_route_takes_a_form_with_a_file(app: Flask, enter: Enter, known: Known) -> None:
    admin = enter(Role.ADMIN)
    bearer = {"Authorization": f"Bearer {make_token(admin.database, Role.ADMIN)}"}
    token = admin.token()
    routes = list(taking_bodies(app, known))
    assert {route.path.split("/")[1] for route in routes} >= {"api", "rq", "refunds", "settings", "sign-in"}
    for route in routes:
        form = {**route.says, "csrf_token": token, "file": (BytesIO(b"x" * 100), "refunds.csv")}
        answer = admin.client.open(
            route.path,
            method=route.method,
            data=form,
            content_type="multipart/form-data",
            headers={**OURS, **(bearer if route.path.startswith("/api/") else {})},
        )
        assert answer.status_code == HTTPStatus.UNSUPPORTED_MEDIA_TYPE, route


def test_a_webhooks_body_is_bytes_whatever_it_says_that_it_is(web: Web) -> None:
    body = encoded(refund())
    headers = shopify_headers("refunds/create", body, {}) | {
        "Content-Type": "multipart/form-data; boundary=x"
    }
    assert web.post("/webhooks/shopify/shop", body, headers).status_code == HTTPStatus.OK


def test_no_page_has_a_field_for_a_file(app: Flask) -> None:
    sources = [path.read_text() for path in _WEBHOOKS.rglob("templates/**/*.html")]
    shown = FileSystemLoader(str(_WEBHOOKS / "dashboard" / "templates")).list_templates()
    assert any(name.startswith("rq_dashboard/") for name in shown)
    for name in app.jinja_env.list_templates():
        assert app.jinja_env.loader is not None
        sources.append(app.jinja_env.loader.get_source(app.jinja_env, name)[0])
    assert len(sources) > len(shown)
    assert [found[0] for text in sources if (found := _FILE_FIELD.search(text))] == []
    assert _FILE_FIELD.search('<input name="f" type="file">')
