"""Fees that eBay gives back to the seller with a refund, as its books show them (Finances API). Pure.

https://developer.ebay.com/api-docs/sell/finances/types/pay:Transaction. Assumed, since nothing says it of
refunds: `totalFeeAmount` is what comes back to the seller, `totalFeeBasisAmount` what went to the buyer, and
`amount` either that or what is left of it.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from ledger.money import Money
from workers.platforms.ebay_merging import RefundFound
from workers.platforms.ebay_reading import Node, amount_of, moment

_NEAR: Final = timedelta(days=2)  # by which a refund's booking may be apart from its issue


def fees_given_back(refunds: Iterable[RefundFound], transactions: Iterable[Node]) -> dict[str, Money]:
    """Return the fees that came back with each refund, by its id, as far as the books show it.

    Args:
        refunds: An order's refunds.
        transactions: The order's transactions of the type `REFUND`.
    """
    left = list(transactions)
    found: dict[str, Money] = {}
    for refund in refunds:
        alike = [each for each in left if _is_of(each, refund)]
        if alike:
            match = min(alike, key=lambda each: _apart(each, refund))
            left.remove(match)
            found[refund.id] = _fees(match, refund.amount.currency)
    return found


def _apart(transaction: Node, refund: RefundFound) -> timedelta:
    return abs(moment(transaction["transactionDate"]) - refund.at) if refund.at else timedelta.max


def _is_of(transaction: Node, refund: RefundFound) -> bool:
    named = {each.get("referenceId") for each in transaction.get("references") or ()}
    if named & {refund.refund_id, refund.reference} - {""}:
        return True
    fees = _fees(transaction, refund.amount.currency)
    return _apart(transaction, refund) <= _NEAR and refund.amount in _sums(transaction, fees)


def _sums(transaction: Node, fees: Money) -> Sequence[Money]:
    amount = amount_of(transaction["amount"])
    if amount.currency != fees.currency:
        return ()
    basis = transaction.get("totalFeeBasisAmount")
    return (amount, amount + fees, *([amount_of(basis)] if basis else []))


def _fees(transaction: Node, currency: str) -> Money:
    given = transaction.get("totalFeeAmount")
    fees = amount_of(given) if given else Money.zero(currency)
    return fees if fees.currency == currency else Money.zero(currency)
