"""A seller on the sandbox's Amazon, with the buyers and the people at Amazon."""

from dataclasses import dataclass
from typing import Any, Final

from tests.support.sandboxed import SHIRT, Tenant
from tests.workers.platforms.world import Control

ROOMY: Final = {"usage_plans": {"listTransactions": {"rate": 1000, "burst": 1000}}}
"""A seller's settings: a plan that the calls of days fit into, which are over in a second."""

_CREDENTIALS: Final = ("seller_id", "client_id", "client_secret", "refresh_token")


def open_amazon(
    control: Control,
    seller_id: str,
    **more: Any,  # noqa: ANN401 - JSON may be anything
) -> dict[str, str]:
    """Make a seller; return credentials: seller id, marketplace id, client id and secret, refresh token.

    Args:
        control: The sandbox.
        seller_id: The sandbox's name of the tenant too.
        more: Settings, such as `push={"via": "sns", "url": ...}`.
    """
    made = control.post("amazon/sellers", {"seller_id": seller_id, **more})
    return {name: made[name] for name in _CREDENTIALS} | {"marketplace_id": made["marketplace"]}


@dataclass(frozen=True)
class Seller(Tenant):
    """A seller."""

    platform = "amazon"

    def order(self, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON may be anything
        """Let a buyer order five T-shirts, and ship them unless `status` says otherwise."""
        lines = [{"sku": SHIRT, "quantity": 5, "price": "20.00"}]
        made: dict[str, Any] = self.control.post(f"{self.path}/orders", {"lines": lines, **more})
        return made

    def refund(self, order: dict[str, Any], quantity: int = 1, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Refund some T-shirts in Seller Central, or what `lines` says; return the refund's id and rows."""
        body = {"lines": [{"sku": SHIRT, "quantity": quantity}], **more}
        made: dict[str, Any] = self.control.post(f"{self.path}/orders/{order['id']}/refund", body)
        return made

    def release(self, order: dict[str, Any]) -> list[dict[str, Any]]:
        """Release what is held back of an order's money; return the rows posted for it."""
        made: dict[str, Any] = self.control.post(f"{self.path}/orders/{order['id']}/release")
        posted: list[dict[str, Any]] = made["transactions"]
        return posted

    def ship(self, order: dict[str, Any]) -> None:
        """Ship an order."""
        self.control.post(f"{self.path}/orders/{order['id']}/ship")

    def cancel(self, order: dict[str, Any]) -> None:
        """Cancel an order that is not shipped."""
        self.control.post(f"{self.path}/orders/{order['id']}/cancel")

    def state(self, order: dict[str, Any]) -> dict[str, Any]:
        """Return an order as it is now."""
        found: dict[str, Any] = self.control.get(f"{self.path}/orders/{order['id']}")
        return found

    def transactions(self, order: dict[str, Any], kind: str = "Refund") -> list[dict[str, Any]]:
        """Return an order's rows of one type, those that the API does not show yet too."""
        found: list[dict[str, Any]] = self.control.get(f"{self.path}/transactions?order_id={order['id']}")
        return [each for each in found if each["transactionType"] == kind]

    def feeds(self) -> list[dict[str, Any]]:
        """Return all feeds, each with the `content` sent and the `report` on it."""
        found: list[dict[str, Any]] = self.control.get(f"{self.path}/feeds")
        return found

    def next_feed(self, status: str, **more: Any) -> None:  # noqa: ANN401 - JSON may be anything
        """Say how the next feed shall end, or where it shall stay."""
        self.control.post(f"{self.path}/feeds/outcome", {"status": status, **more})

    def end_feed(self, feed_id: str, status: str = "DONE", **more: Any) -> None:  # noqa: ANN401 - JSON may be anything
        """End a feed now."""
        self.control.post(f"{self.path}/feeds/{feed_id}/outcome", {"status": status, **more})

    def webhooks(self, topic: str = "") -> list[dict[str, Any]]:
        """Return the deliveries, of one topic if given, oldest first."""
        query = f"?topic={topic}" if topic else ""
        found: list[dict[str, Any]] = self.control.get(f"{self.path}/webhooks{query}")
        return found

    def calls(self) -> list[dict[str, Any]]:
        """Return the calls of its API in full, as `tests.support.specs_amazon` checks them."""
        found: list[dict[str, Any]] = self.control.get(f"calls?platform=amazon&tenant={self.tenant}")
        return found
