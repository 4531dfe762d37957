"""Reconciliations over both platforms: every difference is found, and nothing else."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from ledger import orders, runs
from ledger.clock import utcnow
from ledger.models import Account, Finding, Refund, Run, RunItem, RunKind, RunState
from ledger.models.accounts import Direction
from ledger.refunds import LeaseLostError
from tests.support.readers import Runs, work_off
from tests.support.sandboxed import SHIRT, Books, Order, Shop
from tests.support.world import World, changed, while_held
from workers import reconciling, running
from workers.rules.comparing import BY_AMOUNT, BY_ORDER

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ONE = [{"sku": SHIRT, "quantity": 1}]


pytestmark = pytest.mark.usefixtures("soon_over")


@pytest.fixture
def shop(world: World, netsuite: Books) -> Shop:
    """A shop whose refunds go to NetSuite, connected for an hour."""
    return world.add_shop(netsuite, now=utcnow() - HOUR)


def sell(
    netsuite: Books, shop: Shop, billed: str = "invoice", currency: str = "USD"
) -> tuple[dict[str, Any], Order]:
    """Let a shop sell an order that is billed in NetSuite; return both sides' of it."""
    order = shop.order(silent=True, currency=currency)
    return order, netsuite.order(order["name"], billed=billed, silent=True, currency=currency)


def refund(shop: Shop, order: dict[str, Any], **more: Any) -> str:  # noqa: ANN401 - JSON
    """Refund a T-shirt in a shop; return the refund's id."""
    shop.refund(order, silent=True, **{"lines": ONE, **more})
    return str(shop.refunds(order)[-1]["id"])


def said(people: Runs, run: Run) -> dict[tuple[str, str], Finding]:
    """Return what a reconciliation says of each refund, by its ids in the storefront and in NetSuite."""
    return {(item.storefront_refund_id, item.netsuite_id): item.finding for item in people.items(run)}


def item_of(people: Runs, run: Run, finding: Finding) -> RunItem:
    (item,) = [item for item in people.items(run) if item.finding is finding]
    return item


def test_each_finding_is_found_in_two_currencies(
    world: World, netsuite: Books, shop: Shop, people: Runs
) -> None:
    expected: dict[tuple[str, str], Finding] = {}
    for currency in ("USD", "EUR"):
        order, booked = sell(netsuite, shop, currency=currency)
        expected[refund(shop, order), netsuite.refund(booked)] = Finding.MATCHED
        order, booked = sell(netsuite, shop, "cashSale", currency=currency)
        expected[refund(shop, order), netsuite.refund(booked)] = Finding.MATCHED
        order, _ = sell(netsuite, shop, currency=currency)
        expected[refund(shop, order), ""] = Finding.MISSING_IN_NETSUITE
        order, booked = sell(netsuite, shop, currency=currency)
        expected[refund(shop, order), netsuite.refund(booked, amount="19.00")] = Finding.AMOUNT_DIFFERS
        order, booked = sell(netsuite, shop, currency=currency)
        known(world, shop, order)
        expected["", netsuite.refund(booked)] = Finding.MISSING_IN_STOREFRONT
    run = people.done(shop, RunKind.RECONCILE)
    assert said(people, run) == expected
    assert run.found == 8
    with world.database.read() as session:
        assert runs.totals(session, run.id) == [
            row
            for currency in ("EUR", "USD")
            for row in (
                (Finding.AMOUNT_DIFFERS, currency, 2, 1, 2000, 1900),
                (Finding.MATCHED, currency, 2, 2, 4000, 4000),
                (Finding.MISSING_IN_NETSUITE, currency, 2, 1, 2000, 0),
                (Finding.MISSING_IN_STOREFRONT, currency, 2, 1, 0, 2000),
            )
        ]
    assert {item.currency: item.netsuite_currency for item in people.items(run) if item.netsuite_id} == {
        "USD": "USD",
        "EUR": "EUR",
    }
    notes = Counter(item.note for item in people.items(run))
    assert notes[BY_AMOUNT] == 4
    assert item_note(people, run) == {
        f"20.00 {currency} in the storefront, 19.00 {currency} in NetSuite; {BY_ORDER}"
        for currency in ("USD", "EUR")
    }


def item_note(people: Runs, run: Run) -> set[str]:
    return {item.note for item in people.items(run) if item.finding is Finding.AMOUNT_DIFFERS}


def known(world: World, shop: Shop, order: dict[str, Any]) -> None:
    """Let the ledger know an order."""
    with world.database.write() as session:
        orders.ensure(session, shop.id, str(order["id"]), now=utcnow(), name=order["name"])


def test_a_reconciliation_that_is_done_again_says_the_same(
    world: World, netsuite: Books, shop: Shop, people: Runs
) -> None:
    for _ in range(3):
        order, booked = sell(netsuite, shop)
        for _ in range(2):
            refund(shop, order)
            netsuite.refund(booked)
    order, _ = sell(netsuite, shop)
    refund(shop, order)
    first, second = (people.done(shop, RunKind.RECONCILE) for _ in range(2))

    def lines(run: Run) -> list[tuple[Any, ...]]:
        skipped = {"id", "run_id"}
        names = [column.key for column in RunItem.__table__.columns if column.key not in skipped]
        return [tuple(getattr(item, name) for name in names) for item in people.items(run)]

    assert lines(first) == lines(second)
    assert (first.found, second.found) == (7, 7)


def test_what_this_service_carried_is_matched_by_its_key_in_both_directions(
    world: World, netsuite: Books, shop: Shop, people: Runs
) -> None:
    outward = world.add_shop(netsuite, "outward", direction=Direction.FROM_NETSUITE, now=utcnow() - HOUR)
    order, _ = sell(netsuite, shop)
    refund(shop, order)
    people.done(shop, RunKind.BACKFILL)
    sent = outward.order(name="#out", silent=True)
    memo = netsuite.refund(netsuite.order("#out", silent=True))
    world.tell(netsuite, changed("creditmemo", memo))
    work_off(world)
    made = str(outward.refunds(sent)[0]["id"])
    # Each is known as its own echo, too.
    posted = next(each for each in world.refunds() if each.origin == "shopify")
    world.tell(netsuite, changed("creditmemo", posted.target_id, external_id=posted.key))
    people.done(outward, RunKind.RECONCILE)
    to_books, from_books = (people.done(each, RunKind.RECONCILE) for each in (shop, outward))
    assert said(people, to_books) == {(posted.source_refund_id, posted.target_id): Finding.MATCHED}
    assert said(people, from_books) == {(made, memo): Finding.MATCHED}
    carried = next(each for each in world.refunds() if each.source_refund_id == memo)
    assert [(item.note, item.refund_id) for item in people.items(to_books)] == [("", posted.id)]
    assert [(item.note, item.refund_id) for item in people.items(from_books)] == [("", carried.id)]


def test_a_refund_that_the_shop_made_and_that_came_back_is_matched_though_its_mark_was_lost(
    world: World, netsuite: Books, people: Runs
) -> None:
    outward = world.add_shop(netsuite, direction=Direction.FROM_NETSUITE, now=utcnow() - HOUR)
    order = outward.order(silent=True)
    memo = netsuite.refund(netsuite.order(order["name"], silent=True))
    world.tell(netsuite, changed("creditmemo", memo))
    made = str(outward.refunds(order)[0]["id"])
    with world.database.write() as session:  # as if somebody had changed the note, and the amount
        session.execute(update(Refund).values(key="rs-another"))
    assert said(people, people.done(outward, RunKind.RECONCILE)) == {(made, memo): Finding.MATCHED}


def credited_by_return(netsuite: Books, booked: Order) -> str:
    """Credit a T-shirt by way of a return that was authorized from the order, whatever billed that."""
    source = {"type": "salesOrder", "id": booked.id}
    returned = netsuite.control.post(
        f"{netsuite.path}/returnauthorizations", {"from": source, "lines": ONE, "status": "F"}
    )
    made = netsuite.control.post(f"{netsuite.path}/refunds", {"from": returned, "as": "creditMemo"})
    return str(made["id"])


def test_a_record_of_the_wrong_type_is_found(netsuite: Books, shop: Shop, people: Runs) -> None:
    order, booked = sell(netsuite, shop, "cashSale")
    number, memo = refund(shop, order), credited_by_return(netsuite, booked)
    run = people.done(shop, RunKind.RECONCILE)
    assert said(people, run) == {(number, memo): Finding.TYPE_DIFFERS}
    note = item_of(people, run, Finding.TYPE_DIFFERS).note
    assert note.startswith("a credit memo of an order billed by cash sale, which asks for a cash refund")


def test_one_of_the_right_type_that_goes_back_to_the_order_itself_is_matched(
    netsuite: Books, shop: Shop, people: Runs
) -> None:
    order, booked = sell(netsuite, shop)
    number, memo = refund(shop, order), credited_by_return(netsuite, booked)
    assert said(people, people.done(shop, RunKind.RECONCILE)) == {(number, memo): Finding.MATCHED}


def test_refunds_made_by_way_of_a_return_belong_to_their_order(
    world: World, netsuite: Books, shop: Shop, people: Runs
) -> None:
    order, booked = sell(netsuite, shop)
    number = refund(shop, order)
    returned = netsuite.authorize_return(booked)
    memo = netsuite.control.post(
        f"{netsuite.path}/refunds", {"from": {"type": "returnAuthorization", "id": returned}}
    )
    run = people.done(shop, RunKind.RECONCILE)
    assert said(people, run) == {(number, str(memo["id"])): Finding.MATCHED}


def test_an_order_the_ledger_never_heard_of_is_known_by_its_name_in_the_shop(
    world: World, netsuite: Books, shop: Shop, people: Runs
) -> None:
    order, booked = sell(netsuite, shop)
    number, memo = refund(shop, order), netsuite.refund(booked)
    assert world.links() == []
    run = people.done(shop, RunKind.RECONCILE)
    assert said(people, run) == {(number, memo): Finding.MATCHED}
    (item,) = people.items(run)
    assert (item.order_id, item.order_name) == (str(order["id"]), order["name"])
    assert item.facts == {}
    assert world.links() == []


def test_orders_may_be_known_by_their_ids(world: World, netsuite: Books, people: Runs) -> None:
    shop = world.add_shop(netsuite, now=utcnow() - HOUR, order_match_value="id")
    order = shop.order(silent=True)
    number = refund(shop, order)
    memo = netsuite.refund(netsuite.order(str(order["id"]), silent=True))
    lonely = shop.order(silent=True)
    known(world, shop, lonely)
    only_here = netsuite.refund(netsuite.order(str(lonely["id"]), silent=True))
    run = people.done(shop, RunKind.RECONCILE)
    assert said(people, run) == {
        (number, memo): Finding.MATCHED,
        ("", only_here): Finding.MISSING_IN_STOREFRONT,
    }


def test_what_belongs_to_another_account_or_to_nobody_is_left_out(
    world: World, netsuite: Books, shop: Shop, people: Runs
) -> None:
    other = world.add_shop(netsuite, "other", now=utcnow() - HOUR)
    mine, theirs = shop.order(name="#same", silent=True), other.order(name="#same", silent=True)
    booked = netsuite.order("#same", silent=True)
    with world.database.write() as session:  # NetSuite's order is known to be the other shop's
        link = orders.ensure(session, other.id, str(theirs["id"]), now=utcnow(), name="#same")
        linked = orders.NetSuiteOrder(booked.id, "salesorder", "invoice", booked.billed_id)
        orders.link_netsuite(link, linked, now=utcnow())
    known(world, shop, mine)
    number = refund(shop, mine)
    netsuite.refund(booked)
    unheard_of = other.order(name="#unheard-of", silent=True)
    netsuite.refund(netsuite.order(unheard_of["name"], silent=True))
    netsuite.control.post(f"{netsuite.path}/standalonecreditmemo", {"amount": "20.00", "silent": True})
    assert said(people, people.done(shop, RunKind.RECONCILE)) == {(number, ""): Finding.MISSING_IN_NETSUITE}


def test_what_moved_no_money_or_was_voided_is_no_difference(
    world: World, netsuite: Books, shop: Shop, people: Runs
) -> None:
    order, booked = sell(netsuite, shop)
    refund(shop, order, transactions=[{"amount": "20.00", "status": "pending"}])
    refund(shop, order, transactions=[])
    refund(shop, order, transactions=[{"amount": "20.00", "status": "failure"}])
    memo = netsuite.refund(booked)
    netsuite.edit("creditMemo", memo, voided=True)
    known(world, shop, order)
    run = people.done(shop, RunKind.RECONCILE)
    assert (people.items(run), run.found) == ([], 0)


def test_the_other_side_of_a_refund_may_be_from_before_or_after_the_period(
    world: World, netsuite: Books, shop: Shop, people: Runs
) -> None:
    order, booked = sell(netsuite, shop)
    number, memo = refund(shop, order), netsuite.refund(booked)
    (item,) = people.items(people.done(shop, RunKind.RECONCILE))
    assert item.occurred_at is not None
    second = timedelta(seconds=1)
    around = people.done(shop, RunKind.RECONCILE, since=item.occurred_at, until=item.occurred_at + second / 2)
    assert said(people, around) == {(number, memo): Finding.MATCHED}
    before = people.done(shop, RunKind.RECONCILE, since=item.occurred_at - 9 * DAY, until=item.occurred_at)
    assert people.items(before) == []


def test_a_refund_of_the_ledger_says_of_which_period_its_other_side_is(
    world: World, netsuite: Books, shop: Shop, people: Runs
) -> None:
    order, _ = sell(netsuite, shop)
    refund(shop, order)
    people.done(shop, RunKind.BACKFILL)
    work_off(world)
    with world.database.write() as session:  # made long ago in the shop, which has forgotten it since
        session.execute(update(Refund).values(occurred_at=utcnow() - 9 * DAY))
    shop.delete(order)
    now = utcnow()
    assert people.items(people.done(shop, RunKind.RECONCILE)) == []
    then = people.done(shop, RunKind.RECONCILE, since=now - 10 * DAY, until=now - 8 * DAY)
    posted = world.only_refund()
    assert said(people, then) == {("", posted.target_id): Finding.MISSING_IN_STOREFRONT}


def test_amounts_in_two_currencies_each_stand_under_their_own(
    world: World, netsuite: Books, shop: Shop, people: Runs
) -> None:
    order = shop.order(silent=True)
    refund(shop, order)
    netsuite.refund(netsuite.order(order["name"], currency="JPY", silent=True))
    run = people.done(shop, RunKind.RECONCILE)
    item = item_of(people, run, Finding.AMOUNT_DIFFERS)
    assert (item.currency, item.currency_exponent, item.storefront_minor) == ("USD", 2, 2000)
    assert (item.netsuite_currency, item.netsuite_exponent, item.netsuite_minor) == ("JPY", 0, 20)
    with world.database.read() as session:
        assert runs.totals(session, run.id) == [
            (Finding.AMOUNT_DIFFERS, "JPY", 0, 0, 0, 20),
            (Finding.AMOUNT_DIFFERS, "USD", 2, 1, 2000, 0),
        ]


def test_more_than_fits_into_one_piece_is_read_in_several(
    world: World, netsuite: Books, shop: Shop, people: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "workers.reconciling._AT_ONCE",
        "workers.reconciling._IDS_AT_ONCE",
        "workers.sides._AT_ONCE",
    ):
        monkeypatch.setattr(name, 2)
    pairs = {}
    for _ in range(5):
        order, booked = sell(netsuite, shop)
        pairs[refund(shop, order), netsuite.refund(booked)] = Finding.MATCHED
    assert said(people, people.done(shop, RunKind.RECONCILE, since=utcnow() - 2 * DAY)) == pairs


def test_until_it_compares_a_reconciliation_only_collects(
    world: World, netsuite: Books, shop: Shop, people: Runs
) -> None:
    order, booked = sell(netsuite, shop)
    refund(shop, order)
    netsuite.refund(booked)
    run = people.begin(shop, RunKind.RECONCILE)
    with world.database.write() as session:
        session.execute(update(Run).values(reaches_to=utcnow() + timedelta(seconds=5), stride=3600 // 2))
    assert people.work(run).state is RunState.RUNNING
    while people.work(run).state is RunState.RUNNING:
        assert {item.finding for item in people.items(run)} <= {Finding.COLLECTED}
    assert {item.finding for item in people.items(run)} == {Finding.MATCHED}


def test_a_reconciliation_whose_worker_was_killed_says_the_same(
    world: World, netsuite: Books, shop: Shop, people: Runs
) -> None:
    order, booked = sell(netsuite, shop)
    number, memo = refund(shop, order), netsuite.refund(booked)
    run, other = people.begin(shop, RunKind.RECONCILE), world.another()
    with while_held(netsuite, "suiteql", lambda: running.work(world.runtime, run.id), after=0):
        with world.database.write() as session:
            session.execute(update(Run).values(lease_until=utcnow() - HOUR))
        assert running.work(other, run.id)
    assert people.get(run).state is RunState.DONE
    assert said(people, run) == {(number, memo): Finding.MATCHED}
    assert people.get(run).found == 1


def test_a_reconciliation_that_was_stopped_meanwhile_leaves_what_it_collected(
    world: World, netsuite: Books, shop: Shop, people: Runs
) -> None:
    run = people.begin(shop, RunKind.RECONCILE)
    with world.database.write() as session:
        claimed = runs.claim(session, run.id, now=utcnow())
        assert claimed is not None
        runs.stop(session, run.id, now=utcnow(), actor="cli:ada")
    with pytest.raises(LeaseLostError, match="stopped or taken over"):
        reconciling.compare(world.runtime, claimed)


def test_a_reconciliation_writes_to_nobody(world: World, netsuite: Books, shop: Shop, people: Runs) -> None:
    order, _ = sell(netsuite, shop)
    refund(shop, order)
    people.done(shop, RunKind.RECONCILE)
    assert world.refunds() == []
    assert (netsuite.writes(), shop.writes()) == ({}, {})
    with world.database.read() as session:
        assert session.get_one(Account, shop.id).paused_reason == ""
