"""Sellers in the EU and the UK through the real workers: their calls about money are signed."""

from typing import Any

import pytest

from ledger import changing, pausing
from ledger.clock import utcnow
from ledger.models import Account
from ledger.models.accounts import Direction
from ledger.states import State
from tests.support.carried_ebay import credited, standing, touch
from tests.support.sandboxed import Books
from tests.support.sandboxed_ebay import APP, EbaySeller
from tests.support.world import World
from tests.workers.platforms.ebay import signing_key

CIPHERS = pytest.mark.parametrize("cipher", ["ED25519", "RSA"])


def give_key(world: World, seller: EbaySeller, cipher: str) -> None:
    """Have eBay make a key, enter it as a person does, and resume the account."""
    credentials = {**APP, "signing": signing_key(seller, cipher)}
    with world.database.write() as session:
        account = session.get_one(Account, seller.id)
        changing.set_credentials(
            session, world.runtime.vault, account, credentials, now=utcnow(), actor="cli:ada"
        )
        if account.paused_reason:
            pausing.resume(session, account, now=utcnow(), actor="cli:ada")


def signed(seller: EbaySeller) -> set[str]:
    """Return the operations whose calls were signed."""
    return {each["operation"] for each in seller.calls() if _is_signed(each)}


def _is_signed(call: dict[str, Any]) -> bool:
    return {"signature", "signature-input", "x-ebay-signature-key"}.issubset(call["request"]["headers"])


@CIPHERS
def test_a_refund_from_netsuite_is_issued_with_a_signature(
    world: World, netsuite: Books, cipher: str
) -> None:
    seller = world.add_ebay(netsuite, direction=Direction.FROM_NETSUITE, seller={"eu": True})
    give_key(world, seller, cipher)
    order = seller.order()
    refund = credited(world, netsuite, order)
    assert standing(refund) == (State.WAITING, "OUTCOME_PENDING")
    assert standing(world.carry(refund.id)) == (State.POSTED, "ALREADY_POSTED")
    assert [each["comment"] for each in seller.refunds(order)] == [refund.key]
    assert (seller.writes()["issueRefund"], signed(seller)) == (1, {"issueRefund"})


@CIPHERS
def test_the_books_are_read_with_a_signature(world: World, netsuite: Books, cipher: str) -> None:
    seller = world.add_ebay(netsuite, seller={"eu": True}, selling_fees="post")
    give_key(world, seller, cipher)
    order = seller.order()
    netsuite.order(order["orderId"])
    seller.refund(order, amount="20.00", **{"for": seller.ask(order, "return")})
    touch(world, seller, order)
    assert standing(world.only_refund()) == (State.POSTED, "POSTED")
    assert netsuite.writes() == {"creditMemo": 1}
    assert signed(seller) == {"getTransactions"}


def test_without_a_key_the_account_is_paused_and_with_one_it_goes_on(world: World, netsuite: Books) -> None:
    seller = world.add_ebay(netsuite, direction=Direction.FROM_NETSUITE, seller={"eu": True})
    order = seller.order()
    refund = credited(world, netsuite, order)
    assert standing(refund) == (State.WAITING, "ACCOUNT_PAUSED")
    assert world.account(seller).paused_reason == "BAD_CREDENTIALS"
    assert seller.refunds(order) == []
    give_key(world, seller, "ED25519")
    assert standing(world.carry(refund.id)) == (State.WAITING, "OUTCOME_PENDING")
    assert standing(world.carry(refund.id)) == (State.POSTED, "ALREADY_POSTED")
    assert len(seller.refunds(order)) == 1
