"""Bazaar, declared: a marketplace that there is none of."""

import re
from typing import Final

from ledger.platforms.credentials import Field, Form
from ledger.platforms.declaration import Declaration, Kind


def _order_url(stall: str, order_id: str, _currency: str) -> str:
    return f"https://bazaar.example/{stall}/orders/{order_id}"


BAZAAR: Final = Declaration(
    name="bazaar",
    label="Grand Bazaar",
    kind=Kind.MARKETPLACE,
    credentials=Form((Field("stall_key", "Key of the stall"),), (("stall_key",),)),
    storefront_ids=re.compile(r"stall-[0-9]+"),
    storefront_id_is="a stall such as stall-7",
    rules=frozenset({"selling_fees"}),
    order_url=_order_url,
    tokens=(re.compile(r"\bbzr_[a-z]{1,64}"),),
    personal=frozenset({"haggler"}),
)
