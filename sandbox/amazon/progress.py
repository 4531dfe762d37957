"""Lets what waits for its time happen: feeds go on, money held back is released, and both are told."""

from collections.abc import Sequence

from sandbox.amazon.feeds import go_on
from sandbox.amazon.model import Transaction
from sandbox.amazon.notifications import (
    FEED_PROCESSING_FINISHED,
    TRANSACTION_UPDATE,
    feed_finished,
    publish,
    transaction_update,
)
from sandbox.amazon.refunds import release_mature
from sandbox.amazon.seller import PLATFORM, Seller
from sandbox.world import World


def announce(world: World, seller: Seller, posted: Sequence[Transaction]) -> None:
    """Tell of transactions that were posted, unless they shall be silent."""
    told = [each for each in posted if not each.silent]
    publish(world, seller, [(TRANSACTION_UPDATE, transaction_update(seller, each)) for each in told])


def catch_up(world: World, seller: Seller) -> None:
    """Bring a seller to the present time; called, under the lock, before anything looks at the seller."""
    now = world.clock.now()
    progress = go_on(seller, now)
    for _ in range(progress.adjusted):
        world.writes.add(PLATFORM, seller.id, "OrderAdjustment")
    announce(world, seller, [*progress.posted, *release_mature(seller, now)])
    finished = [(FEED_PROCESSING_FINISHED, feed_finished(seller, each)) for each in progress.ended]
    publish(world, seller, finished)
