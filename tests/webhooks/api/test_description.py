"""The OpenAPI description: valid, whole, and true of the roles."""

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from openapi_spec_validator import validate

from ledger import queries
from ledger.clock import utcnow
from ledger.models import Account, Role
from ledger.queries import RefundFilter
from ledger.views import refund_view
from tests.webhooks.api.conftest import PREFIX, Api
from tests.webhooks.api.furnished import furnish
from tests.webhooks.api.test_access import operations
from webhooks.api import cursors


@pytest.fixture
def described(app: Flask) -> dict[str, Any]:
    """The description as everybody can read it."""
    client: FlaskClient = app.test_client()
    answer = client.get(f"{PREFIX}/openapi.json")
    assert answer.status_code == 200
    whole: dict[str, Any] = json.loads(answer.data)
    return whole


def test_the_description_is_valid_openapi(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1")
    validate(described)


def test_every_operation_is_described_with_its_least_role_and_its_refusals(
    app: Flask, described: dict[str, Any]
) -> None:
    told = {
        (method.upper(), path.removeprefix(PREFIX).replace("{", "<").replace("}", ">")): operation
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        if method in {"get", "post"}
    }
    assert set(told) == set(operations(app))
    for (method, path), operation in told.items():
        least = Role.OPERATOR if method == "POST" else Role.VIEWER
        assert operation["security"] == [{"token": [least]}], path
        assert {"401", "403", "404", "422", "429", "503"} <= set(operation["responses"]), path
        assert operation["summary"], path


def test_every_post_takes_an_idempotency_key(described: dict[str, Any]) -> None:
    for methods in described["paths"].values():
        names = [each["name"] for each in methods.get("post", {}).get("parameters", [])]
        assert names == (["Idempotency-Key"] if "post" in methods else [])


def test_a_shape_leaves_nothing_out(viewer: Api, shop: Account) -> None:
    furnished = furnish(viewer.database, shop, now=utcnow())
    with viewer.database.read() as session:
        rows = [refund_view(each) for each in queries.refund_page(session, RefundFilter())]
    assert viewer.ok("/refunds")["items"] == rows
    assert len(rows) == len(furnished.refunds)


@given(st.integers(min_value=0, max_value=2**62))
def test_a_cursor_is_read_as_it_was_written(number: int) -> None:
    assert cursors.read(cursors.write(number)) == number


@given(st.from_regex(cursors.PATTERN.replace("$", r"\Z")))
def test_whatever_looks_like_a_cursor_is_one(cursor: str) -> None:
    assert 0 <= cursors.read(cursor) < 2**63
