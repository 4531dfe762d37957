"""What would be sent, as a worker said: a plan for NetSuite or for a storefront, as words and numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger.money import Money
from webhooks.portal.formats import record

_SAYS: Final[Mapping[str, str]] = {
    "write": "It would be written to the other side.",
    "link": "The other side has it already: it would be linked, and nothing written.",
    "wait": "It would wait, and nothing be written.",
    "hold": "It would be held for review, and nothing be written.",
    "ignore": "It would be ignored, and nothing be written.",
    "dispute": "It would become a discrepancy, and nothing be written.",
    "fail": "It would become an error, and nothing be written.",
}
_HEADS: Final[Mapping[str, str]] = {
    "source_type": "Made from",
    "source_id": "Its id",
    "target_type": "Record",
    "external_id": "External id",
    "memo": "Memo",
    "location_id": "Location",
    "refund_account": "Account",
    "order_id": "Order",
    "amount": "Amount",
    "shipping": "Shipping",
    "shipping_tax": "Tax on shipping",
    "method": "Given back by",
    "note": "Note",
    "notify": "Tell the customer",
    "platform_reason": "Reason given",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done.

    Attributes:
        says: In one sentence.
        code: Why, a code of `ledger.reasons`.
        head: What holds for the whole record, as names and values.
        columns: The names of the lines' values.
        lines: The lines.
    """

    says: str
    code: str
    detail: str
    is_written: bool
    head: Sequence[tuple[str, str]]
    columns: Sequence[str]
    lines: Sequence[Sequence[str]]


def of_result(result: Mapping[str, Any]) -> Plan | None:
    """Return the plan that a dry run's result holds; None if there is none yet."""
    if "action" not in result:
        return None
    sent: Mapping[str, Any] = result["plan"] or {}
    lines: Sequence[Mapping[str, Any]] = sent.get("lines", [])
    columns = list(
        dict.fromkeys(name for line in lines for name in line if name not in {"positions", "position"})
    )
    return Plan(
        says=_SAYS.get(result["action"], result["action"]),
        code=result["reason"],
        detail=result["detail"],
        is_written=result["action"] == "write",
        head=[(text, _words(sent[name])) for name, text in _HEADS.items() if sent.get(name)],
        columns=[name.replace("_", " ").capitalize() for name in columns],
        lines=[[_words(line.get(name)) for name in columns] for line in lines],
    )


def _words(value: object) -> str:
    if isinstance(value, Mapping):
        return str(Money.from_json({name: str(each) for name, each in value.items()}))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else record(str(value))
