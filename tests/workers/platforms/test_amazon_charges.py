from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.events import PartKind
from tests.workers.platforms.amazon import node
from workers.platforms.amazon_charges import charge_of, charges_of
from workers.platforms.amazon_rows import Charge


def found(*nodes: dict[str, Any]) -> list[tuple[PartKind, bool, str]]:
    return [(each.kind, each.is_tax, str(each.amount)) for each in charges_of(nodes)]


@pytest.mark.parametrize(
    ("category", "name", "kind", "is_tax"),
    [
        ("Product Charges", "Principle", PartKind.ITEM, False),  # the example of the official model
        ("ProductCharges", "OurPricePrincipal", PartKind.ITEM, False),
        ("Tax", "OurPriceTax", PartKind.ITEM, True),
        ("Shipping", "ShippingPrincipal", PartKind.SHIPPING, False),
        ("Tax", "ShippingTax", PartKind.SHIPPING, True),
        ("Other", "GiftwrapPrincipal", PartKind.GIFT_WRAP, False),
        ("Tax", "GiftwrapTax", PartKind.GIFT_WRAP, True),
        ("PromoRebates", "OurPriceDiscount", PartKind.PROMOTION, False),
        ("PromoRebates", "ShippingDiscount", PartKind.PROMOTION, False),
        ("PromoRebates", "ShippingTaxDiscount", PartKind.PROMOTION, True),
        ("Other", "GoodwillPrincipal", PartKind.GOODWILL, False),
        ("Other", "RestockingDeductionPrincipal", PartKind.RESTOCKING_FEE, False),
        ("Tax", "RestockingDeductionTax", PartKind.RESTOCKING_FEE, True),
        ("Tax", "MarketplaceFacilitatorTax-Principal", PartKind.FACILITATOR_TAX, False),
        ("Tax", "MarketplaceFacilitatorVAT-Shipping", PartKind.FACILITATOR_TAX, False),
        ("Tax", "LowValueGoodsTax-Principal", PartKind.FACILITATOR_TAX, False),
        ("AmazonFees", "Commission", PartKind.FEE, False),
        ("AmazonFees", "SomethingNew", PartKind.FEE, False),
        ("FBAFees", "FBAPerUnitFulfillmentFee", PartKind.FEE, False),
        ("Other", "ShippingChargeback", PartKind.FEE, False),
        ("Other", "ExportCharge", PartKind.DUTY, False),
        ("Other", "SomethingNew", PartKind.ADJUSTMENT, False),
        ("Tax", "SomethingNew", PartKind.ADJUSTMENT, False),
    ],
)
def test_a_name_says_what_an_amount_is_for(category: str, name: str, kind: PartKind, is_tax: bool) -> None:  # noqa: FBT001 - a table
    tree = node(category, "-1.50", node(name, "-1.50", node("Base", "-1.20"), node("Tax", "-0.30")))
    assert {(each[0], each[1]) for each in found(tree)} == {(kind, is_tax)} or name == "SomethingNew"
    assert sum(each.amount for each in charges_of([tree])) == Decimal("-1.50")
    assert found(node(category, "-1.50", node(name, "-1.50"))) == [(kind, is_tax, "-1.50000000")]


@pytest.mark.parametrize(
    ("category", "kind", "is_tax"),
    [
        ("ProductCharges", PartKind.ITEM, False),
        ("Tax", PartKind.ITEM, True),
        ("Shipping", PartKind.SHIPPING, False),
        ("Giftwrap", PartKind.GIFT_WRAP, False),
        ("PromoRebates", PartKind.PROMOTION, False),
        ("Promo", PartKind.PROMOTION, False),
        ("Refunded Expenses", PartKind.FEE, False),
        ("Refunded Sales", PartKind.ADJUSTMENT, False),
    ],
)
def test_a_category_that_is_not_broken_down_is_taken_as_a_whole(
    category: str,
    kind: PartKind,
    is_tax: bool,  # noqa: FBT001 - a table
) -> None:
    assert found(node(category, "-3")) == [(kind, is_tax, "-3")]
    assert found({**node(category, "-3"), "breakdowns": None}) == [(kind, is_tax, "-3")]


def test_what_a_categorys_parts_leave_of_it_is_of_its_kind() -> None:
    tree = node("ProductCharges", "-20", node("OurPricePrincipal", "-18"))
    assert found(tree) == [(PartKind.ITEM, False, "-18"), (PartKind.ITEM, False, "-2")]


def test_nothing_is_said_of_nothing() -> None:
    assert found(node("Refunded Sales", "0.00"), node("Commission", "0")) == []


def test_the_old_apis_charges_go_by_the_same_names() -> None:
    assert charge_of("Tax", Decimal(-1)) == Charge(PartKind.ITEM, is_tax=True, name="Tax", amount=Decimal(-1))
    assert charge_of("ShippingCharge", Decimal(-1)).kind is PartKind.SHIPPING
    assert charge_of("Giftwrap", Decimal(-1)).kind is PartKind.GIFT_WRAP
    assert charge_of("RestockingFee", Decimal(1)).kind is PartKind.RESTOCKING_FEE
    assert charge_of("PointsFee", Decimal(1)).kind is PartKind.ADJUSTMENT  # the buyer pays it, not the seller


NAMES = st.sampled_from(
    ("ProductCharges", "OurPricePrincipal", "Tax", "AmazonFees", "Other", "Base", "Unheard of", "Shipping")
)
AMOUNTS = st.decimals(min_value=-1000, max_value=1000, places=2).map(str)
TREES = st.recursive(
    st.builds(node, NAMES, AMOUNTS),
    lambda inner: st.builds(
        lambda name, amount, parts: node(name, amount, *parts), NAMES, AMOUNTS, st.lists(inner)
    ),
    max_leaves=12,
)


@given(st.lists(TREES, max_size=5))
def test_whatever_the_names_and_parts_the_sum_is_that_of_the_roots(trees: list[dict[str, Any]]) -> None:
    roots = sum((Decimal(str(tree["breakdownAmount"]["currencyAmount"])) for tree in trees), Decimal(0))
    assert sum((charge.amount for charge in charges_of(trees)), Decimal(0)) == roots
