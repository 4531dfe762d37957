from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import Money
from tests.workers.platforms.amazon import ORDER, line, plan
from workers.platforms.amazon_adjustment import REASONS, Adjusted, adjusted, feed_xml
from workers.platforms.amazon_orders import Paid
from workers.platforms.errors import PlatformError
from workers.rules.views import StorefrontPlan


def paid(item_id: str, shipping: str = "0", tax: str = "0") -> Paid:
    return Paid(item_id, Decimal(shipping), Decimal(tax))


def given_back(wanted: StorefrontPlan, *items: Paid) -> dict[str, dict[str, str]]:
    return {
        each.item_id: {name: str(amount) for name, amount in each.components.items()}
        for each in adjusted(wanted, items)
    }


def refused(wanted: StorefrontPlan, *items: Paid) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        adjusted(wanted, items)
    return caught.value


def test_a_line_gets_back_its_price_and_its_tax() -> None:
    assert given_back(plan("21.60", line(net="20.00", tax="1.60")), paid("1001")) == {
        "1001": {"Principal": "20.00", "Tax": "1.60"}
    }


def test_two_parts_of_one_line_are_one_item() -> None:
    wanted = plan("30.00", line(net="20.00"), line(net="10.00", position=1))
    assert given_back(wanted, paid("1001")) == {"1001": {"Principal": "30.00"}}


def test_shipping_goes_back_to_the_items_that_paid_for_it_the_plans_first() -> None:
    wanted = plan("27.80", line("2", net="20.00"), shipping="7.00", shipping_tax="0.80")
    assert given_back(wanted, paid("1", "5.00", "0.40"), paid("2", "3.00", "0.60"), paid("3", "5.00")) == {
        "2": {"Principal": "20.00", "Shipping": "3.00", "ShippingTax": "0.60"},
        "1": {"Shipping": "4.00", "ShippingTax": "0.20"},
    }


def test_shipping_alone_can_be_given_back() -> None:
    assert given_back(plan("5.00", shipping="5.00"), paid("1", "5.00")) == {"1": {"Shipping": "5.00"}}


def test_more_shipping_than_was_paid_is_left_to_amazon_to_refuse() -> None:
    assert given_back(plan("9.00", shipping="9.00"), paid("1", "5.00"), paid("2")) == {
        "1": {"Shipping": "9.00"}
    }


def test_what_rounding_lost_goes_to_the_largest_price() -> None:
    wanted = plan("10.01", line("1", net="3.33"), line("2", net="6.67"))
    assert given_back(wanted, paid("1"), paid("2")) == {
        "1": {"Principal": "3.33"},
        "2": {"Principal": "6.68"},
    }
    wanted = plan("9.98", line("1", net="3.33"), line("2", net="6.67"))
    assert given_back(wanted, paid("1"), paid("2"))["2"] == {"Principal": "6.65"}


@pytest.mark.parametrize(
    ("wanted", "rest"),
    [
        (plan("25.00", line(net="20.00")), "5.00 USD"),  # goodwill
        (plan("17.00", line(net="20.00")), "-3.00 USD"),  # a restocking fee
        (plan("20.02", line(net="20.00")), "0.02 USD"),
        (plan("5.00"), "5.00 USD"),
        (plan("5.01", shipping="5.00"), "0.01 USD"),
    ],
)
def test_what_belongs_to_no_item_is_refused(wanted: StorefrontPlan, rest: str) -> None:
    error = refused(wanted, paid("1001", "5.00"))
    assert error.reason == "STOREFRONT_LINE_NOT_FOUND"
    assert error.detail == f"{rest} of {wanted.amount} belongs to no item of the order"


@pytest.mark.parametrize(
    "wanted",
    [
        plan("0.00"),
        plan("0.00", line(net="0.00")),
        plan("19.00", line(net="20.00", tax="-1.00")),
        plan("0.00", line(net="-5.00", tax="5.00")),
    ],
)
def test_nothing_and_less_than_nothing_are_refused(wanted: StorefrontPlan) -> None:
    assert refused(wanted, paid("1001")).reason == "STOREFRONT_LINE_NOT_FOUND"


def test_shipping_of_an_order_without_items_is_refused() -> None:
    assert refused(plan("5.00", shipping="5.00")).reason == "STOREFRONT_LINE_NOT_FOUND"


CENTS = st.integers(min_value=2, max_value=100_000).map(lambda cents: Decimal(cents).scaleb(-2))


@given(
    st.lists(st.tuples(st.sampled_from("1234"), CENTS, CENTS), min_size=1, max_size=6),
    st.lists(st.tuples(CENTS, CENTS), min_size=4, max_size=4),
    CENTS,
    st.integers(min_value=-1, max_value=1),
)
def test_the_items_get_back_exactly_the_plans_amount(
    lines: list[tuple[str, Decimal, Decimal]],
    room: list[tuple[Decimal, Decimal]],
    shipping: Decimal,
    lost: int,
) -> None:
    amount = sum((net + tax for _, net, tax in lines), shipping) + Decimal(lost).scaleb(-2)
    priced = (line(line_id, str(net), str(tax)) for line_id, net, tax in lines)
    wanted = plan(str(amount), *priced, shipping=str(shipping))
    items = adjusted(wanted, [Paid(str(number), *each) for number, each in enumerate(room, 1)])
    assert sum(amount for item in items for amount in item.components.values()) == amount
    assert len({item.item_id for item in items}) == len(items)


def test_the_feed_is_an_envelope_of_one_adjustment() -> None:
    items = (
        Adjusted("1001", {"Principal": Decimal("20.00"), "Tax": Decimal("1.6")}),
        Adjusted("1002", {"Shipping": Decimal(5)}),
    )
    root = ET.fromstring(feed_xml("A1SELLER", plan("26.60"), items))  # noqa: S314 - our own
    assert root.tag == "AmazonEnvelope"
    schema = "{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation"
    assert root.attrib == {schema: "amzn-envelope.xsd"}
    assert [each.tag for each in root] == ["Header", "MessageType", "Message"]
    assert root.findtext("Header/DocumentVersion") == "1.01"
    assert root.findtext("Header/MerchantIdentifier") == "A1SELLER"
    assert root.findtext("MessageType") == "OrderAdjustment"
    assert root.findtext("Message/MessageID") == "70"
    assert root.findtext("Message/OrderAdjustment/AmazonOrderID") == ORDER
    first, second = root.findall("Message/OrderAdjustment/AdjustedItem")
    assert [each.tag for each in first] == ["AmazonOrderItemCode", "AdjustmentReason", "ItemPriceAdjustments"]
    assert [first.findtext("AmazonOrderItemCode"), second.findtext("AmazonOrderItemCode")] == ["1001", "1002"]
    assert first.findtext("AdjustmentReason") == "CustomerReturn"
    components = first.findall("ItemPriceAdjustments/Component")
    assert [(each.findtext("Type"), each.findtext("Amount")) for each in components] == [
        ("Principal", "20.00"),
        ("Tax", "1.60"),
    ]
    assert all(each.attrib == {"currency": "USD"} for each in root.iter("Amount"))


def test_an_amount_has_the_decimals_of_its_currency() -> None:
    wanted = plan("1500", currency="JPY")
    text = feed_xml("A1", wanted, (Adjusted("1001", {"Principal": Decimal(1500)}),))
    assert '<Amount currency="JPY">1500</Amount>' in text
    assert wanted.amount == Money.parse("1500", "JPY")


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_the_account_may_choose_the_reason(reason: str) -> None:
    text = feed_xml("A1", plan("1.00", reason=reason), (Adjusted("1", {"Principal": Decimal(1)}),))
    assert f"<AdjustmentReason>{reason}</AdjustmentReason>" in text


def test_a_reason_that_amazon_does_not_know_is_no_reason() -> None:
    with pytest.raises(PlatformError) as caught:
        feed_xml("A1", plan("1.00", reason="BUYER_RETURN"), ())
    assert caught.value.reason == "MAPPING_MISSING"
    assert "BUYER_RETURN" in caught.value.detail
