import pytest
import requests

from tests.sandbox.helpers import Control, Shop

GOOD = {"grant_type": "client_credentials", "client_id": "id", "client_secret": "secret"}


@pytest.fixture
def app(control: Control, shop: Shop) -> Shop:
    control.patch(shop.path, {"client_id": "id", "client_secret": "secret", "scopes": ["read_orders"]})
    return shop


def ask(app: Shop, **more: object) -> requests.Response:
    return requests.post(f"{app.control.url}/{app.path}/admin/oauth/access_token", timeout=10, **more)  # type: ignore[arg-type]  # of requests


@pytest.mark.parametrize("how", ["json", "data"])
def test_client_credentials_give_a_token_for_24_hours(control: Control, app: Shop, how: str) -> None:
    answer = ask(app, **{how: GOOD}).json()
    assert answer["scope"] == "read_orders"
    assert answer["expires_in"] == 86399
    query = "{ shop { name } }"
    assert app.graphql_response(query, token=answer["access_token"]).status_code == 200
    control.post("settings", {"advance_seconds": 24 * 60 * 60})
    assert app.graphql_response(query, token=answer["access_token"]).status_code == 401


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_id": "other"}, "application_cannot_be_found"),
        ({"client_secret": "other"}, "invalid_client"),
    ],
)
def test_wrong_credentials_are_refused(app: Shop, wrong: dict[str, str], error: str) -> None:
    answer = ask(app, json=GOOD | wrong)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_a_body_that_is_no_object_is_refused(app: Shop) -> None:
    for body in (b"[]", b"{"):
        answer = ask(app, data=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400


def test_an_uninstalled_app_gets_no_token(control: Control, app: Shop) -> None:
    control.post(f"{app.path}/uninstall")
    assert ask(app, json=GOOD).json()["error"] == "application_cannot_be_found"
