"""Return authorizations: which one a refund is made from, and which one it still has to wait for. Pure.

Statuses (NetSuite REST API Browser, record `returnAuthorization`): A pending approval, B pending receipt,
C cancelled, D partially received, E pending refund and partially received, F pending refund, G refunded,
H closed.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from ledger.events import PartKind
from ledger.policy import Policy
from workers.rules.billed import Candidate
from workers.rules.facts import Document
from workers.rules.netsuite_lines import normal
from workers.rules.views import RefundView, TargetLine

_RECEIVED: Final = frozenset("DEF")
_PENDING_RECEIPT: Final = frozenset("B")
_OVER: Final = {"C": "was cancelled", "G": "was refunded", "H": "was closed"}


def key_of(refund: RefundView) -> str:
    """Return the stable key of the return authorization that this service makes for a refund."""
    return f"{refund.key}-ra"


def to_refund_from(refund: RefundView, billed: Candidate, policy: Policy) -> Document | None:
    """Return the open return authorization of exactly the refunded goods (rule 11); None if there is none."""
    if policy.returns == "off":
        return None
    statuses = _RECEIVED | (_PENDING_RECEIPT if policy.returns_before_receipt else frozenset[str]())
    items = [part for part in refund.parts if part.kind is PartKind.ITEM and part.quantity]
    wanted = _goods((part.sku, part.quantity) for part in items)
    used = {source for document in billed.refunds for source in document.created_from}
    for document in billed.returns:
        goods = _goods((line.sku, line.quantity) for line in document.lines)
        matches = document.external_id == key_of(refund) or (bool(wanted) and goods == wanted)
        if matches and document.status in statuses and document.id not in used:
            return document
    return None


def awaited(refund: RefundView, billed: Candidate, policy: Policy) -> Document | None:
    """Return the return authorization this service made for the refund, whatever became of it."""
    if policy.returns == "off":
        return None
    return next((each for each in billed.returns if each.external_id == key_of(refund)), None)


def over(document: Document, billed: Candidate) -> str:
    """Return why no refund will be made from a return authorization any more; empty while one may be.

    Args:
        document: The return authorization.
        billed: The billed record whose goods it has.
    """
    if document.status in _OVER:
        return _OVER[document.status]
    if any(document.id in refund.created_from for refund in billed.refunds):
        return "was used up by another refund"
    return ""


def goods_to_return(
    refund: RefundView, lines: Sequence[TargetLine], policy: Policy
) -> tuple[TargetLine, ...]:
    """Return the lines of the return authorization that is to be made before the refund, if one is.

    One is made only where every refunded item comes back: a refund is made from one record, and goods that
    the customer keeps are on no return authorization.
    """
    goods = tuple(line for line in lines if line.order_line is not None)
    come_back = all(part.restock for part in refund.parts if part.kind is PartKind.ITEM)
    return goods if policy.returns == "create" and come_back else ()


def _goods(lines: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    goods: dict[str, Decimal] = defaultdict(Decimal)
    for sku, quantity in lines:
        goods[normal(sku)] += quantity
    return dict(goods)
