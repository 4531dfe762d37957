import re
from decimal import Decimal
from typing import Any

import pytest

from ledger.events import MoneyState
from ledger.policy import Policy
from tests.workers.platforms.amazon import (
    FULL_LINE,
    ORDER,
    Amazon,
    line,
    open_seller,
    plan,
)
from tests.workers.platforms.world import Control, usd
from workers.platforms.errors import PlatformError
from workers.platforms.http import Http

Json = dict[str, Any]


@pytest.fixture
def seller(control: Control) -> Amazon:
    """A seller who authorised the app."""
    return open_seller(control, feed_seconds={"queue": 0, "process": 0})


def reason_of(error: pytest.ExceptionInfo[PlatformError]) -> str:
    return error.value.reason


def item_of(order: Json, number: int = 0) -> str:
    return str(order["lines"][number]["order_item_id"])


def test_a_refund_is_a_feed_that_amazon_takes(seller: Amazon, http: Http) -> None:
    order = seller.order(lines=[FULL_LINE])
    wanted = plan(
        "22.68",
        line(item_of(order), net="20.00", tax="1.60"),
        order_id=order["id"],
        shipping="1.00",
        shipping_tax="0.08",
    )
    written = seller.client(http).refund(wanted, key="rs-amazon-70")
    (feed,) = seller.feeds()
    assert (written.id, written.money, written.problem) == (
        f"feed:{feed['feedId']}",
        MoneyState.PENDING,
        "",
    )
    assert feed["content"].startswith('<?xml version="1.0" encoding="UTF-8"?>\n<AmazonEnvelope')
    assert "<MessageID>70</MessageID>" in feed["content"]
    assert feed["marketplaceIds"] == ["ATVPDKIKX0DER"]
    assert seller.operations() == [
        "token",
        "getOrder",
        "createFeedDocument",
        "upload",
        "createFeed",
    ]
    refunded = seller.state(order)["lines"][0]["refunded"]
    assert {name: Decimal(str(amount)) for name, amount in refunded.items()} == {
        "principal": 20,
        "tax": Decimal("1.60"),
        "shipping": 1,
        "shipping_tax": Decimal("0.08"),
        "facilitator_tax": Decimal("1.60"),
        "facilitator_shipping_tax": Decimal("0.08"),
    }
    (read,) = seller.client(http).refunds(order["id"], policy=Policy(), mark_prefix="rs-amazon-")
    assert read.amount == usd("21.00")  # without the tax of Amazon's own


@pytest.mark.parametrize("method", ["store_credit", "offline"])
def test_amazon_gives_back_in_one_way_only(seller: Amazon, http: Http, method: str) -> None:
    with pytest.raises(PlatformError) as caught:
        seller.client(http).refund(plan("1.00", line(), method=method), key="k")
    assert (reason_of(caught), seller.operations()) == ("REFUSED", [])


def test_an_order_that_amazon_fulfilled_is_not_ours_to_refund(seller: Amazon, http: Http) -> None:
    order = seller.order(network="AFN")
    with pytest.raises(PlatformError) as caught:
        seller.client(http).refund(plan("20.00", line(item_of(order)), order_id=order["id"]), key="k")
    assert reason_of(caught) == "REFUSED"
    assert seller.operations() == ["token", "getOrder"]


@pytest.mark.parametrize("order_id", [ORDER, "1001"])
def test_an_order_that_is_gone_cannot_be_refunded(seller: Amazon, http: Http, order_id: str) -> None:
    with pytest.raises(PlatformError) as caught:
        seller.client(http).refund(plan("20.00", line(), order_id=order_id), key="k")
    assert reason_of(caught) == "NONEXISTENT_RECORD"


def test_what_belongs_to_no_item_is_refused_before_anything_is_sent(seller: Amazon, http: Http) -> None:
    order = seller.order()
    with pytest.raises(PlatformError) as caught:
        seller.client(http).refund(plan("25.00", line(item_of(order)), order_id=order["id"]), key="k")
    assert reason_of(caught) == "STOREFRONT_LINE_NOT_FOUND"
    assert seller.operations() == ["token", "getOrder"]


@pytest.mark.parametrize(
    ("operation", "kind", "reason", "unknown", "feeds"),
    [
        ("createFeedDocument", "status", "TRANSIENT", False, 0),
        ("createFeedDocument", "throttle", "RATE_LIMITED", False, 0),
        ("upload", "status", "TRANSIENT", False, 0),
        ("upload", "reset", "TRANSIENT", False, 0),
        ("createFeed", "throttle", "RATE_LIMITED", False, 0),
        ("createFeed", "reset", "UNKNOWN_OUTCOME", True, 0),
        ("createFeed", "status", "UNKNOWN_OUTCOME", True, 0),
    ],
)
def test_only_the_last_call_can_have_moved_money(
    seller: Amazon,
    http: Http,
    operation: str,
    kind: str,
    reason: str,
    unknown: bool,  # noqa: FBT001 - a table
    feeds: int,
) -> None:
    order = seller.order()
    seller.fault(operation, kind, **({"status": 503} if kind == "status" else {}))
    with pytest.raises(PlatformError) as caught:
        seller.client(http).refund(plan("20.00", line(item_of(order)), order_id=order["id"]), key="k")
    assert (reason_of(caught), caught.value.outcome_unknown) == (reason, unknown)
    assert len(seller.feeds()) == feeds


# Subscriptions.


@pytest.fixture
def subscriber(control: Control) -> Amazon:
    """A seller whose notifications come by way of SNS."""
    push = {"via": "sns", "url": "http://127.0.0.1:9/webhooks/amazon/amazon"}
    return open_seller(control, push=push)


def test_a_subscription_is_confirmed_at_the_address_that_sns_names(subscriber: Amazon, http: Http) -> None:
    shown = subscriber.control.get(subscriber.path)["push"]
    url = (
        "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription"
        f"&TopicArn={shown['topic_arn']}&Token={shown['token']}"
    )
    subscriber.client(http).confirm(url)
    assert subscriber.control.get(subscriber.path)["push"]["confirmed"]
    assert subscriber.operations() == ["sns:ConfirmSubscription"]
    assert shown["token"] not in str(http.journal.entries())


def test_a_token_that_sns_does_not_know_is_refused(subscriber: Amazon, http: Http) -> None:
    shown = subscriber.control.get(subscriber.path)["push"]
    url = f"https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={shown['topic_arn']}&Token=no"
    with pytest.raises(PlatformError) as caught:
        subscriber.client(http).confirm(url)
    assert reason_of(caught) == "REFUSED"
    assert re.search("InvalidParameter", caught.value.detail)


def test_a_subscription_is_confirmed_nowhere_else(subscriber: Amazon, http: Http) -> None:
    with pytest.raises(PlatformError) as caught:
        subscriber.client(http).confirm("https://example.com/?Action=ConfirmSubscription")
    assert reason_of(caught) == "REFUSED"
    assert subscriber.operations() == []
