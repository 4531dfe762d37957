"""Search refunds by whatever narrows them down, newest first, at a cost that does not grow with the ledger.

No index fits every combination of filters, so a search looks for one that does: a filter that lets few
refunds through gives their ids, and the other filters are tried on those. Where every filter lets many
through, the refunds of one are walked along its index, newest first, and the others are tried on them; after
a number of them the search stops, says how far it came, and can be taken up there again.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import chain, repeat
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    UnaryExpression,
    and_,
    any_,
    func,
    literal,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session, joinedload

from ledger.models import Refund
from ledger.names import Names, called, of_order
from ledger.narrowing import (
    LAST_ID,
    Dates,
    Narrowing,
    OneOf,
    amounts,
    newer,
    of_accounts,
)
from ledger.states import State

FEW: Final = 1000
"""How many refunds are few enough to try every other filter on all of them."""

NEAR: Final = 1000
"""On how many refunds the other filters are tried at first, so that a page comes at once."""

FAR: Final = 50_000
"""On how many they are tried when somebody asks for more, and waits for it."""

WIDE: Final = 1_000_000
"""On how many they are tried before something is done with everything that matches."""

SOME: Final = 150
"""How many refunds of each kind of name are looked up for a page, where not all are asked for."""

MANY: Final = 5000
"""How many are looked up where all are asked for, before refunds of every name are tried instead."""

_STEPS: Final = (200, 800)  # refunds looked at in one go: most searches end with the first,
_STRIDE: Final = 2000  # and this many after that


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which refunds; what is empty does not narrow them down.

    Attributes:
        platform: The storefront's, as a `ledger.models.accounts.Platform`.
        account: The name of a storefront account.
        source_channel: Where the refund came from: a platform, or `netsuite`.
        since: Made then or later, in UTC.
        until: Made then or earlier, in UTC.
        least: The smallest amount, in major units of the refund's own currency.
        most: The largest amount.
        order: The storefront order's id or name, or how it begins.
        text: Any name that the refund or its order has here, in the storefront or in NetSuite, or how it
            begins; or the whole SKU of one of its lines.
        newer_than: Only refunds that were written down after the one of this id.
    """

    states: tuple[State, ...] = ()
    platform: str = ""
    account: str = ""
    source_channel: str = ""
    transaction_type: str = ""
    reason: str = ""
    since: datetime | None = None
    until: datetime | None = None
    least: Decimal | None = None
    most: Decimal | None = None
    order: str = ""
    text: str = ""
    newer_than: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the order of a search: after the refund of this id.

    Attributes:
        occurred_at: When that refund was made, in UTC; None where the order is by id alone.
    """

    id: int
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found.

    Attributes:
        rows: With their accounts.
        next: Where to go on; None if there is nothing more.
        is_unfinished: The search stopped for now, and found fewer rows than were asked for.
        is_cut: More refunds are called like the text than were looked at, so that some are missing.
    """

    rows: Sequence[Refund]
    next: Place | None = None
    is_unfinished: bool = False
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class _Search:
    """A search about to be made: by id, or by time and id where a period is asked for."""

    session: Session
    names: Sequence[Names]
    narrowings: Sequence[Narrowing]
    dates: Dates | None
    after: Place | None
    limit: int
    reach: int

    @property
    def order(self) -> tuple[UnaryExpression[Any], ...]:
        by_id = Refund.id.desc()
        return (Refund.occurred_at.desc(), by_id) if self.dates else (by_id,)

    def place_of(self, refund: Refund) -> Place:
        return Place(refund.id, refund.occurred_at if self.dates else None)

    def rows(self, ids: Sequence[int], limit: int) -> list[Refund]:
        """Return those of some refunds that every filter lets through, in order, after the place."""
        conditions = [each.condition for each in self.names]
        conditions += [each.condition for each in self.narrowings]
        if self.after is not None:
            conditions.append(_before(self.after))
        query = (
            select(Refund).where(_is_any(self.session, ids), *conditions).options(joinedload(Refund.account))
        )
        return list(self.session.scalars(query.order_by(*self.order).limit(limit)))


def find(
    session: Session,
    wanted: Wanted,
    *,
    after: Place | None = None,
    limit: int,
    reach: int = NEAR,
    few: int = FEW,
    is_whole: bool = False,
) -> Found:
    """Return refunds, newest first: by when they were made where a period is asked for, else by their ids.

    Args:
        session: To look.
        wanted: Which.
        after: Where to go on.
        limit: How many at most.
        reach: On how many refunds the filters are tried before the search stops for now.
        few: How many refunds are few enough to try every other filter on all of them.
        is_whole: Leave nothing out that is called like a common text, but look for it among all there are,
            and stop for now if need be. A page would rather show some of it at once, and say so.

    Raises:
        ledger.accounts.AccountError: If the account asked for does not exist.
    """
    most = min(reach, MANY) if is_whole else SOME
    looked_up = (called(session, wanted.text, most), of_order(session, wanted.order, most))
    names = [each for each in looked_up if each is not None]
    dates = Dates(wanted.since, wanted.until) if wanted.since or wanted.until else None
    narrowings = [each for each in (*_plain(session, wanted), dates) if each is not None]
    search = _Search(session, names, narrowings, dates, after, limit + 1, reach)
    ids = _few(search, few)
    is_cut = ids is None and bool(names) and not is_whole
    if is_cut:
        ids = names[0].known
    if ids is None:
        return _walk(search, limit)
    rows = search.rows(ids, limit + 1)
    return Found(rows[:limit], search.place_of(rows[limit - 1]) if len(rows) > limit else None, is_cut=is_cut)


def of_ids(session: Session, ids: Sequence[int]) -> list[Refund]:
    """Return those of some refunds that there are, in the order given, with their accounts."""
    query = select(Refund).where(_is_any(session, ids)).options(joinedload(Refund.account))
    found = {refund.id: refund for refund in session.scalars(query)}
    return [found[number] for number in dict.fromkeys(ids) if number in found]


def newest_id(session: Session) -> int:
    """Return the id of the refund that was written down last; 0 if there is none."""
    return session.scalar(select(func.max(Refund.id))) or 0


def _plain(session: Session, wanted: Wanted) -> Iterator[Narrowing | None]:
    """Yield what narrows the refunds down, what likely lets the fewest through first."""
    yield newer(wanted.newer_than)
    yield amounts(wanted.least, wanted.most)
    yield OneOf(Refund.reason, (wanted.reason,)) if wanted.reason else None
    yield of_accounts(session, wanted.platform, wanted.account)
    yield OneOf(Refund.state, wanted.states) if wanted.states else None
    yield OneOf(Refund.transaction_type, (wanted.transaction_type,)) if wanted.transaction_type else None
    yield OneOf(Refund.origin, (wanted.source_channel,)) if wanted.source_channel else None


def _few(search: _Search, few: int) -> Sequence[int] | None:
    """Return the ids that the first filter lets through that lets few through; None if there is none."""
    for named in search.names:
        if not named.is_cut:
            return named.known
    alone = len(search.narrowings) == 1 and not search.names
    for each in search.narrowings:
        if alone and isinstance(each, (OneOf, Dates)):
            break  # walking its index is the search itself
        ids = search.session.scalars(each.ids(few + 1)).all()
        if len(ids) <= few:
            return ids
    return None


def _walk(search: _Search, limit: int) -> Found:
    """Try the filters on the refunds of one of them, along its index."""
    lead = search.dates or next((each for each in search.narrowings if isinstance(each, OneOf)), None)
    is_alone = not search.names and not [each for each in search.narrowings if each is not lead]
    place, rows = search.after, list[Refund]()
    for size in (search.limit,) if is_alone else _steps(search.reach):
        looked_at = _next(search, lead, place, size)
        rows += search.rows([each.id for each in looked_at], search.limit - len(rows)) if looked_at else []
        if len(rows) > limit:
            return Found(rows[:limit], search.place_of(rows[limit - 1]))
        if len(looked_at) < size:
            return Found(rows)
        place = looked_at[-1]
    return Found(rows, place, is_unfinished=True)


def _steps(reach: int) -> Iterator[int]:
    """Yield how many refunds are looked at in each go."""
    sizes = chain(_STEPS, repeat(_STRIDE))
    while reach > 0:
        size = next(sizes)
        yield min(size, reach)
        reach -= size


def _next(search: _Search, lead: Narrowing | None, after: Place | None, size: int) -> Sequence[Place]:
    """Return the next refunds along an index; the others' filters are not tried yet."""
    if isinstance(lead, Dates):
        query = select(Refund.id, Refund.occurred_at).where(lead.condition)
        if after is not None:
            query = query.where(_before(after))
        found = search.session.execute(query.order_by(*search.order).limit(size))
        return [Place(row.id, row.occurred_at) for row in found]
    last = LAST_ID if after is None else after.id
    if not isinstance(lead, OneOf):
        ids = select(Refund.id).where(Refund.id < last).order_by(Refund.id.desc()).limit(size)
    else:
        each = union_all(*(select(part.subquery()) for part in lead.walks(last, size))).subquery()
        ids = select(each.c.id).order_by(each.c.id.desc()).limit(size)
    return [Place(number) for number in search.session.scalars(ids)]


def _before(place: Place) -> ColumnElement[bool]:
    if place.occurred_at is None:
        return Refund.id < place.id
    key = tuple_(Refund.occurred_at, Refund.id)
    return and_(
        Refund.occurred_at <= place.occurred_at,
        key < tuple_(place.occurred_at, place.id),
    )


def _is_any(session: Session, ids: Sequence[int]) -> ColumnElement[bool]:
    """Return that a refund is one of some, in one value: a thousand take long to write one by one."""
    if session.get_bind().dialect.name == "sqlite":
        each = func.json_each(json.dumps(list(ids))).table_valued("value")
        return Refund.id.in_(select(each.c.value))
    return Refund.id == any_(literal(list(ids), ARRAY(BigInteger)))
