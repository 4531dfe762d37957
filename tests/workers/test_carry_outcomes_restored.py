"""What was paid before an old backup was restored is found by the workers, and not paid again."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from ledger import actions, restoring
from ledger.clock import utcnow
from ledger.models import OrderLink, Refund, Setting
from ledger.models.accounts import Direction
from ledger.states import State
from tests.support.carried_ebay import refund_by_another_application
from tests.support.sandboxed import Books, Shop
from tests.support.sandboxed_amazon import Seller
from tests.support.sandboxed_ebay import EbaySeller
from tests.support.sandboxed_magento import Store
from tests.support.world import World, changed
from workers import dry_run
from workers.platforms.ebay_storefront import EbayStorefront
from workers.rules.views import Action

Json = dict[str, Any]

AT_ONCE = {"feed_seconds": {"queue": 0, "process": 0}}
PAID = (State.POSTED, "ALREADY_POSTED")
UNCLEAR = (State.DISCREPANCY, "OUTCOME_UNCLEAR")
LATER = timedelta(minutes=2)
AS_IT_WAS = {  # a refund that the backup knows, and that was not written when it was taken
    "state": State.SCHEDULED,
    "target_id": "",
    "target_type": "",
    "write_began": False,
    "write_began_at": None,
    "unanswered_at": None,
    "posted_at": None,
}


class Restoring:
    """A ledger that is put back to a backup from before any refund."""

    def __init__(self, world: World, netsuite: Books) -> None:
        self.world, self.netsuite = world, netsuite
        self.backup_at = utcnow()

    def memo(self, order_id: str) -> str:
        """Credit a T-shirt of an order in NetSuite; return the record's id."""
        return self.netsuite.refund(self.netsuite.order(order_id))

    def tell(self, memo: str) -> Refund:
        """Say that a record was made, carry its refund, and return it."""
        self.world.tell(self.netsuite, changed("creditmemo", memo))
        return next(each for each in self.world.refunds() if each.source_refund_id == memo)

    def pay(self, memo: str) -> Refund:
        """Carry a record's refund until the storefront says that it is paid."""
        refund = self.world.carry(self.tell(memo).id)
        assert refund.state is State.POSTED
        return refund

    def forget(self) -> None:
        """Put the ledger back to what it was."""
        with self.world.database.write() as session:
            session.execute(delete(Refund))
            session.execute(delete(OrderLink))

    def say(self, *, ago: timedelta = timedelta(0)) -> None:
        """Say so, as `refund-sync restored` does."""
        with self.world.database.write() as session:
            restoring.tell(session, self.backup_at - ago, now=utcnow() - ago, actor="cli:ada")

    def restore(self) -> None:
        """Put the ledger back, and say so."""
        self.forget()
        self.say()

    def let_it_show(self, refund: Refund) -> Refund:
        """Carry a refund again after as much time as a storefront may need to show what was made before."""
        passed = EbayStorefront.shows_within
        with self.world.database.write() as session:
            session.execute(delete(Setting))
            restoring.tell(session, self.backup_at - passed, now=utcnow() - passed, actor="cli:ada")
        self.world.change(refund.id, occurred_at=refund.occurred_at - passed)
        return self.world.carry(refund.id)


@pytest.fixture
def ledger(world: World, netsuite: Books) -> Restoring:
    """A ledger whose backup is taken now."""
    return Restoring(world, netsuite)


@pytest.fixture
def ebay(world: World, netsuite: Books) -> EbaySeller:
    """A seller on eBay whose refunds come from NetSuite."""
    return world.add_ebay(netsuite, direction=Direction.FROM_NETSUITE, seller={"refund_outcome": "REFUNDED"})


@pytest.fixture
def amazon(world: World, netsuite: Books) -> Seller:
    """A seller on Amazon whose refunds come from NetSuite, and are shown at once."""
    return world.add_amazon(netsuite, direction=Direction.FROM_NETSUITE, seller=AT_ONCE)


@pytest.fixture
def slow(world: World, netsuite: Books) -> Seller:
    """The same where Amazon shows what it paid a day later."""
    seller = {**AT_ONCE, "late_seconds": 24 * 3600}
    return world.add_amazon(netsuite, direction=Direction.FROM_NETSUITE, seller=seller)


def standing(refund: Refund) -> tuple[State, str]:
    return refund.state, refund.reason


def orders(*sellers: EbaySeller | Seller) -> list[tuple[Json, str]]:
    """Let each seller sell something; return the orders with their ids."""
    made = [(seller, seller.order()) for seller in sellers]
    return [(order, order["orderId" if seller.platform == "ebay" else "id"]) for seller, order in made]


# eBay.


def test_what_ebay_was_paid_before_the_restore_is_linked(ledger: Restoring, ebay: EbaySeller) -> None:
    ((order, order_id),) = orders(ebay)
    memo = ledger.memo(order_id)
    paid = ledger.pay(memo)
    ledger.restore()
    found = ledger.tell(memo)
    assert (*standing(found), found.target_id) == (*PAID, paid.target_id)
    assert [each["refund"] for each in ebay.refunds(order)] == [paid.target_id]
    assert ebay.writes() == {"issueRefund": 1}


@pytest.mark.parametrize("began", [False, True])
def test_so_is_what_the_backup_knows_as_not_written_or_as_refused(
    world: World,
    ledger: Restoring,
    ebay: EbaySeller,
    began: bool,  # noqa: FBT001 - a table
) -> None:
    ((_, order_id),) = orders(ebay)
    paid = ledger.pay(ledger.memo(order_id))
    before = {"write_began": True, "write_began_at": ledger.backup_at - LATER} if began else {}
    world.change(paid.id, **AS_IT_WAS | before)
    ledger.say()
    found = world.carry(paid.id)
    assert (*standing(found), found.target_id) == (*PAID, paid.target_id)
    assert ebay.writes() == {"issueRefund": 1}


def test_a_write_that_the_backup_knows_as_unanswered_is_looked_for_since_it_began(
    world: World, ledger: Restoring, ebay: EbaySeller
) -> None:
    ((_, order_id),) = orders(ebay)
    paid = ledger.pay(ledger.memo(order_id))
    began_at = ledger.backup_at - LATER
    world.change(
        paid.id, **AS_IT_WAS | {"write_began": True, "write_began_at": began_at, "unanswered_at": began_at}
    )
    backup_at = utcnow() + timedelta(hours=1)  # what was made is from before it
    with world.database.write() as session:
        restoring.tell(session, backup_at, now=backup_at, actor="cli:ada")
    assert standing(world.carry(paid.id)) == PAID
    assert ebay.writes() == {"issueRefund": 1}


def test_what_was_never_paid_waits_until_ebay_must_show_it_and_is_paid_once(
    ledger: Restoring, ebay: EbaySeller
) -> None:
    ((_, order_id),) = orders(ebay)
    memo = ledger.memo(order_id)
    ledger.restore()
    waiting = ledger.tell(memo)
    assert standing(waiting) == (State.WAITING, "OUTCOME_PENDING")
    assert "may have been made already" in waiting.detail
    assert ebay.writes() == {}
    ledger.let_it_show(waiting)
    assert ledger.pay(memo).target_id
    assert ebay.writes() == {"issueRefund": 1}


def test_a_record_made_after_the_restore_is_paid_at_once(ledger: Restoring, ebay: EbaySeller) -> None:
    ((order, order_id),) = orders(ebay)
    refund_by_another_application(ebay, order)  # of the same amount; no longer ago than the backup
    ledger.say(ago=LATER)
    assert ledger.pay(ledger.memo(order_id)).target_id
    assert ebay.writes() == {"issueRefund": 2}


@pytest.mark.parametrize("is_linked", [True, False])
def test_a_refund_of_the_order_that_the_backup_knows_is_not_taken_for_another(
    world: World,
    ledger: Restoring,
    ebay: EbaySeller,
    is_linked: bool,  # noqa: FBT001 - a table
) -> None:
    ((_, order_id),) = orders(ebay)
    imported = ledger.netsuite.order(order_id)
    first, second = ledger.netsuite.refund(imported), ledger.netsuite.refund(imported)
    known = ledger.pay(first)
    world.change(known.id, write_began_at=ledger.backup_at - timedelta(days=1))
    ledger.say()
    other = ledger.tell(second)
    assert standing(other) == (State.WAITING, "OUTCOME_PENDING")
    if not is_linked:
        world.change(other.id, order_link_id=None)
    ledger.let_it_show(other)
    assert ledger.pay(second).target_id != known.target_id
    assert ebay.writes() == {"issueRefund": 2}


def test_where_several_may_be_it_a_person_is_asked_and_decides(
    world: World, ledger: Restoring, ebay: EbaySeller
) -> None:
    ((order, order_id),) = orders(ebay)
    memo = ledger.memo(order_id)
    for _ in range(2):
        refund_by_another_application(ebay, order)
        ebay.state(order)  # it ends, so that another one may begin
    ledger.restore()
    refund = ledger.tell(memo)
    assert standing(refund) == UNCLEAR
    world.act(actions.retry, refund.id)
    assert standing(world.carry(refund.id)) == UNCLEAR
    assert ebay.writes() == {"issueRefund": 2}
    world.act(actions.post, refund.id)
    assert ledger.pay(memo).target_id
    assert ebay.writes() == {"issueRefund": 3}


# Amazon.


def test_what_amazon_was_handed_before_the_restore_is_linked_once_it_is_shown(
    ledger: Restoring, amazon: Seller
) -> None:
    ((order, order_id),) = orders(amazon)
    memo = ledger.memo(order_id)
    ledger.pay(memo)
    ledger.restore()
    found = ledger.tell(memo)
    (row,) = amazon.transactions(order)
    assert standing(found) == PAID
    assert found.target_id in {each["relatedIdentifierValue"] for each in row["relatedIdentifiers"]}
    assert amazon.writes()["createFeed"] == 1


def test_what_amazon_does_not_show_yet_is_for_a_person(world: World, ledger: Restoring, slow: Seller) -> None:
    ((order, order_id),) = orders(slow)
    memo = ledger.memo(order_id)
    ledger.pay(memo)
    ledger.restore()
    unclear = ledger.tell(memo)
    assert standing(unclear) == UNCLEAR
    assert slow.feeds()[0]["feedId"] in unclear.detail
    decision = dry_run.would(world.runtime, unclear.id)
    assert (decision.action, decision.reason) == (Action.DISPUTE, "OUTCOME_UNCLEAR")
    world.act(actions.retry, unclear.id)
    assert standing(world.carry(unclear.id)) == UNCLEAR
    assert len(slow.transactions(order)) == slow.writes()["createFeed"] == 1


def test_feeds_that_were_forgotten_keep_what_was_never_paid_for_a_person_who_has_it_posted(
    world: World, ledger: Restoring, amazon: Seller
) -> None:
    (first, first_id), (second, second_id) = orders(amazon, amazon)
    paid, unpaid = ledger.memo(first_id), ledger.memo(second_id)
    ledger.pay(paid)
    ledger.restore()
    refund = ledger.tell(unpaid)
    assert standing(refund) == UNCLEAR
    world.act(actions.post, refund.id)
    ledger.pay(unpaid)
    # That this one has a feed now says nothing of the other order.
    assert standing(ledger.tell(paid)) == PAID
    assert [len(amazon.transactions(each)) for each in (first, second)] == [1, 1]
    assert amazon.writes()["createFeed"] == 2


def test_without_a_feed_since_the_backup_nothing_was_forgotten(ledger: Restoring, amazon: Seller) -> None:
    ((order, order_id),) = orders(amazon)
    memo = ledger.memo(order_id)
    ledger.restore()
    waiting = ledger.tell(memo)
    assert standing(waiting) == (State.WAITING, "OUTCOME_PENDING")
    ledger.let_it_show(waiting)
    ledger.pay(memo)
    assert len(amazon.transactions(order)) == amazon.writes()["createFeed"] == 1


def test_forgotten_feeds_say_nothing_of_a_record_made_after_the_restore(
    ledger: Restoring, slow: Seller
) -> None:
    (_, first_id), (_, second_id) = orders(slow, slow)
    ledger.pay(ledger.memo(first_id))
    ledger.forget()
    ledger.say(ago=LATER)
    ledger.pay(ledger.memo(second_id))
    assert slow.writes()["createFeed"] == 2


# Platforms that keep our key.


def test_shopify_finds_it_by_its_key_and_pays_what_was_never_paid(
    world: World, netsuite: Books, ledger: Restoring
) -> None:
    shop: Shop = world.add_shop(netsuite, direction=Direction.FROM_NETSUITE)
    paid, unpaid = (ledger.memo(shop.order(silent=True)["name"]) for _ in range(2))
    ledger.pay(paid)
    ledger.restore()
    assert standing(ledger.tell(paid)) == PAID
    assert standing(ledger.tell(unpaid)) == (State.POSTED, "POSTED")
    assert shop.writes() == {"refundCreate": 2}


def test_magento_finds_it_by_its_key_and_pays_what_was_never_paid(
    world: World, netsuite: Books, ledger: Restoring
) -> None:
    store: Store = world.add_magento(netsuite, direction=Direction.FROM_NETSUITE)
    paid, unpaid = (ledger.memo(store.order()["increment_id"]) for _ in range(2))
    ledger.pay(paid)
    ledger.restore()
    assert standing(ledger.tell(paid)) == PAID
    waiting = ledger.tell(unpaid)
    assert standing(waiting) == (State.WAITING, "OUTCOME_PENDING")
    assert standing(ledger.let_it_show(waiting)) == (State.POSTED, "POSTED")
    assert store.writes() == {"creditmemo": 2, "gatewayRefund": 2}
