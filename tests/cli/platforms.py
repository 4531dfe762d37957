"""Simulated platforms, with an installation connected to them by its own commands."""

import json
from dataclasses import dataclass
from typing import Any

from tests.cli.installation import Installation
from tests.workers.platforms.world import Control

DOMAIN = "my-shop.myshopify.com"
TENANT = "1234567-sb1"
TOKEN = "shpat_0123456789abcdef0123456789abcdef"
TBA = {
    "consumer_key": "consumer-key-0123456789",
    "consumer_secret": "consumer-secret-0123456789",
    "token_id": "token-id-0123456789",
    "token_secret": "token-secret-0123456789",
}
SECRET = "whsec-0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class Platforms:
    """One shop and one NetSuite account that nobody has told of webhooks."""

    control: Control
    installation: Installation

    def order(self, name: str = "#1001", *, netsuite: bool = True, billed: bool = True) -> dict[str, Any]:
        """Place an order of two T-shirts, and import it into NetSuite."""
        lines = [{"sku": "TSHIRT-M", "quantity": 2, "price": "20.00"}]
        order: dict[str, Any] = self.control.post(f"shopify/{DOMAIN}/orders", {"name": name, "lines": lines})
        if netsuite:
            order["netsuite"] = self.import_order(name, billed=billed)
        return order

    def import_order(self, name: str, *, billed: bool = True) -> dict[str, Any]:
        """Enter an order of two T-shirts into NetSuite."""
        body = {
            "otherRefNum": name,
            "currency": "USD",
            "lines": [{"sku": "TSHIRT-M", "quantity": 2, "rate": "20.00"}],
            **({"billed": "cashSale"} if billed else {}),
        }
        made: dict[str, Any] = self.control.post(f"netsuite/{TENANT}/orders", body)
        return made

    def refund(self, order: dict[str, Any]) -> str:
        """Give back one T-shirt in the shop; return the refund's id."""
        lines = [{"sku": "TSHIRT-M", "quantity": 1}]
        made = self.control.post(f"shopify/{DOMAIN}/orders/{order['id']}/refund", {"lines": lines})
        return str(made["id"])

    def refund_in_netsuite(self, order: dict[str, Any]) -> str:
        """Give back one T-shirt in NetSuite; return the cash refund's id."""
        body = {"from": order["netsuite"]["billed"], "lines": [{"sku": "TSHIRT-M", "quantity": 1}]}
        return str(self.control.post(f"netsuite/{TENANT}/refunds", body)["id"])


def connect(control: Control, installation: Installation, direction: str = "to_netsuite") -> Platforms:
    """Open a shop and books in the sandbox and connect both."""
    control.post("shopify/shops", {"domain": DOMAIN, "access_token": TOKEN, "currency": "USD"})
    control.post(
        "netsuite/accounts",
        {"account_id": "1234567_SB1", "tba": TBA, "items": [{"itemid": "TSHIRT-M", "itemtype": "InvtPart"}]},
    )
    secret = installation.file("webhook-secret.txt", SECRET)
    installation.run(
        *("netsuite", "add", "books", "--account-id", "1234567_SB1", "--credentials-file", "-"),
        *("--api-url", f"{control.url}/netsuite/{TENANT}", "--webhook-secret-file", secret),
        typed=json.dumps({"auth": "tba", **TBA}),
    )
    installation.run(
        *(
            "account",
            "add",
            "my-shop",
            "--platform",
            "shopify",
            "--storefront",
            DOMAIN,
            "--netsuite",
            "books",
        ),
        *("--api-url", f"{control.url}/shopify/{DOMAIN}", "--webhook-secret-file", secret),
        *("--direction", direction, "--credentials-file", "-"),
        typed=json.dumps({"access_token": TOKEN}),
    )
    return Platforms(control, installation)
