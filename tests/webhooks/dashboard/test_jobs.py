"""Jobs as the dashboard shows them: in words, with their pages, a few at a time; and one put back."""

import pytest
from rq.job import Job

from ledger.queue import Waker, open_queue
from tests.webhooks.dashboard.conftest import Desk, packed


def test_a_job_says_what_it_does_and_leads_to_its_transaction(desk: Desk) -> None:
    job = desk.job(desk.refund(17).id)
    assert (job["description"], job["page"]) == ("Carry refund 17 of shopify", "/refunds/17")
    assert (job["status"], job["origin"], job["readable"]) == ("queued", "shopify", True)


def test_a_job_of_a_delivery_leads_to_the_delivery(desk: Desk) -> None:
    assert Waker(desk.redis).deliveries("shopify", [8])
    (job,) = desk.jobs()
    assert (job["description"], job["page"]) == ("Understand delivery 8 from shopify", "/deliveries/8")


def test_a_job_of_an_account_leads_nowhere(desk: Desk) -> None:
    assert Waker(desk.redis).polls("shopify", [8])
    (job,) = desk.jobs()
    assert (job["readable"], job["page"]) == (True, "")


def test_below_a_path_of_a_proxy_the_link_is_below_it_too(desk: Desk) -> None:
    job = desk.refund(17)
    answer = desk.client.get(f"/rq/0/data/job/{job.id}.json", environ_overrides={"SCRIPT_NAME": "/sync"})
    assert answer.json is not None
    assert answer.json["page"] == "/sync/refunds/17"


@pytest.mark.parametrize(
    "call",
    [
        packed("workers.jobs.carry_refund", "../../evil"),
        packed("workers.jobs.carry_refund", *[True]),
        packed("workers.jobs.carry_refund", -1),
        packed("workers.jobs.carry_refund", 1, 2),
        packed("os.system", 1),
    ],
)
def test_only_a_call_of_ours_leads_anywhere(desk: Desk, call: bytes) -> None:
    assert desk.job(desk.put(data=call))["page"] == ""


def test_a_job_that_is_gone_is_said_to_be(desk: Desk) -> None:
    page, data = desk.get("/0/view/job/gone"), desk.get("/0/data/job/gone.json")
    assert (page.status_code, data.status_code) == (404, 404)
    assert "jobs that are done are not kept" in page.text
    assert data.json is not None
    assert data.json["code"] == "job_gone"


def test_queues_count_what_they_have(desk: Desk) -> None:
    desk.refund()
    desk.refund()
    desk.failed()
    answer = desk.get("/0/data/queues.json")
    assert answer.json is not None
    (shopify,) = [queue for queue in answer.json["queues"] if queue["name"] == "shopify"]
    assert (shopify["count"], shopify["failed_job_registry_count"]) == (2, 1)
    assert shopify["failed_url"] == "/rq/0/view/jobs/shopify/failed/8/asc/1"


def numbers(desk: Desk, registry: str, order: str) -> list[str]:
    """Return the transactions that four pages of up to four jobs lead to, one after another."""
    shown = [desk.jobs(registry, f"4/{order}/{page}") for page in (1, 2, 3, 4)]
    assert [len(jobs) for jobs in shown] == [4, 4, 3, 0]
    return [str(job["page"]) for jobs in shown for job in jobs]


def test_pages_hold_every_waiting_job_once_in_the_order_they_came(desk: Desk) -> None:
    for number in range(1, 12):
        desk.refund(number)
    came = [f"/refunds/{number}" for number in range(1, 12)]
    assert numbers(desk, "queued", "asc") == came
    assert numbers(desk, "queued", "dsc") == came[::-1]


def test_pages_hold_every_failed_job_once(desk: Desk) -> None:
    for number in range(1, 12):
        desk.failed(number=number)
    shown = numbers(desk, "failed", "asc")
    assert sorted(shown) == sorted(f"/refunds/{number}" for number in range(1, 12))
    assert numbers(desk, "failed", "dsc") == shown[::-1]


@pytest.mark.parametrize("page", [1, 2, 3])
def test_a_page_knows_its_neighbours(desk: Desk, page: int) -> None:
    for _ in range(9):
        desk.refund()
    answer = desk.get(f"/0/data/jobs/shopify/queued/4/asc/{page}.json")
    assert answer.json is not None
    found = answer.json["pagination"]
    assert (found["current_page"], found["num_pages"]) == (page, 3)
    assert [link["number"] for link in found["pages_in_window"]] == [1, 2, 3]
    assert ("prev_page" in found, "next_page" in found) == (page > 1, page < 3)
    assert found["last_page"]["url"] == "/rq/0/view/jobs/shopify/queued/4/asc/3"


@pytest.mark.parametrize(
    "rest", ["0/asc/1", "201/asc/1", "100000000/asc/1", "8/asc/0", "8/asc/10000000", "-1/asc/1", "8/up/1"]
)
def test_no_list_without_an_end_can_be_asked_for(desk: Desk, rest: str) -> None:
    assert desk.get(f"/0/data/jobs/shopify/queued/{rest}.json").status_code == 404
    assert desk.get(f"/0/view/jobs/shopify/queued/{rest}").status_code == 404


def test_a_registry_that_does_not_exist_is_not_found(desk: Desk) -> None:
    assert desk.get("/0/data/jobs/shopify/made-up/8/asc/1.json").status_code == 404


def test_no_other_redis_can_be_asked_for(desk: Desk) -> None:
    assert desk.get("/1/view/queues").status_code == 404


def test_however_many_queues_and_workers_there_are_a_few_are_shown(desk: Desk) -> None:
    desk.redis.sadd("rq:queues", *(f"rq:queue:q{number}" for number in range(500)))
    for number in range(300):
        desk.redis.hset(f"rq:worker:w{number}", "state", "idle")
        desk.redis.sadd("rq:workers", f"rq:worker:w{number}")
    queues, workers = desk.get("/0/data/queues.json").json, desk.get("/0/data/workers.json").json
    assert queues is not None
    assert workers is not None
    assert (len(queues["queues"]), len(workers["workers"])) == (50, 200)
    assert [queue["name"] for queue in queues["queues"]][:2] == ["shopify", "magento"]


def test_an_operator_puts_a_failed_job_back(desk: Desk) -> None:
    failed = desk.failed("Traceback: the shop was down")
    (shown,) = desk.jobs("failed")
    assert (shown["status"], shown["exc_info"]) == ("failed", "Traceback: the shop was down")
    assert desk.post(f"/job/{failed.id}/requeue").json == {"status": "OK"}
    assert desk.jobs("failed") == []
    (again,) = open_queue("shopify", desk.redis).get_jobs()
    assert (again.id, again.args, again.get_status()) == (failed.id, [17], "queued")


def test_a_time_that_is_not_known_is_left_out_of_lists(desk: Desk) -> None:
    job = desk.failed()
    (shown,) = desk.jobs("failed")
    assert "ended_at" not in shown
    assert desk.job(job.id)["ended_at"] is None
    desk.redis.hset(job.key, "ended_at", "2026-11-23T06:28:46.123456Z")
    (shown,) = desk.jobs("failed")
    assert shown["ended_at"] == desk.job(job.id)["ended_at"] == "2026-11-23T06:28:46.123456+00:00"


def test_a_job_is_put_back_once(desk: Desk) -> None:
    failed = desk.failed()
    assert desk.post(f"/job/{failed.id}/requeue").status_code == 200
    again = desk.post(f"/job/{failed.id}/requeue")
    assert again.status_code == 409
    assert again.json is not None
    assert again.json["code"] == "not_requeueable"
    assert open_queue("shopify", desk.redis).count == 1


def test_a_job_that_only_says_it_failed_is_not_put_back(desk: Desk) -> None:
    job = desk.refund()
    desk.redis.hset(job.key, "status", "failed")
    assert desk.post(f"/job/{job.id}/requeue").status_code == 409
    assert open_queue("shopify", desk.redis).count == 1


def test_a_job_that_is_gone_is_not_put_back(desk: Desk) -> None:
    assert desk.post("/job/gone/requeue").status_code == 404


@pytest.mark.parametrize("field", ["data", "worker_name", "retries_left", "dependency_ids"])
def test_a_damaged_job_is_not_put_back(desk: Desk, field: str) -> None:
    job = desk.failed()
    desk.redis.hset(job.key, field, b"\xff\xfe damaged")
    assert desk.post(f"/job/{job.id}/requeue").status_code == 409
    assert Job.exists(job.id, desk.redis)
    assert desk.redis.zscore("rq:failed:shopify", job.id) is not None
