"""A Shopify refund in our own words: its payments, its parts, and how the two agree."""

from collections.abc import Iterator, Sequence
from typing import Final

from ledger.events import MoneyState, Part, Payment, RefundSeen
from ledger.keys import mark_in, mark_prefix
from ledger.money import Money, total
from webhooks.sources.protocol import NotOfSchemaError
from webhooks.sources.shopify_parts import RESTOCKED, Basis, parts_of
from webhooks.sources.shopify_shapes import Bag, Refund, RefundLineItem, Transaction

_MODES: Final = ("shop", "presentment")

# https://shopify.dev/docs/api/admin-graphql/latest/enums/OrderTransactionStatus
_MONEY: Final = {
    "success": MoneyState.MOVED,
    "pending": MoneyState.PENDING,
    "awaiting_response": MoneyState.PENDING,
    "unknown": MoneyState.PENDING,
    "failure": MoneyState.FAILED,
    "error": MoneyState.FAILED,
}
_LIVE: Final = frozenset({MoneyState.MOVED, MoneyState.PENDING})


# The documented one first. The payload does not say which one it is, but the money that moved does.
_BASES: Final = tuple(
    Basis(tax_included=tax_included, adjusted=adjusted)
    for tax_included in (False, True)
    for adjusted in (True, False)
)


def refund_seen(
    refund: Refund,
    *,
    order_id: str,
    slug: str,
    mode: str,
    currencies: tuple[str, str] = ("", ""),
    first_hand: bool,
) -> RefundSeen:
    """Return a refund in our own words.

    Args:
        refund: The payload.
        order_id: The order's id.
        slug: The account's name, which our own marks carry.
        mode: `shop` or `presentment`: the currency the account keeps its books in.
        currencies: The order's shop and presentment currency where known, for a refund that states no value.
        first_hand: Whether the refund's own creation told us of it, not its order.

    Raises:
        NotOfSchemaError: If it names no currency, or a status that does not exist.
        ledger.money.MoneyError: If its amounts and currencies contradict each other.
    """
    known = _currencies(refund, dict(zip(_MODES, currencies, strict=True)))
    payments = _payments(refund, known[mode], known["shop"])
    return RefundSeen(
        origin="shopify",
        refund_id=refund.id,
        order_id=order_id,
        order_name="",
        # Not `processed_at`, which whoever imports a refund may set to any time before it was there.
        occurred_at=refund.created_at,
        currency=known[mode],
        parts=_parts(refund, mode, known),
        payments=payments,
        mark=mark_in(refund.note, mark_prefix(slug)),
        source_location_id=_location(refund.refund_line_items),
        first_hand=first_hand,
    )


def money_state(status: str) -> MoneyState:
    """Return what a transaction's status says of the money.

    Raises:
        NotOfSchemaError: If there is no such status.
    """
    try:
        return _MONEY[status.lower()]
    except KeyError:
        raise NotOfSchemaError(f"a transaction has the unknown status {status[:40]!r}") from None


def _location(items: Sequence[RefundLineItem]) -> str:
    """Return where the goods come back, empty if nowhere or to several places."""
    places = {item.location_id for item in items if item.restock_type in RESTOCKED}
    return places.pop() if len(places) == 1 else ""


def _currencies(refund: Refund, known: dict[str, str]) -> dict[str, str]:
    """Return the refund's currency for each mode."""
    bag = next(_bags(refund), None)
    stated = next((transaction.currency for transaction in refund.transactions if transaction.currency), "")
    found = {mode: bag.side(mode).currency_code if bag else known[mode] or stated for mode in _MODES}
    if not all(found.values()):
        raise NotOfSchemaError("the refund names no currency")
    return found


def _bags(refund: Refund) -> Iterator[Bag]:
    yield from (item.subtotal_set for item in refund.refund_line_items)
    yield from (line.subtotal_amount_set for line in refund.refund_shipping_lines)
    yield from (adjustment.amount_set for adjustment in refund.order_adjustments)
    yield from (bag for bag in (refund.total_duties_set, refund.total_additional_fees_set) if bag)


def _payments(refund: Refund, wanted: str, shop_currency: str) -> tuple[Payment, ...]:
    return tuple(
        Payment(transaction.id, money_state(transaction.status), _amount(transaction, wanted, shop_currency))
        for transaction in refund.transactions
        if transaction.kind == "refund"
    )


def _amount(transaction: Transaction, wanted: str, shop_currency: str) -> Money | None:
    """Return a transaction's amount if it is in the wanted currency; without one it is in the shop's."""
    currency = transaction.currency or shop_currency
    return Money(transaction.amount, currency) if currency == wanted else None


def _parts(refund: Refund, mode: str, currencies: dict[str, str]) -> tuple[Part, ...]:
    """Return the parts under the understanding that fits the money, the documented one if none does.

    Assumed, since no documentation says how a refund of a shop with tax in its prices states its lines.
    Looked at in the currency in which the money is stated, which may not be the account's.
    """
    for stated in (mode, *(other for other in _MODES if other != mode)):
        currency = currencies[stated]
        live = [p.amount for p in _payments(refund, currency, currencies["shop"]) if p.state in _LIVE]
        amounts = [amount for amount in live if amount is not None]
        if not amounts or len(amounts) < len(live):
            continue
        money = total(amounts, currency)
        for basis in _BASES:
            parts = parts_of(refund, stated, currency, basis)
            if total([part.gross for part in parts], currency) == money:
                return parts if stated == mode else parts_of(refund, mode, currencies[mode], basis)
        break
    return parts_of(refund, mode, currencies[mode], _BASES[0])
