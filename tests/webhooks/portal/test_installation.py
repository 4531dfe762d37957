"""Settings: Installation: what all accounts and processes share."""

from dataclasses import fields

from sqlalchemy import select

from ledger import installation
from ledger.installation import Installation
from ledger.models import AuditEntry
from tests.webhooks.portal.conftest import Browser, text_of
from webhooks.portal.installation_fields import FIELDS

HERE = "/settings/installation"


def stored(browser: Browser) -> Installation:
    with browser.database.read() as session:
        return installation.load(session)


def written(browser: Browser) -> list[tuple[str, str, str]]:
    with browser.database.read() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.subject == "installation"))
        return [(entry.actor, entry.action, entry.note) for entry in entries]


def test_every_setting_has_one_field() -> None:
    assert sorted(field.name for field in FIELDS) == sorted(each.name for each in fields(Installation))


def test_settings_are_shown_with_their_help_and_what_is_usual(admin: Browser) -> None:
    with admin.database.write() as session:
        installation.store(session, "keep_personal_days", "14")
    page = admin.get(HERE)
    assert 'name="keep_personal_days" type="text" value="14"' in page.text
    assert "Amazon allows 30 days. Usual: 30." in text_of(page)


def test_only_what_was_changed_is_stored_and_written_down(admin: Browser) -> None:
    before = {field.name: installation.text_of(Installation(), field.name) for field in FIELDS}
    answer = admin.post(HERE, {**before, "keep_personal_days": "14", "retry_seconds": "2.5"})
    assert "The settings of the installation were changed." in text_of(admin.follow(answer))
    assert stored(admin) == Installation(keep_personal_days=14, retry_seconds=2.5)
    (entry,) = written(admin)
    assert entry == (
        "portal:admin@example.com",
        "set",
        "retry_seconds: 30 to 2.5, keep_personal_days: 30 to 14",
    )
    assert entry[2] in text_of(admin.get("/settings/audit?subject=installation"))


def test_what_is_emptied_is_as_usual_again_and_what_is_not_sent_stays(admin: Browser) -> None:
    with admin.database.write() as session:
        installation.store(session, "keep_personal_days", "14")
        installation.store(session, "poll_minutes", "5")
    admin.post(HERE, {"keep_personal_days": ""})
    assert stored(admin) == Installation(poll_minutes=5)


def test_nothing_changes_if_one_field_is_wrong(admin: Browser) -> None:
    answer = admin.post(HERE, {"lease_seconds": "4", "poll_minutes": "5", "retry_seconds": "soon"})
    assert answer.status_code == 422
    assert "This must be from 5 to 3,600." in answer.text
    assert "This must be a positive number." in answer.text
    assert 'name="retry_seconds" type="text" value="soon"' in answer.text
    assert stored(admin) == Installation()
    assert written(admin) == []


def test_what_stays_as_it_is_is_said(admin: Browser) -> None:
    answer = admin.post(HERE, {"poll_minutes": "15"})
    assert "Nothing was changed." in text_of(admin.follow(answer))
    assert written(admin) == []
