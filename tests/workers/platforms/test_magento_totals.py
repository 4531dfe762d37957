"""The foreseen totals, and the sandbox's own, which follow Magento's code without sharing any with ours."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import exact_json
from sandbox.jsonish import Fields, dumps
from sandbox.magento.model import Invoice, Order
from sandbox.magento.orders import invoice_order, place_order
from sandbox.magento.refunds import Asked, book, draft
from sandbox.magento.render import invoice_json, memo_json
from sandbox.magento.render_order import order_json
from sandbox.magento.store import OAuth, Store
from sandbox.magento.totals import Arguments
from tests.workers.platforms.magento import line, order
from workers.platforms.errors import PlatformError
from workers.platforms.magento_reading import charged, id_of, refundable
from workers.platforms.magento_totals import Source, check_foreseeable, foreseen, shipping_of

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
NOTHING = Decimal(0)


def shown(value: Any) -> Any:  # noqa: ANN401 - JSON may be anything
    """Return what a client reads of what the store shows."""
    return exact_json.loads(dumps(value))


def opened(described: dict[str, Any]) -> tuple[Store, Order]:
    """Return a store with one order that is not invoiced."""
    store = Store("shop", OAuth("k", "s", "t", "u"))
    return store, place_order(store, Fields(shown({**described, "invoiced": False}), "order"), NOW)


def invoiced(store: Store, placed: Order, qtys: dict[int, Decimal] | None = None) -> Invoice:
    return invoice_order(store, placed, qtys, NOW, captured=True)


def source_of(store: Store, placed: Order, invoice: Invoice | None) -> Source | None:
    if invoice is None:
        return None
    memos = [shown(memo_json(store, placed, each)) for each in placed.memos]
    return Source.of(shown(invoice_json(store, placed, invoice)), memos)


def compare(
    store: Store, placed: Order, taken: dict[str, Decimal], wanted: Decimal, invoice: Invoice | None = None
) -> None:
    """Check that a refund comes to what is foreseen, and make it."""
    read = shown(order_json(store, placed))
    quantities = {id_of(each, "item_id"): NOTHING for each in charged(read)} | taken
    shipping = shipping_of(read, wanted, includes_tax=False)
    asked = Asked(
        qtys={int(item): qty for item, qty in quantities.items()},
        arguments=Arguments(shipping=shipping.argument),
        online=invoice is not None,
    )
    expected = foreseen(read, quantities, shipping.net, source_of(store, placed, invoice))
    if expected <= 0 or not any(each.refundable for each in placed.items):
        return  # Magento refuses it
    memo = draft(store, placed, invoice, asked, NOW)
    assert memo.total.base == expected
    book(store, placed, memo, asked, NOW)


LINE = st.fixed_dictionaries(
    {
        "qty": st.integers(1, 7),
        "price": st.integers(1, 9999).map(lambda cents: Decimal(cents) / 100),
        "tax_percent": st.sampled_from(["0", "7", "8.25", "19"]),
        "discount": st.integers(0, 100).map(lambda cents: Decimal(cents) / 10000),
        "is_configurable": st.booleans(),
    }
)
ORDER = st.fixed_dictionaries(
    {
        "lines": st.lists(LINE, min_size=1, max_size=4),
        "shipping": st.sampled_from(["0", "4.99", "5", "12.345"]),
        "shipping_tax_percent": st.sampled_from(["0", "7", "19"]),
        "rate": st.sampled_from(["1", "0.9137", "150.25"]),
    }
)


def described(drawn: dict[str, Any]) -> dict[str, Any]:
    lines = [
        {
            "sku": f"SKU-{number}",
            "qty": each["qty"],
            "price": each["price"],
            "tax_percent": each["tax_percent"],
            "discount": (each["discount"] * each["price"] * each["qty"]).quantize(Decimal("0.01")),
            **({"configurable_child_sku": f"SKU-{number}-M"} if each["is_configurable"] else {}),
        }
        for number, each in enumerate(drawn["lines"])
    ]
    currency = {"currency": "EUR"} if drawn["rate"] != "1" else {}
    return {**drawn, **currency, "lines": lines}


def some(data: st.DataObject, store: Store, placed: Order) -> tuple[dict[str, Decimal], Decimal]:
    """Draw what is refunded of an order: some of each line, and some of the shipping."""
    read = shown(order_json(store, placed))
    taken = {
        id_of(each, "item_id"): Decimal(data.draw(st.integers(0, int(refundable(each)))))
        for each in charged(read)
    }
    part = data.draw(st.sampled_from(["0", "0.5", "1"]))
    left = placed.shipping.base - placed.refunded("shipping").base
    return taken, left * Decimal(part)


@given(ORDER, st.data())
def test_what_an_order_refunds_is_foreseen_to_the_cent(drawn: dict[str, Any], data: st.DataObject) -> None:
    store, placed = opened(described(drawn))
    invoiced(store, placed)
    for _ in range(3):
        if placed.settled:
            return
        compare(store, placed, *some(data, store, placed))


@given(ORDER, st.data())
def test_what_an_invoice_refunds_is_foreseen_to_the_cent(drawn: dict[str, Any], data: st.DataObject) -> None:
    store, placed = opened(described(drawn))
    first = {
        each.id: Decimal(data.draw(st.integers(0, int(each.qty)))) for each in placed.items if not each.dummy
    }
    if any(first.values()):
        invoiced(store, placed, first)
    if any(each.qty > each.qty_invoiced for each in placed.items):
        invoiced(store, placed)
    for invoice in placed.invoices * 2:
        if placed.settled or invoice.refunded == invoice.total.base:
            return
        taken, wanted = some(data, store, placed)
        source = source_of(store, placed, invoice)
        assert source is not None
        within = {item: min(qty, source.limits.get(item, NOTHING)) for item, qty in taken.items()}
        compare(store, placed, within, wanted, invoice)


def test_a_memo_by_an_invoice_of_which_nothing_is_left_takes_no_tax_that_others_have_left() -> None:
    store, placed = opened(
        {"lines": [{"sku": "PEN", "qty": 6, "price": "0.1", "tax_percent": "8.25"}], "shipping": "4.99"}
    )
    pen = placed.items[0].id
    first = invoiced(store, placed, {pen: Decimal(4)})
    second = invoiced(store, placed)
    compare(store, placed, {str(pen): Decimal(3)}, NOTHING, first)
    compare(store, placed, {str(pen): Decimal(2)}, NOTHING, second)
    compare(store, placed, {}, Decimal("2.50"), second)


def test_the_last_of_an_order_takes_what_rounding_left() -> None:
    store, placed = opened(
        {"lines": [{"sku": "PEN", "qty": 3, "price": "3.333", "tax_percent": "8.25", "discount": "0.10"}]}
    )
    invoiced(store, placed)
    for _ in range(3):
        compare(store, placed, {str(placed.items[0].id): Decimal(1)}, NOTHING)
    assert placed.settled


def test_compensation_of_discounts_on_prices_with_tax_is_given_back() -> None:
    # 11.90 with 19 % in it, a discount of 1.19: 0.19 of that was tax, so that 1.00 is taken off what is net.
    bought = line(
        1,
        qty_ordered=2,
        qty_invoiced=2,
        base_row_invoiced=20,
        base_tax_invoiced=Decimal("3.42"),
        base_discount_invoiced=Decimal("2.38"),
        base_discount_tax_compensation_invoiced=Decimal("0.38"),
    )
    whole = order(
        bought,
        base_tax_invoiced=Decimal("3.42"),
        base_discount_tax_compensation_invoiced=Decimal("0.38"),
        base_shipping_amount=0,
        base_shipping_invoiced=0,
        base_shipping_tax_amount=0,
        base_total_invoiced=Decimal("21.42"),
    )
    check_foreseeable(whole)
    assert foreseen(whole, {"1": Decimal(1)}, NOTHING) == Decimal("10.71")
    assert foreseen(whole, {"1": Decimal(2)}, NOTHING) == Decimal("21.42")


def test_a_discount_on_shipping_is_taken_off_in_proportion() -> None:
    sold = order(base_shipping_discount_amount=1, base_shipping_tax_amount=0, base_tax_invoiced=8)
    assert foreseen(sold, {"11": NOTHING}, Decimal(5)) == Decimal(4)
    assert foreseen(sold, {"11": NOTHING}, Decimal("2.5")) == Decimal(2)


@pytest.mark.parametrize(
    ("extra", "is_foreseeable"),
    [
        ({}, True),
        ({"base_total_invoiced": Decimal("113.41")}, True),  # a cent is rounding
        ({"base_total_invoiced": Decimal("103.40")}, False),  # a gift card paid for a part
        ({"base_total_invoiced": Decimal("115.40")}, False),  # an extension's fee
        ({"base_shipping_discount_tax_compensation_amnt": Decimal("0.1")}, False),
    ],
)
def test_an_order_with_amounts_of_unknown_origin_is_left_to_a_person(
    extra: dict[str, Any], *, is_foreseeable: bool
) -> None:
    if is_foreseeable:
        check_foreseeable(order(**extra))
        return
    with pytest.raises(PlatformError, match="by hand") as refused:
        check_foreseeable(order(**extra))
    assert refused.value.reason == "REFUSED"


@pytest.mark.parametrize(
    ("wanted", "refunded", "with_tax", "argument", "net"),
    [
        ("5", "0", False, "5", "5"),
        ("9", "0", False, "5", "5"),
        ("2", "0", False, "2", "2"),
        ("0", "0", False, "0", "0"),
        ("-2", "0", False, "0", "0"),
        ("4", "2", False, "3", "3"),
        ("5", "0", True, "5.95", "5"),
        ("2", "0", True, "2.38", "2"),
        ("0.01", "0", True, "0.01", "0.01"),
        ("0", "0", True, "0", "0"),
        ("4", "2", True, "3.57", "3"),
    ],
)
def test_shipping_is_asked_for_as_the_shop_takes_it(
    wanted: str, refunded: str, argument: str, net: str, *, with_tax: bool
) -> None:
    sold = order(
        base_shipping_incl_tax=Decimal("5.95"),
        base_shipping_refunded=Decimal(refunded),
        base_shipping_tax_refunded=Decimal(refunded) * Decimal("0.19"),
    )
    shipping = shipping_of(sold, Decimal(wanted), includes_tax=with_tax)
    assert (shipping.argument, shipping.net) == (Decimal(argument), Decimal(net))


def test_an_order_without_shipping_has_none_to_refund() -> None:
    sold = order(base_shipping_amount=0, base_shipping_incl_tax=0)
    assert shipping_of(sold, Decimal(3), includes_tax=True).argument == 0
