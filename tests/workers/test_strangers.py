"""Refunds in NetSuite of orders that the ledger never heard of: a reconciliation looks them up."""

from datetime import timedelta
from typing import Any, Final

import pytest

from ledger import requests, runs
from ledger.clock import utcnow
from ledger.models import Account, Finding, Run, RunKind, RunState
from ledger.models.accounts import Direction
from ledger.run_views import item_view
from ledger.spreadsheets import RUN_HEADER, run_row
from tests.support.ledger import TRACE
from tests.support.readers import Runs, soon
from tests.support.sandboxed import Books
from tests.support.world import World
from workers import answering, strangers
from workers.breaker import Breaker
from workers.platforms.ebay_storefront import EbayStorefront
from workers.platforms.magento_storefront import MagentoStorefront
from workers.strangers import BY_NUMBER, UNKNOWN

HOUR: Final = timedelta(hours=1)
NUMBERS: Final = {"shopify": "name", "magento": "increment_id", "amazon": "id", "ebay": "orderId"}
IDS: Final = {"shopify": "id", "magento": "entity_id", "amazon": "id", "ebay": "orderId"}
UNHEARD: Final = {"shopify": "#9", "magento": "9", "amazon": "111-1111111-1111111", "ebay": "11-11111-11111"}

Lines = set[tuple[str, str, Finding, str]]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    soon(monkeypatch)
    for storefront in (MagentoStorefront, EbayStorefront):
        monkeypatch.setattr(storefront, "lag", -timedelta(seconds=5))


def join(world: World, netsuite: Books, platform: str, slug: str = "mine", **more: Any) -> Any:  # noqa: ANN401 - any platform's tenant
    """Join a storefront to the books; the ledger knows none of its orders."""
    add = getattr(world, {"shopify": "add_shop"}.get(platform, f"add_{platform}"))
    return add(netsuite, slug, now=utcnow() - HOUR, **more)


def credited(netsuite: Books, number: str, **more: Any) -> str:  # noqa: ANN401 - JSON
    return netsuite.refund(netsuite.order(number, silent=True), silent=True, **more)


def lines(people: Runs, run: Run) -> Lines:
    return {(item.netsuite_id, item.order_name, item.finding, item.note) for item in people.items(run)}


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("platform", NUMBERS)
def test_a_refund_that_the_storefront_lacks_is_found_whether_or_not_the_order_is_known(
    world: World, netsuite: Books, people: Runs, platform: str, direction: Direction
) -> None:
    tenant = join(world, netsuite, platform, direction=direction)
    order = tenant.order(silent=True)
    number = order[NUMBERS[platform]]
    memo, nobodys = credited(netsuite, number), credited(netsuite, UNHEARD[platform])
    run = people.done(tenant, RunKind.RECONCILE)
    assert lines(people, run) == {
        (memo, number, Finding.MISSING_IN_STOREFRONT, BY_NUMBER),
        (nobodys, UNHEARD[platform], Finding.MISSING_IN_STOREFRONT, UNKNOWN),
    }
    found, strange = sorted(people.items(run), key=lambda item: item.note != BY_NUMBER)
    assert (found.order_id, strange.order_id) == (str(order[IDS[platform]]), "")
    assert {item.facts == {} for item in (found, strange)} == {True}
    assert item_view(strange)["note"] == UNKNOWN
    assert UNKNOWN in dict(zip(RUN_HEADER, run_row(strange), strict=True))["note"]
    with world.database.read() as session:
        assert runs.totals(session, run.id) == [(Finding.MISSING_IN_STOREFRONT, "USD", 2, 2, 0, 4000)]


@pytest.mark.parametrize("platform", NUMBERS)
def test_what_is_found_can_be_retrieved(world: World, netsuite: Books, people: Runs, platform: str) -> None:
    tenant = join(world, netsuite, platform, direction=Direction.FROM_NETSUITE)
    memo = credited(netsuite, tenant.order(silent=True)[NUMBERS[platform]])
    (item,) = people.items(people.done(tenant, RunKind.RECONCILE))
    with world.database.write() as session:
        account = session.get_one(Account, tenant.id)
        asked = requests.retrieve(
            session, account, item.order_name, None, now=utcnow(), actor="api:ci", trace_id=TRACE
        )
    answering.answer(world.runtime, asked.id)
    assert world.only_refund().source_refund_id == memo


def test_an_order_of_another_account_is_left_to_it(world: World, netsuite: Books, people: Runs) -> None:
    shop, other = join(world, netsuite, "shopify"), join(world, netsuite, "magento", "other")
    memo = credited(netsuite, other.order(silent=True)["increment_id"])
    assert lines(people, people.done(shop, RunKind.RECONCILE)) == set()
    ((record, *_),) = lines(people, people.done(other, RunKind.RECONCILE))
    assert record == memo


@pytest.mark.parametrize("trouble", ["paused", "503"])
def test_an_order_that_may_be_of_an_account_that_cannot_be_asked_is_listed_and_says_so(
    world: World, netsuite: Books, people: Runs, trouble: str
) -> None:
    shop, other = join(world, netsuite, "shopify"), join(world, netsuite, "magento", "other")
    memo = credited(netsuite, other.order(silent=True)["increment_id"])
    if trouble == "paused":
        world.set(other, paused_reason="BAD_CREDENTIALS")
    else:
        other.fault("*", "status", status=503, times=100)
    ((record, _, finding, note),) = lines(people, people.done(shop, RunKind.RECONCILE))
    assert (record, finding) == (memo, Finding.MISSING_IN_STOREFRONT)
    assert note == f"{UNKNOWN}; other may have it and cannot be asked"


def test_a_refund_that_the_storefront_made_before_the_period_is_not_missing(
    world: World, netsuite: Books, people: Runs
) -> None:
    seller = join(world, netsuite, "amazon")
    order = seller.order(silent=True)
    seller.refund(order, seconds_ago="7200", silent=True)
    booked = netsuite.order(order["id"], silent=True)
    memos = {netsuite.refund(booked, silent=True) for _ in range(2)}
    ((record, *_),) = lines(people, people.done(seller, RunKind.RECONCILE))
    assert record in memos  # one of the two is the other side of the storefront's


def test_an_order_that_cannot_be_told_from_another_is_listed_and_says_why(
    world: World, netsuite: Books, people: Runs
) -> None:
    shop = join(world, netsuite, "shopify")
    for _ in range(2):
        shop.order(name="#twice", silent=True)
    memo = credited(netsuite, "#twice")
    ((record, _, _, note),) = lines(people, people.done(shop, RunKind.RECONCILE))
    assert record == memo
    assert note == "the order cannot be looked up: 2 orders are called #twice"


def test_a_storefront_that_does_not_answer_is_asked_again_later(
    world: World, netsuite: Books, people: Runs
) -> None:
    seller = join(world, netsuite, "amazon")
    memo = credited(netsuite, seller.order(silent=True)["id"])
    run = people.begin(seller, RunKind.RECONCILE)
    seller.fault("getOrder", "status", status=503)
    put_off = people.through(run)
    assert (put_off.state, put_off.reason) == (RunState.RUNNING, "TRANSIENT")
    world.runtime.breaker = Breaker()  # another process has not failed there, however long that took
    done = people.through(people.work(run))
    assert (done.state, done.reason) == (RunState.DONE, "")
    assert {record for record, *_ in lines(people, done)} == {memo}


def test_many_of_them_are_looked_up_in_several_steps(
    world: World, netsuite: Books, people: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = join(world, netsuite, "shopify")
    memos = {credited(netsuite, f"#{number}") for number in range(3)}
    monkeypatch.setattr(strangers, "PATIENCE", -1.0)
    run, states = people.begin(shop, RunKind.RECONCILE), [RunState.RUNNING]
    while states[-1] is RunState.RUNNING:
        states.append(people.work(run).state)
    assert (len(states) > len(memos), states[-1]) == (True, RunState.DONE)
    assert {record for record, *_ in lines(people, run)} == memos
