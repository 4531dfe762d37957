"""What became of a refund that was handed to Amazon in a feed."""

from datetime import timedelta
from typing import Final

from ledger.events import MoneyState
from ledger.money import Money
from workers.platforms.amazon_api import understood
from workers.platforms.amazon_feeds import Feeds
from workers.platforms.amazon_report import PENDING, verdict
from workers.platforms.errors import PlatformError
from workers.platforms.storefront import Asked
from workers.rules.facts import StorefrontOrder, StorefrontRefund

FEED: Final = "feed:"
"""How the id of a refund begins that is known by its feed: Amazon tells no other."""

_CLOCKS: Final = timedelta(minutes=1)  # by which Amazon's clock may be behind ours


def outcome_of(feeds: Feeds, order: StorefrontOrder, asked: Asked) -> StorefrontRefund | None:
    """Return what became of a refund of ours, or None if it was never made.

    Args:
        feeds: The seller's feeds.
        order: The order as it stands now, with the refunds that Amazon shows.
        asked: What is known of it.

    Raises:
        PlatformError: `OUTCOME_UNCLEAR` where Amazon cannot tell, or if it does not say.
    """
    if asked.target_id.startswith(FEED):
        return _followed(feeds, order, asked)
    if asked.target_id:
        return next((each for each in order.refunds if each.id == asked.target_id), None)
    if asked.began_at is None:
        return None
    return _lost(feeds, order, asked)


def _followed(feeds: Feeds, order: StorefrontOrder, asked: Asked) -> StorefrontRefund:
    """Follow the feed that a refund was handed in by."""
    amount = asked.amount or Money.zero(order.currency)
    feed = feeds.find(asked.target_id.removeprefix(FEED))
    if feed is None:
        raise PlatformError("OUTCOME_UNCLEAR", f"Amazon has no {asked.target_id} any more")
    with understood():
        status = str(feed["processingStatus"])
    said = verdict(status, None if status in PENDING else feeds.report(feed))
    return StorefrontRefund(
        asked.target_id, "", amount, said.money, said.problem, said.detail, refused=said.refused
    )


def _lost(feeds: Feeds, order: StorefrontOrder, asked: Asked) -> StorefrontRefund | None:
    """Look for a refund of which no answer came: by its money, and by feeds that nobody accounts for.

    A feed does not tell what is in it, and Amazon shows refunds hours or days later. So only the absence of
    any other feed proves that it was never made, and only a refund of the same amount, with no other of ours
    of its order that it could be, proves that it was.
    """
    began_at = asked.began_at
    same = [
        each
        for each in order.refunds
        if began_at and each.made_at and each.made_at >= began_at - _CLOCKS and each.amount == asked.amount
    ]
    if same and not asked.others_of_order:
        return same[0] if same[0].money is not MoneyState.PENDING else _moved(same[0])
    made = feeds.made_since(began_at) if began_at else ()
    unknown = [feed_id for feed_id in made if FEED + feed_id not in asked.others]
    if not unknown:
        return None
    raise PlatformError(
        "OUTCOME_UNCLEAR",
        f"the answer was lost; it may have been one of the feeds {', '.join(unknown)} made since {began_at}",
    )


def _moved(refund: StorefrontRefund) -> StorefrontRefund:
    """Return a refund as done: what Amazon holds back is the seller's money, the buyer has theirs."""
    return StorefrontRefund(refund.id, refund.note, refund.amount, made_at=refund.made_at)
