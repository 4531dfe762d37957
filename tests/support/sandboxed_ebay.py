"""Sellers of the sandbox's eBay, with the buyers and the people who work for them."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from sandbox.ebay.errors import KINDS, EbayError, error_json
from tests.support.sandboxed import SHIRT, Tenant
from tests.support.specs_ebay import check_requests
from tests.workers.platforms.world import Control

APP: Final = {
    "client_id": "RefundSy-sandbox-PRD-0123456789",
    "client_secret": "PRD-0123456789abcdef",
    "refresh_token": "v^1.1#r^1#0123456789abcdef",
}


def open_ebay(control: Control, seller_id: str, **more: Any) -> dict[str, str]:  # noqa: ANN401 - JSON may be anything
    """Make a seller; return credentials for the application that is connected."""
    control.post("ebay/sellers", {"seller_id": seller_id, **APP, **more})
    return dict(APP)


def check_what_was_sent(calls: Iterable[dict[str, Any]]) -> None:
    """Check that what was sent to eBay is of its contracts, where there are specifications.

    Raises:
        AssertionError: If anything is not.
    """
    specifications = os.environ.get("SPECS_DIR")
    if specifications:
        check_requests(Path(specifications), calls)


@dataclass(frozen=True)
class EbaySeller(Tenant):
    """A seller, and the buyers."""

    platform = "ebay"

    def order(self, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON may be anything
        """Let a buyer order five T-shirts at 20.00; return the order as `getOrder` does."""
        lines = [{"sku": SHIRT, "title": "T-shirt, M", "quantity": 5, "price": "20.00"}]
        made: dict[str, Any] = self.control.post(f"{self.path}/orders", {"lines": lines, **more})
        return made

    def state(self, order: dict[str, Any]) -> dict[str, Any]:
        """Return an order as it is now, with `refunds` and `requests` as the control API shows them."""
        found: dict[str, Any] = self.control.get(f"{self.path}/orders/{order['orderId']}")
        return found

    def ask(self, order: dict[str, Any], kind: str, **more: Any) -> str:  # noqa: ANN401 - JSON may be anything
        """Let the buyer ask for a return or a cancellation, or open an inquiry or a case; return its id."""
        body = {"kind": kind, **more}
        return str(self.control.post(f"{self.path}/orders/{order['orderId']}/requests", body)["id"])

    def close(self, request_id: str, outcome: str = "withdrawn", **more: Any) -> None:  # noqa: ANN401 - JSON
        """Let a request be withdrawn or declined."""
        self.control.post(f"{self.path}/requests/{request_id}/close", {"outcome": outcome, **more})

    def escalate(self, request_id: str) -> str:
        """Let the buyer make a case of a return or an inquiry; return the case's id."""
        return str(self.control.post(f"{self.path}/requests/{request_id}/escalate")["id"])

    def refund(self, order: dict[str, Any], **more: Any) -> str:  # noqa: ANN401 - JSON may be anything
        """Refund in Seller Hub, all that is left unless told; `for` names the request. Return its number."""
        return str(self.control.post(f"{self.path}/orders/{order['orderId']}/refund", more)["refund"])

    def refunds(self, order: dict[str, Any]) -> list[dict[str, Any]]:
        """Return an order's refunds as the control API shows them."""
        found: list[dict[str, Any]] = self.state(order)["refunds"]
        return found

    def refunded(self, order: dict[str, Any]) -> Decimal:
        """Return what was refunded, or is about to be."""
        given = [Decimal(each["amount"]) for each in self.refunds(order) if each["status"] != "FAILED"]
        return sum(given, Decimal(0))

    def settle(self, refund: str, status: str = "REFUNDED") -> None:
        """Let a refund come to an end."""
        self.control.post(f"{self.path}/refunds/{refund}/status", {"status": status})

    def cancel(self, order: dict[str, Any], **more: Any) -> str:  # noqa: ANN401 - JSON may be anything
        """Let the seller cancel an order, which refunds it; return the cancellation's id."""
        return str(self.control.post(f"{self.path}/orders/{order['orderId']}/cancel", more)["id"])

    def revoke(self, **more: Any) -> None:  # noqa: ANN401 - JSON may be anything
        """Take the application's authorisation back."""
        self.control.post(f"{self.path}/revoke", more)

    def refuse(self, operation: str, error_id: int, **more: Any) -> None:  # noqa: ANN401 - JSON may be anything
        """Let the next call of an operation be refused with one of eBay's errors."""
        body = error_json(EbayError(error_id))
        self.fault(operation, "status", status=KINDS[error_id].status, body=body, **more)

    def webhooks(self, topic: str = "") -> list[dict[str, Any]]:
        """Return the notifications sent, of one topic if given."""
        found: list[dict[str, Any]] = self.control.get(f"{self.path}/webhooks")
        return [each for each in found if topic in {"", each["topic"]}]

    def calls(self) -> list[dict[str, Any]]:
        """Return the calls of its API with their requests and responses, for `specs_ebay.check_calls`."""
        found: list[dict[str, Any]] = self.control.get(f"calls?platform=ebay&tenant={self.tenant}")
        return found
