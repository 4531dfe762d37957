"""Trying a channel of alerts out: a test is asked for, the scheduler sends it, its outcome is waited for."""

import threading
import time
from typing import Final

from cli.context import App
from ledger.models import AlertMessage

_LOOK_EVERY: Final = 0.2  # seconds between two looks


class TrialFailedError(Exception):
    """Raised when a test of a channel was not sent; the message says why.

    Attributes:
        reason: Always `trial_failed`.
    """

    reason = "trial_failed"


def outcome_of(app: App, message: AlertMessage, *, patience: float) -> AlertMessage:
    """Return a test once it was sent.

    Args:
        app: To look at the ledger.
        message: The test, just asked for.
        patience: Seconds to wait for the scheduler.

    Raises:
        TrialFailedError: If it was not sent.
    """
    deadline, pause = time.monotonic() + patience, threading.Event()
    while message.sent_at is None and not message.tries:
        if time.monotonic() >= deadline:
            raise TrialFailedError("the scheduler has not sent the test yet; is it running?")
        pause.wait(_LOOK_EVERY)
        with app.database.read() as session:
            message = session.get_one(AlertMessage, message.id)
    if message.sent_at is None:
        raise TrialFailedError(f"the test could not be sent: {message.reason}: {message.detail}")
    return message
