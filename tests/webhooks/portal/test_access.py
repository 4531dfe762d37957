"""Every route of the web process, asked for by every role and by nobody."""

from http import HTTPStatus
from urllib.parse import urlencode

import pytest
from flask import Flask

from ledger.models import Role
from tests.webhooks.dashboard.conftest import OURS as FROM_HERE
from tests.webhooks.portal.conftest import Browser, Enter
from tests.webhooks.portal.walking import Known, Route, of_the_dashboard, of_the_portal, one_of_each
from webhooks.portal.access import ANYBODY, Section, UndeclaredError
from webhooks.portal.pages import SECTIONS

# What is reached without the portal's pages: each guards itself, and its own tests show it.
OTHERS = ("/webhooks/", "/api/", "/rq/", "/healthz", "/readyz", "/metrics", "/static/")
# What is gone after one was let in: asked for last.
_LAST = ("/remove", "/disable")
# Storefronts' and NetSuite accounts have the same pages, and only NetSuite has a limit of requests at once.
_NOWHERE = "/settings/accounts/shop/concurrency"


@pytest.fixture
def known(nobody: Browser, shop_id: int) -> Known:
    """A ledger and a queue with one of each thing, so that no route answers that there is none."""
    return one_of_each(nobody, shop_id)


def ask(browser: Browser, route: Route) -> tuple[int, str]:
    if route.method == "GET":
        answer = browser.client.get(f"{route.path}?{urlencode(route.says)}", buffered=True)
    elif route.path.startswith("/rq/"):
        answer = browser.client.post(route.path, headers=FROM_HERE)
    else:
        answer = browser.post(route.path, route.says)
    return answer.status_code, answer.headers.get("Location", "")


def every(app: Flask, known: Known) -> list[Route]:
    """Return every route of the portal and of RQ's dashboard; those after which something is gone last."""
    routes = [*of_the_portal(app, known), *of_the_dashboard(app, known)]
    return sorted(routes, key=lambda route: (route.method, route.path.endswith(_LAST)))


def test_every_route_belongs_to_a_section_or_guards_itself(app: Flask) -> None:
    names = {section.name for section in SECTIONS}
    for rule in app.url_map.iter_rules():
        assert rule.endpoint.partition(".")[0] in names or rule.rule.startswith(OTHERS), rule.rule


def test_only_the_way_in_and_the_looks_are_for_anybody(app: Flask, known: Known) -> None:
    open_to_all = {
        (route.method, route.path) for route in of_the_portal(app, known) if route.least is ANYBODY
    }
    assert open_to_all == {
        ("GET", "/sign-in"),
        ("POST", "/sign-in"),
        ("POST", "/sign-in/code"),
        ("POST", "/sign-out"),
        ("POST", "/theme"),
    }


def test_nobody_is_led_to_the_sign_in_page_from_everything_else(
    app: Flask, nobody: Browser, known: Known
) -> None:
    asked = [route for route in every(app, known) if route.least is not ANYBODY]
    assert asked
    for route in asked:
        status, where = ask(nobody, route)
        assert status == HTTPStatus.SEE_OTHER, route
        assert where.startswith("/sign-in"), route


def test_nobody_is_refused_before_a_form_is_looked_at(app: Flask, nobody: Browser, known: Known) -> None:
    for route in of_the_portal(app, known):
        if route.method == "POST" and route.least is not ANYBODY:
            answer = nobody.client.post(route.path, data={})
            assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in"), route


@pytest.mark.parametrize("role", list(Role))
def test_each_role_reaches_what_it_may_and_nothing_else(
    app: Flask, enter: Enter, known: Known, role: Role
) -> None:
    for route in every(app, known):
        status, where = ask(enter(role), route)  # anew for each, since some routes end the session
        is_allowed = route.least is ANYBODY or role.may(route.least)
        assert status < HTTPStatus.INTERNAL_SERVER_ERROR, route
        assert status != HTTPStatus.NOT_FOUND or route.path == _NOWHERE, (
            route
        )  # or it would show nothing of who may
        assert (status == HTTPStatus.FORBIDDEN) is not is_allowed, route
        if is_allowed and route.method == "GET":
            assert status == HTTPStatus.OK or where, route
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
