"""`refund-sync user` and `refund-sync token`."""

import hashlib
from datetime import timedelta

import pytest
from argon2 import PasswordHasher, Type, extract_parameters
from sqlalchemy import select

from ledger import people
from ledger.database import Database
from ledger.models import ApiToken, Role, User
from ledger.people import PeopleError
from tests.cli.installation import Installation
from tests.support.ledger import NOW

PASSWORD = "correct horse battery"


def _user(installation: Installation, email: str = "anna@example.com") -> User:
    with installation.database.read() as session:
        return session.scalars(select(User).where(User.email == email)).one()


def test_a_password_asked_for_twice_is_kept_as_argon2id(installation: Installation) -> None:
    said = installation.run(
        "user", "add", "Anna@Example.com", "--role", "operator", typed=f"{PASSWORD}\n{PASSWORD}\n"
    )

    user = _user(installation)
    assert said.stdout == "anna@example.com may sign in as operator.\n"
    assert user.role is Role.OPERATOR
    assert extract_parameters(user.password_hash).type is Type.ID
    assert PasswordHasher().verify(user.password_hash, PASSWORD)
    assert installation.audit("user") == [("add", "anna@example.com, operator")]


def test_a_password_comes_from_standard_input(installation: Installation) -> None:
    installation.run(
        "user", "add", "anna@example.com", "--role", "admin", "--password-file", "-", typed=f"{PASSWORD}\n"
    )

    assert PasswordHasher().verify(_user(installation).password_hash, PASSWORD)


def test_a_password_is_never_shown(installation: Installation) -> None:
    said = installation.run(
        "user", "add", "anna@example.com", "--role", "viewer", typed=f"{PASSWORD}\n{PASSWORD}\n"
    )

    assert PASSWORD not in said.output


@pytest.mark.parametrize("password", ["x" * 11, "x" * 1025])
def test_a_password_too_short_or_endless_is_refused(installation: Installation, password: str) -> None:
    words = ("user", "add", "anna@example.com", "--role", "viewer", "--password-file", "-")

    assert "at least 12 characters" in installation.refused(*words, typed=f"{password}\n")


@pytest.mark.parametrize("email", ["anna", "anna@example", "an na@example.com", f"{'a' * 250}@example.com"])
def test_what_is_no_address_is_refused(installation: Installation, email: str) -> None:
    words = ("user", "add", email, "--role", "viewer", "--password-file", "-")

    assert "not an e-mail address" in installation.refused(*words, typed=f"{PASSWORD}\n")


def test_somebody_who_may_sign_in_is_not_added_again(installation: Installation) -> None:
    words = ("user", "add", "anna@example.com", "--role", "viewer", "--password-file", "-")
    installation.run(*words, typed=f"{PASSWORD}\n")

    assert "may sign in already" in installation.refused(*words, typed=f"{PASSWORD}\n")


def test_somebody_disabled_comes_back_with_a_new_role_and_password(installation: Installation) -> None:
    words = ("user", "add", "anna@example.com", "--password-file", "-", "--role")
    installation.run(*words, "admin", typed=f"{PASSWORD}\n")
    installation.run("user", "disable", "anna@example.com")
    disabled_at = _user(installation).disabled_at

    installation.run(*words, "viewer", typed="a different password\n")

    user = _user(installation)
    assert disabled_at is not None
    assert user.disabled_at is None
    assert user.role is Role.VIEWER
    assert PasswordHasher().verify(user.password_hash, "a different password")


def test_disabling_twice_keeps_the_first_time(installation: Installation) -> None:
    installation.run(
        *("user", "add", "anna@example.com", "--role", "admin", "--password-file", "-"), typed=f"{PASSWORD}\n"
    )
    installation.run("user", "disable", "ANNA@example.com")
    first = _user(installation).disabled_at

    installation.run("user", "disable", "anna@example.com")

    assert _user(installation).disabled_at == first
    assert [action for action, _ in installation.audit("user")] == ["add", "disable"]


def test_nobody_unknown_is_disabled(installation: Installation) -> None:
    assert "there is no user anna@example.com" in installation.refused("user", "disable", "anna@example.com")


def test_users_are_listed_without_their_hashes(installation: Installation) -> None:
    assert "no users yet" in installation.run("user", "list").stdout
    for email in ("berta@example.com", "anna@example.com"):
        installation.run(
            *("user", "add", email, "--role", "viewer", "--password-file", "-"), typed=f"{PASSWORD}\n"
        )

    listed = installation.json("user", "list")

    assert [user["email"] for user in listed] == ["anna@example.com", "berta@example.com"]
    assert set(listed[0]) == {"email", "role", "created_at", "disabled_at"}
    assert "anna@example.com" in installation.run("user", "list").stdout


def test_a_token_is_shown_once_and_only_its_hash_kept(installation: Installation) -> None:
    made = installation.json("token", "add", "nightly-report", "--role", "viewer", "--days", "90")

    with installation.database.read() as session:
        kept = session.scalars(select(ApiToken)).one()
    assert kept.token_hash == hashlib.sha256(made["token"].encode()).hexdigest()
    assert kept.expires_at - kept.created_at == timedelta(days=90)
    assert made["token"] not in installation.run("token", "list", "--json").stdout
    assert installation.audit("token") == [("add", "nightly-report, viewer")]


def test_two_tokens_differ(installation: Installation) -> None:
    said = [
        installation.run("token", "add", name, "--role", "viewer", "--days", "1").stdout.splitlines()[0]
        for name in ("one", "two")
    ]

    assert said[0] != said[1]


def test_a_revoked_token_says_so_and_its_name_stays_taken(installation: Installation) -> None:
    installation.run("token", "add", "nightly", "--role", "viewer", "--days", "1")

    installation.run("token", "revoke", "nightly")
    installation.run("token", "revoke", "nightly")

    assert installation.json("token", "list")[0]["revoked_at"]
    assert [action for action, _ in installation.audit("token")] == ["add", "revoke"]
    assert "choose another name" in installation.refused(
        "token", "add", "nightly", "--role", "viewer", "--days", "1"
    )


def test_unknown_and_oddly_named_tokens_are_refused(installation: Installation) -> None:
    assert "there is no token 'nightly'" in installation.refused("token", "revoke", "nightly")
    assert "is not a name" in installation.refused("token", "add", "a b", "--role", "viewer", "--days", "1")
    assert "no tokens yet" in installation.run("token", "list").stdout


@pytest.mark.parametrize("life", [timedelta(), timedelta(days=-1), people.LONGEST_TOKEN_LIFE + timedelta(1)])
def test_a_token_lives_for_some_time_but_not_for_ever(database: Database, life: timedelta) -> None:
    with database.write() as session, pytest.raises(PeopleError) as refused:
        people.add_token(session, "nightly", Role.VIEWER, life, now=NOW, actor="test")

    assert refused.value.reason == "bad_lifetime"


@pytest.mark.parametrize("days", ["0", "3651", "x"])
def test_days_out_of_range_are_a_usage_error(installation: Installation, days: str) -> None:
    installation.run("token", "add", "nightly", "--role", "viewer", "--days", days, code=2)
