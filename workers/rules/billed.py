"""Which billed record a refund can be made against, and what was made from it before. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ledger.events import Part, PartKind
from ledger.money import Money, total
from workers.rules.facts import Document, NetSuiteOrder
from workers.rules.netsuite_lines import normal


@dataclass(frozen=True, slots=True)
class Candidate:
    """A billed record that is not voided.

    Attributes:
        refunds: Refunds that took from it, or may have: one that names none of the order's billed records
            counts against each of them.
        returns: Return authorizations of its goods, told apart in the same way.
        held_elsewhere: SKUs that other billed records of the order have and this one has not.
    """

    record: Document
    refunds: tuple[Document, ...]
    returns: tuple[Document, ...]
    held_elsewhere: frozenset[str]

    @property
    def left(self) -> Money:
        """Return what of its total is not refunded yet; all of it must be in one currency."""
        return self.record.total - total([each.total for each in self.refunds], self.record.total.currency)

    def lacks(self, parts: Iterable[Part]) -> bool:
        """Return whether goods among the parts were billed on another record."""
        return any(
            part.kind is PartKind.ITEM and normal(part.sku) in self.held_elsewhere and part.quantity > 0
            for part in parts
        )


def candidates(order: NetSuiteOrder) -> tuple[Candidate, ...]:
    """Return the billed records of an order that can be refunded, with what was made from each."""
    billed = [each for each in order.billed if not each.voided]
    live = [each for each in order.refunds if not each.voided]
    sources = {each.id: {each.id} | _ids(_made_from({each.id}, order.returns)) for each in billed}
    every_source = {source for some in sources.values() for source in some}
    skus = _skus(billed)
    return tuple(
        Candidate(
            record,
            refunds=_taken(live, own=sources[record.id], known=every_source),
            returns=_taken(order.returns, own={record.id}, known=_ids(billed)),
            held_elsewhere=frozenset(skus - _skus([record])),
        )
        for record in billed
    )


def of_linked(order: NetSuiteOrder, linked_id: str) -> NetSuiteOrder:
    """Keep to the linked sales order where several carry the storefront order's number.

    Args:
        order: What NetSuite has under the number.
        linked_id: The sales order that the order link names; empty if it names none.

    Returns:
        The order as it was, unless one of its sales orders is the linked one.
    """
    linked = tuple(each for each in order.orders if each.id == linked_id)
    if not linked:
        return order
    gone = _ids(order.orders) - {linked_id}
    gone |= _ids(_made_from(gone, order.billed))
    gone |= _ids(_made_from(gone, order.returns))
    gone |= _ids(_made_from(gone, order.refunds))
    return replace(
        order,
        orders=linked,
        billed=tuple(each for each in order.billed if each.id not in gone),
        refunds=tuple(each for each in order.refunds if each.id not in gone),
        returns=tuple(each for each in order.returns if each.id not in gone),
    )


def _taken(documents: Iterable[Document], *, own: set[str], known: set[str]) -> tuple[Document, ...]:
    """Return the documents made from a record's own sources, and those made from none that is known."""
    return tuple(each for each in documents if each.created_from & own or not each.created_from & known)


def _made_from(sources: set[str], documents: Iterable[Document]) -> list[Document]:
    return [each for each in documents if each.created_from & sources]


def _ids(documents: Iterable[Document]) -> set[str]:
    return {each.id for each in documents}


def _skus(documents: Iterable[Document]) -> set[str]:
    return {normal(line.sku) for each in documents for line in each.lines if line.sku.strip()}
