"""Every route of the web process, asked for by every role and by nobody."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import NamedTuple

import pytest
from flask import Flask
from werkzeug.routing import Map, Rule

from ledger.models import Role
from tests.webhooks.portal.conftest import Browser, Enter
from webhooks.portal.access import ANYBODY, Section, UndeclaredError
from webhooks.portal.pages import SECTIONS

VALUES = {"IntegerConverter": 1, "UnicodeConverter": "x", "PathConverter": "x"}

# What is reached without the portal's pages: each guards itself, and its own tests show it.
OTHERS = ("/webhooks/", "/api/", "/rq/", "/healthz", "/readyz", "/metrics", "/static/")


class Route(NamedTuple):
    """One way to one page."""

    method: str
    path: str
    least: Role | None


def routes(app: Flask) -> Iterator[Route]:
    """Yield every route of the portal's sections, with an address that fits it."""
    sections = {section.name: section for section in SECTIONS}
    for rule in app.url_map.iter_rules():
        section, _, view = rule.endpoint.partition(".")
        if section in sections:
            least = sections[section].least[view]
            for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
                yield Route(method, address(app.url_map, rule), least)


def address(urls: Map, rule: Rule) -> str:
    values = {name: VALUES[type(each).__name__] for name, each in rule._converters.items()}  # noqa: SLF001 - no other way
    return urls.bind("localhost").build(rule.endpoint, values)


def ask(browser: Browser, route: Route) -> tuple[int, str]:
    answer = browser.get(route.path) if route.method == "GET" else browser.post(route.path)
    return answer.status_code, answer.headers.get("Location", "")


def test_every_route_belongs_to_a_section_or_guards_itself(app: Flask) -> None:
    names = {section.name for section in SECTIONS}
    for rule in app.url_map.iter_rules():
        assert rule.endpoint.partition(".")[0] in names or rule.rule.startswith(OTHERS), rule.rule


def test_only_the_way_in_and_the_looks_are_for_anybody(app: Flask) -> None:
    open_to_all = {(route.method, route.path) for route in routes(app) if route.least is ANYBODY}
    assert open_to_all == {
        ("GET", "/sign-in"),
        ("POST", "/sign-in"),
        ("POST", "/sign-in/code"),
        ("POST", "/sign-out"),
        ("POST", "/theme"),
    }


def test_nobody_is_led_to_the_sign_in_page_from_everything_else(app: Flask, nobody: Browser) -> None:
    asked = [route for route in routes(app) if route.least is not ANYBODY]
    assert asked
    for route in asked:
        status, where = ask(nobody, route)
        assert status == HTTPStatus.SEE_OTHER, route
        assert where.startswith("/sign-in"), route


def test_nobody_is_refused_before_a_form_is_looked_at(app: Flask, nobody: Browser) -> None:
    for route in routes(app):
        if route.method == "POST" and route.least is not ANYBODY:
            answer = nobody.client.post(route.path, data={})
            assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in"), route


@pytest.mark.parametrize("role", list(Role))
def test_each_role_reaches_what_it_may_and_nothing_else(app: Flask, enter: Enter, role: Role) -> None:
    for route in routes(app):
        status, where = ask(enter(role), route)  # anew for each, since some routes end the session
        is_allowed = route.least is ANYBODY or role.may(route.least)
        assert status < HTTPStatus.INTERNAL_SERVER_ERROR, route
        assert (status == HTTPStatus.FORBIDDEN) is not is_allowed, route
        if is_allowed and route.path != "/sign-out":
            assert not where.startswith("/sign-in"), route


def test_roles_rise_from_viewer_to_admin() -> None:
    reach = {role: [each for each in Role if role.may(each)] for role in Role}
    assert reach == {
        Role.VIEWER: [Role.VIEWER],
        Role.OPERATOR: [Role.VIEWER, Role.OPERATOR],
        Role.ADMIN: [Role.VIEWER, Role.OPERATOR, Role.ADMIN],
    }


def test_a_refused_role_is_told_which_it_needs(operator: Browser) -> None:
    answer = operator.get("/settings/users")
    assert answer.status_code == 403
    assert "This needs the role admin; yours is operator." in answer.text


def test_part_of_a_page_is_not_replaced_by_the_sign_in_page(nobody: Browser) -> None:
    answer = nobody.get("/", HX_Request="true")
    assert (answer.status_code, answer.headers["HX-Redirect"], answer.text) == (401, "/sign-in", "")


def test_a_page_without_a_least_role_keeps_the_process_from_starting() -> None:
    section = Section("careless")
    section.add_url_rule("/careless", "forgotten", lambda: "")
    app = Flask("careless")
    app.register_blueprint(section)
    with pytest.raises(UndeclaredError, match="/careless"):
        section.check(app)


def test_a_page_cannot_have_two_least_roles() -> None:
    section = Section("careless")

    def view() -> str:
        return ""

    section.page("/one", Role.VIEWER)(view)
    with pytest.raises(UndeclaredError, match="view"):
        section.form("/one", Role.ADMIN)(view)
