"""From a refund as Shopify's GraphQL shows it to the event the ledger takes over. Pure.

The parts and signs are those of the `refunds/create` webhook, so that a refund read here and one told there
are the same. Shapes: https://shopify.dev/docs/api/admin-graphql/2026-10/objects/Refund
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from ledger.events import MoneyState, Part, PartKind, Payment, RefundSeen
from ledger.keys import mark_in
from ledger.money import Money, total
from workers.platforms.errors import PlatformError
from workers.platforms.shopify_ids import number_of
from workers.platforms.shopify_reading import Node, money

SIDES: Final = {"shop": "shopMoney", "presentment": "presentmentMoney"}
"""The side of a `MoneyBag` for each of an account's currency modes."""

_PAID: Final = SIDES["presentment"]
_RESTOCKED: Final = frozenset({"RETURN", "CANCEL", "LEGACY_RESTOCK"})
_MONEY: Final = {
    "SUCCESS": MoneyState.MOVED,
    "PENDING": MoneyState.PENDING,
    "AWAITING_RESPONSE": MoneyState.PENDING,
    "UNKNOWN": MoneyState.PENDING,
    "FAILURE": MoneyState.FAILED,
    "ERROR": MoneyState.FAILED,
}
_LIVE: Final = frozenset({MoneyState.MOVED, MoneyState.PENDING})


def refund_seen(
    refund: Node,
    lines: Iterable[Node],
    *,
    order_id: str,
    currency_mode: str,
    currency: str,
    mark_prefix: str,
) -> RefundSeen:
    """Return a refund as an event.

    Args:
        refund: What the query `Refund` answers.
        lines: Its refunded lines, of all pages.
        order_id: Number of its order.
        currency_mode: `shop` or `presentment`: whose currency the account keeps its books in.
        currency: That currency.
        mark_prefix: How our own keys begin, such as `rs-myshop-`.

    Raises:
        PlatformError: `REFUSED` if it has more parts than were read.
    """
    for name in ("refundShippingLines", "orderAdjustments", "transactions"):
        if refund[name]["pageInfo"]["hasNextPage"]:
            raise PlatformError(
                "REFUSED", f"refund {number_of(refund['id'])} has more {name} than can be read"
            )
    kept = list(lines)
    payments = tuple(
        _payment(each, currency) for each in refund["transactions"]["nodes"] if each["kind"] == "REFUND"
    )
    return RefundSeen(
        origin="shopify",
        refund_id=number_of(refund["id"]),
        order_id=order_id,
        order_name="",
        occurred_at=moment(refund["createdAt"] or refund["processedAt"]),
        currency=currency,
        parts=_parts(refund, kept, SIDES[currency_mode], currency),
        payments=payments,
        mark=mark_in(refund["note"] or "", mark_prefix),
        source_location_id=_location(kept),
        first_hand=False,
    )


def _parts(refund: Node, lines: list[Node], side: str, currency: str) -> tuple[Part, ...]:
    """Return the parts, on the understanding of the amounts on which they add up to the money that moved.

    Assumed, since no documentation says how a shop with tax in its prices states its refunds: net amounts may
    hold their tax. And an adjustment either changes what the customer gets, or books what is pending. The
    documented understanding comes first and stands where none fits. Payments are made in the presentment
    currency, so it is looked at there.
    """
    live = [
        money(each["amountSet"][_PAID])
        for each in refund["transactions"]["nodes"]
        if each["kind"] == "REFUND" and _MONEY.get(each["status"], MoneyState.PENDING) in _LIVE
    ]
    fits = 0
    if live:
        moved = total(live, live[0].currency)
        paid = _understandings(refund, lines, _PAID, moved.currency)
        sums = [total([part.gross for part in parts], moved.currency) for parts in paid]
        fits = sums.index(moved) if moved in sums else 0
    return _understandings(refund, lines, side, currency)[fits]


def _understandings(refund: Node, lines: list[Node], side: str, currency: str) -> list[tuple[Part, ...]]:
    """Return the parts as each possible understanding of the amounts has them, the documented one first."""
    priced = [*(_item(each, side) for each in lines), *_shipping(refund, side)]
    net_of_tax = [replace(part, net=part.net - part.tax) if part.net else part for part in priced]
    duties = _sum((each["amountSet"] for each in refund["duties"] or ()), side, currency)
    rest = [*_charged(PartKind.DUTY, "Duties", duties)]
    adjusted = [*rest, *_adjustments(refund, side, currency)]
    return [(*items, *others) for items in (priced, net_of_tax) for others in (adjusted, rest)]


def _item(line: Node, side: str) -> Part:
    net, tax = money(line["subtotalSet"][side]), money(line["totalTaxSet"][side])
    item = line["lineItem"]
    kind = PartKind.GIFT_CARD if item["isGiftCard"] else PartKind.ITEM
    return Part(
        kind=PartKind.TAX if tax and not net else kind,
        net=net,
        tax=tax,
        sku=item["sku"] or "",
        title=item["title"],
        quantity=Decimal(line["quantity"]),
        restock=line["restockType"] in _RESTOCKED,
        source_line_id=number_of(item["id"]),
    )


def _shipping(refund: Node, side: str) -> Iterable[Part]:
    for each in refund["refundShippingLines"]["nodes"]:
        net, tax = money(each["subtotalAmountSet"][side]), money(each["taxAmountSet"][side])
        yield from _charged(PartKind.SHIPPING, each["shippingLine"]["title"] or "Shipping", net, tax)


def _adjustments(refund: Node, side: str, currency: str) -> list[Part]:
    """Return the discrepancies as one part, since Shopify books some as pairs that cancel each other.

    An adjustment is what the customer was *not* given, so its sign is turned.
    """
    nodes = refund["orderAdjustments"]["nodes"]
    net = _sum((each["amountSet"] for each in nodes), side, currency)
    tax = _sum((each["taxAmountSet"] for each in nodes), side, currency)
    return list(_charged(PartKind.ADJUSTMENT, "Refund discrepancy", -net, -tax))


def _charged(kind: PartKind, title: str, net: Money, tax: Money | None = None) -> Iterable[Part]:
    tax = Money.zero(net.currency) if tax is None else tax
    if net or tax:
        yield Part(kind, net, tax, title=title)


def _sum(bags: Iterable[Node], side: str, currency: str) -> Money:
    return total([money(bag[side]) for bag in bags], currency)


def _payment(transaction: Node, currency: str) -> Payment:
    """Return a payment; as in the webhook, its amount only where it was made in the wanted currency."""
    amount = money(transaction["amountSet"][_PAID])
    state = _MONEY.get(transaction["status"], MoneyState.PENDING)
    return Payment(number_of(transaction["id"]), state, amount if amount.currency == currency else None)


def moment(text: str) -> datetime:
    """Return a time of Shopify's in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def _location(lines: Iterable[Node]) -> str:
    """Return where the goods come back, empty if nowhere or to several places."""
    places = {
        number_of(each["location"]["id"]) if each["location"] else ""
        for each in lines
        if each["restockType"] in _RESTOCKED
    }
    return places.pop() if len(places) == 1 else ""
