"""`refund-sync run`: what backfills and reconciliations came to, and their end."""

import csv
import io
from datetime import timedelta

import pytest

from ledger import accounts, runs
from ledger.clock import utcnow
from ledger.models import Finding, Run, RunKind, RunState
from tests.cli.installation import Installation
from tests.support.ledger import TRACE, make_account

DAY = timedelta(days=1)


@pytest.fixture
def home(either: Installation) -> Installation:
    """An installation with two shops."""
    either.run("migrate")
    with either.database.write() as session:
        for slug in ("my-shop", "other"):
            make_account(session, either.vault, slug=slug, storefront_id=f"{slug}.myshopify.com")
    return either


def begun(home: Installation, kind: RunKind = RunKind.BACKFILL, slug: str = "my-shop") -> int:
    """Begin a run as the portal does."""
    now = utcnow()
    with home.database.write() as session:
        account = accounts.by_slug(session, slug)
        run = runs.begin(session, account, kind, now - DAY, now, actor="user:ada", trace_id=TRACE, now=now)
        return run.id


def reconciled(home: Installation) -> int:
    """Return a reconciliation that has ended, with one refund that matches and one that differs."""
    number = begun(home, RunKind.RECONCILE)
    common = {"currency": "USD", "currency_exponent": 2, "netsuite_currency": "USD", "netsuite_exponent": 2}
    with home.database.write() as session:
        run = runs.claim(session, number, now=utcnow())
        assert run is not None
        for order, finding, minor in (("#1", Finding.MATCHED, 1234), ("#2", Finding.AMOUNT_DIFFERS, 1200)):
            more = {"order_name": order, "storefront_refund_id": order[1:], "storefront_minor": 1234}
            runs.put(session, run, order, finding=finding, netsuite_minor=minor, **more, **common)
        runs.end(session, run, RunState.DONE, now=utcnow())
    return number


def stored(home: Installation, number: int) -> Run:
    with home.database.read() as session:
        return runs.get(session, number)


def test_runs_are_listed_newest_first_whoever_began_them(home: Installation) -> None:
    assert "There are no such runs" in home.run("run", "list").stdout
    first, second = begun(home), begun(home, RunKind.RECONCILE, "other")
    lines = home.run("run", "list").stdout.splitlines()
    assert [line.split()[:3] for line in lines[1:]] == [
        [str(second), "reconcile", "other"],
        [str(first), "backfill", "my-shop"],
    ]
    assert [each["actor"] for each in home.json("run", "list")["runs"]] == ["user:ada"] * 2


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        (("--kind", "backfill"), ["backfill"]),
        (("--kind", "backfill", "--kind", "dry_run"), ["dry_run", "backfill"]),
        (("--account", "other"), ["reconcile"]),
        (("--account", "my-shop", "--kind", "reconcile"), []),
    ],
)
def test_the_list_can_be_narrowed_down(home: Installation, words: tuple[str, ...], kinds: list[str]) -> None:
    begun(home)
    begun(home, RunKind.DRY_RUN)
    begun(home, RunKind.RECONCILE, "other")
    assert [each["kind"] for each in home.json("run", "list", *words)["runs"]] == kinds


def test_the_list_goes_on_where_the_page_before_ended(home: Installation) -> None:
    oldest, newest = begun(home), begun(home, RunKind.DRY_RUN)
    page = home.run("run", "list", "--limit", "1")
    assert page.stderr.strip() == f"There may be more: --after {newest}"
    after = home.json("run", "list", "--limit", "2", "--after", str(newest))
    assert ([each["id"] for each in after["runs"]], after["after"]) == ([oldest], None)
    assert home.json("run", "list", "--limit", "1")["after"] == newest


def test_an_account_or_run_that_is_not_there_is_named(home: Installation) -> None:
    assert "no account 'nobody'" in home.refused("run", "list", "--account", "nobody")
    for command in ("show", "stop"):
        assert home.refused("run", command, "99") == "there is no run 99"


def test_a_run_is_shown_with_what_it_found(home: Installation) -> None:
    number = str(reconciled(home))
    said = home.run("run", "show", number).stdout
    assert "state" in said
    assert "done" in said
    listed, _, totals = said.partition("\nFound\n")[2].partition("\nTotals\n")
    assert [line.split()[:2] for line in listed.splitlines()[1:]] == [
        ["matched", "#1"],
        ["amount_differs", "#2"],
    ]
    assert [line.split() for line in totals.splitlines()[1:]] == [
        ["amount_differs", "USD", "1", "12.34", "12.00"],
        ["matched", "USD", "1", "12.34", "12.34"],
    ]
    shown = home.json("run", "show", number, "--differences")
    assert [each["order"] for each in shown["refunds"]] == ["#2"]
    assert (shown["kind"], shown["state"], len(shown["totals"])) == ("reconcile", "done", 2)
    rows = list(csv.DictReader(io.StringIO(home.run("run", "show", number, "--csv").stdout)))
    assert [row["finding"] for row in rows] == ["matched", "amount_differs"]


def test_a_run_is_stopped_once_and_the_trail_says_by_whom(home: Installation) -> None:
    number = begun(home)
    assert home.run("run", "stop", str(number)).stdout.startswith(f"Run {number} is stopped.")
    assert (stored(home, number).state, stored(home, number).due_at) == (RunState.STOPPED, None)
    assert home.audit("account")[-1] == ("stop_run", f"backfill {number}")
    assert "has ended already: stopped" in home.refused("run", "stop", str(number))


def test_a_stopped_run_is_told_as_json(home: Installation) -> None:
    assert home.json("run", "stop", str(begun(home)))["state"] == "stopped"
