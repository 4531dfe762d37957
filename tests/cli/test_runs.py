"""`refund-sync backfill` and `refund-sync reconcile`, over real HTTP on either database."""

import csv
import io
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from cli.context import App
from cli.runs import RunFailedError, follow, utc
from ledger import accounts, orders, pausing, runs
from ledger.clock import utcnow
from ledger.models import Account, Run, RunKind, RunState
from tests.cli.installation import Installation
from tests.cli.platforms import TENANT, Platforms, connect
from tests.support.ledger import TRACE
from tests.support.waiting import until
from tests.workers.platforms.world import Control
from workers.platforms.shopify_storefront import ShopifyStorefront

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the last second of the shop be asked for, too."""
    monkeypatch.setattr(ShopifyStorefront, "lag", timedelta(0))


@pytest.fixture
def shop(control: Control, either: Installation) -> Platforms:
    """A shop whose refunds are carried to NetSuite."""
    return connect(control, either)


@pytest.fixture
def books(control: Control, either: Installation) -> Platforms:
    """A shop that NetSuite's refunds are carried to."""
    return connect(control, either, "from_netsuite")


def yesterday() -> str:
    return f"{utcnow() - DAY:%Y-%m-%d}"


def let_a_second_pass() -> None:
    """Wait until what was just done is not of the present second, which the platforms tell the time by."""
    began = utcnow()
    until(lambda: utcnow() >= began + timedelta(seconds=1.1))


def stored(shop: Platforms) -> Run:
    with shop.installation.database.read() as session:
        return session.scalars(select(Run).order_by(Run.id.desc()).limit(1)).one()


def test_a_backfill_takes_over_a_periods_refunds_and_wakes_workers(shop: Platforms) -> None:
    refund_id = shop.refund(shop.order())
    let_a_second_pass()

    said = shop.installation.run("backfill", "my-shop", "--from", yesterday())

    _, listed, last = said.stdout.splitlines()
    assert (listed.split()[0], listed.split()[-3:]) == ("new", [refund_id, "20.00", "USD"])
    assert last == "1 found, 1 taken over."
    assert said.stderr.splitlines()[-1].endswith("  1 found")
    (refund,) = shop.installation.json("refund", "list")["refunds"]
    assert (refund["source_refund_id"], refund["state"]) == (refund_id, "scheduled")
    assert ("carry_refund", refund["id"]) in shop.installation.woken("shopify")
    assert shop.installation.audit("account")[-1][0] == "backfill"
    again = shop.installation.run("backfill", "my-shop", "--from", yesterday()).stdout
    assert again.splitlines()[-1] == "1 found, 0 taken over."


def test_a_backfill_as_json_says_what_was_found_and_how_far_it_came(books: Platforms) -> None:
    record_id = books.refund_in_netsuite(books.order())
    let_a_second_pass()

    said = books.installation.json("backfill", "my-shop", "--from", yesterday())

    assert (said["kind"], said["account"], said["state"]) == ("backfill", "my-shop", "done")
    assert (said["found"], said["taken"], said["reason"]) == (1, 1, "")
    assert said["from"] == f"{yesterday()}T00:00:00Z"
    (refund,) = said["refunds"]
    assert (refund["finding"], refund["netsuite_type"], refund["netsuite_id"]) == (
        "new",
        "cashrefund",
        record_id,
    )
    assert refund["netsuite_amount"] == {"amount": "20.00", "currency": "USD"}
    assert refund["storefront_amount"] is None
    assert books.installation.run("backfill", "my-shop", "--from", yesterday(), "--json").stderr == ""


def test_a_dry_run_lists_what_would_be_posted_and_changes_nothing(shop: Platforms) -> None:
    posted, waiting = shop.refund(shop.order("#1001")), shop.refund(shop.order("#1002", netsuite=False))
    let_a_second_pass()

    said = shop.installation.run("backfill", "my-shop", "--from", yesterday(), "--dry-run").stdout

    lines = {line.split()[2]: line for line in said.splitlines()[1:-1]}
    assert "would be posted as cash refund" in lines[posted]
    assert "would wait: ORDER_NOT_SYNCED" in lines[waiting]
    assert said.splitlines()[-1] == "2 found, 0 taken over."
    assert shop.installation.json("refund", "list")["refunds"] == []
    assert shop.control.writes("netsuite", TENANT) == {}


def test_a_period_without_refunds_says_so(shop: Platforms) -> None:
    since = (utcnow() - 5 * DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    words = ("--from", f"{since:%Y-%m-%dT%H:%M:%S}", "--to", f"{since + DAY:%Y-%m-%d}")

    assert "The period has no refunds." in shop.installation.run("backfill", "my-shop", *words).stdout
    said = shop.installation.run("reconcile", "my-shop", *words).stdout
    assert "There is nothing to show." in said
    assert "The period has no refunds." in said
    run = stored(shop)
    assert (run.since, run.until) == (since, since + DAY)


@pytest.mark.parametrize("command", ["backfill", "reconcile"])
def test_a_period_that_makes_no_sense_is_refused(shop: Platforms, command: str) -> None:
    said = shop.installation.refused(command, "my-shop", "--from", "2026-02-01", "--to", "2026-01-01")
    assert "must begin before it ends" in said
    assert "no account 'nobody'" in shop.installation.refused(command, "nobody", "--from", "2026-01-01")
    assert (
        shop.installation.run(command, "my-shop", code=2).stderr.strip().endswith("Missing option '--from'.")
    )


def test_a_second_backfill_has_to_wait_for_the_first(shop: Platforms) -> None:
    begun(shop, RunKind.BACKFILL)

    said = shop.installation.refused("backfill", "my-shop", "--from", yesterday())

    assert "a backfill of my-shop is under way" in said


def begun(shop: Platforms, kind: RunKind) -> Run:
    """Begin a run as another process would."""
    now = utcnow()
    with shop.installation.database.write() as session:
        account = accounts.by_slug(session, "my-shop")
        return runs.begin(session, account, kind, now - DAY, now, actor="cli:ada", trace_id=TRACE, now=now)


def test_a_backfill_that_is_put_off_says_that_the_workers_go_on(shop: Platforms) -> None:
    shop.control.fault("shopify", "graphql:query", "throttle")

    said = shop.installation.run("backfill", "my-shop", "--from", yesterday(), code=1).stderr

    run = stored(shop)
    assert said.splitlines()[-1].startswith(f"Error: run {run.id} has to wait (RATE_LIMITED ")
    assert said.splitlines()[-1].endswith("); the workers will go on with it")
    assert run.state is RunState.RUNNING


def test_a_backfill_of_a_paused_account_waits_until_it_is_resumed(shop: Platforms) -> None:
    with shop.installation.database.write() as session:
        account = accounts.by_slug(session, "my-shop")
        pausing.pause(session, account, "SHOP_INACTIVE", "", now=utcnow(), actor="cli:ada")

    said = shop.installation.refused("backfill", "my-shop", "--from", yesterday(), "--json")

    assert "has to wait (ACCOUNT_PAUSED SHOP_INACTIVE)" in said
    assert shop.control.operations("shopify") == []
    shop.installation.run("account", "resume", "my-shop")
    resumed = stored(shop)
    assert (resumed.state, resumed.not_before) == (RunState.RUNNING, None)


def test_a_backfill_that_fails_says_why(shop: Platforms) -> None:
    shop.control.fault("shopify", "graphql:query", "status", status=400)

    said = shop.installation.run("backfill", "my-shop", "--from", yesterday(), code=1).stderr

    assert f"Error: run {stored(shop).id} failed: REFUSED" in said.splitlines()[-1]


@contextmanager
def following(shop: Platforms, run: Run) -> Iterator[Future[Run]]:
    """Follow a run, as the command does, while the block is another process."""
    app = App({name: value for name, value in shop.installation.env.items() if value})
    with ThreadPoolExecutor(1) as pool:
        try:
            yield pool.submit(follow, app, run, is_quiet=True)
        finally:
            pool.shutdown()
            app.close()


def test_a_run_that_a_worker_works_on_is_followed_without_doing_it_twice(shop: Platforms) -> None:
    run = begun(shop, RunKind.BACKFILL)
    database = shop.installation.database
    with database.write() as session:
        claimed = runs.claim(session, run.id, now=utcnow())
    assert claimed is not None
    with following(shop, run) as followed:
        with database.write() as session:
            runs.count(session, claimed, found=7, taken=7)
            runs.end(session, claimed, RunState.DONE, now=utcnow())
        assert followed.result(30).found == 7
    assert shop.control.operations("shopify") == []


def test_a_run_that_somebody_stops_is_followed_no_further(shop: Platforms) -> None:
    run = begun(shop, RunKind.BACKFILL)
    with shop.installation.database.write() as session:
        runs.claim(session, run.id, now=utcnow())
    with following(shop, run) as followed:
        with shop.installation.database.write() as session:
            runs.stop(session, run.id, now=utcnow(), actor="cli:ada")
        with pytest.raises(RunFailedError, match=f"run {run.id} stopped") as stopped:
            followed.result(30)
    assert stopped.value.reason == "run_failed"


def test_a_command_that_was_interrupted_leaves_the_run_to_the_workers(shop: Platforms) -> None:
    shop.refund(shop.order())
    let_a_second_pass()
    run = begun(shop, RunKind.BACKFILL)
    with shop.installation.database.write() as session:  # what an interrupted command leaves
        runs.claim(session, run.id, now=utcnow() - runs.LEASE)
    with following(shop, run) as followed:
        assert followed.result(30).taken == 1


def test_a_moment_is_taken_for_utc() -> None:
    assert utc(datetime(2026, 3, 1)) == datetime(2026, 3, 1, tzinfo=UTC)  # noqa: DTZ001 - what click gives
    assert abs(utc(None) - utcnow()) < timedelta(minutes=1)


@pytest.fixture
def compared(shop: Platforms) -> Platforms:
    """A shop with a refund that matches, one that NetSuite lacks, and one that the shop lacks."""
    both, there, here = (shop.order(name) for name in ("#1001", "#1002", "#1003"))
    shop.refund(both)
    shop.refund_in_netsuite(both)
    shop.refund(there)
    shop.refund_in_netsuite(here)
    linked(shop, here)
    let_a_second_pass()
    return shop


def linked(shop: Platforms, order: dict[str, object]) -> None:
    """Let the ledger know an order."""
    with shop.installation.database.write() as session:
        account = session.scalars(select(Account)).one()
        orders.ensure(session, account.id, str(order["id"]), now=utcnow(), name=str(order["name"]))


def test_a_reconciliation_lists_what_matches_and_what_does_not_with_totals(compared: Platforms) -> None:
    said = compared.installation.run("reconcile", "my-shop", "--from", yesterday())

    listed, _, totals = said.stdout.partition("\nTotals\n")
    assert [line.split()[:2] for line in listed.splitlines()[1:]] == [
        ["matched", "#1001"],
        ["netsuite_lacks_it", "#1002"],
        ["storefront_lacks_it", "#1003"],
    ]
    assert listed.count("cashrefund ") == 2
    assert [line.split() for line in totals.splitlines()[1:]] == [
        ["matched", "USD", "1", "20.00", "20.00"],
        ["netsuite_lacks_it", "USD", "1", "20.00", "0.00"],
        ["storefront_lacks_it", "USD", "1", "0.00", "20.00"],
    ]
    assert compared.control.writes("netsuite", TENANT) == {}
    assert compared.installation.json("refund", "list")["refunds"] == []


def test_differences_alone_may_be_listed(compared: Platforms) -> None:
    said = compared.installation.json("reconcile", "my-shop", "--from", yesterday(), "--differences")

    assert [each["finding"] for each in said["refunds"]] == ["netsuite_lacks_it", "storefront_lacks_it"]
    assert {each["finding"]: each["number"] for each in said["totals"]} == {
        "matched": 1,
        "netsuite_lacks_it": 1,
        "storefront_lacks_it": 1,
    }
    assert (said["kind"], said["found"], said["taken"]) == ("reconcile", 2, 0)


def test_a_reconciliation_as_csv_has_a_line_for_every_refund(compared: Platforms) -> None:
    said = compared.installation.run("reconcile", "my-shop", "--from", yesterday(), "--csv")

    rows = list(csv.DictReader(io.StringIO(said.stdout)))
    assert said.stderr == ""
    assert [row["finding"] for row in rows] == ["matched", "netsuite_lacks_it", "storefront_lacks_it"]
    assert [row["storefront_amount"] for row in rows] == ["20.00", "20.00", ""]
    assert [row["netsuite_amount"] for row in rows] == ["20.00", "", "20.00"]
    assert [bool(row["netsuite_id"]) for row in rows] == [True, False, True]
    only = compared.installation.run("reconcile", "my-shop", "--from", yesterday(), "--csv", "--differences")
    assert len(only.stdout.splitlines()) == 3


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1+1", "-2+3", "@SUM(A1)", "\t=1"])
def test_no_cell_is_a_formula_whatever_an_order_is_called(shop: Platforms, name: str) -> None:
    shop.refund(shop.order(name, netsuite=False))
    let_a_second_pass()

    said = shop.installation.run("reconcile", "my-shop", "--from", yesterday(), "--csv")

    (row,) = csv.DictReader(io.StringIO(said.stdout))
    assert row["order"] == f"'{name}"


def test_amounts_in_two_currencies_say_which_is_which(shop: Platforms) -> None:
    shop.refund(shop.order(netsuite=False))
    path, lines = f"netsuite/{TENANT}", [{"sku": "TSHIRT-M", "quantity": 2, "rate": "3000"}]
    body = {"otherRefNum": "#1001", "currency": "JPY", "lines": lines, "billed": "cashSale"}
    billed = shop.control.post(f"{path}/orders", body)["billed"]
    shop.control.post(f"{path}/refunds", {"from": billed, "lines": [{"sku": "TSHIRT-M", "quantity": 1}]})
    let_a_second_pass()

    said = shop.installation.run("reconcile", "my-shop", "--from", yesterday(), "--csv").stdout

    (row,) = csv.DictReader(io.StringIO(said))
    assert (row["finding"], row["storefront_amount"], row["storefront_currency"]) == (
        "amount_differs",
        "20.00",
        "USD",
    )
    assert (row["netsuite_amount"], row["netsuite_currency"]) == ("3000", "JPY")
