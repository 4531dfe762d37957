"""Who may look, who may requeue, what nobody may do, and what browsers are told."""

import re
from collections.abc import Iterator

import pytest

from tests.webhooks.dashboard.conftest import OURS, ROLES, STRICT, Desk, Visitor, make_app

PAGES = (
    "/",
    "/0/view/queues",
    "/0/view/workers",
    "/0/view/jobs",
    "/0/view/jobs/shopify/failed/8/dsc/2",
    "/0/data/queues.json",
    "/0/data/workers.json",
    "/0/data/jobs/shopify/queued/8/asc/1.json",
    "/static/js/underscore-umd-min.js",
)
# rq-dashboard's own routes that change something, but for requeueing one job.
CHANGES = (
    "/requeue/shopify",
    "/queue/shopify/compact",
    "/queue/shopify/queued/empty",
    "/queue/shopify/failed/empty",
    "/job/{id}/delete",
)


def walked(desk: Desk, job_id: str) -> Iterator[tuple[str, str]]:
    """Yield method and path, below the prefix, of every route that the dashboard really has."""
    values = {
        "job_id": job_id,
        "queue_name": "shopify",
        "registry_name": "failed",
        "per_page": 8,
        "order": "asc",
        "page": 1,
        "filename": "js/underscore-umd-min.js",
    }
    urls = desk.app.url_map
    for rule in urls.iter_rules():
        if rule.endpoint.startswith("rq_dashboard."):
            wanted = {name: values[name] for name in rule.arguments - (rule.defaults or {}).keys()}
            path = urls.bind("localhost").build(rule.endpoint, {**wanted, **(rule.defaults or {})})
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                yield method, path.removeprefix("/rq")


def test_the_only_route_that_changes_anything_requeues_one_job(desk: Desk) -> None:
    routes = set(walked(desk, "7"))
    assert {each for each in routes if each[0] != "GET"} == {("POST", "/job/7/requeue")}
    assert {path for _, path in routes} >= {"/", "/0/view/job/7", "/0/data/job/7.json"}


@pytest.mark.parametrize("role", [None, *ROLES])
def test_every_route_is_for_its_least_role_and_above(desk: Desk, role: str | None) -> None:
    job = desk.failed()
    desk.visitor.role = role
    for method, path in sorted(walked(desk, job.id)):
        before = snapshot(desk)
        answer = desk.get(path) if method == "GET" else desk.post(path)
        may = role is not None and (method == "GET" or role != "viewer")
        assert answer.status_code == (200 if may else 303 if role is None else 403), path
        if method == "GET" or not may:
            assert snapshot(desk) == before, path


def snapshot(desk: Desk) -> dict[bytes, bytes | None]:
    """Return everything that Redis holds."""
    return {key: desk.redis.dump(key) for key in desk.redis.scan_iter()}


@pytest.mark.parametrize("path", PAGES)
def test_strangers_are_sent_to_sign_in(desk: Desk, path: str) -> None:
    desk.visitor.role = None
    answer = desk.get(path)
    assert (answer.status_code, answer.location) == (303, "/sign-in")


@pytest.mark.parametrize("path", PAGES)
def test_a_viewer_may_look(desk: Desk, path: str) -> None:
    desk.visitor.role = "viewer"
    assert desk.get(path).status_code == 200


def test_looking_changes_nothing(desk: Desk) -> None:
    job = desk.failed()
    desk.refund()
    before = snapshot(desk)
    for path in (*PAGES, f"/0/view/job/{job.id}", f"/0/data/job/{job.id}.json"):
        assert desk.get(path).status_code == 200
    assert snapshot(desk) == before


@pytest.mark.parametrize("role", [None, "viewer"])
def test_requeueing_takes_an_operator(desk: Desk, role: str | None) -> None:
    job = desk.failed()
    before = snapshot(desk)
    desk.visitor.role = role
    assert desk.post(f"/job/{job.id}/requeue").status_code == (403 if role else 303)
    assert snapshot(desk) == before


@pytest.mark.parametrize(("role", "offered"), [("viewer", False), ("operator", True), ("admin", True)])
def test_requeueing_is_offered_to_those_who_may(desk: Desk, role: str, *, offered: bool) -> None:
    job = desk.failed()
    desk.visitor.role = role
    assert ('data-role="requeue-job-btn"' in desk.get(f"/0/view/job/{job.id}").text) is offered
    assert ('data-role="requeue-job-btn"' in desk.get("/0/view/jobs").text) is offered


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", CHANGES)
def test_nobody_may_delete_empty_compact_or_requeue_all(desk: Desk, path: str, method: str) -> None:
    desk.visitor.role = "admin"
    job = desk.failed()
    before = snapshot(desk)
    answer = desk.client.open(f"/rq{path.format(id=job.id)}", method=method, headers=OURS)
    assert answer.status_code in {404, 405}
    assert snapshot(desk) == before


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_requeueing_by_anything_but_post_is_refused(desk: Desk, method: str) -> None:
    job = desk.failed()
    before = snapshot(desk)
    answer = desk.client.open(f"/rq/job/{job.id}/requeue", method=method, headers=OURS)
    assert answer.status_code == 405
    assert snapshot(desk) == before


def test_no_page_offers_to_delete_or_empty(desk: Desk) -> None:
    job = desk.failed()
    for path in ("/0/view/jobs", "/0/view/jobs/shopify/failed/8/asc/1", f"/0/view/job/{job.id}"):
        page = desk.get(path).text
        for offer in ("delete-job-btn", "empty-btn", "compact-btn", "requeue-all-btn"):
            assert not re.search(rf"""(id|data-role)=["']{offer}""", page)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Nothing": "said"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:8080"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://[localhost"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
        {"Sec-Fetch-Site": "none", "Origin": "http://localhost"},
    ],
)
def test_a_post_of_another_sites_page_is_refused(desk: Desk, headers: dict[str, str]) -> None:
    job = desk.failed()
    before = snapshot(desk)
    answer = desk.post(f"/job/{job.id}/requeue", **headers)
    assert answer.status_code == 403
    assert answer.json is not None
    assert answer.json["code"] == "foreign_origin"
    assert snapshot(desk) == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://localhost"},
        {"Origin": "http://localhost:80"},
        {"Origin": "https://localhost"},  # as behind a proxy that ends TLS
        {"Sec-Fetch-Site": "same-origin"},
    ],
)
def test_a_post_of_our_own_page_is_taken(desk: Desk, headers: dict[str, str]) -> None:
    assert desk.post(f"/job/{desk.failed().id}/requeue", **headers).status_code == 200


def directives(policy: str) -> dict[str, list[str]]:
    """Return a content policy's directives with their values."""
    return {name: values for name, *values in (directive.split() for directive in policy.split(";"))}


def test_below_the_prefix_only_marked_scripts_and_templates_run(desk: Desk) -> None:
    page = desk.get("/0/view/workers")
    (nonce,) = set(re.findall(r'nonce="([^"]+)"', page.text))
    assert directives(page.headers["Content-Security-Policy"]) == {
        "default-src": ["'none'"],
        "script-src": ["'self'", f"'nonce-{nonce}'", "'unsafe-eval'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "connect-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }


def test_every_answer_has_a_nonce_of_its_own(desk: Desk) -> None:
    seen = {desk.get("/").headers["Content-Security-Policy"] for _ in range(5)}
    assert len(seen) == 5


def test_outside_the_prefix_the_policy_stays_strict(desk: Desk) -> None:
    assert desk.get("/").status_code == 200
    assert desk.client.get("/elsewhere").headers["Content-Security-Policy"] == STRICT


def test_no_page_has_styles_or_handlers_in_its_markup(desk: Desk) -> None:
    job = desk.failed()
    for path in ("/", "/0/view/workers", "/0/view/jobs", f"/0/view/job/{job.id}"):
        assert not re.search(r"<[^>]*\s(style|on\w+)=", desk.get(path).text)


def test_refusals_are_protected_too(desk: Desk) -> None:
    desk.visitor.role = None
    answer = desk.get("/")
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cache-Control"] == "no-store"


def test_two_applications_in_one_process_have_their_own_guards(desk: Desk) -> None:
    other = Desk(make_app(desk.redis, Visitor(None)), desk.redis, Visitor(None))
    assert other.get("/").status_code == 303
    assert desk.get("/").status_code == 200
    assert other.get("/").status_code == 303


@pytest.mark.parametrize(
    ("origin", "status"), [("https://refunds.example", 200), ("https://evil.example", 403)]
)
def test_behind_a_proxy_that_keeps_the_host_to_itself_the_public_url_counts(
    desk: Desk, origin: str, status: int
) -> None:
    app = make_app(desk.redis, desk.visitor, public_url="https://refunds.example/")
    behind = Desk(app, desk.redis, desk.visitor)
    assert behind.post(f"/job/{desk.failed().id}/requeue", Origin=origin).status_code == status
