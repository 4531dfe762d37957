"""Settings of the whole installation, kept in the ledger so that every process shares them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.models import Setting
from ledger.schedule import Pace


class InstallationError(ValueError):
    """Raised when a setting is unknown, not a positive number, or out of its bounds.

    Attributes:
        reason: Always `bad_setting`.
    """

    reason = "bad_setting"


@dataclass(frozen=True, slots=True)
class Installation:
    """What all processes share.

    Attributes:
        retry_seconds: Ceiling of the first delay after a passing failure.
        throttle_seconds: Ceiling of the first delay after a platform asked us to slow down.
        wait_seconds: First look at something waited for.
        wait_longest_seconds: Longest distance between two looks.
        lease_seconds: How long a worker has a delivery or a refund for itself: to decide, and again to write.
            It is how long a killed worker's work lies idle; a write that could outlast it is broken off.
        read_timeout_seconds: How long a platform has to answer a call.
        keep_deliveries_days: Age at which settled deliveries are forgotten.
        keep_personal_days: Age at which what may hold personal data is emptied; Amazon allows 30 days.
        poll_minutes: How often an account is asked for what no webhook told of, unless it says otherwise.
        api_requests_per_minute: How many requests an API token has in a minute.
    """

    retry_seconds: float = 30.0
    throttle_seconds: float = 2.0
    wait_seconds: float = 60.0
    wait_longest_seconds: float = 900.0
    lease_seconds: float = 90.0
    read_timeout_seconds: float = 30.0
    keep_deliveries_days: float = 90.0
    keep_personal_days: float = 30.0
    poll_minutes: float = 15.0
    api_requests_per_minute: float = 600.0

    @property
    def pace(self) -> Pace:
        """Return how fast things are looked at again."""
        return Pace(self.retry_seconds, self.throttle_seconds, self.wait_seconds, self.wait_longest_seconds)

    @property
    def lease(self) -> timedelta:
        """Return how long a claim lasts."""
        return timedelta(seconds=self.lease_seconds)


_NAMES: Final = tuple(field.name for field in fields(Installation))
_BOUNDS: Final[Mapping[str, tuple[float, float]]] = {
    # Below, a busy database makes workers take each other's work over; above, nobody would wait for it.
    "lease_seconds": (5.0, 3600.0),
}


def load(session: Session) -> Installation:
    """Return the installation's settings."""
    stored = {row.key: float(row.value) for row in session.scalars(select(Setting)) if row.key in _NAMES}
    return Installation(**stored)


def store(session: Session, name: str, value: str) -> None:
    """Set one of the installation's settings.

    Raises:
        InstallationError: If there is no such setting, or the value is not a positive number in its bounds.
    """
    if name not in _NAMES:
        raise InstallationError(f"there is no setting {name!r}; there are: {', '.join(_NAMES)}")
    try:
        positive = 0 < float(value) < float("inf")
    except ValueError:
        positive = False
    if not positive:
        raise InstallationError(f"{name} must be a positive number, not {value!r}")
    least, most = _BOUNDS.get(name, (0.0, float("inf")))
    if not least <= float(value) <= most:
        raise InstallationError(f"{name} must be from {least:g} to {most:g}, not {value!r}")
    session.merge(Setting(key=name, value=value))
