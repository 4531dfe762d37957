"""Refunds as events: the same parts and signs as the webhook's."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from ledger.events import MoneyState, PartKind, RefundSeen
from ledger.money import Money, total
from tests.workers.platforms.test_shopify_reading import bag
from workers.platforms.errors import PlatformError
from workers.platforms.shopify_refunds import refund_seen


def page(*nodes: dict[str, Any], more: bool = False) -> dict[str, Any]:
    return {"nodes": list(nodes), "pageInfo": {"hasNextPage": more}}


def line(net: str, tax: str = "0.0", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON may be anything
    known = {
        "quantity": 1,
        "restockType": "RETURN",
        "location": {"id": "gid://shopify/Location/40642626"},
        "lineItem": {
            "id": "gid://shopify/LineItem/466157049",
            "sku": "TSHIRT-M",
            "title": "T-shirt, M",
            "isGiftCard": False,
        },
        "subtotalSet": bag(net),
        "totalTaxSet": bag(tax),
    }
    return {**known, **more}


def payment(amount: str, status: str = "SUCCESS", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON may be anything
    known = {
        "id": "gid://shopify/OrderTransaction/179259969",
        "kind": "REFUND",
        "status": status,
        "amountSet": bag(amount),
    }
    return {**known, **more}


def shipping(net: str, tax: str = "0.0") -> dict[str, Any]:
    return {
        "shippingLine": {"title": "Standard"},
        "subtotalAmountSet": bag(net),
        "taxAmountSet": bag(tax),
    }


def adjustment(amount: str, tax: str = "0.0") -> dict[str, Any]:
    return {"reason": "REFUND_DISCREPANCY", "amountSet": bag(amount), "taxAmountSet": bag(tax)}


def refund(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON may be anything
    known: dict[str, Any] = {
        "id": "gid://shopify/Refund/509562969",
        "note": None,
        "createdAt": "2026-03-14T15:09:26Z",
        "processedAt": "2026-03-14T11:09:26-04:00",
        "refundShippingLines": page(),
        "orderAdjustments": page(),
        "duties": [],
        "transactions": page(payment("21.6")),
    }
    return {**known, **more}


def seen(node: dict[str, Any], lines: list[dict[str, Any]], **more: Any) -> RefundSeen:  # noqa: ANN401 - as given
    known = {
        "order_id": "450789469",
        "currency_mode": "shop",
        "currency": "USD",
        "mark_prefix": "rs-myshop-",
    }
    return refund_seen(node, lines, **{**known, **more})


def parts(event: RefundSeen) -> list[tuple[str, str, str]]:
    return [(part.kind.value, str(part.net.amount), str(part.tax.amount)) for part in event.parts]


def test_a_refund_of_a_line_is_read() -> None:
    event = seen(refund(), [line("20.0", "1.6")])
    assert (event.origin, event.refund_id, event.order_id, event.order_name) == (
        "shopify",
        "509562969",
        "450789469",
        "",
    )
    assert event.occurred_at == datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
    assert (event.currency, event.mark, event.source_location_id) == ("USD", "", "40642626")
    assert event.first_hand is False
    (part,) = event.parts
    assert (part.kind, part.sku, part.title, part.quantity) == (
        PartKind.ITEM,
        "TSHIRT-M",
        "T-shirt, M",
        Decimal(1),
    )
    assert (part.net, part.tax) == (Money.parse("20.00", "USD"), Money.parse("1.60", "USD"))
    assert (part.restock, part.source_line_id) == (True, "466157049")
    (paid,) = event.payments
    assert (paid.id, paid.state, paid.amount) == ("179259969", MoneyState.MOVED, Money.parse("21.60", "USD"))
    assert event.amount == Money.parse("21.60", "USD")


def test_an_event_survives_the_ledger() -> None:
    event = seen(refund(), [line("20.0", "1.6")])
    assert RefundSeen.from_json(event.to_json()) == event


@pytest.mark.parametrize("processed_at", [None, "2026-01-02T03:04:05Z"])
def test_it_happened_when_it_was_made_whatever_an_import_says(processed_at: str | None) -> None:
    made = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
    assert seen(refund(processedAt=processed_at), []).occurred_at == made


def test_without_the_time_it_was_made_it_happened_when_it_was_processed() -> None:
    processed = refund(createdAt=None, processedAt="2026-01-02T03:04:05Z")
    assert seen(processed, []).occurred_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_shipping_and_duties_are_parts_of_their_own() -> None:
    node = refund(
        refundShippingLines=page(shipping("5.0", "0.4"), shipping("0.0")),
        duties=[{"amountSet": bag("2.0")}, {"amountSet": bag("1.0")}],
        transactions=page(payment("30.0")),
    )
    assert parts(seen(node, [line("20.0", "1.6")])) == [
        ("item", "20.00", "1.60"),
        ("shipping", "5.00", "0.40"),
        ("duty", "3.00", "0.00"),
    ]


def test_without_duties_there_is_no_part_for_them() -> None:
    assert parts(seen(refund(duties=None), [line("20.0", "1.6")])) == [("item", "20.00", "1.60")]


@pytest.mark.parametrize(
    ("given", "sent", "part"),
    [
        # The customer gets 5 more than the lines are worth.
        ("-5.0", "26.6", ("adjustment", "5.00", "0.00")),
        # The shop keeps 5 of what the lines are worth.
        ("5.0", "16.6", ("adjustment", "-5.00", "0.00")),
    ],
)
def test_an_adjustment_is_what_the_customer_was_not_given(
    given: str, sent: str, part: tuple[str, str, str]
) -> None:
    node = refund(orderAdjustments=page(adjustment(given)), transactions=page(payment(sent)))
    event = seen(node, [line("20.0", "1.6")])
    assert parts(event) == [("item", "20.00", "1.60"), part]
    assert event.balanced() == event.parts


def test_adjustments_that_cancel_each_other_are_no_part() -> None:
    node = refund(orderAdjustments=page(adjustment("5.0"), adjustment("-5.0")))
    assert parts(seen(node, [line("20.0", "1.6")])) == [("item", "20.00", "1.60")]


def test_an_adjustment_that_books_what_is_pending_is_no_part() -> None:
    node = refund(orderAdjustments=page(adjustment("21.6")), transactions=page(payment("21.6", "PENDING")))
    event = seen(node, [line("20.0", "1.6")])
    assert parts(event) == [("item", "20.00", "1.60")]
    assert event.money is MoneyState.PENDING


def test_an_adjustment_without_lines_is_the_refund() -> None:
    node = refund(orderAdjustments=page(adjustment("-10.0")), transactions=page(payment("10.0")))
    assert parts(seen(node, [])) == [("adjustment", "10.00", "0.00")]


def test_prices_that_hold_their_tax_are_taken_apart() -> None:
    node = refund(transactions=page(payment("20.0")))
    event = seen(node, [line("20.0", "1.48")])
    assert parts(event) == [("item", "18.52", "1.48")]
    assert event.balanced() == event.parts


def test_where_nothing_adds_up_the_difference_is_a_part() -> None:
    event = seen(refund(transactions=page(payment("19.0"))), [line("20.0", "1.6")])
    assert parts(event) == [("item", "20.00", "1.60")]
    assert event.balanced()[-1].kind is PartKind.DIFFERENCE
    assert event.balanced()[-1].net == Money.parse("-2.60", "USD")


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({}, PartKind.ITEM),
        ({"subtotalSet": bag("0.0"), "totalTaxSet": bag("1.6")}, PartKind.TAX),
        ({"subtotalSet": bag("0.0"), "totalTaxSet": bag("0.0")}, PartKind.ITEM),
    ],
)
def test_tax_given_back_without_goods_is_tax(more: dict[str, Any], kind: PartKind) -> None:
    assert seen(refund(), [line("20.0", "1.6", **more)]).parts[0].kind is kind


def test_a_gift_card_is_no_item() -> None:
    card = line("20.0")["lineItem"] | {"isGiftCard": True, "sku": None}
    part = seen(refund(), [line("20.0", lineItem=card)]).parts[0]
    assert (part.kind, part.sku) == (PartKind.GIFT_CARD, "")


@pytest.mark.parametrize(
    ("restock_type", "restock"),
    [("RETURN", True), ("CANCEL", True), ("LEGACY_RESTOCK", True), ("NO_RESTOCK", False)],
)
def test_goods_come_back_by_restock_type(restock_type: str, restock: bool) -> None:  # noqa: FBT001 - an expectation
    event = seen(refund(), [line("20.0", restockType=restock_type)])
    assert event.parts[0].restock is restock
    assert bool(event.source_location_id) is restock


def test_goods_that_come_back_to_several_places_have_none() -> None:
    other = line("1.0", location={"id": "gid://shopify/Location/5"})
    assert seen(refund(), [line("20.0"), other]).source_location_id == ""
    assert seen(refund(), [line("20.0"), line("1.0", location=None)]).source_location_id == ""


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("SUCCESS", MoneyState.MOVED),
        ("PENDING", MoneyState.PENDING),
        ("AWAITING_RESPONSE", MoneyState.PENDING),
        ("UNKNOWN", MoneyState.PENDING),
        ("A_STATUS_OF_TOMORROW", MoneyState.PENDING),
        ("FAILURE", MoneyState.FAILED),
        ("ERROR", MoneyState.FAILED),
    ],
)
def test_a_transactions_status_is_the_moneys_state(status: str, state: MoneyState) -> None:
    assert seen(refund(transactions=page(payment("21.6", status))), []).money is state


def test_only_refunds_of_money_are_payments() -> None:
    node = refund(transactions=page(payment("5.0", kind="VOID"), payment("21.6")))
    assert len(seen(node, []).payments) == 1


def test_a_restock_moves_no_money() -> None:
    assert seen(refund(transactions=page()), [line("20.0")]).money is MoneyState.NONE


@pytest.mark.parametrize(
    ("note", "mark"),
    [
        (None, ""),
        ("Customer changed their mind", ""),
        ("NetSuite creditmemo rs-myshop-70", "rs-myshop-70"),
        ("rs-myshop-70, then rs-myshop-71", "rs-myshop-70"),
        ("rs-othershop-70", ""),
        ("rs-othershop-70 rs-myshop-71", "rs-myshop-71"),
        ("errs-myshop-70", "rs-myshop-70"),
    ],
)
def test_our_own_key_is_found_in_the_note(note: str | None, mark: str) -> None:
    assert seen(refund(note=note), []).mark == mark


def test_any_key_of_ours_counts_where_the_account_is_not_said() -> None:
    assert seen(refund(note="rs-othershop-70"), [], mark_prefix="rs-").mark == "rs-othershop-70"


@pytest.mark.parametrize("name", ["refundShippingLines", "orderAdjustments", "transactions"])
def test_a_refund_with_more_than_was_read_is_not_read_at_all(name: str) -> None:
    with pytest.raises(PlatformError) as caught:
        seen(refund(**{name: page(more=True)}), [])
    assert caught.value.reason == "REFUSED"
    assert name in caught.value.detail


def euro(presentment: str, shop: str) -> dict[str, Any]:
    return bag(presentment, shop, currency="EUR")


def test_the_account_chooses_the_side_that_is_read() -> None:
    node = refund(transactions=page(payment("", amountSet=euro("18.0", "21.6"))))
    lines = [line("", subtotalSet=euro("16.5", "20.0"), totalTaxSet=euro("1.5", "1.6"))]
    shop = seen(node, lines)
    buyer = seen(node, lines, currency_mode="presentment", currency="EUR")
    assert (parts(shop), shop.currency) == ([("item", "20.00", "1.60")], "USD")
    assert (parts(buyer), buyer.currency) == ([("item", "16.50", "1.50")], "EUR")
    # As in the webhook, the money is stated in the buyer's currency only.
    assert (shop.payments[0].amount, buyer.payments[0].amount) == (None, Money.parse("18.00", "EUR"))
    assert shop.amount == total([part.gross for part in shop.parts], "USD")


def test_how_the_amounts_are_meant_is_judged_where_the_money_is_stated() -> None:
    # In euros the prices hold their tax, so they do in dollars.
    node = refund(transactions=page(payment("", amountSet=euro("16.5", "20.0"))))
    lines = [line("", subtotalSet=euro("16.5", "20.0"), totalTaxSet=euro("1.5", "1.6"))]
    assert parts(seen(node, lines)) == [("item", "18.40", "1.60")]
