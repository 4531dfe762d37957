"""Bazaar as a storefront; what a marketplace whose refunds go to NetSuite needs of it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from ledger.events import MoneyState, Part, PartKind, Payment, RefundSeen
from ledger.money import Money
from ledger.policy import Policy
from workers.platforms.errors import CredentialsError, PlatformError
from workers.platforms.http import Http
from workers.platforms.storefront import Change, Storefront, Written
from workers.rules.facts import StorefrontOrder
from workers.rules.views import StorefrontPlan

_HOST: Final = "https://api.bazaar.example"


class BazaarStorefront(Storefront):
    """One stall."""

    @staticmethod
    def validate_credentials(credentials: Mapping[str, Any]) -> None:
        """Check that there is a key."""
        if not isinstance(credentials.get("stall_key"), str):
            raise CredentialsError("Bazaar needs stall_key")

    def __init__(self, storefront_id: str, api_url: str, credentials: dict[str, Any], http: Http) -> None:
        """Speak to a stall."""
        self._base = api_url or f"{_HOST}/{storefront_id}"
        self._key, self._http = credentials["stall_key"], http

    def check(self) -> None:
        """Ask for the stall itself."""
        self._get("")

    def order(self, order_id: str) -> StorefrontOrder | None:
        """Return an order as it stands now."""
        told = self._get(f"/orders/{quote(order_id, safe='')}")
        paid = Money.parse(told["paid"], told["currency"])
        return StorefrontOrder(
            id=order_id,
            name=told["number"],
            currency=told["currency"],
            shop_currency=told["currency"],
            shop_rate=Decimal(1),
            cancelled=False,
            paid=paid,
            lines=(),
            refunds=(),
        )

    def find_order(self, number: str, *, by: str) -> StorefrontOrder | None:
        """Return no order: nobody looks for one here."""
        del number, by
        return None

    def refund(self, plan: StorefrontPlan, *, key: str) -> Written:
        """Refuse: refunds are made at the stall."""
        raise PlatformError("REFUSED", f"nothing is refunded in {plan.order_id} from outside ({key})")

    def refunds(self, order_id: str, *, policy: Policy, mark_prefix: str) -> tuple[RefundSeen, ...]:
        """Return the refunds an order has."""
        del policy, mark_prefix
        told = self._get(f"/orders/{quote(order_id, safe='')}")
        return tuple(_seen(order_id, told, each) for each in told["refunds"])

    def changes(self, since: datetime, until: datetime) -> Iterator[Change]:
        """Yield nothing: the stall tells of everything itself."""
        del since, until
        return iter(())

    def _get(self, path: str) -> dict[str, Any]:
        answer = self._http.call(
            "GET", f"{self._base}{path}", write=False, headers={"Authorization": f"Bearer {self._key}"}
        )
        if not answer.ok:
            raise PlatformError("BAD_CREDENTIALS", answer.text, call=answer.call)
        found: dict[str, Any] = answer.body
        return found


def _seen(order_id: str, order: dict[str, Any], refund: dict[str, Any]) -> RefundSeen:
    currency = order["currency"]
    amount = Money.parse(refund["amount"], currency)
    item = Part(
        PartKind.ITEM, amount, Money.zero(currency), sku=refund["sku"], quantity=Decimal(refund["quantity"])
    )
    return RefundSeen(
        origin="bazaar",
        refund_id=refund["id"],
        order_id=order_id,
        order_name=order["number"],
        occurred_at=datetime.fromisoformat(refund["at"]),
        currency=currency,
        parts=(item,),
        payments=(Payment(refund["id"], MoneyState.MOVED, amount),),
    )
