from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from ledger.events import MoneyState, Part, PartKind, RefundSeen
from ledger.money import Money
from ledger.policy import Policy
from tests.workers.platforms.magento import KEY, line, memo, noted, order
from tests.workers.platforms.world import usd
from workers.platforms.magento_refunds import refund_seen

SHOPS = Policy()
BUYERS = Policy(currency_mode="presentment")


def seen(made: dict[str, Any], policy: Policy = SHOPS) -> RefundSeen:
    return refund_seen(made, order(), policy=policy, mark_prefix="rs-mystore-")


def amounts(refund: RefundSeen) -> list[tuple[PartKind, str, str]]:
    return [(part.kind, str(part.net.amount), str(part.tax.amount)) for part in refund.parts]


def test_a_credit_memo_is_a_refund_of_its_order() -> None:
    refund = seen(memo())
    assert (refund.origin, refund.refund_id, refund.order_id) == ("magento", "7", "5")
    assert refund.order_name == "000000005"
    assert refund.occurred_at == datetime(2026, 10, 1, 12, tzinfo=UTC)
    assert (refund.mark, refund.first_hand, refund.requested) == ("", False, True)
    assert (refund.money, refund.amount) == (MoneyState.MOVED, usd("21.60"))
    assert refund.parts == (
        Part(
            PartKind.ITEM,
            usd("20.00"),
            usd("1.60"),
            sku="TSHIRT-M",
            title="T-shirt, M",
            quantity=Decimal(1),
            source_line_id="11",
        ),
    )
    assert refund.balanced() == refund.parts


def test_the_buyers_currency_is_read_where_the_books_are_kept_in_it() -> None:
    refund = seen(memo(), BUYERS)
    assert (refund.currency, refund.amount) == ("EUR", Money.parse("19.44", "EUR"))
    assert amounts(refund) == [(PartKind.ITEM, "18.00", "1.44")]


@pytest.mark.parametrize(
    ("state", "money"), [(1, MoneyState.PENDING), (2, MoneyState.MOVED), (3, MoneyState.FAILED)]
)
def test_the_money_is_as_the_credit_memo_says(state: int, money: MoneyState) -> None:
    assert seen(memo(state=state)).money is money


def test_our_own_credit_memo_is_marked() -> None:
    assert seen(memo(comments=noted(f"NetSuite creditmemo {KEY} (21.60 USD online)"))).mark == KEY


def test_shipping_and_adjustments_are_parts_of_their_own() -> None:
    refund = seen(
        memo(
            base_grand_total=Decimal("25.50"),
            base_shipping_amount=5,
            base_shipping_tax_amount=Decimal("0.4"),
            base_tax_amount=2,
            base_adjustment_positive=Decimal("1.5"),
            base_adjustment_negative=3,
        )
    )
    assert amounts(refund) == [
        (PartKind.ITEM, "20.00", "1.60"),
        (PartKind.SHIPPING, "5.00", "0.40"),
        (PartKind.ADJUSTMENT, "1.50", "0.00"),
        (PartKind.ADJUSTMENT, "-3.00", "0.00"),
    ]
    assert refund.balanced() == refund.parts


def test_a_lines_discount_is_taken_off_without_the_tax_that_was_in_it() -> None:
    made = memo(base_grand_total=Decimal("16.20"), base_discount_amount=-6)
    made["items"][0] |= {
        "base_tax_amount": Decimal("1.2"),
        "base_discount_amount": Decimal("5.40"),
        "base_discount_tax_compensation_amount": Decimal("0.4"),
    }
    made["base_tax_amount"] = Decimal("1.2")
    refund = seen(made)
    assert amounts(refund) == [(PartKind.ITEM, "15.00", "1.20")]
    assert refund.balanced() == refund.parts


def test_what_of_the_discount_is_not_the_lines_is_the_shippings() -> None:
    made = memo(
        base_grand_total=Decimal("24.60"),
        base_shipping_amount=5,
        base_discount_amount=Decimal("-4.00"),
        base_discount_tax_compensation_amount=0,
    )
    made["items"][0]["base_discount_amount"] = 2
    refund = seen(made)
    assert amounts(refund) == [(PartKind.ITEM, "18.00", "1.60"), (PartKind.SHIPPING, "3.00", "0.00")]


def test_tax_that_belongs_to_no_line_is_tax() -> None:
    refund = seen(memo(base_tax_amount=8, base_grand_total=28))
    assert amounts(refund) == [(PartKind.ITEM, "20.00", "1.60"), (PartKind.TAX, "0.00", "6.40")]
    assert refund.balanced() == refund.parts


def test_a_cent_that_belongs_nowhere_is_left_to_rounding() -> None:
    refund = seen(memo(base_tax_amount=Decimal("1.61"), base_grand_total=Decimal("21.61")))
    assert amounts(refund) == [(PartKind.ITEM, "20.00", "1.60")]
    (*_, rest) = refund.balanced()
    assert (rest.kind, rest.net) == (PartKind.DIFFERENCE, usd("0.01"))


def test_lines_without_money_or_units_are_no_parts() -> None:
    bought = line(11, product_type="configurable")
    variant = line(12, parent_item_id=11, base_row_invoiced=0, base_tax_invoiced=0)
    made = memo()
    made["items"] += [{"order_item_id": 12, "qty": 1}, {"order_item_id": 13, "qty": 0, "base_row_total": 0}]
    refund = refund_seen(made, order(bought, variant, line(13)), policy=Policy(), mark_prefix="rs-mystore-")
    assert [part.source_line_id for part in refund.parts] == ["11"]


def test_a_currency_without_cents_is_rounded_to_it() -> None:
    made = memo(base_currency_code="JPY", base_grand_total=Decimal("2160.4"))
    made["items"][0] |= {"base_row_total": Decimal("2000.4"), "base_tax_amount": 160}
    made["base_tax_amount"] = 160
    refund = seen(made)
    assert (refund.amount.amount, refund.amount.currency) == (Decimal(2160), "JPY")
    assert refund.balanced() == refund.parts
