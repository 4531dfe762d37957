"""Channels of alerts: made, changed, switched, tried out and removed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from ledger import alert_channels
from ledger.alert_channels import ChannelError, Ground, Wishes, new_secret
from ledger.database import Database
from ledger.models import Account, AlertChannel, AlertMessage, AuditEntry, ChannelKind, News
from ledger.secrets import Vault
from tests.support.alerts import EVERYWHERE, make_channel

HOOK = "https://hooks.example.com/services/T0/B0/x"
STRICT = Ground(can_mail=False, allow_private=False)


def stored(database: Database) -> AlertChannel:
    with database.read() as session:
        return session.scalars(select(AlertChannel)).one()


def trail(database: Database) -> list[tuple[str, str]]:
    with database.read() as session:
        query = select(AuditEntry).where(AuditEntry.subject == alert_channels.SUBJECT)
        return [(each.action, each.note) for each in session.scalars(query.order_by(AuditEntry.id))]


def add(
    database: Database,
    vault: Vault,
    kind: ChannelKind,
    now: datetime,
    ground: Ground = EVERYWHERE,
    **wishes: Any,  # noqa: ANN401 - fields of `Wishes`
) -> AlertChannel:
    with database.write() as session:
        wished = Wishes(**{"name": "slack", **wishes})
        return alert_channels.add(session, vault, kind, wished, ground=ground, now=now, actor="cli:anna")


def test_a_new_channel_tells_everything_at_once_of_every_account(
    database: Database, vault: Vault, now: datetime
) -> None:
    add(
        database,
        vault,
        ChannelKind.EMAIL,
        now,
        target="a@example.com, b@example.com\nA@example.com;b@example.com",
    )
    channel = stored(database)
    assert channel.news == [each.value for each in News]
    assert (channel.is_on, channel.account_ids, channel.tells_cleared) == (True, [], True)
    assert (channel.digest_minutes, channel.hourly_cap) == (0, alert_channels.USUAL_HOURLY)
    assert vault.open(channel.target) == {"to": ["a@example.com", "b@example.com", "A@example.com"]}
    assert alert_channels.shown_target(vault, channel) == "a@example.com, b@example.com, A@example.com"
    assert alert_channels.secret_of(vault, channel) == ""
    assert [action for action, _ in trail(database)] == ["add"]


def test_of_a_webhook_only_the_host_is_shown_and_nothing_is_kept_in_clear(
    database: Database, vault: Vault, now: datetime
) -> None:
    channel = add(database, vault, ChannelKind.WEBHOOK, now, STRICT, target=HOOK)
    assert alert_channels.shown_target(vault, channel) == "hooks.example.com"
    assert alert_channels.secret_of(vault, channel).startswith("whsec_")
    assert b"hooks" not in stored(database).target
    assert "T0" not in str(trail(database))


def test_no_two_secrets_are_alike() -> None:
    assert new_secret() != new_secret()


def test_a_channel_may_tell_of_some_things_and_accounts(
    database: Database, vault: Vault, shop: Account, now: datetime
) -> None:
    news = frozenset({News.PAUSED, News.ERROR})
    channel = add(
        database,
        vault,
        ChannelKind.WEBHOOK,
        now,
        target=HOOK,
        news=news,
        accounts=(shop.slug, shop.slug),
        tells_cleared=False,
        digest_minutes=1440,
        hourly_cap=1,
    )
    assert (channel.news, channel.account_ids) == (["error", "paused"], [shop.id])
    assert trail(database) == [
        (
            "add",
            f"webhook 'slack': error, paused; accounts {shop.id}; not cleared; digest 1440 min; 1 an hour",
        )
    ]


IMPOSSIBLE: Sequence[tuple[dict[str, Any], str]] = (
    ({"name": ""}, "bad_name"),
    ({"name": "x" * 81}, "bad_name"),
    ({"name": "a\nb"}, "bad_name"),
    ({"news": frozenset()}, "no_news"),
    ({"accounts": ("nobody",)}, "unknown_account"),
    ({"digest_minutes": -1}, "bad_number"),
    ({"digest_minutes": 1441}, "bad_number"),
    ({"hourly_cap": 0}, "bad_number"),
    ({"hourly_cap": 1001}, "bad_number"),
    ({"target": ""}, "bad_url"),
)


def test_a_channel_that_cannot_be_is_refused(database: Database, vault: Vault, now: datetime) -> None:
    for wishes, reason in IMPOSSIBLE:
        with pytest.raises(ChannelError) as refused:
            add(database, vault, ChannelKind.WEBHOOK, now, **{"target": HOOK, **wishes})
        assert refused.value.reason == reason, wishes
    with database.read() as session:
        assert session.scalars(select(AlertChannel)).all() == []


NO_ADDRESSES = (
    "",
    ", ,",
    "anna",
    "anna@example",
    "anna@example.com\nBcc:eve",
    "Anna <anna@example.com>",
    "a\x00@example.com",
    f"{'a' * 250}@example.com",
    " ".join(f"{number}@example.com" for number in range(21)),
)
NO_URLS = (
    "hooks.example.org",
    "ftp://hooks.example.org",
    "https:///",
    "https://[::1",
    "https://anna:secret@hooks.example.org",
    "https://hooks.example.org/#x",
    "https://hooks.example.org/a b",
    "https://hooks.example.org/\r\nX: y",
    "https://höoks.example.org/",
    f"https://hooks.example.org/{'x' * 2000}",
)
PRIVATE_URLS = (
    "http://hooks.example.org/x",
    "https://localhost/x",
    "https://127.0.0.1:8443/x",
    "https://10.0.0.7/x",
    "https://169.254.169.254/latest",
    "https://[::1]/x",
    "https://[fd00::1]/x",
    "https://metadata.google.internal/x",
)


def refused(
    database: Database, vault: Vault, kind: ChannelKind, now: datetime, target: str, ground: Ground
) -> str:
    """Return why a channel with a target is refused, which is not said in its words."""
    with pytest.raises(ChannelError) as found:
        add(database, vault, kind, now, ground, target=target)
    assert kind is ChannelKind.EMAIL or target not in str(found.value)
    return found.value.reason


def test_what_is_no_list_of_addresses_is_refused(database: Database, vault: Vault, now: datetime) -> None:
    for target in NO_ADDRESSES:
        assert refused(database, vault, ChannelKind.EMAIL, now, target, EVERYWHERE) == "bad_address"


@pytest.mark.parametrize("ground", [EVERYWHERE, STRICT])
def test_what_is_no_address_of_a_webhook_is_refused(
    database: Database, vault: Vault, now: datetime, ground: Ground
) -> None:
    for url in NO_URLS:
        assert refused(database, vault, ChannelKind.WEBHOOK, now, url, ground) == "bad_url"


def test_private_addresses_are_for_development_only(database: Database, vault: Vault, now: datetime) -> None:
    for number, url in enumerate(PRIVATE_URLS):
        assert refused(database, vault, ChannelKind.WEBHOOK, now, url, STRICT) == "bad_url"
        assert add(database, vault, ChannelKind.WEBHOOK, now, name=f"{number}", target=url).is_on


def test_a_public_address_is_good_by_number_too(database: Database, vault: Vault, now: datetime) -> None:
    assert add(database, vault, ChannelKind.WEBHOOK, now, STRICT, target="https://8.8.8.8/x").is_on


def test_without_a_mail_server_there_is_no_channel_by_mail(
    database: Database, vault: Vault, now: datetime
) -> None:
    with pytest.raises(ChannelError, match="REFUND_SYNC_SMTP_URL") as refused:
        add(database, vault, ChannelKind.EMAIL, now, STRICT, target="a@example.com")
    assert refused.value.reason == "no_mail_server"


def test_a_name_is_given_once(database: Database, vault: Vault, now: datetime) -> None:
    add(database, vault, ChannelKind.WEBHOOK, now, target=HOOK)
    with pytest.raises(ChannelError) as refused:
        add(database, vault, ChannelKind.EMAIL, now, target="a@example.com")
    assert refused.value.reason == "exists"


@pytest.fixture
def channel_id(database: Database, vault: Vault, now: datetime) -> int:
    """The id of a webhook's channel that failed and waits for its next try, claimed by a sender."""
    with database.write() as session:
        channel = make_channel(session, vault)
        channel.not_before = now + timedelta(hours=1)
        channel.lease_until = now + timedelta(minutes=1)
        channel.lease_token = 3
        return channel.id


def change(
    database: Database,
    vault: Vault,
    channel_id: int,
    now: datetime,
    **wishes: Any,  # noqa: ANN401 - fields of `Wishes`
) -> None:
    with database.write() as session:
        channel = alert_channels.get(session, channel_id)
        wished = Wishes(**{"name": channel.name, **wishes})
        alert_channels.change(session, vault, channel, wished, ground=EVERYWHERE, now=now, actor="cli:anna")


def test_a_channel_whose_address_is_mended_is_tried_at_once_by_whoever_comes_first(
    database: Database, vault: Vault, channel_id: int, now: datetime
) -> None:
    secret = alert_channels.secret_of(vault, stored(database))
    change(database, vault, channel_id, now, target="https://example.com/new")
    channel = stored(database)
    assert vault.open(channel.target) == {"url": "https://example.com/new", "secret": secret}
    assert (channel.not_before, channel.lease_until, channel.lease_token) == (None, None, 4)
    assert trail(database)[1:] == [("set", "target")]


@pytest.mark.parametrize("target", ["", HOOK])
def test_a_channel_whose_address_stays_keeps_who_sends_to_it(
    database: Database, vault: Vault, channel_id: int, now: datetime, target: str
) -> None:
    before = stored(database)
    change(database, vault, channel_id, now, target=target, name="other", hourly_cap=7)
    channel = stored(database)
    assert (channel.target, channel.lease_token, channel.name) == (before.target, 3, "other")
    assert channel.not_before is None
    ((action, note),) = trail(database)[1:]
    assert action == "set"
    assert "'slack'" in note.partition(" -> ")[0]
    assert note.endswith("7 an hour")


def test_what_stays_as_it_is_leaves_no_trace(
    database: Database, vault: Vault, channel_id: int, now: datetime
) -> None:
    change(database, vault, channel_id, now)
    assert [action for action, _ in trail(database)] == ["add"]


def test_a_channel_cannot_take_anothers_name(
    database: Database, vault: Vault, channel_id: int, now: datetime
) -> None:
    with database.write() as session:
        make_channel(session, vault, "taken")
    with pytest.raises(ChannelError) as refused:
        change(database, vault, channel_id, now, name="taken")
    assert refused.value.reason == "exists"


def test_a_channel_is_switched_off_and_on(database: Database, channel_id: int, now: datetime) -> None:
    for is_on in (False, True):
        with database.write() as session:
            channel = alert_channels.get(session, channel_id)
            alert_channels.switch(session, channel, is_on=is_on, now=now, actor="cli:anna")
        assert stored(database).is_on is is_on
    assert trail(database)[1:] == [("set", "switched off"), ("set", "switched on")]


def test_a_secret_is_replaced_and_the_address_stays(
    database: Database, vault: Vault, channel_id: int, now: datetime
) -> None:
    before = vault.open(stored(database).target)
    with database.write() as session:
        channel = alert_channels.get(session, channel_id)
        secret = alert_channels.rotate_secret(session, vault, channel, now=now, actor="cli:anna")
    assert vault.open(stored(database).target) == {"url": before["url"], "secret": secret}
    assert secret != before["secret"]
    assert trail(database)[1:] == [("rotate_secret", "")]


def test_a_test_is_a_message_that_is_to_be_sent(database: Database, channel_id: int, now: datetime) -> None:
    with database.write() as session:
        channel = alert_channels.get(session, channel_id)
        made = alert_channels.ask_test(session, channel, now=now, actor="cli:anna")
    with database.read() as session:
        message = session.scalars(select(AlertMessage)).one()
    assert (message.id, message.is_test, message.sent_at, message.tries) == (made.id, True, None, 0)
    assert trail(database)[1:] == [("test", "")]


def test_a_channel_is_removed_with_its_messages(database: Database, channel_id: int, now: datetime) -> None:
    with database.write() as session:
        channel = alert_channels.get(session, channel_id)
        alert_channels.ask_test(session, channel, now=now, actor="cli:anna")
        alert_channels.remove(session, channel, now=now, actor="cli:anna")
    with database.read() as session:
        assert session.scalars(select(AlertChannel)).all() == []
        assert session.scalars(select(AlertMessage)).all() == []
    assert trail(database)[-1][0] == "remove"


def test_channels_are_found_by_id_and_name(database: Database, vault: Vault, channel_id: int) -> None:
    with database.write() as session:
        make_channel(session, vault, "all")
        assert [each.name for each in alert_channels.channels(session)] == ["all", "slack"]
        assert alert_channels.by_name(session, "slack").id == channel_id
        with pytest.raises(ChannelError) as missing:
            alert_channels.get(session, 99)
        with pytest.raises(ChannelError) as unknown:
            alert_channels.by_name(session, "no")
    assert missing.value.reason == unknown.value.reason == "not_found"
