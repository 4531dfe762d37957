"""Money in a shop's two currencies, and its exact division over the units of a line."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Self

ZERO_DECIMAL: Final = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "MGA",
        "PYG",
        "RWF",
        "UGX",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
THREE_DECIMAL: Final = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
ZERO: Final = Decimal(0)


def exponent(currency: str) -> int:
    """Return how many decimals a currency has (ISO 4217)."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Round half up to the currency's smallest unit."""
    return amount.quantize(Decimal(1).scaleb(-exponent(currency)), rounding=ROUND_HALF_UP)


def rest_amount(amount: Decimal, currency: str) -> str:
    """Write an amount as webhook bodies do: ``"10.00"`` USD, ``"1000"`` JPY, ``"1.250"`` KWD."""
    return f"{rounded(amount, currency):f}"


def graphql_amount(amount: Decimal) -> str:
    """Write an amount as the GraphQL ``Decimal`` scalar does: ``"10.0"``, ``"89.99"``."""
    text = f"{amount.normalize():f}"
    return text if "." in text else f"{text}.0"


@dataclass(frozen=True)
class Bag:
    """One amount in both currencies of an order: the shop's, and the one shown to the customer."""

    shop: Decimal = ZERO
    presentment: Decimal = ZERO

    def __add__(self, other: Self) -> "Bag":
        return Bag(self.shop + other.shop, self.presentment + other.presentment)

    def __sub__(self, other: Self) -> "Bag":
        return Bag(self.shop - other.shop, self.presentment - other.presentment)

    def __neg__(self) -> "Bag":
        return Bag(-self.shop, -self.presentment)

    def __bool__(self) -> bool:
        return bool(self.presentment)

    def at_most(self, other: Self) -> "Bag":
        """Return this amount or the other, whichever is the smaller for the customer."""
        return self if self.presentment <= other.presentment else other


@dataclass(frozen=True)
class Currencies:
    """An order's two currencies and the rate between them, fixed when the order was placed.

    Attributes:
        shop: The shop's currency, ISO 4217.
        presentment: The customer's currency, ISO 4217.
        rate: Units of the shop's currency for one unit of the presentment currency.
    """

    shop: str
    presentment: str
    rate: Decimal

    def bag(self, presentment: Decimal) -> Bag:
        """Convert an amount of presentment money, rounding both sides to their smallest units."""
        return Bag(
            rounded(presentment * self.rate, self.shop),
            rounded(presentment, self.presentment),
        )

    def part(self, total: Bag, before: int, units: int, whole: int) -> Bag:
        """Return the share of some units of a total, so that all shares add up to exactly the total.

        Args:
            total: What is divided.
            before: Units already taken.
            units: Units to take now.
            whole: Units there are.
        """
        return Bag(
            _share(total.shop, before + units, whole, self.shop)
            - _share(total.shop, before, whole, self.shop),
            _share(total.presentment, before + units, whole, self.presentment)
            - _share(total.presentment, before, whole, self.presentment),
        )

    def prorated(self, total: Bag, amount: Bag, whole: Bag) -> Bag:
        """Return the share of a total (a tax) that belongs to part of another amount (what is taxed)."""
        if not whole:
            return Bag()
        return self.bag(total.presentment * amount.presentment / whole.presentment)


def _share(total: Decimal, units: int, whole: int, currency: str) -> Decimal:
    """Return the first so many units' share of a total, rounded; the last unit takes what is left."""
    return total if units >= whole else rounded(total * units / whole, currency)
