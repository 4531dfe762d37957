"""One refund for a person to read: where it is, why, what can be done, and how it came there."""

from typing import Any, Final

from cli.output import Cell, show_heading, show_record, show_table
from ledger.reasons import reason
from ledger.views import View

_FACTS: Final = (
    *("id", "account", "direction", "source_channel", "source_refund_id", "transaction_type", "money_state"),
    *("key", "target_type", "target_id", "occurred_at", "received_at", "posted_at"),
    *("due_at", "waiting_for", "deadline_at", "tries", "trace_id"),
)
_LINES: Final = ("kind", "sku", "title", "quantity", "net", "tax", "mapped")
_ATTEMPTS: Final = ("started_at", "ended_at", "outcome", "reason", "detail")
_AUDIT: Final = ("at", "actor", "action", "from_state", "to_state", "reason", "note")
_DELIVERIES: Final = ("id", "source", "topic", "state", "reason", "received_at")
_CALLS: Final = ("at", "method", "url", "status", "ms", "request_id")


def show_refund(view: View, *, calls: bool) -> None:
    """Print a refund.

    Args:
        view: What `refund show --json` prints.
        calls: Whether requests and answers are shown, too.
    """
    known = reason(view["reason"])
    show_record(
        {
            "state": view["state"],
            "reason": f"{view['reason']}: {known.what}",
            "detail": view["detail"],
            "what to do": known.fix,
            "amount": _cell(view["amount"]),
            "order": _order(view),
            "in NetSuite": _in_netsuite(view["order_link"]),
            **{name.replace("_", " "): _cell(view[name]) for name in _FACTS},
        }
    )
    _section("Parts", view["lines"], _LINES)
    _section("Attempts", view["attempts"], _ATTEMPTS)
    if calls:
        for number, attempt in enumerate(view["attempts"], start=1):
            _section(f"Calls of attempt {number}", attempt["calls"], _CALLS)
            for call in attempt["calls"]:
                show_heading(f"{call['method']} {call['url']}")
                show_record({"request": str(call["request"]), "response": str(call["response"])})
    _section("Audit trail", view["audit"], _AUDIT)
    _section("Deliveries", view["deliveries"], _DELIVERIES)


def _section(title: str, rows: list[View], columns: tuple[str, ...]) -> None:
    show_heading(title)
    show_table(
        [name.replace("_", " ") for name in columns],
        [[_cell(row[name]) for name in columns] for row in rows],
        empty="none",
    )


def _cell(value: Any) -> Cell:  # noqa: ANN401 - whatever a view holds
    if isinstance(value, dict):
        return f"{value['amount']} {value['currency']}"
    return value if value is None or isinstance(value, int) else str(value)


def _order(view: View) -> str:
    link = view["order_link"]
    state = f", {link['storefront_state']}" if link else ""
    return f"{view['order']} (id {view['order_id'] or 'unknown'}{state})"


def _in_netsuite(link: View | None) -> str:
    if not link or not link["netsuite_id"]:
        return ""
    billed = f", billed by {link['billed_type']} {link['billed_id']}" if link["billed_id"] else ""
    return f"{link['netsuite_type']} {link['netsuite_id']}, {link['netsuite_state']}{billed}"
