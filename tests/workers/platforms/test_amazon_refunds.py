from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.events import MoneyState, PartKind, RefundSeen
from ledger.money import Money, total
from ledger.policy import Policy
from tests.workers.platforms.amazon import ORDER, item, node, only, principal, told, transaction
from tests.workers.platforms.world import usd
from workers.platforms.amazon_refunds import given_back, refunds_from
from workers.platforms.amazon_rows import Charge, Item, Row, moment
from workers.platforms.amazon_transactions import rows_from

AT = moment("2026-03-01T10:00:00Z")
WITH_FEES = Policy(selling_fees="post")


def seen(*transactions: dict[str, Any], policy: Policy | None = None) -> RefundSeen:
    (found,) = refunds_from(rows_from(transactions), policy or Policy())
    return found


def shipment(quantity: int = 5, price: str = "100.00", sku: str = "TSHIRT-M") -> dict[str, Any]:
    shipped = item(principal(price), quantity=quantity, sku=sku)
    return transaction(price, shipped, id_=f"s-{sku}", kind="Shipment")


FULL = transaction(
    "-19.28",
    item(
        principal("-20.00"),
        node(
            "Tax",
            "0.32",
            node("OurPriceTax", "-1.60"),
            node("ShippingTax", "-0.08"),
            node("GiftwrapTax", "-0.06"),
            node("MarketplaceFacilitatorTax-Principal", "1.60"),
            node("MarketplaceFacilitatorTax-Shipping", "0.46"),
        ),
        node("Shipping", "-1.00", node("ShippingPrincipal", "-1.00")),
        node(
            "Other",
            "-1.00",
            node("GiftwrapPrincipal", "-1.00"),
            node("GoodwillPrincipal", "-3.00"),
            node("RestockingDeductionPrincipal", "3.00"),
        ),
        node("PromoRebates", "0.40", node("OurPriceDiscount", "0.40")),
        node("AmazonFees", "2.00", node("Commission", "2.60"), node("RefundCommission", "-0.60")),
    ),
    REFUND_ID="r-1",
)


def test_a_refund_is_parted_by_what_it_is_for() -> None:
    found = seen(shipment(), FULL)
    assert told(found.parts) == {
        "item": ("20.00", "1.60"),
        "shipping": ("1.00", "0.08"),
        "gift_wrap": ("1.00", "0.06"),
        "goodwill": ("3.00", "0.00"),
        "restocking_fee": ("-3.00", "0.00"),
        "facilitator_tax": ("-2.06", "0.00"),
        "promotion": ("-0.40", "0.00"),
    }
    goods = only(found.parts, PartKind.ITEM)
    assert (goods.sku, goods.title, goods.quantity) == ("TSHIRT-M", "T-shirt, M", Decimal(1))
    assert only(found.parts, PartKind.SHIPPING).title == "Shipping"


def test_its_amount_is_what_the_seller_gave_and_the_parts_add_up_to_it() -> None:
    found = seen(shipment(), FULL)
    assert found.amount == usd("21.28")
    assert found.balanced() == found.parts
    assert given_back(found) == usd("23.34")  # with the tax that Amazon gave back


def test_fees_count_where_the_account_wants_them() -> None:
    found = seen(shipment(), FULL, policy=WITH_FEES)
    assert only(found.parts, PartKind.FEE).net == usd("-2.00")
    assert only(found.parts, PartKind.FEE).title == "Fees given back by Amazon"
    assert found.amount == usd("19.28")
    assert found.balanced() == found.parts
    assert given_back(found) == usd("23.34")


def test_a_refund_says_whose_it_is() -> None:
    found = seen(FULL)
    assert (found.origin, found.refund_id, found.order_id, found.order_name) == (
        "amazon",
        "r-1",
        ORDER,
        ORDER,
    )
    assert (found.occurred_at, found.currency, found.mark, found.first_hand) == (AT, "USD", "", False)
    assert [(each.id, each.state) for each in found.payments] == [("t-1", MoneyState.MOVED)]


def test_rows_of_one_refund_are_one_with_a_payment_each() -> None:
    one = transaction("-20.00", item(principal("-20.00")), id_="a", REFUND_ID="r-1")
    two = transaction(
        "-9.50",
        item(principal("-9.50"), sku="MUG"),
        id_="b",
        posted="2026-03-02T10:00:00Z",
        REFUND_ID="r-1",
    )
    found = seen(two, one)
    assert {part.sku: part.net for part in found.parts} == {"TSHIRT-M": usd("20.00"), "MUG": usd("9.50")}
    assert [(each.id, each.amount) for each in found.payments] == [("a", usd("20.00")), ("b", usd("9.50"))]
    assert (found.amount, found.occurred_at) == (usd("29.50"), AT)


def test_rows_without_a_refund_id_are_refunds_of_their_own() -> None:
    rows = rows_from([transaction("-1.00", id_="a"), transaction("-1.00", id_="b")])
    assert [each.refund_id for each in refunds_from(rows, Policy())] == ["a", "b"]


def test_refunds_come_oldest_first() -> None:
    late = transaction("-1.00", id_="a", posted="2026-03-02T10:00:00Z", REFUND_ID="late")
    early = transaction("-1.00", id_="b", REFUND_ID="early")
    rows = tuple(reversed(rows_from([late, early])))
    assert [each.refund_id for each in refunds_from(rows, Policy())] == ["early", "late"]


def test_money_held_back_is_pending_until_it_is_released() -> None:
    held = transaction("-20.00", item(principal("-20.00")), id_="held", status="DEFERRED", REFUND_ID="r-1")
    before = seen(held)
    assert before.money is MoneyState.PENDING
    assert before.amount == usd("20.00")
    free = transaction(
        "-20.00",
        item(principal("-20.00")),
        id_="free",
        posted="2026-03-15T10:00:00Z",
        REFUND_ID="r-1",
        DEFERRED_TRANSACTION_ID="held",
    )
    after = seen({**held, "transactionStatus": "DEFERRED_RELEASED"}, free)
    assert after.money is MoneyState.MOVED
    assert replace(after, payments=()) == replace(before, payments=())
    assert after.after(before) == after


@pytest.mark.parametrize("kind", ["Refund", "GuaranteeClaim", "Guarantee Claim", "Chargeback"])
def test_whatever_gives_a_buyer_money_is_a_refund(kind: str) -> None:
    assert seen(transaction("-1.00", kind=kind)).amount == usd("1.00")


@pytest.mark.parametrize("kind", ["Shipment", "ServiceFee", "Adjustment", "Retrocharge", ""])
def test_whatever_else_moved_money_is_none(kind: str) -> None:
    assert refunds_from(rows_from([transaction("-1.00", kind=kind)]), Policy()) == ()


# How many units were refunded.


def refunded(price: str, quantity: int, *, shipped: dict[str, Any] | None = None) -> RefundSeen:
    return seen(
        *([shipped] if shipped else []), transaction(price, item(principal(price), quantity=quantity))
    )


@pytest.mark.parametrize(
    ("price", "quantity"), [("-20.00", 1), ("-40.00", 2), ("-100.00", 5), ("-20.01", 1), ("-19.99", 1)]
)
def test_whole_units_are_goods(price: str, quantity: int) -> None:
    goods = only(refunded(price, quantity, shipped=shipment()).parts, PartKind.ITEM)
    assert goods.quantity == quantity


@pytest.mark.parametrize(("price", "quantity"), [("-5.00", 5), ("-10.00", 1), ("-19.98", 1), ("-20.00", 0)])
def test_part_of_a_price_is_money_only_whatever_quantity_is_told(price: str, quantity: int) -> None:
    (part,) = refunded(price, quantity, shipped=shipment()).parts
    assert (part.kind, part.quantity, part.net) == (PartKind.ADJUSTMENT, Decimal(0), -usd(price))
    assert part.title == "Part of TSHIRT-M T-shirt, M"


@pytest.mark.parametrize("shipped", [None, shipment(sku="MUG"), shipment(quantity=0)])
def test_where_a_units_price_is_not_known_the_quantity_told_is_believed(
    shipped: dict[str, Any] | None,
) -> None:
    assert only(refunded("-7.00", 2, shipped=shipped).parts, PartKind.ITEM).quantity == 2


def test_units_shipped_in_two_parcels_cost_what_both_did() -> None:
    parcels = [
        {**shipment(2, "40.00"), "transactionId": "s-1"},
        {**shipment(3, "60.00"), "transactionId": "s-2"},
    ]
    found = seen(*parcels, transaction("-60.00", item(principal("-60.00"), quantity=3)))
    assert only(found.parts, PartKind.ITEM).quantity == 3


def test_units_refunded_by_items_of_their_own_are_counted_together() -> None:
    one = item(principal("-20.00"))
    found = seen(shipment(), transaction("-40.00", one, one))
    assert only(found.parts, PartKind.ITEM).quantity == 2


def test_an_item_of_fees_only_adds_no_unit() -> None:
    fees = item(node("AmazonFees", "1.00", node("Commission", "1.00")), quantity=5)
    goods = item(principal("-20.00"))
    found = seen(shipment(), transaction("-19.00", goods, fees))
    assert only(found.parts, PartKind.ITEM).quantity == 1


def test_tax_without_a_price_is_tax() -> None:
    found = seen(transaction("-1.60", item(node("Tax", "-1.60", node("OurPriceTax", "-1.60")))))
    assert told(found.parts) == {"tax": ("0.00", "1.60")}


def test_a_price_of_no_product_is_money_only() -> None:
    bare = transaction("-5.00", item(quantity=None, sku="", title=""))
    bare["breakdowns"] = [node("ProductCharges", "-5.00")]
    bare["description"] = None
    (part,) = seen(bare).parts
    assert (part.kind, part.title) == (PartKind.ADJUSTMENT, "Part of the price")


def test_charges_that_cancel_out_are_no_part() -> None:
    nothing = item(principal("0.00"), node("Shipping", "0.00", node("ShippingPrincipal", "0.00")))
    assert seen(transaction("0.00", nothing)).parts == ()


def test_what_is_not_broken_down_is_named_as_amazon_does() -> None:
    (part,) = seen(transaction("-5.00")).parts
    assert (part.kind, part.title) == (PartKind.ADJUSTMENT, "Refund Order")


KINDS = st.sampled_from([kind for kind in PartKind if kind is not PartKind.DIFFERENCE])
CHARGES = st.builds(
    lambda kind, is_tax, cents: Charge(
        kind, is_tax=is_tax, name=kind.value, amount=Decimal(cents).scaleb(-2)
    ),
    KINDS,
    st.booleans(),
    st.integers(min_value=-100_000, max_value=100_000),
)
ITEMS = st.builds(
    Item,
    sku=st.sampled_from(("", "A", "B")),
    title=st.just("Thing"),
    line_id=st.just(""),
    quantity=st.integers(min_value=0, max_value=9),
    charges=st.lists(CHARGES, max_size=6).map(tuple),
)


def a_row(number: int, kind: str, refund_id: str, items: list[Item], pending: bool) -> Row:  # noqa: FBT001 - a strategy's
    amount = sum((charge.amount for each in items for charge in each.charges), Decimal(0))
    at = AT + timedelta(hours=number)
    return Row(f"t-{number}", kind, ORDER, refund_id, at, pending, "USD", amount, tuple(items))


ROWS = st.lists(
    st.tuples(
        st.sampled_from(("shipment", "refund", "chargeback")),
        st.sampled_from(("", "r-1", "r-2")),
        st.lists(ITEMS, max_size=4),
        st.booleans(),
    ),
    max_size=6,
).map(lambda each: [a_row(number, *rest) for number, rest in enumerate(each)])


@given(ROWS, st.sampled_from((Policy(), WITH_FEES)))
def test_parts_add_up_to_what_moved_and_no_row_is_lost_or_counted_twice(
    rows: list[Row], policy: Policy
) -> None:
    found = refunds_from(rows, policy)
    assert all(each.balanced() == each.parts for each in found)
    paid = [payment.id for each in found for payment in each.payments]
    assert sorted(paid) == sorted(row.id for row in rows if row.kind != "shipment")
    counted = {PartKind.FEE} if policy.selling_fees == "leave" else set()
    expected = -sum(
        (
            charge.amount
            for row in rows
            if row.kind != "shipment"
            for each in row.items
            for charge in each.charges
            if charge.kind not in counted
        ),
        Decimal(0),
    )
    assert total([each.amount for each in found], "USD") == Money(expected, "USD")
