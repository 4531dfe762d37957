from datetime import datetime, timedelta

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY
from sqlalchemy import select

from ledger import people, sessions
from ledger.database import Database
from ledger.models import ApiToken, AuditEntry, Role, User
from ledger.people import LONGEST_TOKEN_LIFE, PeopleError

PASSWORD = "correct horse battery"
ANNA = "anna@example.com"


def add_user(
    database: Database, now: datetime, email: str = ANNA, role: Role = Role.OPERATOR, password: str = PASSWORD
) -> User:
    with database.write() as session:
        return people.add_user(session, email, role, password, now=now, actor="cli:root")


def add_token(
    database: Database, now: datetime, name: str = "ci", life: timedelta = timedelta(days=1)
) -> tuple[ApiToken, str]:
    with database.write() as session:
        return people.add_token(session, name, Role.VIEWER, life, now=now, actor="cli:root")


def trail(database: Database) -> list[tuple[str, str, str, str]]:
    with database.read() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    return [(entry.subject, entry.action, entry.actor, entry.note) for entry in entries]


def test_a_person_is_kept_with_a_slow_hash_of_the_password(
    database: Database, now: datetime, hasher: PasswordHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "_HASHER", hasher)
    user = add_user(database, now, " Anna@Example.COM ")
    assert (user.email, user.role, user.disabled_at, user.created_at) == (ANNA, Role.OPERATOR, None, now)
    assert extract_parameters(user.password_hash) == RFC_9106_LOW_MEMORY
    assert PasswordHasher().verify(user.password_hash, PASSWORD)
    assert trail(database) == [("user", "add", "cli:root", f"{ANNA}, operator")]


def test_a_person_who_may_sign_in_is_not_added_again(database: Database, now: datetime) -> None:
    add_user(database, now)
    with pytest.raises(PeopleError, match="may sign in already") as refused:
        add_user(database, now, ANNA.upper(), Role.ADMIN)
    assert refused.value.reason == "exists"
    with database.read() as session:
        assert [user.role for user in people.users(session)] == [Role.OPERATOR]


def test_somebody_who_was_disabled_comes_back_with_a_new_role_and_password(
    database: Database, now: datetime
) -> None:
    first = add_user(database, now)
    later = now + timedelta(days=1)
    for _ in range(2):  # once is enough
        with database.write() as session:
            assert (
                people.disable_user(session, ANNA.upper(), now=later, actor="cli:root").disabled_at == later
            )
    again = add_user(database, later, role=Role.VIEWER, password="another good password")
    assert (again.id, again.role, again.disabled_at, again.created_at) == (first.id, Role.VIEWER, None, now)
    assert PasswordHasher().verify(again.password_hash, "another good password")
    assert [(action, note) for _, action, _, note in trail(database)] == [
        ("add", f"{ANNA}, operator"),
        ("disable", ANNA),
        ("add", f"{ANNA}, viewer"),
    ]


@pytest.mark.parametrize(
    "email", ["", "anna", "anna@example", "a b@example.com", "a@b@example.com", f"{'a' * 250}@x.com"]
)
def test_what_is_no_address_is_refused(database: Database, now: datetime, email: str) -> None:
    with pytest.raises(PeopleError) as refused:
        add_user(database, now, email)
    assert refused.value.reason == "bad_email"


@pytest.mark.parametrize("password", ["", "eleven char", "x" * 1025])
def test_a_password_is_neither_short_nor_endless(database: Database, now: datetime, password: str) -> None:
    with pytest.raises(PeopleError) as refused:
        add_user(database, now, password=password)
    assert refused.value.reason == "bad_password"
    assert password[:11] not in str(refused.value) or not password


def test_everybody_is_listed_by_address(database: Database, now: datetime) -> None:
    for email in ("zoe@example.com", "anna@example.com"):
        add_user(database, now, email)
    with database.write() as session:
        people.disable_user(session, "zoe@example.com", now=now, actor="cli:root")
        assert [user.email for user in people.users(session)] == ["anna@example.com", "zoe@example.com"]


def test_who_is_not_there_is_not_found(database: Database, now: datetime) -> None:
    with database.write() as session:
        with pytest.raises(PeopleError, match="nobody@example") as no_user:
            people.disable_user(session, "nobody@example.com", now=now, actor="cli:root")
        with pytest.raises(PeopleError, match="'ci'") as no_token:
            people.revoke_token(session, "ci", now=now, actor="cli:root")
    assert no_user.value.reason == no_token.value.reason == "not_found"


def test_a_tokens_text_is_kept_nowhere(database: Database, now: datetime) -> None:
    token, text = add_token(database, now)
    assert text.startswith("rst_")
    assert len(text) >= len("rst_") + 43  # 256 bits in base64
    assert (token.name, token.role, token.expires_at) == ("ci", Role.VIEWER, now + timedelta(days=1))
    assert token.token_hash == people.token_hash(text) != text
    assert trail(database) == [("token", "add", "cli:root", "ci, viewer")]
    assert add_token(database, now, "cd")[1] != text


def test_a_known_hash_of_a_token_never_changes() -> None:
    # These are in ledgers: were it to change, every token would stop working.
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, B.1
    assert people.token_hash("abc") == expected


@pytest.mark.parametrize("name", ["", "-ci", "c i", "ci/cd", "x" * 81])
def test_what_is_no_name_of_a_token_is_refused(database: Database, now: datetime, name: str) -> None:
    with pytest.raises(PeopleError) as refused:
        add_token(database, now, name)
    assert refused.value.reason == "bad_name"


@pytest.mark.parametrize(
    "life", [timedelta(0), timedelta(days=-1), LONGEST_TOKEN_LIFE + timedelta(seconds=1)]
)
def test_a_token_neither_lives_for_ever_nor_is_born_dead(
    database: Database, now: datetime, life: timedelta
) -> None:
    with pytest.raises(PeopleError) as refused:
        add_token(database, now, life=life)
    assert refused.value.reason == "bad_lifetime"


def test_a_revoked_token_is_ended_once_and_its_name_is_not_used_again(
    database: Database, now: datetime
) -> None:
    add_token(database, now)
    later = now + timedelta(hours=1)
    for at in (later, later + timedelta(hours=1)):
        with database.write() as session:
            assert people.revoke_token(session, "ci", now=at, actor="cli:root").revoked_at == later
    with pytest.raises(PeopleError) as refused:
        add_token(database, now)
    assert refused.value.reason == "exists"
    assert [action for _, action, _, _ in trail(database)] == ["add", "revoke"]


def test_every_token_is_listed_by_name(database: Database, now: datetime) -> None:
    for name in ("deploy", "ci"):
        add_token(database, now, name)
    with database.read() as session:
        assert [token.name for token in people.tokens(session)] == ["ci", "deploy"]


def test_a_token_is_known_by_its_text_until_it_is_over(database: Database, now: datetime) -> None:
    token, text = add_token(database, now)
    for at, expected in ((now, token.id), (now + timedelta(days=1), None)):
        with database.read() as session:
            found = people.by_token(session, text, now=at)
            assert (found and found.id) == expected
            assert people.by_token(session, text + "x", now=at) is None
    with database.write() as session:
        people.revoke_token(session, "ci", now=now, actor="cli:root")
        assert people.by_token(session, text, now=now) is None


def test_a_person_is_found_by_the_address_in_any_case_while_they_may_sign_in(
    database: Database, now: datetime
) -> None:
    user = add_user(database, now)
    with database.write() as session:
        found = people.by_email(session, " ANNA@example.com ")
        assert found is not None
        assert found.id == user.id
        people.disable_user(session, ANNA, now=now, actor="test")
        assert people.by_email(session, ANNA) is None


def test_only_the_right_password_is_the_password(database: Database, now: datetime) -> None:
    user = add_user(database, now)
    assert people.is_password(user, PASSWORD)
    for wrong in ("", "x", PASSWORD.upper(), PASSWORD * 99):
        assert not people.is_password(user, wrong)
    assert not people.is_password(None, PASSWORD)
    user.password_hash = "no hash"
    assert not people.is_password(user, PASSWORD)


def signed_in(database: Database, user: User, now: datetime) -> str:
    with database.write() as session:
        return sessions.begin(session, user, now=now, awaits_code=False)


def is_signed_in(database: Database, token: str, now: datetime) -> bool:
    with database.read() as session:
        return sessions.find(session, token, now=now) is not None


def test_another_role_ends_the_sessions_the_same_role_does_not(database: Database, now: datetime) -> None:
    user = add_user(database, now)
    token = signed_in(database, user, now)
    with database.write() as session:
        people.set_role(session, user.id, Role.OPERATOR, now=now, actor="cli:root")
    assert is_signed_in(database, token, now)
    with database.write() as session:
        people.set_role(session, user.id, Role.ADMIN, now=now, actor="cli:root")
    assert not is_signed_in(database, token, now)
    assert trail(database)[1:] == [("user", "set_role", "cli:root", f"{ANNA}, operator to admin")]


def test_another_password_ends_the_sessions_but_the_one_it_was_changed_in(
    database: Database, now: datetime
) -> None:
    user = add_user(database, now)
    here, elsewhere = signed_in(database, user, now), signed_in(database, user, now)
    with database.write() as session:
        kept = sessions.find(session, here, now=now)
        assert kept is not None
        people.set_password(
            session, user.id, PASSWORD[::-1], now=now, actor="cli:root", keep_session=kept.token_hash
        )
    assert [is_signed_in(database, token, now) for token in (here, elsewhere)] == [True, False]
    assert trail(database)[1:] == [("user", "set_password", "cli:root", ANNA)]


def test_a_short_password_is_not_set_and_nobody_is_not_changed(database: Database, now: datetime) -> None:
    user = add_user(database, now)
    with database.write() as session:
        with pytest.raises(PeopleError, match="at least 12"):
            people.set_password(session, user.id, "short", now=now, actor="test")
        with pytest.raises(PeopleError, match="no such user"):
            people.set_role(session, user.id + 1, Role.ADMIN, now=now, actor="test")
        people.disable_user(session, ANNA, now=now, actor="test")
        with pytest.raises(PeopleError, match="disabled"):
            people.set_password(session, user.id, PASSWORD, now=now, actor="test")


def test_being_disabled_ends_the_sessions_and_coming_back_the_second_factor(
    database: Database, now: datetime
) -> None:
    user = add_user(database, now)
    token = signed_in(database, user, now)
    with database.write() as session:
        session.get_one(User, user.id).totp_since = now
        people.disable_user(session, ANNA, now=now, actor="test")
    assert not is_signed_in(database, token, now)
    assert add_user(database, now).totp_since is None


def test_new_passwords_are_long_enough_and_never_alike() -> None:
    made = {people.new_password() for _ in range(10)}
    assert len(made) == 10
    assert all(len(each) >= people.SHORTEST_PASSWORD for each in made)
