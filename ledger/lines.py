"""The lines of a refund, as its source tells of its parts, and how each was carried across."""

from collections.abc import Mapping, Sequence

from sqlalchemy import case, select, update
from sqlalchemy.orm import Session

from ledger.events import RefundSeen
from ledger.models import Refund, RefundLine


def rewrite(session: Session, refund: Refund, seen: RefundSeen) -> None:
    """Write a refund's parts down, in place of those that were known before."""
    for old in session.scalars(select(RefundLine).where(RefundLine.refund_id == refund.id)):
        session.delete(old)
    session.flush()
    write(session, refund, seen)


def write(session: Session, refund: Refund, seen: RefundSeen) -> None:
    """Write down the parts of a refund that is new."""
    for position, part in enumerate(seen.balanced()):
        session.add(
            RefundLine(
                refund_id=refund.id,
                position=position,
                kind=part.kind.value,
                sku=part.sku[:255],
                title=part.title[:255],
                quantity=str(part.quantity),
                net_minor=part.net.minor,
                tax_minor=part.tax.minor,
                restock=part.restock,
                source_line_id=part.source_line_id,
                mapped="",
            )
        )


def of(session: Session, refund: Refund) -> Sequence[RefundLine]:
    """Return the lines of a refund, in their order."""
    query = select(RefundLine).where(RefundLine.refund_id == refund.id)
    return session.scalars(query.order_by(RefundLine.position)).all()


def map_all(session: Session, refund: Refund, words: Mapping[int, str]) -> None:
    """Write down how each line of a refund is carried across.

    Args:
        session: A writing transaction.
        refund: The refund.
        words: For the operator, by position; nothing carries a line that is not among them.
    """
    mapped = case(dict(words), value=RefundLine.position, else_="") if words else ""
    session.execute(
        update(RefundLine)
        .where(RefundLine.refund_id == refund.id)
        .values(mapped=mapped)
        .execution_options(synchronize_session=False)
    )
