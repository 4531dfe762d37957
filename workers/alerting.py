"""Tells people of alerts: hands news to the channels, and sends what is due on each.

It runs beside the sweeps of a scheduler, in threads of its own, so that a slow mail server delays nothing
else, not even other channels. Two do no harm: a channel is claimed by lease.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from ledger import alert_outbox, alerts
from ledger.clock import utcnow
from ledger.counters import ALERTS, Counters
from ledger.mail import server_of
from ledger.models import AlertChannel, AlertMessage, ChannelKind
from ledger.secrets import SecretsError
from workers.platforms.http import Http
from workers.rules.telling import WINDOW, Pace, Pending, plan, waited
from workers.runtime import USER_AGENT, Runtime
from workers.telling import mail, webhook
from workers.telling.errors import TellingError
from workers.telling.words import MOST_ENTRIES, words_of

log = structlog.get_logger(__name__)

_INTERVAL: Final = 1.0  # seconds between two rounds
_BATCH: Final = 500
_AT_ONCE: Final = 4  # channels that are served at the same time
_FIRST_PAUSE: Final = timedelta(seconds=30)  # after a message could not be sent; it doubles each time
_LONGEST_PAUSE: Final = timedelta(hours=1)
_MOST_DOUBLINGS: Final = 7
_READ_TIMEOUT: Final = 10.0  # seconds for a webhook's answer


class Alerting:
    """Sends alerts until it is told to stop."""

    def __init__(
        self, runtime: Runtime, *, interval: float = _INTERVAL, clock: Callable[[], datetime] = utcnow
    ) -> None:
        """Send with a process's tools, looking for what is due every `interval` seconds."""
        self._runtime = runtime
        self._interval = interval
        self._clock = clock
        self._stop = threading.Event()
        # Made here, by one thread, for all of them.
        self._database, self._vault, self._redis = runtime.database, runtime.vault, runtime.redis

    def stop(self) -> None:
        """Finish the messages under way, then end."""
        self._stop.set()

    def run(self) -> None:
        """Send until `stop`; a database that is away for a while is waited for."""
        serving: dict[int, Future[None]] = {}
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="alerts") as pool:
            while not self._stop.is_set():
                serving = {number: future for number, future in serving.items() if not _is_over(future)}
                try:
                    self.share()
                    for number in self.ready():
                        if number not in serving:
                            serving[number] = pool.submit(self.serve, number)
                except SQLAlchemyError as error:
                    log.warning("alerts_unreachable", detail=type(error).__name__)
                self._stop.wait(self._interval)

    def share(self) -> None:
        """Hand all news to the channels."""
        shared = _BATCH
        while shared == _BATCH and not self._stop.is_set():
            with self._database.write() as session:
                shared = alerts.share(session, limit=_BATCH)

    def ready(self) -> list[int]:
        """Return the channels for which something may be due."""
        with self._database.read() as session:
            return list(alert_outbox.ready(session, now=self._clock()))

    def serve(self, channel_id: int) -> None:
        """Send what is due on a channel; does nothing if somebody else does."""
        try:
            with self._database.write() as session:
                channel = alert_outbox.claim(session, channel_id, now=self._clock())
            if channel is not None:
                self._serve(channel)
        except SQLAlchemyError as error:  # the lease ends by itself
            log.warning("alerts_unreachable", channel=channel_id, detail=type(error).__name__)

    def _serve(self, channel: AlertChannel) -> None:
        if not self._send_all(channel, self._unsent(channel)):
            return
        messages, again_at = self._planned(channel)
        if not self._send_all(channel, messages):
            return
        with self._database.write() as session:
            alert_outbox.rest(session, channel, again_at)

    def _send_all(self, channel: AlertChannel, messages: Sequence[AlertMessage]) -> bool:
        """Send messages until one fails or we are told to stop; return whether the claim is still ours."""
        return all(self._stop.is_set() or self._send(channel, message) for message in messages)

    def _unsent(self, channel: AlertChannel) -> list[AlertMessage]:
        with self._database.read() as session:
            return list(alert_outbox.unsent(session, channel))

    def _planned(self, channel: AlertChannel) -> tuple[list[AlertMessage], datetime | None]:
        """Make messages of what waits, as far as it may be told now; return when to look again, too."""
        now = self._clock()
        if not channel.is_on:
            return [], None
        pace = Pace(timedelta(minutes=channel.digest_minutes), channel.hourly_cap)
        with self._database.write() as session:
            if not alert_outbox.renew(session, channel, now=now):
                return [], None
            found = [Pending(*each) for each in alert_outbox.pending(session, channel)]
            sent = alert_outbox.sent_since(session, channel, now - WINDOW)
            planned = plan(found, pace, sent=sent, now=now)
            alert_outbox.hold(session, [each.id for each in planned.held])
            made = [
                alert_outbox.pack(
                    session,
                    channel,
                    [each.id for each in notices],
                    held=waited(notices, pace, now=now),
                    now=now,
                )
                for notices in planned.messages
            ]
        return made, planned.again_at

    def _send(self, channel: AlertChannel, message: AlertMessage) -> bool:
        """Send one message; return whether the claim is still ours: a failure gives the channel back."""
        now = self._clock()
        with self._database.write() as session:
            if not alert_outbox.renew(session, channel, now=now):
                return False
        try:
            detail = self._hand_over(channel, message, now)
        except TellingError as error:
            return self._failed(channel, message, error)
        except Exception as error:
            log.exception("crash", channel=channel.name, message=message.key)
            return self._failed(channel, message, TellingError("internal", repr(error)))
        with self._database.write() as session:
            is_ours = alert_outbox.sent(session, channel, message, detail=detail, now=self._clock())
        channel.failures = 0
        self._count(channel, "sent")
        log.info(
            "alert_sent", channel=channel.name, message=message.key, alerts=message.number, detail=detail
        )
        return is_ours

    def _failed(self, channel: AlertChannel, message: AlertMessage, error: TellingError) -> bool:
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(channel.failures, _MOST_DOUBLINGS))
        with self._database.write() as session:
            alert_outbox.failed(
                session, channel, message, error.reason, error.detail, not_before=self._clock() + pause
            )
        self._count(channel, "failed")
        log.warning(
            "alert_failed",
            channel=channel.name,
            message=message.key,
            reason=error.reason,
            detail=error.detail,
        )
        return False

    def _hand_over(self, channel: AlertChannel, message: AlertMessage, now: datetime) -> str:
        """Hand a message over; return who of several did not get it.

        Raises:
            TellingError: If it could not be.
        """
        settings = self._runtime.settings
        try:
            target = self._vault.open(channel.target)
        except SecretsError as error:
            raise TellingError("unreadable", str(error)) from error
        with self._database.read() as session:
            contents = alert_outbox.contents(session, message, limit=MOST_ENTRIES)
        words = words_of(message, contents, channel, public_url=settings.public_url)
        if channel.kind is ChannelKind.WEBHOOK:
            http = Http(
                read_timeout=_READ_TIMEOUT,
                allow_private=settings.allow_private_urls,
                user_agent=USER_AGENT,
            )
            webhook.send(
                http, target["url"], target["secret"], words, message.key, is_test=message.is_test, now=now
            )
            return ""
        if not settings.smtp_url:
            raise TellingError("unconfigured", "REFUND_SYNC_SMTP_URL and REFUND_SYNC_MAIL_FROM are not set")
        return mail.send(
            server_of(settings.smtp_url),
            words,
            message.key,
            sender=settings.mail_from,
            to=target["to"],
            now=now,
        )

    def _count(self, channel: AlertChannel, outcome: str) -> None:
        counters = Counters(self._redis)
        counters.add(ALERTS, channel.kind.value, outcome)
        counters.flush()


def _is_over(serving: Future[None]) -> bool:
    """Tell whether a channel has been served; what nobody foresaw is written to the log."""
    if serving.done() and (error := serving.exception()):
        log.error("crash", exc_info=error)
    return serving.done()
