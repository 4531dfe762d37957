"""Settings: alerts: channels made, changed, tried out and removed, and what was told last."""

import re
from typing import Any

import pytest
from sqlalchemy import select, update

from ledger import alert_outbox, pausing
from ledger.database import Database
from ledger.models import (
    Account,
    AlertChannel,
    AlertMessage,
    AuditEntry,
    ChannelKind,
    NetSuiteAccount,
    News,
)
from ledger.secrets import Vault
from ledger.settings import Settings
from tests.support.alerts import make_channel, raise_errors
from tests.support.applications import SharedApplication
from tests.support.ledger import NOW
from tests.support.settings import make_settings
from tests.webhooks.portal.conftest import Browser, Enter, text_of
from webhooks.app import create_app

HERE = "/settings/alerts"
HOOK = "https://hooks.example.com/services/T0/B0/very-secret"
ONCE = re.compile(r'<p class="once"><code>([^<]+)</code>')
FORM: dict[str, Any] = {
    "name": "slack",
    "target": HOOK,
    "news": ["error", "paused"],
    "tells_cleared": "1",
    "digest_minutes": "0",
    "hourly_cap": "12",
}
"""A form as a browser sends it."""


@pytest.fixture(scope="module")
def _shared(vault: Vault, _valkey: str, tmp_path_factory: pytest.TempPathFactory) -> SharedApplication:
    """A web process that knows a mail server."""
    settings = make_settings(
        tmp_path_factory.mktemp("mailing"),
        _valkey,
        smtp_url="smtp://mail.example.com",
        mail_from="refunds@example.com",
    )
    return SharedApplication(settings, vault)


def stored(browser: Browser) -> list[AlertChannel]:
    with browser.database.read() as session:
        return list(session.scalars(select(AlertChannel).order_by(AlertChannel.id)))


def one(browser: Browser) -> AlertChannel:
    (channel,) = stored(browser)
    return channel


def add(browser: Browser, **wishes: Any) -> str:  # noqa: ANN401 - fields of `Wishes`
    """Add a channel; return its page."""
    with browser.database.write() as session:
        return f"{HERE}/{make_channel(session, browser.vault, **wishes).id}"


def last_message(browser: Browser, **values: Any) -> None:  # noqa: ANN401 - columns of `AlertMessage`
    """Let something have become of the message made last."""
    with browser.database.write() as session:
        last = select(AlertMessage.id).order_by(AlertMessage.id.desc()).limit(1).scalar_subquery()
        session.execute(update(AlertMessage).where(AlertMessage.id == last).values(**values))


def test_where_nobody_is_told_the_page_says_so(admin: Browser) -> None:
    page = text_of(admin.get(HERE))
    assert "Nobody is told of anything yet." in page
    assert "Nothing has needed anybody yet." in page
    assert "Add e-mail" in page
    assert "REFUND_SYNC_SMTP_URL" not in page


def test_an_added_webhook_shows_its_secret_once_and_its_address_never(admin: Browser, shop_id: int) -> None:
    assert "An incoming webhook of Slack" in text_of(admin.get(f"{HERE}/new/webhook"))
    answer = admin.post(f"{HERE}/new/webhook", {**FORM, "account": ["shop"]})
    shown = ONCE.search(answer.text)
    assert shown is not None
    channel = one(admin)
    assert admin.vault.open(channel.target) == {"url": HOOK, "secret": shown[1]}
    assert (channel.news, channel.account_ids) == (["error", "paused"], [shop_id])
    assert (channel.tells_cleared, channel.digest_minutes, channel.hourly_cap) == (True, 0, 12)
    for page in (answer, admin.get(HERE), admin.get(f"{HERE}/{channel.id}")):
        assert "very-secret" not in page.text
    assert "hooks.example.com" in admin.get(HERE).text
    assert shown[1] not in admin.get(f"{HERE}/{channel.id}").text
    with admin.database.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.subject == "alert_channel")).one()
    assert (entry.action, entry.actor) == ("add", "portal:admin@example.com")


def test_an_added_mail_channel_is_shown_with_its_addresses(admin: Browser) -> None:
    values = {**FORM, "name": "finance", "target": "anna@example.com\r\notto@example.com"}
    page = text_of(admin.follow(admin.post(f"{HERE}/new/email", values)))
    assert "The channel finance was added." in page
    assert "E-mail anna@example.com, otto@example.com" in page
    assert one(admin).kind is ChannelKind.EMAIL
    assert "Failing" not in text_of(admin.get(HERE))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": ""}, "A name has letters"),
        ({"target": "http://10.0.0.7/x"}, "A webhook must have a public https:// address."),
        ({"news": []}, "Choose at least one thing to be told of."),
        ({"digest_minutes": "soon"}, "News is gathered for 0 to 1440 minutes."),
        ({"hourly_cap": "9999999"}, "A channel sends 1 to 1000 messages an hour at most."),
        ({"account": ["nobody"]}, "There is no account 'nobody'."),
    ],
)
def test_a_channel_is_not_added_by_mistake(admin: Browser, values: dict[str, Any], said: str) -> None:
    answer = admin.post(f"{HERE}/new/webhook", {**FORM, **values})
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert stored(admin) == []


def test_a_kind_that_there_is_not_is_not_found(admin: Browser) -> None:
    assert admin.get(f"{HERE}/new/pigeon").status_code == 404
    assert admin.post(f"{HERE}/new/pigeon", FORM).status_code == 404


def test_without_a_mail_server_the_page_says_what_to_set(
    settings: Settings, database: Database, vault: Vault, enter: Enter, admin: Browser
) -> None:
    app = create_app(settings, database=database, vault=vault)
    here = Browser(app.test_client(), admin.database, admin.redis, admin.vault, admin.user)
    here.client.set_cookie("refund-sync", admin.client.get_cookie("refund-sync").value)  # type: ignore[union-attr] # it is signed in
    page = here.get(HERE)
    assert "set REFUND_SYNC_SMTP_URL and REFUND_SYNC_MAIL_FROM" in text_of(page)
    assert "Add e-mail" not in page.text
    assert "There is no mail server" in text_of(here.get(f"{HERE}/new/email"))
    answer = here.post(f"{HERE}/new/email", {**FORM, "target": "anna@example.com"})
    assert answer.status_code == 422
    assert "There is no mail server to send by" in text_of(answer)
    assert stored(here) == []


def test_a_channel_is_changed_and_keeps_an_address_that_is_not_given(admin: Browser, shop_id: int) -> None:
    where = add(admin, target=HOOK, accounts=("shop",), digest_minutes=30)
    assert shop_id
    page = admin.get(where).text
    assert re.search(r'name="account" value="shop" checked', page)
    assert re.search(r'name="digest_minutes" type="number" value="30"', page)
    before = admin.vault.open(one(admin).target)
    values = {**FORM, "name": "ops", "target": "", "news": ["quarantined"], "hourly_cap": "3"}
    del values["tells_cleared"]
    assert "The channel ops was changed." in text_of(admin.follow(admin.post(where, values)))
    channel = one(admin)
    assert admin.vault.open(channel.target) == before
    assert (channel.name, channel.news, channel.account_ids) == ("ops", ["quarantined"], [])
    assert (channel.tells_cleared, channel.hourly_cap) == (False, 3)


def test_a_change_that_cannot_be_changes_nothing_and_keeps_what_was_typed(admin: Browser) -> None:
    where = add(admin, kind=ChannelKind.EMAIL, target="anna@example.com")
    answer = admin.post(where, {**FORM, "name": "ops", "target": "anna@example.com, otto"})
    assert answer.status_code == 422
    page = text_of(answer)
    assert "'otto' is not an e-mail address." in page
    assert "anna@example.com, otto" in page
    assert one(admin).name == "slack"


def test_a_channel_is_switched_off_and_on(admin: Browser) -> None:
    where = add(admin)
    assert "The channel slack is off." in text_of(admin.follow(admin.post(f"{where}/switch", {"to": "off"})))
    assert not one(admin).is_on
    assert "Off" in text_of(admin.get(HERE))
    admin.post(f"{where}/switch", {"to": "on"})
    assert one(admin).is_on
    assert admin.post(f"{where}/switch", {"to": "sideways"}).status_code == 404


def test_a_test_is_left_to_the_scheduler_and_its_outcome_shown(admin: Browser) -> None:
    where = add(admin)
    answer = admin.post(f"{where}/test")
    page = admin.follow(answer)
    assert "The scheduler sends the test." in text_of(page)
    assert 'hx-trigger="every 2s"' in page.text
    outcome = answer.headers["Location"]
    last_message(admin, tries=1, reason="refused", detail="hooks.example.com answered 404 no_service")
    page = admin.get(outcome)
    assert "The test could not be sent: hooks.example.com answered 404 no_service refused" in text_of(page)
    assert "hx-trigger" not in page.text
    last_message(admin, tries=2, sent_at=NOW, reason="", detail="")
    assert "The test was sent at 2026-03-14 15:09:26." in text_of(admin.get(outcome))
    last_message(admin, detail="otto@example.com was refused")
    assert "otto@example.com was refused" in text_of(admin.get(outcome))


def test_the_outcome_is_shown_of_the_channels_own_test_only(admin: Browser, shop_id: int) -> None:
    where, other = add(admin), add(admin, name="other")
    test = admin.post(f"{where}/test").headers["Location"].partition("?")[2]
    with admin.database.write() as session:
        raise_errors(session, shop_id, 1)
        channel = session.get_one(AlertChannel, 1)
        alert = alert_outbox.pack(session, channel, [1], held=0, now=NOW)
    for address in (
        f"{other}?{test}",
        f"{where}?test={alert.id}",
        f"{where}?test=99",
        f"{HERE}/new/email?{test}",
    ):
        assert "sends the test" not in text_of(admin.get(address))


def test_a_new_secret_is_shown_once(admin: Browser) -> None:
    where = add(admin)
    assert "Give slack a new secret?" in text_of(admin.get(f"{where}/secret"))
    before = admin.vault.open(one(admin).target)
    shown = ONCE.search(admin.post(f"{where}/secret").text)
    assert shown is not None
    assert admin.vault.open(one(admin).target) == {**before, "secret": shown[1]}
    mail = add(admin, name="mail", kind=ChannelKind.EMAIL)
    assert admin.post(f"{mail}/secret").status_code == admin.get(f"{mail}/secret").status_code == 404


def test_a_channel_is_removed_after_asking(admin: Browser, shop_id: int) -> None:
    where = add(admin)
    page = text_of(admin.get(f"{where}/remove"))
    assert "Nobody is told of anything by slack any more." in page
    assert "What waits" not in page
    with admin.database.write() as session:
        raise_errors(session, shop_id, 1, 2)
    assert "What waits to be told by it (2) is told nobody by it" in text_of(admin.get(f"{where}/remove"))
    assert "The channel slack was removed." in text_of(admin.follow(admin.post(f"{where}/remove")))
    assert stored(admin) == []
    assert admin.get(where).status_code == 404


def test_a_channel_that_fails_is_shown_with_why(admin: Browser) -> None:
    where = add(admin)
    with admin.database.write() as session:
        values = {"failures": 3, "reason": "refused", "detail": "hooks.example.com answered 404"}
        session.execute(update(AlertChannel).values(**values))
    assert "Failing hooks.example.com answered 404 refused" in text_of(admin.get(HERE))
    assert "Failing 3 times in a row: hooks.example.com answered 404 refused" in text_of(admin.get(where))


def test_who_of_several_was_refused_is_shown(admin: Browser) -> None:
    where = add(admin, kind=ChannelKind.EMAIL)
    with admin.database.write() as session:
        session.execute(update(AlertChannel).values(detail="mail.example.com refused otto@example.com"))
    for page in (HERE, where):
        assert "On mail.example.com refused otto@example.com" in text_of(admin.get(page))


def test_a_target_that_no_key_opens_does_not_hide_the_page(admin: Browser) -> None:
    where = add(admin)
    with admin.database.write() as session:
        session.execute(update(AlertChannel).values(target=b"sealed with another key"))
    for page in (HERE, where):
        assert "cannot be opened" in text_of(admin.get(page))


def test_the_last_alerts_are_listed_with_links_to_what_they_are_about(admin: Browser, shop_id: int) -> None:
    with admin.database.write() as session:
        shop, books = session.get_one(Account, shop_id), session.get_one(NetSuiteAccount, 1)
        raise_errors(session, shop_id, 17)
        pausing.pause(session, shop, "BAD_CREDENTIALS", "401", now=NOW, actor="system")
        pausing.pause(session, books, "NO_PERMISSION", "403", now=NOW, actor="system")
        pausing.resume(session, shop, now=NOW, actor="cli:anna")
    page = admin.get(HERE)
    assert 'href="/refunds/17"' in page.text
    assert 'href="/settings/accounts/shop"' in page.text
    assert 'href="/settings/netsuite-accounts"' in page.text
    assert "Resume" in text_of(page)


def test_messages_are_listed_with_what_became_of_them(admin: Browser, shop_id: int) -> None:
    where = add(admin)
    with admin.database.write() as session:
        raise_errors(session, shop_id, 1, 2)
        channel = session.get_one(AlertChannel, 1)
        alert_outbox.pack(session, channel, [1, 2], held=2, now=NOW)
    page = text_of(admin.get(where))
    assert "2 alerts, 2 of them held back by the cap" in page
    assert "Waiting" in page
    last_message(admin, tries=1, reason="unreachable", detail="no route")
    assert "Failed no route unreachable" in text_of(admin.get(where))


def test_the_audit_trail_links_to_the_channel(admin: Browser) -> None:
    where = add(admin)
    assert f'href="{where}"' in admin.get("/settings/audit?subject=alert_channel").text


def test_every_kind_of_news_can_be_chosen(admin: Browser) -> None:
    page = admin.get(f"{HERE}/new/webhook").text
    assert re.findall(r'name="news" value="([a-z_]+)" checked', page) == [each.value for each in News]
