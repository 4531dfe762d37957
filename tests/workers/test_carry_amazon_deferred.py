"""Money that Amazon holds back: when it is looked for, and what ends the wait before that."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final

import pytest
import requests

from ledger import actions
from ledger.events import OrderTouched
from ledger.models import Refund
from ledger.states import State
from sandbox.server import SandboxServer
from tests.support.passing import Clock, clock_of, wake
from tests.support.readers import begin_polls, poll_now
from tests.support.sandboxed import Books
from tests.support.sandboxed_amazon import ROOMY, Seller
from tests.support.world import ITEMS, World
from tests.workers.platforms.world import Control
from workers.carry import carry

Json = dict[str, Any]

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
MINUTE: Final = timedelta(minutes=1)
LOOKS: Final = (2 * HOUR, 2 * DAY, 14 * DAY, 30 * DAY)
YEAR: Final = 365 * 24 * 3600


@pytest.fixture(scope="module")
def _platforms() -> Iterator[Control]:
    """A sandbox of this module's own, whose time may be moved, too."""
    with SandboxServer() as server, requests.Session() as session:
        yield Control(server.url, session)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """The ledger's time."""
    with clock_of(monkeypatch) as clock:
        yield clock


@pytest.fixture
def seller(world: World, netsuite: Books, clock: Clock) -> Seller:
    """A seller whose refunds go to NetSuite."""
    return world.add_amazon(netsuite, seller=ROOMY)


def deferred(world: World, netsuite: Books, seller: Seller) -> tuple[Json, Refund]:
    """Refund an order whose money is held back for a year; return the order and the refund that waits."""
    order = seller.order()
    netsuite.order(order["id"])
    seller.refund(order, deferred_seconds=YEAR)
    world.tell(seller, OrderTouched(order["id"]))
    refund = world.refunds()[-1]
    assert standing(refund) == (State.WAITING, "MONEY_PENDING")
    return order, refund


def standing(refund: Refund) -> tuple[State, str]:
    return refund.state, refund.reason


def looks(seller: Seller) -> int:
    """Return how often Amazon was asked for transactions."""
    return seller.operations().count("listTransactions")


def test_it_is_looked_for_after_2_hours_2_days_14_days_and_30_days_and_never_between(
    world: World, netsuite: Books, seller: Seller, clock: Clock
) -> None:
    _, refund = deferred(world, netsuite, seller)
    began = clock.now
    assert refund.due_at == refund.not_before == began + LOOKS[0]
    for number, look in enumerate(LOOKS, start=1):
        steps = 8
        distance = began + look - clock.now
        for _ in range(steps):
            clock.pass_((distance - MINUTE) / steps)
            wake(world)
            carry(world.runtime, refund.id)  # whoever else may think that it is time
            assert looks(seller) == number
        clock.now = began + look
        wake(world)
        assert looks(seller) == 1 + number
        refund = world.refund(refund.id)
        assert refund.deadline_at == began + 30 * DAY
        if look is not LOOKS[-1]:
            assert standing(refund) == (State.WAITING, "MONEY_PENDING")
            assert refund.due_at == refund.not_before == began + LOOKS[number]
    assert (*standing(refund), refund.detail) == (State.ERROR, "MONEY_PENDING", "waited 30 days.")
    assert refund.due_at is None
    clock.pass_(60 * DAY)
    wake(world)
    assert looks(seller) == 1 + len(LOOKS)
    assert netsuite.operations() == []


def test_a_day_of_many_refunds_that_are_held_back_is_one_look_each(
    world: World, netsuite: Books, seller: Seller, clock: Clock
) -> None:
    many = 20
    for _ in range(many):
        deferred(world, netsuite, seller)
    assert looks(seller) == many
    for _ in range(48):
        clock.pass_(HOUR / 2)
        wake(world)
    assert looks(seller) == 2 * many
    assert {standing(refund) for refund in world.refunds()} == {(State.WAITING, "MONEY_PENDING")}


@pytest.mark.parametrize("number", range(len(LOOKS)))
def test_money_that_was_released_without_a_word_is_found_by_the_next_look(
    world: World, netsuite: Books, seller: Seller, clock: Clock, number: int
) -> None:
    order, refund = deferred(world, netsuite, seller)
    for look in LOOKS[:number]:
        clock.now = refund.received_at + look
        wake(world)
    seller.release(order)
    clock.now = refund.received_at + LOOKS[number]
    wake(world)
    assert standing(world.refund(refund.id)) == (State.SCHEDULED, "FACTS_CHANGED")
    wake(world)
    assert standing(world.refund(refund.id)) == (State.POSTED, "POSTED")
    assert netsuite.writes() == {"creditMemo": 1}


def test_the_releases_own_push_ends_the_wait(
    world: World, netsuite: Books, seller: Seller, clock: Clock
) -> None:
    order, refund = deferred(world, netsuite, seller)
    clock.pass_(MINUTE)
    seller.release(order)
    world.tell(seller, OrderTouched(order["id"], clock.now))
    assert standing(world.refund(refund.id)) == (State.POSTED, "POSTED")
    assert looks(seller) == 2


def test_a_push_of_something_else_of_the_order_makes_no_further_look(
    world: World, netsuite: Books, seller: Seller, clock: Clock
) -> None:
    order, refund = deferred(world, netsuite, seller)
    clock.pass_(HOUR)
    world.tell(seller, OrderTouched(order["id"]))
    assert looks(seller) == 2  # the push's own
    assert world.refund(refund.id).due_at == refund.due_at


def test_the_polls_overlap_ends_the_wait_where_the_push_was_lost(
    world: World, netsuite: Books, seller: Seller, clock: Clock
) -> None:
    order, refund = deferred(world, netsuite, seller)
    begin_polls(world)
    seller.release(order)
    for ahead in (timedelta(0), timedelta(seconds=200)):  # the last two minutes are not to be had
        assert standing(world.refund(refund.id)) == (State.WAITING, "MONEY_PENDING")
        seller.control.post("settings", {"advance_seconds": int(ahead.total_seconds())})
        clock.pass_(ahead)
        poll_now(world, seller)
        wake(world)
    assert standing(world.refund(refund.id)) == (State.POSTED, "POSTED")
    assert netsuite.writes() == {"creditMemo": 1}


def test_a_look_that_amazon_refuses_is_made_again_and_the_next_is_at_its_time(
    world: World, netsuite: Books, seller: Seller, clock: Clock
) -> None:
    _, refund = deferred(world, netsuite, seller)
    began = clock.now
    clock.now = began + LOOKS[0]
    seller.fault("listTransactions", "throttle")
    wake(world)
    assert standing(world.refund(refund.id)) == (State.RETRYING, "RATE_LIMITED")
    clock.pass_(MINUTE)
    wake(world)
    again = world.refund(refund.id)
    assert standing(again) == (State.WAITING, "MONEY_PENDING")
    assert (again.due_at, again.deadline_at) == (began + LOOKS[1], began + 30 * DAY)


def test_who_asks_for_a_look_gets_it_at_once(
    world: World, netsuite: Books, seller: Seller, clock: Clock
) -> None:
    order, refund = deferred(world, netsuite, seller)
    seller.release(order)
    world.act(actions.retry, refund.id)
    assert world.carry(refund.id).reason == "FACTS_CHANGED"
    assert standing(world.carry(refund.id)) == (State.POSTED, "POSTED")


@pytest.mark.parametrize(
    ("days", "expected"),
    [(1, (2 * HOUR, DAY)), (7, (2 * HOUR, 2 * DAY, 7 * DAY)), (70, (*LOOKS, 60 * DAY, 70 * DAY))],
)
def test_a_wait_of_another_length_ends_with_its_last_look(
    world: World, netsuite: Books, clock: Clock, days: int, expected: tuple[timedelta, ...]
) -> None:
    seller = world.add_amazon(netsuite, seller=ROOMY, money_deadline_days=days)
    _, refund = deferred(world, netsuite, seller)
    began, seen = clock.now, []
    while refund.due_at is not None:
        seen.append(refund.due_at - began)
        assert refund.deadline_at == began + days * DAY
        clock.now = refund.due_at
        wake(world)
        refund = world.refund(refund.id)
    assert tuple(seen) == expected
    assert (refund.state, refund.detail) == (State.ERROR, f"waited {days} days.")


@pytest.mark.parametrize("days", [7, 60])
def test_a_patience_that_is_changed_meanwhile_moves_neither_the_looks_nor_the_deadline(
    world: World, netsuite: Books, seller: Seller, clock: Clock, days: int
) -> None:
    _, refund = deferred(world, netsuite, seller)
    began = clock.now
    world.set(seller, settings={**ITEMS, "money_deadline_days": days})
    for look, after in pairwise(LOOKS[:3]):
        clock.now = began + look
        wake(world)
        again = world.refund(refund.id)
        assert (again.due_at, again.deadline_at) == (began + after, began + 30 * DAY)
