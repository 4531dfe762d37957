"""eBay, declared."""

import re
from typing import Final
from urllib.parse import quote

from ledger.platforms.credentials import CLIENT, REFRESH, Form
from ledger.platforms.declaration import Declaration, Kind


def _order_url(_seller: str, order_id: str, _currency: str) -> str:
    return f"https://www.ebay.com/mesh/ord/details?orderid={quote(order_id, safe='')}"


EBAY: Final = Declaration(
    name="ebay",
    label="eBay",
    kind=Kind.MARKETPLACE,
    storefront_label="Seller",
    storefront_hint="The seller's user name.",
    credentials=Form(
        (*CLIENT, REFRESH),
        (("client_id", "client_secret", "refresh_token"),),
        ("scopes", "marketplace", "signing", "username", "user_id", "legacy"),
    ),
    rules=frozenset({"unrequested", "selling_fees"}),
    order_url=_order_url,
    tokens=(re.compile(r"\bv\^1\.1#[\w^#+/=.-]{1,4096}"),),
)
