"""Refunds over the API: look, and act."""

from typing import Any

import pytest

from ledger.clock import utcnow
from ledger.database import Database
from ledger.models import Account, Refund
from ledger.states import State
from tests.webhooks.api.conftest import Api
from tests.webhooks.api.furnished import Furnished, furnish

ACTIONS = {
    "post": (State.HELD, "scheduled", "post_now"),
    "retry": (State.ERROR, "scheduled", "retry"),
    "cancel": (State.WAITING, "cancelled", "cancel"),
    "uncancel": (State.CANCELLED, "scheduled", "uncancel"),
}


@pytest.fixture
def there(database: Database, shop: Account) -> Furnished:
    """A refund in each state."""
    return furnish(database, shop, now=utcnow())


def state(api: Api, number: int) -> str:
    with api.database.read() as session:
        return session.get_one(Refund, number).state.value


def test_a_list_is_read_page_by_page(viewer: Api, there: Furnished) -> None:
    ids: list[int] = []
    path: str | None = "/refunds?limit=4"
    while path:
        page = viewer.ok(path)
        ids += [each["id"] for each in page["items"]]
        path = page["next_cursor"] and f"/refunds?limit=4&cursor={page['next_cursor']}"
    assert ids == sorted(there.refunds.values(), reverse=True)


def test_the_last_page_is_known_to_be_the_last(viewer: Api, there: Furnished) -> None:
    assert viewer.ok(f"/refunds?limit={len(there.refunds)}")["next_cursor"] is None
    assert viewer.ok("/refunds?q=nothing")["items"] == []


@pytest.mark.parametrize(
    ("query", "states"),
    [
        ("state=held", [State.HELD]),
        ("state=held&state=error", [State.HELD, State.ERROR]),
        ("reason=NOT_BILLED", [State.WAITING]),
        ("account=shop&state=posted", [State.POSTED]),
        ("order=1001&state=posted", [State.POSTED]),
        ("q=%231001&state=posted", [State.POSTED]),
        ("source_channel=netsuite", []),
        ("transaction_type=cash_refund", []),
        ("from=2030-01-01T00:00:00Z", []),
        ("to=2000-01-01T00:00:00%2B01:00", []),
    ],
)
def test_a_list_is_narrowed_down(viewer: Api, there: Furnished, query: str, states: list[State]) -> None:
    assert {each["id"] for each in viewer.ok(f"/refunds?{query}")["items"]} == {
        there.refunds[each] for each in states
    }


def test_an_account_that_is_not_there_is_told(viewer: Api) -> None:
    viewer.refused(viewer.get("/refunds?account=nobody"), 404, "not_found")


def test_one_refund_comes_with_everything(viewer: Api, there: Furnished) -> None:
    refund = viewer.ok(f"/refunds/{there.refunds[State.ERROR]}")
    assert refund["amount"] == {"amount": "20.00", "currency": "USD"}
    assert refund["order_link"]["storefront_name"] == "#1001"
    assert len(refund["lines"]) == len(refund["attempts"]) == 1
    assert [each["action"] for each in refund["audit"]] == ["record", "fail"]
    assert {each["id"] for each in refund["deliveries"]} == {there.delivery, there.quarantined}


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_names_the_token_in_the_audit_trail_and_wakes_a_worker(
    operator: Api, there: Furnished, name: str
) -> None:
    before, after, transition = ACTIONS[name]
    number = there.refunds[before]
    done = operator.did(f"/refunds/{number}/{name}", {"note": "as agreed"})
    assert (done["id"], done["state"]) == (number, after)
    entry = operator.audit("refund", number)[-1]
    assert (entry.actor, entry.action, entry.note) == ("api:operator", transition, "as agreed")
    assert operator.jobs("shopify") == (after == "scheduled")


def test_a_note_may_be_left_out(operator: Api, there: Furnished) -> None:
    assert operator.did(f"/refunds/{there.refunds[State.ERROR]}/retry")["state"] == "scheduled"


def test_a_refund_is_resolved_with_a_note_and_may_be_linked(operator: Api, there: Furnished) -> None:
    number = there.refunds[State.DISCREPANCY]
    done = operator.did(f"/refunds/{number}/resolve", {"note": "credit memo by hand", "target_id": "4711"})
    assert (done["state"], done["reason"], done["target_id"]) == ("resolved", "LINKED_BY_PERSON", "4711")


def test_what_the_state_does_not_allow_is_refused_and_not_done(operator: Api, there: Furnished) -> None:
    number = there.refunds[State.POSTED]
    said = operator.refused(operator.post(f"/refunds/{number}/cancel", {}), 409, "illegal_transition")
    assert "posted" in said["message"]
    assert state(operator, number) == "posted"


def test_many_are_acted_on_and_each_is_told_of(operator: Api, there: Furnished) -> None:
    good, bad = there.refunds[State.HELD], there.refunds[State.POSTED]
    body = {"action": "cancel", "ids": [bad, good, 4711, good], "note": "closed shop"}
    items: list[dict[str, Any]] = operator.did("/refunds/bulk", body)["items"]
    assert [(each["id"], each["error"] and each["error"]["code"]) for each in items] == [
        (bad, "illegal_transition"),
        (good, None),
        (4711, "refund_not_found"),
    ]
    assert [each["refund"] and each["refund"]["state"] for each in items] == [None, "cancelled", None]
    assert operator.audit("refund", good)[-1].note == "closed shop"


def test_many_are_resolved_with_one_note_and_not_without(operator: Api, there: Furnished) -> None:
    ids = [there.refunds[State.DISCREPANCY], there.refunds[State.ERROR]]
    refused = operator.did("/refunds/bulk", {"action": "resolve", "ids": ids})["items"]
    assert [each["error"]["code"] for each in refused] == ["note_required"] * 2
    done = operator.did("/refunds/bulk", {"action": "resolve", "ids": ids, "note": "by hand"})["items"]
    assert [each["refund"]["state"] for each in done] == ["resolved"] * 2


def test_workers_are_woken_for_those_of_many_that_go_on(operator: Api, there: Furnished) -> None:
    ids = [there.refunds[each] for each in (State.ERROR, State.DISCREPANCY, State.POSTED)]
    operator.did("/refunds/bulk", {"action": "retry", "ids": ids})
    assert operator.jobs("shopify") == 2


def test_whole_numbers_may_be_written_with_a_point(operator: Api, there: Furnished) -> None:
    number = there.refunds[State.ERROR]
    answer = operator.client.post(
        "/api/v1/refunds/bulk",
        data=b'{"action": "retry", "ids": [%d.0]}' % number,
        headers={"Authorization": f"Bearer {operator.token}"},
        content_type="application/json",
    )
    assert [each["error"] for each in answer.get_json()["items"]] == [None]
