from datetime import timedelta
from typing import Any

import pytest

from ledger.clock import utcnow
from ledger.events import MoneyState
from tests.support.sandboxed_magento import Store
from tests.workers.platforms.magento import KEY, plan
from tests.workers.platforms.magento_storefront.orders import Json, number, read, shirt
from tests.workers.platforms.world import usd
from workers.platforms.errors import PlatformError
from workers.platforms.magento_storefront import MagentoStorefront
from workers.platforms.storefront import Asked


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
