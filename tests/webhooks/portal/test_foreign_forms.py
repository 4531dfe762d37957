"""Every route by which a browser can change something, asked by another site's page: nothing is changed."""

from collections.abc import Callable
from http import HTTPStatus

import pytest
from flask import Flask
from sqlalchemy import select

from ledger.models import Base, Role
from tests.webhooks.portal.conftest import Browser, Enter
from tests.webhooks.portal.walking import Known, changing, one_of_each

# When somebody was last seen is written down whatever they ask for.
_SEEN = {"sessions": {"seen_at", "expires_at"}}
_FEWEST = 40  # routes that change something; there were more when this was written

Forge = Callable[[Browser, Browser], dict[str, str]]
"""From the visitor and somebody else to the form that another site's page sends."""

FORGED: dict[str, Forge] = {
    "no token": lambda _visitor, _other: {},
    "an empty token": lambda _visitor, _other: {"csrf_token": ""},
    "a made up token": lambda _visitor, _other: {"csrf_token": "0" * 64},
    "somebody else's token": lambda _visitor, other: {"csrf_token": other.token()},
}


def everything(browser: Browser) -> dict[str, list[dict[str, object]]]:
    """Return all that ledger and Redis hold."""
    with browser.database.read() as session:
        held = {
            table.name: [
                {name: value for name, value in row._mapping.items() if name not in _SEEN.get(table.name, ())}  # noqa: SLF001 - SQLAlchemy's documented way to a mapping
                for row in session.execute(select(table))
            ]
            for table in Base.metadata.sorted_tables
        }
    held["redis"] = [{str(key): browser.redis.dump(key)} for key in sorted(browser.redis.scan_iter())]
    return held


@pytest.fixture
def known(nobody: Browser, shop_id: int) -> Known:
    """A ledger and a queue with one of each thing, so that there is something to change."""
    return one_of_each(nobody, shop_id)


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_no_route_changes_anything_for_a_form_that_is_not_from_our_pages(
    app: Flask, enter: Enter, known: Known, forge: Forge
) -> None:
    admin = enter(Role.ADMIN)
    form = forge(admin, enter(Role.OPERATOR))
    routes = list(changing(app, known))
    assert len(routes) >= _FEWEST
    before = everything(admin)
    for route in routes:
        answer = admin.client.open(route.path, method=route.method, data={**route.says, **form})
        assert answer.status_code in {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN}, route
        assert everything(admin) == before, route


def test_the_same_forms_from_our_own_pages_are_let_through(app: Flask, enter: Enter, known: Known) -> None:
    routes = [route for route in changing(app, known) if not route.path.startswith("/rq/")]
    for route in routes:
        answer = enter(Role.ADMIN).post(
            route.path, route.says
        )  # anew for each, since some routes end the session
        assert "This form was not sent from this page" not in answer.text, route
