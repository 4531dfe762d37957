from decimal import Decimal
from typing import Any

import pytest

from tests.workers.platforms.magento import KEY, invoice, line, memo, order, plan, plan_line
from workers.platforms.errors import PlatformError
from workers.platforms.magento_refund_input import Request, refund_request
from workers.rules.views import StorefrontPlan

Json = dict[str, Any]


def asked(
    wanted: StorefrontPlan,
    sold: Json | None = None,
    invoices: tuple[Json, ...] = (),
    memos: tuple[Json, ...] = (),
    *,
    with_tax: bool = False,
) -> Request:
    found = sold or order()
    return refund_request(wanted, KEY, found, invoices=invoices, memos=memos, shipping_includes_tax=with_tax)


def arguments(request: Request) -> tuple[Decimal, Decimal, Decimal]:
    """Return shipping, what is added and what is taken off."""
    given = request.body["arguments"]
    return given["shipping_amount"], given["adjustment_positive"], given["adjustment_negative"]


def numbers(*texts: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, texts))


def refusal(*args: Any, **more: Any) -> PlatformError:  # noqa: ANN401 - of `asked`
    with pytest.raises(PlatformError) as refused:
        asked(*args, **more)
    return refused.value


def test_every_line_is_named_and_only_what_is_refunded_is_taken() -> None:
    request = asked(plan("21.60", plan_line()), order(line(11), line(12, sku="MUG")))
    assert request.body["items"] == [
        {"order_item_id": 11, "qty": 1},
        {"order_item_id": 12, "qty": 0},
    ]
    assert arguments(request) == numbers("0", "0", "0")


def test_a_line_that_is_planned_in_parts_is_asked_for_once() -> None:
    request = asked(plan("43.20", plan_line(), plan_line(position=1)))
    assert request.body["items"] == [{"order_item_id": 11, "qty": 2}]


def test_the_comment_is_for_the_merchant_only() -> None:
    body = asked(plan("21.60", plan_line())).body
    assert body["comment"] == {
        "comment": f"NetSuite creditmemo {KEY} (21.60 USD offline)",
        "is_visible_on_front": 0,
    }
    assert (body["notify"], body["appendComment"]) == (False, False)
    assert asked(plan("21.60", plan_line(), notify=True)).body["notify"] is True


@pytest.mark.parametrize(
    ("amount", "shipping", "expected"),
    [
        ("21.60", None, ("0", "0", "0")),
        ("20.00", None, ("0", "0", "1.60")),
        ("30.00", None, ("0", "8.40", "0")),
        ("27.00", "5.00", ("5", "0", "0")),  # with the 0.40 of tax on it
        ("24.30", "2.50", ("2.50", "0", "0")),
        ("30.00", "9.00", ("5", "3.00", "0")),  # there is no more than 5.00 of it
    ],
)
def test_adjustments_make_it_exactly_what_was_asked_for(
    amount: str, shipping: str | None, expected: tuple[str, ...]
) -> None:
    assert arguments(asked(plan(amount, plan_line(), shipping=shipping))) == numbers(*expected)


def test_an_amount_alone_is_an_adjustment() -> None:
    request = asked(plan("12.34"))
    assert request.body["items"] == [{"order_item_id": 11, "qty": 0}]
    assert arguments(request) == numbers("0", "12.34", "0")


def test_shipping_is_asked_for_with_its_tax_where_the_shop_takes_it_so() -> None:
    request = asked(plan("27.00", plan_line(), shipping="5.00"), with_tax=True)
    assert arguments(request) == numbers("5.4", "0", "0")


@pytest.mark.parametrize(
    ("restocked", "expected"),
    [
        ((False, False), None),
        ((True, False), {"return_to_stock_items": [11]}),
        ((True, True), {"return_to_stock_items": [11, 12]}),
    ],
)
def test_goods_go_back_to_stock_where_the_plan_says_so(
    restocked: tuple[bool, bool], expected: Json | None
) -> None:
    lines = [plan_line(str(11 + n), restock=each, position=n) for n, each in enumerate(restocked)]
    body = asked(plan("43.20", *lines), order(line(11), line(12))).body
    assert body["arguments"].get("extension_attributes") == expected


def test_an_order_that_was_paid_without_a_gateway_is_refunded_offline() -> None:
    for unpaid in ({"transaction_id": None}, {"state": 1}):
        request = asked(plan("21.60", plan_line()), invoices=(invoice(**unpaid),))
        assert (request.path, request.online) == ("/order/5/refund", False)
        assert "isOnline" not in request.body


def test_a_captured_invoice_is_refunded_through_its_gateway() -> None:
    request = asked(plan("21.60", plan_line()), invoices=(invoice(),))
    assert (request.path, request.online, request.body["isOnline"]) == ("/invoice/3/refund", True, True)
    assert request.body["comment"]["comment"].endswith("(21.60 USD online)")


def test_the_invoice_is_the_one_that_covers_it() -> None:
    first, second = invoice(3, qty=1, base_grand_total=25), invoice(4, qty=4, base_grand_total=90)
    assert asked(plan("21.60", plan_line()), invoices=(first, second)).path == "/invoice/3/refund"
    assert asked(plan("43.20", plan_line(quantity=2)), invoices=(first, second)).path == "/invoice/4/refund"
    assert asked(plan("26.00", plan_line()), invoices=(first, second)).path == "/invoice/4/refund"
    refunded = {**first, "base_total_refunded": 10}
    assert asked(plan("21.60", plan_line()), invoices=(refunded, second)).path == "/invoice/4/refund"


@pytest.mark.parametrize(("state", "path"), [(2, "/invoice/4/refund"), (3, "/invoice/3/refund")])
def test_what_an_invoice_refunded_before_is_not_there_any_more(state: int, path: str) -> None:
    both = (invoice(3, qty=1), invoice(4, qty=4))
    before = (memo(invoice_id=3, state=state), memo(8, invoice_id=9))
    assert asked(plan("21.60", plan_line()), invoices=both, memos=before).path == path


def test_a_refund_that_no_one_invoice_covers_is_left_to_a_person() -> None:
    both = (invoice(3, qty=1, base_grand_total=25), invoice(4, qty=4, base_grand_total=90))
    refused = refusal(plan("100.00", plan_line(quantity=5)), invoices=both)
    assert refused.reason == "SPANS_BILLED_RECORDS"
    assert "000000003, 000000004" in refused.detail


def test_more_than_was_paid_is_refused() -> None:
    refused = refusal(plan("100.00", plan_line()), order(base_total_refunded=Decimal("21.6")))
    assert (refused.reason, refused.detail) == ("OVER_REFUND", "100.00 USD asked, 91.80 USD left")


def test_more_of_a_line_than_is_left_is_refused() -> None:
    refused = refusal(plan("43.20", plan_line(quantity=2)), order(line(qty_refunded=4)))
    assert (refused.reason, refused.detail) == ("OVER_REFUND", "2 of TSHIRT-M asked, 1 left")


def test_a_line_that_the_order_has_not_is_refused() -> None:
    assert refusal(plan("21.60", plan_line("99"))).reason == "STOREFRONT_LINE_NOT_FOUND"


def test_another_currency_than_magento_refunds_in_is_refused() -> None:
    assert refusal(plan("21.60", plan_line(), currency="EUR")).reason == "CURRENCY_MIXED"


def test_an_order_whose_total_cannot_be_foreseen_is_refused() -> None:
    assert refusal(plan("21.60", plan_line()), order(base_total_invoiced=90)).reason == "REFUSED"


def test_parts_of_units_are_written_as_they_are() -> None:
    sold = order(line(qty_invoiced=Decimal("2.5")))
    refused = refusal(plan("43.20", plan_line(quantity=3)), sold)
    assert refused.detail == "3 of TSHIRT-M asked, 2.5 left"
