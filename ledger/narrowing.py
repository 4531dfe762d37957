"""What narrows refunds down, each with the index that knows its refunds; see `ledger.search`.

What they are called narrows them down, too: that is `ledger.names`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, literal, or_, select, true, tuple_, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from ledger import accounts
from ledger.models import Account, Refund
from ledger.platforms import Platform

LAST_ID: Final = 2**63 - 1
"""Above every id."""

EXPONENTS: Final = (0, 2, 3, 4)
"""The numbers of decimals that currencies have, as in `ledger.money`."""

Ids = Select[int]
"""A query for ids of refunds."""


class Narrowing(ABC):
    """Something that lets some refunds through."""

    @property
    @abstractmethod
    def condition(self) -> ColumnElement[bool]:
        """What is true of the refunds it lets through."""

    @abstractmethod
    def ids(self, limit: int) -> Ids:
        """Return the query for up to that many of their ids, in any order, by an index."""


@dataclass(frozen=True, slots=True)
class OneOf(Narrowing):
    """Refunds with one of some values in a column, which has an index with the id after it."""

    column: InstrumentedAttribute[Any]
    values: Sequence[object]

    @property
    def condition(self) -> ColumnElement[bool]:
        """Return that the column has one of the values."""
        return self.column.in_(self.values)

    def ids(self, limit: int) -> Ids:
        """Return the query for their ids."""
        return select(Refund.id).where(self.condition).limit(limit)

    def walks(self, before: int, limit: int) -> Iterable[Ids]:
        """Yield, for each value, the query for ids below one, the largest first.

        They compare pairs: for `column = value` with a common value a planner would take the primary key, and
        look through the whole table where the newest refunds have another value.
        """
        pair = tuple_(self.column, Refund.id)
        for value in self.values:
            bound = literal(value, self.column.type)
            yield (
                select(Refund.id)
                .where(pair < tuple_(bound, literal(before)), pair >= tuple_(bound, literal(0)))
                .order_by(self.column.desc(), Refund.id.desc())
                .limit(limit)
            )


@dataclass(frozen=True, slots=True)
class Dates(Narrowing):
    """Refunds that were made in a period, both ends included."""

    since: datetime | None
    until: datetime | None

    @property
    def condition(self) -> ColumnElement[bool]:
        """Return that the refund was made in the period."""
        bounds = [] if self.since is None else [Refund.occurred_at >= self.since]
        bounds += [] if self.until is None else [Refund.occurred_at <= self.until]
        return and_(true(), *bounds)

    def ids(self, limit: int) -> Ids:
        """Return the query for their ids."""
        return select(Refund.id).where(self.condition).order_by(Refund.occurred_at.desc()).limit(limit)


@dataclass(frozen=True, slots=True)
class _Any(Narrowing):
    """Refunds that fulfil one of some conditions, each of which has an index."""

    conditions: Sequence[ColumnElement[bool]]

    @property
    def condition(self) -> ColumnElement[bool]:
        """Return that one of the conditions is fulfilled."""
        return or_(*self.conditions)

    def ids(self, limit: int) -> Ids:
        """Return the query for their ids: no condition is fulfilled along with another."""
        parts = (select(Refund.id).where(each).limit(limit) for each in self.conditions)
        each = union_all(*(select(part.subquery()) for part in parts)).subquery()
        return select(each.c.id).limit(limit)


def amounts(least: Decimal | None, most: Decimal | None) -> Narrowing | None:
    """Return what lets amounts through, in major units of whatever currency a refund is in."""
    if least is None and most is None:
        return None
    conditions = []
    for exponent in EXPONENTS:
        bounds = [Refund.currency_exponent == exponent]
        if least is not None:
            minor = least.scaleb(exponent).to_integral_value(ROUND_CEILING)
            bounds.append(Refund.amount_minor >= int(minor))
        if most is not None:
            minor = most.scaleb(exponent).to_integral_value(ROUND_FLOOR)
            bounds.append(Refund.amount_minor <= int(minor))
        conditions.append(and_(*bounds))
    return _Any(conditions)


def newer(than: int) -> Narrowing | None:
    """Return what lets refunds through that were written down after one."""
    return _Any([Refund.id > than]) if than else None


def of_accounts(session: Session, platform: str, slug: str) -> Narrowing | None:
    """Return what lets refunds of an account, or of every account of a platform, through.

    Raises:
        ledger.accounts.AccountError: If there is no account of that name.
    """
    if not platform and not slug:
        return None
    query = select(Account.id)
    if platform:
        query = query.where(Account.platform == Platform(platform))
    if slug:
        query = query.where(Account.id == accounts.by_slug(session, slug).id)
    return OneOf(Refund.account_id, session.scalars(query).all() or [0])
