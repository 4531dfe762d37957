"""The lines of a refund, as its source tells of its parts."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.events import RefundSeen
from ledger.models import Refund, RefundLine


def write(session: Session, refund: Refund, seen: RefundSeen) -> None:
    """Write a refund's parts down, in place of those that were known before."""
    for old in session.scalars(select(RefundLine).where(RefundLine.refund_id == refund.id)):
        session.delete(old)
    session.flush()
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
