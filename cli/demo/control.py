"""A client of the sandbox's control API: what merchants, buyers and bookkeepers do, and what goes wrong."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar, Final

import requests
from requests.adapters import HTTPAdapter

_TIMEOUT: Final = 15.0  # seconds
_AT_ONCE: Final = 32  # connections kept for scenarios that play at the same time

Json = dict[str, Any]


class ControlError(Exception):
    """Raised when the sandbox refuses what the demo asked of it.

    Attributes:
        reason: Always `control_refused`.
    """

    reason = "control_refused"


class Control:
    """Speaks to one sandbox."""

    def __init__(self, url: str) -> None:
        """Speak to the sandbox at a URL."""
        self.url = url
        self._session = requests.Session()
        self._session.mount("http://", HTTPAdapter(pool_maxsize=_AT_ONCE))

    def post(self, path: str, **fields: Any) -> Json:  # noqa: ANN401 - JSON values
        """Post to the control API and return its answer.

        Raises:
            ControlError: If it refuses.
        """
        answer: Json = self._call("POST", path, fields)
        return answer

    def patch(self, path: str, **fields: Any) -> Json:  # noqa: ANN401 - JSON values
        """Change settings at a path of the control API."""
        answer: Json = self._call("PATCH", path, fields)
        return answer

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON values
        """Return what the control API has at a path."""
        return self._call("GET", path, None)

    def delete(self, path: str) -> None:
        """Delete what the control API has at a path."""
        self._call("DELETE", path, None)

    def _call(self, method: str, path: str, body: Json | None) -> Any:  # noqa: ANN401 - JSON values
        answer = self._session.request(method, f"{self.url}/_control{path}", json=body, timeout=_TIMEOUT)
        if not answer.ok:
            raise ControlError(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.content else {}


@dataclass(frozen=True)
class Storefront(ABC):
    """One simulated storefront account, and the people who work there or buy there.

    Attributes:
        name: The sandbox's name of it.
        slug: The ledger's.
        books: The ledger's name of the NetSuite account that it is joined to.
        platform: The platform, as the ledger and the sandbox call it.
        refund_write: What the sandbox calls it when a refund is made through the platform's API.
        echoes: Whether the platform tells of such a refund, so that it comes back and is known as ours.
    """

    control: Control = field(repr=False)
    name: str
    slug: str
    books: str

    platform: ClassVar[str] = ""
    refund_write: ClassVar[str] = ""
    echoes: ClassVar[bool] = True

    @property
    def path(self) -> str:
        """Where the control API has it."""
        return f"/{self.platform}/{self.name}"

    @abstractmethod
    def given_back(self, order_id: str, key: str, target_id: str) -> Sequence[Decimal]:
        """Return the amounts of the refunds of an order that this service made for one refund of NetSuite's.

        Args:
            order_id: The order's id at the platform.
            key: Our stable key.
            target_id: What the platform called the refund when it was made.
        """

    def writes(self) -> int:
        """Return how many refunds were made through the platform's API."""
        counted = self.control.get("/writes")
        return int(counted.get(self.platform, {}).get(self.name, {}).get(self.refund_write, 0))


def record_id(made: Any) -> str:  # noqa: ANN401 - JSON values
    """Return the internal id in a control answer, whether it stands alone or in an object."""
    return str(made["id"] if isinstance(made, dict) else made)
