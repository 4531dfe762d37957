"""What a transaction's amounts are made of: signs, names and sums."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.amazon.breakdowns import PLACES, transaction_json
from sandbox.amazon.finances_v0 import CHARGES, FEES, WITHHELD
from sandbox.amazon.ids import Ids
from sandbox.amazon.model import LINE_PARTS, Order, Part
from sandbox.amazon.orders import place_order
from sandbox.amazon.refunds import When, refund, refunds_from, release, ship
from sandbox.amazon.seller import Seller as Account
from sandbox.amazon.setup import make_seller
from sandbox.clock import Clock
from sandbox.jsonish import Fields
from tests.sandbox.amazon.client import Api, Json, leaves
from tests.support.sandboxed import SHIRT
from tests.support.sandboxed_amazon import Seller

FULL: Json = {
    "sku": SHIRT,
    "quantity": 2,
    "price": "20.00",
    "tax": "3.20",
    "shipping": "5.00",
    "shipping_tax": "0.40",
    "gift_wrap": "4.00",
    "gift_wrap_tax": "0.32",
    "promotion": "2.00",
    "facilitator_tax": "3.20",
    "facilitator_shipping_tax": "0.40",
}


def test_a_shipment_brings_what_the_buyer_paid_less_what_amazon_takes(api: Api, seller: Seller) -> None:
    order = seller.order(lines=[FULL])
    (row,) = api.transactions(order)
    assert leaves(row["items"][0]["breakdowns"]) == {
        "OurPricePrincipal": 40,
        "OurPriceTax": 3.2,
        "ShippingPrincipal": 5,
        "ShippingTax": 0.4,
        "GiftwrapPrincipal": 4,
        "GiftwrapTax": 0.32,
        "OurPriceDiscount": -2,
        "MarketplaceFacilitatorTax-Principal": -3.2,
        "MarketplaceFacilitatorTax-Shipping": -0.4,
        "Commission": -6,
    }
    assert row["totalAmount"] == {"currencyAmount": 41.32, "currencyCode": "USD"}


def test_a_refund_turns_every_sign(api: Api, seller: Seller) -> None:
    order = seller.order(lines=[FULL])
    seller.refund(order, quantity=2)
    (row,) = api.refunds(order)
    assert leaves(row["items"][0]["breakdowns"]) == {
        "OurPricePrincipal": -40,
        "OurPriceTax": -3.2,
        "ShippingPrincipal": -5,
        "ShippingTax": -0.4,
        "GiftwrapPrincipal": -4,
        "GiftwrapTax": -0.32,
        "OurPriceDiscount": 2,
        "MarketplaceFacilitatorTax-Principal": 3.2,
        "MarketplaceFacilitatorTax-Shipping": 0.4,
        "Commission": 6,
        "RefundCommission": -1.2,
    }
    assert [each["breakdownType"] for each in row["breakdowns"]] == ["Refunded Sales", "Refunded Expenses"]
    assert [each["breakdownAmount"]["currencyAmount"] for each in row["breakdowns"]] == [-47.32, 4.8]


def test_a_fee_has_its_base_in_it(api: Api, seller: Seller) -> None:
    (row,) = api.transactions(seller.order())
    (fees,) = [each for each in row["items"][0]["breakdowns"] if each["breakdownType"] == "AmazonFees"]
    (base,) = fees["breakdowns"][0]["breakdowns"]
    assert (base["breakdownType"], base["breakdownAmount"]["currencyAmount"]) == ("Base", -15)


def test_the_product_is_told_in_a_context(api: Api, seller: Seller) -> None:
    order = seller.order(lines=[{**FULL, "asin": "B07FGXZQZ1"}], network="AFN")
    seller.refund(order, quantity=1)
    (row,) = api.refunds(order)
    assert row["items"][0]["contexts"] == [
        {
            "contextType": "ProductContext",
            "asin": "B07FGXZQZ1",
            "sku": SHIRT,
            "quantityShipped": 1,
            "fulfillmentNetwork": "AFN",
        }
    ]


def test_goodwill_restocking_and_fees_can_be_given(api: Api, seller: Seller) -> None:
    order = seller.order()
    fees = {"commission": "1.00", "refund_commission": "0.25"}
    seller.refund(order, goodwill="3.00", restocking_fee="2.00", fees=fees)
    (row,) = api.refunds(order)
    assert leaves(row["items"][0]["breakdowns"]) == {
        "OurPricePrincipal": -20,
        "GoodwillPrincipal": -3,
        "RestockingDeductionPrincipal": 2,
        "Commission": 1,
        "RefundCommission": -0.25,
    }


def test_amazon_keeps_five_at_most_of_its_commission(api: Api, seller: Seller) -> None:
    order = seller.order(lines=[{"sku": SHIRT, "quantity": 1, "price": "1000.00"}])
    seller.refund(order)
    (row,) = api.refunds(order)
    found = leaves(row["items"][0]["breakdowns"])
    assert (found["Commission"], found["RefundCommission"]) == (150, -5)


def test_money_without_goods_shows_the_whole_line_s_quantity(api: Api, seller: Seller) -> None:
    order = seller.order()
    seller.refund(order, lines=[{"sku": SHIRT, "principal": "1.50"}])
    (row,) = api.refunds(order)
    assert row["items"][0]["contexts"][0]["quantityShipped"] == 5
    assert leaves(row["items"][0]["breakdowns"])["OurPricePrincipal"] == -1.5
    assert seller.state(order)["lines"][0]["returned"] == 0


@pytest.mark.parametrize(("split", "sizes"), [(False, [2]), (True, [1, 1])])
def test_a_refund_is_one_row_or_one_for_each_line(
    api: Api, seller: Seller, *, split: bool, sizes: list[int]
) -> None:
    lines = [{"sku": sku, "quantity": 1, "price": "9.99"} for sku in ("PEN", "INK")]
    order = seller.order(lines=lines)
    made = seller.refund(
        order, lines=[{"sku": sku, "quantity": 1} for sku in ("PEN", "INK")], split_rows=split
    )
    rows = api.refunds(order)
    assert [len(row["items"]) for row in rows] == sizes
    ids = [each["relatedIdentifierValue"] for row in rows for each in row["relatedIdentifiers"]]
    assert ids.count(made["refund_id"]) == len(rows)


def test_without_lines_all_that_is_left_is_refunded(api: Api, seller: Seller) -> None:
    order = seller.order(lines=[FULL, {"sku": "PEN", "quantity": 1, "price": "1.00"}])
    seller.refund(order, quantity=1)
    seller.control.post(f"{seller.path}/orders/{order['id']}/refund", {})
    for line in seller.state(order)["lines"]:
        assert line["refunded"] == line["amounts"]
        assert line["returned"] == line["quantity"]


AMOUNTS = st.decimals(min_value=0, max_value=500, places=2)


@st.composite
def lines_of_orders(draw: st.DrawFn) -> list[Json]:
    return [
        {
            "sku": f"SKU-{index}",
            "quantity": draw(st.integers(1, 7)),
            "price": str(draw(AMOUNTS)),
            **{part.value: str(draw(AMOUNTS)) for part in LINE_PARTS[1:]},
        }
        for index in range(draw(st.integers(1, 3)))
    ]


def account() -> Account:
    return make_seller(Fields({"seller_id": "A1"}), Ids())


def placed(seller: Account, lines: list[Json]) -> tuple[Order, When]:
    now = Clock().now()
    return place_order(seller, Fields({"lines": lines}), now), When(now, 0.0)


@given(lines=lines_of_orders(), data=st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_unit_by_unit_refunds_give_back_exactly_what_was_paid(lines: list[Json], data: st.DataObject) -> None:
    seller = account()
    order, when = placed(seller, lines)
    ship(seller, order, when)
    units = [line["sku"] for line in lines for _ in range(line["quantity"])]
    for sku in data.draw(st.permutations(units)):
        wanted = refunds_from(order, Fields({"lines": [{"sku": sku, "quantity": 1}]}))
        refund(seller, order, wanted, when)
    for line in order.lines:
        assert {part: line.left(part) for part in line.amounts} == dict.fromkeys(line.amounts, Decimal(0))


@given(lines=lines_of_orders(), split=st.booleans())
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_every_level_of_breakdowns_adds_up_to_the_level_above(lines: list[Json], *, split: bool) -> None:
    seller = account()
    order, when = placed(seller, lines)
    posted = [ship(seller, order, when)]
    rest = refunds_from(order, Fields({"goodwill": "1.01", "restocking_fee": "0.55"}))
    posted += refund(seller, order, rest, when, split=split)
    posted.append(release(seller, posted[-1], when.now))
    for each in posted:
        row = transaction_json(seller, each)
        total = row["totalAmount"]["currencyAmount"]
        assert total == sum(amount(item["totalAmount"]) for item in row["items"])
        assert total == sum(added(node) for node in row["breakdowns"])
        for item in row["items"]:
            assert amount(item["totalAmount"]) == sum(added(node) for node in item["breakdowns"])


def amount(currency: Json) -> Decimal:
    found: Decimal = currency["currencyAmount"]
    return found


def added(node: Json) -> Decimal:
    """Return a node's amount, after its children's were added up to it."""
    own = amount(node["breakdownAmount"])
    if node["breakdowns"]:
        assert own == sum(added(each) for each in node["breakdowns"])
    return own


def test_every_part_has_a_place() -> None:
    assert set(PLACES) == set(Part)
    assert {*CHARGES, *FEES, *WITHHELD, Part.PROMOTION} == set(Part)
