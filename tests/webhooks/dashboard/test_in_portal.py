"""The dashboard where it really is: in the web process, within the portal's frame, login and roles."""

from collections.abc import Callable, Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page

from ledger import people, sessions
from ledger.clock import utcnow
from ledger.database import Database
from ledger.models import Role
from ledger.queue import connect
from tests.support.chromium import needs_chromium
from tests.webhooks.dashboard.browser import drawn, served
from tests.webhooks.dashboard.conftest import OURS, Desk, Visitor
from tests.webhooks.dashboard.hostile import Markup
from tests.webhooks.dashboard.test_access import PAGES
from webhooks.portal.headers import POLICY

SignIn = Callable[[Role], FlaskClient]
VIEWS = tuple(path for path in PAGES if "view" in path)


@pytest.fixture
def sign_in(app: Flask, database: Database) -> SignIn:
    """Returns a browser with which a new person of a role is signed in."""

    def signed_in(role: Role) -> FlaskClient:
        with database.write() as session:
            email, password = f"{role}@example.com", "correct horse battery staple"
            user = people.add_user(session, email, role, password, now=utcnow(), actor="test")
            token = sessions.begin(session, user, now=utcnow(), awaits_code=False)
        client = app.test_client()
        client.set_cookie("refund-sync", token)
        return client

    return signed_in


@pytest.mark.parametrize("path", PAGES)
def test_whoever_is_not_signed_in_is_sent_to_sign_in(app: Flask, path: str) -> None:
    answer = app.test_client().get(f"/rq{path}")
    assert answer.status_code == 303
    assert answer.location.startswith("/sign-in")


@pytest.mark.parametrize("path", VIEWS)
def test_pages_stand_in_the_portals_frame(sign_in: SignIn, path: str) -> None:
    page = sign_in(Role.VIEWER).get(f"/rq{path}")
    assert page.status_code == 200
    assert "viewer@example.com" in page.text
    assert "Sign out" in page.text
    assert "unsafe-eval" in page.headers["Content-Security-Policy"]


def test_the_portals_own_pages_keep_their_strict_policy(sign_in: SignIn) -> None:
    client = sign_in(Role.VIEWER)
    for path in ("/me", "/sign-in", "/healthz", "/rq-made-up"):
        assert client.get(path).headers["Content-Security-Policy"] == POLICY


def test_the_portals_menu_leads_to_the_dashboard(sign_in: SignIn) -> None:
    assert 'href="/rq/"' in sign_in(Role.VIEWER).get("/me").text


@pytest.mark.parametrize(("role", "status"), [(Role.VIEWER, 403), (Role.OPERATOR, 200), (Role.ADMIN, 200)])
def test_requeueing_takes_the_role_of_an_operator(
    app: Flask, valkey_url: str, sign_in: SignIn, role: Role, status: int
) -> None:
    with connect(valkey_url, timeout=5) as redis:
        job = Desk(app, redis, Visitor()).failed()
        client = sign_in(role)
        offered = 'data-role="requeue-job-btn"' in client.get(f"/rq/0/view/job/{job.id}").text
        assert offered is (status == 200)
        assert client.post(f"/rq/job/{job.id}/requeue", headers=OURS).status_code == status


def test_a_job_that_is_gone_is_told_in_the_portals_frame(sign_in: SignIn) -> None:
    page = sign_in(Role.VIEWER).get("/rq/0/view/job/gone")
    assert page.status_code == 404
    assert "jobs that are done are not kept" in page.text
    assert "viewer@example.com" in page.text


@needs_chromium
def test_the_frames_scripts_and_the_dashboards_get_along(
    app: Flask, valkey_url: str, sign_in: SignIn, browser_page: Page
) -> None:
    cookie = sign_in(Role.OPERATOR).get_cookie("refund-sync")
    assert cookie is not None

    def signed_in(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        return app.wsgi_app({**environ, "HTTP_COOKIE": f"refund-sync={cookie.value}"}, start)

    with connect(valkey_url, timeout=5) as redis, served(signed_in) as address:
        desk = Desk(app, redis, Visitor())
        desk.refund(17)
        failed = desk.failed(number=17)
        for path in ("/", "/0/view/workers", "/0/view/jobs", f"/0/view/job/{failed.id}"):
            page, complaints = drawn(browser_page, f"{address}/rq{path}")
            assert complaints == []
            assert "operator@example.com" in page
            assert ("/refunds/17" in Markup(page).addresses) is ("job" in path)
