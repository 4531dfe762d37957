"""The dashboard in a real browser: what it draws, what it runs, and what its policy keeps from running."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.support.chromium import needs_chromium
from tests.webhooks.dashboard.browser import drawn, served
from tests.webhooks.dashboard.conftest import Desk
from tests.webhooks.dashboard.hostile import PAYLOAD, Markup, assert_harmless, fill

pytestmark = needs_chromium


@pytest.fixture
def address(desk: Desk) -> Iterator[str]:
    """Where a browser finds the dashboard."""
    with served(desk.app) as host:
        yield f"{host}/rq"


def test_the_pages_draw_jobs_and_workers_within_their_policy(
    desk: Desk, address: str, browser_page: Page
) -> None:
    desk.refund(17)
    failed = desk.failed("Traceback: the shop was down", 18)
    desk.redis.hset("rq:worker:w", mapping={"state": "busy", "queues": "shopify"})
    desk.redis.sadd("rq:workers", "rq:worker:w")
    desk.redis.sadd("rq:worker:w:executions", f"{failed.id}:1")
    expected = {
        "/": "shopify",
        "/0/view/workers": "Carry refund 18 of shopify",
        "/0/view/jobs": "Carry refund 17 of shopify",
        "/0/view/jobs/shopify/failed/8/asc/1": "the shop was down",
        f"/0/view/job/{failed.id}": "the shop was down",
    }
    for path, word in expected.items():
        page, complaints = drawn(browser_page, f"{address}{path}")
        assert complaints == []
        markup = Markup(page)
        assert word in markup.text
        if path not in {"/", "/0/view/workers"}:
            assert re.search(r"\d+ seconds? ago", markup.text)
        assert "Loading" not in markup.text.partition("</table>")[0].rpartition("<tbody>")[2]
        if "view" in path:
            assert {"/refunds/17", "/refunds/18"} & set(markup.addresses)


def test_nothing_that_was_written_into_redis_runs(desk: Desk, address: str, browser_page: Page) -> None:
    job_id = fill(desk)
    for path in (
        "/",
        "/0/view/workers",
        "/0/view/jobs",
        "/0/view/jobs/shopify/failed/8/asc/1",
        f"/0/view/job/{job_id}",
    ):
        page, complaints = drawn(browser_page, f"{address}{path}")
        assert complaints == []
        assert "<title>Background jobs · Refund Sync</title>" in page
        assert_harmless(page)
        if path != "/0/view/jobs":  # whose list is empty
            assert PAYLOAD in Markup(page).text


@pytest.mark.parametrize("path", ["/0/view/jobs/shopify/failed/8/asc/1", "/0/view/job/{id}"])
def test_a_click_puts_a_failed_job_back(desk: Desk, address: str, browser_page: Page, path: str) -> None:
    job = desk.failed()
    page, complaints = browser_page, drawn(browser_page, f"{address}{path.format(id=job.id)}")[1]
    with page.expect_response("**/requeue"):
        page.get_by_role("button", name="Requeue").click()
    assert complaints == []
    assert desk.jobs("failed") == []
    assert [waiting["id"] for waiting in desk.jobs()] == [job.id]
