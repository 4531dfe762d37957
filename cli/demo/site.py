"""Where the demo is built: the simulated platforms on one side, the ledger with its accounts on the other."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from cli.demo.control import Control, Storefront
from ledger import accounts
from ledger.clock import utcnow
from ledger.database import Database
from ledger.models.accounts import Direction
from ledger.platforms import Platform
from ledger.secrets import Vault

ITEMS: Final = {
    "item_shipping": "901",
    "item_adjustment_positive": "902",
    "item_adjustment_negative": "903",
    "item_tax": "904",
    "item_gift_card": "905",
    "item_duty": "906",
    "item_fee": "907",
    "item_rounding": "908",
    "item_gift_wrap": "909",
    "item_promotion": "910",
    "item_goodwill": "911",
    "item_restocking_fee": "912",
    "item_facilitator_tax": "913",
}
"""The setting of each generic item, and its internal id in NetSuite."""

_ACTOR: Final = "demo"
_CONNECTED: Final = timedelta(days=1)  # before the demo begins, so that a refund may be some minutes old


@dataclass
class Site:
    """What is connected with each other.

    Attributes:
        web_url: Where the platforms reach the service.
        once_up: What is to be done once the web process answers: whoever subscribes is called back.
    """

    control: Control
    database: Database
    vault: Vault
    web_url: str
    once_up: list[Callable[[], None]] = field(default_factory=list)

    def webhook_url(self, source: str, slug: str) -> str:
        """Return where a platform sends an account's webhooks."""
        return f"{self.web_url}/webhooks/{source}/{slug}"

    def subscribe(self, storefront: Storefront, **push: Any) -> None:  # noqa: ANN401 - JSON values
        """Let a storefront send its webhooks, once the web process is up to prove that it wants them."""
        url = self.webhook_url(storefront.platform, storefront.slug)
        self.once_up.append(lambda: _push(storefront, {"url": url, **push}))

    def join(
        self,
        storefront: Storefront,
        storefront_id: str,
        direction: Direction,
        credentials: dict[str, Any],
        secret: str,
        **settings: str,
    ) -> None:
        """Join a storefront of the sandbox to its NetSuite account, in the ledger.

        Args:
            storefront: The storefront.
            storefront_id: The platform's own name of it.
            direction: Which way its refunds are carried.
            credentials: What the service calls the platform with.
            secret: What the platform shows it by.
            settings: The account's rules, besides the generic items.
        """
        new = accounts.NewAccount(
            slug=storefront.slug,
            platform=Platform(storefront.platform),
            storefront_id=storefront_id,
            netsuite_slug=storefront.books,
            api_url=f"{self.control.url}{storefront.path}",
            credentials=credentials,
            webhook_secret=secret,
            direction=direction,
            settings={**ITEMS, **settings},
        )
        with self.database.write() as session:
            accounts.add(session, self.vault, new, now=utcnow() - _CONNECTED, actor=_ACTOR)

    def keep_books(
        self, slug: str, account_id: str, path: str, credentials: dict[str, Any], secret: str
    ) -> None:
        """Connect a NetSuite account of the sandbox, in the ledger."""
        new = accounts.NewNetSuiteAccount(
            slug=slug,
            account_id=account_id,
            api_url=f"{self.control.url}{path}",
            credentials=credentials,
            webhook_secret=secret,
        )
        with self.database.write() as session:
            accounts.add_netsuite(session, self.vault, new, now=utcnow() - _CONNECTED, actor=_ACTOR)


def _push(storefront: Storefront, push: dict[str, Any]) -> None:
    storefront.control.patch(storefront.path, push=push)
