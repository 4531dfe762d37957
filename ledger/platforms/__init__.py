"""The storefronts' platforms: a module a platform that declares it, and its line here.

A declaration says what every room may know of a platform without speaking to it. How it is spoken to is in
`webhooks.sources`, `workers.platforms` and, simulated, `sandbox`.
"""

from enum import StrEnum
from typing import Any, Self

from ledger.platforms.amazon import AMAZON as _AMAZON
from ledger.platforms.declaration import Declaration
from ledger.platforms.ebay import EBAY as _EBAY
from ledger.platforms.magento import MAGENTO as _MAGENTO
from ledger.platforms.shopify import SHOPIFY as _SHOPIFY


class Platform(StrEnum):
    """The platforms, by name.

    Attributes:
        declaration: What there is to say of it.
    """

    declaration: Declaration
    _value_: str

    def __new__(cls, declaration: Any) -> Self:  # noqa: ANN401 - Platform("shopify") is typed by this, too
        """Make the member of a declaration, whose value is the name."""
        member = str.__new__(cls, declaration.name)
        member._value_ = declaration.name
        member.declaration = declaration
        return member

    SHOPIFY = _SHOPIFY
    MAGENTO = _MAGENTO
    AMAZON = _AMAZON
    EBAY = _EBAY
