from collections.abc import Callable

import pytest

from ledger import accounts, deliveries, personal
from ledger.events import Event, OrderSeen, RecordChanged, RefundSeen, event_from_json
from ledger.models import Account, Delivery, DeliveryState, NetSuiteAccount
from ledger.reading import NotUnderstoodError
from tests.support.ledger import NOW
from tests.webhooks.conftest import Web
from tests.webhooks.platforms import change, refund
from webhooks.replay import ErasedError, read, reread
from webhooks.sources.protocol import UnreadableError


def latest(web: Web) -> tuple[Account | NetSuiteAccount, Delivery]:
    (delivery,) = web.deliveries()
    find: Callable[..., Account | NetSuiteAccount] = (
        accounts.by_slug if delivery.source == "shopify" else accounts.netsuite_by_slug
    )
    with web.database.read() as session:
        return find(session, "shop" if delivery.source == "shopify" else "books"), delivery


def told(web: Web) -> tuple[Event, ...]:
    return reread(*latest(web))


def test_a_delivery_that_was_understood_is_understood_again_the_same_way(web: Web) -> None:
    web.shopify("orders/delete", {"id": 1})
    assert [event.to_json() for event in told(web)] == latest(web)[1].events


def test_a_delivery_that_was_left_unread_is_read(web: Web) -> None:
    web.shopify("refunds/create", refund())
    (seen,) = read(*latest(web))
    assert isinstance(seen, RefundSeen)


def test_a_delivery_that_was_left_unread_and_is_not_understood_has_a_key_of_its_own(web: Web) -> None:
    web.shopify("refunds/create", refund(transactions=None))
    account, delivery = latest(web)
    with pytest.raises(NotUnderstoodError, match="transactions") as caught:
        read(account, delivery)
    assert caught.value.reason == "NOT_OF_SCHEMA"
    assert caught.value.delivery_key not in {"", delivery.delivery_key}


def test_a_change_in_netsuite_is_understood_again_however_old_it_is(web: Web) -> None:
    web.netsuite(change())
    (seen,) = told(web)
    assert isinstance(seen, RecordChanged)


def test_a_deletion_without_its_time_keeps_the_time_it_came(web: Web) -> None:
    web.shopify("orders/delete", {"id": 1}, triggered_at=None)
    (seen,) = told(web)
    assert isinstance(seen, OrderSeen)
    assert seen.seen_at == latest(web)[1].received_at


def test_a_quarantined_delivery_is_read_as_the_account_is_today(web: Web) -> None:
    web.shopify("refunds/create", refund(), api_version=None)
    account, delivery = latest(web)
    assert delivery.state is DeliveryState.QUARANTINED
    with web.database.write() as session:
        stored = session.get_one(Delivery, delivery.id)
        deliveries.replay(session, stored, reread(account, stored), now=NOW, actor="test")
    _, replayed = latest(web)
    (seen,) = map(event_from_json, replayed.events)
    assert isinstance(seen, RefundSeen)
    assert (replayed.state, replayed.reason) == (DeliveryState.RECEIVED, "")


def test_a_delivery_that_is_still_not_understood_says_why(web: Web) -> None:
    web.shopify("refunds/create", {"id": 1})
    with pytest.raises(UnreadableError, match="order_id"):
        told(web)


def test_an_erased_delivery_cannot_be_read_again(web: Web, shop_id: int) -> None:
    web.shopify("refunds/create", refund())
    with web.database.write() as session:
        personal.erase(session, shop_id, None, now=NOW, actor="test")
    with pytest.raises(ErasedError, match="was erased"):
        told(web)
