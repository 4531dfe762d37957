"""The `Idempotency-Key` header: what was done once is answered again, and not done again."""

import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Final

from flask import Response, g, request

from ledger import idempotency
from ledger.database import Database
from ledger.idempotency import Claim
from webhooks.api.errors import Refusal

HEADER: Final = "Idempotency-Key"
"""The header's name; its value is chosen by the client, best a UUID."""

PATTERN: Final = r"^[!-~]{1,255}$"
"""What a key looks like: visible ASCII characters."""

REPLAYED: Final = "Idempotent-Replayed"
"""The header of an answer that was given before."""

_KEPT_HEADERS: Final = ("Content-Type", "Location")


class Keeper:
    """Keeps answers under the keys of their requests."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def begin(self, token_id: int) -> Response | None:
        """Take the request's key, if it has one; return the answer if it was answered before.

        Raises:
            Refusal: If the key is none.
            ledger.idempotency.IdempotencyError: If it is in use for something else.
        """
        key = request.headers.get(HEADER)
        if key is None:
            return None
        if not re.fullmatch(PATTERN, key):
            message = f"{HEADER} must be 1 to 255 visible ASCII characters."
            raise Refusal(HTTPStatus.BAD_REQUEST, "bad_idempotency_key", message)
        with self._database.write() as session:
            found = idempotency.claim(session, token_id, key, _fingerprint(), now=self._clock())
        if isinstance(found, Claim):
            g.api_claim = found
            return None
        answer = Response(found.body, found.status, found.headers)
        answer.headers[REPLAYED] = "true"
        return answer

    def end(self, answer: Response) -> None:
        """Keep an answer under the request's key; what failed on our side may be sent again."""
        claimed: Claim | None = g.pop("api_claim", None)
        if claimed is None:
            return
        with self._database.write() as session:
            if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                idempotency.release(session, claimed)
                return
            headers = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
            idempotency.keep(session, claimed, answer.status_code, headers, answer.get_data(as_text=True))


def _fingerprint() -> str:
    parts = (request.method.encode(), request.full_path.encode(), request.get_data(cache=True))
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
