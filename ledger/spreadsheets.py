"""Tables that people open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable
from typing import Final

from ledger.models import RunItem
from ledger.run_views import item_view

# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - meant

RUN_HEADER: Final = (
    *("finding", "order", "occurred_at", "storefront_refund_id", "storefront_currency", "storefront_amount"),
    *("netsuite_type", "netsuite_id", "netsuite_number", "netsuite_currency", "netsuite_amount"),
    *("refund", "note"),
)
"""The columns of what a run found."""

_AMOUNTS: Final = frozenset({"storefront_amount", "netsuite_amount"})


def harmless(cell: object) -> str:
    """Return a cell that no spreadsheet takes for a formula: an order's name is written by anybody."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_FORMULAS) else text


def written(rows: Iterable[Iterable[str]]) -> str:
    """Return rows as lines of a table whose cells are separated by commas."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()


def run_row(item: RunItem) -> list[str]:
    """Return one refund that a run found, in the columns of `RUN_HEADER`; amounts in major units."""
    cells = item_view(item)
    for side in ("storefront", "netsuite"):
        amount = cells[f"{side}_amount"] or {"amount": "", "currency": ""}
        cells |= {f"{side}_amount": amount["amount"], f"{side}_currency": amount["currency"]}
    # Amounts are ours and may be negative; no spreadsheet takes those for formulas.
    return [cells[name] if name in _AMOUNTS else harmless(cells[name]) for name in RUN_HEADER]
