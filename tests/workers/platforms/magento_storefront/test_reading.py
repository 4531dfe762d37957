from datetime import UTC, datetime, timedelta

import pytest

from ledger.clock import utcnow
from ledger.events import MoneyState, PartKind
from ledger.money import Money
from ledger.policy import Policy
from tests.support.sandboxed_magento import Store
from tests.workers.platforms.magento import KEY, plan
from tests.workers.platforms.magento_storefront.orders import LONG_AGO, SHIRTS, number, read, shirt
from tests.workers.platforms.world import usd
from workers.platforms.errors import PlatformError
from workers.platforms.magento_storefront import MagentoStorefront


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
