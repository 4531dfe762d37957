from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ledger import runs
from ledger.database import Database
from ledger.models import Account, AuditEntry, Finding, Run, RunItem, RunKind, RunState
from ledger.platforms import Platform
from ledger.reasons import UnknownReasonError
from ledger.runs import LEASE, LONGEST, LONGEST_STRIDE, SHORTEST_STRIDE, RunError
from ledger.secrets import Vault
from tests.support.ledger import TRACE, make_account
from tests.support.racing import race
from tests.support.reading import DAY, make_run

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def run_id(database: Database, shop: Account) -> int:
    """The id of a run that was just begun."""
    with database.write() as session:
        return make_run(session, shop).id


@pytest.fixture
def claimed(database: Database, run_id: int, now: datetime) -> Run:
    """The run, claimed by a worker."""
    return claim(database, run_id, now)


def claim(database: Database, run_id: int, now: datetime) -> Run:
    with database.write() as session:
        run = runs.claim(session, run_id, now=now)
    assert run is not None
    return run


def may_claim(database: Database, run_id: int, now: datetime) -> bool:
    with database.write() as session:
        return runs.claim(session, run_id, now=now) is not None


def stored(database: Database, run_id: int) -> Run:
    with database.read() as session:
        return runs.get(session, run_id)


def item(number: str, **columns: Any) -> dict[str, Any]:  # noqa: ANN401 - columns of RunItem
    return {
        "identity": f"storefront:{number}",
        "finding": Finding.NEW,
        "currency": "USD",
        "currency_exponent": 2,
        **columns,
    }


def test_a_run_begins_where_its_period_does_and_reaches_to_now(
    database: Database, shop: Account, now: datetime
) -> None:
    with database.write() as session:
        begun = make_run(session, shop, RunKind.RECONCILE, since=now - 9 * DAY, until=now - 2 * DAY)
    run = stored(database, begun.id)
    assert (run.kind, run.source, run.account.slug) == (RunKind.RECONCILE, "shopify", shop.slug)
    assert (run.since, run.done_until, run.until) == (now - 9 * DAY, now - 9 * DAY, now - 2 * DAY)
    assert (run.reaches_to, run.due_at, run.state) == (now, now, RunState.RUNNING)
    assert (run.found, run.taken, run.tries, run.actor, run.trace_id) == (0, 0, 0, "cli:ada", TRACE)
    assert run.stride == LONGEST_STRIDE.total_seconds()
    with database.read() as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.subject, entry.subject_id, entry.action) == ("account", shop.id, "reconcile")
    assert entry.note == "reconcile 2026-03-05 15:09 to 2026-03-12 15:09 UTC"


@pytest.mark.parametrize(
    ("since", "until"),
    [(0 * DAY, 0 * DAY), (1 * DAY, 0 * DAY), (-LONGEST - SECOND, 0 * DAY), (SECOND, DAY)],
    ids=["empty", "backwards", "too long", "in the future"],
)
def test_a_period_that_makes_no_sense_is_refused(
    database: Database, shop: Account, now: datetime, since: timedelta, until: timedelta
) -> None:
    with pytest.raises(RunError, match="3 years") as refused, database.write() as session:
        make_run(session, shop, since=now + since, until=now + until)
    assert refused.value.reason == "bad_period"


def test_the_longest_period_and_one_that_goes_on_are_taken(
    database: Database, shop: Account, now: datetime
) -> None:
    with database.write() as session:
        make_run(session, shop, RunKind.BACKFILL, since=now - LONGEST, until=now)
        make_run(session, shop, RunKind.DRY_RUN, since=now, until=now + DAY)


def test_an_account_has_one_run_of_a_kind_at_a_time(
    database: Database, vault: Vault, shop: Account, run_id: int, now: datetime
) -> None:
    with pytest.raises(RunError, match="under way") as refused, database.write() as session:
        make_run(session, shop)
    assert refused.value.reason == "under_way"
    with database.write() as session:
        make_run(session, shop, RunKind.DRY_RUN)
        make_run(session, make_account(session, vault, platform=Platform.EBAY))
        runs.stop(session, run_id, now=now, actor="cli:ada")
        make_run(session, shop)


def test_of_runs_that_are_begun_at_once_one_is(database: Database, shop: Account) -> None:
    def begin() -> bool:
        try:
            with database.write() as session:
                make_run(session, shop)
        except RunError:
            return False
        return True

    assert sorted(race(*[begin] * 4)) == [False, False, False, True]


def test_a_run_that_is_not_there_is_said_to_be(database: Database) -> None:
    with pytest.raises(RunError, match="no run 7") as refused, database.read() as session:
        runs.get(session, 7)
    assert refused.value.reason == "not_found"


def test_runs_are_listed_the_newest_first(database: Database, vault: Vault, shop: Account) -> None:
    with database.write() as session:
        other = make_account(session, vault, platform=Platform.EBAY)
        backfill = make_run(session, shop).id
        comparison = make_run(session, shop, RunKind.RECONCILE).id
        others = make_run(session, other).id

        def listed(**which: Any) -> list[int]:  # noqa: ANN401 - see `latest`
            return [run.id for run in runs.latest(session, **which)]

        assert listed() == [others, comparison, backfill]
        assert listed(kinds=[RunKind.BACKFILL]) == [others, backfill]
        assert listed(account_id=shop.id) == [comparison, backfill]
        assert listed(before=others) == [comparison, backfill]
        assert listed(limit=1) == [others]


def test_a_run_is_one_workers_until_its_lease_is_over(database: Database, run_id: int, now: datetime) -> None:
    first = claim(database, run_id, now)
    assert first.lease_until == first.due_at == now + LEASE
    assert not may_claim(database, run_id, now + LEASE - SECOND)
    assert claim(database, run_id, now + LEASE).lease_token == first.lease_token + 1


def test_of_workers_that_take_a_run_at_once_one_does(database: Database, run_id: int, now: datetime) -> None:
    assert sorted(race(*[lambda: may_claim(database, run_id, now)] * 4)) == [False, False, False, True]


def test_a_lease_begins_anew(database: Database, claimed: Run, now: datetime) -> None:
    with database.write() as session:
        assert runs.renew(session, claimed, now=now + HOUR)
    assert stored(database, claimed.id).lease_until == now + HOUR + LEASE


def test_how_far_a_run_has_come_is_kept_and_it_is_due_for_its_next_bit(
    database: Database, claimed: Run, now: datetime
) -> None:
    with database.write() as session:
        assert runs.postpone(session, claimed, now, "TRANSIENT", "503", counts=True)
        assert runs.advance(session, claimed, now - DAY, stride=HOUR, now=now)
    run = stored(database, claimed.id)
    assert (run.done_until, run.stride, run.reaches_to) == (now - DAY, 3600, now)
    assert (run.tries, run.reason, run.detail) == (0, "", "")
    assert (run.lease_until, run.due_at, run.not_before) == (None, now, None)
    assert may_claim(database, run.id, now)


@pytest.mark.parametrize(
    ("asked", "kept"),
    [(SECOND, SHORTEST_STRIDE), (2 * HOUR, 2 * HOUR), (7 * DAY, LONGEST_STRIDE)],
)
def test_how_much_is_read_at_once_has_its_limits(
    database: Database, claimed: Run, now: datetime, asked: timedelta, kept: timedelta
) -> None:
    with database.write() as session:
        runs.advance(session, claimed, now, stride=asked, now=now)
    assert stored(database, claimed.id).stride == kept.total_seconds()


def test_a_run_may_be_told_to_look_further(database: Database, claimed: Run, now: datetime) -> None:
    with database.write() as session:
        runs.advance(session, claimed, now, stride=DAY, reaches_to=now + HOUR, now=now)
    assert stored(database, claimed.id).reaches_to == now + HOUR


@pytest.mark.parametrize("counts", [True, False])
def test_a_run_that_is_put_off_says_why_and_is_left_until_then(
    database: Database, claimed: Run, now: datetime, *, counts: bool
) -> None:
    with database.write() as session:
        assert runs.postpone(session, claimed, now + HOUR, "RATE_LIMITED", "429", counts=counts)
    run = stored(database, claimed.id)
    assert (run.reason, run.detail, run.tries) == ("RATE_LIMITED", "429", int(counts))
    assert (run.due_at, run.not_before, run.state) == (now + HOUR, now + HOUR, RunState.RUNNING)
    assert not may_claim(database, run.id, now + HOUR - SECOND)
    assert may_claim(database, run.id, now + HOUR)


def test_a_reason_nobody_knows_is_refused(database: Database, claimed: Run, now: datetime) -> None:
    with pytest.raises(UnknownReasonError), database.write() as session:
        runs.postpone(session, claimed, now, "MOON_PHASE", "", counts=True)


@pytest.mark.parametrize("upto", [None, timedelta(0)])
def test_a_run_that_has_ended_is_due_no_more(
    database: Database, claimed: Run, now: datetime, upto: timedelta | None
) -> None:
    until = None if upto is None else now
    with database.write() as session:
        assert runs.end(session, claimed, RunState.DONE, now=now + HOUR, done_until=until)
        assert not runs.renew(session, claimed, now=now)
    run = stored(database, claimed.id)
    assert (run.state, run.ended_at, run.due_at) == (RunState.DONE, now + HOUR, None)
    assert run.done_until == (claimed.since if until is None else now)
    assert not may_claim(database, run.id, now + 9 * DAY)


def test_a_run_that_failed_says_why(database: Database, claimed: Run, now: datetime) -> None:
    with database.write() as session:
        runs.end(session, claimed, RunState.FAILED, now=now, reason="REFUSED", detail="400")
    run = stored(database, claimed.id)
    assert (run.state, run.reason, run.detail) == (RunState.FAILED, "REFUSED", "400")


def test_a_person_stops_a_run_and_with_it_whoever_works_on_it(
    database: Database, claimed: Run, now: datetime
) -> None:
    with database.write() as session:
        stopped = runs.stop(session, claimed.id, now=now + HOUR, actor="cli:ada")
    assert (stopped.state, stopped.ended_at, stopped.due_at) == (RunState.STOPPED, now + HOUR, None)
    with database.write() as session:
        assert not runs.renew(session, claimed, now=now)
        assert not runs.advance(session, claimed, now, stride=DAY, now=now)
        assert not runs.end(session, claimed, RunState.DONE, now=now)
        assert not runs.postpone(session, claimed, now, "TRANSIENT", "", counts=True)
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.subject == "account")).all()
    assert stored(database, claimed.id).state is RunState.STOPPED
    assert actions[-2:] == ["backfill", "stop_run"]


def test_a_run_that_has_ended_is_not_stopped(database: Database, claimed: Run, now: datetime) -> None:
    with database.write() as session:
        runs.end(session, claimed, RunState.DONE, now=now)
    with pytest.raises(RunError, match="has ended already: done") as refused, database.write() as session:
        runs.stop(session, claimed.id, now=now, actor="cli:ada")
    assert refused.value.reason == "ended"


def test_what_a_run_found_is_added_up(database: Database, claimed: Run) -> None:
    with database.write() as session:
        runs.count(session, claimed, found=2, taken=1)
        runs.count(session, claimed, found=3, taken=0)
    run = stored(database, claimed.id)
    assert (run.found, run.taken) == (5, 1)


def found(database: Database, run_id: int, **which: Any) -> Sequence[RunItem]:  # noqa: ANN401 - see `items`
    with database.read() as session:
        return runs.items(session, run_id, **which)


def test_a_refund_is_written_down_once_in_a_run(
    database: Database, shop: Account, claimed: Run, refund_id: int, now: datetime
) -> None:
    with database.write() as session:
        other = make_run(session, shop, RunKind.RECONCILE)
        assert runs.put(session, claimed, **item("1", refund_id=refund_id, occurred_at=now))
        assert not runs.put(session, claimed, **item("1", finding=Finding.KNOWN))
        assert runs.put(session, other, **item("1"))
    (row,) = found(database, claimed.id)
    assert (row.finding, row.refund_id, row.occurred_at) == (Finding.NEW, refund_id, now)
    assert (row.order_id, row.note, row.storefront_minor, row.facts) == ("", "", None, {})


def test_what_was_found_is_listed_in_its_order_page_by_page(database: Database, claimed: Run) -> None:
    with database.write() as session:
        for number in "12345":
            finding = Finding.KNOWN if number in "24" else Finding.NEW
            runs.put(session, claimed, **item(number, finding=finding))
    rows = found(database, claimed.id)
    assert [row.identity[-1] for row in rows] == list("12345")
    assert found(database, claimed.id, after=rows[2].id)[0].identity == "storefront:4"
    assert len(found(database, claimed.id, limit=2)) == 2
    known = found(database, claimed.id, findings=[Finding.KNOWN])
    assert [row.identity[-1] for row in known] == ["2", "4"]
    assert found(database, claimed.id + 1) == []


def test_what_was_compared_takes_the_place_of_what_was_collected(
    database: Database, shop: Account, claimed: Run
) -> None:
    with database.write() as session:
        other = make_run(session, shop, RunKind.RECONCILE)
        runs.put(session, other, **item("1"))
        runs.put(session, claimed, **item("1", facts={"mark": "rs-shop-1"}))
    rows = [item(number, finding=Finding.MATCHED, note="by key") for number in "12"]
    for wanted in (rows, rows, []):
        with database.write() as session:
            runs.replace(session, claimed, wanted)
        assert [(row.identity, row.finding, row.note, row.facts) for row in found(database, claimed.id)] == [
            (row["identity"], Finding.MATCHED, "by key", {}) for row in wanted
        ]
    assert len(found(database, other.id)) == 1


def test_totals_are_by_finding_and_by_the_currency_of_each_amount(database: Database, claimed: Run) -> None:
    def both(number: str, there: int, here: int, **columns: Any) -> dict[str, Any]:  # noqa: ANN401 - columns
        sides = {"storefront_minor": there, "netsuite_minor": here}
        default = {"finding": Finding.MATCHED, "netsuite_currency": "USD", "netsuite_exponent": 2}
        return item(number, **sides, **(default | columns))

    alone = {"finding": Finding.MISSING_IN_STOREFRONT, "netsuite_minor": 700, "netsuite_currency": "USD"}
    with database.write() as session:
        for row in (
            both("1", 2000, 2000),
            both("2", 10**15, 10**15),
            both("3", 1500, 1600, finding=Finding.AMOUNT_DIFFERS),
            both("4", 2000, 1840, finding=Finding.AMOUNT_DIFFERS, netsuite_currency="EUR"),
            item("5", finding=Finding.MISSING_IN_NETSUITE, storefront_minor=500),
            item("6", netsuite_exponent=2, **alone),
            item(
                "7",
                currency="JPY",
                currency_exponent=0,
                finding=Finding.MISSING_IN_NETSUITE,
                storefront_minor=90,
            ),
        ):
            runs.put(session, claimed, **row)
        assert runs.totals(session, claimed.id) == [
            (Finding.AMOUNT_DIFFERS, "EUR", 2, 0, 0, 1840),
            (Finding.MISSING_IN_NETSUITE, "JPY", 0, 1, 90, 0),
            (Finding.AMOUNT_DIFFERS, "USD", 2, 2, 3500, 1600),
            (Finding.MATCHED, "USD", 2, 2, 2000 + 10**15, 2000 + 10**15),
            (Finding.MISSING_IN_NETSUITE, "USD", 2, 1, 500, 0),
            (Finding.MISSING_IN_STOREFRONT, "USD", 2, 1, 0, 700),
        ]
        assert runs.totals(session, claimed.id + 1) == []


@pytest.mark.parametrize("is_stopped", [True, False])
def test_totals_of_a_run_that_ended_are_kept(
    database: Database, claimed: Run, now: datetime, *, is_stopped: bool
) -> None:
    with database.write() as session:
        runs.put(session, claimed, **item("1", finding=Finding.MISSING_IN_NETSUITE, storefront_minor=500))
        before = runs.totals(session, claimed.id)
    with database.write() as session:
        if is_stopped:
            runs.stop(session, claimed.id, now=now, actor="cli:ada")
        else:
            assert runs.end(session, claimed, RunState.DONE, now=now)
    with database.write() as session:
        assert runs.totals(session, claimed.id) == before
        session.execute(delete(RunItem))
        assert runs.totals(session, claimed.id) == before  # nobody counts again
    assert before == [(Finding.MISSING_IN_NETSUITE, "USD", 2, 1, 500, 0)]


def test_a_run_whose_claim_is_over_keeps_no_totals(database: Database, claimed: Run, now: datetime) -> None:
    with database.write() as session:
        runs.put(session, claimed, **item("1", storefront_minor=500))
        runs.stop(session, claimed.id, now=now, actor="cli:ada")
        kept = stored_totals(session, claimed)
        runs.put(session, claimed, **item("2", storefront_minor=500))
        assert not runs.end(session, claimed, RunState.DONE, now=now)
        assert stored_totals(session, claimed) == kept


def stored_totals(session: Session, run: Run) -> list[Any]:
    return runs.get(session, run.id).totals


def test_a_large_run_that_goes_on_is_not_counted_again_and_again(
    database: Database, claimed: Run, now: datetime
) -> None:
    with database.write() as session:
        runs.put(session, claimed, **item("1", storefront_minor=500))
        runs.count(session, claimed, found=runs.COUNTED + 1, taken=0)
    with database.read() as session:
        assert runs.totals(session, claimed.id) == []
    with database.write() as session:
        assert runs.end(session, claimed, RunState.DONE, now=now)
        assert len(runs.totals(session, claimed.id)) == 1


def test_of_several_findings_the_first_come_first(database: Database, claimed: Run) -> None:
    with database.write() as session:
        for number, finding in enumerate((Finding.KNOWN, Finding.NEW, Finding.MATCHED) * 2):
            runs.put(session, claimed, **item(str(number), finding=finding))
    wanted = [Finding.NEW, Finding.KNOWN]
    assert [row.identity[-1] for row in found(database, claimed.id, findings=wanted)] == list("0134")
    first = found(database, claimed.id, findings=wanted, limit=3)
    assert [row.identity[-1] for row in first] == list("013")
    rest = found(database, claimed.id, findings=wanted, limit=3, after=first[-1].id)
    assert [row.identity[-1] for row in rest] == ["4"]
