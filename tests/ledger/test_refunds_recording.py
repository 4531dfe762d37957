from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from ledger import orders, refunds, whole
from ledger.database import Database
from ledger.events import MoneyState, PartKind, RefundSeen
from ledger.models import Account, AuditEntry, Refund, RefundLine
from ledger.models.accounts import Direction
from ledger.platforms import Platform
from ledger.refunds import GRACE
from ledger.secrets import Vault
from ledger.states import State, Transition
from tests.support.ledger import TRACE, make_account, make_part, make_payment, make_refund, make_seen


def stored(database: Database, number: int) -> Refund:
    with database.write() as session:
        (refund,) = whole.refunds(session, [number])
        session.expunge_all()
    return refund


def take(database: Database, shop: Account, seen: RefundSeen, now: datetime) -> Refund:
    """Record what was seen, and return the refund as it is then."""
    with database.write() as session:
        number = make_refund(session, shop, seen, now=now).id
    return stored(database, number)


def test_a_refund_is_known_by_its_source_once_it_is_written_down(database: Database, shop: Account) -> None:
    with database.write() as session:
        number = make_refund(session, shop, make_seen(refund_id="7")).id
        assert refunds.known(session, shop.id, "shopify", "7") == number
        assert refunds.known(session, shop.id, "netsuite", "7") is None
        assert refunds.known(session, shop.id + 1, "shopify", "7") is None


def test_a_refund_is_written_down_as_it_was_seen(database: Database, shop: Account, now: datetime) -> None:
    seen = make_seen(
        parts=(make_part("20.00", "1.60"), make_part("-2.00", kind=PartKind.FEE)),
        payments=(make_payment("18.60"),),
        occurred_at=now - timedelta(minutes=1),
    )
    refund = take(database, shop, seen, now)
    assert (refund.account_id, refund.origin, refund.source_refund_id) == (shop.id, "shopify", "509562969")
    assert refund.key == "rs-shopify-shop-509562969"
    assert (refund.direction, refund.transaction_type) == (Direction.TO_NETSUITE, "")
    assert (refund.amount_minor, refund.currency, refund.currency_exponent) == (1860, "USD", 2)
    assert (refund.storefront_order_id, refund.storefront_order_name) == ("450789469", "#1001")
    assert (refund.money_state, refund.occurred_at) == ("moved", now - timedelta(minutes=1))
    assert RefundSeen.from_json(refund.source_facts) == seen
    assert (refund.state, refund.reason, refund.trace_id) == (State.SCHEDULED, "RECEIVED", TRACE)
    assert (refund.due_at, refund.received_at, refund.created_at) == (now + GRACE, now, now)
    assert (refund.lease_token, refund.tries, refund.write_began, refund.reviewed) == (0, 0, False, False)


def test_its_lines_are_its_parts_and_the_difference_to_the_money(
    database: Database, shop: Account, now: datetime
) -> None:
    seen = make_seen(parts=(make_part("20.00", "1.60", quantity="2"),), payments=(make_payment("18.60"),))
    refund = take(database, shop, seen, now)
    assert [
        (line.position, line.kind, line.sku, line.quantity, line.net_minor, line.tax_minor, line.restock)
        for line in refund.lines
    ] == [(0, "item", "TSHIRT-M", "2", 2000, 160, True), (1, "difference", "", "0", -300, 0, False)]
    assert [line.source_line_id for line in refund.lines] == ["703073504", ""]
    assert sum(line.net_minor + line.tax_minor for line in refund.lines) == refund.amount_minor


def test_a_line_takes_titles_of_any_length(database: Database, shop: Account, now: datetime) -> None:
    seen = make_seen(parts=(make_part(sku="S" * 300, title="é" * 300),))
    (line,) = take(database, shop, seen, now).lines
    assert (line.sku, line.title) == ("S" * 255, "é" * 255)


@pytest.mark.parametrize(
    ("record_type", "transaction_type"),
    [("cashrefund", "cash_refund"), ("creditmemo", "credit_memo"), ("", "")],
)
def test_a_refund_of_netsuite_goes_the_other_way(
    database: Database, shop: Account, now: datetime, record_type: str, transaction_type: str
) -> None:
    refund = take(database, shop, make_seen(origin="netsuite", record_type=record_type), now)
    assert refund.direction is Direction.FROM_NETSUITE
    assert refund.transaction_type == transaction_type


def test_recording_is_in_the_audit_trail_once(database: Database, shop: Account, now: datetime) -> None:
    number = take(database, shop, make_seen(), now).id
    take(database, shop, make_seen(), now)
    with database.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.subject == "refund")).one()
    assert (entry.subject_id, entry.action, entry.actor) == (number, "record", "system")
    assert (entry.from_state, entry.to_state, entry.reason) == ("", "scheduled", "RECEIVED")
    assert entry.trace_id == TRACE


def test_a_refund_is_one_by_account_origin_and_its_id_there(
    database: Database, vault: Vault, shop: Account, now: datetime
) -> None:
    with database.write() as session:
        seller = make_account(session, vault, platform=Platform.EBAY)
        seen = make_seen(), make_seen(origin="netsuite"), make_seen(refund_id="2")
        new = [
            refunds.record(session, account, each, None, now=now, trace_id=TRACE)[1]
            for account in (shop, seller, shop)
            for each in seen
        ]
        assert new == [True] * 6 + [False] * 3
        assert session.scalar(select(func.count()).select_from(Refund)) == 6


def test_a_name_the_source_does_not_say_is_taken_from_the_order_link(
    database: Database, shop: Account, now: datetime
) -> None:
    with database.write() as session:
        link = orders.ensure(session, shop.id, "450789469", now=now, name="#1001")
        number = make_refund(session, shop, make_seen(order_name=""), link).id
    refund = stored(database, number)
    assert refund.storefront_order_name == "#1001"
    assert refund.order_link is not None
    assert refund.order_link.id == refund.order_link_id == link.id


def test_how_we_heard_of_a_refund_is_no_fact_about_it(
    database: Database, shop: Account, now: datetime
) -> None:
    assert take(database, shop, make_seen(first_hand=False), now).source_facts["first_hand"]
    assert take(database, shop, make_seen(), now + timedelta(hours=1)).updated_at == now


def settle(database: Database, number: int, transition: Transition, reason: str, now: datetime) -> None:
    with database.write() as session:
        refunds.move(session, refunds.load(session, number), transition, reason, now=now)


def test_the_same_seen_again_changes_nothing(
    database: Database, shop: Account, refund_id: int, now: datetime
) -> None:
    settle(database, refund_id, Transition.WAIT, "NOT_BILLED", now)
    refund = take(database, shop, make_seen(), now + timedelta(hours=1))
    assert (refund.id, refund.state, refund.reason) == (refund_id, State.WAITING, "NOT_BILLED")
    assert refund.updated_at == now


NEWS = make_seen(parts=(make_part("12.00"),), payments=(make_payment("12.00"),))


@pytest.mark.parametrize(
    ("transition", "reason"),
    [
        (Transition.RECONSIDER, "FACTS_CHANGED"),
        (Transition.WAIT, "MONEY_PENDING"),
        (Transition.RETRY_LATER, "TRANSIENT"),
        (Transition.IGNORE, "NO_MONEY_MOVED"),
    ],
)
def test_news_of_an_undecided_refund_is_taken_over_and_looked_at(
    database: Database, shop: Account, refund_id: int, now: datetime, transition: Transition, reason: str
) -> None:
    settle(database, refund_id, transition, reason, now)
    later = now + timedelta(hours=1)
    refund = take(database, shop, NEWS, later)
    assert (refund.id, refund.state, refund.reason) == (refund_id, State.SCHEDULED, "FACTS_CHANGED")
    assert (refund.due_at, refund.updated_at, refund.created_at) == (later, later, now)
    assert refund.amount_minor == 1200
    assert [(line.position, line.net_minor) for line in refund.lines] == [(0, 1200)]
    assert RefundSeen.from_json(refund.source_facts) == NEWS


@pytest.mark.parametrize(
    ("transition", "reason", "state", "amount"),
    [
        (Transition.BEGIN, "RECEIVED", State.POSTING, 1200),
        (Transition.FAIL, "REFUSED", State.ERROR, 1200),
        (Transition.DISPUTE, "OVER_REFUND", State.DISCREPANCY, 1200),
        (Transition.HOLD, "REVIEW_FIRST", State.HELD, 1200),
        (Transition.CANCEL, "CANCELLED_BY_PERSON", State.CANCELLED, 1200),
        # What was posted, or is not ours, stays as it was.
        (Transition.POST, "POSTED", State.POSTED, 2000),
        (Transition.IGNORE, "ECHO", State.IGNORED, 2000),
    ],
)
def test_news_never_undoes_a_decision_and_is_kept_where_it_may_still_matter(
    database: Database,
    shop: Account,
    refund_id: int,
    now: datetime,
    transition: Transition,
    reason: str,
    state: State,
    amount: int,
) -> None:
    settle(database, refund_id, transition, reason, now)
    refund = take(database, shop, NEWS, now + timedelta(hours=1))
    assert (refund.state, refund.reason, refund.amount_minor) == (state, reason, amount)
    assert [line.net_minor for line in refund.lines] == [amount]


@pytest.mark.parametrize(
    ("requested", "state", "reason"),
    [
        (True, State.SCHEDULED, "FACTS_CHANGED"),
        (False, State.DISCREPANCY, "BUYER_REQUEST_MISSING"),
    ],
)
def test_a_discrepancy_that_lacked_only_the_buyers_request_goes_on_when_it_comes(
    database: Database,
    shop: Account,
    now: datetime,
    requested: bool,  # noqa: FBT001 - a parameter
    state: State,
    reason: str,
) -> None:
    refund_id = take(database, shop, replace(make_seen(), requested=False), now).id
    settle(database, refund_id, Transition.DISPUTE, "BUYER_REQUEST_MISSING", now)
    refund = take(database, shop, replace(NEWS, requested=requested), now + timedelta(hours=1))
    assert (refund.state, refund.reason) == (state, reason)


def test_older_news_that_lacks_a_payment_changes_nothing(
    database: Database, shop: Account, refund_id: int, now: datetime
) -> None:
    settle(database, refund_id, Transition.WAIT, "NOT_BILLED", now)
    refund = take(database, shop, make_seen(payments=()), now + timedelta(hours=1))
    assert (refund.state, refund.reason, refund.money_state) == (State.WAITING, "NOT_BILLED", "moved")


def test_a_link_that_was_found_later_is_taken_over_and_kept(
    database: Database, shop: Account, refund_id: int, now: datetime
) -> None:
    settle(database, refund_id, Transition.POST, "POSTED", now)
    with database.write() as session:
        link = orders.ensure(session, shop.id, "450789469", now=now, name="#1001")
        other = orders.ensure(session, shop.id, "2", now=now)
        make_refund(session, shop, link=link)
        make_refund(session, shop, link=other)
    assert stored(database, refund_id).order_link_id == link.id


def test_news_without_a_link_keeps_the_one_that_is_known(
    database: Database, shop: Account, now: datetime
) -> None:
    with database.write() as session:
        link = orders.ensure(session, shop.id, "450789469", now=now, name="#1001")
        make_refund(session, shop, make_seen(order_name=""), link)
    refund = take(database, shop, replace(NEWS, order_name=""), now)
    assert (refund.order_link_id, refund.storefront_order_name) == (link.id, "#1001")


def pending(database: Database, shop: Account, now: datetime) -> int:
    payments = (make_payment("20.00", payment_id="77", state=MoneyState.PENDING),)
    return take(database, shop, make_seen(payments=payments), now).id


@pytest.mark.parametrize("state", [MoneyState.MOVED, MoneyState.FAILED])
def test_a_payment_that_was_settled_makes_its_refund_worth_a_look(
    database: Database, shop: Account, now: datetime, state: MoneyState
) -> None:
    number = pending(database, shop, now)
    settle(database, number, Transition.WAIT, "MONEY_PENDING", now)
    later = now + timedelta(hours=1)
    with database.write() as session:
        make_refund(session, shop, make_seen(refund_id="1", payments=()))
        found = refunds.news_of_payment(session, shop.id, "450789469", "77", state, now=later)
        assert found is not None
        assert found.id == number
    refund = stored(database, number)
    assert (refund.state, refund.money_state, refund.due_at) == (State.SCHEDULED, state, later)


@pytest.mark.parametrize("settled", [MoneyState.MOVED, MoneyState.FAILED])
def test_late_news_does_not_make_settled_money_pending_again(
    database: Database, shop: Account, now: datetime, settled: MoneyState
) -> None:
    number = pending(database, shop, now)
    with database.write() as session:
        refunds.news_of_payment(session, shop.id, "450789469", "77", settled, now=now)
    assert pending(database, shop, now) == number
    assert stored(database, number).money_state == settled


@pytest.mark.parametrize(("order_id", "payment_id"), [("450789469", "78"), ("1", "77")])
def test_a_payment_behind_no_refund_is_nobodys_news(
    database: Database, shop: Account, now: datetime, order_id: str, payment_id: str
) -> None:
    pending(database, shop, now)
    with database.write() as session:
        found = refunds.news_of_payment(session, shop.id, order_id, payment_id, MoneyState.MOVED, now=now)
    assert found is None


def test_a_refund_of_another_account_or_of_netsuite_is_not_found_by_a_payment(
    database: Database, vault: Vault, shop: Account, now: datetime
) -> None:
    payments = (make_payment(payment_id="77"),)
    with database.write() as session:
        seller = make_account(session, vault, platform=Platform.EBAY)
        make_refund(session, seller, make_seen(payments=payments))
        make_refund(session, shop, make_seen(origin="netsuite", payments=payments))
        found = refunds.news_of_payment(session, shop.id, "450789469", "77", MoneyState.FAILED, now=now)
        assert found is None


def test_lines_are_not_left_over(database: Database, shop: Account, refund_id: int, now: datetime) -> None:
    several = make_seen(parts=(make_part("6.00"), make_part("6.00")), payments=(make_payment("12.00"),))
    for seen in (several, NEWS, several):
        take(database, shop, seen, now)
    with database.read() as session:
        owners = session.scalars(select(RefundLine.refund_id)).all()
    assert owners == [refund_id] * 2
