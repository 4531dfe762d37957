"""Webhook delivery: a background thread that posts, waits and posts again, as each platform does."""

import heapq
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from itertools import count
from typing import Final

import requests

from sandbox.clock import Clock, iso_millis
from sandbox.gateway import Settings
from sandbox.jsonish import Json

CONNECT_TIMEOUT_SECONDS: Final = 1.0
ANSWER_TIMEOUT_SECONDS: Final = 5.0
SENDERS: Final = 8

Headers = Mapping[str, str]


class DeliveryState(StrEnum):
    """How far a delivery has come."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


@dataclass(eq=False)
class Delivery:
    """One webhook on its way to one receiver.

    Attributes:
        id: The delivery's own id, kept over all its attempts.
        platform: Sending platform.
        tenant: Sending shop or account.
        topic: What happened.
        url: Where it goes.
        body: Exact bytes sent with every attempt.
        sign: Makes an attempt's headers from its time.
        delays: Waits in seconds before the second, third... attempt; the attempts end with them.
        event_id: Id of the action that caused it, where the platform has one.
        on_give_up: Called after the last attempt failed.
        accepted: Statuses that the platform takes for success, every 2xx if ``None``.
        retried: Tells after which statuses the platform tries again, after all failures if ``None``.
        attempts: What was tried, as ``{"at", "status"}``; ``status`` is ``None`` without an answer.
        headers: Headers of the latest attempt.
        state: How far it has come.
    """

    id: str
    platform: str
    tenant: str
    topic: str
    url: str
    body: bytes
    sign: Callable[[datetime], Headers]
    delays: Sequence[float]
    event_id: str | None = None
    on_give_up: Callable[[], None] | None = None
    accepted: frozenset[int] | None = None
    retried: Callable[[int | None], bool] | None = None
    attempts: list[Json] = field(default_factory=list)
    headers: Headers = field(default_factory=dict)
    state: DeliveryState = DeliveryState.WAITING

    @property
    def waiting(self) -> bool:
        """Whether it is neither delivered nor given up."""
        return self.state is DeliveryState.WAITING

    def prepare(self, now: datetime) -> tuple[bytes, Headers]:
        """Return an attempt's body and headers; a platform may write them anew for every attempt."""
        return self.body, self.sign(now)

    def accepts(self, status: int) -> bool:
        """Tell whether an answer counts as delivered."""
        if self.accepted is not None:
            return status in self.accepted
        return status // 100 == HTTPStatus.OK // 100

    def as_json(self) -> Json:
        """Return the delivery as the control API shows it."""
        return {
            "id": self.id,
            "event_id": self.event_id,
            "topic": self.topic,
            "url": self.url,
            "headers": dict(self.headers),
            "body": self.body.decode(),
            "attempts": list(self.attempts),
            "delivered": self.state is DeliveryState.DELIVERED,
            "state": self.state.value,
        }


class Courier:
    """Sends deliveries in the background and remembers them all; safe to share between threads."""

    def __init__(self, clock: Clock, settings: Settings) -> None:
        self._clock = clock
        self._settings = settings
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Delivery]] = []
        self._order = count()
        self._all: list[Delivery] = []
        self._senders: ThreadPoolExecutor | None = None
        self._thread: threading.Thread | None = None
        self._stopped = False

    def send(self, deliveries: Sequence[Delivery]) -> None:
        """Take deliveries over; their first attempt is due at once."""
        with self._changed:
            if self._stopped:
                return
            for delivery in deliveries:
                self._all.append(delivery)
                heapq.heappush(self._due, (time.monotonic(), next(self._order), delivery))
            self._start()
            self._changed.notify_all()

    def keep(self, delivery: Delivery) -> None:
        """Remember a delivery that was sent already, by the platform itself and at once."""
        with self._changed:
            self._all.append(delivery)

    def attempt(self, delivery: Delivery, without: frozenset[str] = frozenset()) -> int | None:
        """Send a delivery once, here and now.

        Args:
            delivery: What to send; the attempt is added to it.
            without: Lower-case names of headers to leave away.

        Returns:
            The HTTP status answered, ``None`` if there was no answer in time.
        """
        now = self._clock.now()
        body, headers = delivery.prepare(now)
        headers = {name: value for name, value in headers.items() if name.lower() not in without}
        status = post(delivery.url, body, headers)
        with self._changed:
            delivery.headers = headers
            delivery.attempts.append({"at": iso_millis(now), "status": status})
            if status is not None and delivery.accepts(status):
                delivery.state = DeliveryState.DELIVERED
                self._changed.notify_all()
        return status

    def find(self, platform: str, tenant: str) -> list[Delivery]:
        """Return every delivery of a tenant, oldest first."""
        with self._changed:
            return [each for each in self._all if (each.platform, each.tenant) == (platform, tenant)]

    def pending(self) -> int:
        """Return how many deliveries are neither delivered nor given up."""
        with self._changed:
            return sum(each.waiting for each in self._all)

    def hurry(self, factor: float) -> None:
        """Multiply every wait under way, after the retry scale was changed by that factor."""
        with self._changed:
            now = time.monotonic()
            self._due = [(now + max(0.0, due - now) * factor, order, each) for due, order, each in self._due]
            heapq.heapify(self._due)
            self._changed.notify_all()

    def clear(self) -> None:
        """Forget every delivery; nothing of them is sent any more, save what is being sent right now."""
        with self._changed:
            for delivery in self._all:
                if delivery.waiting:
                    delivery.state = DeliveryState.GIVEN_UP
            self._all.clear()
            self._due.clear()
            self._changed.notify_all()

    def stop(self) -> None:
        """End the background threads."""
        with self._changed:
            self._stopped = True
            self._due.clear()
            self._changed.notify_all()
            thread, senders = self._thread, self._senders
        if thread is not None:
            thread.join()
        if senders is not None:
            senders.shutdown(wait=True, cancel_futures=True)

    def _start(self) -> None:
        if self._thread is None:
            self._senders = ThreadPoolExecutor(SENDERS, thread_name_prefix="sandbox-webhook")
            self._thread = threading.Thread(target=self._run, name="sandbox-courier", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        """Hand what is due to the senders until stopped."""
        while True:
            with self._changed:
                if self._stopped:
                    return
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is None or wait > 0:
                    self._changed.wait(wait)
                    continue
                delivery = heapq.heappop(self._due)[2]
                if self._senders is not None:
                    self._senders.submit(self._carry, delivery)

    def _carry(self, delivery: Delivery) -> None:
        """Make one attempt and plan the next."""
        with self._changed:
            if not delivery.waiting:
                return
        status = self.attempt(delivery)
        with self._changed:
            if self._stopped or not delivery.waiting:
                return
            failures = len(delivery.attempts)
            again = delivery.retried is None or delivery.retried(status)
            if again and failures <= len(delivery.delays):
                due = time.monotonic() + delivery.delays[failures - 1] * self._settings.retry_scale
                heapq.heappush(self._due, (due, next(self._order), delivery))
                self._changed.notify_all()
                return
            delivery.state = DeliveryState.GIVEN_UP
        if delivery.on_give_up is not None:
            delivery.on_give_up()


def post(url: str, body: bytes, headers: Headers) -> int | None:
    """Post bytes with the platforms' patience; return the status, ``None`` if there was no answer.

    Redirects are not followed, and no proxy of the environment is used.
    """
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.post(
                url,
                data=body,
                headers=dict(headers),
                timeout=(CONNECT_TIMEOUT_SECONDS, ANSWER_TIMEOUT_SECONDS),
                allow_redirects=False,
            )
        except requests.RequestException:
            return None
        return answer.status_code
