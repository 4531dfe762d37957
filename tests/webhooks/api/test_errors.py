"""Whatever is refused is refused in one shape."""

from collections.abc import Iterator

import pytest
from flask import Flask
from redis import Redis

from ledger.database import Database
from ledger.secrets import Vault
from ledger.settings import Settings
from tests.webhooks.api.conftest import PREFIX, Api
from tests.webhooks.conftest import Line
from webhooks.api.gate import LARGEST
from webhooks.app import create_app


@pytest.mark.parametrize(
    "path", ["", "/", "/nowhere", "/refunds/", "/refunds/0", "/refunds/x", f"/refunds/{2**63}"]
)
def test_what_is_nowhere_is_not_found(operator: Api, path: str) -> None:
    operator.refused(operator.get(path), 404, "not_found")


def test_an_unknown_method_tells_the_known_ones(operator: Api) -> None:
    answer = operator.client.delete(f"{PREFIX}/refunds/1")
    operator.refused(answer, 405, "method_not_allowed")
    assert {"GET", "HEAD", "OPTIONS"} == set(answer.headers["Allow"].split(", "))


def test_what_is_not_below_the_prefix_is_not_the_apis(operator: Api) -> None:
    assert "errors" not in (operator.client.get("/api/v11/refunds").get_json(silent=True) or {})


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("cursor=xyz", "cursor"),
        ("state=lost", "state"),
        ("source_channel=etsy", "source_channel"),
        ("transaction_type=invoice", "transaction_type"),
        ("reason=WHO_KNOWS", "reason"),
        ("account=No!", "account"),
        ("order=", "order"),
        ("q=%00", "q"),
        ("q=a%0A", "q"),
        (f"q={'x' * 121}", "q"),
        ("from=yesterday", "from"),
        ("from=2026-03-14T15:09:26", "from"),
        ("from=0001-01-01T00:00:00%2B14:00", "from"),
        ("statee=error", "statee"),
    ],
)
def test_a_query_that_is_not_understood_is_refused_with_its_field(
    operator: Api, query: str, field: str
) -> None:
    said = operator.refused(operator.get(f"/refunds?{query}"), 422, "validation_failed")
    assert set(said["errors"]) == {"query"}
    assert set(said["errors"]["query"]) == {field}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "note"),
        ({"note": ""}, "note"),
        ({"note": " \n\t"}, "note"),
        ({"note": "a\x1b[2J"}, "note"),
        ({"note": "x" * 2001}, "note"),
        ({"note": 7}, "note"),
        ({"note": "ok", "target": "7"}, "target"),
        ([], "_schema"),
    ],
)
def test_a_body_that_is_not_understood_is_refused_with_its_field(
    operator: Api, body: object, field: str
) -> None:
    said = operator.refused(operator.post("/refunds/1/resolve", body), 422, "validation_failed")
    assert set(said["errors"]) == {"json"}
    assert set(said["errors"]["json"]) == {field}


@pytest.mark.parametrize(
    "ids", [[], ["1"], [1.5], [True], [0], [-1], [2**63], list(range(1, 502)), [None], "1", None]
)
def test_what_is_no_list_of_ids_is_refused(operator: Api, ids: object) -> None:
    answer = operator.post("/refunds/bulk", {"action": "retry", "ids": ids})
    assert "ids" in operator.refused(answer, 422, "validation_failed")["errors"]["json"]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff",
        b"'",
        b'{"note": NaN}',
        b"[" * 100_000,
        b'{"note": ' + b"9" * 5000 + b"}",
        b'"\\ud800"',
        b'"\\u0000"',
    ],
)
def test_what_is_not_json_is_refused(operator: Api, body: bytes) -> None:
    answer = operator.client.post(
        f"{PREFIX}/refunds/1/retry",
        data=body,
        headers={"Authorization": f"Bearer {operator.token}"},
        content_type="application/json",
    )
    operator.refused(answer, 400, "not_json")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "application/xml"])
def test_a_body_of_another_type_is_refused(operator: Api, kind: str) -> None:
    answer = operator.client.post(
        f"{PREFIX}/refunds/1/retry",
        data=b"note=x",
        headers={"Authorization": f"Bearer {operator.token}", "Content-Type": kind},
    )
    operator.refused(answer, 415, "unsupported_media_type")


def test_a_body_may_be_left_out_where_nothing_must_be_said(operator: Api) -> None:
    answer = operator.client.post(
        f"{PREFIX}/refunds/9/retry", headers={"Authorization": f"Bearer {operator.token}"}
    )
    operator.refused(answer, 404, "refund_not_found")


@pytest.mark.parametrize(("excess", "status"), [(0, 400), (1, 413)])
def test_a_body_has_a_largest_size(operator: Api, excess: int, status: int) -> None:
    answer = operator.client.post(
        f"{PREFIX}/refunds/1/retry",
        data=b"x" * (LARGEST + excess),
        headers={"Authorization": f"Bearer {operator.token}"},
        content_type="application/json",
    )
    operator.refused(answer, status, {400: "not_json", 413: "request_entity_too_large"}[status])


def test_a_body_in_chunks_has_a_largest_size_too(operator: Api) -> None:
    answer = operator.client.post(
        f"{PREFIX}/refunds/1/retry",
        data=b"x" * (LARGEST + 1),
        headers={"Authorization": f"Bearer {operator.token}"},
        content_type="application/json",
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
    )
    operator.refused(answer, 413, "request_entity_too_large")


@pytest.fixture
def broken(operator: Api, app: Flask) -> Iterator[Api]:
    """The API with a mistake in it."""
    app.config["PROPAGATE_EXCEPTIONS"] = False

    def fail(**_: object) -> object:
        raise ZeroDivisionError

    endpoint = next(rule.endpoint for rule in app.url_map.iter_rules() if rule.rule == f"{PREFIX}/accounts")
    view = app.view_functions[endpoint]
    fail.__dict__.update(view.__dict__)
    app.view_functions[endpoint] = fail  # type: ignore[assignment] # it never returns
    yield operator
    app.view_functions[endpoint] = view


def test_our_own_mistakes_tell_nothing_and_are_logged(broken: Api, log: list[Line]) -> None:
    said = broken.refused(broken.get("/accounts"), 500, "internal_server_error")
    assert "ZeroDivision" not in str(said)
    assert [line["reason"] for line in log if line["event"] == "failed"] == ["INTERNAL"]


def test_a_ledger_that_cannot_be_reached_is_waited_for(settings: Settings, vault: Vault) -> None:
    nowhere = Database("postgresql+psycopg://nobody@127.0.0.1:1/none", patience=0.1)
    client = create_app(settings, database=nowhere, vault=vault).test_client()
    api = Api(client, nowhere, Redis(), "rst_any")
    answer = api.get("/refunds")
    api.refused(answer, 503, "ledger_unreachable")
    assert int(answer.headers["Retry-After"]) > 0


def test_each_request_is_one_line_of_the_log_without_its_token(operator: Api, log: list[Line]) -> None:
    operator.get("/refunds/9")
    (line,) = [line for line in log if line["event"] == "api"]
    assert (line["method"], line["status"], line["token"]) == ("GET", 404, "operator")
    assert operator.token not in str(log)
