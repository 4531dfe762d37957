"""From Magento's answers to facts about an order. Pure.

Amounts stand in every document twice, in the order's currency and, as `base_…`, in the shop's. Magento takes
the amounts of a refund in the base currency, and its gateway gives back in it, so that it is the one refunds
are made in. https://developer.adobe.com/commerce/webapi/rest/
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from ledger.events import MoneyState
from ledger.money import Money
from workers.rules.facts import StorefrontLine, StorefrontOrder, StorefrontRefund

Node = Mapping[str, Any]
"""An object of an answer."""

CANCELED: Final = "3"
"""The state of a credit memo that counts no more."""

_MONEY: Final = {"1": MoneyState.PENDING, "2": MoneyState.MOVED, CANCELED: MoneyState.FAILED}
_PLACES: Final = Decimal("0.0001")  # what Magento's columns hold; a float may say more
_LARGEST: Final = Decimal(10) ** 14
_BUNDLE: Final = "bundle"


def number(node: Node, name: str) -> Decimal:
    """Return an amount or a quantity, nothing where it is not told; Magento leaves away what is null.

    Raises:
        TypeError: If it is no number.
        ArithmeticError: If it is a text that is none.
        ValueError: If it is larger than any amount.
    """
    value = node.get(name)
    if value is None:
        return Decimal(0)
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise TypeError(f"{name} is no number")
    read = Decimal(value)
    if not abs(read) < _LARGEST:
        raise ValueError(f"{name} is larger than any amount")
    return read.quantize(_PLACES)


def money(node: Node, name: str, currency: str) -> Money:
    """Return an amount, rounded to its currency where Magento has more digits."""
    return Money.rounded(number(node, name), currency)


def whole(value: Any) -> int:  # noqa: ANN401 - JSON may be anything
    """Return a whole number, which some installations write as a text.

    Raises:
        ValueError: If it is none.
    """
    if isinstance(value, bool) or not (
        isinstance(value, int) or (isinstance(value, str) and value.isdigit())
    ):
        raise ValueError(f"{value!r} is no whole number")
    return int(value)


def id_of(node: Node, name: str) -> str:
    """Return an id, empty where it is not told."""
    value = node.get(name)
    return "" if value is None else str(whole(value))


def text_of(value: Any) -> str:  # noqa: ANN401 - JSON may be anything
    """Return a text, empty where there is none."""
    return "" if value is None else str(value)


def moment(text: str) -> datetime:
    """Return a time of Magento's, which is in UTC and does not say so."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


def money_state(memo: Node) -> MoneyState:
    """Return what a credit memo says of its money; one without a known state has not ended."""
    return _MONEY.get(text_of(memo.get("state")), MoneyState.PENDING)


def note_of(memo: Node) -> str:
    """Return what is written on a credit memo, all of its comments."""
    return "\n".join(text_of(each.get("comment")) for each in memo.get("comments") or ())


def charged(order: Node) -> list[Node]:
    r"""Return the lines that carry money.

    Of a product with parts it is either its own line, or those of its parts: that of a configurable product
    and not that of the variant, and those of the contents of a bundle whose price they make. The others
    follow by themselves (`Magento\\Sales\\Model\\Order\\Item::isDummy`).
    """
    lines = list(order["items"])
    parts: dict[str, list[Node]] = {}
    for line in lines:
        parts.setdefault(id_of(line, "parent_item_id"), []).append(line)
    by_parts = {id_of(line, "item_id") for line in lines if _is_made_of(line, parts)}
    return [
        line
        for line in lines
        if id_of(line, "item_id") not in by_parts
        and (not id_of(line, "parent_item_id") or id_of(line, "parent_item_id") in by_parts)
    ]


def _is_made_of(line: Node, parts: Mapping[str, list[Node]]) -> bool:
    """Tell whether the price of a line is that of its parts."""
    own = parts.get(id_of(line, "item_id"), [])
    return line.get("product_type") == _BUNDLE and any(number(each, "base_row_invoiced") for each in own)


def refundable(line: Node) -> Decimal:
    """Return how much of a line was invoiced and is not refunded."""
    return max(number(line, "qty_invoiced") - number(line, "qty_refunded"), Decimal(0))


def order_from(order: Node, memos: Iterable[Node]) -> StorefrontOrder:
    """Return an order.

    Args:
        order: As it was found.
        memos: Its credit memos, with their comments.
    """
    base = order["base_currency_code"]
    rate = Decimal(text_of(order.get("base_to_order_rate")) or 1)
    return StorefrontOrder(
        id=id_of(order, "entity_id"),
        name=order["increment_id"],
        currency=base,
        shop_currency=order["order_currency_code"],
        shop_rate=1 / rate if rate > 0 else Decimal(1),
        cancelled=order.get("state") == "canceled",
        paid=money(order, "base_total_paid", base) - money(order, "base_total_refunded", base),
        lines=tuple(_line(each) for each in charged(order)),
        refunds=tuple(storefront_refund(each) for each in memos),
        total=money(order, "base_grand_total", base),
        placed_at=moment(order["created_at"]) if order.get("created_at") else None,
    )


def storefront_refund(memo: Node) -> StorefrontRefund:
    """Return a credit memo as a refund that the storefront has."""
    state = money_state(memo)
    is_canceled = state is MoneyState.FAILED
    return StorefrontRefund(
        id=id_of(memo, "entity_id"),
        note=note_of(memo),
        amount=money(memo, "base_grand_total", memo["base_currency_code"]),
        money=state,
        problem="PAYMENT_FAILED" if is_canceled else "",
        detail="the credit memo was canceled" if is_canceled else "",
        made_at=moment(memo["created_at"]),
    )


def _line(line: Node) -> StorefrontLine:
    return StorefrontLine(
        id=id_of(line, "item_id"),
        sku=text_of(line.get("sku")),
        title=text_of(line.get("name")),
        quantity=int(number(line, "qty_ordered")),
        refundable=int(refundable(line)),
    )
