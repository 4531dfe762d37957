"""The one way into every simulated platform API: counting, latency, faults and the log around the effect."""

import contextlib
import socket
import struct
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from flask import Response, request

from sandbox.calls import CallLog, CallRecord
from sandbox.clock import Clock, iso_millis
from sandbox.faults import Fault, FaultBook
from sandbox.jsonish import Json

MILLISECONDS: Final = 1000.0


@dataclass
class Settings:
    """What the control API can set for the whole sandbox.

    Attributes:
        retry_scale: Factor on every wait between webhook attempts; 1 is real time.
        latency_ms: Milliseconds added to every platform API call.
    """

    retry_scale: float = 1.0
    latency_ms: float = 0.0


class Manners(Protocol):
    """How one platform words what the gateway must say in its name."""

    request_id_header: str

    def throttled(self) -> Response:
        """Answer as when the platform's own limit is reached."""

    def failed(self, status: int) -> Response:
        """Answer with the platform's documented body for an HTTP status."""

    def internal_error(self) -> Response:
        """Answer as when the platform itself breaks down in the middle of its work."""


@dataclass
class Call:
    """A call of a platform's API, before it is carried out.

    Attributes:
        platform: Platform called.
        tenant: Shop domain or account.
        operation: Name that faults and the log use.
        manners: How the platform words its refusals.
        limit: Most calls of the tenant allowed at once, ``None`` if it has no such limit.
        counted: Whether the call counts towards what is in flight.
        on_internal_error: Told when an ``internal_error`` fault hits the call.
        recorded: Whether the log keeps the request and the response in full.
    """

    platform: str
    tenant: str
    operation: str
    manners: Manners
    limit: int | None = None
    counted: bool = True
    on_internal_error: Callable[[], None] | None = None
    recorded: bool = False


class Gateway:
    """Runs platform calls the way the control API asked for."""

    def __init__(self, clock: Clock, settings: Settings, faults: FaultBook, calls: CallLog) -> None:
        self._clock = clock
        self._settings = settings
        self._faults = faults
        self._calls = calls

    def run(self, call: Call, effect: Callable[[], Response]) -> Response:
        """Carry out a call unless a limit or a fault forbids it, and log it.

        Args:
            call: What is called.
            effect: The platform's own handling of the current request.

        Returns:
            The answer; for a dropped connection an empty one that no client gets to see.
        """
        arrived = iso_millis(self._clock.now())
        request_id = str(uuid.uuid4())
        if call.counted:
            number = self._calls.enter(call.platform, call.tenant)
        else:
            number = self._calls.in_flight(call.platform, call.tenant)
        try:
            response = self._answer(call, effect, number)
        finally:
            if call.counted:
                self._calls.leave(call.platform, call.tenant)
        self._calls.add(
            CallRecord(
                at=arrived,
                platform=call.platform,
                tenant=call.tenant,
                operation=call.operation,
                method=request.method,
                path=request.path,
                status=None if response is None else response.status_code,
                in_flight=number,
                request_id=request_id,
                request=recorded_request() if call.recorded else None,
                response=recorded_response(response) if call.recorded and response is not None else None,
            )
        )
        if response is None:  # only now that it is logged may the client notice
            drop_connection()
            response = Response(status=500)
        response.headers[call.manners.request_id_header] = request_id
        return response

    def _answer(self, call: Call, effect: Callable[[], Response], number: int) -> Response | None:
        """Return the answer, or ``None`` where the connection is to be closed without one."""
        if call.limit is not None and number > call.limit:
            return call.manners.throttled()
        self._faults.wait(self._settings.latency_ms / MILLISECONDS)
        before = self._faults.take(call.platform, call.tenant, call.operation, "before")
        if before is not None and before.kind != "latency":
            return self._suffer(before, call)
        if before is not None:
            self._faults.wait(before.seconds)
        response = effect()
        after = self._faults.take(call.platform, call.tenant, call.operation, "after")
        if after is not None and after.kind != "latency":
            return self._suffer(after, call)
        if after is not None:
            self._faults.wait(after.seconds)
        return response

    def _suffer(self, fault: Fault, call: Call) -> Response | None:
        """Answer as the fault says."""
        if fault.kind == "stall":
            self._faults.wait(fault.seconds)
            return None
        if fault.kind == "reset":
            return None
        if fault.kind == "throttle":
            return call.manners.throttled()
        if fault.kind == "internal_error":
            if call.on_internal_error is not None:
                call.on_internal_error()
            return call.manners.internal_error()
        response = call.manners.failed(fault.status)
        if fault.body is not None:
            response.set_data(fault.body)
        response.headers.update(fault.headers)
        return response


def recorded_request() -> Json:
    """Return the current request as the log keeps it: query as pairs, header names in lower case."""
    return {
        "query": [list(pair) for pair in request.args.items(multi=True)],
        "headers": {name.lower(): value for name, value in request.headers.items()},
        "body": request.get_data().decode(errors="replace"),
    }


def recorded_response(response: Response) -> Json:
    """Return an answer as the log keeps it, header names in lower case."""
    return {
        "headers": {name.lower(): value for name, value in response.headers.items()},
        "body": response.get_data().decode(errors="replace"),
    }


def drop_connection() -> None:
    """Close the current request's connection so that the client gets a reset instead of an answer.

    The server gives the socket to the application; without one (a test client) there is nothing to close.
    """
    connection = request.environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        with contextlib.suppress(OSError):  # the client may have gone first
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.shutdown(socket.SHUT_RDWR)
