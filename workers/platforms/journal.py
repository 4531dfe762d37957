"""The record of the calls of one attempt: what was asked and answered, without secrets or personal data."""

from collections import deque
from datetime import UTC, datetime
from typing import Any, Final

from ledger.masking import masked_body, masked_url

_MOST_CALLS: Final = 200  # of one attempt; far above what a refund needs


class Journal:
    """Collects the calls of one attempt, each as JSON values; holds a bounded number of them."""

    def __init__(self) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=_MOST_CALLS)

    def entries(self) -> list[dict[str, Any]]:
        """Return the calls made since the journal was last cleared, oldest first."""
        return list(self._entries)

    def clear(self) -> None:
        """Start anew."""
        self._entries.clear()

    def record(
        self,
        *,
        at: datetime,
        method: str,
        url: str,
        status: int | None,
        milliseconds: int,
        request: str,
        response: str,
        request_id: str,
    ) -> None:
        """Write a call down.

        Args:
            at: When it was made, aware UTC.
            method: HTTP method.
            url: The whole URL; the values of secret parameters are masked.
            status: HTTP status; None where there was no answer.
            milliseconds: How long it took.
            request: Body sent, as text.
            response: Body received, or what became of the call.
            request_id: The platform's id of the request.
        """
        self._entries.append(
            {
                "at": at.astimezone(UTC).isoformat(),
                "method": method,
                "url": masked_url(url),
                "status": status,
                "ms": milliseconds,
                "request": masked_body(request),
                "response": masked_body(response),
                "request_id": request_id[:200],
            }
        )
