from typing import Any

import pytest

from ledger.events import MoneyState
from ledger.money import MoneyError
from tests.workers.platforms.ebay import AT, DATE, ORDER, amount, line, mug, of_line, order, pending, refunded
from tests.workers.platforms.world import usd
from workers.platforms.ebay_reading import BY_API, amount_of, lines_of, moment, order_from


def refundable(*lines: dict[str, Any], **more: Any) -> list[int]:  # noqa: ANN401 - JSON may be anything
    return [each.refundable for each in order_from(order(*lines, **more)).lines]


def test_an_order_is_read_with_what_it_is_worth_to_the_seller() -> None:
    read = order_from(order(line(), mug()))
    assert (read.id, read.name, read.currency, read.shop_currency, int(read.shop_rate)) == (
        ORDER,
        ORDER,
        "USD",
        "USD",
        1,
    )
    assert (read.paid, read.cancelled) == (usd("115.30"), False)
    assert [(each.id, each.sku, each.title, each.quantity) for each in read.lines] == [
        ("100", "TSHIRT-M", "T-shirt, M", 5),
        ("200", "MUG", "Mug", 1),
    ]


def test_an_order_may_be_cancelled() -> None:
    assert order_from(order(cancelStatus={"cancelState": "CANCELED", "cancelRequests": []})).cancelled


def test_a_line_that_tells_little_is_read_all_the_same() -> None:
    read = line()
    for name in ("sku", "title", "legacyItemId", "refunds", "taxes"):
        del read[name]
    (only,) = lines_of(order(read))
    assert (only.sku, only.title, only.item_id, only.tax) == ("", "", "", usd("0"))


def test_a_discount_lowers_the_price_of_the_goods() -> None:
    (only,) = lines_of(order(line(discountedLineItemCost=amount("90.0"), total=amount("95.0"))))
    assert (only.cost, only.delivery) == (usd("90.00"), usd("5.00"))


def test_tax_that_the_seller_collects_is_in_the_total() -> None:
    (only,) = lines_of(order(mug()))
    assert (only.cost, only.tax, only.delivery) == (usd("9.50"), usd("0.80"), usd("0"))


@pytest.mark.parametrize("taxes", [[{"amount": amount("0.8")}], [{"taxType": "VAT"}], None])
def test_tax_that_is_not_in_the_total_is_ebays(taxes: list[dict[str, Any]] | None) -> None:
    (only,) = lines_of(order(mug(taxes=taxes, total=amount("9.5"))))
    assert (only.tax, only.delivery) == (usd("0"), usd("0"))


def test_what_was_given_back_or_is_about_to_be_is_not_paid_any_more() -> None:
    refunds = [refunded("20.0"), pending("5.0", refundId="F2"), pending("50.0", "FAILED", refundId="F3")]
    read = order_from(order(refunds=refunds))
    assert read.paid == usd("80.00")
    assert [(each.id, each.note, each.money, each.problem, each.made_at) for each in read.refunds] == [
        ("R1", "", MoneyState.MOVED, "", AT),
        ("F2", BY_API, MoneyState.PENDING, "", None),
        ("F3", BY_API, MoneyState.FAILED, "PAYMENT_FAILED", None),
    ]


def test_a_status_that_nobody_documented_is_pending() -> None:
    (refund,) = order_from(order(refunds=[pending("5.0", "ODD", refundId="F1")])).refunds
    assert refund.money is MoneyState.PENDING


def test_a_refund_without_a_name_counts_and_has_none() -> None:
    read = order_from(order(refunds=[pending("5.0")]))
    assert (read.paid, [each.id for each in read.refunds]) == (usd("100.00"), [""])


@pytest.mark.parametrize(
    ("given", "left"), [("0.5", 5), ("21.0", 4), ("22.0", 4), ("42.0", 3), ("104.9", 1), ("105.0", 0)]
)
def test_what_a_line_has_left_is_counted_in_units_begun(given: str, left: int) -> None:
    refunds = [of_line(given, refundId="F1", refundDate=DATE)]
    assert refundable(line(refunds=refunds), refunds=[refunded(given)]) == [left]


def test_a_failed_refund_takes_nothing_from_a_line() -> None:
    refunds = [of_line("105.0", refundId="F1")]
    assert refundable(line(refunds=refunds), refunds=[pending("105.0", "FAILED")]) == [5]


def test_a_line_that_costs_nothing_can_be_refunded() -> None:
    assert refundable(line(lineItemCost=amount("0.0"), total=amount("0.0"))) == [5]


def test_a_refund_of_a_line_without_an_amount_is_none() -> None:
    read = order_from(order(line(refunds=[{"refundId": "F1"}])))
    assert read.refunds == ()


def test_amounts_are_exact_and_in_the_currency_they_were_converted_to() -> None:
    converted = amount("10.1") | {"convertedFromValue": "12.0", "convertedFromCurrency": "CAD"}
    assert amount_of(converted) == usd("10.10")
    with pytest.raises(MoneyError):
        amount_of(amount("10.123"))


def test_times_have_a_zone() -> None:
    assert moment("2026-10-01T14:00:00.000+02:00") == AT
    with pytest.raises(ValueError, match="no time zone"):
        moment("2026-10-01T12:00:00.000")
