"""What `/metrics` says, read over HTTP, of refunds that were really told of, carried and abandoned."""

import os
import signal
from collections import Counter
from collections.abc import Callable

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from ledger.models import RunKind
from ledger.states import State
from tests.cli.processes import ended, eventually
from tests.guarantees.conftest import _platforms, _settled, _shared, house, log, settings, web, work, world
from tests.guarantees.house import ON_POSTGRESQL, House
from tests.support.readers import Runs, begin_polls, poll_now, soon

__all__ = [
    "_platforms",
    "_settled",
    "_shared",
    "house",
    "log",
    "settings",
    "web",
    "work",
    "world",
]  # fixtures

Series = dict[tuple[str, ...], float]
"""Values of one metric, by its labels' values in the order of their names."""

TAKE = "refund_sync_webhook_to_posted_seconds"


def read(house: House, name: str) -> Series:
    """Ask the web process, over HTTP, for one sample of its metrics."""
    answer = requests.get(f"{house.url}/metrics", timeout=30)
    assert answer.status_code == requests.codes.ok
    return {
        tuple(value for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if sample.name == name
    }


def kept(house: House) -> Series:
    """Return how the ledger says that attempts ended, a worker's death aside, as the metric should."""
    attempts = [each for refund in house.world.refunds() for each in house.world.attempts(refund.id)]
    return dict(Counter((each.outcome, each.reason) for each in attempts if each.outcome != "abandoned"))


def unbilled(house: House) -> Callable[[], object]:
    """Have a refund wait for its order's billing; return what bills it."""
    order = house.shop.order()
    entered = house.books.order(order["name"], billed="")
    house.refund(order)
    house.work()
    assert house.world.only_refund().reason == "NOT_BILLED"
    return lambda: house.books.bill(entered)


def test_a_refund_that_a_webhook_told_of_is_counted_from_its_receipt_to_its_record(house: House) -> None:
    house.refund()
    house.settle()
    refund = house.world.only_refund()
    assert read(house, "refund_sync_attempts_total") == kept(house) == {("post", "POSTED"): 1}
    assert read(house, "refund_sync_refunds_settled_total") == {("POSTED", "posted"): 1}
    assert read(house, f"{TAKE}_count") == {("shopify", "no"): 1}
    assert refund.posted_at is not None
    took = (refund.posted_at - refund.received_at).total_seconds()
    assert read(house, f"{TAKE}_sum")["shopify", "no"] >= took > 0
    assert read(house, "refund_sync_lease_takeovers_total") == {(): 0}


def test_each_attempt_is_counted_by_how_it_ended_and_a_retry_is_no_wait(house: House) -> None:
    house.books.fault("record:transform", "status", status=503)
    house.refund()
    house.settle()
    assert read(house, "refund_sync_attempts_total") == kept(house)
    assert {outcome for outcome, _ in kept(house)} == {"retry_later", "post"}
    assert read(house, f"{TAKE}_count") == {("shopify", "no"): 1}


def test_a_refund_that_waited_for_its_orders_billing_is_counted_apart(house: House) -> None:
    bill = unbilled(house)
    assert read(house, f"{TAKE}_count") == {}
    bill()
    house.settle()
    assert house.world.only_refund().state is State.POSTED
    assert read(house, f"{TAKE}_count") == {("shopify", "yes"): 1}
    assert read(house, "refund_sync_attempts_total") == kept(house)


def polled(house: House) -> None:
    begin_polls(house.world)
    poll_now(house.world, house.shop)


def backfilled(house: House) -> None:
    Runs(house.world).done(house.shop, RunKind.BACKFILL)


@pytest.mark.parametrize("find", [polled, backfilled])
def test_a_refund_that_no_webhook_told_of_has_not_come_by_one(
    house: House, find: Callable[[House], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    soon(monkeypatch)
    told = house.unheard()
    find(house)
    house.settle()
    assert house.world.only_refund().state is State.POSTED
    for each in told:  # what comes afterwards does not change that
        assert house.hear(each).status_code == requests.codes.ok
    house.settle()
    assert read(house, "refund_sync_refunds_settled_total") == {("POSTED", "posted"): 1}
    assert read(house, f"{TAKE}_count") == {}


@ON_POSTGRESQL
def test_a_refund_taken_over_from_a_killed_worker_is_counted(house: House) -> None:
    house.refund()
    house.books.fault("record:transform", "stall", when="before")
    with house.family() as processes:
        processes.start("worker", "shopify")
        eventually(lambda: house.books.in_flight() == 1)
        for pid in processes.members("worker"):
            os.kill(pid, signal.SIGKILL)
        eventually(processes.is_gone)
    house.shop.control.delete("faults")
    assert read(house, "refund_sync_lease_takeovers_total") == {}
    house.settle_after_death()
    refund = house.world.only_refund()
    assert [each.outcome for each in house.world.attempts(refund.id)] == ["abandoned", "post"]
    assert read(house, "refund_sync_lease_takeovers_total") == {(): 1}
    assert read(house, "refund_sync_attempts_total") == kept(house) == {("post", "POSTED"): 1}


def test_what_a_person_settles_is_counted_whichever_way_it_is_done(house: House) -> None:
    bill = unbilled(house)
    number = house.world.only_refund().id
    assert house.api(f"/refunds/{number}/cancel", {"note": "paid in cash"})[0] == requests.codes.ok
    settled = {("CANCELLED_BY_PERSON", "cancelled"): 1.0}
    assert read(house, "refund_sync_refunds_settled_total") == settled
    assert house.api(f"/refunds/{number}/cancel", {})[0] == requests.codes.conflict  # refused: not counted
    assert house.api(f"/refunds/{number}/uncancel", {})[0] == requests.codes.ok
    house.work()
    with house.family() as processes:
        words = ("refund", "resolve", str(number), "--note", "credited by hand")
        assert ended(processes.start(*words)) == 0
    settled["RESOLVED_BY_PERSON", "resolved"] = 1.0
    assert read(house, "refund_sync_refunds_settled_total") == settled
    bill()
    house.settle()
    assert read(house, "refund_sync_refunds_settled_total") == settled
