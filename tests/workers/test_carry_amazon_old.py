"""An account that reads Amazon's old Finances API, v0, needs nothing of the other one."""

from datetime import timedelta

import pytest

from ledger.clock import utcnow
from ledger.models import Account
from ledger.states import State
from tests.support.readers import begin_polls, poll_now, polled, work_off
from tests.support.sandboxed import Books
from tests.support.sandboxed_amazon import Seller
from tests.support.selling import refunded, sold, soon
from tests.support.world import World
from workers.platforms.errors import PlatformError

HOUR = timedelta(hours=1)
MANY = 100


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    soon(monkeypatch)


def old(world: World, netsuite: Books) -> Seller:
    """A seller whose role opens the old API only."""
    seller = world.add_amazon(
        netsuite, seller={"v0_late_seconds": 0}, credentials={"finances": "v0"}, now=utcnow() - HOUR
    )
    seller.fault("listTransactions", "status", status=403, times=MANY)
    return seller


def check(world: World, seller: Seller) -> None:
    """Try the seller's credentials out."""
    with world.database.read() as session:
        account = session.get_one(Account, seller.id)
    world.runtime.storefront(account).check()


def test_a_refund_is_found_by_a_poll_and_posted_once(world: World, netsuite: Books) -> None:
    seller = old(world, netsuite)
    sale = sold(seller)
    netsuite.order(sale.number)
    refunded(seller, sale)
    begin_polls(world, since=utcnow() - HOUR)
    assert poll_now(world, seller).found == 1
    work_off(world)
    refund = world.only_refund()
    assert (refund.state, refund.source_refund_id[:10]) == (State.POSTED, "v0-refund-")
    assert poll_now(world, seller).found == 0
    assert netsuite.writes() == {"creditMemo": 1}
    assert set(seller.operations()) == {"token", "listFinancialEvents", "listFinancialEventsByOrderId"}


def test_its_credentials_are_tried_out_by_what_it_reads(world: World, netsuite: Books) -> None:
    seller = old(world, netsuite)
    check(world, seller)
    seller.fault("listFinancialEvents", "status", status=403, times=MANY)
    with pytest.raises(PlatformError, match='"finances": "2024-06-19"'):
        check(world, seller)


def test_where_the_old_one_is_gone_the_poll_says_what_to_switch(world: World, netsuite: Books) -> None:
    seller = old(world, netsuite)
    seller.change(v0_gone=True)
    begin_polls(world, since=utcnow() - HOUR)
    poll_now(world, seller)
    assert '"finances": "2024-06-19"' in polled(world, seller).detail
