"""Alerts: raised and cleared with what they are about, and handed to the channels that want them."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from ledger import accounts, alerts, deliveries, pausing, refunds
from ledger.database import Database
from ledger.intake import Intake
from ledger.models import (
    Account,
    Alert,
    AlertChannel,
    AlertNotice,
    ChannelKind,
    Delivery,
    NetSuiteAccount,
    News,
    Phase,
)
from ledger.queue import Waker, connect
from ledger.secrets import Vault
from ledger.states import State, Transition
from tests.support.alerts import make_channel, move_refund
from tests.support.ledger import TRACE, make_delivery
from tests.support.racing import race

MINUTE = timedelta(minutes=1)


def raised(database: Database) -> list[Alert]:
    with database.read() as session:
        return list(session.scalars(select(Alert).order_by(Alert.id)))


@pytest.mark.parametrize(
    ("transition", "reason", "kind"),
    [
        (Transition.FAIL, "REFUSED", News.ERROR),
        (Transition.DISPUTE, "ORDER_DELETED", News.DISCREPANCY),
        (Transition.FAIL, "NOT_BILLED", News.WAIT_OVER),
        (Transition.HOLD, "REVIEW_FIRST", News.HELD),
    ],
)
def test_a_refund_that_comes_to_need_a_person_raises_an_alert(
    database: Database,
    shop: Account,
    refund_id: int,
    now: datetime,
    transition: Transition,
    reason: str,
    kind: News,
) -> None:
    move_refund(database, refund_id, transition, reason, now)
    (alert,) = raised(database)
    assert (alert.kind, alert.reason, alert.detail) == (kind, reason, "said so")
    assert (alert.subject, alert.subject_id, alert.account_id) == ("refund", refund_id, shop.id)
    assert alert.what == f"refund {refund_id} of order #1001, 20.00 USD"
    assert (alert.raised_at, alert.cleared_at, alert.news_at, alert.trace_id) == (now, None, now, TRACE)


@pytest.mark.parametrize(
    "ways",
    [
        [Transition.WAIT],
        [Transition.RETRY_LATER],
        [Transition.IGNORE],
        [Transition.CANCEL],
        [Transition.BEGIN, Transition.POST],
    ],
)
def test_a_refund_that_needs_nobody_raises_none(
    database: Database, refund_id: int, now: datetime, ways: list[Transition]
) -> None:
    for way in ways:
        move_refund(database, refund_id, way, "POSTED", now, is_claimed=False)
    assert raised(database) == []


def test_the_same_refund_failing_again_for_the_same_reason_is_the_same_alert(
    database: Database, refund_id: int, now: datetime
) -> None:
    for reason in ("REFUSED", "REFUSED", "MAPPING_MISSING", "REFUSED"):
        move_refund(database, refund_id, Transition.FAIL, reason, now)
        move_refund(database, refund_id, Transition.RETRY, "REQUESTED_BY_PERSON", now, is_claimed=False)
    assert [alert.reason for alert in raised(database)] == ["REFUSED", "MAPPING_MISSING"]


@pytest.mark.parametrize(
    ("ways", "state"),
    [
        ([Transition.RESOLVE], State.RESOLVED),
        ([Transition.CANCEL], State.CANCELLED),
        ([Transition.IGNORE], State.IGNORED),
        ([Transition.RETRY, Transition.BEGIN, Transition.POST], State.POSTED),
    ],
)
@pytest.mark.parametrize("is_claimed", [True, False])
def test_a_refund_that_is_settled_clears_what_was_raised_of_it(
    database: Database,
    refund_id: int,
    now: datetime,
    ways: list[Transition],
    state: State,
    *,
    is_claimed: bool,
) -> None:
    move_refund(database, refund_id, Transition.FAIL, "REFUSED", now, is_claimed=is_claimed)
    for way in ways:
        is_work = is_claimed and way is Transition.BEGIN
        move_refund(database, refund_id, way, "POSTED", now + MINUTE, is_claimed=is_work)
    (alert,) = raised(database)
    assert (alert.cleared_at, alert.cleared_by) == (now + MINUTE, state.value)
    assert alert.news_at == now + MINUTE


def test_a_refund_that_fails_after_it_was_settled_is_a_new_alert(
    database: Database, refund_id: int, now: datetime
) -> None:
    for _ in range(2):
        move_refund(database, refund_id, Transition.FAIL, "REFUSED", now)
        move_refund(database, refund_id, Transition.CANCEL, "CANCELLED_BY_PERSON", now, is_claimed=False)
        move_refund(database, refund_id, Transition.UNCANCEL, "REQUESTED_BY_PERSON", now, is_claimed=False)
    assert [alert.cleared_by for alert in raised(database)] == ["cancelled", "cancelled"]


def test_an_alert_is_there_only_if_what_it_is_about_is(
    database: Database, refund_id: int, now: datetime
) -> None:
    with database.rehearse() as session:
        refund = refunds.load(session, refund_id)
        refunds.move(session, refund, Transition.FAIL, "REFUSED", now=now)
        assert len(session.scalars(select(Alert)).all()) == 1
    assert raised(database) == []


@pytest.mark.parametrize("who", ["shopify-shop", "books"])
def test_a_paused_account_raises_an_alert_that_resuming_clears(
    database: Database, shop: Account, books: NetSuiteAccount, now: datetime, who: str
) -> None:
    def paused(reason: str) -> None:
        with database.write() as session:
            pausing.pause(session, found(session), reason, "401", now=now, actor="system")  # type: ignore[arg-type] # either kind

    def found(session: object) -> object:
        finds = accounts.netsuite_by_slug if who == "books" else accounts.by_slug
        return finds(session, who)  # type: ignore[arg-type] # a session

    paused("BAD_CREDENTIALS")
    paused("NO_PERMISSION")  # it is paused already
    (alert,) = raised(database)
    is_books = who == "books"
    assert (alert.kind, alert.reason, alert.detail) == (News.PAUSED, "BAD_CREDENTIALS", "401")
    assert alert.what == ("NetSuite account books" if is_books else "account shopify-shop")
    assert alert.subject == ("netsuite_account" if is_books else "account")
    assert (alert.account_id, alert.netsuite_account_id) == (
        (None, books.id) if is_books else (shop.id, None)
    )
    with database.write() as session:
        pausing.resume(session, found(session), now=now + MINUTE, actor="cli:anna")  # type: ignore[arg-type] # either kind
    assert [(each.cleared_at, each.cleared_by) for each in raised(database)] == [(now + MINUTE, "resume")]


def test_quarantined_deliveries_raise_alerts_in_the_transaction_that_keeps_them(
    database: Database, shop: Account, now: datetime, valkey_url: str
) -> None:
    rows = [
        deliveries.row(make_delivery(shop, key=key, reason=reason, detail="no JSON"), now=now)
        | {"trace_id": key}
        for key, reason in (("1", "NOT_JSON"), ("2", ""), ("3", "NOT_OF_SCHEMA"))
    ]
    with connect(valkey_url, timeout=5) as redis:
        intake = Intake(database, Waker(redis))
        taken = [
            intake.take(partial(dict, row), lambda taken: taken)
            for row in [*rows, rows[0] | {"trace_id": "again"}]
        ]
    assert [(alert.kind, alert.subject_id, alert.reason) for alert in raised(database)] == [
        (News.QUARANTINED, taken[0].id, "NOT_JSON"),
        (News.QUARANTINED, taken[2].id, "NOT_OF_SCHEMA"),
    ]
    first = raised(database)[0]
    assert first.what == f"delivery {taken[0].id} from shopify (refunds/create)"
    assert (first.account_id, first.netsuite_account_id, first.detail) == (shop.id, None, "no JSON")


def test_without_its_alert_a_quarantined_delivery_is_not_kept(
    database: Database, shop: Account, now: datetime, valkey_url: str
) -> None:
    with database.write() as session:
        session.execute(text("ALTER TABLE alerts RENAME TO gone"))
    row = deliveries.row(make_delivery(shop, reason="NOT_JSON"), now=now)
    with connect(valkey_url, timeout=5) as redis, pytest.raises(Exception, match="alerts"):
        Intake(database, Waker(redis)).take(lambda: row, lambda taken: taken)
    with database.read() as session:
        assert session.scalars(select(Delivery)).all() == []


def claim(database: Database, number: int, now: datetime) -> Delivery:
    with database.write() as session:
        claimed = deliveries.claim(session, number, now=now)
    assert claimed is not None
    return claimed


def test_a_delivery_that_failed_raises_an_alert_until_it_is_worked_off(
    database: Database, books: NetSuiteAccount, now: datetime
) -> None:
    with database.write() as session:
        number = deliveries.accept(session, make_delivery(books), now=now)
    assert number is not None
    for _ in range(2):
        claimed = claim(database, number, now)
        with database.write() as session:
            assert deliveries.give_up(session, claimed, now=now, reason="REFUSED", detail="403")
            assert not deliveries.give_up(
                session, Delivery(id=number, lease_token=0), now=now, reason="REFUSED", detail="late"
            )
        with database.write() as session:
            deliveries.replay(session, session.get_one(Delivery, number), (), now=now, actor="cli:anna")
    (alert,) = raised(database)
    assert (alert.kind, alert.subject, alert.subject_id) == (News.DELIVERY_FAILED, "delivery", number)
    assert (alert.account_id, alert.netsuite_account_id) == (None, books.id)
    claimed = claim(database, number, now)
    with database.write() as session:
        assert deliveries.finish(session, claimed, now=now + MINUTE)
    assert [(each.cleared_at, each.cleared_by) for each in raised(database)] == [(now + MINUTE, "processed")]


def test_of_workers_that_raise_the_same_at_once_one_does(
    database: Database, shop: Account, now: datetime
) -> None:
    row = alerts.row(News.ERROR, "refund", 7, "refund 7", "REFUSED", "", now=now, account_id=shop.id)

    def attempt() -> None:
        with database.write() as session:
            alerts.raise_all(session.connection(), [row])

    race(*[attempt] * 4)
    assert len(raised(database)) == 1


def test_the_columns_of_words_hold_nothing_else(
    database: Database, vault: Vault, shop: Account, now: datetime
) -> None:
    with database.write() as session:
        make_channel(session, vault)
        row = alerts.row(News.ERROR, "refund", 7, "refund 7", "REFUSED", "", now=now, account_id=shop.id)
        alerts.raise_all(session.connection(), [row])
        alerts.share(session, limit=9)
    for column, values in ((Alert.kind, News), (AlertChannel.kind, ChannelKind), (AlertNotice.phase, Phase)):
        for value in values:
            with database.write() as session:
                session.execute(update(column.class_).values({column: value}))
        nonsense = text(f"UPDATE {column.class_.__tablename__} SET {column.key} = 'nonsense'")  # noqa: S608 - our own names
        with pytest.raises(IntegrityError), database.write() as session:
            session.execute(nonsense)
