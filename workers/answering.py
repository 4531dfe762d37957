"""Answer what a person asked for and only a worker can do: retrieve, dry run, try out an account.

A person waits for the answer, so it is given after one try, whatever it is; they can ask again.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any, Final

import structlog
from sqlalchemy.orm import Session
from structlog.contextvars import bound_contextvars

from ledger import requests
from ledger.clock import utcnow
from ledger.models import Account, Request, RequestKind
from ledger.policy import PolicyError
from ledger.refunds import RefundNotFoundError
from ledger.secrets import SecretsError
from workers import dry_run, retrieve
from workers.platforms.errors import CredentialsError, PlatformError, in_words
from workers.retrieve import RetrieveError
from workers.runtime import Runtime
from workers.understanding.netsuite import order_fields

log = structlog.get_logger(__name__)

_DETAIL_LENGTH: Final = 500  # characters of what an unforeseen failure says
_SPEAKING: Final = (RetrieveError, RefundNotFoundError, CredentialsError, PolicyError, SecretsError)
"""Failures whose message is for the person who asked."""


def answer(runtime: Runtime, request_id: int) -> None:
    """Answer a request; does nothing if it is answered or somebody else works on it."""
    with runtime.database.write() as session:
        request = requests.claim(session, request_id, now=utcnow())
        if request is not None and request.tries > requests.MOST_TRIES:
            _fail(session, request, "INTERNAL", "Its workers were gone each time before they could answer.")
            return
    if request is None:
        return
    runtime.journal.clear()
    with bound_contextvars(trace_id=request.trace_id):
        try:
            result = _ANSWERS[request.kind](runtime, request)
        except PlatformError as error:
            _refuse(runtime, request, error.reason, in_words(error))
        except _SPEAKING as error:
            _refuse(runtime, request, error.reason, str(error))
        except Exception as error:  # whatever it is, who waits must be told
            log.exception("crash", request=request.id, trace_id=request.trace_id)
            _refuse(runtime, request, "INTERNAL", repr(error)[:_DETAIL_LENGTH])
        else:
            with runtime.database.write() as session:
                requests.answer(session, request, result, now=utcnow())
            log.info("answered", request=request.id, kind=request.kind.value, trace_id=request.trace_id)


def _retrieve(runtime: Runtime, request: Request) -> dict[str, Any]:
    read = retrieve.from_netsuite if request.params["from"] == "netsuite" else retrieve.from_storefront
    with runtime.database.read() as session:
        account = session.get_one(Account, request.account_id)
    asked = retrieve.Request(account, request.params["order"], actor=request.actor, trace_id=request.trace_id)
    found = read(runtime, asked, now=utcnow())
    runtime.waker.due_refunds(found.due)
    return {"refund_ids": list(found.refund_ids), "new_ids": list(found.new_ids)}


def _dry_run(runtime: Runtime, request: Request) -> dict[str, Any]:
    decision = dry_run.would(runtime, request.params["refund_id"])
    return {
        "action": decision.action.value,
        "reason": decision.reason,
        "detail": decision.detail,
        "target_type": decision.target_type,
        "target_id": decision.target_id,
        "plan": None if decision.plan is None else asdict(decision.plan, dict_factory=_json_object),
    }


def _check(runtime: Runtime, request: Request) -> dict[str, Any]:
    if request.account is not None:
        runtime.storefront(request.account).check()
        return {}
    with runtime.database.read() as session:
        fields = order_fields(session, request.netsuite)
    for field in fields or ["other_ref_num"]:
        runtime.netsuite(request.netsuite).check(match=field)
    return {}


_ANSWERS: Final[Mapping[RequestKind, Callable[[Runtime, Request], dict[str, Any]]]] = {
    RequestKind.RETRIEVE: _retrieve,
    RequestKind.DRY_RUN: _dry_run,
    RequestKind.CHECK: _check,
}


def _json_object(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return a part of a plan as JSON values; amounts as text, as everywhere."""
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in pairs}


def _refuse(runtime: Runtime, request: Request, reason: str, detail: str) -> None:
    with runtime.database.write() as session:
        _fail(session, request, reason, detail)


def _fail(session: Session, request: Request, reason: str, detail: str) -> None:
    requests.fail(session, request, reason, detail, now=utcnow())
    log.info(
        "not_answered",
        request=request.id,
        kind=request.kind.value,
        reason=reason,
        detail=detail,
        trace_id=request.trace_id,
    )
