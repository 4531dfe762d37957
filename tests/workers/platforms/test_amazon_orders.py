from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from ledger.events import MoneyState, RefundSeen
from ledger.money import Money
from ledger.policy import Policy
from tests.workers.platforms.amazon import ORDER, item, node, principal, transaction
from tests.workers.platforms.world import usd
from workers.platforms.amazon_orders import (
    Paid,
    fulfillment,
    is_order_id,
    marketplace_of,
    order_from,
    shipping_paid,
)
from workers.platforms.amazon_refunds import refunds_from
from workers.platforms.amazon_rows import moment
from workers.platforms.amazon_transactions import rows_from

Json = dict[str, Any]


def amount(text: str) -> Json:
    return {"amount": text, "currencyCode": "USD"}


def line(line_id: str = "1001", sku: str = "TSHIRT-M", quantity: int = 5, **more: Any) -> Json:  # noqa: ANN401 - JSON
    return {
        "orderItemId": line_id,
        "quantityOrdered": quantity,
        "product": {"sellerSku": sku, "title": sku.title()},
        **more,
    }


def order(*lines: Json, **more: Any) -> Json:  # noqa: ANN401 - JSON may be anything
    return {
        "orderId": ORDER,
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": "ATVPDKIKX0DER"},
        "fulfillment": {"fulfillmentStatus": "SHIPPED", "fulfilledBy": "MERCHANT"},
        "proceeds": {"grandTotal": amount("108.00")},
        "orderItems": list(lines) or [line()],
        **more,
    }


def refunds(*transactions: Json) -> tuple[RefundSeen, ...]:
    return refunds_from(rows_from(transactions), Policy())


def test_an_order_is_known_by_one_number_and_holds_what_was_paid() -> None:
    found = order_from(order(), ())
    assert (found.id, found.name) == (ORDER, ORDER)
    assert (found.currency, found.shop_currency, found.shop_rate) == ("USD", "USD", Decimal(1))
    assert (found.paid, found.cancelled, found.refunds) == (usd("108.00"), False, ())
    (only,) = found.lines
    assert (only.id, only.sku, only.title) == ("1001", "TSHIRT-M", "Tshirt-M")
    assert (only.quantity, only.refundable) == (5, 5)


def test_refunds_lessen_what_is_left_by_what_the_buyer_got() -> None:
    taxed = transaction(
        "-20.00",
        item(
            principal("-20.00"),
            node(
                "Tax", "0", node("OurPriceTax", "-1.60"), node("MarketplaceFacilitatorTax-Principal", "1.60")
            ),
        ),
        REFUND_ID="r-1",
        status="DEFERRED",
    )
    found = order_from(order(), refunds(taxed))
    assert found.paid == usd("86.40")
    assert found.lines[0].refundable == 4
    (refund,) = found.refunds
    assert (refund.id, refund.note, refund.amount) == ("r-1", "", usd("21.60"))
    assert (refund.money, refund.made_at) == (MoneyState.PENDING, moment("2026-03-01T10:00:00Z"))


def test_units_refunded_are_taken_from_the_lines_of_their_sku_in_turn() -> None:
    lines = (line("1", quantity=2), line("2", sku="MUG"), line("3", quantity=2))
    found = order_from(order(*lines), refunds(transaction("-60.00", item(principal("-60.00"), quantity=3))))
    assert [(each.id, each.refundable) for each in found.lines] == [("1", 0), ("2", 5), ("3", 1)]


def test_a_refund_in_another_currency_lessens_nothing() -> None:
    (seen,) = refunds(transaction("-20.00"))
    strange = replace(
        seen,
        currency="EUR",
        parts=tuple(
            replace(part, net=Money.parse("20.00", "EUR"), tax=Money.zero("EUR")) for part in seen.parts
        ),
    )
    assert order_from(order(), (strange,)).paid == usd("108.00")


def test_an_order_without_a_grand_total_holds_what_its_items_bring() -> None:
    lines = (
        line("1", proceeds={"proceedsTotal": amount("20.00")}),
        line("2", proceeds={"proceedsTotal": amount("9.50")}),
        line("3"),
    )
    assert order_from(order(*lines, proceeds=None), ()).paid == usd("29.50")


def test_a_pending_order_holds_nothing_yet() -> None:
    priced = line(product={"sellerSku": "TSHIRT-M", "price": {"unitPrice": amount("20.00")}})
    found = order_from(order(priced, proceeds={}), ())
    assert (found.paid, found.currency) == (usd("0.00"), "USD")


def test_an_order_without_any_amount_has_no_currency() -> None:
    found = order_from(order(line(product={}), proceeds={}), ())
    assert (found.currency, found.paid, found.lines[0].sku, found.lines[0].title) == (
        "XXX",
        Money.zero("XXX"),
        "",
        "",
    )


@pytest.mark.parametrize(("status", "cancelled"), [("CANCELLED", True), ("UNSHIPPED", False), ("", False)])
def test_an_order_says_whether_it_is_cancelled(status: str, cancelled: bool) -> None:  # noqa: FBT001 - a table
    found = order(fulfillment={"fulfillmentStatus": status} if status else None)
    assert order_from(found, ()).cancelled is cancelled
    assert fulfillment(found, "fulfillmentStatus") == status


def test_an_order_says_where_it_was_placed() -> None:
    assert marketplace_of(order()) == "ATVPDKIKX0DER"
    assert marketplace_of({"salesChannel": {"channelName": "NON_AMAZON"}}) == ""


def test_an_item_says_what_was_paid_for_its_shipping() -> None:
    proceeds = {
        "breakdowns": [
            {"type": "ITEM", "subtotal": amount("20.00")},
            {"type": "SHIPPING", "subtotal": amount("5.00")},
            {
                "type": "TAX",
                "subtotal": amount("2.00"),
                "detailedBreakdowns": [
                    {"subtype": "ITEM", "value": amount("1.60")},
                    {"subtype": "SHIPPING", "value": amount("0.40")},
                ],
            },
        ]
    }
    untaxed = {"breakdowns": [{"type": "TAX", "subtotal": amount("0.00")}]}
    assert shipping_paid(order(line("1", proceeds=proceeds), line("2", proceeds=untaxed), line("3"))) == (
        Paid("1", Decimal("5.00"), Decimal("0.40")),
        Paid("2", Decimal(0), Decimal(0)),
        Paid("3", Decimal(0), Decimal(0)),
    )


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (ORDER, True),
        ("112-0000001-000000", False),
        (f"{ORDER}/..", False),
        (f"{ORDER}\n", False),
        ("#1001", False),
        ("", False),
    ],
)
def test_an_order_id_has_a_form(text: str, is_one: bool) -> None:  # noqa: FBT001 - a table
    assert is_order_id(text) is is_one
