from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from ledger import attempts, refunds
from ledger.database import Database
from ledger.models import Attempt
from ledger.refunds import LEASE


def begin(database: Database, refund_id: int, now: datetime) -> int:
    """Claim a refund, note the attempt, and return the claim's token."""
    with database.write() as session:
        refund = refunds.claim(session, refund_id, now=now)
        assert refund is not None
        attempts.begin(session, refund, now=now)
        return refund.lease_token


def made(database: Database) -> list[Attempt]:
    with database.read() as session:
        return list(session.scalars(select(Attempt).order_by(Attempt.id)))


def test_an_attempt_that_began_has_not_ended(database: Database, refund_id: int, now: datetime) -> None:
    token = begin(database, refund_id, now)
    (attempt,) = made(database)
    assert (attempt.refund_id, attempt.lease_token, attempt.started_at) == (refund_id, token, now)
    assert (attempt.ended_at, attempt.outcome, attempt.reason, attempt.calls) == (None, "", "", [])


def test_a_claim_makes_one_attempt(database: Database, refund_id: int, now: datetime) -> None:
    begin(database, refund_id, now)
    with database.write() as session:
        refund = refunds.load(session, refund_id)
        with pytest.raises(IntegrityError):
            attempts.begin(session, refund, now=now)
        session.rollback()


def test_an_attempt_ends_with_its_outcome_and_calls(
    database: Database, refund_id: int, now: datetime
) -> None:
    first = begin(database, refund_id, now)
    begin(database, refund_id, now + LEASE)
    calls = [{"method": "POST", "path": "/services/rest/query/v1/suiteql", "status": 200}]
    end = now + timedelta(seconds=2)
    with database.write() as session:
        attempts.end(
            session, refund_id, first, now=end, outcome="post", reason="POSTED", detail="9044", calls=calls
        )
    one, other = made(database)
    assert (one.ended_at, one.outcome, one.reason, one.detail, one.calls) == (
        end,
        "post",
        "POSTED",
        "9044",
        calls,
    )
    assert other.ended_at is None


def test_attempts_of_killed_workers_are_closed(database: Database, refund_id: int, now: datetime) -> None:
    first = begin(database, refund_id, now)
    with database.write() as session:
        attempts.end(session, refund_id, first, now=now, outcome="wait", reason="", detail="", calls=[])
    begin(database, refund_id, now + LEASE)
    later = now + 2 * LEASE
    for closed in (1, 0):
        with database.write() as session:
            assert attempts.abandon(session, refund_id, now=later) == closed
    assert [(each.outcome, each.reason, each.ended_at) for each in made(database)] == [
        ("wait", "", now),
        ("abandoned", "INTERNAL", later),
    ]


def test_attempts_of_other_refunds_are_not_closed(database: Database, refund_id: int, now: datetime) -> None:
    begin(database, refund_id, now)
    with database.write() as session:
        assert attempts.abandon(session, refund_id + 1, now=now) == 0
