"""What became of a refund of ours. Pure.

eBay shows nobody the comment that our key is in, so that a refund is known by the id that `issueRefund` gave
it; where that answer was lost, by amount and time.
"""

from datetime import timedelta
from typing import Final

from ledger.events import MoneyState
from ledger.money import Money
from workers.platforms.ebay_reading import BY_API
from workers.platforms.errors import PlatformError
from workers.platforms.storefront import Asked
from workers.rules.facts import StorefrontOrder, StorefrontRefund

_CLOCKS: Final = timedelta(minutes=5)  # by which eBay's clock may be behind ours


def outcome_of(order: StorefrontOrder, asked: Asked) -> StorefrontRefund | None:
    """Return what became of a refund, or None if it was never made.

    One that failed moved no money. Where the answer was lost, such a one is not looked for, and the refund is
    made anew.

    Raises:
        PlatformError: `OUTCOME_UNCLEAR` if several may be the one.
    """
    if asked.target_id:
        known = next((each for each in order.refunds if each.id == asked.target_id), None)
        return known or _not_shown(order, asked)
    candidates = [each for each in order.refunds if _may_be(each, asked)]
    if not candidates:
        return None
    if len(candidates) > 1 or not candidates[0].id or asked.amount is None:
        names = ", ".join(each.id or "one without an id" for each in candidates)
        raise PlatformError("OUTCOME_UNCLEAR", f"refunds of order {order.id} that may be it: {names}")
    return candidates[0]


def _not_shown(order: StorefrontOrder, asked: Asked) -> StorefrontRefund:
    """Return a refund that eBay took and does not show yet: it must not be made twice."""
    return StorefrontRefund(
        id=asked.target_id,
        note=BY_API,
        amount=asked.amount or Money.zero(order.currency),
        money=MoneyState.PENDING,
        detail=f"order {order.id} does not show refund {asked.target_id} yet",
    )


def _may_be(refund: StorefrontRefund, asked: Asked) -> bool:
    if asked.began_at is None or refund.money is MoneyState.FAILED or refund.id in asked.others:
        return False
    # Whatever was issued without `issueRefund` has another kind of id; what has none yet may be ours.
    if refund.id and refund.note != BY_API:
        return False
    is_since = refund.made_at is None or refund.made_at >= asked.began_at - _CLOCKS
    return is_since and (asked.amount is None or refund.amount == asked.amount)
