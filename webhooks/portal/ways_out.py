"""How a discrepancy may be settled: what to do first, and which action then closes or continues it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Way:
    """One way out.

    Attributes:
        text: What to do, in plain words.
        verb: What then to do here: a name of `webhooks.portal.acting.VERBS`.
    """

    text: str
    verb: str


_BY_HAND: Final = Way("Settle it by hand where it is missing, then resolve it and say how.", "resolve")
_NOT_AT_ALL: Final = Way("It is not to be carried across at all: cancel it.", "cancel")
_AGAIN: Final = Way("What was wrong is mended on one of the sides: retry it.", "retry")

_WAYS: Final[Mapping[str, tuple[Way, ...]]] = {
    "ORDER_DELETED": (
        Way(
            "Settle it by hand on both sides, then resolve it with a note, and with the record's id.",
            "resolve",
        ),
        Way(
            "The order was made again in NetSuite: link it anew, then retry it.",
            "retry",
        ),
        _NOT_AT_ALL,
    ),
    "PAYMENT_FAILED": (
        Way("Give the money back in the storefront by hand, then resolve it and say how.", "resolve"),
        Way("The payment may go through now: retry it.", "retry"),
    ),
    "REFUND_OFFLINE_ONLY": (
        Way("Give the money back at the payment gateway by hand, then resolve it and say how.", "resolve"),
    ),
    "OUTCOME_UNCLEAR": (
        Way("The storefront has the refund: resolve it with the refund's id there.", "resolve"),
        Way("The storefront has no such refund, and shows new ones by now: retry it.", "retry"),
    ),
    "AMOUNT_DIFFERS": (
        Way("Correct the difference by hand on one side, then resolve it and say how.", "resolve"),
    ),
    "PARTLY_DONE": (
        Way("Settle the lines that were not taken by hand, then resolve it and say which.", "resolve"),
    ),
    "BUYER_CASE_OPEN": (
        Way("Refund by way of the buyer's case in the storefront, then resolve it.", "resolve"),
        Way("The case is closed: retry it.", "retry"),
    ),
    "BUYER_REQUEST_MISSING": (
        Way("The seller meant it: make the record in NetSuite, then resolve it with its id.", "resolve"),
        Way("The buyer's request came meanwhile: retry it.", "retry"),
        _NOT_AT_ALL,
    ),
    "OVER_REFUND": (
        Way(
            "Part of it was refunded before: make a record of the rest, then resolve it with its id.",
            "resolve",
        ),
        Way("An earlier refund was a mistake and is gone now: retry it.", "retry"),
        _NOT_AT_ALL,
    ),
    "RETURN_CLOSED": (
        Way("The goods do come back: open the return authorization in NetSuite, then retry it.", "retry"),
        Way(
            "The customer is refunded all the same: make the record, then resolve it with its id.", "resolve"
        ),
        _NOT_AT_ALL,
    ),
    "SPANS_BILLED_RECORDS": (
        Way("Make one record for each billed record by hand, then resolve it and name them.", "resolve"),
    ),
    "AMBIGUOUS_ORDER": (
        Way(
            "Keep one of the orders, or link the right one, then retry it.",
            "retry",
        ),
        _BY_HAND,
    ),
}


def of(code: str) -> Sequence[Way]:
    """Return the ways out of a discrepancy for a reason."""
    return _WAYS.get(code, (_BY_HAND, _AGAIN, _NOT_AT_ALL))
