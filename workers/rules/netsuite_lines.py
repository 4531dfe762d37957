"""From the parts of a storefront refund to the lines of a NetSuite record.

Items are matched to the billed record's lines by SKU and quantity; everything else goes to the account's
generic items. The lines always add up to the refund's amount, NetSuite's own tax included.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ledger.events import Part, PartKind
from ledger.money import Money, total
from ledger.policy import Policy
from workers.rules.facts import Document, DocumentLine
from workers.rules.views import TargetLine


class PlanError(Exception):
    """Raised when a refund cannot be put into lines.

    Attributes:
        reason: `MAPPING_MISSING`, `ITEM_NOT_FOUND` or `OVER_REFUND`.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(slots=True)
class _Left:
    """A source line and what of it is not refunded yet."""

    line: DocumentLine
    quantity: Decimal


def plan_lines(
    parts: Sequence[Part], source: Document, earlier: Sequence[Document], policy: Policy
) -> tuple[TargetLine, ...]:
    """Return the lines that carry the parts against a source record.

    Args:
        parts: The refund's parts, balanced: they add up to its amount.
        source: The billed record, or the return authorization that is refunded from.
        earlier: Refunds made from it before; what they took is not there any more.
        policy: The account's rules.

    Raises:
        PlanError: If an item is not on the record, is refunded already, or a generic item is not configured.
    """
    left = _left(source, earlier)
    tax_by_netsuite = policy.tax_mode == "netsuite" or (policy.tax_mode == "auto" and bool(source.tax))
    lines: list[TargetLine] = []
    taxes: list[tuple[int, Money]] = []
    for position, part in enumerate(parts):
        matched = _match(part, left) if part.kind is PartKind.ITEM else []
        if matched:
            lines += _split(part, position, matched)
        elif part.net:
            lines.append(_generic(part, position, policy))
        # NetSuite computes tax only on lines that come from the source; elsewhere it is said outright.
        if part.tax and not (matched and tax_by_netsuite):
            taxes.append((position, part.tax))
    return (*lines, *_tax_line(taxes, policy))


def _left(source: Document, earlier: Sequence[Document]) -> dict[str, list[_Left]]:
    taken: dict[str, Decimal] = defaultdict(Decimal)
    for document in earlier:
        for line in document.lines:
            taken[line.item_id] += line.quantity
    left: dict[str, list[_Left]] = defaultdict(list)
    for line in source.lines:
        used = min(line.quantity, taken[line.item_id])
        taken[line.item_id] -= used
        left[normal(line.sku)].append(_Left(line, line.quantity - used))
    return left


def normal(sku: str) -> str:
    """Return a SKU as it is compared: without surrounding space and case, which systems change silently."""
    return sku.strip().casefold()


def _match(part: Part, left: dict[str, list[_Left]]) -> list[tuple[DocumentLine, Decimal]]:
    """Take the part's quantity from the source's lines of its SKU; an empty list if there is none of it."""
    candidates = left.get(normal(part.sku), []) if part.sku.strip() else []
    if not candidates:
        return []
    wanted = part.quantity
    matched: list[tuple[DocumentLine, Decimal]] = []
    for candidate in candidates:
        taken = min(wanted, candidate.quantity)
        if taken > 0:
            candidate.quantity -= taken
            wanted -= taken
            matched.append((candidate.line, taken))
    if wanted > 0:
        raise PlanError("OVER_REFUND", f"{wanted} more of {part.sku} than are left to refund")
    return matched


def _split(part: Part, position: int, matched: list[tuple[DocumentLine, Decimal]]) -> list[TargetLine]:
    """Spread the part's amount over the lines it is taken from, by quantity, to the last minor unit."""
    lines: list[TargetLine] = []
    rest = part.net
    quantity = part.quantity
    for line, taken in matched:
        share = Money.rounded(rest.amount * taken / quantity, rest.currency)
        lines.append(TargetLine(line.line, line.item_id, _plain(taken), share, part.sku, (position,)))
        rest, quantity = rest - share, quantity - taken
    return lines


def _generic(part: Part, position: int, policy: Policy) -> TargetLine:
    """Return the line of a part that is no item of the record, on the account's generic item for it."""
    label = part.title or part.sku or part.kind.value
    if part.kind is PartKind.ITEM:
        if not policy.item_unmatched:
            raise PlanError("ITEM_NOT_FOUND", f"SKU {part.sku!r} ({part.title}) is not on the billed record")
        return TargetLine(None, policy.item_unmatched, "1", part.net, label, (position,))
    name = policy.generic_item(part.kind, negative=part.net.amount < 0)
    within = abs(part.net.minor) <= policy.rounding_tolerance_minor
    if part.kind is PartKind.DIFFERENCE and within:
        name = "item_rounding"
    return TargetLine(None, _item(name, policy), "1", part.net, label, (position,))


def _tax_line(taxes: list[tuple[int, Money]], policy: Policy) -> tuple[TargetLine, ...]:
    if not taxes:
        return ()
    amount = total([tax for _, tax in taxes], taxes[0][1].currency)
    positions = tuple(position for position, _ in taxes)
    return (TargetLine(None, _item("item_tax", policy), "1", amount, "Tax", positions),)


def _item(name: str, policy: Policy) -> str:
    item_id: str = getattr(policy, name)
    if not item_id:
        raise PlanError("MAPPING_MISSING", f"the account's setting {name} is empty")
    return item_id


def _plain(quantity: Decimal) -> str:
    return format(quantity.normalize(), "f")
