"""The dashboard in a real browser: what it draws, what it runs, and what its policy keeps from running."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Response

from tests.webhooks.dashboard.browser import drawn, needs_chromium, served
from tests.webhooks.dashboard.conftest import Desk
from tests.webhooks.dashboard.hostile import PAYLOAD, Markup, assert_harmless, fill

CLICK = """<script nonce="{nonce}">
const looking = setInterval(() => {{
  const button = document.querySelector("button[data-role=requeue-job-btn]");
  if (button) {{ clearInterval(looking); button.click(); }}
}}, 50);
</script>"""

pytestmark = needs_chromium


@pytest.fixture
def address(desk: Desk) -> Iterator[str]:
    """Where a browser finds the dashboard."""
    with served(desk.app) as host:
        yield f"{host}/rq"


def test_the_pages_draw_jobs_and_workers_within_their_policy(
    desk: Desk, address: str, tmp_path: Path
) -> None:
    desk.refund(17)
    failed = desk.failed("Traceback: the shop was down", 18)
    desk.redis.hset("rq:worker:w", mapping={"state": "busy", "queues": "shopify"})
    desk.redis.sadd("rq:workers", "rq:worker:w")
    desk.redis.sadd("rq:worker:w:executions", f"{failed.id}:1")
    expected = {
        "/": "shopify",
        "/0/view/workers": "Carry refund 18 from shopify",
        "/0/view/jobs": "Carry refund 17 from shopify",
        "/0/view/jobs/shopify/failed/8/asc/1": "the shop was down",
        f"/0/view/job/{failed.id}": "the shop was down",
    }
    for path, word in expected.items():
        page, complaints = drawn(f"{address}{path}", tmp_path)
        assert complaints == ""
        markup = Markup(page)
        assert word in markup.text
        if path not in {"/", "/0/view/workers"}:
            assert re.search(r"\d+ seconds? ago", markup.text)
        assert "Loading" not in markup.text.partition("</table>")[0].rpartition("<tbody>")[2]
        if "view" in path:
            assert {"/refunds/17", "/refunds/18"} & set(markup.addresses)


def test_nothing_that_was_written_into_redis_runs(desk: Desk, address: str, tmp_path: Path) -> None:
    job_id = fill(desk)
    for path in (
        "/",
        "/0/view/workers",
        "/0/view/jobs",
        "/0/view/jobs/shopify/failed/8/asc/1",
        f"/0/view/job/{job_id}",
    ):
        page, complaints = drawn(f"{address}{path}", tmp_path)
        assert complaints == ""
        assert "<title>Background jobs · Refund Sync</title>" in page
        assert_harmless(page)
        if path != "/0/view/jobs":  # whose list is empty
            assert PAYLOAD in Markup(page).text


@pytest.mark.parametrize("path", ["/0/view/jobs/shopify/failed/8/asc/1", "/0/view/job/{id}"])
def test_a_click_puts_a_failed_job_back(desk: Desk, address: str, tmp_path: Path, path: str) -> None:
    job = desk.failed()

    @desk.app.after_request
    def click(answer: Response) -> Response:
        """Let the page itself press its button once it is drawn."""
        if answer.mimetype == "text/html":
            (nonce,) = set(re.findall(r'nonce="([^"]+)"', answer.get_data(as_text=True)))
            answer.set_data(answer.get_data(as_text=True) + CLICK.format(nonce=nonce))
        return answer

    _, complaints = drawn(f"{address}{path.format(id=job.id)}", tmp_path)
    assert complaints == ""
    assert desk.jobs("failed") == []
    assert [waiting["id"] for waiting in desk.jobs()] == [job.id]
