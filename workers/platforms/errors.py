"""What can go wrong with a platform, and the one decision this module owns: which reason an answer means.

    PlatformError        a call failed; `reason` is a code of `ledger.reasons`
    TooMuchError         more changed in a time than can be read at once; asking for less helps
    CredentialsError     stored credentials are not of the shape a platform needs (a ValueError)

Each platform has a table of the error shapes it documents (`netsuite_errors`, `shopify_errors`). The tables
are closed: what no row describes is refused if the platform says it is our fault (4xx), passing if it says it
is its own. To add an error, add one row and one test with the body the platform sent.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from ledger.masking import masked_text
from ledger.reasons import reason as known_reason

_DETAIL_LENGTH: Final = 1000
_LONGEST_PAUSE: Final = 3600.0  # seconds; a platform that asks for more is asked again after an hour


class CredentialsError(ValueError):
    """Raised when credentials are not of the shape a platform needs; the message names the mend.

    Attributes:
        reason: Always `bad_credentials`.
    """

    reason = "bad_credentials"


@dataclass(frozen=True, slots=True)
class Call:
    """The call an error came from.

    Attributes:
        url: Without secrets.
        status: HTTP status; None where there was no answer.
        request_id: The platform's own id of the request, for its support; may be empty.
    """

    method: str
    url: str
    status: int | None = None
    request_id: str = ""


class PlatformError(Exception):
    """Raised when a platform did not do, or may not have done, what it was asked.

    Attributes:
        reason: A code of `ledger.reasons`.
        detail: The platform's own message, shortened, without secrets and e-mail addresses.
        retry_after: Seconds the platform asked us to wait; None where it said nothing.
        outcome_unknown: Whether a write may have taken effect all the same.
        call: The call it came from; None where none was made.
    """

    def __init__(
        self,
        reason: str,
        detail: str,
        *,
        retry_after: float | None = None,
        outcome_unknown: bool = False,
        call: Call | None = None,
    ) -> None:
        self.reason = reason
        self.detail = masked_text(detail[: 2 * _DETAIL_LENGTH])[:_DETAIL_LENGTH]
        super().__init__(f"{known_reason(reason).code}: {self.detail}")
        self.retry_after = retry_after
        self.outcome_unknown = outcome_unknown
        self.call = call


def in_words(error: PlatformError) -> str:
    """Return what happened and how to mend it, for a person."""
    known = known_reason(error.reason)
    detail = f": {error.detail.rstrip('.')}" if error.detail else ""
    return f"{known.what.rstrip('.')}{detail}. {known.fix}".strip()


class TooMuchError(PlatformError):
    """Raised when a platform has more to tell of a time than can be read at once: ask for less of it."""

    def __init__(self, detail: str) -> None:
        super().__init__("REFUSED", detail)


@dataclass(frozen=True, slots=True)
class KnownError:
    """One documented error shape and the reason it stands for; what a row leaves open may be anything.

    Attributes:
        reason: A code of `ledger.reasons`.
        status: HTTP status.
        code: The platform's error code, compared whole.
        text: Found anywhere in the platform's message, whatever its case.
    """

    reason: str
    status: int | None = None
    code: str = ""
    text: str = ""

    def describes(self, status: int, code: str, text: str) -> bool:
        """Return whether this is such an error."""
        return (
            self.status in {None, status}
            and self.code in {"", code}
            and (not self.text or re.search(self.text, text, re.IGNORECASE) is not None)
        )


def reason_of(rows: Iterable[KnownError], status: int, code: str, text: str, *, write: bool) -> str:
    """Return the reason an error answer stands for.

    Args:
        rows: The platform's table; the first row that describes the answer decides.
        status: HTTP status.
        code: The platform's error code; empty if it gave none.
        text: The platform's message.
        write: Whether the call was to change something: then a failure on the platform's side leaves open
            whether it did.
    """
    for row in rows:
        if row.describes(status, code, text):
            return row.reason
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "RATE_LIMITED"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return "UNKNOWN_OUTCOME" if write else "TRANSIENT"
    return "REFUSED"


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds a `Retry-After` header asks for (RFC 9110 section 10.2.3), an hour at most.

    Args:
        headers: The answer's headers, their names in any case.
        now: The time now, aware; the header may name a moment.
    """
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,6})?", text):
        return min(float(text), _LONGEST_PAUSE)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), _LONGEST_PAUSE)
