from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import Money, total
from tests.support.specs_ebay import check_body
from tests.workers.platforms.ebay import KEY, ORDER, plan_line
from tests.workers.platforms.world import usd
from workers.platforms.ebay_refund_input import REASONS, refund_input
from workers.platforms.errors import PlatformError
from workers.rules.views import StorefrontPlan, StorefrontPlanLine


def plan(amount: str = "20.00", *lines: StorefrontPlanLine, **more: Any) -> StorefrontPlan:  # noqa: ANN401 - as given
    known: dict[str, Any] = {
        "order_id": ORDER,
        "amount": usd(amount),
        "lines": lines,
        "shipping": None,
        "shipping_tax": None,
        "method": "original",
        "location_id": "",
        "notify": False,
        "note": f"NetSuite creditmemo {KEY}",
    }
    return StorefrontPlan(**{**known, **more})


def test_lines_that_are_all_of_it_are_named() -> None:
    body = refund_input(plan("31.60", plan_line(tax="1.60"), plan_line("10.00", "200")), KEY)
    assert body == {
        "reasonForRefund": "BUYER_RETURN",
        "comment": KEY,
        "refundItems": [
            {"lineItemId": "100", "refundAmount": {"value": "21.60", "currency": "USD"}},
            {"lineItemId": "200", "refundAmount": {"value": "10.00", "currency": "USD"}},
        ],
    }


def test_a_line_named_twice_is_one_with_the_sum() -> None:
    (item,) = refund_input(plan("30.00", plan_line(), plan_line("10.00")), KEY)["refundItems"]
    assert item["refundAmount"]["value"] == "30.00"


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (plan("25.00", plan_line(), shipping=usd("5.00")), "BUYER_RETURN"),
        (plan("19.00", plan_line()), "BUYER_RETURN"),
        (plan("20.00", plan_line(), plan_line("0.00", "200")), "BUYER_RETURN"),
        (plan("20.00"), "OTHER_ADJUSTMENT"),
    ],
)
def test_anything_else_is_the_orders_money(made: StorefrontPlan, reason: str) -> None:
    body = refund_input(made, KEY)
    assert body["orderLevelRefundAmount"] == {"value": str(made.amount.amount), "currency": "USD"}
    assert "refundItems" not in body
    assert body["reasonForRefund"] == reason


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_the_accounts_reason_is_given(reason: str) -> None:
    assert refund_input(plan(platform_reason=reason), KEY)["reasonForRefund"] == reason


def test_a_reason_that_ebay_does_not_know_is_refused() -> None:
    with pytest.raises(PlatformError, match="CustomerReturn") as refused:
        refund_input(plan(platform_reason="CustomerReturn"), KEY)
    assert refused.value.reason == "REFUSED"


@pytest.mark.parametrize("method", ["offline", "store_credit"])
def test_ebay_gives_money_back_the_way_it_was_paid_only(method: str) -> None:
    with pytest.raises(PlatformError, match=method) as refused:
        refund_input(plan(method=method), KEY)
    assert refused.value.reason == "REFUSED"


def test_the_comment_is_no_longer_than_ebay_takes() -> None:
    assert len(refund_input(plan(), "k" * 150)["comment"]) == 100


_CENTS = st.integers(min_value=0, max_value=10_000).map(lambda each: str(Decimal(each) / 100))
_PLAN_LINES = st.lists(
    st.builds(plan_line, _CENTS, st.sampled_from(["100", "200", "300"]), _CENTS), max_size=5
)


@given(lines=_PLAN_LINES, more=_CENTS)
def test_the_body_always_gives_back_exactly_the_amount_in_one_of_the_two_ways(
    lines: list[StorefrontPlanLine], more: str
) -> None:
    amount = total([each.net + each.tax for each in lines], "USD") + usd(more)
    body = refund_input(plan(str(amount.amount), *lines), KEY)
    assert ("refundItems" in body) is not ("orderLevelRefundAmount" in body)
    given_back = [each["refundAmount"] for each in body.get("refundItems", [])]
    given_back = given_back or [body["orderLevelRefundAmount"]]
    assert total([Money.parse(each["value"], each["currency"]) for each in given_back], "USD") == amount


@pytest.mark.parametrize("made", [plan("20.00", plan_line()), plan("25.00", plan_line())])
def test_the_body_is_of_ebays_contract(specs_dir: Path, made: StorefrontPlan) -> None:
    check_body(specs_dir, "sell_fulfillment_v1_oas3.json", "IssueRefundRequest", refund_input(made, KEY))
