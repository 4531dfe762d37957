"""Reconciliation: runs begun, followed, stopped, and what they found."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from ledger import runs
from ledger.models import Account, Finding, Run, RunKind, RunState
from tests.support.ledger import NOW
from tests.support.reading import make_run
from tests.webhooks.portal.conftest import Browser, text_of
from webhooks.portal.paging import PAGE

HERE = "/reconciliation"
PERIOD = {"account": "shop", "kind": "reconcile", "since": "2026-03-01", "until": "2026-03-14"}


def begun(browser: Browser) -> list[Run]:
    with browser.database.read() as session:
        return list(session.scalars(select(Run).order_by(Run.id)))


def make(browser: Browser, shop_id: int, kind: RunKind = RunKind.RECONCILE) -> int:
    with browser.database.write() as session:
        return make_run(session, session.get_one(Account, shop_id), kind).id


def found(browser: Browser, run_id: int, number: int, finding: Finding, **more: object) -> None:
    columns: dict[str, object] = {
        "order_name": f"#{number}",
        "currency": "USD",
        "currency_exponent": 2,
        "storefront_minor": 2000,
        "storefront_refund_id": str(number),
        "netsuite_currency": "USD",
        "netsuite_exponent": 2,
        "netsuite_minor": 2000,
        "occurred_at": NOW,
    }
    with browser.database.write() as session:
        run = runs.get(session, run_id)
        runs.put(session, run, f"shopify:{number}", finding=finding, **{**columns, **more})


def test_a_run_over_a_period_is_begun_and_wakes_a_worker(operator: Browser, shop_id: int) -> None:
    assert shop_id
    page = operator.follow(operator.post(HERE, PERIOD))
    (run,) = begun(operator)
    assert "Reconciliation of shop" in text_of(page)
    assert (run.kind, run.actor) == (RunKind.RECONCILE, "portal:operator@example.com")
    assert run.since == datetime(2026, 3, 1, tzinfo=UTC)
    assert timedelta() < datetime(2026, 3, 15, tzinfo=UTC) - run.until < timedelta(seconds=1)
    assert operator.redis.llen("rq:queue:shopify") == 1


def test_without_a_last_day_a_run_goes_up_to_now(operator: Browser, shop_id: int) -> None:
    assert shop_id
    operator.post(HERE, {**PERIOD, "until": "", "kind": "dry_run"})
    (run,) = begun(operator)
    assert (run.kind, run.until) == (RunKind.DRY_RUN, run.created_at)


def test_a_backfill_is_begun_after_a_second_look_only(operator: Browser, shop_id: int) -> None:
    assert shop_id
    asked = operator.post(HERE, {**PERIOD, "kind": "backfill"})
    assert "Backfill shop?" in text_of(asked)
    assert begun(operator) == []
    operator.post(HERE, {**PERIOD, "kind": "backfill", "confirmed": "yes"})
    assert [run.kind for run in begun(operator)] == [RunKind.BACKFILL]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"account": "nowhere"}, "Choose an account."),
        ({"kind": "all"}, "Choose what to do."),
        ({"since": ""}, "Give the first day"),
        ({"until": "yesterday"}, "Give the last day"),
        ({"since": "2026-03-15", "until": "2026-03-01"}, "The period must begin before it ends"),
    ],
)
def test_what_cannot_be_begun_is_said_beside_its_field(
    operator: Browser, shop_id: int, changes: dict[str, str], said: str
) -> None:
    assert shop_id
    answer = operator.post(HERE, {**PERIOD, **changes})
    assert (answer.status_code, begun(operator)) == (422, [])
    assert said in text_of(answer)


def test_of_a_kind_one_run_at_a_time(operator: Browser, shop_id: int) -> None:
    make(operator, shop_id)
    answer = operator.post(HERE, PERIOD)
    assert "A reconcile of shop is under way; stop it first." in text_of(answer)


def test_runs_are_listed_and_filtered(viewer: Browser, shop_id: int) -> None:
    first, second = make(viewer, shop_id), make(viewer, shop_id, RunKind.DRY_RUN)
    page = viewer.get(f"{HERE}?kind=dry_run&account=shop").text
    assert f'href="{HERE}/{second}"' in page
    assert f'href="{HERE}/{first}"' not in page
    assert f'href="{HERE}/{first}"' in viewer.get(HERE).text
    assert "Begin a run" not in viewer.get(HERE).text


def test_differences_are_shown_with_totals_by_currency(operator: Browser, shop_id: int) -> None:
    run_id = make(operator, shop_id)
    found(operator, run_id, 1001, Finding.MATCHED)
    found(operator, run_id, 1002, Finding.AMOUNT_DIFFERS, netsuite_minor=1500, note="5.00 less")
    yen = {"currency": "JPY", "currency_exponent": 0, "netsuite_currency": "JPY", "netsuite_exponent": 0}
    found(operator, run_id, 1003, Finding.MATCHED, **yen)
    page = text_of(operator.get(f"{HERE}/{run_id}"))
    assert "Amount differs USD 1 20.00 USD 15.00 USD" in page
    assert "Matched JPY 1 2000 JPY 2000 JPY" in page
    assert "#1002" in page
    assert "#1001" not in page
    everything = text_of(operator.get(f"{HERE}/{run_id}?finding=all"))
    assert "#1001" in everything
    only = text_of(operator.get(f"{HERE}/{run_id}?finding=matched"))
    assert "#1001" in only
    assert "#1002" not in only


def test_what_one_side_lacks_is_retrieved_from_the_other(
    operator: Browser, viewer: Browser, shop_id: int
) -> None:
    run_id = make(operator, shop_id)
    found(operator, run_id, 1001, Finding.MISSING_IN_NETSUITE, netsuite_minor=None)
    found(operator, run_id, 1002, Finding.MISSING_IN_STOREFRONT, storefront_minor=None)
    found(operator, run_id, 1003, Finding.AMOUNT_DIFFERS)
    page = operator.get(f"{HERE}/{run_id}").text
    for order, side in (("1001", "storefront"), ("1002", "netsuite")):
        assert f'href="/refunds/retrieve?account=shop&amp;order=%23{order}&amp;side={side}"' in page
    assert "order=%231003" not in page
    assert "/refunds/retrieve" not in viewer.get(f"{HERE}/{run_id}").text
    form = operator.get("/refunds/retrieve?account=shop&order=%231001&side=storefront")
    assert 'value="#1001"' in form.text


def test_the_way_a_run_has_come_is_shown(viewer: Browser, shop_id: int) -> None:
    run_id = make(viewer, shop_id)
    with viewer.database.write() as session:
        run = session.get_one(Run, run_id)
        run.done_until = run.since + (run.reaches_to - run.since) / 2
    page = viewer.get(f"{HERE}/{run_id}").text
    assert '<progress id="progress" max="100" value="50">' in page
    assert 'hx-trigger="every 5s"' in page
    with viewer.database.write() as session:
        runs.stop(session, run_id, now=NOW, actor="test")
    assert "hx-trigger" not in viewer.get(f"{HERE}/{run_id}").text


def test_a_run_is_stopped_once(operator: Browser, shop_id: int) -> None:
    run_id = make(operator, shop_id)
    assert f"Stop run {run_id}?" in text_of(operator.get(f"{HERE}/{run_id}/stop"))
    told = operator.follow(operator.post(f"{HERE}/{run_id}/stop"))
    assert f"Run {run_id} was stopped." in text_of(told)
    assert begun(operator)[0].state is RunState.STOPPED
    again = operator.follow(operator.post(f"{HERE}/{run_id}/stop"))
    assert f"Run {run_id} had ended already." in text_of(again)


def test_everything_that_was_found_is_exported(viewer: Browser, shop_id: int) -> None:
    run_id = make(viewer, shop_id)
    for number in range(3):
        found(viewer, run_id, number, Finding.MATCHED, order_name="=1+1" if number else "#1")
    answer = viewer.get(f"{HERE}/{run_id}/export.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["order"] for row in rows] == ["#1", "'=1+1", "'=1+1"]
    assert {row["storefront_amount"] for row in rows} == {"20.00"}
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert f'filename="reconcile-shop-2026-02-12-{run_id}.csv"' in answer.headers["Content-Disposition"]


def test_what_was_found_goes_on_on_the_next_page(viewer: Browser, shop_id: int) -> None:
    run_id = make(viewer, shop_id, RunKind.DRY_RUN)
    for number in range(PAGE + 1):
        found(viewer, run_id, 2000 + number, Finding.NEW)
    page = viewer.get(f"{HERE}/{run_id}").text
    assert "#2050" not in page
    assert "Next page" in page


@pytest.mark.parametrize("path", ["999", "999/stop", "999/export.csv"])
def test_a_run_that_is_not_there_is_not_found(operator: Browser, path: str) -> None:
    assert operator.get(f"{HERE}/{path}").status_code == 404
    assert operator.post(f"{HERE}/999/stop").status_code == 404


def test_an_order_that_nobody_knows_is_listed_with_its_note_and_exported(
    operator: Browser, shop_id: int
) -> None:
    run_id, note = make(operator, shop_id), "order unknown here"
    found(operator, run_id, 1004, Finding.MISSING_IN_STOREFRONT, storefront_minor=None, note=note)
    page = operator.get(f"{HERE}/{run_id}").text
    assert note in page
    assert "/refunds/retrieve?account=shop&amp;order=%231004&amp;side=netsuite" in page
    lines = operator.get(f"{HERE}/{run_id}/export.csv").text.splitlines()
    assert [line.endswith(f",{note}") for line in lines] == [False, True]
