from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ledger.clock import utcnow
from ledger.events import MoneyState, PartKind
from ledger.money import Money
from ledger.policy import Policy
from tests.support.sandboxed_magento import Store
from tests.workers.platforms.magento import KEY, lines_of, opened, plan, plan_line, storefront
from tests.workers.platforms.world import Control, usd
from workers.platforms.errors import PlatformError
from workers.platforms.http import Http
from workers.platforms.magento_storefront import MagentoStorefront
from workers.platforms.storefront import Asked, Written
from workers.rules.facts import StorefrontOrder

Json = dict[str, Any]

SHIRTS = {
    "lines": [
        {"sku": "TSHIRT-M", "qty": 5, "price": "20.00", "tax_percent": "8"},
        {"sku": "MUG", "qty": 2, "price": "9.50", "configurable_child_sku": "MUG-BLUE"},
    ],
    "shipping": "5.00",
    "shipping_tax_percent": "8",
}
"""132.40: 100.00 and 8.00 of tax, 19.00, and 5.40 of shipping."""

LONG_AGO = timedelta(days=9999)


@pytest.fixture
def store(control: Control) -> Iterator[Store]:
    with opened(control) as store:
        yield store


@pytest.fixture
def shop(store: Store, http: Http) -> MagentoStorefront:
    return storefront(store, http)


def number(order: Json) -> str:
    return str(order["entity_id"])


def shirt(order: Json, quantity: int = 1) -> Any:  # noqa: ANN401 - a line of a plan
    return plan_line(lines_of(order)["TSHIRT-M"], quantity)


def whole(order: Json, amount: str = "132.40", **more: Any) -> Any:  # noqa: ANN401 - a plan
    ids = lines_of(order)
    lines = plan_line(ids["TSHIRT-M"], 5), plan_line(ids["MUG-BLUE"], 2, position=1)
    return plan(amount, *lines, order_id=number(order), shipping="5.00", **more)


def read(shop: MagentoStorefront, order: Json) -> StorefrontOrder:
    found = shop.order(number(order))
    assert found is not None
    return found


def memo_of(store: Store, order: Json) -> Json:
    (memo,) = store.credit_memos(order)
    return memo


# Reading.


def test_an_order_is_read_with_its_lines_and_refunds(shop: MagentoStorefront, store: Store) -> None:
    order = store.order(**SHIRTS)
    store.refund(order, lines=[{"sku": "TSHIRT-M", "qty": 2}], shipping="0", comment="sorry")
    found = read(shop, order)
    assert (found.id, found.name) == (number(order), order["increment_id"])
    assert [(each.sku, each.quantity, each.refundable) for each in found.lines] == [
        ("TSHIRT-M", 5, 3),
        ("MUG-BLUE", 2, 2),
    ]
    assert found.paid == usd("89.20")
    (refund,) = found.refunds
    assert (refund.note, refund.amount, refund.money) == ("sorry", usd("43.20"), MoneyState.MOVED)
    assert store.operations() == ["orders:list", "creditmemos:list"]


def test_an_order_is_found_by_either_of_its_numbers(shop: MagentoStorefront, store: Store) -> None:
    order = store.order(increment_id="W-1000x")
    for by, wanted in (("id", number(order)), ("name", "W-1000x"), ("name", " W-1000x ")):
        found = shop.find_order(wanted, by=by)
        assert found is not None
        assert found.id == number(order)


@pytest.mark.parametrize(
    ("by", "wanted"),
    [
        ("id", "99"),
        ("id", "1x"),
        ("id", "0"),
        ("id", ""),
        ("name", "w-1000X"),
        ("name", "W-1000"),
        ("name", ""),
    ],
)
def test_an_order_that_only_looks_alike_is_not_found(
    shop: MagentoStorefront, store: Store, by: str, wanted: str
) -> None:
    store.order(increment_id="W-1000x")
    assert shop.find_order(wanted, by=by) is None


def test_a_number_of_several_stores_is_ambiguous(shop: MagentoStorefront, store: Store) -> None:
    row = {"entity_id": 1, "increment_id": "7"}
    store.fault(
        "orders:list",
        "status",
        status=200,
        body={"items": [row, {**row, "entity_id": 2}], "total_count": 2, "search_criteria": {}},
    )
    with pytest.raises(PlatformError, match="2 orders have the number 7") as refused:
        shop.find_order("7", by="name")
    assert refused.value.reason == "AMBIGUOUS_ORDER"


def test_an_order_that_was_removed_does_not_exist(shop: MagentoStorefront, store: Store) -> None:
    order = store.order()
    store.delete(order)
    assert shop.order(number(order)) is None


def test_an_order_behind_a_wrong_address_is_not_taken_for_removed(
    shop: MagentoStorefront, store: Store
) -> None:
    order = store.order()
    store.fault("orders:list", "status", status=404, body={"message": "Request does not match any route."})
    with pytest.raises(PlatformError) as refused:
        shop.order(number(order))
    assert refused.value.reason == "REFUSED"


def test_a_cancelled_order_says_so(shop: MagentoStorefront, store: Store) -> None:
    order = store.order(invoiced=False)
    store.cancel(order)
    assert read(shop, order).cancelled
    assert read(shop, order).paid == usd("0.00")


def test_the_merchants_credit_memos_are_refunds(shop: MagentoStorefront, store: Store) -> None:
    order = store.order(**SHIRTS)
    store.refund(order, adjustment_negative="2.40")
    (refund,) = shop.refunds(number(order), policy=Policy(), mark_prefix="rs-mystore-")
    assert (refund.amount, refund.order_name, refund.mark) == (usd("130.00"), order["increment_id"], "")
    assert [(part.kind, part.sku, part.net, part.tax) for part in refund.parts] == [
        (PartKind.ITEM, "TSHIRT-M", usd("100.00"), usd("8.00")),
        (PartKind.ITEM, "MUG-BLUE", usd("19.00"), usd("0.00")),
        (PartKind.SHIPPING, "", usd("5.00"), usd("0.40")),
        (PartKind.ADJUSTMENT, "", usd("-2.40"), usd("0.00")),
    ]
    assert refund.balanced() == refund.parts
    assert datetime.now(UTC) - refund.occurred_at < timedelta(minutes=5)


def test_refunds_are_read_in_the_currency_the_books_are_kept_in(
    shop: MagentoStorefront, store: Store
) -> None:
    order = store.order(currency="EUR", rate="0.9137")
    store.refund(order, lines=[{"sku": "TSHIRT-M", "qty": 1}])
    for mode, amount in (("shop", usd("20.00")), ("presentment", Money.parse("18.27", "EUR"))):
        (refund,) = shop.refunds(number(order), policy=Policy(currency_mode=mode), mark_prefix="rs-mystore-")
        assert refund.amount == amount
        assert refund.balanced() == refund.parts


def test_our_own_credit_memo_is_marked(shop: MagentoStorefront, store: Store) -> None:
    order = store.order()
    shop.refund(plan("20.00", shirt(order), order_id=number(order)), key=KEY)
    (refund,) = shop.refunds(number(order), policy=Policy(), mark_prefix="rs-mystore-")
    assert refund.mark == KEY


@pytest.mark.parametrize(("state", "money"), [("open", MoneyState.PENDING), ("canceled", MoneyState.FAILED)])
def test_a_credit_memo_that_has_not_ended_well_moved_no_money(
    shop: MagentoStorefront, store: Store, state: str, money: MoneyState
) -> None:
    order = store.order()
    store.save_memo(store.refund(order), state)
    (refund,) = shop.refunds(number(order), policy=Policy(), mark_prefix="rs-mystore-")
    assert refund.money is money


def test_an_order_without_refunds_has_none(shop: MagentoStorefront, store: Store) -> None:
    assert shop.refunds(number(store.order()), policy=Policy(), mark_prefix="rs-") == ()


def test_refunds_of_an_order_that_does_not_exist_cannot_be_read(shop: MagentoStorefront) -> None:
    with pytest.raises(PlatformError) as refused:
        shop.refunds("99", policy=Policy(), mark_prefix="rs-")
    assert refused.value.reason == "NONEXISTENT_RECORD"


def test_changes_name_the_orders_of_credit_memos(shop: MagentoStorefront, store: Store) -> None:
    first, second = store.order(), store.order()
    store.refund(second, lines=[{"sku": "TSHIRT-M", "qty": 1}])
    store.refund(first)
    found = list(shop.changes(utcnow() - LONG_AGO, utcnow() + LONG_AGO))
    assert {(each.order_id, each.refund_ids) for each in found} == {
        (number(second), ("1",)),
        (number(first), ("2",)),
    }
    assert [each.changed_at for each in found] == sorted(each.changed_at for each in found)
    assert len({each.version for each in found}) == 2


def test_a_check_makes_one_call(shop: MagentoStorefront, store: Store) -> None:
    shop.check()
    assert store.operations() == ["creditmemos:list"]


# Refunding.


def test_a_refund_goes_through_the_gateway(shop: MagentoStorefront, store: Store) -> None:
    order = store.order(**SHIRTS)
    written = shop.refund(plan("21.60", shirt(order), order_id=number(order)), key=KEY)
    memo = memo_of(store, order)
    assert written == Written(str(memo["entity_id"]), MoneyState.MOVED)
    assert Decimal(str(memo["base_grand_total"])) == Decimal("21.60")
    (asked,) = store.control.get(store.path)["gateway_log"]
    assert (asked["amount"], asked["result"]) == ("21.60", "accept")
    assert store.operations() == [
        "orders:list",
        "invoices:list",
        "creditmemos:list",
        "invoice:refund",
        "creditmemos:list",
        "transactions:list",
    ]


@pytest.mark.parametrize(("method", "payment"), [("offline", "braintree"), ("original", "checkmo")])
def test_a_refund_without_the_gateway_is_written_down(
    shop: MagentoStorefront, store: Store, method: str, payment: str
) -> None:
    order = store.order(**SHIRTS, payment_method=payment)
    written = shop.refund(plan("21.60", shirt(order), order_id=number(order), method=method), key=KEY)
    assert (written.money, written.problem) == (MoneyState.MOVED, "")
    assert "written down" in written.detail
    assert store.control.get(store.path)["gateway_log"] == []
    assert store.operations()[-2:] == ["order:refund", "creditmemos:list"]


@pytest.mark.parametrize("method", ["original", "offline"])
@pytest.mark.parametrize(
    ("amount", "shipping"),
    [("21.60", None), ("20.00", None), ("0.01", None), ("27.00", "5.00"), ("23.33", "1.23"), ("100.00", "9")],
)
def test_the_credit_memo_is_of_exactly_the_amount_asked_for(
    shop: MagentoStorefront, store: Store, amount: str, shipping: str | None, method: str
) -> None:
    order = store.order(**SHIRTS)
    wanted = plan(amount, shirt(order), order_id=number(order), shipping=shipping, method=method)
    assert shop.refund(wanted, key=KEY).problem == ""
    memo = memo_of(store, order)
    assert Decimal(str(memo["base_grand_total"])) == Decimal(amount)
    (item,) = (each for each in memo["items"] if each["qty"])
    assert (item["sku"], item["qty"]) == ("TSHIRT-M", 1)


def test_an_order_can_be_given_back_whole(shop: MagentoStorefront, store: Store) -> None:
    order = store.order(**SHIRTS)
    assert shop.refund(whole(order), key=KEY).problem == ""
    assert store.state(order)["state"] == "closed"
    memo = memo_of(store, order)
    assert (memo["adjustment_positive"], memo["adjustment_negative"]) == (0, 0)


def test_what_the_rest_of_an_order_is_worth_is_given_back_to_the_cent(
    shop: MagentoStorefront, store: Store
) -> None:
    order = store.order(lines=[{"sku": "TSHIRT-M", "qty": 3, "price": "3.333", "tax_percent": "8.25"}])
    for nth, amount in enumerate(("3.61", "3.60", "3.60")):
        made = plan(amount, shirt(order), order_id=number(order), note=f"NetSuite cashrefund {KEY}{nth}")
        assert shop.refund(made, key=f"{KEY}{nth}").problem == ""
    assert read(shop, order).paid == usd("0.00")
    assert store.state(order)["state"] == "closed"


def test_an_order_of_several_invoices_is_refunded_by_the_one_that_covers_it(
    shop: MagentoStorefront, store: Store
) -> None:
    order = store.order(invoiced=False, lines=[{"sku": "TSHIRT-M", "qty": 5, "price": "20.00"}])
    for qty in (1, 4):
        store.invoice(order, lines=[{"sku": "TSHIRT-M", "qty": qty}])
    shop.refund(plan("60.00", shirt(order, 3), order_id=number(order)), key=KEY)
    assert memo_of(store, order)["invoice_id"] == store.state(order)["invoices"][1]["entity_id"]
    with pytest.raises(PlatformError) as refused:
        shop.refund(plan("40.00", shirt(order, 2), order_id=number(order)), key=f"{KEY}1")
    assert refused.value.reason == "SPANS_BILLED_RECORDS"
    assert store.writes() == {"creditmemo": 1, "gatewayRefund": 1}


def test_a_refund_in_another_currency_than_the_orders_is_exact_in_the_shops(
    shop: MagentoStorefront, store: Store
) -> None:
    order = store.order(currency="EUR", rate="0.9137")
    assert shop.refund(plan("33.33", shirt(order), order_id=number(order)), key=KEY).problem == ""
    memo = memo_of(store, order)
    assert (str(memo["base_grand_total"]), memo["order_currency_code"]) == ("33.33", "EUR")


def test_goods_go_back_to_stock(shop: MagentoStorefront, store: Store) -> None:
    order = store.order(**SHIRTS)
    ids = lines_of(order)
    lines = plan_line(ids["TSHIRT-M"]), plan_line(ids["MUG-BLUE"], restock=True, position=1)
    shop.refund(plan("31.10", *lines, order_id=number(order)), key=KEY)
    assert store.state(order)["returned_to_stock"] == {"MUG-BLUE": 1}


def test_a_number_that_comes_as_a_text_is_one(shop: MagentoStorefront, store: Store) -> None:
    store.change(text_ids=True)
    order = store.order()
    assert shop.refund(plan("20.00", shirt(order), order_id=number(order)), key=KEY).id == "1"


def test_nothing_is_given_back_as_store_credit(shop: MagentoStorefront, store: Store) -> None:
    order = store.order()
    with pytest.raises(PlatformError, match="store credit") as refused:
        shop.refund(plan("20.00", shirt(order), order_id=number(order), method="store_credit"), key=KEY)
    assert refused.value.reason == "REFUSED"
    assert store.operations() == []


def test_an_order_that_is_gone_cannot_be_refunded(shop: MagentoStorefront, store: Store) -> None:
    order = store.order()
    store.delete(order)
    with pytest.raises(PlatformError) as refused:
        shop.refund(plan("20.00", shirt(order), order_id=number(order)), key=KEY)
    assert refused.value.reason == "NONEXISTENT_RECORD"


def test_a_gateway_that_declines_leaves_it_to_a_person(shop: MagentoStorefront, store: Store) -> None:
    store.change(gateway={"behaviour": "decline"})
    order = store.order()
    with pytest.raises(PlatformError, match="Could not save") as refused:
        shop.refund(plan("20.00", shirt(order), order_id=number(order)), key=KEY)
    assert (refused.value.reason, refused.value.outcome_unknown) == ("OUTCOME_UNCLEAR", True)
    assert store.credit_memos(order) == []


def test_a_gateway_that_moves_no_money_is_found_out(shop: MagentoStorefront, store: Store) -> None:
    store.change(gateway={"behaviour": "silent"})
    order = store.order()
    written = shop.refund(plan("20.00", shirt(order), order_id=number(order)), key=KEY)
    assert (written.problem, written.money) == ("REFUND_OFFLINE_ONLY", MoneyState.MOVED)
    assert "no refund of the payment gateway" in written.detail


def test_a_total_that_magento_makes_otherwise_is_found_out(shop: MagentoStorefront, store: Store) -> None:
    order = store.order(**SHIRTS)
    # As an extension would, the store sells at other prices between the look and the refund.
    shown = store.state(order)
    wrong = {**shown, "base_tax_invoiced": 0, "base_total_invoiced": 124}
    for item in wrong["items"]:
        item["base_tax_invoiced"] = 0
    store.fault(
        "orders:list", "status", status=200, body={"items": [wrong], "total_count": 1, "search_criteria": {}}
    )
    made = plan("20.00", shirt(order), order_id=number(order), method="offline")
    written = shop.refund(made, key=KEY)
    assert written.problem == "AMOUNT_DIFFERS"
    assert "21.60 USD, asked was 20.00 USD" in written.detail


@pytest.mark.parametrize(
    ("operation", "method"), [("creditmemos:list", "offline"), ("transactions:list", "original")]
)
def test_a_refund_that_cannot_be_looked_at_is_looked_at_later(
    shop: MagentoStorefront, store: Store, operation: str, method: str
) -> None:
    order = store.order()
    store.fault(operation, "status", status=503)
    written = shop.refund(plan("20.00", shirt(order), order_id=number(order), method=method), key=KEY)
    assert (written.id, written.money) == ("1", MoneyState.PENDING)
    assert "could not be looked at" in written.detail


def test_a_refund_that_is_not_shown_yet_is_looked_at_later(shop: MagentoStorefront, store: Store) -> None:
    order = store.order()
    made = plan("20.00", shirt(order), order_id=number(order), method="offline")
    empty = {"items": [], "total_count": 0, "search_criteria": {}}
    store.fault("creditmemos:list", "status", status=200, body=empty)
    written = shop.refund(made, key=KEY)
    assert (written.id, written.money, written.detail) == ("1", MoneyState.PENDING, "it is not shown yet")


# What became of it.


def asked(**more: Any) -> Asked:  # noqa: ANN401 - of `Asked`
    return Asked(**{"key": KEY, "began_at": utcnow() - timedelta(minutes=5), "amount": usd("20.00"), **more})


def refunded(shop: MagentoStorefront, store: Store, **more: Any) -> Json:  # noqa: ANN401 - of `plan`
    order = store.order()
    shop.refund(plan("20.00", shirt(order), order_id=number(order), **more), key=KEY)
    return order


def test_a_refund_is_found_by_its_comment(shop: MagentoStorefront, store: Store) -> None:
    order = refunded(shop, store)
    found = shop.outcome(read(shop, order), asked())
    assert found is not None
    assert (found.id, found.amount, found.money, found.problem) == (
        "1",
        usd("20.00"),
        MoneyState.MOVED,
        "",
    )


def test_a_refund_is_found_where_searches_show_no_comments(shop: MagentoStorefront, store: Store) -> None:
    store.change(listed_comments=False)
    order = refunded(shop, store)
    found = shop.outcome(read(shop, order), asked())
    assert found is not None
    assert found.id == "1"


def test_another_refund_is_not_taken_for_ours(shop: MagentoStorefront, store: Store) -> None:
    order = refunded(shop, store)
    assert shop.outcome(read(shop, order), asked(key=f"{KEY}0")) is None
    assert shop.outcome(read(shop, order), Asked(f"{KEY}0")) is None


def test_what_is_not_there_was_not_made(shop: MagentoStorefront, store: Store) -> None:
    assert shop.outcome(read(shop, store.order()), asked()) is None


@pytest.mark.parametrize("path", ["", "/order/1/refund", "/invoice/1/refund", "/invoice/1/refunds"])
def test_where_magento_broke_down_only_the_gateway_knows(
    shop: MagentoStorefront, store: Store, path: str
) -> None:
    order = read(shop, store.order())
    broke_at = f"{store.url}/rest/default/V1{path}"
    if path == "/invoice/1/refund":
        with pytest.raises(PlatformError) as unclear:
            shop.outcome(order, asked(broke_at=broke_at))
        assert unclear.value.reason == "OUTCOME_UNCLEAR"
    else:
        assert shop.outcome(order, asked(broke_at=broke_at)) is None


def test_a_gateways_refund_that_no_credit_memo_tells_of_may_be_ours(
    shop: MagentoStorefront, store: Store
) -> None:
    order = store.order()
    other = store.refund(order, lines=[{"sku": "TSHIRT-M", "qty": 1}], online=True)
    assert other["transaction_id"]
    assert shop.outcome(read(shop, order), asked()) is None
    store.change(gateway={"behaviour": "outlive_noted"})
    with pytest.raises(PlatformError):
        shop.refund(plan("20.00", shirt(order), order_id=number(order)), key=KEY)
    with pytest.raises(PlatformError, match="gave money back") as unclear:
        shop.outcome(read(shop, order), asked())
    assert unclear.value.reason == "OUTCOME_UNCLEAR"
    # What was long before ours was sent is not ours, and what was never sent is not looked for.
    assert shop.outcome(read(shop, order), asked(began_at=utcnow() + timedelta(hours=1))) is None
    assert shop.outcome(read(shop, order), asked(began_at=None)) is None


def test_a_refund_that_is_not_shown_is_not_made_again(shop: MagentoStorefront, store: Store) -> None:
    order = read(shop, store.order())
    for amount, expected in ((usd("20.00"), usd("20.00")), (None, usd("0.00"))):
        found = shop.outcome(order, asked(target_id="99", amount=amount))
        assert found is not None
        assert (found.id, found.money, found.amount) == ("99", MoneyState.PENDING, expected)


@pytest.mark.parametrize(
    ("state", "money", "problem"),
    [("open", MoneyState.PENDING, ""), ("canceled", MoneyState.FAILED, "PAYMENT_FAILED")],
)
def test_a_refund_that_has_not_ended_well_says_so(
    shop: MagentoStorefront, store: Store, state: str, money: MoneyState, problem: str
) -> None:
    order = refunded(shop, store)
    before = read(shop, order)
    store.save_memo({"entity_id": 1}, state)
    for found in (shop.outcome(read(shop, order), asked()), shop.outcome(before, asked())):
        assert found is not None
        assert (found.money, found.problem) == (money, problem)


def test_a_refund_that_the_gateway_did_not_make_is_found_out_later_too(
    shop: MagentoStorefront, store: Store
) -> None:
    store.change(gateway={"behaviour": "silent"})
    order = refunded(shop, store)
    found = shop.outcome(read(shop, order), asked())
    assert found is not None
    assert found.problem == "REFUND_OFFLINE_ONLY"


def test_a_refund_that_was_to_be_offline_needs_no_gateway(shop: MagentoStorefront, store: Store) -> None:
    order = refunded(shop, store, method="offline")
    found = shop.outcome(read(shop, order), asked())
    assert found is not None
    assert (found.problem, "transactions:list" in store.operations()) == ("", False)


def test_a_refund_of_ours_without_a_promise_is_taken_as_it_is(shop: MagentoStorefront, store: Store) -> None:
    order = store.order()
    store.refund(order, lines=[{"sku": "TSHIRT-M", "qty": 1}], comment=f"by hand for {KEY}")
    found = shop.outcome(read(shop, order), asked())
    assert found is not None
    assert (found.id, found.problem) == ("1", "")


def test_a_refund_that_was_not_sent_by_us_is_not_looked_at_again(
    shop: MagentoStorefront, store: Store
) -> None:
    order = read(shop, refunded(shop, store))
    before = len(store.operations())
    found = shop.outcome(order, Asked(KEY))
    assert found is not None
    assert len(store.operations()) == before


def test_there_are_no_subscriptions_to_confirm(shop: MagentoStorefront) -> None:
    with pytest.raises(PlatformError) as refused:
        shop.confirm("https://shop.example.com")
    assert refused.value.reason == "REFUSED"
