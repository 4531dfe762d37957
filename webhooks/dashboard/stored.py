"""What Redis holds of jobs and workers, as text to show: whatever the bytes are, nothing is loaded or fails.

The formats are RQ's: a job is a hash with `data` as JSON, compressed or not, of function, instance, arguments
and named arguments, its outcome a stream, a worker a hash (rq.job.Job.restore, rq.results.Result.restore).
"""

import json
import zlib
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeGuard

UNREADABLE: Final = "(unreadable)"
"""Stands for what is no JSON, as a pickle is not."""

JOB_FIELDS: Final = (
    *("data", "description", "origin", "status", "meta"),
    *("created_at", "enqueued_at", "started_at", "ended_at"),
)
WORKER_FIELDS: Final = (
    *("state", "queues", "birth", "last_heartbeat", "version", "python_version"),
    *("successful_job_count", "failed_job_count"),
)

_LONGEST_TEXT: Final = 2_000  # characters
_LONGEST_TRACE: Final = 20_000  # characters
_LARGEST: Final = 256 * 1024  # bytes, inflated; a job of ours has fewer than a hundred
_PAGES: Final = {
    "workers.jobs.carry_refund": "/refunds/{}",
    "workers.jobs.process_delivery": "/deliveries/{}",
}
_DATA_PARTS: Final = 4

Value = bytes | None
Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]


@dataclass(frozen=True)
class StoredJob:
    """A job, as far as it can be read.

    Attributes:
        readable: Its call is JSON of a job's form.
        page: Path of the portal's page on what it is about; empty where there is none.
        result: What its function returned, as JSON text; empty for nothing.
        trace: Why it failed; empty if it did not.
    """

    id: str
    description: str
    origin: str
    status: str
    readable: bool
    page: str
    meta: str
    result: str
    trace: str
    created_at: str | None
    enqueued_at: str | None
    started_at: str | None
    ended_at: str | None


@dataclass(frozen=True)
class StoredWorker:
    """A worker, as far as it can be read, and the job that it is on."""

    name: str
    state: str
    queues: tuple[str, ...]
    birth: str | None
    last_heartbeat: str | None
    version: str
    python_version: str
    successful_job_count: str
    failed_job_count: str
    job_id: str


def read_job(job_id: str, hash_: Mapping[str, Value], outcome: Mapping[bytes, bytes]) -> StoredJob:
    """Return a job from the fields `JOB_FIELDS` of its hash and the last entry of its stream."""
    call = _json(inflate(hash_.get("data") or b""))
    readable = _is_call(call)
    return StoredJob(
        id=job_id,
        description=text(hash_.get("description")) or "(no description)",
        origin=text(hash_.get("origin")),
        status=text(hash_.get("status")),
        readable=readable,
        page=page_of(call),
        meta=_shown(hash_.get("meta")),
        result=_shown(_unwrapped(outcome.get(b"return_value"))),
        trace=text(inflate(_unwrapped(outcome.get(b"exc_string")) or b""), _LONGEST_TRACE),
        created_at=moment(hash_.get("created_at")),
        enqueued_at=moment(hash_.get("enqueued_at")),
        started_at=moment(hash_.get("started_at")),
        ended_at=moment(hash_.get("ended_at")),
    )


def read_worker(name: str, hash_: Mapping[str, Value], execution: Value) -> StoredWorker:
    """Return a worker from the fields `WORKER_FIELDS` of its hash and one of its executions, `job id:id`."""
    return StoredWorker(
        name=name,
        state=text(hash_.get("state")) or "?",
        queues=tuple(text(hash_.get("queues")).split(",")),
        birth=moment(hash_.get("birth")),
        last_heartbeat=moment(hash_.get("last_heartbeat")),
        version=text(hash_.get("version")),
        python_version=text(hash_.get("python_version")),
        successful_job_count=text(hash_.get("successful_job_count")) or "0",
        failed_job_count=text(hash_.get("failed_job_count")) or "0",
        job_id=text(execution).partition(":")[0],
    )


def page_of(call: Json) -> str:
    """Return the portal's path of what a call is about, such as `/refunds/17`; empty for any other call."""
    if not _is_call(call):
        return ""
    function, instance, args, named = call
    path = _PAGES.get(function) if isinstance(function, str) else None
    if path is None or instance is not None or named or not isinstance(args, list) or len(args) != 1:
        return ""
    (number,) = args
    return path.format(number) if type(number) is int and number > 0 else ""


def text(value: Value, longest: int = _LONGEST_TEXT) -> str:
    """Return bytes as text, with marks for what is no UTF-8, and cut where it gets too long."""
    whole = (value or b"")[: 4 * longest + 4].decode(errors="replace")
    return whole if len(whole) <= longest else f"{whole[:longest]}…"


def moment(value: Value) -> str | None:
    """Return RQ's time, UTC in ISO 8601, with its offset; None if it is none."""
    try:
        parsed = datetime.fromisoformat(text(value))
        return parsed.replace(tzinfo=parsed.tzinfo or UTC).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return None


def inflate(value: bytes) -> bytes:
    """Return what was compressed, the bytes themselves if they were not, nothing if it were too much."""
    inflating = zlib.decompressobj()
    try:
        plain = inflating.decompress(value, _LARGEST)
    except zlib.error:
        return value if len(value) <= _LARGEST else b""
    return b"" if inflating.unconsumed_tail else plain


def _is_call(call: Json) -> TypeGuard[list[Json]]:
    return isinstance(call, list) and len(call) == _DATA_PARTS and isinstance(call[0], str)


def _json(value: bytes) -> Json:
    """Return what JSON says; `UNREADABLE` if it is none, or nested too deeply to be one of RQ's."""
    try:
        found: Json = json.loads(value)
    except (ValueError, RecursionError):
        return UNREADABLE
    return found


def _shown(value: Value) -> str:
    """Return JSON as its own text, since all of it may be shown, and nothing else."""
    if not value:
        return ""
    return UNREADABLE if _json(value) == UNREADABLE else text(value)


def _unwrapped(value: Value) -> Value:
    """Return what a stream holds in base 64, or the bytes themselves if they are none."""
    try:
        return b64decode(value, validate=True) if value else None
    except ValueError:
        return value
