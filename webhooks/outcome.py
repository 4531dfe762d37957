"""What became of a webhook: its answer, its line in the log, and its place in the metrics."""

import logging
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from structlog.stdlib import BoundLogger

from webhooks.metrics import DELIVERIES
from webhooks.sources import SOURCES
from webhooks.sources.protocol import Answer

RETRY_AFTER: Final = 10  # seconds until a platform should try again while the ledger cannot be reached

_LOGGED_LENGTH: Final = 60  # characters logged of what anybody may put into an address


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request.

    Attributes:
        status: The answer's HTTP status.
        outcome: `accepted`, `duplicate`, `quarantined` or `refused`.
        reason: Why, where there is something to say: a code of `ledger.reasons`, or of the refusal.
        topic: What it is about, as far as it was read.
        delivery_id: The ledger's, where it was written down.
        bytes: The body's size, as far as it was read.
        woken: Whether Redis took the call for a worker.
        answer: What the platform is answered; None for our own refusal.
    """

    status: HTTPStatus
    outcome: str
    reason: str = ""
    topic: str = ""
    delivery_id: int | None = None
    bytes: int = 0
    woken: bool = False
    detail: str = ""
    answer: Answer | None = None

    @property
    def reply(self) -> Answer:
        """Return the answer; it does not tell an unknown account from an unknown platform."""
        if self.answer is not None:
            return self.answer
        code = "not_found" if self.status is HTTPStatus.NOT_FOUND else self.reason
        return Answer.of(refusal(self.status, code), self.status)

    @property
    def headers(self) -> dict[str, str]:
        """Return the answer's headers."""
        return {"Retry-After": str(RETRY_AFTER)} if self.status is HTTPStatus.SERVICE_UNAVAILABLE else {}


def refused(status: HTTPStatus, reason: str, detail: str = "") -> Outcome:
    """Return what became of a request of which nothing was written down."""
    return Outcome(status, "refused", reason, detail=detail)


def refusal(status: HTTPStatus, code: str) -> dict[str, str]:
    """Return the JSON body of a refusal."""
    return {"code": code, "message": status.description or status.phrase}


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as the log tells of it.

    Attributes:
        source: The platform, as in the address.
        account: As in the address.
        trace_id: Under which it is written down and logged.
        began: When it came; `time.perf_counter()`.
    """

    source: str
    account: str
    trace_id: str
    began: float

    def tell(self, log: BoundLogger, outcome: Outcome) -> None:
        """Count the request and write its one line."""
        known = self.source if self.source in SOURCES else "unknown"
        DELIVERIES.labels(known, outcome.outcome, outcome.reason).inc()
        log.log(
            _level(outcome),
            "delivery",
            source=loggable(self.source),
            account=loggable(self.account),
            topic=outcome.topic,
            status=int(outcome.status),
            outcome=outcome.outcome,
            reason=outcome.reason,
            detail=outcome.detail,
            delivery_id=outcome.delivery_id,
            trace_id=self.trace_id,
            bytes=outcome.bytes,
            woken=outcome.woken,
            ms=round((time.perf_counter() - self.began) * 1000, 1),
        )


def _level(outcome: Outcome) -> int:
    if outcome.status is HTTPStatus.SERVICE_UNAVAILABLE:
        return logging.ERROR
    return logging.INFO if outcome.outcome in {"accepted", "duplicate"} else logging.WARNING


def clean(text: str, length: int) -> str:
    """Return text that every database and terminal can hold."""
    text = text[:length]
    return text if text.isprintable() else "".join(each if each.isprintable() else "?" for each in text)


def loggable(text: str) -> str:
    """Return as much of a part of an address as is logged of it."""
    return clean(text, _LOGGED_LENGTH)
