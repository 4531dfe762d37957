from datetime import datetime, timedelta

from ledger import deliveries, due, polls, refunds, runs
from ledger.database import Database
from ledger.models import Account, NetSuiteAccount
from ledger.states import Transition
from tests.support.ledger import make_delivery, make_refund, make_seen
from tests.support.racing import race
from tests.support.reading import make_poll, make_run


def test_nothing_is_due_before_its_time(database: Database, shop: Account, now: datetime) -> None:
    with database.write() as session:
        deliveries.accept(session, make_delivery(shop), now=now)
        make_refund(session, shop, now=now)
    just_before = now + deliveries.GRACE - timedelta(seconds=1)
    with database.write() as session:
        assert due.deliveries(session, now=just_before, limit=10) == []
        assert due.refunds(session, now=just_before, limit=10) == []


def test_what_is_due_comes_with_its_source_and_is_put_off(
    database: Database, shop: Account, books: NetSuiteAccount, now: datetime
) -> None:
    then = now + deliveries.GRACE
    with database.write() as session:
        of_shop = deliveries.accept(session, make_delivery(shop), now=now)
        of_books = deliveries.accept(session, make_delivery(books), now=now)
        from_shop = make_refund(session, shop).id
        from_books = make_refund(session, shop, make_seen(origin="netsuite", record_type="creditmemo")).id
    for at, is_due in ((then, True), (then, False), (then + due.AGAIN, True)):
        with database.write() as session:
            woken = (
                set(due.deliveries(session, now=at, limit=10)),
                set(due.refunds(session, now=at, limit=10)),
            )
        everything = (
            {(of_shop, "shopify"), (of_books, "netsuite")},
            {(from_shop, "shopify"), (from_books, "shopify")},
        )
        assert woken == (everything if is_due else (set(), set()))


def test_the_longest_due_come_first_and_no_more_than_asked_for(
    database: Database, shop: Account, now: datetime
) -> None:
    with database.write() as session:
        for age in (1, 3, 2):
            earlier = now - timedelta(minutes=age)
            deliveries.accept(session, make_delivery(shop, key=str(age)), now=earlier)
            make_refund(session, shop, make_seen(refund_id=str(age)), now=earlier)
    for expected in ({2, 3}, {1}, set()):
        with database.write() as session:
            assert {number for number, _ in due.deliveries(session, now=now, limit=2)} == expected
            assert {number for number, _ in due.refunds(session, now=now, limit=2)} == expected


def test_what_is_settled_is_never_due(database: Database, shop: Account, now: datetime) -> None:
    later = now + timedelta(days=365)
    with database.write() as session:
        number = deliveries.accept(session, make_delivery(shop), now=now)
        assert number is not None
        delivery = deliveries.claim(session, number, now=now)
        assert delivery is not None
        deliveries.finish(session, delivery, now=now)
        refund = make_refund(session, shop)
        refunds.move(session, refund, Transition.IGNORE, "ECHO", now=now)
    with database.write() as session:
        assert due.deliveries(session, now=later, limit=10) == []
        assert due.refunds(session, now=later, limit=10) == []


def test_what_a_killed_worker_had_is_due_when_its_lease_is_over(
    database: Database, shop: Account, refund_id: int, now: datetime
) -> None:
    with database.write() as session:
        number = deliveries.accept(session, make_delivery(shop), now=now)
        assert number is not None
        deliveries.claim(session, number, now=now)
        refunds.claim(session, refund_id, now=now)
    for at, is_due in (
        (now + deliveries.LEASE - timedelta(seconds=1), False),
        (now + deliveries.LEASE, True),
    ):
        with database.write() as session:
            assert bool(due.deliveries(session, now=at, limit=10)) is is_due
            assert bool(due.refunds(session, now=at, limit=10)) is is_due


def test_two_schedulers_do_not_hand_out_the_same(database: Database, shop: Account, now: datetime) -> None:
    with database.write() as session:
        for number in range(20):
            deliveries.accept(session, make_delivery(shop, key=str(number)), now=now)
            make_refund(session, shop, make_seen(refund_id=str(number)))

    def sweep() -> tuple[list[int], list[int]]:
        later = now + timedelta(minutes=1)
        with database.write() as session:
            woken = due.deliveries(session, now=later, limit=15), due.refunds(session, now=later, limit=15)
        return [number for number, _ in woken[0]], [number for number, _ in woken[1]]

    handed_out = race(*[sweep] * 3)
    for kind in (0, 1):
        numbers = [number for sweeper in handed_out for number in sweeper[kind]]
        assert len(numbers) == len(set(numbers))
        assert all(len(sweeper[kind]) <= 15 for sweeper in handed_out)


def test_polls_and_runs_are_due_with_their_sources_and_are_put_off(
    database: Database, shop: Account, books: NetSuiteAccount, now: datetime
) -> None:
    with database.write() as session:
        polled = {(make_poll(session, shop).id, "shopify"), (make_poll(session, books).id, "netsuite")}
        run = (make_run(session, shop).id, "shopify")
    for at, is_due in (
        (now - timedelta(seconds=1), False),
        (now, True),
        (now, False),
        (now + due.AGAIN, True),
    ):
        with database.write() as session:
            woken = set(due.polls(session, now=at, limit=10)), due.runs(session, now=at, limit=10)
        assert woken == ((polled, [run]) if is_due else (set(), []))


def test_a_run_that_has_ended_is_never_due(database: Database, shop: Account, now: datetime) -> None:
    with database.write() as session:
        runs.stop(session, make_run(session, shop).id, now=now, actor="cli:ada")
    with database.write() as session:
        assert due.runs(session, now=now + timedelta(days=365), limit=10) == []


def test_polls_and_runs_that_a_killed_worker_had_are_due_when_its_lease_is_over(
    database: Database, shop: Account, now: datetime
) -> None:
    with database.write() as session:
        poll, run = make_poll(session, shop), make_run(session, shop)
        polls.claim(session, poll.id, now=now)
        runs.claim(session, run.id, now=now)
    for at, is_due in ((now + polls.LEASE - timedelta(seconds=1), False), (now + polls.LEASE, True)):
        with database.write() as session:
            assert ((poll.id, "shopify") in due.polls(session, now=at, limit=10)) is is_due
            assert bool(due.runs(session, now=at, limit=10)) is is_due
