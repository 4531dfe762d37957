"""Whose order a NetSuite refund is of, by what the storefronts say and by what they do not."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.support.ledger import NOW
from tests.support.rules import STOREFRONT_ORDER, make_document, make_line, make_storefront_line, usd
from workers.rules.facts import NetSuiteRefund, StorefrontOrder
from workers.rules.owning import CLOCKS, IMPORTED_WITHIN, Answer, Verdict, difference, judge, wants_others

MEMO = make_document("creditmemo", "1401", make_line(), total="20.00", made_from="1302")
RECORD = NetSuiteRefund(
    MEMO, "1201", "salesorder", "1302", "invoice", {"other_ref_num": "#1001"}, usd("100.00"), NOW
)
ORDER = replace(STOREFRONT_ORDER, total=usd("100.00"), placed_at=NOW - timedelta(minutes=5))
OTHER_ORDER = replace(ORDER, total=usd("99.99"))

HAS = Answer(1, "shop", takes=True, order=ORDER)
HAS_ANOTHER = Answer(1, "shop", takes=True, order=OTHER_ORDER)
HAS_NONE = Answer(2, "second", takes=True)
SELLS_IT = Answer(3, "seller", takes=False, order=ORDER)
HANGS = Answer(4, "store", takes=True, silent="TRANSIENT")
IS_BUSY = Answer(4, "store", takes=True, silent="RATE_LIMITED")
IS_PAUSED = Answer(5, "paused", takes=True, silent="ACCOUNT_PAUSED")
REFUSES = Answer(6, "refusing", takes=True, silent="REFUSED")


@pytest.mark.parametrize(
    ("answers", "at_first", "at_last"),
    [
        ([HAS, HAS_NONE], Verdict.DECIDE, Verdict.DECIDE),
        ([HAS_ANOTHER, HAS_NONE], Verdict.DECIDE, Verdict.DECIDE),  # nobody else can have it
        ([HAS_NONE], Verdict.DECIDE, Verdict.DECIDE),
        ([HAS, replace(HAS, account_id=2), HANGS], Verdict.DECIDE, Verdict.DECIDE),  # it is ambiguous
        ([HAS, SELLS_IT, HANGS], Verdict.DECIDE, Verdict.DECIDE),
        ([HAS_NONE, HANGS], Verdict.LATER, Verdict.LATER),
        ([HAS_NONE, IS_PAUSED], Verdict.LATER, Verdict.LATER),
        ([SELLS_IT, HANGS], Verdict.LATER, Verdict.LATER),  # else a refund of the store's would be left out
        ([HAS, HANGS], Verdict.WAIT, Verdict.DECIDE),
        ([HAS, IS_BUSY], Verdict.WAIT, Verdict.DECIDE),
        ([HAS_ANOTHER, HANGS], Verdict.WAIT, Verdict.HOLD),
        ([HAS, IS_PAUSED], Verdict.DECIDE, Verdict.DECIDE),  # a pause does not pass by itself
        ([HAS, REFUSES], Verdict.DECIDE, Verdict.DECIDE),
        ([HAS_ANOTHER, IS_PAUSED], Verdict.HOLD, Verdict.HOLD),
        ([HAS_ANOTHER, replace(IS_PAUSED, takes=False)], Verdict.HOLD, Verdict.HOLD),
        ([HAS, IS_PAUSED, HANGS], Verdict.WAIT, Verdict.DECIDE),
    ],
)
def test_what_is_done_with_what_was_said(
    answers: Sequence[Answer], at_first: Verdict, at_last: Verdict
) -> None:
    for each in (answers, answers[::-1]):
        assert judge(RECORD, each, waited=False) is at_first
        assert judge(RECORD, each, waited=True) is at_last


@pytest.mark.parametrize("answers", [[], [HAS_NONE, HANGS], [HAS_ANOTHER, HAS_NONE]])
def test_accounts_that_take_no_refunds_are_asked_where_the_others_do_not_tell(
    answers: Sequence[Answer],
) -> None:
    assert wants_others(RECORD, answers)


@pytest.mark.parametrize("answers", [[HAS, HANGS], [HAS_ANOTHER, HAS]])  # it is ambiguous already
def test_nobody_else_is_asked_where_one_has_the_order_that_netsuite_knows(answers: Sequence[Answer]) -> None:
    assert not wants_others(RECORD, answers)


def of_currency(currency: str, rate: str, total: str) -> StorefrontOrder:
    """Return the order as a shop of US dollars sold it in another currency."""
    other = Decimal(total)
    return replace(
        ORDER, currency=currency, shop_rate=Decimal(rate), total=type(usd("1")).rounded(other, currency)
    )


@pytest.mark.parametrize(
    "order",
    [
        ORDER,
        replace(ORDER, placed_at=NOW + CLOCKS),
        replace(ORDER, placed_at=NOW - IMPORTED_WITHIN),
        replace(ORDER, lines=(make_storefront_line(sku=" tshirt-m "),)),
        of_currency("EUR", "0.9", "90.00"),
        of_currency("EUR", "0.9", "90.05"),  # rounded line by line
    ],
)
def test_an_order_that_agrees(order: StorefrontOrder) -> None:
    assert difference(RECORD, order) == ""


@pytest.mark.parametrize(
    ("order", "why"),
    [
        (replace(ORDER, total=usd("100.01")), "100.01 USD in the storefront, 100.00 USD in NetSuite"),
        (replace(ORDER, total=None), "what the order came to is not told"),
        (of_currency("EUR", "0.9", "90.06"), "90.06 EUR in the storefront, 100.00 USD in NetSuite"),
        (
            replace(of_currency("EUR", "0.9", "90.00"), shop_currency="GBP"),
            "90.00 EUR in the storefront, 100.00 USD in NetSuite",
        ),
        (replace(ORDER, placed_at=None), "when the order was placed is not told"),
        (replace(ORDER, placed_at=NOW + CLOCKS + timedelta(seconds=1)), "placed "),
        (replace(ORDER, placed_at=NOW - IMPORTED_WITHIN - timedelta(seconds=1)), "placed "),
        (
            replace(ORDER, lines=(make_storefront_line(sku="MUG"),)),
            "TSHIRT-M is not on the storefront's order",
        ),
        (replace(ORDER, lines=()), "TSHIRT-M is not on the storefront's order"),
    ],
)
def test_an_order_that_does_not_agree(order: StorefrontOrder, why: str) -> None:
    said = difference(RECORD, order)
    assert said == why if not why.endswith(" ") else said.startswith(why)


@pytest.mark.parametrize("unknown", ["order_total", "order_at"])
def test_what_netsuite_does_not_tell_does_not_agree(unknown: str) -> None:
    assert difference(replace(RECORD, **{unknown: None}), ORDER)  # type: ignore[arg-type]  # both may be None


def test_charges_on_generic_items_are_no_goods() -> None:
    fee = make_line(sku="Shipping", item_type="OthCharge")
    record = replace(RECORD, document=replace(MEMO, lines=(fee,)))
    assert difference(record, ORDER) == ""
