"""What refunds are called, here, in the storefront and in NetSuite: found from its beginning, by indexes.

Few refunds have a name in common, so those that do are looked up before anything else; where more than a
number of them do, who searches is told so, and may try the condition on refunds found in another way.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, UnaryExpression, and_, literal, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.operators import custom_op

from ledger.models import OrderLink, Refund, RefundLine
from ledger.narrowing import LAST_ID, Ids

SHORTEST: Final = 3
"""How many characters of a name are its beginning; what is shorter is looked for as a whole."""

_LAST_CHARACTER: Final = 0x10FFFF
_BEFORE_SURROGATES: Final = 0xD7FF

Name = tuple[InstrumentedAttribute[str], str]
"""A column, and what it is or begins with."""


@dataclass(frozen=True, slots=True)
class Names:
    """Refunds that are called something.

    Attributes:
        condition: What is true of all of them.
        known: The ids of those that were looked up.
        is_cut: There may be more of them than were looked up.
    """

    condition: ColumnElement[bool]
    known: Sequence[int]
    is_cut: bool


def called(session: Session, text: str, most: int) -> Names | None:
    """Return the refunds that have a name, or one that begins like the text, or a line of that SKU.

    Args:
        session: To look.
        text: Empty for no such filter.
        most: How many refunds, or lines, of each kind of name are looked up.
    """
    if not text:
        return None
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < len(str(LAST_ID)) else 0
    links = select(OrderLink.id).where(OrderLink.netsuite_order_id == text)
    columns = (Refund.source_refund_id, Refund.key, Refund.target_id, Refund.storefront_order_id)
    names = [*((each, text) for each in columns), *_order_names(text)]
    whole = [Refund.id == number, Refund.order_link_id.in_(links)]
    line = select(RefundLine.id).where(RefundLine.refund_id == Refund.id, RefundLine.sku == text).limit(1)
    # Not EXISTS: beside other conditions, PostgreSQL would read all lines of a common SKU for that.
    has_line = line.correlate(Refund).scalar_subquery().is_not(None)
    lines = select(RefundLine.refund_id.label("id")).where(RefundLine.sku == text)
    newest = lines.order_by(RefundLine.refund_id.desc())
    return _named(session, whole, names, most, other=[(has_line, newest)])


def of_order(session: Session, text: str, most: int) -> Names | None:
    """Return the refunds of the orders that have a name, or one that begins like the text.

    Args:
        session: To look.
        text: Empty for no such filter.
        most: How many refunds, or lines, of each kind of name are looked up.
    """
    if not text:
        return None
    return _named(session, [], [(Refund.storefront_order_id, text), *_order_names(text)], most)


def _order_names(text: str) -> Sequence[Name]:
    """Return what an order may be called: people leave Shopify's mark out."""
    names = dict.fromkeys((text, f"#{text.lstrip('#')}"))
    return [(Refund.storefront_order_name, each) for each in names]


def _named(
    session: Session,
    whole: Sequence[ColumnElement[bool]],
    names: Sequence[Name],
    most: int,
    *,
    other: Sequence[tuple[ColumnElement[bool], Ids]] = (),
) -> Names:
    """Look refunds up, each kind of name in its own index.

    Args:
        session: To look.
        whole: Conditions that have an index each.
        names: Columns that have one, and what they begin with.
        most: How many refunds of each kind are looked up.
        other: Conditions, each with a query for the ids of the refunds of which it is true.
    """
    whole = [*whole, *(column == name for column, name in names)]
    begun = [(column, name) for column, name in names if len(name.lstrip("#")) >= SHORTEST]
    beginnings = [_begins(session, column, name) for column, name in begun]
    conditions = [*whole, *beginnings, *(condition for condition, _ in other)]
    queries = [select(Refund.id).where(each) for each in whole]
    queries += [
        select(Refund.id).where(each).order_by(_along(session, column))
        for each, (column, _) in zip(beginnings, begun, strict=True)
    ]
    queries += [query for _, query in other]
    parts = (query.limit(most).subquery() for query in queries)
    numbered = (select(part.c.id, literal(place).label("place")) for place, part in enumerate(parts))
    found = session.execute(union_all(*numbered)).all()
    sizes = Counter(row.place for row in found)
    is_cut = any(size >= most for size in sizes.values())
    return Names(or_(*conditions), sorted({row.id for row in found}), is_cut=is_cut)


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


def _along(session: Session, column: InstrumentedAttribute[str]) -> ColumnElement[str]:
    """Return the order of a column's index of bytes.

    Without it, a planner that takes a beginning for a common one would read the table from its start, where
    there may be none that begins so.
    """
    if session.get_bind().dialect.name == "sqlite":
        return column.asc()
    return UnaryExpression(column.expression, modifier=custom_op("USING ~<~"))


def _next_after(text: str) -> str:
    """Return the first text, by code points, that does not begin with this one and comes after it."""
    for place in range(len(text) - 1, -1, -1):
        code = ord(text[place])
        if code < _LAST_CHARACTER:
            after = 0xE000 if code == _BEFORE_SURROGATES else code + 1
            return text[:place] + chr(after)
    return chr(_LAST_CHARACTER) * (len(text) + 1)
