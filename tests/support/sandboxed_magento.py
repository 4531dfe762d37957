"""A Magento store of the sandbox, with the merchant and the customers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.support.sandboxed import SHIRT, Tenant
from tests.workers.platforms.world import Control

OAUTH: Final = {
    "consumer_key": "consumerkey0123456789abcdefghijk",
    "consumer_secret": "consumersecret0123456789abcdefgh",
    "access_token": "accesstoken0123456789abcdefghijk",
    "access_token_secret": "tokensecret0123456789abcdefghijk",
}


def open_magento(
    control: Control,
    tenant: str,
    **settings: Any,  # noqa: ANN401 - JSON may be anything
) -> dict[str, str]:
    """Make a store with an integration; return the integration's credentials."""
    control.post("magento/stores", {"tenant": tenant, "oauth": OAUTH, **settings})
    return dict(OAUTH)


@dataclass(frozen=True)
class Store(Tenant):
    """A store and its merchant."""

    platform = "magento"

    @property
    def url(self) -> str:
        """The store's base URL."""
        return f"{self.control.url}/{self.path}"

    def order(self, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON may be anything
        """Let a customer order five T-shirts, invoiced and paid online."""
        lines = [{"sku": SHIRT, "qty": 5, "price": "20.00"}]
        made: dict[str, Any] = self.control.post(f"{self.path}/orders", {"lines": lines, **more})
        return made

    def refund(self, order: Mapping[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON may be anything
        """Make a credit memo in the admin, of everything unless told otherwise."""
        made: dict[str, Any] = self.control.post(f"{self._order(order)}/creditmemo", more)
        return made

    def state(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """Return an order as it is now, with all that hangs on it."""
        found: dict[str, Any] = self.control.get(self._order(order))
        return found

    def credit_memos(self, order: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return an order's credit memos."""
        found: list[dict[str, Any]] = self.state(order)["creditmemos"]
        return found

    def invoice(self, order: Mapping[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON may be anything
        """Invoice what is left of an order, or some lines."""
        made: dict[str, Any] = self.control.post(f"{self._order(order)}/invoice", more)
        return made

    def cancel(self, order: Mapping[str, Any]) -> None:
        """Cancel an order of which nothing is invoiced."""
        self.control.post(f"{self._order(order)}/cancel")

    def delete(self, order: Mapping[str, Any]) -> None:
        """Remove an order, as an extension does."""
        self.control.delete(self._order(order))

    def save_memo(self, memo: Mapping[str, Any], state: str, **more: Any) -> None:  # noqa: ANN401 - JSON
        """Save a credit memo with another state: open, refunded or canceled."""
        self.control.post(f"{self.path}/creditmemos/{memo['entity_id']}/state", {"state": state, **more})

    def deliveries(self, topic: str = "") -> list[dict[str, Any]]:
        """Return what the store has sent or tries to send, oldest first."""
        query = f"?topic={topic}" if topic else ""
        found: list[dict[str, Any]] = self.control.get(f"{self.path}/webhooks{query}")
        return found

    def calls(self) -> list[dict[str, Any]]:
        """Return the calls of its API in full, as `tests.support.specs_magento.check_calls` takes them."""
        found: list[dict[str, Any]] = self.control.get(f"calls?platform=magento&tenant={self.tenant}")
        return found

    def _order(self, order: Mapping[str, Any]) -> str:
        return f"{self.path}/orders/{order['entity_id']}"
