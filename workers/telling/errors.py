"""Why a message of an alert could not be sent."""

from typing import Final

_DETAIL_LENGTH: Final = 300  # characters


class TellingError(Exception):
    """Raised when a message could not be handed over; it is tried again.

    Attributes:
        reason: `unreachable`, `refused`, `unconfigured` where there is no mail server any more, `unreadable`
            where no key opens the channel's target, or `internal`.
        detail: The same in plain words, without secrets.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail[:_DETAIL_LENGTH]}")
        self.reason = reason
        self.detail = detail[:_DETAIL_LENGTH]
