from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from ledger import people, sessions
from ledger.database import Database
from ledger.models import PortalSession, Role, User
from ledger.sessions import CODE_DUE, IDLE, LONGEST

PASSWORD = "correct horse battery"


@pytest.fixture
def anna(database: Database, now: datetime) -> User:
    with database.write() as session:
        return people.add_user(session, "anna@example.com", Role.VIEWER, PASSWORD, now=now, actor="test")


def begin(database: Database, user: User, now: datetime, *, awaits_code: bool = False) -> str:
    with database.write() as session:
        return sessions.begin(
            session, user, now=now, address="x" * 99, browser="y" * 999, awaits_code=awaits_code
        )


def find(database: Database, token: str, now: datetime) -> PortalSession | None:
    with database.read() as session:
        return sessions.find(session, token, now=now)


def count(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(PortalSession)) or 0


def test_a_cookie_finds_its_session_and_person(database: Database, anna: User, now: datetime) -> None:
    found = find(database, begin(database, anna, now), now)
    assert found is not None
    assert (found.user.email, found.awaits_code, found.notices) == ("anna@example.com", False, [])
    assert (found.expires_at, len(found.address), len(found.browser)) == (now + LONGEST, 60, 200)


def test_another_cookie_finds_nothing(database: Database, anna: User, now: datetime) -> None:
    begin(database, anna, now)
    assert find(database, sessions.new_token(), now) is None


def test_cookies_cannot_be_guessed_and_are_not_kept(database: Database, anna: User, now: datetime) -> None:
    tokens = {begin(database, anna, now) for _ in range(3)}
    assert len(tokens) == 3
    assert all(len(token) >= 43 for token in tokens)
    with database.read() as session:
        kept = set(session.scalars(select(PortalSession.token_hash)))
    assert not tokens & kept


def test_a_session_is_over_when_nothing_was_done_for_long(
    database: Database, anna: User, now: datetime
) -> None:
    token = begin(database, anna, now)
    assert find(database, token, now + IDLE - timedelta(seconds=1)) is not None
    assert find(database, token, now + IDLE) is None


def test_a_session_is_over_at_its_age_whatever_was_done(
    database: Database, anna: User, now: datetime
) -> None:
    token = begin(database, anna, now)
    found = find(database, token, now)
    assert found is not None
    for hours in range(1, 24):
        with database.write() as session:
            sessions.touch(session, found.token_hash, now=now + timedelta(hours=hours))
    assert find(database, token, now + LONGEST - timedelta(seconds=1)) is not None
    assert find(database, token, now + LONGEST) is None


def test_a_second_factor_is_waited_for_briefly(database: Database, anna: User, now: datetime) -> None:
    token = begin(database, anna, now, awaits_code=True)
    found = find(database, token, now + CODE_DUE - timedelta(seconds=1))
    assert found is not None
    assert found.awaits_code
    assert find(database, token, now + CODE_DUE) is None


def test_being_seen_is_written_down_once_a_minute(database: Database, anna: User, now: datetime) -> None:
    found = find(database, begin(database, anna, now), now)
    assert found is not None
    assert not sessions.is_stale(found, now=now + timedelta(seconds=59))
    assert sessions.is_stale(found, now=now + timedelta(seconds=60))


def test_a_disabled_person_has_no_session(database: Database, anna: User, now: datetime) -> None:
    token = begin(database, anna, now)
    with database.write() as session:
        session.get_one(User, anna.id).disabled_at = now
    assert find(database, token, now) is None


def test_notices_are_kept_for_the_next_page(database: Database, anna: User, now: datetime) -> None:
    token = begin(database, anna, now)
    found = find(database, token, now)
    assert found is not None
    with database.write() as session:
        sessions.keep_notices(session, found.token_hash, [("good", "Done.")])
    again = find(database, token, now)
    assert again is not None
    assert again.notices == [["good", "Done."]]


def test_a_session_ends_alone_and_all_but_one_end_together(
    database: Database, anna: User, now: datetime
) -> None:
    first, second, third = (begin(database, anna, now) for _ in range(3))
    kept = find(database, second, now)
    gone = find(database, first, now)
    assert kept is not None
    assert gone is not None
    with database.write() as session:
        sessions.end(session, gone.token_hash)
        assert sessions.end_all(session, anna.id, but=kept.token_hash) == 1
    assert [find(database, token, now) is not None for token in (first, second, third)] == [
        False,
        True,
        False,
    ]
    with database.write() as session:
        assert sessions.end_all(session, anna.id) == 1


def test_sessions_that_are_over_are_dropped_when_somebody_signs_in(
    database: Database, anna: User, now: datetime
) -> None:
    begin(database, anna, now)
    begin(database, anna, now + LONGEST)
    assert count(database) == 1


def test_a_persons_live_sessions_are_listed_newest_first(
    database: Database, anna: User, now: datetime
) -> None:
    begin(database, anna, now - IDLE)
    begin(database, anna, now, awaits_code=True)
    for minutes in (1, 2):
        begin(database, anna, now + timedelta(minutes=minutes))
    with database.read() as session:
        live = sessions.of_user(session, anna.id, now=now + timedelta(minutes=3))
    assert [each.created_at - now for each in live] == [timedelta(minutes=2), timedelta(minutes=1)]
