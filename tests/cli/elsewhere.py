"""An account of Amazon, eBay or Magento in the sandbox, joined to NetSuite by the installation's commands."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.cli.installation import Installation
from tests.cli.platforms import SECRET, TBA, TENANT
from tests.support.sandboxed import SHIRT, Books, Tenant
from tests.support.sandboxed_amazon import Seller, open_amazon
from tests.support.sandboxed_ebay import EbaySeller, open_ebay
from tests.support.sandboxed_magento import Store, open_magento
from tests.workers.platforms.world import Control

SLUG: Final = "elsewhere"
_NAMES: Final = {"amazon": "A1SELLER", "ebay": "seller_one", "magento": "store"}
_OPENED: Final[Mapping[str, Callable[[Control, str], dict[str, str]]]] = {
    "amazon": open_amazon,
    "ebay": open_ebay,
    "magento": open_magento,
}
_TENANTS: Final[Mapping[str, type[Tenant]]] = {"amazon": Seller, "ebay": EbaySeller, "magento": Store}
_UNUSED: Final = ("seller_id", "marketplace_id")  # members that the sandbox says, and no credentials have


@dataclass(frozen=True)
class Elsewhere:
    """An account that nobody has told of webhooks, and its books."""

    installation: Installation
    tenant: Tenant
    books: Books

    def json(self, *words: str) -> Any:  # noqa: ANN401 - whatever it prints
        """Run a command and return what it prints."""
        return self.installation.json(*words)


def connect_elsewhere(
    control: Control, installation: Installation, platform: str, direction: str = "to_netsuite"
) -> Elsewhere:
    """Open an account and books in the sandbox and connect both; the account is called `SLUG`."""
    name = _NAMES[platform]
    made = _OPENED[platform](control, name)
    items = [{"itemid": SHIRT, "itemtype": "InvtPart"}]
    control.post("netsuite/accounts", {"account_id": "1234567_SB1", "tba": TBA, "items": items})
    secret = installation.file("webhook-secret.txt", SECRET)
    installation.run(
        *("netsuite", "add", "books", "--account-id", "1234567_SB1", "--credentials-file", "-"),
        *("--api-url", f"{control.url}/netsuite/{TENANT}", "--webhook-secret-file", secret),
        typed=json.dumps({"auth": "tba", **TBA}),
    )
    storefront = f"{name}.example.com" if platform == "magento" else name
    installation.run(
        *("account", "add", SLUG, "--platform", platform, "--storefront", storefront, "--netsuite", "books"),
        *("--api-url", f"{control.url}/{platform}/{name}", "--webhook-secret-file", secret),
        *("--direction", direction, "--credentials-file", "-"),
        typed=json.dumps({key: value for key, value in made.items() if key not in _UNUSED}),
    )
    tenant = _TENANTS[platform](control, name, 1, SLUG)
    return Elsewhere(installation, tenant, Books(control, TENANT, 1, "books"))
