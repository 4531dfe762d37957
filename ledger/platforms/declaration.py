"""What there is to say of a platform besides how it is spoken to; pure, and read by every room."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ledger.platforms.credentials import Form

ORDER_ID: Final = re.compile(r"[A-Za-z0-9!~-]{1,60}")
"""Ids of orders that an address can be made of; `order_url` is asked for no others."""


class Kind(StrEnum):
    """Where a platform's merchants refund, from which an account's usual direction follows."""

    MARKETPLACE = "marketplace"  # in the storefront, where buyers ask for it
    CART = "cart"  # in NetSuite


def no_order_url(_storefront_id: str, _order_id: str, _currency: str) -> str:
    """Return no address, for platforms that have no form of it which fits every account."""
    return ""


@dataclass(frozen=True, slots=True)
class Declaration:
    """What there is to say of a platform.

    Attributes:
        name: In addresses, commands, the ledger and as its queue's name: at most 20 lower-case letters.
        label: What people call it.
        credentials: What an account signs in with.
        storefront_label: What people call that which an account is an account of.
        storefront_hint: Where they find its name.
        storefront_ids: What its accounts may be called there; None for anything.
        storefront_id_is: Completes "… is not" where that does not fit, with an example.
        makes_webhook_secret: The secret that vouches for its webhooks is made by the platform alone.
        rules: The settings of `ledger.policy.Policy` that matter on some platforms only, and on this one.
        order_url: Where people find an order in the storefront's back office, from the account's name there,
            the order's id and the refund's currency; empty where that is not known.
        tokens: What its secrets look like wherever a text holds one. Bounded repeats: a hostile answer must
            not make masking slow.
        personal: Members of what it sends that are about people, by names of its own that
            `ledger.masking` would not know: in lower case, letters and digits only.
        order_states: What its own member `state` holds of orders, which is no part of anybody's address.
    """

    name: str
    label: str
    kind: Kind
    credentials: Form
    storefront_label: str = "Storefront"
    storefront_hint: str = "The platform's own name of it: a domain, an address or a seller id."
    storefront_ids: re.Pattern[str] | None = None
    storefront_id_is: str = ""
    makes_webhook_secret: bool = False
    rules: frozenset[str] = frozenset()
    order_url: Callable[[str, str, str], str] = no_order_url
    tokens: tuple[re.Pattern[str], ...] = ()
    personal: frozenset[str] = frozenset()
    order_states: frozenset[str] = frozenset()
