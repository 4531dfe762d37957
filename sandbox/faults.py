"""Faults on demand: what shall go wrong with which call of which platform, and how often."""

import fnmatch
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from sandbox.jsonish import ControlError, Fields, dumps

KINDS: Final = ("latency", "status", "throttle", "stall", "reset", "internal_error")
DEFAULT_STALL_SECONDS: Final = 30.0
DEFAULT_LATENCY_SECONDS: Final = 1.0
DEFAULT_STATUS: Final = 503
STATUSES: Final = frozenset(each.value for each in HTTPStatus)


@dataclass
class Fault:
    """One thing that shall go wrong.

    Attributes:
        id: Number by which the control API names it.
        platform: ``shopify``, ``netsuite``...
        tenant: Shop domain or account the fault is limited to, all of them if ``None``.
        operation: Glob over operation names, such as ``graphql:*``.
        when: ``before`` the effect (which then does not happen, latency aside) or ``after`` it.
        kind: One of ``KINDS``.
        times: How many more calls it hits.
        status: HTTP status of a ``status`` fault.
        body: Body of a ``status`` fault, the platform's own error for that status if ``None``.
        headers: Headers added to a ``status`` fault's answer.
        seconds: Length of a ``latency`` or ``stall``.
    """

    id: int
    platform: str
    tenant: str | None
    operation: str
    when: str
    kind: str
    times: int
    status: int = DEFAULT_STATUS
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def hits(self, platform: str, tenant: str, operation: str, when: str) -> bool:
        """Tell whether this fault is meant for such a call at this moment."""
        return (
            self.times > 0
            and self.platform == platform
            and self.tenant in {None, tenant}
            and self.when == when
            and fnmatch.fnmatchcase(operation, self.operation)
        )


def fault_from(fields: Fields, number: int) -> Fault:
    """Read a fault from a control request.

    Raises:
        ControlError: A value is missing or makes no sense.
    """
    kind = fields.choice("kind", KINDS)
    default_seconds = DEFAULT_STALL_SECONDS if kind == "stall" else DEFAULT_LATENCY_SECONDS
    body = fields.raw("body")
    headers = fields.raw("headers")
    if headers is not None and not isinstance(headers, dict):
        raise ControlError("The body: headers must be an object of strings.")
    status = fields.integer("status", DEFAULT_STATUS)
    if status not in STATUSES:
        raise ControlError("The body: status must be an HTTP status.")
    seconds = fields.maybe_decimal("seconds")
    fault = Fault(
        id=number,
        platform=fields.text("platform"),
        tenant=fields.maybe_text("tenant"),
        operation=fields.text("operation", "*"),
        when=fields.choice("when", ("before", "after"), "before"),
        kind=kind,
        times=fields.integer("times", 1),
        status=status,
        body=None if body is None else body.encode() if isinstance(body, str) else dumps(body),
        headers={str(name): str(value) for name, value in (headers or {}).items()},
        seconds=default_seconds if seconds is None else float(seconds),
    )
    fields.finish()
    return fault


class FaultBook:
    """The faults that are still to happen; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._numbers = 0
        self._released = threading.Event()

    def add(self, fields: Fields) -> int:
        """Take a new fault from a control request and return its number."""
        with self._lock:
            fault = fault_from(fields, self._numbers + 1)
            self._numbers = fault.id
            self._faults.append(fault)
            return fault.id

    def take(self, platform: str, tenant: str, operation: str, when: str) -> Fault | None:
        """Return the oldest fault meant for this call and use it up once."""
        with self._lock:
            for fault in self._faults:
                if fault.hits(platform, tenant, operation, when):
                    fault.times -= 1
                    return fault
            return None

    def wait(self, seconds: float) -> None:
        """Wait as a latency or a stall does; ends at once when the faults are cleared."""
        with self._lock:
            released = self._released
        released.wait(seconds)

    def clear(self) -> None:
        """Forget every fault and let go whatever is stalled."""
        with self._lock:
            self._faults.clear()
            self._released.set()
            self._released = threading.Event()
