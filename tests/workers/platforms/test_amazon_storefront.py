from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from ledger.clock import utcnow
from ledger.events import MoneyState, PartKind, RefundSeen
from ledger.policy import Policy
from tests.workers.platforms.amazon import (
    APP,
    FULL_LINE,
    ORDER,
    Amazon,
    only,
    open_seller,
    told,
)
from tests.workers.platforms.wire import answer, saying, wire
from tests.workers.platforms.world import Control, usd
from workers.platforms.amazon_storefront import AmazonStorefront
from workers.platforms.errors import PlatformError, TooMuchError
from workers.platforms.http import Http
from workers.platforms.storefront import Change

Json = dict[str, Any]

SETTINGS: tuple[Json, ...] = (
    {},
    {"page_size": 1},
    {"page_size": 1, "empty_pages": True},
    {"nulls": True},
)


@pytest.fixture
def seller(control: Control) -> Amazon:
    """A seller who authorised the app."""
    return open_seller(control, feed_seconds={"queue": 0, "process": 0})


def refunds(client: AmazonStorefront, order: Json, policy: Policy | None = None) -> tuple[RefundSeen, ...]:
    return client.refunds(order["id"], policy=policy or Policy(), mark_prefix="rs-amazon-")


def reason_of(error: pytest.ExceptionInfo[PlatformError]) -> str:
    return error.value.reason


# Orders.


def test_an_order_is_read_with_its_refunds(seller: Amazon, http: Http) -> None:
    order = seller.order(lines=[FULL_LINE, {"sku": "MUG", "quantity": 1, "price": "9.50"}])
    seller.refund(order, 2)
    found = seller.client(http).order(order["id"])
    assert found is not None
    assert (found.id, found.name, found.currency) == (order["id"], order["id"], "USD")
    assert [(each.sku, each.quantity, each.refundable) for each in found.lines] == [
        ("TSHIRT-M", 5, 3),
        ("MUG", 1, 1),
    ]
    assert [each.id for each in found.lines] == [each["order_item_id"] for each in order["lines"]]
    (refund,) = found.refunds
    assert refund.amount == usd("46.16")  # two fifths of 100 + 8 + 5 + 0.40 + 4 - 2
    assert found.paid == usd(str(order["total"])) - refund.amount
    assert seller.operations() == ["token", "getOrder", "listTransactions"]


@pytest.mark.parametrize("by", ["id", "name"])
def test_an_order_is_found_by_its_one_number(seller: Amazon, http: Http, by: str) -> None:
    order = seller.order()
    found = seller.client(http).find_order(f" {order['id']} ", by=by)
    assert found is not None
    assert found.id == order["id"]


@pytest.mark.parametrize("number", ["#1001", "", "112-0000001-9999999/.."])
def test_a_number_that_amazon_never_gives_is_not_asked_for(seller: Amazon, http: Http, number: str) -> None:
    client = seller.client(http)
    assert client.find_order(number, by="id") is None
    assert client.refunds(number, policy=Policy(), mark_prefix="") == ()
    assert seller.operations() == []


def test_an_order_of_another_seller_is_none(seller: Amazon, control: Control, http: Http) -> None:
    order = open_seller(control).order()
    assert seller.client(http).order(order["id"]) is None


def test_a_cancelled_order_says_so(seller: Amazon, http: Http) -> None:
    order = seller.order(status="UNSHIPPED")
    seller.cancel(order)
    found = seller.client(http).order(order["id"])
    assert found is not None
    assert found.cancelled


# Refunds.


@pytest.mark.parametrize("settings", SETTINGS)
def test_refunds_are_read_to_the_last_page(seller: Amazon, http: Http, settings: Json) -> None:
    seller.change(**settings)
    order = seller.order(lines=[FULL_LINE])
    made = [seller.refund(order)["refund_id"] for _ in range(2)]
    found = refunds(seller.client(http), order)
    assert [each.refund_id for each in found] == made
    assert all(each.balanced() == each.parts for each in found)
    assert told(found[0].parts) == {
        "item": ("20.00", "1.60"),
        "shipping": ("1.00", "0.08"),
        "gift_wrap": ("0.80", "0.00"),
        "facilitator_tax": ("-1.68", "0.00"),
        "promotion": ("-0.40", "0.00"),
    }


def test_goodwill_and_a_restocking_fee_are_parts_of_their_own(seller: Amazon, http: Http) -> None:
    order = seller.order()
    seller.refund(order, goodwill="3.00", restocking_fee="4.00")
    (found,) = refunds(seller.client(http), order)
    assert told(found.parts) == {
        "item": ("20.00", "0.00"),
        "goodwill": ("3.00", "0.00"),
        "restocking_fee": ("-4.00", "0.00"),
    }
    assert found.amount == usd("19.00")


def test_fees_are_posted_where_the_account_wants_it(seller: Amazon, http: Http) -> None:
    order = seller.order()
    made = seller.refund(order)
    (found,) = refunds(seller.client(http), order, Policy(selling_fees="post"))
    assert only(found.parts, PartKind.FEE).net == usd("-2.40")  # 15 % given back, a fifth of that kept
    assert found.amount == -usd(str(made["total"]))


def test_money_only_is_an_adjustment(seller: Amazon, http: Http) -> None:
    order = seller.order()
    seller.refund(order, lines=[{"sku": "TSHIRT-M", "principal": "5.00"}])
    (found,) = refunds(seller.client(http), order)
    assert told(found.parts) == {"adjustment": ("5.00", "0.00")}


def test_a_refund_in_several_rows_is_one(seller: Amazon, http: Http) -> None:
    order = seller.order(lines=[FULL_LINE, {"sku": "MUG", "quantity": 1, "price": "9.50"}])
    lines = [{"sku": "TSHIRT-M", "quantity": 1}, {"sku": "MUG", "quantity": 1}]
    seller.refund(order, lines=lines, split_rows=True)
    (found,) = refunds(seller.client(http), order)
    assert len(found.payments) == 2
    assert {part.sku: part.quantity for part in found.parts if part.sku} == {"TSHIRT-M": 1, "MUG": 1}


def test_a_row_that_comes_late_is_not_there_yet(seller: Amazon, http: Http) -> None:
    order = seller.order()
    seller.refund(order, late_seconds=3600)
    client = seller.client(http)
    assert refunds(client, order) == ()
    seller.pass_time(3601)
    assert len(refunds(client, order)) == 1


def test_a_deferred_refund_is_pending_and_stays_one_when_it_is_released(seller: Amazon, http: Http) -> None:
    order = seller.order()
    seller.refund(order, deferred_seconds=3600)
    client = seller.client(http)
    (before,) = refunds(client, order)
    assert before.money is MoneyState.PENDING
    seller.release(order)
    (after,) = refunds(client, order)
    assert after.money is MoneyState.MOVED
    assert [each.id for each in after.payments] == [each.id for each in before.payments]
    assert (after.refund_id, after.parts, after.occurred_at) == (
        before.refund_id,
        before.parts,
        before.occurred_at,
    )


def test_an_order_without_refunds_has_none(seller: Amazon, http: Http) -> None:
    assert refunds(seller.client(http), seller.order()) == ()


# The old Finances API.


def test_the_old_api_tells_the_same_parts(seller: Amazon, http: Http) -> None:
    seller.change(v0_late_seconds=0)
    order = seller.order(lines=[FULL_LINE])
    seller.refund(order, goodwill="3.00")
    (new,) = refunds(seller.client(http), order)
    (old,) = refunds(seller.client(http, finances="v0"), order)
    assert told(old.parts) == told(new.parts)
    assert (old.amount, old.money) == (new.amount, new.money)
    assert old.refund_id.startswith("v0-refund-")
    assert seller.operations()[-1] == "listFinancialEventsByOrderId"


def test_the_old_api_is_read_to_the_last_page(http: Http) -> None:
    def page(number: int, token: str) -> bytes:
        event = (
            '{"PostedDate":"2026-03-01T10:00:00Z","ShipmentItemAdjustmentList":[{"OrderAdjustmentItemId":'
            f'"{number}","ItemChargeAdjustmentList":[{{"ChargeType":"Goodwill","ChargeAmount":'
            '{"CurrencyCode":"USD","CurrencyAmount":-1.00}}]}]}'
        )
        events = f'{{"RefundEventList":[{event}]}}'
        return f'{{"payload":{{"NextToken":{token},"FinancialEvents":{events}}}}}'.encode()

    token = saying(answer(b'{"access_token":"a","expires_in":3600}'))
    pages = (page(1, '"next"'), b'{"payload":{"NextToken":"last"}}', page(2, "null"))
    with wire(token, *(saying(answer(each)) for each in pages)) as served:
        client = AmazonStorefront("A1", served.url, {**APP, "finances": "v0"}, http)
        found = client.refunds(ORDER, policy=Policy(), mark_prefix="")
    assert [each.refund_id for each in found] == ["v0-refund-1", "v0-refund-2"]
    assert b"?NextToken=last " in served.requests[3]


def test_the_old_api_shows_nothing_that_is_held_back(seller: Amazon, http: Http) -> None:
    seller.change(v0_late_seconds=0)
    order = seller.order()
    seller.refund(order, deferred_seconds=3600)
    client = seller.client(http, finances="v0")
    assert refunds(client, order) == ()
    seller.release(order)
    assert len(refunds(client, order)) == 1


def test_an_account_is_never_moved_from_one_api_to_the_other_by_itself(seller: Amazon, http: Http) -> None:
    seller.change(v0_gone=True)
    order = seller.order()
    with pytest.raises(PlatformError) as caught:
        refunds(seller.client(http, finances="v0"), order)
    assert reason_of(caught) == "REFUSED"
    assert '"finances": "2024-06-19"' in caught.value.detail
    assert seller.operations()[-1] == "listFinancialEventsByOrderId"


# Changes.


HOUR = timedelta(hours=1)


def changes(seller: Amazon, http: Http, since: timedelta = -HOUR, until: timedelta = HOUR) -> list[Change]:
    now = seller.now
    return list(seller.client(http).changes(now + since, now + until))


@pytest.mark.parametrize("settings", SETTINGS)
def test_orders_whose_refunds_changed_are_told(seller: Amazon, http: Http, settings: Json) -> None:
    seller.change(**settings)
    orders = [seller.order() for _ in range(3)]
    made = [seller.refund(order)["refund_id"] for order in orders[:2]]
    seller.pass_time(600)
    found = changes(seller, http)
    assert [(each.order_id, each.refund_ids) for each in found] == [
        (order["id"], (refund_id,)) for order, refund_id in zip(orders[:2], made, strict=True)
    ]
    assert all(each.changed_at.tzinfo is UTC for each in found)
    assert len({each.version for each in found}) == 2


def test_the_old_api_tells_the_same_by_ids_of_its_own(seller: Amazon, http: Http) -> None:
    seller.change(v0_late_seconds=0)
    order = seller.order()
    seller.refund(order)
    seller.order()
    seller.pass_time(600)
    client = seller.client(http, finances="v0")
    (found,) = client.changes(seller.now - HOUR, seller.now + HOUR)
    (refund,) = refunds(client, order)
    assert (found.order_id, found.refund_ids) == (order["id"], (refund.refund_id,))
    assert found.changed_at == refund.occurred_at
    client.check()
    assert "listTransactions" not in seller.operations()


def test_a_release_is_another_change_of_the_same_refund(seller: Amazon, http: Http) -> None:
    order = seller.order()
    made = seller.refund(order, deferred_seconds=7 * 24 * 3600)
    seller.pass_time(600)
    (before,) = changes(seller, http)
    seller.release(order)
    seller.pass_time(600)
    found = changes(seller, http)
    assert {each.refund_ids for each in found} == {before.refund_ids} == {(made["refund_id"],)}
    assert all(each.version != before.version for each in found)
    assert len({each.version for each in found}) == 1


def test_what_is_too_fresh_is_left_for_the_next_time(seller: Amazon, http: Http) -> None:
    assert changes(seller, http, timedelta(minutes=-1), timedelta()) == []
    assert changes(seller, http, HOUR, 2 * HOUR) == []
    assert seller.operations() == []


def test_a_long_time_is_asked_for_in_pieces(seller: Amazon, http: Http) -> None:
    assert changes(seller, http, timedelta(days=-400)) == []
    spans = [dict(call["request"]["query"]) for call in seller.calls()[1:]]
    assert len(spans) == 3
    assert all(one["postedBefore"] == two["postedAfter"] for one, two in pairwise(spans))
    for each in spans:
        begin, end = (datetime.fromisoformat(each[name]) for name in ("postedAfter", "postedBefore"))
        assert timedelta() < end - begin < timedelta(days=180)


def test_a_strange_transaction_of_another_kind_does_no_harm(http: Http) -> None:
    token = saying(answer(b'{"access_token":"a","expires_in":3600}'))
    page = b'{"payload":{"transactions":[{"transactionType":"Transfer"},{"transactionType":"Refund"}]}}'
    with wire(token, saying(answer(page))) as served:
        client = AmazonStorefront("A1", served.url, APP, http)
        assert list(client.changes(utcnow() - HOUR, utcnow())) == []


def test_a_list_without_an_end_is_given_up(http: Http) -> None:
    token = saying(answer(b'{"access_token":"a","expires_in":3600}'))
    page = answer(b'{"payload":{"nextToken":"more"}}', headers="x-amzn-RateLimit-Limit: 100000\r\n")
    with wire(token, saying(page)) as served, pytest.raises(PlatformError) as caught:
        AmazonStorefront("A1", served.url, APP, http).refunds(ORDER, policy=Policy(), mark_prefix="")
    assert (reason_of(caught), "200 pages" in caught.value.detail) == ("REFUSED", True)


def test_more_changes_than_can_be_asked_for_at_once_are_to_be_asked_for_in_less_time(http: Http) -> None:
    token = saying(answer(b'{"access_token":"a","expires_in":3600}'))
    page = saying(answer(b'{"payload":{"nextToken":"more"}}'))
    with wire(token, page) as served:
        client = AmazonStorefront("A1", served.url, APP, http)
        with pytest.raises(TooMuchError):
            list(client.changes(utcnow() - HOUR, utcnow()))
        assert len(served.requests) == 11  # none was waited for


def test_old_events_without_an_end_are_given_up(http: Http) -> None:
    token = saying(answer(b'{"access_token":"a","expires_in":3600}'))
    page = answer(b'{"payload":{"NextToken":"more"}}', headers="x-amzn-RateLimit-Limit: 100000\r\n")
    with wire(token, saying(page)) as served:
        client = AmazonStorefront("A1", served.url, {**APP, "finances": "v0"}, http)
        with pytest.raises(PlatformError) as caught:
            client.refunds(ORDER, policy=Policy(), mark_prefix="")
    assert (reason_of(caught), "200 pages" in caught.value.detail) == ("REFUSED", True)
