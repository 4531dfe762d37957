"""Runs and reconciliations over the API."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from ledger.clock import utcnow
from ledger.models import Account, Finding
from ledger.views import moment
from tests.webhooks.api.conftest import PREFIX, Api
from tests.webhooks.api.furnished import Furnished, furnish

KINDS = ("backfill", "dry_run", "reconcile")


def period(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON may be anything
    return {"account": "shop", "from": "2026-01-01T00:00:00+02:00", "to": "2026-01-08T00:00:00Z", **more}


@pytest.fixture
def there(operator: Api, shop: Account) -> Furnished:
    """A backfill and a reconciliation that found something."""
    return furnish(operator.database, shop, now=utcnow())


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_begins_and_says_where_to_look(operator: Api, shop: Account, kind: str) -> None:
    answer = operator.post("/runs", period(kind=kind))
    run = answer.get_json()
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"{PREFIX}/runs/{run['id']}"
    assert (run["kind"], run["state"], run["account"], run["actor"]) == (
        kind,
        "running",
        "shop",
        "api:operator",
    )
    assert (run["from"], run["to"]) == ("2025-12-31T22:00:00Z", "2026-01-08T00:00:00Z")
    assert operator.ok(f"/runs/{run['id']}") == {**run, "totals": []}
    assert operator.jobs("shopify") == 1
    assert operator.audit("account", shop.id)[-1].actor == "api:operator"


def test_a_period_without_an_end_ends_now(operator: Api, shop: Account) -> None:
    before = utcnow() - timedelta(seconds=1)
    run = operator.did("/reconciliations", {"account": shop.slug, "from": "2026-01-01T00:00:00Z"}, status=202)
    assert datetime.fromisoformat(run["to"]) >= before.replace(microsecond=0)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"to": "2025-01-01T00:00:00Z"}, 422, "bad_period"),
        ({"from": "2020-01-01T00:00:00Z"}, 422, "bad_period"),
        ({"account": "nobody"}, 404, "not_found"),
        ({"kind": "everything"}, 422, "validation_failed"),
    ],
)
def test_what_cannot_be_done_is_not_begun(
    operator: Api, shop: Account, body: dict[str, Any], status: int, code: str
) -> None:
    assert shop.slug == "shop"
    operator.refused(operator.post("/runs", period(kind="backfill") | body), status, code)
    assert operator.ok("/runs")["items"] == []


def test_one_run_of_a_kind_at_a_time(operator: Api, there: Furnished) -> None:
    assert there.run
    operator.refused(operator.post("/runs", period(kind="backfill")), 409, "under_way")


def test_a_run_is_stopped_once(operator: Api, there: Furnished) -> None:
    assert operator.did(f"/runs/{there.run}/stop")["state"] == "stopped"
    operator.refused(operator.post(f"/runs/{there.run}/stop"), 409, "ended")


def test_runs_are_narrowed_down_and_newest_first(viewer: Api, there: Furnished) -> None:
    def listed(query: str) -> list[int]:
        return [each["id"] for each in viewer.ok(f"/runs{query}")["items"]]

    assert listed("") == [there.reconciliation, there.run]
    assert listed("?kind=backfill") == [there.run]
    assert listed("?kind=dry_run&kind=reconcile&account=shop") == [there.reconciliation]
    viewer.refused(viewer.get("/runs?account=nobody"), 404, "not_found")


def test_runs_are_read_page_by_page(viewer: Api, there: Furnished) -> None:
    first = viewer.ok("/runs?limit=1")
    second = viewer.ok(f"/runs?limit=1&cursor={first['next_cursor']}")
    assert [each["id"] for each in second["items"]] == [there.run]
    assert second["next_cursor"] is None


def test_a_reconciliation_is_a_run_and_a_backfill_is_no_reconciliation(
    operator: Api, there: Furnished
) -> None:
    assert [each["id"] for each in operator.ok("/reconciliations")["items"]] == [there.reconciliation]
    assert operator.ok(f"/reconciliations/{there.reconciliation}") == operator.ok(
        f"/runs/{there.reconciliation}"
    )
    for path in ("", "/items"):
        operator.refused(operator.get(f"/reconciliations/{there.run}{path}"), 404, "not_found")
    operator.refused(operator.post(f"/reconciliations/{there.run}/stop"), 404, "not_found")
    assert operator.ok(f"/runs/{there.run}")["state"] == "running"


def test_a_reconciliation_says_where_to_look_below_its_own_name(operator: Api, shop: Account) -> None:
    answer = operator.post("/reconciliations", period())
    assert answer.get_json()["kind"] == "reconcile"
    assert answer.headers["Location"] == f"{PREFIX}/reconciliations/{answer.get_json()['id']}"
    assert shop.slug == answer.get_json()["account"]


def test_what_was_found_is_told_in_all_and_one_by_one(viewer: Api, there: Furnished) -> None:
    whole = viewer.ok(f"/reconciliations/{there.reconciliation}")
    assert {each["finding"] for each in whole["totals"]} == set(Finding)
    matched = next(each for each in whole["totals"] if each["finding"] == "matched")
    assert (matched["number"], matched["storefront_amount"]["amount"]) == (1, "19.99")

    path = f"/reconciliations/{there.reconciliation}/items"
    first = viewer.ok(f"{path}?limit=3")
    rest = viewer.ok(f"{path}?cursor={first['next_cursor']}")
    assert [each["finding"] for each in first["items"] + rest["items"]] == list(Finding)
    (lacking,) = viewer.ok(f"{path}?finding=netsuite_lacks_it")["items"]
    assert (lacking["storefront_amount"]["amount"], lacking["netsuite_amount"]) == ("19.99", None)


def test_what_is_not_there_is_not_found(viewer: Api) -> None:
    for path in ("/runs/9", "/runs/9/items", "/reconciliations/9"):
        viewer.refused(viewer.get(path), 404, "not_found")


def test_moments_are_in_utc_to_the_second(viewer: Api, there: Furnished) -> None:
    run = viewer.ok(f"/runs/{there.run}")
    assert run["created_at"] == moment(datetime.fromisoformat(run["created_at"]))
