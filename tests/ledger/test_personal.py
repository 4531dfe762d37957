from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import alerts, attempts, deliveries, personal, refunds
from ledger.database import Database
from ledger.deliveries import NewDelivery
from ledger.events import PersonalDataRequest, person_ref_of
from ledger.models import Account, Alert, Attempt, AuditEntry, Delivery, DeliveryState, News, Refund
from ledger.platforms import Platform
from ledger.refunds import LEASE
from ledger.secrets import Vault
from tests.support.ledger import make_account, make_delivery, make_refund, make_seen

CALL = {"method": "POST", "url": "https://example.com/refunds", "request": "for ***", "response": "Ada L."}
DAY = timedelta(days=1)


def accept(database: Database, new: NewDelivery, now: datetime) -> int:
    with database.write() as session:
        number = deliveries.accept(session, new, now=now)
    assert number is not None
    return number


def stored(database: Database, number: int) -> Delivery:
    with database.read() as session:
        return session.get_one(Delivery, number)


def of_person(account: Account, person: str, key: str, **more: Any) -> NewDelivery:  # noqa: ANN401 - see make_delivery
    return replace(make_delivery(account, key=key, **more), person_ref=person)


def tried(
    database: Database, account: Account, refund_id: str, at: datetime, *, order: str = "450789469"
) -> int:
    """Record a refund and a failed attempt at it; return the attempt's number."""
    with database.write() as session:
        refund = make_refund(session, account, make_seen(refund_id=refund_id, order_id=order), now=at)
        claimed = refunds.claim(session, refund.id, now=at)
        assert claimed is not None
        attempts.begin(session, claimed, now=at)
        attempts.end(
            session,
            refund.id,
            claimed.lease_token,
            now=at,
            outcome="fail",
            reason="REFUSED",
            detail="Ada L. has no account",
            calls=[CALL],
        )
        return session.scalars(select(Attempt.id).where(Attempt.refund_id == refund.id)).one()


def alert(database: Database, refund_id: int, at: datetime) -> int:
    """Raise an alert of a refund that says what a platform answered; return its number."""
    what = f"refund {refund_id}"
    raised = alerts.row(News.ERROR, "refund", refund_id, what, "REFUSED", "Ada L. has no account", now=at)
    with database.write() as session:
        alerts.raise_all(session.connection(), [raised])
        query = select(Alert.id).where(Alert.subject_id == refund_id, Alert.raised_at == at)
        return session.scalars(query).one()


def details(database: Database) -> dict[int, str]:
    """Return what each alert says in detail, by its number."""
    with database.read() as session:
        return {row.id: row.detail for row in session.execute(select(Alert.id, Alert.detail))}


def calls(database: Database) -> dict[int, tuple[list[Any], str]]:
    """Return what each attempt holds, by its number."""
    with database.read() as session:
        return {each.id: (each.calls, each.detail) for each in session.scalars(select(Attempt))}


@pytest.mark.parametrize(
    ("orders", "emptied"), [(("1", "3"), {"1", "3"}), ((), set()), (None, {"1", "2", "3"})]
)
def test_bodies_of_an_account_are_erased_of_some_orders_or_of_all(
    database: Database,
    vault: Vault,
    shop: Account,
    now: datetime,
    orders: tuple[str, ...] | None,
    emptied: set[str],
) -> None:
    with database.write() as session:
        seller = make_account(session, vault, platform=Platform.EBAY)
    for account in (shop, seller):
        for order in ("1", "2", "3"):
            accept(database, make_delivery(account, make_seen(), key=order, order_ref=order), now)
    for erased in (len(emptied), 0):
        with database.write() as session:
            assert personal.erase(session, shop.id, orders, now=now, actor="system") == erased
    with database.read() as session:
        empty = session.scalars(select(Delivery).where(Delivery.body == b"")).all()
        notes = session.scalars(select(AuditEntry.note).where(AuditEntry.action == "erase")).all()
    assert {delivery.order_ref for delivery in empty} == emptied
    assert {delivery.account_id for delivery in empty} <= {shop.id}
    assert all(delivery.events for delivery in empty)
    assert notes == [f"{len(emptied)} delivery bodies, 0 attempts", "0 delivery bodies, 0 attempts"]


def test_requests_about_erased_orders_are_emptied_too(
    database: Database, shop: Account, now: datetime
) -> None:
    for key, about in (("mine", ("1", "2")), ("other", ("3",))):
        request = PersonalDataRequest("report", about)
        accept(database, make_delivery(shop, request, key=key, order_ref=""), now)
    accept(database, make_delivery(shop, make_seen(), key="no request", order_ref=""), now)
    with database.write() as session:
        assert personal.erase(session, shop.id, ("2", "4"), now=now, actor="system") == 1
    with database.read() as session:
        empty = session.scalars(select(Delivery.delivery_key).where(Delivery.body == b"")).all()
    assert empty == ["mine"]


def test_a_request_about_a_person_without_orders_is_emptied_itself(
    database: Database, shop: Account, now: datetime
) -> None:
    accept(
        database,
        make_delivery(shop, PersonalDataRequest("erase_orders", ()), key="redact", order_ref=""),
        now,
    )
    accept(database, make_delivery(shop, make_seen(), key="no request", order_ref=""), now)
    with database.write() as session:
        assert personal.erase(session, shop.id, (), now=now, actor="system") == 1


def test_what_speaks_of_a_person_is_emptied_at_every_account_of_the_platform(
    database: Database, vault: Vault, shop: Account, now: datetime
) -> None:
    with database.write() as session:
        second = make_account(session, vault, slug="second", storefront_id="second.myshopify.com")
        seller = make_account(session, vault, platform=Platform.EBAY)
    emptied = [
        accept(database, of_person(shop, "ada", "1"), now),
        accept(database, of_person(second, "ada", "2"), now),
    ]
    kept = [
        accept(database, of_person(shop, "grace", "3"), now),
        accept(database, of_person(shop, "", "4"), now),
        accept(database, of_person(seller, "ada", "5"), now),
    ]
    for erased in (2, 0):
        with database.write() as session:
            ada = person_ref_of("ada")
            assert personal.erase_person(session, shop, ada, now=now, actor="system") == erased
    assert {stored(database, number).body for number in emptied} == {b""}
    assert b"" not in {stored(database, number).body for number in kept}
    with database.read() as session:
        query = select(AuditEntry).where(AuditEntry.action == "erase").order_by(AuditEntry.id)
        entry = session.scalars(query).all()[0]
    assert (entry.subject, entry.subject_id, entry.actor) == ("account", shop.id, "system")
    assert entry.note == f"2 delivery bodies, 0 attempts of person {person_ref_of('ada')[:12]}"


@pytest.mark.parametrize(
    ("orders", "emptied"), [(("1", "9"), [True, False]), ((), [False] * 2), (None, [True] * 2)]
)
def test_calls_about_erased_orders_are_emptied_too_and_their_refunds_stay(
    database: Database,
    vault: Vault,
    shop: Account,
    now: datetime,
    orders: tuple[str, ...] | None,
    emptied: list[bool],
) -> None:
    with database.write() as session:
        seller = make_account(session, vault, platform=Platform.EBAY)
    mine = [tried(database, shop, order, now, order=order) for order in ("1", "2")]
    other = tried(database, seller, "1", now, order="1")
    with database.read() as session:
        before = [money(each) for each in session.scalars(select(Refund).order_by(Refund.id))]
    with database.write() as session:
        personal.erase(session, shop.id, orders, now=now, actor="system")
    held = calls(database)
    assert [held[number] == ([], "") for number in mine] == emptied
    assert held[other] == ([CALL], "Ada L. has no account")
    with database.read() as session:
        assert [money(each) for each in session.scalars(select(Refund).order_by(Refund.id))] == before
        outcomes = session.execute(select(Attempt.outcome, Attempt.reason).distinct()).all()
    assert outcomes == [("fail", "REFUSED")]


def money(refund: Refund) -> tuple[object, ...]:
    return refund.source_refund_id, refund.amount, refund.state, refund.source_facts, refund.key


def test_calls_about_a_persons_orders_are_emptied_too(
    database: Database, vault: Vault, shop: Account, now: datetime
) -> None:
    with database.write() as session:
        second = make_account(session, vault, slug="second", storefront_id="second.myshopify.com")
    accept(database, of_person(shop, "ada", "1", order_ref="1"), now)
    accept(database, of_person(shop, "ada", "2", order_ref=""), now)
    accept(database, of_person(shop, "grace", "3", order_ref="2"), now)
    hers = tried(database, shop, "1", now, order="1")
    others = [tried(database, shop, "2", now, order="2"), tried(database, second, "1", now, order="1")]
    nobodys = tried(database, shop, "3", now, order="")
    with database.write() as session:
        personal.erase_person(session, shop, person_ref_of("ada"), now=now, actor="system")
    assert {number for number, held in calls(database).items() if held == ([], "")} == {hers}
    assert {*others, nobodys} == set(calls(database)) - {hers}


@pytest.mark.parametrize("state", DeliveryState)
def test_deliveries_are_emptied_by_age_whatever_became_of_them(
    database: Database, shop: Account, now: datetime, state: DeliveryState
) -> None:
    headers = {"X-Shopify-Topic": "refunds/create"}
    old, young = (
        accept(database, make_delivery(shop, make_seen(), key=str(age), headers=headers), now - age * DAY)
        for age in (31, 30)
    )
    with database.write() as session:
        session.get_one(Delivery, old).state = state
        assert personal.forget_deliveries(session, now - 30 * DAY, limit=10) == 1
    emptied, kept = stored(database, old), stored(database, young)
    assert (emptied.body, emptied.headers, emptied.state) == (b"", {}, state)
    assert emptied.events
    assert (kept.body, kept.headers) != (b"", {})


def test_calls_are_emptied_by_age_and_what_came_of_them_stays(
    database: Database, shop: Account, now: datetime
) -> None:
    old = tried(database, shop, "1", now - 31 * DAY)
    young = tried(database, shop, "2", now - 30 * DAY)
    with database.write() as session:
        assert personal.forget_attempts(session, now - 30 * DAY, limit=10) == 1
        attempt = session.get_one(Attempt, old)
        assert (attempt.outcome, attempt.reason, attempt.ended_at) == ("fail", "REFUSED", now - 31 * DAY)
    assert calls(database) == {old: ([], ""), young: ([CALL], "Ada L. has no account")}


def test_details_of_alerts_are_emptied_by_age_and_the_alerts_stay(
    database: Database, shop: Account, now: datetime
) -> None:
    with database.write() as session:
        for number in ("1", "2"):
            make_refund(session, shop, make_seen(refund_id=number))
    old, young = alert(database, 1, now - 31 * DAY), alert(database, 2, now - 30 * DAY)
    with database.write() as session:
        assert personal.forget_alerts(session, now - 30 * DAY, limit=10) == 1
        assert session.get_one(Alert, old).reason == "REFUSED"
    assert details(database) == {old: "", young: "Ada L. has no account"}


def test_details_of_alerts_about_erased_orders_and_persons_are_emptied_too(
    database: Database, vault: Vault, shop: Account, now: datetime
) -> None:
    with database.write() as session:
        seller = make_account(session, vault, platform=Platform.EBAY)
        numbers = [
            make_refund(session, account, make_seen(refund_id=order, order_id=order)).id
            for account, order in ((shop, "1"), (shop, "2"), (shop, "3"), (seller, "1"))
        ]
    first, second, third, other = (alert(database, number, now) for number in numbers)
    accept(database, of_person(shop, "ada", "1", order_ref="2"), now)
    with database.write() as session:
        personal.erase(session, shop.id, ("1",), now=now, actor="system")
        personal.erase_person(session, shop, person_ref_of("ada"), now=now, actor="system")
    kept = "Ada L. has no account"
    assert details(database) == {first: "", second: "", third: kept, other: kept}


Forget = Callable[..., int]


@pytest.mark.parametrize("forget", [personal.forget_deliveries, personal.forget_attempts])
def test_what_is_old_is_emptied_a_few_at_a_time_and_looked_at_once(
    database: Database, shop: Account, now: datetime, forget: Forget
) -> None:
    for number in range(5):  # all of one moment
        accept(database, make_delivery(shop, key=str(number)), now)
        tried(database, shop, str(number), now)

    def emptied(at: datetime) -> int:
        with database.write() as session:
            return forget(session, at, limit=2)

    later = now + DAY
    assert [emptied(later) for _ in range(4)] == [2, 2, 1, 0]
    # What somebody fills in again behind the mark is not looked for.
    with database.write() as session:
        session.scalars(select(Delivery)).first().body = b"again"  # type: ignore[union-attr] # there are five
    assert emptied(later) == 0
    accept(database, make_delivery(shop, key="next"), later)
    tried(database, shop, "next", later)
    assert emptied(now) == 0  # an installation that keeps longer from now on
    assert emptied(later + DAY) == 1


def test_what_was_emptied_can_still_be_carried(database: Database, shop: Account, now: datetime) -> None:
    tried(database, shop, "1", now - 31 * DAY)
    with database.write() as session:
        personal.forget_attempts(session, now, limit=10)
        refund_id = session.scalars(select(Refund.id)).one()
        assert claim(session, refund_id, now)


def claim(session: Session, refund_id: int, now: datetime) -> Refund | None:
    return refunds.claim(session, refund_id, now=now + LEASE)
