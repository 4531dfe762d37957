"""eBay's pushes about people and consent, from their signature to the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.clock import utcnow
from ledger.models import OrderState
from ledger.models.deliveries import DeliveryState
from ledger.states import State
from tests.support.carried_ebay import standing
from tests.support.pushed_ebay import Pushed, pushing
from tests.support.sandboxed import Books
from tests.support.telling import OK, Teller, told
from tests.support.world import World
from tests.workers.conftest import Work
from tests.workers.platforms.wire import wire
from workers.rules.telling import GATHER

BUYER, ANOTHER = "ada_lovelace_1815", "mary_somerville_1780"


@pytest.fixture
def pushed(world: World, netsuite: Books, work: Work) -> Iterator[Pushed]:
    """A seller whose notifications come to us."""
    del work  # by its being here, jobs find their environment
    with pushing(world, netsuite) as made:
        made.listen()
        yield made


def refunded(pushed: Pushed, netsuite: Books, buyer: str) -> None:
    """Let a buyer send something back, and have the refund posted."""
    order = pushed.seller.order(buyer=buyer)
    netsuite.order(order["orderId"])
    pushed.seller.refund(order, **{"for": pushed.seller.ask(order, "return")})
    pushed.settle()


def bodies(pushed: Pushed, name: str) -> int:
    """Return how many deliveries have a name in what was received."""
    return sum(name.encode() in each.body for each in pushed.deliveries())


def in_files(pushed: Pushed, name: str) -> set[str]:
    """Return which of SQLite's files have a name, by how they end; none where it is another database."""
    if not pushed.world.database.is_sqlite:
        return set()
    main = str(pushed.world.database.engine.url.database)
    return {end for end in ("", "-wal") if name.encode() in Path(main + end).read_bytes()}


def test_a_confirmed_order_is_known_before_any_refund_of_it(pushed: Pushed) -> None:
    order = pushed.seller.order(buyer=BUYER)
    pushed.settle()
    (link,) = pushed.world.links()
    assert (link.storefront_order_id, link.storefront_order_name) == (order["orderId"], order["orderId"])
    assert link.storefront_state is OrderState.OPEN
    (confirmed,) = pushed.deliveries()
    assert (confirmed.topic, confirmed.state) == ("ORDER_CONFIRMATION", DeliveryState.PROCESSED)


def test_a_buyer_who_closed_the_account_is_erased_and_the_money_stays(
    pushed: Pushed, netsuite: Books
) -> None:
    for buyer in (BUYER, ANOTHER):
        refunded(pushed, netsuite, buyer)
    before = [standing(each) for each in pushed.world.refunds()]
    theirs, others = (pushed.world.refunds()[number].id for number in (0, 1))
    assert before == [(State.POSTED, "POSTED")] * 2
    assert (bodies(pushed, BUYER), bodies(pushed, ANOTHER)) == (2, 2)
    # The web process's own calls; as every call, they are judged in the end.
    assert {"token", "getPublicKey"} <= set(pushed.seller.operations())
    assert all(each.calls for each in pushed.world.attempts(theirs))
    assert in_files(pushed, BUYER) or not pushed.world.database.is_sqlite
    pushed.seller.control.post(f"{pushed.seller.path}/account_deletion", {"username": BUYER})
    pushed.settle()
    (request,) = pushed.deliveries("MARKETPLACE_ACCOUNT_DELETION")
    assert (request.state, request.body, request.headers) == (DeliveryState.PROCESSED, b"", {})
    assert (bodies(pushed, BUYER), bodies(pushed, ANOTHER)) == (0, 2)
    assert in_files(pushed, BUYER) == set()
    assert [each.calls for each in pushed.world.attempts(theirs)] == [[]]
    assert all(each.calls for each in pushed.world.attempts(others))
    erased = [each for each in pushed.world.audit("account") if each.action == "erase"]
    assert {each.actor for each in erased} == {"system"}
    assert sum(int(each.note.split()[0]) for each in erased) == 3
    assert BUYER not in repr([each.note for each in erased])
    assert [standing(each) for each in pushed.world.refunds()] == before
    assert netsuite.writes() == {"creditMemo": 2}


def test_a_consent_that_was_taken_back_pauses_the_account_and_people_are_told(
    pushed: Pushed, netsuite: Books
) -> None:
    runtime = pushed.world.another(public_url="https://refunds.example.com")
    teller = Teller(runtime, utcnow())
    with wire(OK) as served:
        teller.channel(served.url)
        pushed.seller.revoke()
        pushed.settle()
        teller.now = utcnow()
        teller.look()
        teller.look(after=GATHER)
    account = pushed.world.account(pushed.seller)
    assert (account.paused_reason, account.paused_detail) == ("BAD_CREDENTIALS", "said by the platform")
    assert pushed.world.account(netsuite).paused_reason == ""
    (message,) = told(served)
    assert [(each["kind"], each["account"], each["reason"]) for each in message["events"]] == [
        ("paused", "ebay", "BAD_CREDENTIALS")
    ]
    assert "The platform refused the credentials." in message["text"]
    # What happens meanwhile is kept, and nobody is asked for it.
    order = pushed.seller.order(buyer=BUYER)
    pushed.seller.refund(order, **{"for": pushed.seller.ask(order, "return")})
    pushed.settle()
    waiting = pushed.deliveries("ORDER_RETURN_ACTIVITY")
    assert {(each.state, each.reason) for each in waiting} == {(DeliveryState.RECEIVED, "ACCOUNT_PAUSED")}
    assert "getOrder" not in pushed.seller.operations()
