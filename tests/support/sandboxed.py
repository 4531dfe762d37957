"""Tenants of the sandbox: a NetSuite account and a shop, with the people who work in them."""

from dataclasses import dataclass
from typing import Any, Final

from tests.workers.platforms.world import Control

SHIRT: Final = "TSHIRT-M"
"""The SKU of which orders made here have five, at 20.00 each."""

TBA: Final = {
    "consumer_key": "consumer-key-0123456789",
    "consumer_secret": "consumer-secret-0123456789",
    "token_id": "token-id-0123456789",
    "token_secret": "token-secret-0123456789",
}
_TOKEN: Final = "shpat_0123456789abcdef0123456789abcdef"


def open_books(
    control: Control,
    account_id: str,
    *,
    items: dict[str, str],
    **more: Any,  # noqa: ANN401 - JSON may be anything
) -> dict[str, str]:
    """Make a NetSuite account with generic items; return credentials for which no token has to be fetched."""
    generic = [{"id": number, "itemid": name, "itemtype": "OthCharge"} for name, number in items.items()]
    control.post("netsuite/accounts", {"account_id": account_id, "tba": TBA, "items": generic, **more})
    return {"auth": "tba", **TBA}


def open_shop(control: Control, domain: str, *, currency: str) -> dict[str, str]:
    """Make a shop; return credentials for it."""
    control.post("shopify/shops", {"domain": domain, "access_token": _TOKEN, "currency": currency})
    return {"access_token": _TOKEN}


@dataclass(frozen=True)
class Tenant:
    """A tenant of one of the platforms.

    Attributes:
        tenant: The sandbox's name for it.
        id: The ledger's number of the account.
        slug: The ledger's name of the account.
    """

    control: Control
    tenant: str
    id: int
    slug: str

    platform = ""

    @property
    def path(self) -> str:
        """Where the control API has it."""
        return f"{self.platform}/{self.tenant}"

    def operations(self) -> list[str]:
        """Return the calls of its API that have ended, oldest first."""
        calls = self.control.get(f"calls?platform={self.platform}&tenant={self.tenant}")
        return [call["operation"] for call in calls]

    def in_flight(self) -> int:
        """Return how many calls of its API are under way."""
        number: int = self.control.get(self.path)["in_flight"]
        return number

    def writes(self) -> dict[str, int]:
        """Return how often each thing was written through its API."""
        return self.control.writes(self.platform, self.tenant)

    def fault(self, operation: str, kind: str, **more: Any) -> None:  # noqa: ANN401 - JSON may be anything
        """Let the next call of an operation go wrong."""
        self.control.fault(self.platform, operation, kind, tenant=self.tenant, **more)

    def change(self, **settings: Any) -> None:  # noqa: ANN401 - JSON may be anything
        """Change its settings."""
        self.control.patch(self.path, settings)


@dataclass(frozen=True)
class Order:
    """An order in NetSuite.

    Attributes:
        id: Internal id of the sales order.
        billed_type: REST's name of the billed record's type; empty while it is not billed.
    """

    id: str
    billed_type: str = ""
    billed_id: str = ""

    @property
    def billed(self) -> dict[str, str]:
        """Return the billed record as `from` takes it."""
        return {"type": self.billed_type, "id": self.billed_id}


@dataclass(frozen=True)
class Books(Tenant):
    """A NetSuite account and its bookkeeper."""

    platform = "netsuite"

    def order(self, number: str = "#1001", *, billed: str = "invoice", **more: Any) -> Order:  # noqa: ANN401 - JSON
        """Import an order of five T-shirts, billed unless `billed` is empty."""
        body = {
            "otherRefNum": number,
            "currency": "USD",
            "lines": [{"sku": SHIRT, "quantity": 5, "rate": "20.00"}],
            **({"billed": billed} if billed else {}),
        }
        made = self.control.post(f"{self.path}/orders", {**body, **more})
        bill = made.get("billed") or {"type": "", "id": ""}
        return Order(str(made["salesOrder"]["id"]), bill["type"], str(bill["id"]))

    def bill(self, order: Order, how: str = "invoice") -> Order:
        """Bill an order."""
        bill = self.control.post(f"{self.path}/orders/{order.id}/bill", {"as": how})
        return Order(order.id, bill["type"], str(bill["id"]))

    def refund(self, order: Order, quantity: int = 1, **more: Any) -> str:  # noqa: ANN401 - JSON may be anything
        """Refund some T-shirts of a billed order by hand; return the record's id."""
        lines = [{"sku": SHIRT, "quantity": quantity}]
        made = self.control.post(f"{self.path}/refunds", {"from": order.billed, "lines": lines, **more})
        return str(made["id"])

    def authorize_return(self, order: Order, status: str = "F", **more: Any) -> str:  # noqa: ANN401 - JSON
        """Enter a return authorization for a T-shirt; return its id."""
        body = {"from": order.billed, "lines": [{"sku": SHIRT, "quantity": 1}], "status": status, **more}
        return str(self.control.post(f"{self.path}/returnauthorizations", body)["id"])

    def receive(self, return_id: str) -> None:
        """Receive the goods of a return authorization."""
        self.edit("returnAuthorization", return_id, orderStatus={"id": "F"})

    def edit(self, record_type: str, record_id: str, **fields: Any) -> None:  # noqa: ANN401 - JSON may be anything
        """Change a record."""
        self.control.post(f"{self.path}/records/{record_type}/{record_id}/edit", {"fields": fields})

    def delete(self, record_type: str, record_id: str) -> None:
        """Delete a record, and first what depends on it."""
        self.control.delete(f"{self.path}/records/{record_type}/{record_id}?cascade=true")

    def records(self, record_type: str) -> list[dict[str, Any]]:
        """Return all records of a type."""
        found: list[dict[str, Any]] = self.control.get(f"{self.path}/records?type={record_type}")
        return found

    def lines(self, record_type: str) -> list[dict[str, Any]]:
        """Return the item lines of all records of a type."""
        return [line for record in self.records(record_type) for line in record["item"]["items"]]


@dataclass(frozen=True)
class Shop(Tenant):
    """A shop and its merchant."""

    platform = "shopify"

    @property
    def location(self) -> str:
        """The number of its first location."""
        return str(self.control.get(self.path)["locations"][0]["id"])

    def order(self, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON may be anything
        """Let a customer order five T-shirts."""
        lines = [{"sku": SHIRT, "title": "T-shirt, M", "quantity": 5, "price": "20.00"}]
        made: dict[str, Any] = self.control.post(f"{self.path}/orders", {"lines": lines, **more})
        return made

    def refund(self, order: dict[str, Any], **more: Any) -> None:  # noqa: ANN401 - JSON may be anything
        """Refund an order in the shop's own pages."""
        self.control.post(f"{self.path}/orders/{order['id']}/refund", more)

    def refunds(self, order: dict[str, Any]) -> list[dict[str, Any]]:
        """Return an order's refunds."""
        found: list[dict[str, Any]] = self.control.get(f"{self.path}/orders/{order['id']}")["refunds"]
        return found

    def delete(self, order: dict[str, Any]) -> None:
        """Delete an order."""
        self.control.delete(f"{self.path}/orders/{order['id']}")
