"""Transactions with all that belongs to them, for people who look at a few of them closely."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from ledger.models import AuditEntry, Refund


def refunds(session: Session, ids: Sequence[int]) -> list[Refund]:
    """Return those of some refunds that there are, in order, with accounts, order links and lines."""
    query = (
        select(Refund)
        .where(Refund.id.in_(ids))
        .options(joinedload(Refund.account), joinedload(Refund.order_link), selectinload(Refund.lines))
        .execution_options(populate_existing=True)
    )
    found = {refund.id: refund for refund in session.scalars(query)}
    return [found[number] for number in ids if number in found]


def histories(session: Session, ids: Sequence[int]) -> Mapping[int, Sequence[AuditEntry]]:
    """Return what happened to each of some refunds, oldest first."""
    query = select(AuditEntry).where(AuditEntry.subject == "refund", AuditEntry.subject_id.in_(ids))
    found: dict[int, list[AuditEntry]] = {number: [] for number in ids}
    for entry in session.scalars(query.order_by(AuditEntry.id)):
        found[entry.subject_id].append(entry)
    return found


def of_order(session: Session, refund: Refund, *, limit: int) -> Sequence[Refund]:
    """Return the newest other refunds of a refund's order."""
    if refund.order_link_id is None:
        return []
    query = select(Refund).where(Refund.order_link_id == refund.order_link_id, Refund.id != refund.id)
    query = query.options(joinedload(Refund.account)).order_by(Refund.id.desc()).limit(limit)
    return session.scalars(query).all()
