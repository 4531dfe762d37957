"""Whatever stands in Redis is shown as text, and nothing of it is loaded."""

import json
import os
import pickle
import subprocess
import sys
import zlib
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
import rq.serializers
from hypothesis import given
from hypothesis import strategies as st
from rq.serializers import JSONSerializer

from tests.webhooks.dashboard.conftest import Desk
from webhooks.dashboard import stored

ROOT = Path(__file__).parents[3]
FIELDS = (*stored.JOB_FIELDS, *stored.WORKER_FIELDS)
HASHES = st.dictionaries(st.sampled_from(FIELDS), st.none() | st.binary() | st.text().map(str.encode))
OUTCOMES = st.dictionaries(st.sampled_from([b"return_value", b"exc_string", b"type"]), st.binary())
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=3),
)


class Bomb:
    """Makes a directory when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.path),)


@given(HASHES, OUTCOMES)
def test_any_bytes_at_all_make_a_job_that_can_be_shown(
    fields: dict[str, bytes | None], outcome: dict[bytes, bytes]
) -> None:
    job = stored.read_job("id", fields, outcome)
    json.dumps(vars(job)).encode()
    assert len(job.description) <= 2001
    assert len(job.trace) <= 20001


@given(HASHES, st.none() | st.binary())
def test_any_bytes_at_all_make_a_worker_that_can_be_shown(
    fields: dict[str, bytes | None], execution: bytes | None
) -> None:
    json.dumps(vars(stored.read_worker("name", fields, execution))).encode()


@given(JSONS)
def test_any_call_leads_to_a_page_of_ours_or_nowhere(call: stored.Json) -> None:
    assert stored.page_of(call) == ""
    page = stored.page_of(["workers.jobs.carry_refund", None, [call], {}])
    assert page == (f"/refunds/{call}" if type(call) is int and call > 0 else "")


@given(st.binary(max_size=10_000))
def test_what_was_compressed_comes_back(plain: bytes) -> None:
    assert stored.inflate(zlib.compress(plain)) == plain


def test_what_would_fill_the_memory_is_not_inflated() -> None:
    assert stored.inflate(zlib.compress(bytes(100_000_000))) == b""
    job = stored.read_job("id", {"data": zlib.compress(b"[" * 10_000_000)}, {})
    assert not job.readable


def test_json_that_is_nested_too_deeply_is_unreadable() -> None:
    assert not stored.read_job("id", {"data": b"[" * 100_000}, {}).readable


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (b"2026-11-23T06:28:46.123456Z", "2026-11-23T06:28:46.123456+00:00"),
        (b"2026-11-23T06:28:46+02:00", "2026-11-23T04:28:46+00:00"),
        (b"2026-11-23T06:28:46", "2026-11-23T06:28:46+00:00"),
        (b"yesterday", None),
        (b"0001-01-01T00:00:00+10:00", None),
        (b"", None),
        (None, None),
    ],
)
def test_times_are_shown_in_utc(written: bytes | None, shown: str | None) -> None:
    assert stored.moment(written) == shown


def test_long_texts_are_cut() -> None:
    assert stored.text("ä".encode() * 5000, 10) == "ä" * 10 + "…"


def test_a_pickled_job_is_shown_as_unreadable_and_never_loaded(desk: Desk, tmp_path: Path) -> None:
    bombs = {name: tmp_path / name for name in ("data", "meta", "result", "return_value", "plain")}
    job_id = desk.put(
        **{name: pickle.dumps(Bomb(bombs[name])) for name in ("meta", "result")},
        data=zlib.compress(pickle.dumps(Bomb(bombs["data"]))),
    )
    value = b64encode(pickle.dumps(Bomb(bombs["return_value"])))
    desk.redis.xadd(f"rq:results:{job_id}", {"type": "1", "return_value": value})
    desk.put(data=pickle.dumps(Bomb(bombs["plain"])))
    desk.redis.hset("rq:worker:w", mapping={"state": "busy", "queues": "shopify"})
    desk.redis.sadd("rq:workers", "rq:worker:w")
    desk.redis.sadd("rq:worker:w:executions", f"{job_id}:1")

    job = desk.job(job_id)
    assert (job["readable"], job["page"]) == (False, "")
    assert (job["meta"], job["result"]) == ("(unreadable)", "(unreadable)")
    assert [job["readable"] for job in desk.jobs()] == [False, False]
    answer = desk.get("/0/data/workers.json")
    assert answer.json is not None
    (worker,) = answer.json["workers"]
    assert (worker["job"]["id"], worker["job"]["readable"]) == (job_id, False)
    assert desk.get(f"/0/view/job/{job_id}").status_code == 200
    assert [path for path in bombs.values() if path.exists()] == []


def test_a_pickled_job_that_failed_is_not_put_back(desk: Desk, tmp_path: Path) -> None:
    failed = desk.failed()
    desk.redis.hset(failed.key, "data", zlib.compress(pickle.dumps(Bomb(tmp_path / "made"))))
    assert desk.post(f"/job/{failed.id}/requeue").status_code == 409
    assert not (tmp_path / "made").exists()


def test_something_that_is_no_job_holds_up_no_other(desk: Desk) -> None:
    desk.refund(17)
    desk.redis.set("rq:job:text", "no hash")
    desk.redis.set("rq:results:text", "no stream")
    desk.redis.rpush("rq:queue:shopify", "text", b"\xff\xfe")
    shown = {job["id"]: job["readable"] for job in desk.jobs()}
    assert shown.pop("text") is False
    assert list(shown.values()) == [True]


def test_something_that_is_no_worker_holds_up_no_other(desk: Desk) -> None:
    desk.redis.set("rq:worker:text", "no hash")
    desk.redis.hset("rq:worker:w", b"state", b"\xff")
    desk.redis.sadd("rq:workers", "rq:worker:text", "rq:worker:w", "rq:worker:dead")
    answer = desk.get("/0/data/workers.json")
    assert answer.json is not None
    assert [(worker["name"], worker["state"]) for worker in answer.json["workers"]] == [("w", "\ufffd")]


def test_rq_and_its_dashboard_speak_json_in_the_web_process() -> None:
    assert rq.serializers.resolve_serializer(None) is JSONSerializer
    code = (
        "import webhooks.dashboard, rq_dashboard.web as web, rq.serializers as s; "
        "assert web.config.serializer is s.JSONSerializer is s.resolve_serializer(None)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)  # noqa: S603 - our own code


def test_six_which_rq_dashboard_needs_and_does_not_declare_is_declared_here() -> None:
    declared = (ROOT / "pyproject.toml").read_text()
    for name in ("rq-dashboard>=", "six>="):
        assert f'"{name}' in declared
