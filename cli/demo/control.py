"""A client of the sandbox's control API: what a merchant, a buyer or NetSuite does, and what goes wrong."""

from typing import Any

import requests

_TIMEOUT = 15.0  # seconds


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

    def post(self, path: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON values
        """Post to the control API and return its answer.

        Raises:
            ControlError: If it refuses.
        """
        answer: dict[str, Any] = self._call("POST", path, fields)
        return answer

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON values
        """Return what the control API has at a path."""
        return self._call("GET", path, None)

    def delete(self, path: str) -> None:
        """Delete what the control API has at a path."""
        self._call("DELETE", path, None)

    def _call(self, method: str, path: str, body: dict[str, Any] | None) -> Any:  # noqa: ANN401 - JSON values
        answer = self._session.request(method, f"{self.url}/_control{path}", json=body, timeout=_TIMEOUT)
        if not answer.ok:
            raise ControlError(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.content else {}


class Shop:
    """One simulated Shopify shop."""

    def __init__(self, control: Control, domain: str) -> None:
        """Act in the shop of that domain."""
        self._control = control
        self.domain = domain

    def order(self, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON values
        """Place an order."""
        return self._control.post(f"/shopify/{self.domain}/orders", **fields)

    def refund(self, order: dict[str, Any], **fields: Any) -> str:  # noqa: ANN401 - JSON values
        """Refund an order as the merchant; return the refund's id."""
        made = self._control.post(f"/shopify/{self.domain}/orders/{order['id']}/refund", **fields)
        return str(made["id"])

    def state(self, order: dict[str, Any]) -> dict[str, Any]:
        """Return an order with its refunds."""
        found: dict[str, Any] = self._control.get(f"/shopify/{self.domain}/orders/{order['id']}")
        return found

    def delete(self, order: dict[str, Any]) -> None:
        """Delete an order."""
        self._control.delete(f"/shopify/{self.domain}/orders/{order['id']}")

    def webhooks(self) -> list[dict[str, Any]]:
        """Return every webhook the shop has sent."""
        sent: list[dict[str, Any]] = self._control.get(f"/shopify/{self.domain}/webhooks")
        return sent

    def redeliver(self, webhook_id: str, **fields: Any) -> None:  # noqa: ANN401 - JSON values
        """Send a webhook again."""
        self._control.post(f"/shopify/{self.domain}/webhooks/{webhook_id}/redeliver", **fields)


class Books:
    """One simulated NetSuite account."""

    def __init__(self, control: Control, account_id: str) -> None:
        """Act in the NetSuite account of that id."""
        self._control = control
        self._base = f"/netsuite/{account_id.lower().replace('_', '-')}"

    def order(self, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON values
        """Import an order, billed or not."""
        return self._control.post(f"{self._base}/orders", **fields)

    def bill(self, order: dict[str, Any], how: str) -> dict[str, Any]:
        """Bill a sales order as `invoice` or `cashSale`."""
        return self._control.post(f"{self._base}/orders/{record_id(order['salesOrder'])}/bill", **{"as": how})

    def refund(self, **fields: Any) -> str:  # noqa: ANN401 - JSON values
        """Refund a billed record as a person in NetSuite; return the new record's id."""
        return record_id(self._control.post(f"{self._base}/refunds", **fields))

    def authorize_return(self, **fields: Any) -> str:  # noqa: ANN401 - JSON values
        """Enter a return authorization; return its id."""
        return record_id(self._control.post(f"{self._base}/returnauthorizations", **fields))

    def delete(self, record_type: str, number: str) -> None:
        """Delete a record."""
        self._control.delete(f"{self._base}/records/{record_type}/{number}")

    def records(self, record_type: str) -> list[dict[str, Any]]:
        """Return every record of a type."""
        found = self._control.get(f"{self._base}/records?type={record_type}")
        return list(found["items"] if isinstance(found, dict) else found)


def record_id(made: Any) -> str:  # noqa: ANN401 - JSON values
    """Return the internal id in a control answer, whether it stands alone or in an object."""
    return str(made["id"] if isinstance(made, dict) else made)
