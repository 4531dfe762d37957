"""Whether the process lives, whether it can work, and what it has counted."""

import hmac
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, jsonify, request
from redis import Redis, RedisError
from sqlalchemy.exc import SQLAlchemyError

from ledger import schema
from ledger.database import Database
from ledger.schema import SchemaError
from webhooks import metrics

_OK: Final = "ok"
_CHALLENGE: Final = 'Bearer realm="refund-sync metrics"'


def blueprint(database: Database, redis: Redis, *, metrics_token: str = "") -> Blueprint:
    """Return `/healthz`, `/readyz` and `/metrics`.

    Args:
        database: The ledger.
        redis: The queue's.
        metrics_token: The bearer token that reading `/metrics` takes; none if empty.
    """
    health = Blueprint("health", __name__)
    shared = metrics.Shared(database, redis)

    @health.get("/healthz")
    def healthz() -> Response:
        """Answer as long as the process does; asks nobody else."""
        return jsonify({"status": _OK})

    @health.get("/readyz")
    def readyz() -> Response:
        """Answer 200 if ledger, queue and schema are as they must be, else 503, naming which is not."""
        checks = {
            "ledger": _check(database.ping),
            "queue": _check(redis.ping),
            "schema": _check(lambda: schema.require(database)),
        }
        ready = all(found == _OK for found in checks.values())
        answer = jsonify({"status": "ready" if ready else "not_ready", "checks": checks})
        answer.status_code = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        return answer

    @health.get("/metrics")
    def metrics_page() -> Response:
        """Answer with what was counted, for Prometheus."""
        if metrics_token and not _bears(request.headers.get("Authorization", ""), metrics_token):
            answer = jsonify({"code": "unauthorized", "message": "This needs REFUND_SYNC_METRICS_TOKEN."})
            answer.status_code = HTTPStatus.UNAUTHORIZED
            answer.headers["WWW-Authenticate"] = _CHALLENGE
            return answer
        return Response(metrics.exposition(shared), content_type=metrics.CONTENT_TYPE)

    return health


def _bears(header: str, token: str) -> bool:
    """Tell, in a time that says nothing of the token, whether a header has it (RFC 6750, 2.1)."""
    scheme, _, given = header.partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())


def _check(ask: Callable[[], object]) -> str:
    """Return `ok`, or what is wrong, without the addresses and names that a driver's message may hold."""
    try:
        ask()
    except SchemaError as error:
        return str(error)
    except (SQLAlchemyError, RedisError) as error:
        return f"cannot be reached ({type(error).__name__})"
    return _OK
