"""A seller on Amazon in the sandbox, a client for them, and answers of Amazon's made by hand."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ledger import exact_json
from ledger.events import Part, PartKind
from ledger.money import Money
from tests.support.sandboxed_amazon import Seller, open_amazon
from tests.workers.platforms.world import Control, usd
from workers.platforms.amazon_rates import Budget
from workers.platforms.amazon_storefront import AmazonStorefront
from workers.platforms.http import Http
from workers.rules.views import StorefrontPlan, StorefrontPlanLine

Json = dict[str, Any]

KEY: Final = "rs-amazon-70"
NUMBER: Final = 70
ORDER: Final = "112-0000001-0000001"
POSTED: Final = "2026-03-01T10:00:00.000Z"

APP: Final = {"client_id": "app", "client_secret": "secret", "refresh_token": "Atzr|refresh"}
"""Credentials of the right shape, of nobody."""

FULL_LINE: Final = {
    "sku": "TSHIRT-M",
    "quantity": 5,
    "price": "20.00",
    "tax": "8.00",
    "facilitator_tax": "8.00",
    "shipping": "5.00",
    "shipping_tax": "0.40",
    "facilitator_shipping_tax": "0.40",
    "gift_wrap": "4.00",
    "promotion": "2.00",
}
"""Five T-shirts with everything that a line can have."""

_NUMBERS: Final = itertools.count(1)


@dataclass(frozen=True)
class Amazon(Seller):
    """A seller, and their credentials."""

    credentials: Mapping[str, str]

    @property
    def url(self) -> str:
        """What stands in for Amazon."""
        return f"{self.control.url}/amazon/{self.tenant}"

    def client(self, http: Http, **more: str) -> AmazonStorefront:
        """Return a client with a rate limit of its own to remember, and the sandbox's time."""
        credentials = {**self.credentials, **more}
        return AmazonStorefront(
            self.tenant, self.url, credentials, http, budget=Budget(), now=lambda: self.now
        )

    @property
    def now(self) -> datetime:
        """The time in the sandbox, which is ahead of ours where time was passed."""
        return datetime.fromisoformat(self.control.post("settings", {})["now"])

    def pass_time(self, seconds: float) -> None:
        """Let time pass in the sandbox."""
        self.control.post("settings", {"advance_seconds": seconds})


def open_seller(control: Control, **settings: Any) -> Amazon:  # noqa: ANN401 - JSON may be anything
    """Make a seller."""
    seller_id = f"A{next(_NUMBERS)}CLIENT"
    made = open_amazon(control, seller_id, **settings)
    return Amazon(control, seller_id, 0, "", {name: made[name] for name in APP})


def money(amount: str, currency: str = "USD") -> Json:
    """Return an amount as the Finances API writes it."""
    return {"currencyAmount": number(amount), "currencyCode": currency}


def number(text: str) -> Any:  # noqa: ANN401 - what the transport makes of a JSON number
    """Return a JSON number as the transport reads it."""
    return exact_json.loads(text)


def node(kind: str, amount: str, *children: Json, currency: str = "USD") -> Json:
    """Return a breakdown."""
    return {
        "breakdownType": kind,
        "breakdownAmount": money(amount, currency),
        "breakdowns": list(children),
    }


def item(
    *breakdowns: Json,
    sku: str = "TSHIRT-M",
    quantity: int | None = 1,
    title: str = "T-shirt, M",
) -> Json:
    """Return an item of a transaction."""
    context: Json = {"contextType": "ProductContext", "sku": sku}
    if quantity is not None:
        context["quantityShipped"] = quantity
    return {
        "description": title,
        "totalAmount": money("0"),
        "contexts": [{"contextType": "PaymentsContext"}, context],
        "breakdowns": list(breakdowns),
    }


def transaction(
    total: str,
    *items: Json,
    id_: str = "t-1",
    kind: str = "Refund",
    status: str = "RELEASED",
    posted: str = POSTED,
    **identifiers: str,
) -> Json:
    """Return a transaction of an order."""
    related = {"ORDER_ID": ORDER, **identifiers}
    return {
        "transactionType": kind,
        "transactionId": id_,
        "transactionStatus": status,
        "description": "Refund Order",
        "postedDate": posted,
        "totalAmount": money(total),
        "relatedIdentifiers": [
            {"relatedIdentifierName": name, "relatedIdentifierValue": value}
            for name, value in related.items()
        ],
        "items": list(items),
        "breakdowns": [],
    }


def principal(amount: str) -> Json:
    """Return the breakdown of a price."""
    return node("ProductCharges", amount, node("OurPricePrincipal", amount))


def line(
    line_id: str = "1001",
    net: str = "20.00",
    tax: str = "0.00",
    *,
    quantity: int = 1,
    position: int = 0,
) -> StorefrontPlanLine:
    """Return a line to refund."""
    return StorefrontPlanLine(line_id, quantity, restock=False, position=position, net=usd(net), tax=usd(tax))


def plan(
    amount: str,
    *lines: StorefrontPlanLine,
    order_id: str = ORDER,
    shipping: str = "",
    shipping_tax: str = "",
    method: str = "original",
    reason: str = "",
    currency: str = "USD",
) -> StorefrontPlan:
    """Return a refund to be made."""
    return StorefrontPlan(
        order_id=order_id,
        amount=Money.parse(amount, currency),
        lines=lines,
        shipping=Money.parse(shipping, currency) if shipping else None,
        shipping_tax=Money.parse(shipping_tax, currency) if shipping_tax else None,
        method=method,
        location_id="",
        notify=False,
        note=f"NetSuite creditmemo {KEY}",
        platform_reason=reason,
        asked_by=NUMBER,
    )


def told(parts: tuple[Part, ...]) -> dict[str, tuple[str, str]]:
    """Return net and tax of parts by their kind; each kind may be there once."""
    found = {part.kind.value: (str(part.net.amount), str(part.tax.amount)) for part in parts}
    assert len(found) == len(parts), parts
    return found


def only(parts: tuple[Part, ...], kind: PartKind) -> Part:
    """Return the only part of a kind."""
    (found,) = (part for part in parts if part.kind is kind)
    return found
