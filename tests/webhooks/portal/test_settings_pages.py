"""Settings: users, API tokens and the audit trail."""

import csv
import io
import re
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from ledger import audit, second_factor
from ledger.clock import utcnow
from ledger.models import ApiToken, AuditEntry, Role, User
from ledger.people import token_hash
from tests.support.ledger import NOW
from tests.webhooks.portal.conftest import Browser, text_of
from webhooks.portal.paging import PAGE

USERS = "/settings/users"
TOKENS = "/settings/tokens"
ONCE = re.compile(r'<p class="once"><code>([^<]+)</code>')


def user(browser: Browser, email: str) -> User:
    with browser.database.read() as session:
        return session.scalars(select(User).where(User.email == email)).one()


def once(text: str) -> str:
    found = ONCE.search(text)
    assert found is not None, text
    return found[1]


def test_the_settings_begin_with_their_first_page(admin: Browser) -> None:
    assert admin.follow(admin.get("/settings")).status_code == 200


def test_an_added_user_has_a_password_that_is_shown_once(admin: Browser) -> None:
    answer = admin.post(USERS, {"email": "otto@example.com", "role": "operator"})
    added = user(admin, "otto@example.com")
    assert (added.role, answer.status_code) == (Role.OPERATOR, 200)
    assert PasswordHasher().verify(added.password_hash, once(answer.text))
    assert "otto@example.com" in admin.get(USERS).text
    assert ONCE.search(admin.get(USERS).text) is None
    with admin.database.read() as session:
        assert session.scalars(select(AuditEntry)).one().actor == "portal:admin@example.com"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"email": "otto", "role": "viewer"}, "is not an e-mail address"),
        ({"email": "otto@example.com", "role": "king"}, "Choose a role."),
        ({"email": "admin@example.com", "role": "viewer"}, "may sign in already"),
    ],
)
def test_a_user_is_not_added_by_mistake(admin: Browser, values: dict[str, str], said: str) -> None:
    answer = admin.post(USERS, values)
    assert answer.status_code == 422
    assert said in text_of(answer)


def test_a_user_gets_another_role(admin: Browser, viewer: Browser) -> None:
    assert viewer.user is not None
    answer = admin.post(f"{USERS}/{viewer.user.id}/role", {"role": "operator"})
    assert "viewer@example.com is operator now" in admin.follow(answer).text
    assert user(admin, "viewer@example.com").role is Role.OPERATOR
    admin.follow(admin.post(f"{USERS}/{viewer.user.id}/role", {"role": "king"}))
    assert user(admin, "viewer@example.com").role is Role.OPERATOR


@pytest.mark.parametrize("what", ["password", "second-factor", "disable"])
def test_what_ends_something_is_asked_for_first(admin: Browser, viewer: Browser, what: str) -> None:
    assert viewer.user is not None
    page = admin.get(f"{USERS}/{viewer.user.id}/{what}")
    assert page.status_code == 200
    assert 'id="confirm"' in page.text
    assert f'action="{USERS}/{viewer.user.id}/{what}"' in page.text


def test_a_disabled_user_is_out_and_cannot_be_changed(admin: Browser, viewer: Browser) -> None:
    assert viewer.user is not None
    answer = admin.post(f"{USERS}/{viewer.user.id}/disable")
    assert "viewer@example.com may sign in no more." in admin.follow(answer).text
    assert viewer.get("/").status_code == 303
    assert admin.get(f"{USERS}/{viewer.user.id}").status_code == 404


def test_a_new_password_ends_the_old_one_and_every_session(admin: Browser, viewer: Browser) -> None:
    assert viewer.user is not None
    page = admin.post(f"{USERS}/{viewer.user.id}/password")
    assert PasswordHasher().verify(user(admin, "viewer@example.com").password_hash, once(page.text))
    assert viewer.get("/").status_code == 303


def test_a_lost_second_factor_is_switched_off(admin: Browser, viewer: Browser) -> None:
    assert viewer.user is not None
    with admin.database.write() as session:
        second_factor.prepare(session, admin.vault, viewer.user.id)
    admin.post(f"{USERS}/{viewer.user.id}/second-factor")
    assert user(admin, "viewer@example.com").totp_secret == b""


@pytest.mark.parametrize("what", ["role", "password", "second-factor", "disable"])
def test_nobody_changes_themselves_so_that_an_administrator_stays(admin: Browser, what: str) -> None:
    assert admin.user is not None
    assert "This is you" in admin.get(f"{USERS}/{admin.user.id}").text
    assert admin.post(f"{USERS}/{admin.user.id}/{what}", {"role": "viewer"}).status_code == 404
    assert admin.get("/").status_code == 200


def test_a_token_is_shown_once_and_kept_hashed(admin: Browser) -> None:
    page = admin.post(TOKENS, {"name": "ci", "role": "operator", "days": "30"})
    with admin.database.read() as session:
        token = session.scalars(select(ApiToken)).one()
    assert (token.name, token.role, token.token_hash) == ("ci", Role.OPERATOR, token_hash(once(page.text)))
    assert timedelta(days=29) < token.expires_at - utcnow() <= timedelta(days=30)
    assert once(page.text) not in admin.get(TOKENS).text


@pytest.mark.parametrize(
    "values",
    [
        {"name": "", "role": "viewer", "days": "1"},
        {"name": "ci", "role": "", "days": "1"},
        {"name": "ci", "role": "viewer", "days": "0"},
        {"name": "ci", "role": "viewer", "days": "soon"},
        {"name": "ci", "role": "viewer", "days": "9" * 6},
    ],
)
def test_a_token_is_not_made_by_mistake(admin: Browser, values: dict[str, str]) -> None:
    assert admin.post(TOKENS, values).status_code == 422
    with admin.database.read() as session:
        assert session.scalars(select(ApiToken)).all() == []


def test_a_token_is_revoked_after_asking(admin: Browser) -> None:
    admin.post(TOKENS, {"name": "ci", "role": "viewer", "days": "1"})
    assert "Revoke the token ci?" in admin.get(f"{TOKENS}/1/revoke").text
    assert "The token ci is revoked." in admin.follow(admin.post(f"{TOKENS}/1/revoke")).text
    assert "Revoked" in text_of(admin.get(TOKENS))
    with admin.database.read() as session:
        assert session.get_one(ApiToken, 1).revoked_at is not None


def write(browser: Browser, *entries: tuple[datetime, str, str, str, int]) -> None:
    with browser.database.write() as session:
        for at, actor, action, subject, number in entries:
            audit.write(
                session, subject, number, action, at=at, actor=actor, note=f"<b>{action} {number}</b>"
            )


def notes(browser: Browser, query: str) -> list[str]:
    page = browser.get(f"/settings/audit?{query}").text
    return re.findall(r"&lt;b&gt;([a-z_]+ \d+)&lt;/b&gt;", page)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["cancel 3", "retry 2", "cancel 1"]),
        ("actor=cli:otto", ["retry 2"]),
        ("action=cancel", ["cancel 3", "cancel 1"]),
        ("subject=account", ["cancel 3"]),
        ("subject=nonsense", ["cancel 3", "retry 2", "cancel 1"]),
        ("subject=refund&id=2", ["retry 2"]),
        ("id=x", ["cancel 3", "retry 2", "cancel 1"]),
        ("since=2026-03-15", ["cancel 3", "retry 2"]),
        ("until=2026-03-15", ["retry 2", "cancel 1"]),
        ("since=2026-03-15&until=2026-03-15", ["retry 2"]),
        ("actor=nobody", []),
    ],
)
def test_the_audit_trail_is_filtered(admin: Browser, query: str, found: list[str]) -> None:
    write(
        admin,
        (NOW, "cli:anna", "cancel", "refund", 1),
        (NOW + timedelta(days=1), "cli:otto", "retry", "refund", 2),
        (NOW + timedelta(days=2), "cli:anna", "cancel", "account", 3),
    )
    assert notes(admin, query) == found


def test_the_audit_trail_is_paged_without_loss_though_times_are_alike(admin: Browser) -> None:
    write(admin, *((NOW, "cli:anna", "retry", "refund", number) for number in range(1, 2 * PAGE + 3)))
    seen, query = [], "action=retry"
    while True:
        seen += notes(admin, query)
        page = admin.get(f"/settings/audit?{query}").text
        following = re.search(r'rel="next" href="([^"]+)"', page)
        if following is None:
            break
        query = urlsplit(following[1].replace("&amp;", "&")).query
        assert parse_qs(query)["action"] == ["retry"]
    assert seen == [f"retry {number}" for number in range(2 * PAGE + 2, 0, -1)]


@pytest.mark.parametrize("after", ["x", "1-", "-1", "1-x", "9" * 18 + "-1", "9" * 30 + "-1"])
def test_a_made_up_page_is_the_first_or_an_empty_one(admin: Browser, after: str) -> None:
    assert admin.get(f"/settings/audit?after={after}").status_code == 200


def test_what_is_filtered_of_the_audit_trail_is_exported_and_no_cell_is_a_formula(admin: Browser) -> None:
    many = range(1, 503)  # more than are read at once
    write(admin, *((NOW, "=cli:anna", "retry", "refund", number) for number in many))
    write(admin, (NOW, "cli:otto", "cancel", "refund", 1))
    assert 'href="/settings/audit/export.csv?actor=%3Dcli:anna' in admin.get(
        "/settings/audit?actor=%3Dcli:anna"
    ).text.replace("%3A", ":")
    answer = admin.get("/settings/audit/export.csv?actor=%3Dcli:anna")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="audit-20')
    assert answer.is_streamed
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [int(row["subject_id"]) for row in rows] == list(many)[::-1]
    assert {(row["actor"], row["action"], row["at"]) for row in rows} == {
        ("'=cli:anna", "retry", NOW.strftime("%Y-%m-%dT%H:%M:%SZ"))
    }
