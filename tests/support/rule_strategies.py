"""Hypothesis strategies for what the rules of both directions decide from."""

import operator
from collections.abc import Hashable
from decimal import Decimal
from functools import cache
from typing import Final, TypeVar

from hypothesis import strategies as st

from ledger import money
from ledger.events import MoneyState, Part, PartKind
from ledger.models import OrderState
from ledger.models.accounts import Direction
from ledger.money import Money
from ledger.platforms import Platform
from ledger.policy import Policy
from tests.support.ledger import NOW, make_payment, make_seen
from tests.support.rules import KEY
from workers.rules.facts import StorefrontLine, StorefrontOrder, StorefrontRefund
from workers.rules.views import AccountView, LinkView, RefundView

HashableT = TypeVar("HashableT", bound=Hashable)

ITEMS: Final = {"TSHIRT-M": "55", "CAP": "56", "MUG": "57"}
"""The items that NetSuite's records here have: SKU and internal id, one for one."""

ORDERS: Final = ("1200", "1201", "1202")
"""The internal ids that NetSuite's sales orders here have."""

CURRENCIES: Final = ("USD", "JPY", "KWD")
SKUS: Final = (*ITEMS, "tshirt-m ", "POSTER", "")
GENERIC: Final = (
    "item_shipping",
    "item_adjustment_positive",
    "item_adjustment_negative",
    "item_tax",
    "item_gift_card",
    "item_duty",
    "item_fee",
    "item_rounding",
    "item_gift_wrap",
    "item_promotion",
    "item_goodwill",
    "item_restocking_fee",
    "item_facilitator_tax",
)

quantities = st.integers(0, 8).map(lambda halves: Decimal(halves) / 2)
"""Quantities, of halves too, as of goods sold by the yard."""


# What is cached here is made once instead of at every draw, which is most of the time a test takes.
@cache
def any_of(*values: HashableT) -> st.SearchStrategy[HashableT]:
    """Return the values; one that is given more than once comes more often."""
    return st.sampled_from(values)


seldom = st.integers(0, 8).map(lambda number: number == 8)
"""Whether something unusual holds."""

_never = st.just(value=False)

any_currency = any_of(*("USD",) * 8, *CURRENCIES)
"""Currencies, dollars nearly always, so that documents go together."""


@cache
def small_amounts(currency: str, least: int = -300, most: int = 3000) -> st.SearchStrategy[Money]:
    """Return amounts of a currency that collide with each other often; limits in minor units."""
    decimals = money.exponent(currency)
    return st.integers(least, most).map(lambda minor: Money.from_minor(minor, currency, decimals))


@cache
def parts_in(currency: str, least: int = -300) -> st.SearchStrategy[Part]:
    return st.builds(
        Part,
        kind=any_of(*(PartKind.ITEM,) * 4, *PartKind),
        net=small_amounts(currency, least),
        tax=small_amounts(currency, least // 10, 300),
        sku=any_of(*SKUS),
        title=any_of("", "A thing"),
        quantity=quantities,
        restock=st.booleans(),
    )


policies: st.SearchStrategy[Policy] = st.builds(
    Policy,
    tax_mode=any_of("auto", "netsuite", "line"),
    returns=any_of("match", "create", "off"),
    returns_before_receipt=st.booleans(),
    restock=any_of("never", "always", "follow"),
    return_location=any_of("", "905684977"),
    refund_method=any_of("original", "store_credit"),
    review=st.booleans(),
    location=any_of("", "3"),
    refund_account=any_of("", "77"),
    item_unmatched=any_of("", "909"),
    rounding_tolerance_minor=st.integers(0, 9),
    **{name: any_of(*(str(901 + number),) * 4, "") for number, name in enumerate(GENERIC)},
)
"""Policies of an account, most of them with every generic item."""


def complete(tax_mode: str) -> Policy:
    """Return a policy that names every generic item."""
    policy = Policy(tax_mode=tax_mode, item_unmatched="909")
    for number, name in enumerate(GENERIC):
        policy, _ = policy.changed(name, str(901 + number))
    return policy


@st.composite
def refund_views(draw: st.DrawFn, direction: Direction, *, plain: bool = False) -> RefundView:
    """Return refunds of any parts and amount; plain: money moved, and nothing says it is not ours."""
    currency = draw(any_currency)
    parts = draw(st.lists(parts_in(currency, least=0 if plain else -300), min_size=1, max_size=4).map(tuple))
    payments = draw(any_of((), (make_payment("20.00"),))) if currency == "USD" else ()
    seen = make_seen(currency=currency, parts=parts, payments=payments)
    odd = _never if plain else seldom
    return RefundView(
        key=KEY,
        direction=draw(any_of(*Direction)) if draw(odd) else direction,
        amount=seen.amount,
        money=draw(any_of(*MoneyState)) if draw(odd) else MoneyState.MOVED,
        parts=seen.balanced(),
        occurred_at=NOW,
        made_by_us=draw(odd),
        mark="rs-shop-1" if draw(odd) else "",
        reviewed=draw(st.booleans()),
        write_began=draw(st.booleans()),
        record_type="" if direction is Direction.TO_NETSUITE else "creditmemo",
    )


def owners(direction: Direction, *, plain: bool = False) -> st.SearchStrategy[AccountView]:
    """Return accounts; plain: of the direction and switched on."""
    return st.builds(
        AccountView,
        slug=st.just("shop"),
        platform=any_of(*Platform),
        direction=any_of(direction) if plain else any_of(*(direction,) * 8, *Direction),
        sync_enabled=(_never if plain else seldom).map(operator.not_),
        policy=policies,
        paused=any_of("", "", "BAD_CREDENTIALS"),
    )


links: st.SearchStrategy[LinkView] = st.builds(
    LinkView,
    storefront_order_id=st.just("450789469"),
    storefront_state=any_of(*OrderState),
    netsuite_state=any_of(OrderState.OPEN, *OrderState),
    netsuite_order_id=any_of("", *ORDERS),
)
"""Order links in every state."""


_counts: Final = st.lists(st.tuples(any_of(*SKUS), st.integers(0, 9)), min_size=1, max_size=4)
_notes: Final = st.lists(any_of("", "Damaged", f"{KEY}0", KEY), max_size=2)


@st.composite
def storefront_orders(draw: st.DrawFn) -> StorefrontOrder:
    """Return storefront orders as they may stand."""
    currency = draw(any_currency)
    counts = draw(_counts)
    notes = draw(_notes)
    return StorefrontOrder(
        id="450789469",
        name="#1001",
        currency=currency,
        shop_currency=draw(any_of("USD", "USD", "JPY")),
        shop_rate=draw(any_of(*map(Decimal, ("1", "1.0953", "0.30755", "0.5")))),
        cancelled=draw(st.booleans()),
        paid=draw(small_amounts(currency, 2000, 20000)),
        lines=tuple(
            StorefrontLine(str(number), sku, "A thing", left + 1, left)
            for number, (sku, left) in enumerate(counts, 1)
        ),
        refunds=tuple(
            StorefrontRefund(str(number), note, Money.zero(currency)) for number, note in enumerate(notes, 1)
        ),
        wants_location=draw(st.booleans()),
    )
