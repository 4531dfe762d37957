"""What Amazon's names of amounts mean. Pure.

No documentation lists the `breakdownType`s of the Finances API 2024-06-19; the names here are those that
public code and reports of live answers have (`OurPricePrincipal`, `MarketplaceFacilitatorTax-Principal` and
so on). The charge types of v0 are documented in its model. What is not known is an adjustment, or a fee where
it stands among the fees or is called one, so that the sum is right whatever the names are.
"""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from ledger.events import PartKind
from workers.platforms.amazon_api import Node, listed
from workers.platforms.amazon_rows import Charge, amount_of

_Place = tuple[PartKind, bool]

# Names are compared in lower case and without anything but letters.
_NAMES: Final[dict[str, _Place]] = {
    **dict.fromkeys(("ourpriceprincipal", "principal", "principle"), (PartKind.ITEM, False)),
    "ourpricetax": (PartKind.ITEM, True),
    **dict.fromkeys(("shippingprincipal", "shippingcharge"), (PartKind.SHIPPING, False)),
    "shippingtax": (PartKind.SHIPPING, True),
    "giftwrapprincipal": (PartKind.GIFT_WRAP, False),
    "giftwraptax": (PartKind.GIFT_WRAP, True),
    **dict.fromkeys(
        ("ourpricediscount", "shippingdiscount", "giftwrapdiscount", "discount"),
        (PartKind.PROMOTION, False),
    ),
    **dict.fromkeys(
        ("ourpricetaxdiscount", "shippingtaxdiscount", "giftwraptaxdiscount", "taxdiscount"),
        (PartKind.PROMOTION, True),
    ),
    **dict.fromkeys(("goodwillprincipal", "goodwill"), (PartKind.GOODWILL, False)),
    "goodwilltax": (PartKind.GOODWILL, True),
    **dict.fromkeys(("restockingdeductionprincipal", "restockingfee"), (PartKind.RESTOCKING_FEE, False)),
    **dict.fromkeys(("restockingdeductiontax", "restockingfeetax"), (PartKind.RESTOCKING_FEE, True)),
    "exportcharge": (PartKind.DUTY, False),
}
_WITHHELD: Final = ("marketplacefacilitator", "lowvaluegoodstax")
_CATEGORIES: Final[dict[str, _Place]] = {
    "productcharges": (PartKind.ITEM, False),
    "tax": (PartKind.ITEM, True),
    "shipping": (PartKind.SHIPPING, False),
    "giftwrap": (PartKind.GIFT_WRAP, False),
    **dict.fromkeys(("promorebates", "promo"), (PartKind.PROMOTION, False)),
}
_FEES: Final = frozenset({"amazonfees", "fbafees", "expenses", "refundedexpenses"})
_LIKE_FEES: Final = ("fee", "fees", "commission", "chargeback")
_REST: Final = (PartKind.ADJUSTMENT, False)


def charges_of(breakdowns: Iterable[Node]) -> Iterator[Charge]:
    """Yield what a tree of breakdowns adds up to, each amount once.

    A known name is taken as a whole, whatever it is broken down to; of any other, the parts, and what they
    leave of it.

    Args:
        breakdowns: As the Finances API 2024-06-19 has them.
    """
    for node in breakdowns:
        name, amount = str(node["breakdownType"]), breakdown_amount(node)
        parts = listed(node, "breakdowns")
        place = _known(_plain(name)) or _fee(_plain(name))
        if place is None and parts:
            yield from charges_of(parts)
            amount -= sum((breakdown_amount(each) for each in parts), Decimal(0))
        if amount:
            yield Charge(*(place or _CATEGORIES.get(_plain(name), _REST)), name, amount)


def breakdown_amount(node: Node) -> Decimal:
    """Return the amount of a breakdown."""
    return amount_of(node["breakdownAmount"]["currencyAmount"])


def charge_of(name: str, amount: Decimal) -> Charge:
    """Return a charge of the Finances API v0, which keeps fees apart from charges."""
    place = _known(_plain(name)) or _CATEGORIES.get(_plain(name), _REST)
    return Charge(*place, name, amount)


def _known(plain: str) -> _Place | None:
    if plain.startswith(_WITHHELD):
        return PartKind.FACILITATOR_TAX, False
    return _NAMES.get(plain)


def _fee(plain: str) -> _Place | None:
    return (PartKind.FEE, False) if plain in _FEES or plain.endswith(_LIKE_FEES) else None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())
