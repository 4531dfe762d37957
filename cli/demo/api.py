"""The service's API over HTTP, as who operates it uses it: to reconcile a period, to retrieve an order."""

from collections import Counter
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

import requests

from cli.demo.control import Json
from cli.demo.watch import DemoError

_PREFIX: Final = "/api/v1"
_TIMEOUT: Final = 15.0  # seconds


class Api:
    """Speaks to one installation, with a token of its own."""

    def __init__(self, web_url: str, token: str) -> None:
        """Speak to the web process at a URL, with a bearer token of the role `operator`."""
        self._url = f"{web_url}{_PREFIX}"
        self._login = {"Authorization": f"Bearer {token}"}

    def reconcile(self, account: str, since: datetime, until: datetime) -> str:
        """Begin a reconciliation of a period in UTC; return its path.

        Raises:
            DemoError: If it is not taken.
        """
        period = {"from": since.isoformat(), "to": until.isoformat()}
        begun = self._call("POST", "/reconciliations", {"account": account, **period})
        return f"/reconciliations/{begun['id']}"

    def counted(self, run: str) -> dict[str, int] | None:
        """Return how often a reconciliation made each finding, by its code; None while it is under way.

        Raises:
            DemoError: If it failed.
        """
        shown = self._call("GET", run)
        if shown["state"] == "running":
            return None
        if shown["state"] != "done":
            raise DemoError(f"the reconciliation is {shown['state']}: {shown['reason']} {shown['detail']}")
        found: Counter[str] = Counter()
        for total in shown["totals"]:
            found[total["finding"]] += total["number"]
        return dict(found)

    def orders(self, run: str, finding: str) -> list[str]:
        """Return the names of the orders for which a reconciliation made a finding."""
        return [each["order"] for each in self._call("GET", f"{run}/items?finding={finding}")["items"]]

    def retrieve(self, account: str, order: str) -> str:
        """Ask for an order's refunds; return the request's path.

        Raises:
            DemoError: If it is not taken.
        """
        asked = self._call("POST", f"/accounts/{account}/retrieve", {"order": order})
        return f"/requests/{asked['id']}"

    def answer(self, request: str) -> Json | None:
        """Return what came of a request; None while it is worked on.

        Raises:
            DemoError: If nothing came of it.
        """
        shown = self._call("GET", request)
        if shown["state"] == "failed":
            raise DemoError(f"what was asked for failed: {shown['reason']} {shown['detail']}")
        result: Json | None = shown["result"]
        return result

    def _call(self, method: str, path: str, body: Json | None = None) -> Any:  # noqa: ANN401 - JSON values
        answer = requests.request(
            method, f"{self._url}{path}", json=body, headers=self._login, timeout=_TIMEOUT
        )
        if answer.status_code not in {HTTPStatus.OK, HTTPStatus.ACCEPTED}:
            raise DemoError(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json()
