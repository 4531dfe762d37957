from datetime import timedelta

import pytest

from ledger import deliveries, lines, orders
from ledger.events import AccountLost, MoneyState, OrderSeen, PaymentSeen, PersonalDataRequest
from ledger.models import Account, Delivery, OrderState, Refund
from ledger.states import State
from tests.support.ledger import NOW, TRACE, make_delivery, make_part, make_payment, make_seen
from tests.support.sandboxed import Books, Shop
from tests.support.world import World, changed
from tests.workers.understanding.conftest import MakeShop, News
from workers.understanding import storefront

SECOND = timedelta(seconds=1)
ORDER = "450789469"


def order(
    state: OrderState = OrderState.OPEN, *, name: str = "#1001", order_id: str = ORDER, later: int = 0
) -> OrderSeen:
    return OrderSeen(order_id, name, state, NOW + SECOND * later)


def test_a_refund_that_comes_after_its_order_is_linked_to_it_and_named_by_it(news: News) -> None:
    assert news.tell(order()) == []
    (refund_id,) = news.tell(make_seen(order_name=""))
    (link,), refund = news.links(), news.refund(refund_id)
    assert (refund.order_link_id, refund.storefront_order_name) == (link.id, "#1001")
    assert (refund.state, refund.trace_id) == (State.SCHEDULED, TRACE)


def test_a_refund_that_comes_before_its_order_shares_a_link_with_it(news: News) -> None:
    (refund_id,) = news.tell(make_seen(order_name=""))
    assert news.links()[0].storefront_state is OrderState.UNKNOWN
    news.tell(order())
    (link,) = news.links()
    assert news.refund(refund_id).order_link_id == link.id
    assert (link.storefront_state, link.storefront_order_name) == (OrderState.OPEN, "#1001")


def test_a_refund_whose_order_never_comes_asks_the_shop_for_its_name(
    world: World, netsuite: Books, shop: Shop
) -> None:
    made = shop.order()
    netsuite.order(made["name"])
    world.tell(shop, make_seen(order_id=str(made["id"]), order_name=""))
    refund = world.only_refund()
    assert (refund.state, refund.storefront_order_name) == (State.POSTED, made["name"])
    assert world.links()[0].storefront_order_name == made["name"]
    assert shop.operations() == ["graphql:query"]


def test_a_refund_that_was_lost_is_healed_by_its_orders_update(news: News) -> None:
    (refund_id,) = news.tell(order(), make_seen(first_hand=False))
    assert news.refund(refund_id).state is State.SCHEDULED


def test_a_refund_that_is_told_of_again_and_again_is_one(news: News) -> None:
    lost = make_seen(first_hand=False)
    told = news.tell(make_seen(), order(), lost, order(later=1), lost, make_seen())
    assert len(set(told)) == len(news.refunds()) == 1


def test_a_refund_older_than_the_account_that_is_only_found_is_left_alone(news: News) -> None:
    old = make_seen(occurred_at=NOW - SECOND, first_hand=False)
    assert news.tell(order(), old) == []
    assert news.refunds() == []


@pytest.mark.parametrize(("first_hand", "age"), [(True, SECOND), (False, timedelta(0))])
def test_a_refund_that_is_told_of_by_itself_or_young_enough_is_taken(
    news: News, age: timedelta, *, first_hand: bool
) -> None:
    assert len(news.tell(make_seen(occurred_at=NOW - age, first_hand=first_hand))) == 1


def test_news_of_an_old_refund_that_was_taken_all_the_same_is_heard(news: News) -> None:
    pending = (make_payment(state=MoneyState.PENDING),)
    old = make_seen(occurred_at=NOW - SECOND, payments=pending)
    (refund_id,) = news.tell(old)
    settled = make_seen(occurred_at=NOW - SECOND, first_hand=False)
    assert news.tell(order(), settled) == [refund_id]
    assert news.refund(refund_id).money_state == "moved"


@pytest.mark.parametrize(("state", "outcome"), [(MoneyState.MOVED, "moved"), (MoneyState.FAILED, "failed")])
def test_a_payment_that_is_settled_or_fails_wakes_its_refund(
    news: News, state: MoneyState, outcome: str
) -> None:
    refund_id = news.wait(
        "MONEY_PENDING", make_seen(payments=(make_payment(payment_id="5", state=MoneyState.PENDING),))
    )
    assert news.tell(PaymentSeen(ORDER, "5", state)) == [refund_id]
    refund = news.refund(refund_id)
    assert (refund.state, refund.reason, refund.money_state) == (State.SCHEDULED, "FACTS_CHANGED", outcome)


@pytest.mark.parametrize(
    "event", [PaymentSeen(ORDER, "6", MoneyState.MOVED), PaymentSeen("1", "5", MoneyState.MOVED)]
)
def test_a_payment_of_no_refund_that_is_known_changes_nothing(news: News, event: PaymentSeen) -> None:
    refund_id = news.wait(
        "MONEY_PENDING", make_seen(payments=(make_payment(payment_id="5", state=MoneyState.PENDING),))
    )
    assert news.tell(event) == []
    assert news.refund(refund_id).state is State.WAITING


def test_money_that_is_pending_is_waited_for_and_a_failure_of_it_ends_the_wait(
    world: World, netsuite: Books, shop: Shop
) -> None:
    netsuite.order()
    for number, state in (("5", MoneyState.MOVED), ("6", MoneyState.FAILED)):
        pending = (make_payment(payment_id=number, state=MoneyState.PENDING),)
        world.tell(shop, make_seen(refund_id=number, payments=pending))
        assert world.refunds()[-1].reason == "MONEY_PENDING"
        world.tell(shop, PaymentSeen(ORDER, number, state))
    assert [(each.state, each.reason) for each in world.refunds()] == [
        (State.POSTED, "POSTED"),
        (State.IGNORED, "NO_MONEY_MOVED"),
    ]


def test_an_order_that_is_deleted_wakes_what_netsuite_wants_refunded_on_it(news: News) -> None:
    news.tell(order())
    outward = news.wait("ACCOUNT_PAUSED", make_seen(origin="netsuite", refund_id="77"))
    inward = news.wait("NOT_BILLED", make_seen())
    assert news.tell(order(OrderState.DELETED, name="", later=1)) == [outward]
    assert news.refund(inward).state is State.WAITING
    assert news.tell(order(OrderState.DELETED, name="", later=1)) == []


def test_an_order_that_is_cancelled_wakes_nobody(news: News) -> None:
    news.wait("ACCOUNT_PAUSED", make_seen(origin="netsuite", refund_id="77"))
    assert news.tell(order(OrderState.CANCELLED)) == []
    assert news.links()[0].storefront_state is OrderState.CANCELLED


def test_older_news_of_an_order_is_no_news(news: News) -> None:
    news.tell(order(OrderState.CANCELLED, later=5), order(OrderState.OPEN, later=1))
    assert news.links()[0].storefront_state is OrderState.CANCELLED


@pytest.mark.parametrize(("order_id", "order_name"), [("", "#1001"), (ORDER, "")])
def test_a_netsuite_refund_that_came_before_its_order_is_given_the_order(
    news: News, order_id: str, order_name: str
) -> None:
    seen = make_seen(origin="netsuite", refund_id="77", order_id=order_id, order_name=order_name)
    refund_id = news.wait("ORDER_NOT_SYNCED", seen, linked=False)
    assert news.tell(order()) == [refund_id]
    (link,), refund = news.links(), news.refund(refund_id)
    assert (refund.order_link_id, refund.storefront_order_id) == (link.id, ORDER)
    assert (refund.state, refund.reason) == (State.SCHEDULED, "FACTS_CHANGED")


def test_a_netsuite_refund_of_another_order_or_another_shop_is_not_given_the_order(
    news: News, make_shop: MakeShop
) -> None:
    other_order = make_seen(origin="netsuite", refund_id="77", order_id="", order_name="#1002")
    same_name = make_seen(origin="netsuite", refund_id="78", order_id="", order_name="#1001")
    news.wait("ORDER_NOT_SYNCED", other_order, linked=False)
    news.wait("ORDER_NOT_SYNCED", same_name, linked=False, account=make_shop("other"))
    assert news.tell(order()) == []
    assert {refund.order_link_id for refund in news.refunds()} == {None}


def test_a_netsuite_refund_without_any_number_is_not_given_a_nameless_order(news: News) -> None:
    seen = make_seen(origin="netsuite", refund_id="77", order_id="", order_name="")
    news.wait("ORDER_NOT_SYNCED", seen, linked=False)
    assert news.tell(order(name="")) == []


def test_a_refund_that_waits_for_its_order_is_looked_at_again_once_the_order_has_a_name(news: News) -> None:
    refund_id = news.wait("ORDER_NOT_SYNCED", make_seen(order_name=""))
    with news.database.write() as session:
        orders.bury(session, news.books.id, ("#1001",), "1201", now=NOW)
    assert news.tell(order()) == [refund_id]
    (link,) = news.links()
    assert (link.storefront_order_name, link.netsuite_state) == ("#1001", OrderState.UNKNOWN)


def test_an_order_that_was_deleted_in_netsuite_before_anybody_heard_of_it_is_a_discrepancy(
    world: World, netsuite: Books, shop: Shop
) -> None:
    imported = netsuite.order()
    netsuite.delete("salesOrder", imported.id)
    world.tell(netsuite, changed("salesorder", imported.id, "delete", other_ref_num="#1001"))
    world.tell(shop, make_seen())
    refund = world.only_refund()
    assert (refund.state, refund.reason) == (State.DISCREPANCY, "ORDER_DELETED")
    assert netsuite.operations() == ["suiteql"]


def test_an_order_that_was_deleted_in_netsuite_and_entered_anew_is_refunded(
    world: World, netsuite: Books, shop: Shop
) -> None:
    imported = netsuite.order()
    netsuite.delete("salesOrder", imported.id)
    again = netsuite.order()
    world.tell(netsuite, changed("salesorder", again.id, other_ref_num="#1001"))
    # The news of the deletion is late.
    world.tell(netsuite, changed("salesorder", imported.id, "delete", other_ref_num="#1001"))
    world.tell(shop, make_seen())
    assert world.only_refund().state is State.POSTED
    assert world.links()[0].netsuite_order_id == again.id


def test_an_app_that_is_uninstalled_pauses_the_account(news: News) -> None:
    news.tell(AccountLost("APP_UNINSTALLED"))
    with news.database.read() as session:
        account = session.get_one(Account, news.shop.id)
        assert (account.paused_reason, account.netsuite.paused_reason) == ("APP_UNINSTALLED", "")
    assert [entry.reason for entry in news.audit("pause")] == ["APP_UNINSTALLED"]


@pytest.mark.parametrize(
    ("event", "kept"),
    [
        (PersonalDataRequest("erase_orders", (ORDER,)), [b"", b"second"]),
        (PersonalDataRequest("erase_orders", ()), [b"first", b"second"]),
        (PersonalDataRequest("erase_account", ()), [b"", b""]),
        (PersonalDataRequest("report", (ORDER,)), [b"first", b"second"]),
    ],
)
def test_a_request_to_erase_empties_the_bodies_it_names(
    news: News, event: PersonalDataRequest, kept: list[bytes]
) -> None:
    with news.database.write() as session:
        for ref, body in ((ORDER, b"first"), ("2", b"second")):
            new = make_delivery(news.shop, order_ref=ref, key=ref, body=body)
            deliveries.accept(session, new, now=NOW)
    news.tell(event)
    with news.database.read() as session:
        assert [session.get_one(Delivery, number).body for number in (1, 2)] == kept


def test_a_request_to_erase_leaves_other_accounts_alone(news: News, make_shop: MakeShop) -> None:
    with news.database.write() as session:
        deliveries.accept(session, make_delivery(make_shop("other"), body=b"theirs"), now=NOW)
    news.tell(PersonalDataRequest("erase_account", ()))
    with news.database.read() as session:
        assert session.get_one(Delivery, 1).body == b"theirs"


def test_a_request_for_personal_data_is_on_the_audit_trail_for_a_person(news: News) -> None:
    news.tell(PersonalDataRequest("report", (ORDER, "299938")))
    (entry,) = news.audit("data_request")
    assert (entry.subject, entry.subject_id) == ("account", news.shop.id)
    assert entry.note == f"orders {ORDER}, 299938"


def test_what_was_erased_can_still_be_carried(world: World, netsuite: Books, shop: Shop) -> None:
    world.tell(shop, make_seen())
    world.tell(shop, PersonalDataRequest("erase_account", ()))
    assert world.delivery(1).body == b""
    netsuite.order()
    assert world.carry(world.only_refund().id).state is State.POSTED


def test_a_netsuite_record_cannot_come_from_a_storefront(news: News) -> None:
    with news.database.write() as session, pytest.raises(TypeError):
        storefront.take(session, news.shop, changed("creditmemo", "7"), now=NOW, trace_id=TRACE)


def test_news_of_a_refund_replaces_its_parts(news: News) -> None:
    (refund_id,) = news.tell(make_seen())
    parts = (make_part("10.00"), make_part("10.00", sku="MUG", line_id="2"))
    assert news.tell(make_seen(parts=parts)) == [refund_id]
    with news.database.read() as session:
        known = lines.of(session, session.get_one(Refund, refund_id))
    assert [line.sku for line in known] == ["TSHIRT-M", "MUG"]
