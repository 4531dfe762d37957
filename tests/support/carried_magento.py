"""Magento through the real workers: what happens to orders and refunds, and where they stand."""

from typing import Any

from ledger.events import OrderTouched
from ledger.models import Refund
from ledger.states import State
from tests.support.sandboxed import Books
from tests.support.sandboxed_magento import Store
from tests.support.world import World, changed

Json = dict[str, Any]


def touch(world: World, store: Store, order: Json, **more: Any) -> None:  # noqa: ANN401 - see OrderTouched
    """Say that something happened to an order, as a push or a poll does."""
    world.tell(store, OrderTouched(str(order["entity_id"]), **more))


def credited(world: World, netsuite: Books, order: Json, **more: Any) -> Refund:  # noqa: ANN401 - JSON may be anything
    """Credit a T-shirt of an order in NetSuite, and say so; return the refund."""
    memo = netsuite.refund(netsuite.order(order["increment_id"]), **more)
    world.tell(netsuite, changed("creditmemo", memo))
    return world.refunds()[-1]


def standing(refund: Refund) -> tuple[State, str]:
    """Return where a refund is, and why."""
    return refund.state, refund.reason
