"""Money as an exact decimal in a currency, with the currency's own number of decimals.

Exponents follow ISO 4217 (https://www.iso.org/iso-4217-currency-codes.html): 2 unless listed here.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Final, Self

_EXPONENTS: Final = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"), 0),
    **dict.fromkeys(("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
# Fourteen digits before the point and eight after hold every price a storefront can send, fit a column of
# 64 bits in minor units of any currency, and keep a hostile "1e999999999" from ever being expanded.
_AMOUNT: Final = re.compile(r"-?[0-9]{1,14}(\.[0-9]{1,8})?")
_LONGEST: Final = 40  # digits, and
_LARGEST: Final = 64  # bits, of a number that is worth spelling out before it is looked at


class MoneyError(ValueError):
    """Raised when text is no amount of money, or two currencies meet.

    Attributes:
        reason: `bad_amount`, `bad_currency`, `too_precise` or `currency_mixed`.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@lru_cache(maxsize=256)
def exponent(currency: str) -> int:
    """Return how many decimals the currency has: JPY 0, USD 2, KWD 3.

    Raises:
        MoneyError: `bad_currency` if the code is not three capital letters.
    """
    if not _CURRENCY.fullmatch(currency):
        raise MoneyError("bad_currency", f"{currency!r} is not an ISO 4217 currency code")
    return _EXPONENTS.get(currency, 2)


@lru_cache(maxsize=256)
def _quantum(currency: str) -> Decimal:
    return Decimal(1).scaleb(-exponent(currency))


def parse_amount(text: str | Decimal | int) -> Decimal:
    """Return the decimal an amount's text stands for, without rounding it.

    Args:
        text: Plain decimal notation in major units, such as `"12.30"`.

    Raises:
        MoneyError: `bad_amount` if it is not, or has more digits than money has.
    """
    plain = _spelled_out(text)
    if not _AMOUNT.fullmatch(plain):
        raise MoneyError("bad_amount", f"{plain[:40]!r} is not an amount of money")
    return Decimal(plain)


def _spelled_out(text: str | Decimal | int) -> str:
    """Return plain decimal notation, unless that would take more digits than any amount has."""
    if isinstance(text, int):
        bits = text.bit_length()
        return str(text) if bits <= _LARGEST else f"a number of {bits} bits"
    if isinstance(text, Decimal):
        is_spellable = text.is_finite() and abs(text.adjusted()) <= _LONGEST
        return format(text, "f") if is_spellable else f"{text:.3e}"
    return text.strip()


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in major units that its currency can express exactly."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        """Normalise the amount to the currency's decimals.

        Raises:
            MoneyError: `too_precise` if digits would be lost.
        """
        exact = self.amount.quantize(_quantum(self.currency))
        if exact != self.amount:
            raise MoneyError(
                "too_precise", f"{self.amount} has more decimals than {self.currency} can express"
            )
        object.__setattr__(self, "amount", exact + 0)  # -0.00 and 0.00 are one amount

    @classmethod
    def parse(cls, amount: str | Decimal | int, currency: str) -> Self:
        """Return the money that a platform's text stands for; `"100"` and `"100.00"` JPY are the same."""
        return cls(parse_amount(amount), currency)

    @classmethod
    def rounded(cls, amount: Decimal, currency: str) -> Self:
        """Return the amount rounded half up to the currency's decimals."""
        return cls(amount.quantize(_quantum(currency), rounding=ROUND_HALF_UP), currency)

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Return nothing, in a currency."""
        return cls(Decimal(0), currency)

    @classmethod
    def from_minor(cls, minor: int, currency: str, decimals: int) -> Self:
        """Return money stored as whole minor units together with the exponent it was stored under."""
        return cls(Decimal(minor).scaleb(-decimals), currency)

    @classmethod
    def from_json(cls, data: dict[str, str]) -> Self:
        """Return the money of `{"amount": "12.34", "currency": "USD"}`."""
        return cls.parse(data["amount"], data["currency"])

    def to_json(self) -> dict[str, str]:
        """Return `{"amount": "12.34", "currency": "USD"}`."""
        return {"amount": str(self.amount), "currency": self.currency}

    @property
    def exponent(self) -> int:
        """Return the currency's number of decimals."""
        return exponent(self.currency)

    @property
    def minor(self) -> int:
        """Return the amount in whole minor units: 1234 for 12.34 USD."""
        return int(self.amount.scaleb(self.exponent))

    def _same(self, other: "Money") -> None:
        if other.currency != self.currency:
            raise MoneyError("currency_mixed", f"{self.currency} and {other.currency} cannot be mixed")

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __abs__(self) -> "Money":
        return Money(abs(self.amount), self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._same(other)
        return self.amount < other.amount

    def __le__(self, other: "Money") -> bool:
        self._same(other)
        return self.amount <= other.amount

    def __gt__(self, other: "Money") -> bool:
        self._same(other)
        return self.amount > other.amount

    def __ge__(self, other: "Money") -> bool:
        self._same(other)
        return self.amount >= other.amount

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


def total(parts: list[Money], currency: str) -> Money:
    """Return the sum of the parts, zero in `currency` if there are none.

    Raises:
        MoneyError: `currency_mixed` if a part is in another currency.
    """
    for part in parts:
        if part.currency != currency:
            raise MoneyError("currency_mixed", f"{currency} and {part.currency} cannot be mixed")
    return Money(sum((part.amount for part in parts), Decimal(0)), currency)
