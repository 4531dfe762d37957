"""A scheduler's process that tells of alerts, and what webhooks were told by it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from ledger import alert_channels
from ledger.counters import ALERTS, Counters
from ledger.models import AlertChannel, AlertMessage
from tests.support.alerts import make_channel, raise_errors
from tests.workers.platforms.wire import Wire, answer, saying
from workers.alerting import Alerting
from workers.runtime import Runtime

OK = saying(answer(b"ok"))
DOWN = saying(answer(b"try later", "503 Service Unavailable"))


@dataclass
class Teller:
    """A scheduler's process that tells of alerts, and a clock of its own.

    Attributes:
        now: What its clock shows.
    """

    runtime: Runtime
    now: datetime
    _others: list[Runtime] = field(default_factory=list)

    def another(self, **settings: Any) -> "Teller":  # noqa: ANN401 - whatever a setting holds
        """Return another process on the same ledger, or with other settings."""
        made = Runtime(replace(self.runtime.settings, **settings))
        self._others.append(made)
        return Teller(made, self.now)

    def alerting(self) -> Alerting:
        return Alerting(self.runtime, interval=0.01, clock=lambda: self.now)

    def look(self, *, after: timedelta = timedelta()) -> None:
        """Let time pass, then tell what is due, once."""
        self.now += after
        alerting = self.alerting()
        alerting.share()
        for channel_id in alerting.ready():
            alerting.serve(channel_id)

    def channel(self, url: str = "", **wishes: Any) -> AlertChannel:  # noqa: ANN401 - fields of `Wishes`
        with self.runtime.database.write() as session:
            return make_channel(session, self.runtime.vault, target=url, **wishes)

    def stored(self, name: str = "slack") -> AlertChannel:
        with self.runtime.database.read() as session:
            return alert_channels.by_name(session, name)

    def messages(self) -> list[AlertMessage]:
        with self.runtime.database.read() as session:
            return list(session.scalars(select(AlertMessage).order_by(AlertMessage.id)))

    def fail(self, *subjects: int, account_id: int = 1) -> None:
        """Let refunds come to need a person."""
        with self.runtime.database.write() as session:
            raise_errors(session, account_id, *subjects, now=self.now)

    def ask_test(self) -> None:
        with self.runtime.database.write() as session:
            for channel in alert_channels.channels(session):
                alert_channels.ask_test(session, channel, now=self.now, actor="test")

    def counted(self) -> dict[tuple[str, ...], float]:
        return dict(Counters(self.runtime.redis).read().get(ALERTS.name, {}))

    def close(self) -> None:
        """Close every connection but those to the ledger that was handed in."""
        self.runtime.redis.close()
        for runtime in self._others:
            runtime.redis.close()
            runtime.database.dispose()


def told(served: Wire) -> list[dict[str, Any]]:
    """Return what a webhook was told, oldest first."""
    return [json.loads(each.partition(b"\r\n\r\n")[2]) for each in served.requests]


def key_of(request: bytes) -> str:
    return next(
        line.partition(b": ")[2].decode() for line in request.split(b"\r\n") if line.startswith(b"webhook-id")
    )


def subjects(message: Mapping[str, Any]) -> list[tuple[str, int]]:
    return [(each["phase"], each["subject_id"]) for each in message["events"]]
