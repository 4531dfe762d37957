"""Hypothesis strategies for what NetSuite has of an order, and for refunds of it."""

from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from typing import Final

from hypothesis import strategies as st

from ledger.events import MoneyState, Part, PartKind
from ledger.models.accounts import Direction
from ledger.money import Money
from ledger.platforms import Platform
from tests.support.ledger import NOW, make_payment, make_seen
from tests.support.rule_strategies import (
    CURRENCIES,
    GENERIC,
    ITEMS,
    ORDERS,
    any_currency,
    any_of,
    complete,
    parts_in,
    policies,
    seldom,
    small_amounts,
)
from tests.support.rules import KEY
from workers.rules.facts import Document, DocumentLine, NetSuiteOrder
from workers.rules.netsuite_lines import normal
from workers.rules.views import AccountView, RefundView

_SOLD: Final = st.integers(2, 16).map(lambda halves: Decimal(halves) / 2)
_FEW: Final = st.integers(1, 4).map(lambda halves: Decimal(halves) / 2)


_exists: Final = st.none() | st.none() | st.booleans()


@cache
def _some_of(*values: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(any_of(*values), max_size=2).map(tuple)


@cache
def _lines(currency: str, some: st.SearchStrategy[Decimal]) -> st.SearchStrategy[tuple[DocumentLine, ...]]:
    """Return item lines numbered 1, 2, … whose item follows from their SKU."""
    made = st.tuples(any_of(*ITEMS), some, small_amounts(currency, 0))
    return st.lists(made, max_size=3).map(
        lambda rows: tuple(
            DocumentLine(number, ITEMS[sku], sku, "InvtPart", quantity, amount)
            for number, (sku, quantity, amount) in enumerate(rows, 1)
        )
    )


_ANY_KEY: Final = any_of("", "", "", KEY, f"{KEY}-ra")
_BILLED: Final = ("1300", "1301", "1302")
_RETURNS: Final = ("1500", "1501", "1502")


@st.composite
def _document(
    draw: st.DrawFn,
    record_types: tuple[str, ...],
    record_id: str,
    sources: tuple[str, ...],
    currencies: st.SearchStrategy[str] = any_currency,
    keys: st.SearchStrategy[str] = _ANY_KEY,
) -> Document:
    """Return a transaction made from any of the sources or none; a sale is worth more than a refund."""
    currency = draw(currencies)
    sells = record_types[0] in {"cashsale", "salesorder"}
    return Document(
        id=record_id,
        record_type=draw(any_of(*record_types)),
        number="",
        external_id=draw(keys),
        status=draw(any_of(*"FDBEACGHV")),
        total=draw(small_amounts(currency, 2000 if sells else 0, 20000 if sells else 2000)),
        tax=draw(small_amounts(currency, 0, 1)),
        created_from=frozenset(draw(_some_of(*sources))),
        lines=draw(_lines(currency, _SOLD if sells else _FEW)),
        voided=draw(seldom),
    )


@st.composite
def netsuite_orders(
    draw: st.DrawFn,
    currencies: st.SearchStrategy[str] = any_currency,
    refund_keys: st.SearchStrategy[str] = _ANY_KEY,
    *,
    plain: bool = False,
) -> NetSuiteOrder:
    """Return what NetSuite may have of an order, consistent or not; plain: it is there and billed."""

    def some(
        record_types: tuple[str, ...], ids: tuple[str, ...], sources: tuple[str, ...], *, least: int = 0
    ) -> tuple[Document, ...]:
        keys = _ANY_KEY if record_types == ("returnauthorization",) else refund_keys
        return tuple(
            draw(_document(record_types, record_id, sources, currencies, keys))
            for record_id in ids[: draw(st.integers(least, len(ids)))]
        )

    return NetSuiteOrder(
        orders=some(("salesorder",), ORDERS[:1] if plain else ORDERS, ("0",)),
        billed=some(("cashsale", "invoice"), _BILLED, ORDERS, least=int(plain)),
        refunds=some(("cashrefund", "creditmemo"), ("1400", "1401"), (*ORDERS, *_BILLED, *_RETURNS)),
        returns=some(("returnauthorization",), _RETURNS[:2], (*ORDERS, *_BILLED)),
        linked_exists=draw(_exists),
    )


@dataclass(frozen=True, slots=True)
class Refundable:
    """A refund whose goods are all there to refund: its balanced parts, its bill, and refunds before it."""

    amount: Money
    parts: tuple[Part, ...]
    source: Document
    earlier: tuple[Document, ...]


@st.composite
def refundables(draw: st.DrawFn) -> Refundable:
    """Return refunds of goods that a billed record has left, and of anything else."""
    currency = draw(any_of(*CURRENCIES))
    source = draw(_document(("cashsale", "invoice"), "1300", ORDERS))
    earlier = tuple(
        draw(_document(("cashrefund",), record_id, (source.id,)))
        for record_id in ("1400", "1401")[: draw(st.integers(0, 2))]
    )
    left: dict[str, Decimal] = defaultdict(Decimal)
    for line in source.lines:
        left[normal(line.sku)] += line.quantity
    for document in earlier:
        for line in document.lines:
            left[normal(line.sku)] -= line.quantity
    on_source = {normal(line.sku) for line in source.lines}
    parts: list[Part] = []
    for part in draw(st.lists(parts_in(currency), max_size=5)):
        if part.kind is PartKind.ITEM and normal(part.sku) in on_source:
            if part.quantity > left[normal(part.sku)]:
                continue
            left[normal(part.sku)] -= part.quantity
        parts.append(part)
    moved = draw(small_amounts(currency, 1, 9000))
    seen = make_seen(
        currency=currency,
        parts=tuple(parts),
        payments=(make_payment(str(moved.amount), currency=currency),),
    )
    return Refundable(seen.amount, seen.balanced(), source, earlier)


@st.composite
def _return_of(draw: st.DrawFn, parts: tuple[Part, ...], billed: Document) -> Document:
    """Return a return authorization of exactly the refunded goods, some of them made by this service."""
    made = draw(_document(("returnauthorization",), _RETURNS[2], (billed.id,)))
    goods = [part for part in parts if part.kind is PartKind.ITEM and part.quantity]
    lines = tuple(
        DocumentLine(number, ITEMS.get(part.sku, "58"), part.sku, "InvtPart", part.quantity, part.net)
        for number, part in enumerate(goods, 1)
    )
    return replace(made, lines=lines)


@dataclass(frozen=True, slots=True)
class Scene:
    """A refund that a rule about records, lines or amounts decides, and often none: then it is planned."""

    refund: RefundView
    account: AccountView
    order: NetSuiteOrder


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Return ordinary refunds of an account where nothing else is in the way."""
    currency = draw(any_of(*CURRENCIES))
    order = draw(netsuite_orders(st.just(currency), st.just(""), plain=True))
    parts = draw(st.lists(parts_in(currency, least=0), min_size=1, max_size=3).map(tuple))
    if draw(st.booleans()):
        order = replace(order, returns=(*order.returns, draw(_return_of(parts, order.billed[0]))))
    seen = make_seen(currency=currency, parts=parts, payments=())
    policy = replace(
        draw(policies), review=False, **{name: getattr(complete("auto"), name) for name in GENERIC}
    )
    return Scene(
        RefundView(
            key=KEY,
            direction=Direction.TO_NETSUITE,
            amount=seen.amount,
            money=MoneyState.MOVED,
            parts=parts,
            occurred_at=NOW,
        ),
        AccountView("shop", Platform.SHOPIFY, Direction.TO_NETSUITE, sync_enabled=True, policy=policy),
        order,
    )
