from datetime import timedelta
from decimal import Decimal

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from ledger import accounts, actions, lines, orders
from ledger.clock import utcnow
from ledger.models import Account, OrderLink
from ledger.models.accounts import Direction
from ledger.states import State
from tests.support.ledger import make_seen
from tests.support.sandboxed import Books, Shop
from tests.support.world import World, changed


def test_a_refund_of_an_invoice_becomes_a_credit_memo_by_one_read_and_one_write(
    world: World, netsuite: Books, shop: Shop
) -> None:
    order = netsuite.order()
    world.tell(shop, make_seen())
    refund = world.only_refund()
    assert (refund.state, refund.reason, refund.detail) == (State.POSTED, "POSTED", "")
    assert netsuite.operations() == ["suiteql", "record:transform"]
    (memo,) = netsuite.records("creditMemo")
    assert memo["externalId"] == refund.key == "rs-shop-509562969"
    assert memo["createdFrom"]["id"] == order.billed_id
    assert Decimal(str(memo["total"])) == Decimal("20.00")
    assert (refund.target_type, refund.target_id) == ("creditmemo", str(memo["id"]))
    assert refund.transaction_type == "credit_memo"


def test_a_refund_of_a_cash_sale_becomes_a_cash_refund(world: World, netsuite: Books, shop: Shop) -> None:
    netsuite.order(billed="cashSale")
    world.tell(shop, make_seen())
    refund = world.only_refund()
    assert (refund.state, refund.transaction_type) == (State.POSTED, "cash_refund")
    assert netsuite.writes() == {"cashRefund": 1}


def test_a_token_is_all_that_oauth_adds_to_the_two_calls(world: World, netsuite: Books, shop: Shop) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    login = {"client_id": f"client-{netsuite.tenant}", "certificate_id": "certificate-1"}
    netsuite.change(**login, certificate_pem=public)
    sealed = world.runtime.vault.seal({"auth": "oauth2", **login, "private_key": private})
    world.set(netsuite, credentials=sealed)
    netsuite.order()
    world.tell(shop, make_seen())
    world.tell(shop, make_seen(refund_id="509562970"))
    assert [refund.state for refund in world.refunds()] == [State.POSTED, State.POSTED]
    assert netsuite.operations() == ["token", *["suiteql", "record:transform"] * 2]


def test_how_a_refund_was_carried_is_on_record(world: World, netsuite: Books, shop: Shop) -> None:
    order = netsuite.order()
    world.tell(shop, make_seen())
    refund = world.only_refund()
    (attempt,) = world.attempts(refund.id)
    assert (attempt.outcome, attempt.reason) == ("post", "POSTED")
    assert [call["method"] for call in attempt.calls] == ["POST", "POST"]
    assert "consumer-secret" not in str(attempt.calls)
    assert attempt.ended_at is not None
    assert [entry.action for entry in world.audit("refund")] == ["record", "begin", "post"]
    (link,) = world.links()
    assert (link.netsuite_order_id, link.billed_type, link.billed_id) == (
        order.id,
        "invoice",
        order.billed_id,
    )


def test_each_part_of_a_refund_says_what_carried_it(world: World, netsuite: Books, shop: Shop) -> None:
    netsuite.order()
    world.tell(shop, make_seen())
    with world.database.read() as session:
        (line,) = lines.of(session, world.only_refund())
    assert line.mapped.startswith("line 1, item ")
    assert line.mapped.endswith(" x 1: 20.00 USD")


def test_a_refund_at_rest_is_left_alone(world: World, netsuite: Books, shop: Shop) -> None:
    netsuite.order()
    world.tell(shop, make_seen())
    calls = netsuite.operations()
    assert world.carry(world.only_refund().id).state is State.POSTED
    assert netsuite.operations() == calls


def test_a_refund_waits_for_its_order_and_then_for_its_bill(
    world: World, netsuite: Books, shop: Shop
) -> None:
    world.tell(shop, make_seen())
    refund = world.only_refund()
    assert (refund.state, refund.reason) == (State.WAITING, "ORDER_NOT_SYNCED")
    order = netsuite.order(billed="")
    assert world.carry(refund.id).reason == "NOT_BILLED"
    netsuite.bill(order)
    assert world.carry(refund.id).state is State.POSTED


def test_a_wait_that_is_too_long_is_an_error_that_says_what_was_waited_for(
    world: World, netsuite: Books, shop: Shop
) -> None:
    netsuite.order(billed="")
    world.tell(shop, make_seen())
    waiting = world.only_refund()
    assert waiting.deadline_at is not None
    assert waiting.deadline_at > utcnow() + timedelta(days=29)
    world.change(waiting.id, deadline_at=utcnow() - timedelta(seconds=1))
    refund = world.carry(waiting.id)
    assert (refund.state, refund.reason) == (State.ERROR, "NOT_BILLED")
    assert refund.detail.startswith("waited 30 days")


def test_what_comes_at_the_last_moment_is_in_time(world: World, netsuite: Books, shop: Shop) -> None:
    order = netsuite.order(billed="")
    world.tell(shop, make_seen())
    waiting = world.only_refund()
    netsuite.bill(order)
    world.change(waiting.id, deadline_at=utcnow() - timedelta(seconds=1))
    assert world.carry(waiting.id).state is State.POSTED


def test_the_deadline_of_another_wait_starts_anew(world: World, netsuite: Books, shop: Shop) -> None:
    world.tell(shop, make_seen())
    waiting = world.only_refund()
    world.change(waiting.id, deadline_at=utcnow() - timedelta(seconds=1))
    netsuite.order(billed="")
    refund = world.carry(waiting.id)
    assert (refund.state, refund.reason, refund.waiting_for) == (State.WAITING, "NOT_BILLED", "NOT_BILLED")


def test_sync_that_is_switched_off_meanwhile_ignores_what_waited_until_a_person_retries(
    world: World, netsuite: Books, shop: Shop
) -> None:
    order = netsuite.order(billed="")
    world.tell(shop, make_seen())
    refund = world.only_refund()
    world.set(shop, sync_enabled=False)
    netsuite.bill(order)
    ignored = world.carry(refund.id)
    assert (ignored.state, ignored.reason) == (State.IGNORED, "SYNC_OFF")
    world.set(shop, sync_enabled=True)
    world.act(actions.retry, refund.id)
    assert world.carry(refund.id).state is State.POSTED


def test_a_direction_that_was_turned_meanwhile_ignores_what_comes_back(
    world: World, netsuite: Books, shop: Shop
) -> None:
    netsuite.order()
    world.set(shop, settings={})  # an adjustment has no item to go to
    world.tell(shop, make_seen(parts=()))
    refund = world.only_refund()
    assert (refund.state, refund.reason) == (State.ERROR, "MAPPING_MISSING")
    with world.database.write() as session:
        account = session.get_one(Account, shop.id)
        accounts.set_direction(session, account, Direction.FROM_NETSUITE, now=utcnow(), actor="test")
    world.act(actions.retry, refund.id)
    assert world.carry(refund.id).reason == "WRONG_DIRECTION"
    assert netsuite.writes() == {}


def test_a_refund_is_held_for_review_and_posted_by_a_person(world: World, netsuite: Books) -> None:
    shop = world.add_shop(netsuite, review=True)
    netsuite.order()
    world.tell(shop, make_seen())
    refund = world.only_refund()
    assert (refund.state, refund.reason) == (State.HELD, "REVIEW_FIRST")
    assert world.carry(refund.id).state is State.HELD
    assert netsuite.writes() == {}
    world.act(actions.post, refund.id)
    assert world.carry(refund.id).state is State.POSTED
    assert netsuite.writes() == {"creditMemo": 1}


def test_a_return_is_authorized_once_and_refunded_when_the_goods_are_there(
    world: World, netsuite: Books
) -> None:
    shop = world.add_shop(netsuite, returns="create")
    netsuite.order()
    world.tell(shop, make_seen())
    refund = world.only_refund()
    assert (refund.state, refund.reason) == (State.WAITING, "RETURN_NOT_RECEIVED")
    (authorization,) = netsuite.records("returnAuthorization")
    assert authorization["externalId"] == f"{refund.key}-ra"
    assert authorization["id"] in refund.detail
    assert world.carry(refund.id).reason == "RETURN_NOT_RECEIVED"
    assert netsuite.writes() == {"returnAuthorization": 1}
    netsuite.receive(authorization["id"])
    assert world.carry(refund.id).state is State.POSTED
    (memo,) = netsuite.records("creditMemo")
    assert memo["createdFrom"]["id"] == authorization["id"]
    assert netsuite.writes() == {"returnAuthorization": 1, "creditMemo": 1}


@pytest.mark.parametrize(("status", "word"), [("C", "cancelled"), ("H", "closed")])
def test_a_return_that_is_ended_in_netsuite_is_told_at_once(
    world: World, netsuite: Books, status: str, word: str
) -> None:
    shop = world.add_shop(netsuite, returns="create")
    netsuite.order()
    world.tell(shop, make_seen())
    refund = world.only_refund()
    (authorization,) = netsuite.records("returnAuthorization")
    netsuite.edit("returnAuthorization", authorization["id"], orderStatus={"id": status})
    created_from = str(authorization["createdFrom"]["id"])
    event = changed("returnauthorization", authorization["id"], "edit", created_from=created_from)
    world.tell(netsuite, event)
    refund = world.only_refund()
    assert (refund.state, refund.reason) == (State.DISCREPANCY, "RETURN_CLOSED")
    assert refund.detail.endswith(f" was {word}")
    assert netsuite.writes() == {"returnAuthorization": 1}
    netsuite.edit("returnAuthorization", authorization["id"], orderStatus={"id": "F"})
    world.act(actions.retry, refund.id)
    assert world.carry(refund.id).state is State.POSTED


def test_a_return_whose_making_was_not_answered_is_not_authorized_again(
    world: World, netsuite: Books
) -> None:
    shop = world.add_shop(netsuite, returns="create")
    netsuite.order()
    netsuite.fault("record:transform", "reset", when="after")
    world.tell(shop, make_seen())
    refund = world.carry_through(world.only_refund().id)
    assert (refund.state, refund.reason) == (State.WAITING, "RETURN_NOT_RECEIVED")
    assert netsuite.writes() == {"returnAuthorization": 1}


def test_the_discrepancy_of_a_deleted_order_can_be_posted_once_the_order_is_linked_anew(
    world: World, netsuite: Books, shop: Shop
) -> None:
    order = netsuite.order(billed="")
    world.tell(shop, make_seen())
    refund = world.only_refund()
    netsuite.delete("salesOrder", order.id)
    gone = world.carry(refund.id)
    assert (gone.state, gone.reason) == (State.DISCREPANCY, "ORDER_DELETED")
    again = netsuite.order()
    world.act(actions.post, refund.id)
    assert world.carry(refund.id).reason == "ORDER_DELETED"
    with world.database.write() as session:
        link = session.get_one(OrderLink, gone.order_link_id)
        found = orders.NetSuiteOrder(again.id, "salesorder")
        orders.relink(session, link, found, now=utcnow(), actor="cli:ada")
    world.act(actions.post, refund.id)
    assert world.carry(refund.id).state is State.POSTED
    assert netsuite.writes() == {"creditMemo": 1}


def test_a_refund_that_a_person_in_netsuite_made_before_us_leaves_too_little(
    world: World, netsuite: Books, shop: Shop
) -> None:
    order = netsuite.order()
    netsuite.refund(order, quantity=5)
    world.tell(shop, make_seen())
    refund = world.only_refund()
    assert (refund.state, refund.reason) == (State.DISCREPANCY, "OVER_REFUND")
    assert netsuite.writes() == {}
