"""What is written on the credit memos this service makes, and what it tells when they are read again. Pure.

The comment says what was asked for. So whoever finds it, after an answer that was lost, can tell whether
Magento did it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from ledger.keys import mark_in
from ledger.money import Money
from workers.platforms.magento_reading import Node, id_of, moment, money, note_of, text_of
from workers.rules.views import StorefrontPlan

REFUND: Final = "refund"
"""The type of a transaction by which a payment gateway gave money back."""

_CLOCKS: Final = timedelta(minutes=5)
_PROMISE: Final = re.compile(r"\((\d{1,14}(?:\.\d{1,4})?) ([A-Z]{3}) (online|offline)\)")


@dataclass(frozen=True, slots=True)
class Promise:
    """What a credit memo of ours was to be.

    Attributes:
        amount: In the base currency.
        online: Whether the payment gateway was to give the money back.
    """

    amount: Money
    online: bool


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a credit memo of ours; the reason is a code of `ledger.reasons`, or empty."""

    reason: str = ""
    detail: str = ""


def comment_for(plan: StorefrontPlan, key: str, *, online: bool) -> str:
    """Return the comment of a credit memo; our key is a word of its own in it."""
    note = plan.note if key in plan.note.split() else f"{plan.note} {key}".strip()
    return f"{note} ({plan.amount} {'online' if online else 'offline'})"


def promise_in(note: str, key: str) -> Promise | None:
    """Return what a credit memo of ours was to be by its comments, None where they do not say."""
    for line in note.splitlines():
        found = _PROMISE.search(line)
        if found and key in line.split():
            return Promise(Money.rounded(Decimal(found[1]), found[2]), found[3] == "online")
    return None


def mark_of(memo: Node, prefix: str) -> str:
    """Return our key on a credit memo, the first that begins so; empty where there is none."""
    return mark_in(note_of(memo), prefix)


def problem_of(memo: Node, promise: Promise, memos: Sequence[Node], transactions: Sequence[Node]) -> Problem:
    """Return what is wrong with a credit memo of ours.

    Args:
        memo: The credit memo.
        promise: What it was to be.
        memos: All of its order.
        transactions: All of its order; needed where it was to be online.
    """
    number = text_of(memo.get("increment_id"))
    made = money(memo, "base_grand_total", memo["base_currency_code"])
    wrong = f"credit memo {number} is of {made}, asked was {promise.amount}"
    if promise.online and not _moved(memo, memos, transactions):
        detail = f"credit memo {number} has no refund of the payment gateway"
        return Problem("REFUND_OFFLINE_ONLY", detail if made == promise.amount else f"{detail}; {wrong}")
    return Problem() if made == promise.amount else Problem("AMOUNT_DIFFERS", wrong)


def refunds_without_memo(
    transactions: Sequence[Node], memos: Sequence[Node], since: datetime
) -> tuple[str, ...]:
    """Return what a payment gateway gave back since a time, in UTC, and no credit memo of the order says."""
    told = {text_of(each.get("transaction_id")) for each in memos}
    return tuple(
        text_of(each.get("txn_id"))
        for each in transactions
        if each.get("txn_type") == REFUND
        and text_of(each.get("txn_id")) not in told
        and moment(each["created_at"]) >= since - _CLOCKS
    )


def _moved(memo: Node, memos: Sequence[Node], transactions: Sequence[Node]) -> bool:
    """Tell whether the payment gateway gave the money back.

    A credit memo has the payment's last transaction. Where the gateway did nothing that is none, or still the
    one by which the customer paid.
    """
    types = {text_of(each.get("txn_id")): each.get("txn_type") for each in transactions}
    own = text_of(memo.get("transaction_id"))
    if own and types.get(own, REFUND) == REFUND:
        return True
    others = {
        text_of(each.get("transaction_id"))
        for each in memos
        if id_of(each, "entity_id") != id_of(memo, "entity_id")
    }
    since = moment(memo["created_at"]) - _CLOCKS
    return any(
        each.get("txn_type") == REFUND
        and text_of(each.get("txn_id")) not in others
        and moment(each["created_at"]) >= since
        for each in transactions
    )
