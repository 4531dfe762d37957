"""One's own account."""

import re

import pyotp
import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from ledger.models import AuditEntry, Role, User
from tests.webhooks.portal.conftest import PASSWORD, Browser, Enter, text_of

NEW = "another battery staple"


def stored(browser: Browser) -> User:
    assert browser.user is not None
    with browser.database.read() as session:
        return session.get_one(User, browser.user.id)


def actions(browser: Browser) -> list[str]:
    with browser.database.read() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def test_a_changed_password_ends_the_sessions_elsewhere_but_not_this_one(enter: Enter) -> None:
    here, elsewhere = enter(Role.VIEWER), enter(Role.VIEWER)
    answer = here.post("/me/password", {"password": PASSWORD, "new_password": NEW, "again": NEW})
    assert "Your password was changed" in here.follow(answer).text
    assert elsewhere.get("/me").status_code == 303
    assert PasswordHasher().verify(stored(here).password_hash, NEW)
    assert actions(here) == ["set_password"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"password": "wrong", "new_password": NEW, "again": NEW}, "That is not your password."),
        ({"password": PASSWORD, "new_password": NEW, "again": "x"}, "The two new passwords differ."),
        ({"password": PASSWORD, "new_password": "short", "again": "short"}, "at least 12 characters"),
    ],
)
def test_a_password_is_not_changed_by_mistake(viewer: Browser, values: dict[str, str], said: str) -> None:
    before = stored(viewer).password_hash
    answer = viewer.post("/me/password", values)
    assert answer.status_code == 422
    assert said in answer.text
    assert stored(viewer).password_hash == before


def test_a_notice_is_told_once(viewer: Browser) -> None:
    answer = viewer.post("/me/sessions")
    assert "0 other sessions ended." in viewer.follow(answer).text
    assert "ended." not in viewer.get("/me").text


def test_other_sessions_are_listed_and_can_be_ended(enter: Enter) -> None:
    here, elsewhere = enter(Role.VIEWER), enter(Role.VIEWER)
    assert text_of(here.get("/me")).count("This browser") == 1
    assert "1 other session ended." in here.follow(here.post("/me/sessions")).text
    assert elsewhere.get("/me").status_code == 303


def test_a_second_factor_is_set_up_with_the_app_and_recovery_codes_are_shown_once(viewer: Browser) -> None:
    page = viewer.follow(viewer.post("/me/second-factor/begin", {"factor_password": PASSWORD}))
    assert '<svg class="qr"' in page.text
    found = re.search(r'class="once">([A-Z2-7 ]+)<', page.text)
    assert found is not None
    app = pyotp.TOTP(found[1].replace(" ", ""))
    wrong = viewer.post("/me/second-factor/confirm", {"code": "12345"})
    assert (wrong.status_code, stored(viewer).totp_since) == (422, None)
    done = viewer.post("/me/second-factor/confirm", {"code": app.now()})
    codes = re.findall(r"<code>((?:[a-z2-7]{4}-){3}[a-z2-7]{4})</code>", done.text)
    assert len(set(codes)) == 10
    assert stored(viewer).totp_since is not None
    assert not any(code in str(stored(viewer).recovery_codes) for code in codes)
    again = viewer.get("/me").text
    assert found[1] not in again
    assert codes[0] not in again
    assert actions(viewer) == ["second_factor_on"]


def test_a_second_factor_is_switched_off_with_the_password_only(viewer: Browser) -> None:
    viewer.post("/me/second-factor/begin", {"factor_password": PASSWORD})
    assert stored(viewer).totp_secret
    assert viewer.post("/me/second-factor/off", {"factor_password": "wrong"}).status_code == 422
    assert stored(viewer).totp_secret
    assert viewer.post("/me/second-factor/off", {"factor_password": PASSWORD}).status_code == 303
    assert not stored(viewer).totp_secret


def test_a_second_factor_is_not_begun_without_the_password(viewer: Browser) -> None:
    assert viewer.post("/me/second-factor/begin", {"factor_password": ""}).status_code == 422
    assert not stored(viewer).totp_secret
