from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ledger import people, second_factor, sessions
from ledger.clock import utcnow
from ledger.database import Database
from ledger.models import AuditEntry, PortalSession, Role, User
from ledger.secrets import Vault
from ledger.settings import Settings
from tests.support.settings import make_settings
from tests.webhooks.conftest import Line
from tests.webhooks.portal.conftest import PASSWORD, Browser, text_of
from webhooks.app import create_app

ANNA = "anna@example.com"


@pytest.fixture
def anna(database: Database, password_hash: str) -> User:
    """Anna, an operator, who may sign in."""
    with database.write() as session:
        user = User(email=ANNA, role=Role.OPERATOR, password_hash=password_hash, created_at=utcnow())
        session.add(user)
    return user


def credentials(email: str = ANNA, password: str = PASSWORD, **more: str) -> dict[str, str]:
    return {"email": email, "password": password, **more}


def count_sessions(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(PortalSession)) or 0


def cookie(browser: Browser) -> str:
    found = browser.client.get_cookie("refund-sync")
    assert found is not None
    return found.value


def test_the_right_password_leads_to_the_overview(nobody: Browser, anna: User) -> None:
    answer = nobody.post("/sign-in", credentials(f" {anna.email.upper()} "))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert ANNA in nobody.get("/").text


def test_the_page_that_was_asked_for_is_shown_after_signing_in(nobody: Browser, anna: User) -> None:
    asked = nobody.get("/me?x=1")
    assert asked.headers["Location"] == "/sign-in?next=/me?x%3D1"
    page = nobody.follow(asked)
    assert 'name="next" value="/me?x=1"' in page.text
    assert nobody.post("/sign-in", credentials(anna.email, next="/me?x=1")).headers["Location"] == "/me?x=1"


@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "evil"])
def test_signing_in_never_leads_to_another_site(nobody: Browser, anna: User, elsewhere: str) -> None:
    assert 'name="next" value="/"' in nobody.client.get("/sign-in", query_string={"next": elsewhere}).text
    assert nobody.post("/sign-in", credentials(anna.email, next=elsewhere)).headers["Location"] == "/"


@pytest.mark.parametrize(("email", "password"), [(ANNA, "wrong"), ("nobody@example.com", PASSWORD), ("", "")])
@pytest.mark.usefixtures("anna")
def test_wrong_is_wrong_whatever_of_it_is(
    nobody: Browser, log: list[Line], email: str, password: str
) -> None:
    answer = nobody.post("/sign-in", credentials(email, password))
    assert answer.status_code == 422
    assert "The e-mail address or the password is wrong." in answer.text
    assert f'value="{password}"' not in answer.text or not password
    assert [line["reason"] for line in log if line["event"] == "sign_in_refused"] == ["wrong_password"]
    assert nobody.get("/").status_code == 303


def test_a_person_who_was_disabled_cannot_sign_in(nobody: Browser, anna: User) -> None:
    with nobody.database.write() as session:
        people.disable_user(session, anna.email, now=utcnow(), actor="test")
    assert nobody.post("/sign-in", credentials()).status_code == 422


def test_signing_in_gives_another_cookie_so_that_none_can_be_planted(nobody: Browser, anna: User) -> None:
    nobody.client.set_cookie("refund-sync", sessions.new_token())
    planted = cookie(nobody)
    nobody.post("/sign-in", credentials(anna.email))
    mine = cookie(nobody)
    assert mine != planted
    nobody.client.set_cookie("refund-sync", planted)
    assert nobody.get("/").status_code == 303


def test_signing_in_again_ends_the_session_before(nobody: Browser, anna: User) -> None:
    for _ in range(2):
        nobody.post("/sign-in", credentials(anna.email))
    assert count_sessions(nobody.database) == 1


def test_signing_in_is_in_the_audit_trail(nobody: Browser, anna: User) -> None:
    nobody.post("/sign-in", credentials())
    with nobody.database.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "sign_in")).one()
    assert (entry.subject, entry.subject_id, entry.actor, entry.note) == (
        "user",
        anna.id,
        f"portal:{ANNA}",
        "127.0.0.1",
    )


def test_the_ledger_has_neither_cookie_nor_password(nobody: Browser, anna: User) -> None:
    nobody.post("/sign-in", credentials(anna.email))
    with nobody.database.read() as session:
        kept = session.scalars(select(PortalSession)).one()
    assert cookie(nobody) not in str(vars(kept))
    assert PASSWORD not in str(vars(anna))


def test_after_five_wrong_passwords_even_the_right_one_waits(nobody: Browser, anna: User) -> None:
    for _ in range(5):
        assert nobody.post("/sign-in", credentials(password="wrong")).status_code == 422
    answer = nobody.post("/sign-in", credentials(anna.email))
    assert answer.status_code == 429
    assert "Too many tries; try again in 15 minutes." in answer.text


def test_signing_out_ends_the_session_for_good(operator: Browser) -> None:
    before = cookie(operator)
    assert operator.follow(operator.post("/sign-out")).status_code == 200
    operator.client.set_cookie("refund-sync", before)
    assert operator.get("/").status_code == 303
    assert count_sessions(operator.database) == 0


def test_somebody_signed_in_is_not_asked_to_sign_in(operator: Browser) -> None:
    assert operator.get("/sign-in?next=/me").headers["Location"] == "/me"


@pytest.mark.parametrize(
    "values",
    [
        {"seen_at": utcnow() - timedelta(hours=1, seconds=1)},
        {"expires_at": utcnow() - timedelta(seconds=1)},
    ],
)
def test_a_session_ends_by_doing_nothing_and_by_its_age(
    operator: Browser, values: dict[str, datetime]
) -> None:
    with operator.database.write() as session:
        session.execute(update(PortalSession).values(values))
    assert operator.get("/").status_code == 303


def seen_at(browser: Browser) -> datetime:
    with browser.database.read() as session:
        return session.scalars(select(PortalSession.seen_at)).one()


def test_looking_at_pages_keeps_a_session_alive_but_a_page_alone_does_not(operator: Browser) -> None:
    earlier = utcnow() - timedelta(minutes=50)
    with operator.database.write() as session:
        session.execute(update(PortalSession).values(seen_at=earlier))
    operator.get("/", X_Refresh="1")
    assert seen_at(operator) == earlier
    operator.get("/")
    assert seen_at(operator) > earlier + timedelta(minutes=49)


def disable(session: Session, user: User) -> None:
    people.disable_user(session, user.email, now=utcnow(), actor="test")


def demote(session: Session, user: User) -> None:
    people.set_role(session, user.id, Role.VIEWER, now=utcnow(), actor="test")


def give_password(session: Session, user: User) -> None:
    people.set_password(session, user.id, PASSWORD, now=utcnow(), actor="test")


@pytest.mark.parametrize("change", [disable, demote, give_password])
def test_being_disabled_or_changed_ends_every_session(
    admin: Browser, change: Callable[[Session, User], None]
) -> None:
    assert admin.user is not None
    assert admin.get("/").status_code == 200
    with admin.database.write() as session:
        change(session, admin.user)
    assert admin.get("/").status_code == 303


def with_second_factor(browser: Browser, user: User) -> tuple[pyotp.TOTP, list[str]]:
    """Switch a person's second factor on, as of ten minutes ago; return the app and the recovery codes."""
    earlier = utcnow() - timedelta(minutes=10)
    with browser.database.write() as session:
        second_factor.prepare(session, browser.vault, user.id)
    with browser.database.read() as session:
        app = pyotp.TOTP(second_factor.secret_of(browser.vault, session.get_one(User, user.id)))
    with browser.database.write() as session:
        codes = second_factor.confirm(
            session, browser.vault, user.id, app.at(earlier), now=earlier, actor="test"
        )
    return app, codes


def test_with_a_second_factor_the_password_alone_opens_nothing(nobody: Browser, anna: User) -> None:
    app, _ = with_second_factor(nobody, anna)
    page = nobody.post("/sign-in", credentials(next="/me"))
    assert page.status_code == 200
    assert "authenticator app" in page.text
    assert nobody.get("/").status_code == 303
    first = cookie(nobody)
    answer = nobody.post("/sign-in/code", {"code": app.now(), "next": "/me"})
    assert answer.headers["Location"] == "/me"
    assert cookie(nobody) != first
    assert nobody.get("/me").status_code == 200


def test_a_code_opens_once_only(nobody: Browser, anna: User) -> None:
    app, _ = with_second_factor(nobody, anna)
    code = app.now()
    nobody.post("/sign-in", credentials())
    nobody.post("/sign-in/code", {"code": code})
    nobody.post("/sign-out")
    nobody.post("/sign-in", credentials())
    answer = nobody.post("/sign-in/code", {"code": code})
    assert answer.status_code == 422
    assert "That code is wrong, or was used already." in answer.text


def test_a_recovery_code_opens_as_well(nobody: Browser, anna: User) -> None:
    _, codes = with_second_factor(nobody, anna)
    nobody.post("/sign-in", credentials())
    assert nobody.post("/sign-in/code", {"code": codes[3].upper()}).status_code == 303
    assert nobody.get("/").status_code == 200


def test_codes_are_counted_so_that_they_cannot_be_tried_through(nobody: Browser, anna: User) -> None:
    app, _ = with_second_factor(nobody, anna)
    nobody.post("/sign-in", credentials())
    for _ in range(5):
        assert nobody.post("/sign-in/code", {"code": "000000"}).status_code == 422
    assert nobody.post("/sign-in/code", {"code": app.now()}).status_code == 429


def test_a_code_without_a_password_before_it_leads_back(nobody: Browser) -> None:
    answer = nobody.post("/sign-in/code", {"code": "123456"})
    assert answer.status_code == 422
    assert "Sign in again" in text_of(answer)


def app_at(public_url: str, settings: Settings, database: Database, vault: Vault) -> Flask:
    values = {name: getattr(settings, name) for name in Settings.__dataclass_fields__}
    return create_app(Settings(**{**values, "public_url": public_url}), database=database, vault=vault)


@pytest.mark.parametrize(
    ("public_url", "base_url", "name", "is_secure"),
    [
        ("https://refunds.example.com", "http://127.0.0.1", "__Host-refund-sync", True),
        ("", "http://refunds.example.com", "__Host-refund-sync", True),
        ("", "https://localhost", "__Host-refund-sync", True),
        ("http://localhost:8000", "http://localhost:8000", "refund-sync", False),
        ("", "http://localhost", "refund-sync", False),
        ("", "http://127.0.0.1:8000", "refund-sync", False),
        ("", "http://[::1]:8000", "refund-sync", False),
    ],
)
def test_cookies_travel_by_tls_only_but_on_ones_own_machine(
    settings: Settings,
    database: Database,
    vault: Vault,
    public_url: str,
    base_url: str,
    name: str,
    *,
    is_secure: bool,
) -> None:
    client = app_at(public_url, settings, database, vault).test_client()
    cookie = client.get("/sign-in", base_url=base_url).headers["Set-Cookie"]
    assert cookie.startswith(f"{name}=")
    assert ("Secure" in cookie) is is_secure
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_without_the_ledger_nobody_signs_in_and_the_page_says_why(tmp_path: Path) -> None:
    nowhere = f"postgresql+psycopg://x:very-secret@127.0.0.1:1/{tmp_path.name}"
    settings = make_settings(tmp_path, "redis://127.0.0.1:1", nowhere)
    client = create_app(settings).test_client()
    client.set_cookie("refund-sync", sessions.new_token())
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "The ledger cannot be reached" in answer.text
    assert "very-secret" not in answer.text


@pytest.mark.parametrize(("theme", "shown"), [("dark", 'data-theme="dark"'), ("light", 'data-theme="light"')])
def test_the_looks_can_be_chosen_and_given_back(viewer: Browser, theme: str, shown: str) -> None:
    answer = viewer.post("/theme", {"theme": theme, "next": "/me"})
    assert answer.headers["Location"] == "/me"
    assert shown in viewer.get("/").text
    viewer.post("/theme", {"theme": ""})
    assert "data-theme" not in viewer.get("/").text
