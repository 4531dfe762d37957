import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ledger.clock import utcnow
from ledger.events import MoneyState
from ledger.money import Money
from tests.workers.platforms.amazon import APP, KEY, ORDER, Amazon, line, open_seller, plan
from tests.workers.platforms.wire import answer, saying, wire
from tests.workers.platforms.world import Control, usd
from workers.platforms.amazon_storefront import AmazonStorefront
from workers.platforms.errors import PlatformError
from workers.platforms.http import Http
from workers.platforms.storefront import Asked
from workers.rules.facts import StorefrontOrder, StorefrontRefund

Json = dict[str, Any]

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
ASKED = Asked(KEY, amount=usd("20.00"))


@pytest.fixture
def seller(control: Control) -> Amazon:
    """A seller whose feeds are processed at once."""
    return open_seller(control, feed_seconds={"queue": 0, "process": 0})


def hand_in(seller: Amazon, http: Http, order: Json, amount: str = "20.00") -> Asked:
    """Hand a refund in; return what is known of it then."""
    began_at = utcnow()
    wanted = plan(amount, line(order["lines"][0]["order_item_id"], net=amount), order_id=order["id"])
    written = seller.client(http).refund(wanted, key=KEY)
    return Asked(KEY, written.id, began_at, usd(amount))


def outcome(seller: Amazon, http: Http, order: Json, asked: Asked) -> StorefrontRefund | None:
    client = seller.client(http)
    found = client.order(order["id"])
    assert found is not None
    return client.outcome(found, asked)


def said(found: StorefrontRefund | None) -> tuple[MoneyState, str]:
    assert found is not None
    return found.money, found.problem


def an_order(*refunds: StorefrontRefund) -> StorefrontOrder:
    return StorefrontOrder(
        ORDER,
        ORDER,
        "USD",
        "USD",
        usd("1").amount,
        cancelled=False,
        paid=usd("100.00"),
        lines=(),
        refunds=refunds,
    )


def a_refund(amount: str = "20.00", **more: Any) -> StorefrontRefund:  # noqa: ANN401 - see StorefrontRefund
    return StorefrontRefund(**{"id": "r-1", "note": "", "amount": usd(amount), "made_at": utcnow(), **more})


# A refund whose feed is known.


@pytest.mark.parametrize("status", ["IN_QUEUE", "IN_PROGRESS"])
def test_a_feed_under_way_is_waited_for(seller: Amazon, http: Http, status: str) -> None:
    seller.next_feed(status)
    order = seller.order()
    asked = hand_in(seller, http, order)
    found = outcome(seller, http, order, asked)
    assert found == StorefrontRefund(
        asked.target_id, "", usd("20.00"), MoneyState.PENDING, "", f"the feed is {status}"
    )
    assert seller.operations()[-1] == "getFeed"


@pytest.mark.parametrize("gzipped", [False, True])
def test_a_feed_that_was_carried_out_moved_the_money(seller: Amazon, http: Http, gzipped: bool) -> None:  # noqa: FBT001 - a table
    seller.change(gzip_reports=gzipped)
    order = seller.order()
    asked = hand_in(seller, http, order)
    assert outcome(seller, http, order, asked) == StorefrontRefund(asked.target_id, "", usd("20.00"))
    assert seller.operations()[-3:] == ["getFeed", "getFeedDocument", "download"]


def test_a_refund_that_amazon_refuses_says_why(seller: Amazon, http: Http) -> None:
    order = seller.order()
    asked = hand_in(seller, http, order, "120.00")
    found = outcome(seller, http, order, asked)
    assert said(found) == (MoneyState.FAILED, "REFUSED")
    assert found is not None
    assert "exceeds what is left to refund" in found.detail


def test_a_cancelled_feed_did_nothing(seller: Amazon, http: Http) -> None:
    seller.next_feed("CANCELLED")
    order = seller.order()
    asked = hand_in(seller, http, order)
    assert said(outcome(seller, http, order, asked)) == (MoneyState.FAILED, "REFUSED")


@pytest.mark.parametrize("executed", [False, True])
def test_of_a_feed_that_was_aborted_nobody_knows(seller: Amazon, http: Http, executed: bool) -> None:  # noqa: FBT001 - a table
    seller.next_feed("FATAL", executed=executed)
    order = seller.order()
    asked = hand_in(seller, http, order)
    assert said(outcome(seller, http, order, asked)) == (MoneyState.NONE, "OUTCOME_UNCLEAR")


def test_amazons_remarks_do_not_undo_a_refund(seller: Amazon, http: Http) -> None:
    seller.next_feed("DONE", errors=[{"message_id": "70", "result": "Warning", "description": "Look."}])
    order = seller.order()
    asked = hand_in(seller, http, order)
    found = outcome(seller, http, order, asked)
    assert said(found) == (MoneyState.MOVED, "")
    assert found is not None
    assert "Look." in found.detail


def test_a_feed_that_amazon_forgot_is_for_a_person(seller: Amazon, http: Http) -> None:
    order = seller.order()
    with pytest.raises(PlatformError) as caught:
        outcome(seller, http, order, Asked(KEY, "feed:1", LONG_AGO, usd("20.00")))
    assert caught.value.reason == "OUTCOME_UNCLEAR"


def test_a_feed_whose_amount_is_not_known_is_followed_all_the_same(seller: Amazon, http: Http) -> None:
    order = seller.order()
    asked = replace(hand_in(seller, http, order), amount=None)
    found = outcome(seller, http, order, asked)
    assert found is not None
    assert found.amount == Money.zero("USD")


@pytest.mark.parametrize(
    ("document", "content", "reason"),
    [
        ({"compressionAlgorithm": "GZIP"}, b"no gzip at all", "TRANSIENT"),
        ({"compressionAlgorithm": "GZIP"}, gzip.compress(b"<AmazonEnvelope/>", mtime=0)[:-4], "TRANSIENT"),
        ({"compressionAlgorithm": "GZIP"}, gzip.compress(b" " * (11 * 1024 * 1024), mtime=0), "TRANSIENT"),
        ({}, b"<html>", "TRANSIENT"),
        ({"url": "http://127.0.0.1:9/doc"}, b"", "REFUSED"),
    ],
)
def test_a_report_that_is_none_says_nothing(http: Http, document: Json, content: bytes, reason: str) -> None:
    def as_json(value: Json) -> Any:  # noqa: ANN401 - a script
        return saying(answer(json.dumps(value).encode()))

    token = as_json({"access_token": "a", "expires_in": 3600})
    feed = as_json({"feedId": "1", "processingStatus": "DONE", "resultFeedDocumentId": "d"})
    addresses: list[str] = []
    given = {"feedDocumentId": "d", **document}

    def give(connection: Any, over: Any) -> None:  # noqa: ANN401 - see Script
        as_json({"url": f"{addresses[0]}/doc", **given})(connection, over)

    with wire(token, feed, give, saying(answer(content, headers=""))) as served:
        addresses.append(served.url)
        client = AmazonStorefront("A1", served.url, APP, http)
        with pytest.raises(PlatformError) as caught:
            client.outcome(an_order(), Asked(KEY, "feed:1", utcnow(), usd("20.00")))
    assert caught.value.reason == reason, caught.value.detail


# A refund known otherwise, or not at all.


def test_before_the_first_write_there_is_nothing_to_find(seller: Amazon, http: Http) -> None:
    same = a_refund()
    assert seller.client(http).outcome(an_order(same), ASKED) is None
    assert seller.operations() == []


@pytest.mark.parametrize(("target_id", "is_found"), [("r-1", True), ("r-2", False)])
def test_a_refund_that_a_person_linked_is_looked_for_by_its_id(
    seller: Amazon,
    http: Http,
    target_id: str,
    is_found: bool,  # noqa: FBT001 - a table
) -> None:
    same = a_refund()
    found = seller.client(http).outcome(an_order(same), replace(ASKED, target_id=target_id))
    assert found == (same if is_found else None)


def lost(**more: Any) -> Asked:  # noqa: ANN401 - see Asked
    return replace(ASKED, began_at=utcnow(), **more)


def test_a_refund_of_the_same_amount_since_is_the_one(seller: Amazon, http: Http) -> None:
    same = a_refund()
    assert seller.client(http).outcome(an_order(same), lost()) == same
    assert seller.operations() == []


def test_money_that_amazon_holds_back_is_the_sellers_so_the_refund_is_made(
    seller: Amazon, http: Http
) -> None:
    same = a_refund(money=MoneyState.PENDING)
    found = seller.client(http).outcome(an_order(same), lost())
    assert found == replace(same, money=MoneyState.MOVED)


@pytest.mark.parametrize(
    "other",
    [
        a_refund("19.99"),
        a_refund(made_at=LONG_AGO),
        a_refund(made_at=None),
    ],
)
def test_another_refund_is_not_the_one(seller: Amazon, http: Http, other: StorefrontRefund) -> None:
    assert seller.client(http).outcome(an_order(other), lost()) is None
    assert seller.operations() == ["token", "getFeeds"]


def test_where_there_are_others_of_its_order_the_same_amount_proves_nothing(
    seller: Amazon, http: Http
) -> None:
    order = seller.order()
    others = frozenset({hand_in(seller, http, order).target_id})
    same = a_refund()
    asked = lost(others=others, others_of_order=others)
    assert seller.client(http).outcome(an_order(same), asked) is None


def test_others_of_other_orders_are_not_the_same_amount_of_this_one(seller: Amazon, http: Http) -> None:
    same = a_refund()
    found = seller.client(http).outcome(an_order(same), lost(others=frozenset({"feed:1"})))
    assert found == same


def test_without_any_feed_since_it_was_never_made(seller: Amazon, http: Http) -> None:
    assert outcome(seller, http, seller.order(), lost()) is None


def test_a_feed_that_nobody_accounts_for_may_be_it(seller: Amazon, http: Http) -> None:
    seller.next_feed("IN_QUEUE")
    order = seller.order()
    asked = hand_in(seller, http, order)
    with pytest.raises(PlatformError) as caught:
        outcome(seller, http, order, replace(asked, target_id=""))
    assert caught.value.reason == "OUTCOME_UNCLEAR"
    assert asked.target_id.removeprefix("feed:") in caught.value.detail


def test_a_feed_that_was_cancelled_is_not_it(seller: Amazon, http: Http) -> None:
    seller.next_feed("CANCELLED")
    order = seller.order()
    asked = hand_in(seller, http, order)
    assert outcome(seller, http, order, replace(asked, target_id="")) is None


def test_feeds_made_before_are_not_it(seller: Amazon, http: Http) -> None:
    order = seller.order()
    hand_in(seller, http, order, "5.00")
    later = replace(ASKED, began_at=utcnow() + timedelta(minutes=2))
    assert outcome(seller, http, order, later) is None


def test_a_lost_answer_is_found_again_by_the_money(seller: Amazon, http: Http) -> None:
    order = seller.order()
    began_at = utcnow()
    seller.fault("createFeed", "reset", when="after")
    with pytest.raises(PlatformError) as caught:
        hand_in(seller, http, order)
    assert caught.value.outcome_unknown
    found = outcome(seller, http, order, Asked(KEY, "", began_at, usd("20.00")))
    assert found is not None
    assert (found.money, found.amount) == (MoneyState.MOVED, usd("20.00"))
    assert len(seller.transactions(order)) == 1


def test_of_a_write_longer_ago_than_feeds_are_kept_nobody_knows(seller: Amazon, http: Http) -> None:
    with pytest.raises(PlatformError) as caught:
        seller.client(http).outcome(an_order(), replace(ASKED, began_at=utcnow() - timedelta(days=90)))
    assert caught.value.reason == "OUTCOME_UNCLEAR"
    assert seller.operations() == []


def test_feeds_are_listed_to_the_last_page(http: Http) -> None:
    token = saying(answer(b'{"access_token":"a","expires_in":3600}'))
    one = b'{"feeds":[{"feedId":"1","processingStatus":"DONE"}],"nextToken":"more"}'
    two = b'{"feeds":[{"feedId":"2","processingStatus":"IN_QUEUE"}]}'
    with wire(token, saying(answer(one)), saying(answer(two))) as served:
        client = AmazonStorefront("A1", served.url, APP, http)
        assert client.outcome(an_order(), lost(others=frozenset({"feed:1", "feed:2"}))) is None
    assert b"feedTypes=POST_PAYMENT_ADJUSTMENT_DATA&createdSince=" in served.requests[1]
    assert b"?nextToken=more " in served.requests[2]


def test_feeds_without_an_end_are_given_up(http: Http) -> None:
    token = saying(answer(b'{"access_token":"a","expires_in":3600}'))
    page = answer(b'{"feeds":null,"nextToken":"more"}', headers="x-amzn-RateLimit-Limit: 100000\r\n")
    with wire(token, saying(page)) as served, pytest.raises(PlatformError) as caught:
        AmazonStorefront("A1", served.url, APP, http).outcome(an_order(), lost())
    assert caught.value.reason == "REFUSED"
