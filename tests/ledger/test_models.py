from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import InstrumentedAttribute

from ledger import attempts, deliveries, orders, refunds
from ledger.database import Database
from ledger.models import (
    Account,
    ApiToken,
    Attempt,
    Delivery,
    DeliveryState,
    OrderLink,
    OrderState,
    Refund,
    RefundLine,
    Role,
    User,
)
from ledger.models.accounts import Direction
from ledger.models.base import UtcDateTime
from ledger.money import Money
from ledger.states import State
from tests.support.ledger import make_delivery, make_part, make_payment, make_refund, make_seen


def token(created_at: datetime) -> ApiToken:
    return ApiToken(
        name="ci", role=Role.VIEWER, token_hash="0" * 64, expires_at=created_at, created_at=created_at
    )


def test_a_time_comes_back_aware_and_in_utc(database: Database, now: datetime) -> None:
    with database.write() as session:
        session.add(token(now.astimezone(timezone(timedelta(hours=-8)))))
    with database.read() as session:
        stored = session.scalars(select(ApiToken)).one()
    assert stored.created_at == now
    assert stored.created_at.tzinfo is UTC
    assert stored.revoked_at is None


def test_a_time_is_exact_and_comparable_in_the_database(database: Database, now: datetime) -> None:
    exact = now.replace(microsecond=123456)
    with database.write() as session:
        session.add(token(exact))
    with database.read() as session:
        just_before = exact - timedelta(microseconds=1)
        query = select(ApiToken.created_at).where(ApiToken.created_at > just_before)
        assert session.scalars(query.where(ApiToken.created_at <= exact)).one() == exact


def test_a_time_without_a_zone_is_refused(database: Database, now: datetime) -> None:
    with pytest.raises(StatementError, match="aware times only"), database.write() as session:
        session.add(token(now.replace(tzinfo=None)))


def test_no_time_stays_none_on_every_database(database: Database) -> None:
    column, dialect = UtcDateTime(), database.engine.dialect
    assert column.process_bind_param(None, dialect) is None
    assert column.process_result_value(None, dialect) is None


@pytest.fixture
def one_of_each(database: Database, shop: Account, now: datetime) -> None:
    """A row in every table that has a column of words."""
    with database.write() as session:
        orders.ensure(session, shop.id, "450789469", now=now)
        deliveries.accept(session, make_delivery(shop), now=now)
        session.add(token(now))
        session.add(User(email="anna@example.com", role=Role.VIEWER, password_hash="", created_at=now))
        make_refund(session, shop)


@pytest.mark.usefixtures("one_of_each")
@pytest.mark.parametrize(
    ("column", "values"),
    [
        (Refund.state, State),
        (Refund.direction, Direction),
        (Account.direction, Direction),
        (OrderLink.storefront_state, OrderState),
        (OrderLink.netsuite_state, OrderState),
        (Delivery.state, DeliveryState),
        (ApiToken.role, Role),
        (User.role, Role),
    ],
    ids=str,
)
def test_a_column_of_words_holds_each_of_them_and_nothing_else(
    database: Database, column: InstrumentedAttribute[StrEnum], values: type[StrEnum]
) -> None:
    table = column.class_
    for value in values:
        with database.write() as session:
            session.execute(update(table).values({column: value}))
        with database.read() as session:
            assert session.scalars(select(column)).one() is value
    nonsense = text(f"UPDATE {table.__tablename__} SET {column.key} = 'nonsense'")  # noqa: S608 - our own names
    with pytest.raises(IntegrityError), database.write() as session:
        session.execute(nonsense)


def test_a_row_that_points_nowhere_is_refused(database: Database, now: datetime) -> None:
    with pytest.raises(IntegrityError), database.write() as session:
        orders.ensure(session, 4711, "1", now=now)


def test_an_amount_is_read_under_the_exponent_it_was_stored_with(
    database: Database, shop: Account, now: datetime
) -> None:
    seen = make_seen(
        currency="KWD",
        parts=(make_part("1.234", currency="KWD"),),
        payments=(make_payment("1.234", currency="KWD"),),
    )
    with database.write() as session:
        number = make_refund(session, shop, seen, now=now).id
    with database.read() as session:
        refund = session.get_one(Refund, number)
    assert (refund.amount_minor, refund.currency_exponent) == (1234, 3)
    assert refund.amount == Money.parse("1.234", "KWD")


def test_lines_and_attempts_go_with_their_refund(database: Database, refund_id: int, now: datetime) -> None:
    with database.write() as session:
        attempts.begin(session, refunds.load(session, refund_id), now=now)
    with database.write() as session:
        session.execute(delete(Refund))
    with database.read() as session:
        for table in (RefundLine, Attempt):
            assert session.scalar(select(func.count()).select_from(table)) == 0
