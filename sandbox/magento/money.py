"""Amounts as Magento keeps them: each in the order's and in the base currency, rounded one by one."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

ZERO: Final = Decimal(0)
CENT: Final = Decimal("0.01")
NOISE: Final = Decimal("1e-12")
ALMOST_NOTHING: Final = Decimal("0.0001")


def rounded(value: Decimal) -> Decimal:
    """Round to two places, half up, whatever the currency, as Magento does.

    What is a half but for the last digits of a division is one, as it is to PHP's ``round``.
    """
    return value.quantize(NOISE, ROUND_HALF_UP).quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Amount:
    """One amount in both currencies, in major units.

    Attributes:
        order: In the currency the customer paid in.
        base: In the store's base currency.
    """

    order: Decimal = ZERO
    base: Decimal = ZERO

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.order + other.order, self.base + other.base)

    def __sub__(self, other: "Amount") -> "Amount":
        return Amount(self.order - other.order, self.base - other.base)

    def __neg__(self) -> "Amount":
        return Amount(-self.order, -self.base)

    def share(self, part: Decimal, whole: Decimal) -> "Amount":
        """Return a part of it, not rounded; nothing of a whole that is nothing."""
        if not whole:
            return Amount()
        return Amount(self.order * part / whole, self.base * part / whole)

    def rounded(self) -> "Amount":
        """Round both to two places."""
        return Amount(rounded(self.order), rounded(self.base))

    def at_most(self, other: "Amount") -> "Amount":
        """Return the smaller one, currency by currency."""
        return Amount(min(self.order, other.order), min(self.base, other.base))


NOTHING: Final = Amount()


def converted(base: Decimal, rate: Decimal) -> Amount:
    """Make an amount from the base currency.

    Args:
        base: Major units of the base currency.
        rate: The order's currency for one unit of the base currency.
    """
    return Amount(rounded(base * rate), rounded(base))


class Rounder:
    r"""Rounds the amounts of one document and carries what is cut off over to the next amount.

    Magento keeps one such remainder for each kind of amount (``Magento\Framework\Math\Calculator``).
    """

    def __init__(self) -> None:
        self._left: dict[tuple[str, str], Decimal] = {}

    def round(self, amount: Amount, kind: str = "regular", *, negative: bool = False) -> Amount:
        """Round an amount.

        Args:
            amount: What to round.
            kind: Amounts of a kind share their remainder.
            negative: Whether the amount is to be taken off, as a discount is.
        """
        return Amount(
            self._round(amount.order, (kind, "order"), negative=negative),
            self._round(amount.base, (kind, "base"), negative=negative),
        )

    def _round(self, value: Decimal, key: tuple[str, str], *, negative: bool) -> Decimal:
        if not value:
            return value
        left = self._left.get(key, ZERO)
        exact = value - left if negative else value + left
        result = rounded(exact)
        self._left[key] = result - exact if negative else exact - result
        return result
