"""What narrows refunds down, each with the index that knows its refunds; see `ledger.search`."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, literal, or_, select, true, tuple_, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from ledger import accounts
from ledger.models import Account, OrderLink, Refund
from ledger.models.accounts import Platform

LAST_ID: Final = 2**63 - 1
"""Above every id."""

EXPONENTS: Final = (0, 2, 3, 4)
"""The numbers of decimals that currencies have, as in `ledger.money`."""

_SHORTEST: Final = 3  # characters; what is shorter is looked for as a whole
_MOST_NAMES: Final = 150  # refunds of each kind of name that begins like a text
_LAST_CHARACTER: Final = 0x10FFFF
_BEFORE_SURROGATES: Final = 0xD7FF

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


@dataclass(frozen=True, slots=True)
class Names(Narrowing):
    """Refunds that are called something; they were looked up already, since they are few.

    Attributes:
        is_cut: More names begin like the text than were looked up.
    """

    known: Sequence[int]
    is_cut: bool

    @property
    def condition(self) -> ColumnElement[bool]:
        """Return that the refund is one of them."""
        return Refund.id.in_(self.known)

    def ids(self, limit: int) -> Ids:
        """Return the query for their ids."""
        return select(Refund.id).where(self.condition).limit(limit)


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


def called(session: Session, text: str) -> Names | None:
    """Return what lets refunds through that have a name, or one that begins like the text."""
    if not text:
        return None
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < len(str(LAST_ID)) else 0
    linked = (
        select(Refund.id)
        .join(OrderLink, Refund.order_link_id == OrderLink.id)
        .where(OrderLink.netsuite_order_id == text)
    )
    exact = [select(Refund.id).where(Refund.id == number), linked]
    columns = (Refund.source_refund_id, Refund.key, Refund.target_id, Refund.storefront_order_id)
    return _named(session, exact, [*((each, text) for each in columns), *_order_names(text)])


def of_order(session: Session, text: str) -> Names | None:
    """Return what lets refunds of the orders through that have a name, or one that begins like the text."""
    if not text:
        return None
    return _named(session, [], [(Refund.storefront_order_id, text), *_order_names(text)])


def _order_names(text: str) -> Sequence[tuple[InstrumentedAttribute[str], str]]:
    """Return what an order may be called: people leave Shopify's mark out."""
    names = dict.fromkeys((text, f"#{text.lstrip('#')}"))
    return [(Refund.storefront_order_name, each) for each in names]


def _named(
    session: Session, exact: Sequence[Ids], names: Sequence[tuple[InstrumentedAttribute[str], str]]
) -> Names:
    whole = [*exact, *(select(Refund.id).where(column == name) for column, name in names)]
    begun = [
        select(Refund.id).where(_begins(session, column, name))
        for column, name in names
        if len(name.lstrip("#")) >= _SHORTEST
    ]
    parts = [query.limit(_MOST_NAMES) for query in (*whole, *begun)]
    queries = (select(part.subquery(), literal(number).label("part")) for number, part in enumerate(parts))
    found = session.execute(union_all(*queries)).all()
    sizes = [sum(1 for row in found if row.part == number) for number in range(len(parts))]
    return Names(sorted({row.id for row in found}), is_cut=max(sizes) >= _MOST_NAMES)


def _begins(session: Session, column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    """Return that a column begins with a text, in words that an index of bytes understands.

    LIKE would do only where the planner sees its pattern:
    https://www.postgresql.org/docs/current/indexes-opclass.html
    """
    end = _next_after(text)
    if session.get_bind().dialect.name == "sqlite":
        return and_(column >= text, column < end)
    at_least, below = column.op("~>=~", is_comparison=True), column.op("~<~", is_comparison=True)
    return and_(at_least(text), below(end))


def _next_after(text: str) -> str:
    """Return the first text, by code points, that does not begin with this one and comes after it."""
    for place in range(len(text) - 1, -1, -1):
        code = ord(text[place])
        if code < _LAST_CHARACTER:
            after = 0xE000 if code == _BEFORE_SURROGATES else code + 1
            return text[:place] + chr(after)
    return chr(_LAST_CHARACTER) * (len(text) + 1)
