"""The sandbox's control API, and what tests make with it."""

from dataclasses import dataclass
from typing import Any

import requests

from ledger.money import Money


@dataclass(frozen=True)
class KeyPair:
    """A private key and its public one, as PEM."""

    private: str
    public: str


@dataclass(frozen=True)
class Control:
    """Plays the merchants, the customers and the platforms' bad days.

    Attributes:
        url: The sandbox's address.
    """

    url: str
    session: requests.Session

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON may be anything
        """Do something; return what came of it."""
        return self._done(self.session.post(f"{self.url}/_control/{path}", json=body or {}, timeout=10))

    def patch(self, path: str, body: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON may be anything
        """Change something."""
        return self._done(self.session.patch(f"{self.url}/_control/{path}", json=body, timeout=10))

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON may be anything
        """Look at something."""
        return self._done(self.session.get(f"{self.url}/_control/{path}", timeout=10))

    def delete(self, path: str) -> Any:  # noqa: ANN401 - JSON may be anything
        """Do away with something."""
        return self._done(self.session.delete(f"{self.url}/_control/{path}", timeout=10))

    def fault(self, platform: str, operation: str, kind: str, **more: Any) -> None:  # noqa: ANN401 - JSON may be anything
        """Let the next call of an operation go wrong."""
        self.post("faults", {"platform": platform, "operation": operation, "kind": kind, **more})

    def operations(self, platform: str) -> list[str]:
        """Return the operations called so far, oldest first."""
        return [call["operation"] for call in self.get(f"calls?platform={platform}")]

    def writes(self, platform: str, tenant: str) -> dict[str, int]:
        """Return how often each thing was written through a platform's API."""
        counts: dict[str, int] = self.get("writes").get(platform, {}).get(tenant, {})
        return counts

    @staticmethod
    def _done(response: requests.Response) -> Any:  # noqa: ANN401 - JSON may be anything
        assert response.ok, response.text
        return response.json() if response.content else None


def usd(amount: str) -> Money:
    """Return an amount of US dollars."""
    return Money.parse(amount, "USD")
