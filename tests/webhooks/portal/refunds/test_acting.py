"""Doing something with transactions: asked first, done to those it may be done to, and told."""

import re

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from ledger.database import Database
from ledger.models import AuditEntry, Refund
from ledger.models.accounts import Direction
from ledger.refunds import load
from ledger.states import State
from tests.webhooks.portal.conftest import Browser, text_of
from tests.webhooks.portal.refunds.conftest import Make, refund_of

HERE = "/refunds/act"

# What each action does to a transaction that it may be done to.
DOES = {
    "post": (State.HELD, State.SCHEDULED, "REQUESTED_BY_PERSON"),
    "retry": (State.ERROR, State.SCHEDULED, "REQUESTED_BY_PERSON"),
    "cancel": (State.ERROR, State.CANCELLED, "CANCELLED_BY_PERSON"),
    "uncancel": (State.CANCELLED, State.SCHEDULED, "REQUESTED_BY_PERSON"),
    "resolve": (State.DISCREPANCY, State.RESOLVED, "RESOLVED_BY_PERSON"),
}


def ids_in(answer: TestResponse) -> str:
    """Return the transactions that a confirmation holds."""
    found = re.search(r'name="ids" value="([^"]*)"', answer.text)
    return found[1] if found else ""


def last_entry(database: Database, refund_id: int) -> AuditEntry:
    with database.read() as session:
        query = select(AuditEntry).where(AuditEntry.subject == "refund", AuditEntry.subject_id == refund_id)
        entry = session.scalars(query.order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    return entry


@pytest.mark.parametrize("action", list(DOES))
def test_an_action_is_asked_for_then_done_in_the_person_s_name_and_workers_are_woken(
    operator: Browser, make: Make, action: str
) -> None:
    before, after, reason = DOES[action]
    number = make(state=before)
    asked = operator.get(f"{HERE}?action={action}&id={number}&next=/refunds/{number}")
    assert asked.status_code == 200
    assert ids_in(asked) == str(number)
    assert refund_of(operator.database, number).state is before
    form = {
        "action": action,
        "ids": str(number),
        "note": "as agreed\nwith Anna",
        "next": f"/refunds/{number}",
    }
    done = operator.post(HERE, form)
    assert done.headers["Location"] == f"/refunds/{number}"
    refund = refund_of(operator.database, number)
    assert (refund.state, refund.reason) == (after, reason)
    entry = last_entry(operator.database, number)
    assert (entry.actor, entry.note) == ("portal:operator@example.com", "as agreed\nwith Anna")
    assert operator.redis.llen("rq:queue:shopify") == (1 if after is State.SCHEDULED else 0)
    assert f"Transaction {number}" in text_of(operator.follow(done))


def test_of_many_those_it_may_be_done_to_are_named_and_the_others_with_why_not(
    operator: Browser, make: Make
) -> None:
    stuck, posted, waiting = (
        make(1, state=State.ERROR),
        make(2, state=State.POSTED),
        make(3, state=State.WAITING),
    )
    asked = operator.get(f"{HERE}?action=cancel&id={stuck}&id={posted}&id={waiting}&id=999")
    assert ids_in(asked) == f"{stuck},{waiting}"
    words = text_of(asked)
    assert "Cancel: 2 transactions?" in words
    assert "1 stays as it is, and why" in words
    assert (
        f"transaction {posted}, 20.00 USD of order #1002 (shop): A refund that is posted cannot be" in words
    )
    operator.post(HERE, {"action": "cancel", "ids": ids_in(asked), "next": "/refunds"})
    after = [refund_of(operator.database, number).state for number in (stuck, posted, waiting)]
    assert after == [State.CANCELLED, State.POSTED, State.CANCELLED]


def test_what_changed_between_asking_and_doing_stays_as_it_is_and_is_told(
    operator: Browser, make: Make
) -> None:
    numbers = [make(number, state=State.ERROR) for number in range(1, 9)]
    with operator.database.write() as session:
        for number in numbers[1:]:
            load(session, number).state = State.POSTING
    done = operator.post(HERE, {"action": "cancel", "ids": ",".join(map(str, numbers)), "next": "/refunds"})
    words = text_of(operator.follow(done))
    assert f"Transaction {numbers[0]} was cancelled." in words
    assert f"Transaction {numbers[1]} stayed as it was: a refund that is posting cannot be cancelled" in words
    assert "2 more stayed as they were." in words
    assert refund_of(operator.database, numbers[7]).state is State.POSTING


def test_everything_that_matches_is_acted_upon_and_nothing_else(operator: Browser, make: Make) -> None:
    failed = [make(number, state=State.ERROR) for number in range(1, 53)]
    make(60, state=State.WAITING)
    asked = operator.get(f"{HERE}?action=retry&all=1&id=1&next=/refunds%3Fstate%3Derror%26after%3D3")
    assert ids_in(asked) == ",".join(map(str, reversed(failed)))


def test_a_filter_that_is_not_understood_is_not_taken_for_everything(operator: Browser, make: Make) -> None:
    make(state=State.ERROR)
    asked = operator.get(f"{HERE}?action=cancel&all=1&next=/refunds%3Fleast%3Dx")
    assert ids_in(asked) == ""


@pytest.mark.parametrize("query", ["action=cancel", "action=cancel&id=x&id=-1", "action=cancel&id=77"])
def test_nothing_selected_is_nothing_to_do(operator: Browser, query: str) -> None:
    asked = operator.get(f"{HERE}?{query}")
    assert "Select at least one transaction first." in text_of(asked)
    assert "<button" not in asked.text.partition('id="confirm"')[2].partition("</section>")[0]


def test_there_are_no_other_actions(operator: Browser, make: Make) -> None:
    number = make()
    assert operator.get(f"{HERE}?action=explode&id={number}").status_code == 404
    assert operator.post(HERE, {"action": "explode", "ids": str(number)}).status_code == 404


def test_a_viewer_may_not_act(viewer: Browser, make: Make) -> None:
    number = make(state=State.ERROR)
    assert viewer.post(HERE, {"action": "cancel", "ids": str(number)}).status_code == 403
    assert refund_of(viewer.database, number).state is State.ERROR


@pytest.mark.parametrize("note", ["", "  \n "])
def test_resolving_needs_a_note(operator: Browser, make: Make, note: str) -> None:
    number = make(state=State.DISCREPANCY)
    answer = operator.post(HERE, {"action": "resolve", "ids": str(number), "note": note, "target_id": "9044"})
    assert answer.status_code == 422
    assert "Say how it was settled" in text_of(answer)
    assert 'value="9044"' in answer.text
    assert refund_of(operator.database, number).state is State.DISCREPANCY


def test_a_record_made_by_hand_is_linked(operator: Browser, make: Make) -> None:
    number = make(state=State.DISCREPANCY)
    form = {"action": "resolve", "ids": str(number), "note": "by hand", "target_id": " 9044 "}
    operator.post(HERE, form)
    refund = refund_of(operator.database, number)
    assert (refund.state, refund.reason, refund.target_id) == (State.RESOLVED, "LINKED_BY_PERSON", "9044")


@pytest.mark.parametrize(
    ("direction", "count", "target_id", "says"),
    [
        (Direction.TO_NETSUITE, 1, "CR-17", "NetSuite's internal ids are whole numbers."),
        (Direction.FROM_NETSUITE, 1, "x" * 121, "no more than 120 characters"),
        (Direction.TO_NETSUITE, 2, "9044", "One record can be linked to one transaction only."),
    ],
)
def test_a_record_that_cannot_be_the_one_is_not_linked(
    operator: Browser, make: Make, direction: Direction, count: int, target_id: str, says: str
) -> None:
    numbers = [make(number, state=State.DISCREPANCY) for number in range(1, count + 1)]
    with operator.database.write() as session:
        for number in numbers:
            load(session, number).direction = direction
    form = {"action": "resolve", "ids": ",".join(map(str, numbers)), "note": "x", "target_id": target_id}
    answer = operator.post(HERE, form)
    assert answer.status_code == 422
    assert refund_of(operator.database, numbers[0]).target_id == ""
    if count == 1:
        assert says in text_of(answer)


def test_the_field_for_a_record_asks_for_the_right_side_s_and_for_one_transaction_only(
    operator: Browser, make: Make
) -> None:
    first, second = make(1, state=State.ERROR), make(2, state=State.ERROR, origin="netsuite")
    assert "NetSuite id" in text_of(operator.get(f"{HERE}?action=resolve&id={first}"))
    assert "Refund id in the storefront" in text_of(operator.get(f"{HERE}?action=resolve&id={second}"))
    assert "target_id" not in operator.get(f"{HERE}?action=resolve&id={first}&id={second}").text
    assert "target_id" not in operator.get(f"{HERE}?action=cancel&id={first}").text


def test_deleting_removes_it_here_and_says_that_it_may_come_again(operator: Browser, make: Make) -> None:
    number, other = make(1, state=State.CANCELLED), make(2, state=State.ERROR)
    asked = operator.get(f"{HERE}?action=delete&id={number}&id={other}&next=/refunds")
    assert "It comes again, and may be posted, if its source tells of it again" in text_of(asked)
    assert "A refund that is error cannot be deleted" in text_of(asked)
    done = operator.post(HERE, {"action": "delete", "ids": f"{number},{other}", "next": "/refunds"})
    words = text_of(operator.follow(done))
    assert f"Transaction {number} was deleted here." in words
    assert f"Transaction {other} stayed as it was" in words
    with operator.database.read() as session:
        assert session.get(Refund, number) is None
        assert session.get(Refund, other) is not None
    assert last_entry(operator.database, number).action == "delete"


def test_what_nobody_would_expect_is_told_before(operator: Browser, make: Make) -> None:
    sent, linked = make(1, state=State.ERROR), make(2, state=State.RESOLVED)
    with operator.database.write() as session:
        load(session, sent).write_began = True
        load(session, linked).target_id = "9044"
    cancel = text_of(operator.get(f"{HERE}?action=cancel&id={sent}"))
    assert "A write was sent and may have taken effect: look for rs-shop-9000000001 in NetSuite." in cancel
    assert "It is linked to 9044" in text_of(operator.get(f"{HERE}?action=delete&id={linked}"))


def test_the_way_back_leads_nowhere_else(operator: Browser, make: Make) -> None:
    number = make(state=State.ERROR)
    form = {"action": "retry", "ids": str(number), "next": "https://evil.example/"}
    assert operator.post(HERE, form).headers["Location"] == "/refunds"
