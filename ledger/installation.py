"""Settings of the whole installation, kept in the ledger so that every process shares them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ledger import audit
from ledger.models import Setting
from ledger.schedule import Pace


class InstallationError(ValueError):
    """Raised when a setting is unknown, not a positive number, or out of its bounds.

    Attributes:
        reason: Always `bad_setting`.
        says: What is wrong with the value, without the setting's name; empty where there is no such setting.
    """

    reason = "bad_setting"

    def __init__(self, message: str, says: str = "") -> None:
        super().__init__(message)
        self.says = says


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


NAMES: Final = tuple(field.name for field in fields(Installation))
"""What each setting is called."""

_MOST_DAYS: Final = 3660.0
_BOUNDS: Final[Mapping[str, tuple[float, float]]] = {
    # Below, a busy database makes workers take each other's work over; above, nobody would wait for it.
    "lease_seconds": (5.0, 3600.0),
    # Below, most answers would be given up while they are on their way.
    "read_timeout_seconds": (1.0, 600.0),
    # Below, what is being worked off would be emptied or deleted under it.
    "keep_deliveries_days": (1.0, _MOST_DAYS),
    "keep_personal_days": (1.0, _MOST_DAYS),
    # Below, polls would use up what the platforms grant for refunds; above is more than an account may say.
    "poll_minutes": (1.0, 1440.0),
    "api_requests_per_minute": (1.0, 1e6),
}
_SUBJECT: Final = "installation"


def load(session: Session) -> Installation:
    """Return the installation's settings."""
    stored = {row.key: float(row.value) for row in session.scalars(select(Setting)) if row.key in NAMES}
    return Installation(**stored)


def check(name: str, value: str) -> None:
    """Check that a text is a value of a setting.

    Raises:
        InstallationError: If there is no such setting, or the value is not a positive number in its bounds.
    """
    _check_name(name)
    try:
        positive = 0 < float(value) < float("inf")
    except ValueError:
        positive = False
    least, most = _BOUNDS.get(name, (0.0, float("inf")))
    says = ""
    if not positive:
        says = "must be a positive number"
    elif not least <= float(value) <= most:
        says = f"must be from {least:,g} to {most:,.0f}"
    if says:
        raise InstallationError(f"{name} {says}, not {value!r}", says)


def _check_name(name: str) -> None:
    if name not in NAMES:
        raise InstallationError(f"there is no setting {name!r}; there are: {', '.join(NAMES)}")


def store(session: Session, name: str, value: str) -> None:
    """Set one of the installation's settings.

    Raises:
        InstallationError: If there is no such setting, or the value is not a positive number in its bounds.
    """
    check(name, value)
    session.merge(Setting(key=name, value=value))


def change(session: Session, values: Mapping[str, str], *, now: datetime, actor: str) -> Mapping[str, float]:
    """Change settings, all of them or none, and write down what was changed.

    Args:
        session: A writing transaction.
        values: New values by name; what is empty is as usual again.
        now: The time, in UTC.
        actor: Who wants it.

    Returns:
        What is otherwise than before, by name.

    Raises:
        InstallationError: If there is no such setting, or a value is not a positive number in its bounds.
    """
    before = load(session)
    for name, value in values.items():
        if value:
            check(name, value)
            if float(value) != getattr(before, name):
                store(session, name, value)
        else:
            _check_name(name)
            session.execute(delete(Setting).where(Setting.key == name))
    session.flush()
    after = load(session)
    changed = {name: value for name, value in asdict(after).items() if value != getattr(before, name)}
    if changed:
        note = ", ".join(f"{name}: {text_of(before, name)} to {text_of(after, name)}" for name in changed)
        audit.write(session, _SUBJECT, 0, "set", at=now, actor=actor, note=note)
    return changed


def text_of(settings: Installation, name: str) -> str:
    """Return the value of a setting as people write it."""
    return f"{getattr(settings, name):.12g}"
