from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from ledger.money import Money
from workers.platforms.errors import PlatformError
from workers.platforms.shopify_queries import REFUNDS_READ
from workers.platforms.shopify_reading import created_from, order_from, suggestion_from


def bag(
    presentment: str, shop: str = "", currency: str = "USD", shop_currency: str = "USD"
) -> dict[str, Any]:
    return {
        "shopMoney": {"amount": shop or presentment, "currencyCode": shop_currency},
        "presentmentMoney": {"amount": presentment, "currencyCode": currency},
    }


def order(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON may be anything
    known: dict[str, Any] = {
        "id": "gid://shopify/Order/9007199254740993",
        "name": "#1001",
        "createdAt": "2026-03-14T16:09:26+01:00",
        "cancelledAt": None,
        "currencyCode": "USD",
        "presentmentCurrencyCode": "USD",
        "totalPriceSet": bag("57.70"),
        "totalReceivedSet": bag("57.70"),
        "netPaymentSet": bag("37.70"),
        "refunds": [],
    }
    return {**known, **more}


LINE = {
    "id": "gid://shopify/LineItem/466157049",
    "sku": "TSHIRT-M",
    "title": "T-shirt, M",
    "quantity": 2,
    "refundableQuantity": 1,
}
REFUND = {"id": "gid://shopify/Refund/509562969", "note": "rs-myshop-1", "totalRefundedSet": bag("20.0")}


def test_an_order_is_read() -> None:
    read = order_from(order(refunds=[REFUND]), [LINE])
    assert (read.id, read.name, read.cancelled) == ("9007199254740993", "#1001", False)
    assert (read.currency, read.shop_currency, read.shop_rate) == ("USD", "USD", Decimal(1))
    assert read.paid == Money.parse("37.70", "USD")
    assert (read.total, read.placed_at) == (
        Money.parse("57.70", "USD"),
        datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC),
    )
    (line,) = read.lines
    assert (line.id, line.sku, line.title) == ("466157049", "TSHIRT-M", "T-shirt, M")
    assert (line.quantity, line.refundable) == (2, 1)
    (refund,) = read.refunds
    assert (refund.id, refund.note, refund.amount) == (
        "509562969",
        "rs-myshop-1",
        Money.parse("20.00", "USD"),
    )


def test_what_may_be_missing_is_read_as_nothing() -> None:
    read = order_from(order(refunds=[REFUND | {"note": None}]), [LINE | {"sku": None}])
    assert (read.refunds[0].note, read.lines[0].sku) == ("", "")


def test_a_cancelled_order_is_known() -> None:
    assert order_from(order(cancelledAt="2026-03-14T15:09:26Z"), []).cancelled


def test_the_rate_is_that_of_the_order() -> None:
    sold = order(
        presentmentCurrencyCode="EUR",
        totalPriceSet=bag("50.00", "57.70", "EUR"),
        netPaymentSet=bag("50.00", "57.70", "EUR"),
    )
    read = order_from(sold, [])
    assert (read.currency, read.shop_currency, read.paid.currency) == ("EUR", "USD", "EUR")
    assert read.shop_rate == Decimal("50.00") / Decimal("57.70")


def test_without_a_total_the_rate_is_that_of_what_was_received() -> None:
    sold = order(totalPriceSet=bag("0.0"), totalReceivedSet=bag("10.00", "5.00"))
    assert order_from(sold, []).shop_rate == 2
    assert order_from(order(totalPriceSet=bag("0.0"), totalReceivedSet=bag("0.0")), []).shop_rate == 1


@pytest.mark.parametrize(
    ("amount", "currency", "read"),
    [("1200.0", "JPY", "1200"), ("1200", "JPY", "1200"), ("1.2345", "KWD", "1.235"), ("5.5", "USD", "5.50")],
)
def test_an_amount_is_read_in_its_currencys_decimals(amount: str, currency: str, read: str) -> None:
    assert order_from(order(netPaymentSet=bag(amount, currency=currency)), []).paid == Money.parse(
        read, currency
    )


def test_an_order_of_too_many_refunds_is_not_read_at_all() -> None:
    with pytest.raises(PlatformError) as caught:
        order_from(order(refunds=[REFUND] * REFUNDS_READ), [])
    assert caught.value.reason == "REFUSED"
    assert len(order_from(order(refunds=[REFUND] * (REFUNDS_READ - 1)), []).refunds) == REFUNDS_READ - 1


def test_a_suggestion_is_read() -> None:
    payment = {
        "gateway": "shopify_payments",
        "amountSet": bag("21.6"),
        "maximumRefundableSet": bag("57.7"),
        "parentTransaction": {"id": "gid://shopify/OrderTransaction/389404469"},
    }
    other = {
        "gateway": None,
        "amountSet": bag("1.0"),
        "maximumRefundableSet": None,
        "parentTransaction": None,
    }
    read = suggestion_from(
        {
            "amountSet": bag("22.6"),
            "maximumRefundableSet": bag("57.7"),
            "subtotalSet": bag("20.0"),
            "totalTaxSet": bag("1.6"),
            "shipping": {"amountSet": bag("1.0"), "maximumRefundableSet": bag("5.0")},
            "suggestedTransactions": [payment, other],
        }
    )
    amounts = [read.amount, read.maximum, read.subtotal, read.tax, read.shipping, read.shipping_maximum]
    assert [str(each.amount) for each in amounts] == ["22.60", "57.70", "20.00", "1.60", "1.00", "5.00"]
    first, second = read.payments
    assert (first.gateway, first.parent_id) == ("shopify_payments", "389404469")
    assert (str(first.amount), str(first.maximum)) == ("21.60 USD", "57.70 USD")
    assert (second.gateway, second.parent_id, second.maximum) == ("", "", second.amount)


@pytest.mark.parametrize(
    ("statuses", "pending", "failed"),
    [
        ([], False, False),
        (["SUCCESS"], False, False),
        (["SUCCESS", "PENDING"], True, False),
        (["AWAITING_RESPONSE"], True, False),
        (["UNKNOWN"], True, False),
        (["SUCCESS", "FAILURE"], False, True),
        (["ERROR", "PENDING"], True, True),
    ],
)
def test_a_made_refund_says_what_became_of_the_money(
    statuses: list[str],
    pending: bool,  # noqa: FBT001 - an expectation
    failed: bool,  # noqa: FBT001 - an expectation
) -> None:
    nodes = [{"status": status} for status in statuses]
    made = created_from(
        {"id": "gid://shopify/Refund/7", "totalRefundedSet": bag("20.0"), "transactions": {"nodes": nodes}}
    )
    assert (made.id, made.amount) == ("7", Money.parse("20.00", "USD"))
    assert (made.payments_pending, made.payments_failed) == (pending, failed)
