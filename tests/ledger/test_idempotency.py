from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from ledger import idempotency, people
from ledger.database import Database
from ledger.idempotency import KEPT, PATIENCE, Claim, IdempotencyError
from ledger.models import KeptAnswer, Role
from tests.support.racing import race

Take = Callable[..., Claim | KeptAnswer]
SECOND = timedelta(seconds=1)


@pytest.fixture
def token_ids(database: Database, now: datetime) -> list[int]:
    """Two tokens."""
    with database.write() as session:
        made = [
            people.add_token(session, name, Role.OPERATOR, timedelta(days=9), now=now, actor="test")[0]
            for name in ("one", "two")
        ]
    return [token.id for token in made]


@pytest.fixture
def take(database: Database, token_ids: list[int], now: datetime) -> Take:
    """Takes a key for a request."""

    def taken(key: str = "k", request: str = "r", whose: int = 0, at: datetime = now) -> Claim | KeptAnswer:
        with database.write() as session:
            return idempotency.claim(session, token_ids[whose], key, request, now=at)

    return taken


def keep(database: Database, claimed: Claim | KeptAnswer, body: str = "{}") -> None:
    assert isinstance(claimed, Claim)
    with database.write() as session:
        idempotency.keep(session, claimed, 202, {"Location": "/there"}, body)


def test_the_same_request_gets_the_answer_that_was_kept(database: Database, take: Take) -> None:
    keep(database, take(), '{"id": 1}')
    again = take()
    assert isinstance(again, KeptAnswer)
    assert (again.status, again.headers, again.body) == (202, {"Location": "/there"}, '{"id": 1}')


def test_keys_and_their_owners_do_not_meet(take: Take) -> None:
    taken = [take(), take(key="K"), take(whose=1)]
    assert all(isinstance(each, Claim) for each in taken)


def test_another_request_under_a_key_is_refused_whether_the_first_is_answered_or_not(
    database: Database, take: Take
) -> None:
    claimed = take()
    for _ in range(2):
        with pytest.raises(IdempotencyError) as refused:
            take(request="other")
        assert refused.value.reason == "idempotency_key_reused"
        keep(database, claimed)


def test_of_racing_requests_one_is_done_and_the_others_are_refused(take: Take) -> None:
    def attempt() -> str:
        try:
            return type(take()).__name__
        except IdempotencyError as error:
            return error.reason

    assert sorted(race(*[attempt] * 4)) == ["Claim", *["idempotency_key_in_use"] * 3]


def test_a_request_that_failed_gives_its_key_back(database: Database, take: Take) -> None:
    claimed = take()
    assert isinstance(claimed, Claim)
    with database.write() as session:
        idempotency.release(session, claimed)
    assert isinstance(take(request="other"), Claim)


def test_an_answer_is_kept_for_a_day(database: Database, take: Take, now: datetime) -> None:
    keep(database, take())
    assert isinstance(take(at=now + KEPT - SECOND), KeptAnswer)
    assert isinstance(take(at=now + KEPT, request="other"), Claim)


def test_the_key_of_a_process_that_died_is_taken_over_and_its_late_answer_is_not_kept(
    database: Database, take: Take, now: datetime
) -> None:
    dead = take()
    with pytest.raises(IdempotencyError) as refused:
        take(at=now + PATIENCE - SECOND)
    assert refused.value.reason == "idempotency_key_in_use"
    alive = take(at=now + PATIENCE)
    keep(database, dead, "late")
    with pytest.raises(IdempotencyError):
        take(at=now + PATIENCE)
    keep(database, alive, "right")
    again = take(at=now + PATIENCE)
    assert isinstance(again, KeptAnswer)
    assert again.body == "right"


def test_a_kept_answer_is_not_given_back(database: Database, take: Take) -> None:
    claimed = take()
    keep(database, claimed)
    assert isinstance(claimed, Claim)
    with database.write() as session:
        idempotency.release(session, claimed)
    assert isinstance(take(), KeptAnswer)


def test_old_answers_are_forgotten_in_batches(database: Database, take: Take, now: datetime) -> None:
    for number in range(3):
        take(key=str(number), at=now - KEPT)
    take(key="new")
    for expected in (2, 1, 0):
        with database.write() as session:
            assert idempotency.forget(session, now=now, limit=2) == expected
