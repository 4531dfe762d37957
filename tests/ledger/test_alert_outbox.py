"""The outbox of alerts: who may send on a channel, what becomes a message, and what became of it."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from ledger import alert_channels, alert_outbox
from ledger.alert_outbox import LEASE
from ledger.database import Database
from ledger.models import Account, AlertChannel, AlertMessage, AlertNotice, News, Phase
from ledger.secrets import Vault
from tests.support.alerts import make_channel, raise_errors
from tests.support.racing import race

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def channel_id(database: Database, vault: Vault) -> int:
    """The id of a channel."""
    with database.write() as session:
        return make_channel(session, vault).id


@pytest.fixture
def told(database: Database, shop: Account, channel_id: int, now: datetime) -> int:
    """The same, with three notices that wait."""
    with database.write() as session:
        raise_errors(session, shop.id, 1, 2, 3, now=now)
    return channel_id


def ready(database: Database, now: datetime) -> list[int]:
    with database.read() as session:
        return list(alert_outbox.ready(session, now=now))


def claim(database: Database, channel_id: int, now: datetime) -> AlertChannel | None:
    with database.write() as session:
        return alert_outbox.claim(session, channel_id, now=now)


def claimed(database: Database, channel_id: int, now: datetime) -> AlertChannel:
    channel = claim(database, channel_id, now)
    assert channel is not None
    return channel


def waiting(database: Database, channel: AlertChannel) -> list[int]:
    with database.read() as session:
        return [number for number, *_ in alert_outbox.pending(session, channel)]


def pack(
    database: Database, channel: AlertChannel, notices: list[int], now: datetime, held: int = 0
) -> AlertMessage:
    with database.write() as session:
        return alert_outbox.pack(session, channel, notices, held=held, now=now)


def ask_test(database: Database, channel_id: int, now: datetime) -> None:
    with database.write() as session:
        channel = alert_channels.get(session, channel_id)
        alert_channels.ask_test(session, channel, now=now, actor="test")


def switch_off(database: Database, channel_id: int) -> None:
    with database.write() as session:
        session.get_one(AlertChannel, channel_id).is_on = False


def test_a_channel_with_nothing_to_tell_is_left_alone(
    database: Database, channel_id: int, now: datetime
) -> None:
    assert ready(database, now) == []
    assert waiting(database, claimed(database, channel_id, now)) == []


def test_a_channel_with_news_is_claimed_by_one(database: Database, told: int, now: datetime) -> None:
    assert ready(database, now) == [told]
    found = race(*[lambda: claim(database, told, now)] * 4)
    assert sum(channel is not None for channel in found) == 1
    assert ready(database, now) == []
    assert claim(database, told, now + LEASE - SECOND) is None
    assert ready(database, now + LEASE) == [told]
    assert claimed(database, told, now + LEASE).lease_token == 2


def test_a_channel_that_is_gone_cannot_be_claimed(database: Database, now: datetime) -> None:
    assert claim(database, 7, now) is None


def test_a_channel_rests_until_its_time(database: Database, told: int, now: datetime) -> None:
    channel = claimed(database, told, now)
    with database.write() as session:
        assert alert_outbox.rest(session, channel, now + HOUR)
    assert ready(database, now + HOUR - SECOND) == []
    assert claim(database, told, now + HOUR - SECOND) is None
    assert ready(database, now + HOUR) == [told]


def test_a_test_is_sent_whatever_the_channels_time_and_switch_are(
    database: Database, told: int, now: datetime
) -> None:
    channel = claimed(database, told, now)
    pack(database, channel, waiting(database, channel), now)
    with database.write() as session:
        alert_outbox.rest(session, channel, now + HOUR)
    switch_off(database, told)
    assert ready(database, now + HOUR) == []
    ask_test(database, told, now)
    assert ready(database, now) == [told]
    channel = claimed(database, told, now)
    with database.read() as session:
        assert [each.is_test for each in alert_outbox.unsent(session, channel)] == [True]


def test_of_a_channel_that_is_on_tests_go_first(database: Database, told: int, now: datetime) -> None:
    channel = claimed(database, told, now)
    pack(database, channel, waiting(database, channel), now)
    ask_test(database, told, now)
    with database.read() as session:
        assert [each.is_test for each in alert_outbox.unsent(session, channel)] == [True, False]


def test_a_test_that_failed_is_not_sent_again(database: Database, channel_id: int, now: datetime) -> None:
    ask_test(database, channel_id, now)
    channel = claimed(database, channel_id, now)
    with database.write() as session:
        (message,) = alert_outbox.unsent(session, channel)
        assert alert_outbox.failed(session, channel, message, "refused", "no", not_before=now)
    assert ready(database, now) == []
    with database.read() as session:
        assert alert_outbox.unsent(session, channel) == []


def test_notices_become_messages_once(database: Database, told: int, now: datetime) -> None:
    channel = claimed(database, told, now)
    first, *others = waiting(database, channel)
    one = pack(database, channel, [first], now)
    assert waiting(database, channel) == others
    two = pack(database, channel, others, now, held=1)
    assert waiting(database, channel) == []
    assert (one.number, one.held, two.number, two.held) == (1, 0, 2, 1)
    assert one.key != two.key
    with database.read() as session:
        assert [each.id for each in alert_outbox.unsent(session, channel)] == [one.id, two.id]
    assert ready(database, now + LEASE) == [told]


def test_more_than_a_statement_holds_become_one_message(
    database: Database, shop: Account, channel_id: int, now: datetime
) -> None:
    with database.write() as session:
        raise_errors(session, shop.id, *range(1, 1502), now=now)
    channel = claimed(database, channel_id, now)
    with database.write() as session:
        alert_outbox.hold(session, waiting(database, channel)[:1001])
        assert sum(was_held for _, _, was_held, _ in alert_outbox.pending(session, channel)) == 1001
    message = pack(database, channel, waiting(database, channel), now)
    assert (message.number, waiting(database, channel)) == (1501, [])


def test_what_a_message_tells_is_shown_in_part_and_counted_as_a_whole(
    database: Database, shop: Account, told: int, now: datetime
) -> None:
    channel = claimed(database, told, now)
    message = pack(database, channel, waiting(database, channel), now)
    with database.write() as session:
        last = session.scalars(select(AlertNotice).order_by(AlertNotice.id.desc())).first()
        assert last is not None
        last.phase = Phase.CLEARED
    with database.read() as session:
        contents = alert_outbox.contents(session, message, limit=2)
    assert [(each.alert.subject_id, each.phase, each.account) for each in contents.entries] == [
        (1, Phase.RAISED, shop.slug),
        (2, Phase.RAISED, shop.slug),
    ]
    assert contents.numbers == {(Phase.RAISED, News.ERROR): 2, (Phase.CLEARED, News.ERROR): 1}


def test_a_message_that_was_sent_is_sent_no_more(database: Database, told: int, now: datetime) -> None:
    channel = claimed(database, told, now)
    message = pack(database, channel, waiting(database, channel), now)
    with database.write() as session:
        assert alert_outbox.failed(session, channel, message, "refused", "no", not_before=now + HOUR)
    with database.read() as session:
        stored = session.get_one(AlertChannel, told)
        assert (stored.failures, stored.reason, stored.detail) == (1, "refused", "no")
        assert (stored.not_before, stored.lease_until) == (now + HOUR, None)
    channel = claimed(database, told, now + HOUR)
    with database.write() as session:
        assert alert_outbox.sent(session, channel, message, detail="b@example.com", now=now + HOUR)
        assert alert_outbox.unsent(session, channel) == []
    with database.read() as session:
        stored = session.get_one(AlertChannel, told)
        assert (stored.failures, stored.reason, stored.detail) == (0, "", "b@example.com")
        assert stored.told_at == now + HOUR
        (kept,) = alert_outbox.messages(session, told, limit=9)
        assert (kept.sent_at, kept.tries, kept.reason) == (now + HOUR, 2, "")


def test_whose_claim_is_over_can_write_nothing_down(database: Database, told: int, now: datetime) -> None:
    slow = claimed(database, told, now)
    message = pack(database, slow, waiting(database, slow), now)
    claimed(database, told, now + LEASE)
    with database.write() as session:
        assert not alert_outbox.renew(session, slow, now=now)
        assert not alert_outbox.sent(session, slow, message, detail="", now=now)
        assert not alert_outbox.failed(session, slow, message, "refused", "", not_before=now)
        assert not alert_outbox.rest(session, slow, None)
    with database.read() as session:
        stored = session.get_one(AlertMessage, message.id)
        assert (stored.sent_at, stored.tries, stored.reason) == (None, 0, "")


def test_messages_of_the_last_hour_are_counted_without_tests(
    database: Database, told: int, now: datetime
) -> None:
    ask_test(database, told, now)
    channel = claimed(database, told, now)
    first, second, _ = waiting(database, channel)
    for notice, at in ((first, now - HOUR), (second, now)):
        message = pack(database, channel, [notice], now)
        with database.write() as session:
            alert_outbox.sent(session, channel, message, detail="", now=at)
    with database.write() as session:
        (test,) = alert_outbox.unsent(session, channel)
        alert_outbox.sent(session, channel, test, detail="", now=now)
        assert alert_outbox.sent_since(session, channel, now - HOUR) == [now]
        assert alert_outbox.waiting(session) == {told: 1}


def test_old_messages_are_forgotten_unless_they_are_still_to_be_sent(
    database: Database, told: int, now: datetime
) -> None:
    ask_test(database, told, now)
    channel = claimed(database, told, now)
    first, second, _ = waiting(database, channel)
    done = pack(database, channel, [first], now)
    kept = pack(database, channel, [second], now)
    with database.write() as session:
        alert_outbox.sent(session, channel, done, detail="", now=now)
        assert alert_outbox.forget(session, now, limit=9) == 0
        assert [alert_outbox.forget(session, now + SECOND, limit=1) for _ in range(3)] == [1, 1, 0]
        assert [each.id for each in alert_outbox.messages(session, told, limit=9)] == [kept.id]
    with database.read() as session:
        assert len(session.scalars(select(AlertNotice)).all()) == 2
