"""The dashboard in an application of its own, with a guard like the portal's, over a real Valkey."""

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from flask import Flask, Response, redirect
from flask.testing import FlaskClient
from jinja2 import StrictUndefined
from playwright.sync_api import Page
from redis import Redis
from rq.job import Job, JobStatus
from werkzeug.exceptions import Forbidden
from werkzeug.test import TestResponse

from ledger.queue import Waker, connect, open_queue
from tests.support.chromium import chromium
from tests.support.templates import COMPILED
from webhooks.dashboard import mount

Shown = dict[str, object]
ROLES = ("viewer", "operator", "admin")
OURS = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
STRICT = "default-src 'none'"


@dataclass
class Visitor:
    """Whoever is signed in; nobody without a role."""

    role: str | None = "operator"

    def guard(self, least: str) -> Response | None:
        """Refuse as the portal does: strangers are sent to sign in, a role that is too low is forbidden."""
        if self.role is None:
            return Response(status=303, headers=redirect("/sign-in", 303).headers)
        if ROLES.index(self.role) < ROLES.index(least):
            raise Forbidden(f"This needs the role {least}.")
        return None


@dataclass
class Desk:
    """The dashboard, and the Redis beneath it."""

    app: Flask
    redis: Redis
    visitor: Visitor
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    def get(self, path: str) -> TestResponse:
        """Get a page, with all of its body."""
        return self.client.get(f"/rq{path}", buffered=True)

    def post(self, path: str, **headers: str) -> TestResponse:
        """Post as one of the dashboard's own pages does, unless `headers` say otherwise."""
        return self.client.post(f"/rq{path}", headers=headers or OURS)

    def jobs(self, registry: str = "queued", rest: str = "8/asc/1") -> list[Shown]:
        """Return the jobs that a page of the queue `shopify` shows."""
        answer = self.get(f"/0/data/jobs/shopify/{registry}/{rest}.json")
        assert answer.status_code == 200
        assert answer.json is not None
        return list(answer.json["jobs"])

    def job(self, job_id: str) -> Shown:
        """Return what a job's page shows."""
        answer = self.get(f"/0/data/job/{job_id}.json")
        assert answer.status_code == 200
        assert answer.json is not None
        return dict(answer.json)

    def refund(self, number: int = 17) -> Job:
        """Put a real wake-up call into the queue `shopify`."""
        assert Waker(self.redis).refunds("shopify", [number])
        queue = open_queue("shopify", self.redis)
        (*_, job_id) = queue.job_ids
        job = queue.fetch_job(job_id)
        assert job is not None
        return job

    def failed(self, trace: str = "Traceback: it broke", number: int = 17) -> Job:
        """Put a call into the queue, and let it fail as a worker does."""
        job = self.refund(number)
        queue = open_queue("shopify", self.redis)
        queue.remove(job)
        with self.redis.pipeline() as pipeline:
            job.set_status(JobStatus.FAILED, pipeline=pipeline)
            job._handle_failure(trace, pipeline=pipeline)  # noqa: SLF001 - what RQ's worker calls
            pipeline.execute()
        return job

    def put(self, **fields: bytes) -> str:
        """Put a job into the queue whose fields are what somebody wrote into Redis; return its id."""
        job = self.refund()
        self.redis.hset(job.key, items=[part for field in fields.items() for part in field])
        return job.id


def make_app(redis: Redis, visitor: Visitor, **options: str) -> Flask:
    """Return an application with the dashboard, and a page elsewhere that is as strict as the portal's."""
    app = Flask("somewhere", static_folder=None)
    app.jinja_options = {"bytecode_cache": COMPILED, "undefined": StrictUndefined}  # the latter as the portal
    mount(app, redis, visitor.guard, **options)

    @app.get("/elsewhere")
    def elsewhere() -> str:
        return "a page"

    @app.after_request
    def protect(answer: Response) -> Response:
        answer.headers.setdefault("Content-Security-Policy", STRICT)
        return answer

    return app


@pytest.fixture
def desk(valkey_url: str) -> Iterator[Desk]:
    """The dashboard as an operator sees it."""
    visitor = Visitor()
    with connect(valkey_url, timeout=5) as redis:
        yield Desk(make_app(redis, visitor), redis, visitor)


def packed(function: object, *args: object) -> bytes:
    """Return a call as RQ writes it into a job's `data`."""
    return zlib.compress(json.dumps([function, None, args, {}]).encode())


@pytest.fixture(scope="module")
def browser_page() -> Iterator[Page]:
    """A window of a real browser, for tests marked with `needs_chromium`."""
    with chromium() as browser:
        yield browser.new_page()
