from datetime import datetime, timedelta
from typing import Any

import pytest

from ledger import due, requests
from ledger.database import Database
from ledger.models import Account, NetSuiteAccount, Request, RequestKind, RequestState
from ledger.models.accounts import Direction
from ledger.refunds import RefundNotFoundError
from ledger.requests import GRACE, LEASE, RequestNotFoundError
from tests.support.ledger import TRACE
from tests.support.racing import race

ACTOR = "api:ci"


def asked(database: Database, account: Account | NetSuiteAccount, now: datetime) -> Request:
    with database.write() as session:
        return requests.check(session, account, now=now, actor=ACTOR, trace_id=TRACE)


def claim(database: Database, number: int, now: datetime) -> Request | None:
    with database.write() as session:
        return requests.claim(session, number, now=now)


def read(database: Database, number: int) -> Request:
    with database.read() as session:
        return requests.get(session, number)


@pytest.mark.parametrize(
    ("direction", "side", "expected"),
    [
        (Direction.TO_NETSUITE, None, "storefront"),
        (Direction.FROM_NETSUITE, None, "netsuite"),
        (Direction.FROM_NETSUITE, "storefront", "storefront"),
    ],
)
def test_refunds_are_retrieved_from_the_side_they_are_carried_from_unless_told_otherwise(
    database: Database, shop: Account, now: datetime, direction: Direction, side: str | None, expected: str
) -> None:
    with database.write() as session:
        account = session.get_one(Account, shop.id)
        account.direction = direction
        made = requests.retrieve(session, account, "1001", side, now=now, actor=ACTOR, trace_id=TRACE)
    assert (made.kind, made.source, made.state) == (RequestKind.RETRIEVE, "shopify", RequestState.QUEUED)
    assert made.params == {"order": "1001", "from": expected}


def test_a_dry_run_is_done_in_the_queue_of_its_account(
    database: Database, shop: Account, refund_id: int, now: datetime
) -> None:
    with database.write() as session:
        made = requests.dry_run(session, refund_id, now=now, actor=ACTOR, trace_id=TRACE)
    assert (made.kind, made.source, made.account_id) == (RequestKind.DRY_RUN, "shopify", shop.id)
    assert made.params == {"refund_id": refund_id}


def test_nothing_is_tried_out_for_a_refund_that_is_not_there(database: Database, now: datetime) -> None:
    with database.write() as session, pytest.raises(RefundNotFoundError):
        requests.dry_run(session, 4711, now=now, actor=ACTOR, trace_id=TRACE)


def test_a_storefront_and_its_books_are_tried_out_in_queues_of_their_own(
    database: Database, shop: Account, books: NetSuiteAccount, now: datetime
) -> None:
    of_shop, of_books = (read(database, asked(database, each, now).id) for each in (shop, books))
    assert (of_shop.source, of_books.source) == ("shopify", "netsuite")
    assert of_shop.account is not None
    assert (of_shop.account.slug, of_shop.netsuite.slug) == (shop.slug, "books")
    assert (of_books.account, of_books.netsuite.slug) == (None, "books")


def test_what_is_not_there_is_not_found(database: Database) -> None:
    with pytest.raises(RequestNotFoundError, match="request 9"):
        read(database, 9)


def test_a_request_is_due_once_its_wake_up_call_had_time(
    database: Database, shop: Account, now: datetime
) -> None:
    number = asked(database, shop, now).id
    for at, expected in (
        (now, []),
        (now + GRACE, [(number, "shopify")]),
        (now + GRACE, []),
        (now + GRACE + due.AGAIN, [(number, "shopify")]),
    ):
        with database.write() as session:
            assert list(due.requests(session, now=at, limit=10)) == expected


def test_one_worker_has_a_request_until_its_lease_is_over(
    database: Database, shop: Account, now: datetime
) -> None:
    number = asked(database, shop, now).id
    taken = [each for each in race(*[lambda: claim(database, number, now)] * 3) if each]
    assert [(each.lease_token, each.tries) for each in taken] == [(1, 1)]
    assert claim(database, number, now + LEASE - timedelta(seconds=1)) is None
    again = claim(database, number, now + LEASE)
    assert again is not None
    assert (again.lease_token, again.tries) == (2, 2)


def test_an_answer_ends_a_request(database: Database, shop: Account, now: datetime) -> None:
    number = asked(database, shop, now).id
    claimed = claim(database, number, now)
    assert claimed is not None
    with database.write() as session:
        assert requests.answer(session, claimed, {"refund_ids": [1]}, now=now)
    ended = read(database, number)
    assert (ended.state, ended.result, ended.ended_at) == (RequestState.DONE, {"refund_ids": [1]}, now)
    assert (ended.due_at, ended.lease_until) == (None, None)
    assert claim(database, number, now + LEASE) is None


def test_a_refusal_says_why(database: Database, shop: Account, now: datetime) -> None:
    number = asked(database, shop, now).id
    claimed = claim(database, number, now)
    assert claimed is not None
    with database.write() as session:
        assert requests.fail(session, claimed, "no_refund", "The order has no refund.", now=now)
    ended = read(database, number)
    assert (ended.state, ended.reason, ended.detail, ended.result) == (
        RequestState.FAILED,
        "no_refund",
        "The order has no refund.",
        {},
    )


def test_a_worker_that_lost_its_claim_cannot_answer(database: Database, shop: Account, now: datetime) -> None:
    number = asked(database, shop, now).id
    slow, quick = claim(database, number, now), claim(database, number, now + LEASE)
    assert slow is not None
    assert quick is not None
    with database.write() as session:
        assert not requests.answer(session, slow, {"late": True}, now=now)
        assert requests.answer(session, quick, {"late": False}, now=now)
        assert not requests.fail(session, quick, "INTERNAL", "", now=now)
    assert read(database, number).result == {"late": False}


def test_answered_requests_are_forgotten_and_open_ones_are_not(
    database: Database, shop: Account, now: datetime
) -> None:
    kept: dict[str, Any] = {}
    for name, age in (("old", 2), ("older", 3), ("new", 0), ("open", 4)):
        at = now - timedelta(days=age)
        number = asked(database, shop, at).id
        kept[name] = number
        if name != "open":
            claimed = claim(database, number, at)
            assert claimed is not None
            with database.write() as session:
                requests.answer(session, claimed, {}, now=at)
    for expected in (1, 1, 0):
        with database.write() as session:
            assert requests.forget(session, now - timedelta(days=1), limit=1) == expected
    assert read(database, kept["new"]).id
    assert read(database, kept["open"]).id
    with pytest.raises(RequestNotFoundError):
        read(database, kept["older"])
