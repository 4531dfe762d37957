"""The one path of every delivery: find, cap, verify, read, record, wake, answer."""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from http import HTTPStatus
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError
from structlog.stdlib import BoundLogger

from ledger import deliveries
from ledger.clock import utcnow
from ledger.database import Database
from ledger.deliveries import NewDelivery, Row
from ledger.events import Unread
from ledger.intake import Intake, Taken
from ledger.policy import PolicyError
from ledger.reasons import reason as known_reason
from ledger.repeats import Repeats
from ledger.secrets import SecretsError
from webhooks import endpoints
from webhooks.endpoints import Directory, NoSuchEndpointError
from webhooks.outcome import Call, Outcome, clean, loggable, refused
from webhooks.sources import SOURCES
from webhooks.sources.protocol import (
    Answer,
    Endpoint,
    KeyUnreachableError,
    Reading,
    Request,
    SignatureError,
    Source,
    UnreadableError,
)

_TOPIC_LENGTH: Final = 120  # characters; the width of the ledger's column
_DETAIL_LENGTH: Final = 500  # characters kept of what is wrong with a body
_HEADER_LENGTH: Final = 500  # characters kept of a header

_BODY_STATUS: Final = {
    "too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    # What came is not what was signed.
    "incomplete_body": HTTPStatus.UNAUTHORIZED,
}

_log = structlog.stdlib.get_logger(__name__)


class BodyError(Exception):
    """Raised when a request's body cannot be had.

    Attributes:
        reason: `too_large`, or `incomplete_body` when the connection ended before the body did.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Reception:
    """Takes deliveries in.

    Attributes:
        repeats: Counts what came again.
        clock: Tells the time a delivery came, in UTC.
        log: Takes the line about each; by default as logging is set up when this is made.
    """

    database: Database
    directory: Directory
    intake: Intake
    repeats: Repeats
    clock: Callable[[], datetime] = utcnow
    log: BoundLogger = field(default_factory=_log.bind, repr=False)

    def receive(
        self, source_name: str, slug: str, headers: Mapping[str, str], read_body: Callable[[], bytes]
    ) -> Outcome:
        """Take one request in; write one line about it to the log.

        Args:
            source_name: The platform, as in the address.
            slug: The account, as in the address.
            headers: The request's headers.
            read_body: Reads the body, once somebody is known to be addressed; raises `BodyError`.
        """
        call = Call(source_name, slug, secrets.token_hex(16), time.perf_counter())
        try:
            return self._take(call, headers, read_body)
        except NoSuchEndpointError as error:
            outcome = refused(HTTPStatus.NOT_FOUND, error.reason)
        except BodyError as error:
            outcome = refused(_BODY_STATUS[error.reason], error.reason)
        except SignatureError as error:
            outcome = refused(SOURCES[source_name].unsigned_status, error.reason)
        except KeyUnreachableError as error:  # the platform will try again
            outcome = refused(HTTPStatus.SERVICE_UNAVAILABLE, error.reason, str(error))
        except (SecretsError, PolicyError) as error:  # ours to mend; the platform will try again
            outcome = refused(HTTPStatus.SERVICE_UNAVAILABLE, error.reason, str(error))
        except SQLAlchemyError as error:
            outcome = refused(HTTPStatus.SERVICE_UNAVAILABLE, "ledger_unreachable", type(error).__name__)
        call.tell(self.log, outcome)
        return outcome

    def _take(self, call: Call, headers: Mapping[str, str], read_body: Callable[[], bytes]) -> Outcome:
        source = endpoints.source_of(call.source)
        endpoint = self.directory.recall(self.database, source, call.account)
        request = Request(headers, read_body(), self.clock())
        endpoint = self._verified(source, request, endpoint)
        verified = _Verified(source, request, endpoint, call.trace_id)

        def tell(taken: Taken) -> Outcome:
            outcome = verified.outcome(taken)
            call.tell(self.log, outcome)
            return outcome

        outcome = self.intake.take(verified.row, tell)
        if outcome.delivery_id is None:
            self.repeats.count(source.name, endpoint.slug, at=request.received_at)
        return outcome

    def _verified(self, source: Source, request: Request, endpoint: Endpoint) -> Endpoint:
        """Return the endpoint that a request is signed for: a secret that is new counts at once.

        Raises:
            SignatureError: If it is signed for neither the one remembered nor the one of now.
        """
        try:
            source.verify(request, endpoint)
        except SignatureError:
            endpoint = self.directory.look_up(self.database, source, endpoint.slug)
            source.verify(request, endpoint)
        return endpoint

    def challenge(self, source_name: str, slug: str, query: Mapping[str, str]) -> Answer:
        """Prove to a platform that asks by GET that we listen at an address."""
        try:
            source = endpoints.source_of(source_name)
            endpoint = self.directory.recall(self.database, source, slug)
            answer = source.challenge(query, endpoint)
        except NoSuchEndpointError:
            answer = None
        except (SecretsError, PolicyError, SQLAlchemyError) as error:
            _log.exception("challenge", source=source_name, account=loggable(slug))
            reason = getattr(error, "reason", "ledger_unreachable")
            return refused(HTTPStatus.SERVICE_UNAVAILABLE, reason).reply
        return answer or refused(HTTPStatus.NOT_FOUND, "not_found").reply


@dataclass(frozen=True)
class _Verified:
    """A verified request, which is read when it is its turn to be written down.

    Attributes:
        trace_id: Under which it is written down and logged.
    """

    source: Source
    request: Request
    endpoint: Endpoint
    trace_id: str

    @cached_property
    def read(self) -> tuple[NewDelivery, str]:
        """What is to be written down, and the reason to remark on, if any."""
        return _read(self.source, self.request, self.endpoint, self.trace_id)

    def row(self) -> Row:
        """Return what is to be written down, as the ledger takes it."""
        new, _ = self.read
        return deliveries.row(new, now=self.request.received_at)

    def outcome(self, taken: Taken) -> Outcome:
        """Return what became of it."""
        new, remark = self.read
        outcome = "duplicate" if taken.id is None else "quarantined" if new.reason else "accepted"
        answer = self.source.answer(self.request, outcome)
        return Outcome(
            answer.status,
            outcome,
            remark,
            new.topic,
            taken.id,
            len(self.request.body),
            taken.woken,
            "" if taken.id is None else new.detail,
            answer,
        )


def _read(source: Source, request: Request, endpoint: Endpoint, trace_id: str) -> tuple[NewDelivery, str]:
    """Return what is to be written down, and the reason to remark on, if any.

    What is signed is kept even if it is not understood: a platform must not drop us for a field it added.
    """
    quarantined_for = detail = ""
    try:
        reading = _glanced(source, request) or source.read(request, endpoint)
        remark = reading.reason
        detail = known_reason(remark).what if remark else ""
    except UnreadableError as error:
        quarantined_for = remark = error.reason
        detail = clean(str(error), _DETAIL_LENGTH)
        reading = Reading(error.topic, error.delivery_key, (), error.order_ref)
    new = NewDelivery(
        source=source.name,
        netsuite_account_id=endpoint.netsuite_account_id,
        account_id=endpoint.account_id,
        topic=clean(reading.topic, _TOPIC_LENGTH),
        delivery_key=reading.delivery_key,
        headers={
            name: clean(text, _HEADER_LENGTH)
            for name, text in request.headers.items()
            if name in source.kept_headers
        },
        body=request.body,
        events=reading.events,
        order_ref=reading.order_ref,
        trace_id=trace_id,
        reason=quarantined_for,
        detail=detail,
        person_ref=reading.person_ref,
    )
    return new, remark


def _glanced(source: Source, request: Request) -> Reading | None:
    """Return a reading that leaves what a request tells to the workers; None if it has to be read now."""
    glance = source.glance(request)
    if glance is None:
        return None
    return Reading(glance.topic, glance.delivery_key, (Unread(),), glance.order_ref)
