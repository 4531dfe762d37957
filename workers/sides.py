"""The two sides of a reconciliation, and what the ledger knows of them: whose each is, and which is which."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from ledger import accounts, runs
from ledger.keys import key_of, mark_prefix
from ledger.models import Account, OrderLink, Refund, Run, RunItem
from ledger.money import Money
from ledger.policy import Policy
from workers.rules.comparing import Here, There

_AT_ONCE: Final = 500  # items that the ledger is asked about together


def there(session: Session, run: Run) -> Iterator[There]:
    """Yield the storefront's refunds that a run collected."""
    for items in _collected(session, run, "storefront:"):
        ids = [item.storefront_refund_id for item in items]
        carried = _refunds(session, run, Refund.origin == "netsuite", Refund.target_id.in_(ids))
        received = _refunds(session, run, Refund.origin == run.source, Refund.source_refund_id.in_(ids))
        # One that this service made is known twice: as the one carried there, and as its echo.
        known = {each.source_refund_id: each for each in received} | {
            each.target_id: each for each in carried
        }
        for item in items:
            yield _there(run, item, known.get(item.storefront_refund_id))


def here(session: Session, run: Run, others: Sequence[There]) -> Iterator[Here]:
    """Yield the NetSuite records that a run collected and that belong to its account.

    Those belong to it that its refunds or keys lead to, and those of an order that is its own: by the order
    link, or because the order's number is that of one of the storefront's refunds. Of an order that neither
    knows, what `strangers.look_up` wrote down says whose it is.

    Args:
        session: To ask the ledger.
        run: The run.
        others: The storefront's refunds that it collected.
    """
    for each in _documents(session, run, others):
        looked = each.item.facts.get("looked")
        if each.is_own and _is_of_period(each.refund, run):
            yield _here(run, each.item, each.order or ("", ""), each.refund)
        elif not each.is_own and not each.is_anothers and looked and looked["is_missing"]:
            found = _here(run, each.item, (looked["order_id"], looked["order_name"]), None)
            yield replace(found, note=looked["note"])


def strangers(session: Session, run: Run, others: Sequence[There]) -> dict[str, list[tuple[int, Money]]]:
    """Return the NetSuite records of the period whose order nobody knows, by the order's number.

    Each is told by its item's id and its amount. A record that carries no order's number is no storefront's.

    Args:
        session: To ask the ledger.
        run: The run.
        others: The storefront's refunds that it collected.
    """
    found: dict[str, list[tuple[int, Money]]] = {}
    for each in _documents(session, run, others):
        item = each.item
        numbers, at = item.facts["numbers"], item.occurred_at or run.since
        is_strange = not (each.is_own or each.is_anothers or "looked" in item.facts)
        if is_strange and numbers and run.since <= at < run.until:
            amount = Money.from_minor(
                item.netsuite_minor or 0, item.netsuite_currency, item.netsuite_exponent
            )
            found.setdefault(numbers[0], []).append((item.id, amount))
    return found


@dataclass(frozen=True, slots=True)
class _Document:
    """A record of NetSuite's that a run collected.

    Attributes:
        order: Id and name of the account's order that it belongs to.
        refund: The account's refund that it is the one side of.
    """

    item: RunItem
    order: tuple[str, str] | None
    refund: Refund | None
    is_own: bool
    is_anothers: bool


def _documents(session: Session, run: Run, others: Sequence[There]) -> Iterator[_Document]:
    by_id = Policy.of(run.account.settings).order_match_value == "id"
    numbers = {each.order_id if by_id else each.order_name: each for each in others}
    numbers.pop("", None)
    joined = accounts.joined_to(session, run.account.netsuite_account_id)
    their_ids = [each.id for each in joined if each.id != run.account_id]
    their_marks = tuple(mark_prefix(each.slug) for each in joined if each.id != run.account_id)
    for items in _collected(session, run, "netsuite:"):
        ids = [item.netsuite_id for item in items]
        received = _refunds(session, run, Refund.origin == "netsuite", Refund.source_refund_id.in_(ids))
        carried = _refunds(session, run, Refund.origin != "netsuite", Refund.target_id.in_(ids))
        known = {each.source_refund_id: each for each in received} | {
            each.target_id: each for each in carried
        }
        theirs = set(
            session.scalars(
                select(Refund.source_refund_id).where(
                    Refund.account_id.in_(their_ids),
                    Refund.origin == "netsuite",
                    Refund.source_refund_id.in_(ids),
                )
            )
        )
        links = _Links.of(session, run, items, by_id=by_id)
        for item in items:
            refund = known.get(item.netsuite_id)
            order = _order(item, run, links, numbers)
            mark = str(item.facts["external_id"])
            yield _Document(
                item,
                order,
                refund,
                is_own=bool(order or refund) or mark.startswith(mark_prefix(run.account.slug)),
                is_anothers=item.netsuite_id in theirs
                or mark.startswith(their_marks)
                or links.is_anothers(item, run),
            )


def _collected(session: Session, run: Run, side: str) -> Iterator[list[RunItem]]:
    after = 0
    while items := runs.items(session, run.id, after=after, limit=_AT_ONCE):
        after = items[-1].id
        yield [item for item in items if item.identity.startswith(side)]
        session.expunge_all()


def _refunds(session: Session, run: Run, *which: ColumnElement[bool]) -> Sequence[Refund]:
    return session.scalars(
        select(Refund).where(Refund.account_id == run.account_id, *which).order_by(Refund.id)
    ).all()


def _there(run: Run, item: RunItem, refund: Refund | None) -> There:
    counterpart = ""
    if refund is not None:
        counterpart = refund.source_refund_id if refund.origin == "netsuite" else refund.target_id
    return There(
        refund_id=item.storefront_refund_id,
        order_id=item.order_id,
        order_name=item.order_name,
        at=item.occurred_at or run.since,
        amount=Money.from_minor(item.storefront_minor or 0, item.currency, item.currency_exponent),
        key=key_of(run.account.slug, item.storefront_refund_id),
        mark=str(item.facts["mark"]),
        counterpart=counterpart,
        ledger_id=refund.id if refund else None,
    )


def _here(run: Run, item: RunItem, order: tuple[str, str], refund: Refund | None) -> Here:
    return Here(
        record_type=item.netsuite_type,
        record_id=item.netsuite_id,
        number=item.netsuite_number,
        external_id=str(item.facts["external_id"]),
        order_id=order[0],
        order_name=order[1],
        at=_moment(refund) or item.occurred_at or run.since,
        amount=Money.from_minor(item.netsuite_minor or 0, item.netsuite_currency, item.netsuite_exponent),
        billed_type=str(item.facts["billed_type"]),
        key=refund.key if refund else "",
        ledger_id=refund.id if refund else None,
    )


def _moment(refund: Refund | None) -> datetime | None:
    """Return when a refund was made in the storefront, as far as the ledger knows."""
    if refund is None:
        return None
    return refund.posted_at if refund.origin == "netsuite" else refund.occurred_at


def _is_of_period(refund: Refund | None, run: Run) -> bool:
    moment = _moment(refund)
    return moment is None or run.since <= moment < run.until


@dataclass(frozen=True, slots=True)
class _Links:
    """The order links that records may belong to.

    Attributes:
        of_record: Those of every account of the books, by the NetSuite record that the order is linked to.
        of_number: The account's own, by the order's number.
    """

    of_record: dict[str, OrderLink]
    of_number: dict[str, OrderLink]

    @classmethod
    def of(cls, session: Session, run: Run, items: Sequence[RunItem], *, by_id: bool) -> "_Links":
        column = OrderLink.storefront_order_id if by_id else OrderLink.storefront_order_name
        numbers = {number for item in items for number in item.facts["numbers"]}
        ids = {record_id for item in items for record_id in item.facts["made_from"]}
        own = and_(OrderLink.account_id == run.account_id, column.in_(numbers))
        query = (
            select(OrderLink)
            .join(Account, Account.id == OrderLink.account_id)
            .where(Account.netsuite_account_id == run.account.netsuite_account_id)
            .where(or_(own, OrderLink.netsuite_order_id.in_(ids)))
            .order_by(OrderLink.id.desc())
        )
        found = session.scalars(query).all()
        mine = [link for link in found if link.account_id == run.account_id]
        return cls(
            {link.netsuite_order_id: link for link in found if link.netsuite_order_id},
            {link.storefront_order_id if by_id else link.storefront_order_name: link for link in mine},
        )

    def is_anothers(self, item: RunItem, run: Run) -> bool:
        """Tell whether a record is of an order that is known to be another account's."""
        links = (self.of_record.get(each) for each in item.facts["made_from"])
        return any(link is not None and link.account_id != run.account_id for link in links)


def _order(item: RunItem, run: Run, links: _Links, numbers: dict[str, There]) -> tuple[str, str] | None:
    """Return the id and name of the account's order that a record belongs to, or None."""
    linked = next((link for each in item.facts["made_from"] if (link := links.of_record.get(each))), None)
    if linked is not None and linked.account_id != run.account_id:
        return None
    for number in item.facts["numbers"]:
        linked = linked or links.of_number.get(number)
        if linked is None and number in numbers:
            return numbers[number].order_id, numbers[number].order_name
    return (linked.storefront_order_id, linked.storefront_order_name) if linked else None
