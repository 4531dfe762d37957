"""The dashboard's routes, under the names and addresses that rq-dashboard's pages and scripts expect."""

import re
from collections.abc import Callable
from dataclasses import asdict
from functools import cached_property
from http import HTTPStatus
from importlib import metadata
from pathlib import Path
from typing import Final

import rq_dashboard.version  # type: ignore[import-untyped] # has no types
import rq_dashboard.web  # type: ignore[import-untyped] # has no types
import structlog
from flask import Blueprint, Response, jsonify, make_response, render_template, request, url_for
from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader
from redis import Redis
from redis.exceptions import RedisError
from rq.serializers import JSONSerializer
from werkzeug.exceptions import Forbidden, HTTPException

from ledger.queue import QUEUES
from webhooks.dashboard import safety
from webhooks.dashboard.looking import (
    MOST_JOBS,
    QUEUED,
    REGISTRIES,
    JobGoneError,
    Looker,
    NotRequeueableError,
    Slice,
)
from webhooks.dashboard.safety import ForeignOriginError
from webhooks.dashboard.stored import StoredJob

NAME: Final = "rq_dashboard"
"""The blueprint's name; rq-dashboard's templates call it so."""

FRAME: Final = "rq_dashboard/frame.html"
"""A plain frame of the dashboard's own, for its pages to be set in."""

_OURS: Final = Path(__file__).parent / "templates"
_THEIRS: Final = Path(rq_dashboard.__file__).parent
_POLL_INTERVAL: Final = 3000  # milliseconds between two looks of a page that stays open
_MOST_PAGES: Final = 1_000_000
_SLICE: Final = (
    f"<queue_name>/<any({','.join((QUEUED, *REGISTRIES))}):registry_name>"
    f"/<int(min=1,max={MOST_JOBS}):per_page>/<any(asc,dsc):order>/<int(min=1,max={_MOST_PAGES}):page>"
)

_PLAIN: Final = re.compile(r"[\w.:-]{1,100}", re.ASCII)  # jobs.js has the queue's name as it is

# rq-dashboard keeps RQ's serializer from when it was imported, which may be pickle.
rq_dashboard.web.config.serializer = JSONSerializer

_log = structlog.stdlib.get_logger(__name__)


class QueueNameError(Exception):
    """Raised when a page is asked for whose script could not hold the queue's name.

    Attributes:
        reason: Always `queue_name`.
    """

    reason = "queue_name"
    status = HTTPStatus.NOT_FOUND


class _Pages(Blueprint):
    """A blueprint whose templates are ours, and rq-dashboard's where we have none."""

    @cached_property
    def jinja_loader(self) -> BaseLoader:
        """Return what finds templates."""
        return ChoiceLoader([FileSystemLoader(_OURS), FileSystemLoader(_THEIRS / "templates")])


def blueprint(
    redis: Redis, guard: Callable[[str], Response | None], *, frame: str = FRAME, public_url: str = ""
) -> Blueprint:
    """Return the dashboard: a new blueprint for each application, with that application's guard."""
    looker = Looker(redis)
    pages = _Pages(NAME, __name__, static_folder=str(_THEIRS / "static"), static_url_path="/static")

    @pages.before_request
    def check() -> Response | None:
        """Let those in who may, from our own pages."""
        safety.require_same_origin(request, public_url)
        return guard(safety.least_role(request.method))

    @pages.context_processor
    def surroundings() -> dict[str, object]:
        """Give every page what rq-dashboard's templates speak of."""
        return {
            "frame": frame,
            "active_tab": "",
            "nonce": safety.nonce(),
            "poll_interval": _POLL_INTERVAL,
            "current_instance": 0,
            "rq_url_prefix": url_for(".queues_overview"),
            "rq_dashboard_version": rq_dashboard.version.VERSION,
            "rq_version": metadata.version("rq"),
            "most_jobs": MOST_JOBS,
            "registries": (QUEUED, *REGISTRIES),
        }

    @pages.url_defaults
    def leave_out(_: str, values: dict[str, object]) -> None:
        """Leave out of addresses which Redis is meant: there is one."""
        values.pop("instance_number", None)

    pages.after_request(safety.protect)
    pages.register_error_handler(HTTPException, _http_error)
    pages.register_error_handler(RedisError, _unreachable)
    for error in (ForeignOriginError, QueueNameError, JobGoneError, NotRequeueableError):
        pages.register_error_handler(error, _refused)
    _add_pages(pages, looker, lambda: _admits(guard, "operator"))
    _add_data(pages, looker)
    return pages


def _add_pages(pages: Blueprint, looker: Looker, may_requeue: Callable[[], bool]) -> None:
    """Add the pages for people; their tables are drawn by rq-dashboard's scripts."""

    @pages.get("/0/view/queues", endpoint="queues_view")
    @pages.get("/")  # alone under its endpoint: its address is the prefix of all that scripts ask for
    def queues_overview() -> str:
        looker.ping()
        return render_template("rq_dashboard/queues.html", active_tab="queues")

    @pages.get("/0/view/workers")
    def workers_overview() -> str:
        looker.ping()
        return render_template("rq_dashboard/workers.html", active_tab="workers")

    @pages.get(
        "/0/view/jobs",
        defaults={
            "queue_name": QUEUES[0],
            "registry_name": QUEUED,
            "per_page": 8,
            "order": "asc",
            "page": 1,
        },
    )
    @pages.get(f"/0/view/jobs/{_SLICE}")
    def jobs_overview(queue_name: str, registry_name: str, per_page: int, order: str, page: int) -> str:
        if not _PLAIN.fullmatch(queue_name):
            raise QueueNameError("A queue of this name is none of ours.")
        return render_template(
            "rq_dashboard/jobs.html",
            active_tab="jobs",
            queues=looker.queues(),
            queue={"name": queue_name},
            registry_name=registry_name,
            per_page=per_page,
            order=order,
            page=page,
            may_requeue=may_requeue(),
        )

    @pages.get("/0/view/job/<job_id>")
    def job_view(job_id: str) -> str:
        job = looker.job(job_id)
        return render_template("rq_dashboard/job.html", id=job.id, may_requeue=may_requeue())


def _add_data(pages: Blueprint, looker: Looker) -> None:
    """Add what the pages' scripts ask for, and the one thing they may do."""

    @pages.get("/0/data/queues.json")
    def list_queues() -> Response:
        return jsonify(queues=rq_dashboard.web.serialize_queues(0, looker.queues()))

    @pages.get(f"/0/data/jobs/{_SLICE}.json")
    def list_jobs(queue_name: str, registry_name: str, per_page: int, order: str, page: int) -> Response:
        of = Slice(queue_name, registry_name, per_page, page, order == "dsc")
        total, jobs = looker.jobs(of)
        return jsonify(
            name=queue_name,
            registry_name=registry_name,
            # The list's script takes what is null for now.
            jobs=[{name: value for name, value in _job(job).items() if value is not None} for job in jobs],
            pagination=_pagination(total, of, order),
        )

    @pages.get("/0/data/job/<job_id>.json")
    def job_info(job_id: str) -> Response:
        return jsonify(_job(looker.job(job_id)))

    @pages.get("/0/data/workers.json")
    def list_workers() -> Response:
        found = looker.workers()
        return jsonify(
            workers=[{**asdict(worker), "job": _job(job) if job else None} for worker, job in found],
        )

    @pages.post("/job/<job_id>/requeue")
    def requeue_job_view(job_id: str) -> Response:
        looker.requeue(job_id)
        _log.info("job requeued", job_id=job_id)
        return jsonify(status="OK")


def _admits(guard: Callable[[str], Response | None], role: str) -> bool:
    """Return whether somebody may do what takes a role, for what a page offers."""
    try:
        return guard(role) is None
    except Forbidden:
        return False


def _job(job: StoredJob) -> dict[str, object]:
    """Return a job as the scripts know it, with the address of the portal's page on what it is about."""
    return {
        **asdict(job),
        "exc_info": job.trace,
        "page": f"{request.script_root}{job.page}" if job.page else "",
    }


def _pagination(total: int, of: Slice, order: str) -> dict[str, object]:
    """Return the addresses of a page's neighbours, as rq-dashboard's script wants them."""

    def link(page: int) -> dict[str, object]:
        url = url_for(
            ".jobs_overview",
            queue_name=of.queue,
            registry_name=of.registry,
            per_page=of.size,
            order=order,
            page=page,
        )
        return {"number": page, "url": url}

    last = -(-total // of.size)
    neighbours = {
        "prev_page": link(of.page - 1) if of.page > 1 else None,
        "next_page": link(of.page + 1) if of.page < last else None,
    }
    return {
        "current_page": of.page,
        "num_pages": last,
        "pages_in_window": [
            link(page) for page in rq_dashboard.web.pagination_window(total, of.page, of.size)
        ],
        "first_page": link(1),
        "last_page": link(max(1, last)),
        **{name: neighbour for name, neighbour in neighbours.items() if neighbour},
    }


def _unreachable(error: RedisError) -> Response:
    """Answer without Redis, whose address and password may stand in the error."""
    _log.warning("queue not reachable", reason="queue_unreachable", error=type(error).__name__)
    answer = _notice(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "queue_unreachable",
        "Redis does not answer. Refunds are safe in the ledger: what is due is taken up when Redis is back.",
    )
    answer.headers["Retry-After"] = "5"
    return answer


def _refused(error: ForeignOriginError | QueueNameError | JobGoneError | NotRequeueableError) -> Response:
    return _notice(error.status, error.reason, str(error))


def _http_error(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    return _notice(status, status.phrase.lower().replace(" ", "_"), error.description or status.phrase)


def _notice(status: HTTPStatus, reason: str, message: str) -> Response:
    """Answer a script with JSON, and a person with a page that needs no script."""
    if request.method == "POST" or request.path.endswith(".json"):
        return make_response(jsonify(code=reason, message=message), status)
    return make_response(render_template("rq_dashboard/notice.html", message=message), status)
