"""Sales and refunds alike on Amazon, eBay and Magento, of which no webhook tells unless it should."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final

import pytest

from ledger import orders
from ledger.clock import utcnow
from ledger.models.accounts import Direction
from tests.support.sandboxed import SHIRT, Books, Tenant
from tests.support.sandboxed_amazon import ROOMY
from tests.support.waiting import until
from tests.support.world import World
from workers.platforms.storefront import Storefront

PLATFORMS: Final = ("amazon", "ebay", "magento")
"""Every platform but Shopify."""

NOWHERE: Final = {"amazon": "999-9999999-9999999", "ebay": "99-99999-99999", "magento": "999999999"}
"""The number of an order that nobody has, as each platform writes them."""

_A_WHILE: Final = timedelta(minutes=10)  # of the last two minutes Amazon tells nothing
_EURO_MARKET: Final = {"USD": "ATVPDKIKX0DER", "EUR": "A1PA6795UKMFR9"}
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Sale:
    """An order of five T-shirts at 20.00.

    Attributes:
        order: As the sandbox shows it.
        id: The storefront's id.
        number: What NetSuite knows it by.
    """

    order: Mapping[str, Any]
    id: str
    number: str


def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the present second be asked for too, where a platform shows it."""
    monkeypatch.setattr(Storefront, "lag", -timedelta(seconds=5))


def opened(
    world: World,
    books: Books,
    platform: str,
    direction: Direction = Direction.TO_NETSUITE,
    *,
    ago: timedelta = _HOUR,
) -> Tenant:
    """Open an account and join it to NetSuite, some time ago."""
    add: Mapping[str, Callable[..., Tenant]] = {
        "amazon": partial(world.add_amazon, seller=ROOMY),
        "ebay": world.add_ebay,
        "magento": world.add_magento,
    }
    return add[platform](books, direction=direction, now=utcnow() - ago)


def sold(tenant: Tenant, currency: str = "USD") -> Sale:
    """Let somebody order in a currency, and nobody be told."""
    path, line = f"{tenant.path}/orders", {"sku": SHIRT, "price": "20.00"}
    if tenant.platform == "amazon":
        tenant.change(marketplace=_EURO_MARKET[currency])
        made = tenant.control.post(path, {"lines": [{**line, "quantity": 5}], "silent": True})
        return Sale(made, made["id"], made["id"])
    if tenant.platform == "ebay":
        lines = [{**line, "title": "T-shirt, M", "quantity": 5}]
        made = tenant.control.post(path, {"lines": lines, "currency": currency, "silent": True})
        return Sale(made, made["orderId"], made["orderId"])
    tenant.change(base_currency=currency)
    made = tenant.control.post(path, {"lines": [{**line, "qty": 5}], "silent": True})
    return Sale(made, str(made["entity_id"]), made["increment_id"])


def refunded(tenant: Tenant, sale: Sale, *, silent: bool = True, ago: timedelta = _A_WHILE) -> str:
    """Give back 20.00 in the platform's own pages; return the refund's id.

    Args:
        tenant: Where.
        sale: Of which order.
        silent: Whether nobody is told.
        ago: How long ago it was posted; Amazon alone can tell of the past.
    """
    path = f"{tenant.path}/orders/{sale.id}"
    if tenant.platform == "amazon":
        lines = [{"sku": SHIRT, "quantity": 1}]
        body = {"lines": lines, "seconds_ago": str(int(ago.total_seconds())), "silent": silent}
        return str(tenant.control.post(f"{path}/refund", body)["refund_id"])
    if tenant.platform == "ebay":
        asked = tenant.control.post(f"{path}/requests", {"kind": "return", "quantity": 1, "silent": silent})
        body = {"amount": "20.00", "for": str(asked["id"]), "silent": silent}
        return str(tenant.control.post(f"{path}/refund", body)["reference"])
    memo = {"lines": [{"sku": SHIRT, "qty": 1}], "shipping": "0", "silent": silent}
    return str(tenant.control.post(f"{path}/creditmemo", memo)["entity_id"])


def known(world: World, tenant: Tenant, sale: Sale) -> None:
    """Let the ledger know an order."""
    with world.database.write() as session:
        orders.ensure(session, tenant.id, sale.id, now=utcnow(), name=sale.number)


def let_a_second_pass() -> None:
    """Wait until what was just done is not of the present second, which the platforms tell the time by."""
    began = utcnow()
    until(lambda: utcnow() >= began + timedelta(seconds=1.1))
