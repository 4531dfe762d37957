"""What the NetSuite sender says, taken over into the ledger; what was read of the record is given."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from ledger import orders, refunds
from ledger.events import MoneyState, PartKind, RecordChanged
from ledger.models import OrderState, Refund
from ledger.models.accounts import Direction
from ledger.policy import Policy
from ledger.secrets import Vault
from ledger.states import State, Transition
from tests.support.ledger import NOW, TRACE, make_netsuite_account, make_refund, make_seen
from tests.support.rules import MAPPED, make_document, make_line, usd
from tests.support.world import changed
from tests.workers.understanding.conftest import MakeShop, News
from workers.rules.facts import Document, NetSuiteRefund
from workers.understanding import netsuite
from workers.understanding.netsuite import Taken, needs_reading, order_fields, parts_of

CHANGES = ("create", "edit", "xedit")
MEMO = replace(
    make_document("creditmemo", "1401", make_line(), total="20.00", made_from="1302"),
    created_at=NOW + timedelta(seconds=1),
)


def read(document: Document | None = MEMO, **more: str) -> NetSuiteRefund:
    """Return a credit memo of the invoice 1302 of the sales order 1201, as it was read."""
    known = NetSuiteRefund(document, "1201", "salesorder", "1302", "invoice", {"other_ref_num": "#1001"})
    return replace(known, **more)  # type: ignore[arg-type]  # texts are changed


def take(news: News, event: RecordChanged, record: NetSuiteRefund | None = None) -> Taken:
    with news.database.write() as session:
        return netsuite.take(session, news.books, event, record, now=NOW, trace_id=TRACE)


def linked(news: News, **sides: str) -> None:
    """Let the ledger know the order on both sides."""
    with news.database.write() as session:
        link = orders.ensure(session, news.shop.id, "450789469", now=NOW, name="#1001")
        found = orders.NetSuiteOrder("1201", "salesorder", **sides)
        orders.link_netsuite(link, found, now=NOW)


def moved(news: News, refund_id: int, *ways: Transition) -> Refund:
    with news.database.write() as session:
        refund = refunds.load(session, refund_id)
        for way in ways:
            refunds.move(session, refund, way, "REFUSED", now=NOW)
    return news.refund(refund_id)


# Refunds.


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    ("record_type", "kind"), [("creditmemo", "credit_memo"), ("cashrefund", "cash_refund")]
)
def test_a_refund_is_recorded_whichever_change_told_of_it(
    news: News, record_type: str, kind: str, change: str
) -> None:
    document = replace(MEMO, record_type=record_type)
    taken = take(news, changed(record_type, "1401", change), read(document))
    (refund,) = news.refunds()
    assert (taken.refund_ids, taken.reason) == ([refund.id], "")
    assert (refund.origin, refund.source_refund_id, refund.transaction_type) == ("netsuite", "1401", kind)
    assert refund.direction is Direction.FROM_NETSUITE
    assert (str(refund.amount), refund.storefront_order_name) == ("20.00 USD", "#1001")
    assert (refund.occurred_at, refund.trace_id) == (MEMO.created_at, TRACE)


def test_a_refund_that_is_told_of_again_and_again_is_one(news: News) -> None:
    told = [take(news, changed("creditmemo", "1401", change), read()).refund_ids for change in CHANGES * 2]
    assert len(news.refunds()) == 1
    assert told == [[1]] * 6


def test_an_edit_of_a_refund_that_is_not_posted_yet_is_taken_over(news: News) -> None:
    take(news, changed("creditmemo", "1401"), read())
    moved(news, 1, Transition.WAIT)
    more = replace(MEMO, total=usd("40.00"), lines=(make_line(quantity="2", amount="40.00"),))
    assert take(news, changed("creditmemo", "1401", "edit"), read(more)).refund_ids == [1]
    refund = news.refund(1)
    assert (str(refund.amount), refund.state) == ("40.00 USD", State.SCHEDULED)


def test_a_refund_that_was_voided_moves_no_money(news: News) -> None:
    take(news, changed("creditmemo", "1401", "edit"), read(replace(MEMO, voided=True)))
    assert news.refund(1).money_state == "failed"


def test_a_refund_that_is_voided_before_it_is_posted_is_looked_at_again(news: News) -> None:
    take(news, changed("creditmemo", "1401"), read())
    moved(news, 1, Transition.WAIT)
    take(news, changed("creditmemo", "1401", "edit"), read(replace(MEMO, voided=True)))
    refund = news.refund(1)
    assert (refund.state, MoneyState(refund.money_state)) == (State.SCHEDULED, MoneyState.FAILED)


def test_a_stand_alone_record_is_nobodys_refund(news: News) -> None:
    alone = read(order_id="", order_type="", billed_id="", billed_type="")
    taken = take(news, changed("creditmemo", "1401"), alone)
    assert taken == Taken(reason="STANDALONE_RECORD", detail="creditmemo 1401")
    assert news.refunds() == []


@pytest.mark.parametrize("change", ["edit", "xedit"])
def test_an_old_refund_that_is_only_edited_is_left_alone(news: News, change: str) -> None:
    old = replace(MEMO, created_at=NOW - timedelta(seconds=1))
    assert take(news, changed("creditmemo", "1401", change), read(old)).reason == "BEFORE_START"
    assert news.refunds() == []


def test_an_old_refund_whose_creation_is_told_of_is_taken(news: News) -> None:
    old = replace(MEMO, created_at=NOW - timedelta(days=1))
    assert take(news, changed("creditmemo", "1401"), read(old)).refund_ids == [1]


def test_an_edit_of_an_old_refund_that_was_taken_all_the_same_is_taken_over(news: News) -> None:
    old = replace(MEMO, created_at=NOW - timedelta(days=1))
    take(news, changed("creditmemo", "1401"), read(old))
    voided = replace(old, voided=True)
    assert take(news, changed("creditmemo", "1401", "edit"), read(voided)).refund_ids == [1]


def test_a_refund_whose_age_nobody_knows_is_taken(news: News) -> None:
    unknown = replace(MEMO, created_at=None)
    assert take(news, changed("creditmemo", "1401", "edit"), read(unknown)).refund_ids == [1]
    assert news.refund(1).occurred_at == NOW


# Refunds that are gone.


@pytest.mark.parametrize(
    "ways",
    [
        (),
        (Transition.WAIT,),
        (Transition.RETRY_LATER,),
        (Transition.HOLD,),
        (Transition.FAIL,),
        (Transition.DISPUTE,),
    ],
)
def test_a_record_that_is_deleted_before_it_was_carried_is_not_carried_any_more(
    news: News, ways: tuple[Transition, ...]
) -> None:
    take(news, changed("creditmemo", "1401"), read())
    moved(news, 1, *ways)
    taken = take(news, changed("creditmemo", "1401", "delete"))
    assert taken == Taken(reason="SOURCE_DELETED", detail="creditmemo 1401")
    refund = news.refund(1)
    assert (refund.state, refund.reason, refund.due_at) == (State.IGNORED, "SOURCE_DELETED", None)


@pytest.mark.parametrize(
    ("ways", "state"),
    [
        ((Transition.BEGIN,), State.POSTING),
        ((Transition.BEGIN, Transition.POST), State.POSTED),
        ((Transition.CANCEL,), State.CANCELLED),
        ((Transition.HOLD, Transition.RESOLVE), State.RESOLVED),
    ],
)
def test_a_record_that_is_deleted_later_changes_nothing(
    news: News, ways: tuple[Transition, ...], state: State
) -> None:
    take(news, changed("creditmemo", "1401"), read())
    moved(news, 1, *ways)
    assert take(news, changed("creditmemo", "1401", "delete")).reason == "SOURCE_DELETED"
    assert news.refund(1).state is state


def test_a_record_that_is_gone_by_the_time_it_is_read_is_taken_for_deleted(news: News) -> None:
    take(news, changed("creditmemo", "1401"), read())
    assert take(news, changed("creditmemo", "1401", "edit"), NetSuiteRefund(None)).reason == "SOURCE_DELETED"
    assert news.refund(1).reason == "SOURCE_DELETED"


def test_the_deletion_of_a_record_nobody_knows_changes_nothing(news: News) -> None:
    take(news, changed("creditmemo", "1401"), read())
    take(news, changed("creditmemo", "1402", "delete"))
    assert news.refund(1).state is State.SCHEDULED


# Our own records.


@pytest.fixture
def key(news: News) -> str:
    """The key of a refund from the shop that is on its way to NetSuite."""
    with news.database.write() as session:
        link = orders.ensure(session, news.shop.id, "450789469", now=NOW)
        return make_refund(session, news.shop, make_seen(), link).key


def test_our_own_record_is_shown_with_our_mark_before_its_id_is_known(news: News, key: str) -> None:
    taken = take(news, changed("creditmemo", "1401", external_id=key))
    ours, echo = news.refunds()
    assert taken.refund_ids == [echo.id]
    assert ours.target_id == ""
    assert (echo.origin, echo.source_refund_id, echo.order_link_id) == (
        "netsuite",
        "1401",
        ours.order_link_id,
    )
    assert (echo.source_facts["mark"], str(echo.amount)) == (key, "20.00 USD")


@pytest.mark.parametrize("change", ["edit", "xedit", "delete"])
def test_a_later_change_of_our_own_record_is_noted_and_not_carried_back(
    news: News, key: str, change: str
) -> None:
    taken = take(news, changed("creditmemo", "1401", change, external_id=key))
    assert taken == Taken(reason="ECHO", detail=key)
    (entry,) = news.audit(f"target_{change}")
    assert (entry.subject, entry.subject_id, entry.note) == ("refund", 1, "creditmemo 1401")
    assert len(news.refunds()) == 1


def test_a_key_that_only_looks_like_ours_makes_no_echo(news: News, key: str) -> None:
    event = changed("creditmemo", "1401", external_id=f"{key}0")
    with news.database.read() as session:
        assert needs_reading(session, news.books, event)
        assert not needs_reading(session, news.books, replace(event, external_id=key))


# Orders, bills and returns.


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    "hint", [{"other_ref_num": "#1001"}, {"external_id": "#1001"}, {"other_ref_num": "450789469"}]
)
def test_an_order_that_comes_wakes_what_waited_for_it(news: News, hint: dict[str, str], change: str) -> None:
    refund_id = news.wait("ORDER_NOT_SYNCED")
    assert take(news, changed("salesorder", "1201", change, **hint)).refund_ids == [refund_id]
    refund = news.refund(refund_id)
    assert (refund.state, refund.reason, refund.not_before) == (State.SCHEDULED, "FACTS_CHANGED", None)


@pytest.mark.parametrize("record_type", ["invoice", "cashsale"])
@pytest.mark.parametrize("hint", [{"created_from": "1201"}, {"other_ref_num": "#1001"}])
def test_a_bill_wakes_what_waited_for_it(news: News, record_type: str, hint: dict[str, str]) -> None:
    linked(news)
    refund_id = news.wait("NOT_BILLED")
    assert take(news, changed(record_type, "1302", **hint)).refund_ids == [refund_id]
    assert news.refund(refund_id).state is State.SCHEDULED


@pytest.mark.parametrize("change", CHANGES)
def test_a_return_wakes_what_waited_for_its_goods(news: News, change: str) -> None:
    linked(news, billed_type="invoice", billed_id="1302")
    refund_id = news.wait("RETURN_NOT_RECEIVED")
    event = changed("returnauthorization", "1501", change, created_from="1302")
    assert take(news, event).refund_ids == [refund_id]


@pytest.mark.parametrize("record_type", ["salesorder", "invoice", "cashsale", "returnauthorization"])
def test_news_of_another_order_wakes_nobody(news: News, record_type: str) -> None:
    linked(news)
    refund_id = news.wait("NOT_BILLED")
    other = changed(record_type, "1202", created_from="1203", other_ref_num="#1002")
    assert take(news, other) == Taken()
    assert news.refund(refund_id).state is State.WAITING


def test_news_of_an_order_of_other_books_wakes_nobody(news: News, vault: Vault) -> None:
    refund_id = news.wait("ORDER_NOT_SYNCED")
    with news.database.write() as session:
        others = make_netsuite_account(session, vault, slug="others", account_id="7654321")
        event = changed("salesorder", "1201", other_ref_num="#1001")
        assert netsuite.take(session, others, event, None, now=NOW, trace_id=TRACE) == Taken()
    assert news.refund(refund_id).state is State.WAITING


def test_news_of_an_order_wakes_nothing_that_came_from_netsuite(news: News) -> None:
    linked(news)
    news.wait("ORDER_NOT_SYNCED", make_seen(origin="netsuite", refund_id="77"))
    assert take(news, changed("salesorder", "1201", "edit")) == Taken()


@pytest.mark.parametrize("change", [*CHANGES, "delete"])
def test_a_customer_refund_is_no_news(news: News, change: str) -> None:
    linked(news)
    refund_id = news.wait("NOT_BILLED")
    assert take(news, changed("customerrefund", "1601", change, created_from="1201")) == Taken()
    assert news.refund(refund_id).state is State.WAITING


def test_a_linked_order_that_is_deleted_is_gone_for_good_and_wakes_its_refunds(news: News) -> None:
    linked(news)
    refund_id = news.wait("NOT_BILLED")
    assert take(news, changed("salesorder", "1201", "delete")).refund_ids == [refund_id]
    (link,) = news.links()
    assert (link.netsuite_state, link.netsuite_order_id) == (OrderState.DELETED, "1201")
    again = changed("salesorder", "1301", other_ref_num="#1001")
    assert take(news, again) == Taken()
    assert news.links()[0].netsuite_state is OrderState.DELETED


def test_an_order_that_is_deleted_and_known_by_its_number_only_is_looked_for_again(news: News) -> None:
    refund_id = news.wait("NOT_BILLED")
    event = changed("salesorder", "1201", "delete", other_ref_num="#1001")
    assert take(news, event).refund_ids == [refund_id]
    # Another sales order may carry the same number, so that only NetSuite can tell.
    assert news.links()[0].netsuite_state is OrderState.UNKNOWN


# What is read, and what it means.


def test_only_refunds_that_are_there_are_read(news: News) -> None:
    types = ("salesorder", "invoice", "cashsale", "returnauthorization", "customerrefund", *netsuite.REFUNDS)
    events = [changed(each, "1401", change) for each in types for change in (*CHANGES, "delete")]
    with news.database.read() as session:
        read_first = {
            (event.record_type, event.change) for event in events if needs_reading(session, news.books, event)
        }
    assert read_first == {(each, change) for each in ("creditmemo", "cashrefund") for change in CHANGES}


def test_the_number_is_asked_for_in_every_field_that_some_account_keeps_it_in(
    news: News, make_shop: MakeShop
) -> None:
    make_shop("second", order_match="custbody_shop_order")
    make_shop("third")
    with news.database.read() as session:
        assert order_fields(session, news.books) == ["custbody_shop_order", "other_ref_num"]


@pytest.mark.parametrize(
    ("setting", "kind"),
    [
        ("item_shipping", PartKind.SHIPPING),
        ("item_tax", PartKind.TAX),
        ("item_gift_card", PartKind.GIFT_CARD),
        ("item_duty", PartKind.DUTY),
        ("item_fee", PartKind.FEE),
        ("item_adjustment_positive", PartKind.ADJUSTMENT),
        ("item_adjustment_negative", PartKind.ADJUSTMENT),
        ("item_rounding", PartKind.ADJUSTMENT),
    ],
)
def test_a_generic_item_means_what_the_account_uses_it_for(setting: str, kind: PartKind) -> None:
    line = make_line(item_id=getattr(MAPPED, setting), item_type="OthCharge")
    (part,) = parts_of(make_document("creditmemo", "1401", line), MAPPED)
    assert (part.kind, part.net) == (kind, usd("20.00"))


def test_a_charge_that_is_no_generic_item_is_an_adjustment_and_goods_are_goods() -> None:
    charge = make_line(1, item_id="77", sku="Handling", item_type="OthCharge", amount="-2.00")
    goods = make_line(2, quantity="2", amount="40.00")
    first, second = parts_of(make_document("creditmemo", "1401", charge, goods), Policy())
    assert (first.kind, first.net) == (PartKind.ADJUSTMENT, usd("-2.00"))
    assert (second.kind, second.sku, second.quantity, second.source_line_id) == (
        PartKind.ITEM,
        "TSHIRT-M",
        Decimal(2),
        "2",
    )


def test_shipping_and_tax_of_the_record_are_parts_of_their_own() -> None:
    document = replace(make_document("creditmemo", "1401", make_line(), tax="1.60"), shipping=usd("5.00"))
    parts = parts_of(document, Policy())
    assert [(part.kind, str(part.gross)) for part in parts] == [
        (PartKind.ITEM, "20.00 USD"),
        (PartKind.SHIPPING, "5.00 USD"),
        (PartKind.TAX, "1.60 USD"),
    ]
