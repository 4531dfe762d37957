"""Alerts whose receivers fail, and senders that come in each other's way."""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, text, update

from ledger.alert_outbox import LEASE
from ledger.models import Alert, AlertChannel, ChannelKind
from tests.support.telling import DOWN, OK, Teller, key_of, subjects, told
from tests.support.waiting import until
from tests.workers.platforms.wire import wire
from workers.alerting import Alerting
from workers.rules.telling import GATHER

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

Log = Sequence[Mapping[str, Any]]


def test_a_channel_that_fails_is_shown_and_tried_again_later_and_later(teller: Teller) -> None:
    with wire(DOWN, DOWN, OK) as served:
        teller.channel(served.url)
        teller.fail(1)
        teller.look(after=GATHER)
        failing = teller.stored()
        assert (failing.failures, failing.reason) == (1, "refused")
        assert failing.detail == "127.0.0.1 answered 503 try later"
        assert failing.not_before == teller.now + MINUTE / 2
        teller.fail(2)
        teller.look()
        assert len(served.requests) == 1
        teller.look(after=MINUTE / 2)
        assert teller.stored().not_before == teller.now + MINUTE
        teller.look(after=MINUTE)
    # The first message is the same at every try; what came meanwhile is told after it.
    assert [subjects(each) for each in told(served)] == [[("raised", 1)]] * 3 + [[("raised", 2)]]
    keys = [key_of(request) for request in served.requests]
    assert keys[0] == keys[1] == keys[2] != keys[3]
    assert (teller.stored().failures, teller.stored().reason) == (0, "")
    assert teller.counted() == {("webhook", "failed"): 2, ("webhook", "sent"): 2}


def test_tries_are_an_hour_apart_in_the_end(teller: Teller) -> None:
    with wire(DOWN) as served:
        teller.channel(served.url)
        teller.fail(1)
        for _ in range(12):
            teller.look(after=HOUR)
    assert teller.stored().not_before == teller.now + HOUR
    assert len({key_of(request) for request in served.requests}) == 1


def test_what_was_sent_but_not_written_down_comes_again_under_its_key(teller: Teller) -> None:
    arrived, go_on = threading.Event(), threading.Event()

    def slowly(connection: socket.socket, over: threading.Event) -> None:
        arrived.set()
        assert go_on.wait(10)
        OK(connection, over)

    with wire(slowly, OK) as served:
        teller.channel(served.url)
        teller.fail(1)
        teller.now += GATHER
        slow = threading.Thread(target=teller.look)
        slow.start()
        assert arrived.wait(10)
        other = teller.another()
        other.look()  # the claim holds
        assert len(served.requests) == 1
        other.look(after=LEASE)
        go_on.set()
        slow.join(10)
    first, second = served.requests
    assert key_of(first) == key_of(second)
    (message,) = teller.messages()
    assert (message.sent_at, message.tries) == (other.now, 1)


def test_whose_claim_is_over_sends_no_more(teller: Teller) -> None:
    def take_over(connection: socket.socket, over: threading.Event) -> None:
        with teller.runtime.database.write() as session:
            channel = session.scalars(select(AlertChannel)).one()
            channel.lease_token += 1
        OK(connection, over)

    with wire(take_over, OK) as served:
        teller.channel(served.url)
        teller.fail(1, 2)
        teller.look(after=GATHER)
    assert len(served.requests) == 1
    assert [each.sent_at for each in teller.messages()] == [None, None]


@pytest.mark.parametrize(("looks", "made"), [(2, 0), (3, 1)])
def test_whose_claim_ends_before_it_plans_or_sends_does_neither(
    teller: Teller, looks: int, made: int
) -> None:
    """It looks at the clock to claim, to plan and to send; at one of these looks another has taken over."""
    passed = 0

    def clock() -> datetime:
        nonlocal passed
        passed += 1
        if passed == looks:
            with teller.runtime.database.write() as session:
                session.execute(update(AlertChannel).values(lease_token=9))
        return teller.now

    with wire(OK) as served:
        channel = teller.channel(served.url)
        teller.fail(1)
        teller.now += GATHER
        Alerting(teller.runtime, clock=clock).serve(channel.id)
    assert served.requests == []
    assert len(teller.messages()) == made
    assert teller.stored().lease_token == 9


def test_two_at_once_send_each_message_once(teller: Teller) -> None:
    other = teller.another()
    with wire(OK) as served:
        teller.channel(served.url, hourly_cap=1000)
        for round_ in range(5):
            teller.fail(*range(round_ * 3 + 1, round_ * 3 + 4))
            teller.now = other.now = teller.now + GATHER
            threads = [threading.Thread(target=each.look) for each in (teller, other)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(10)
    assert sorted(subject for each in told(served) for _, subject in subjects(each)) == list(range(1, 16))
    assert len({key_of(request) for request in served.requests}) == len(served.requests)


def test_a_test_goes_at_once_even_where_the_channel_is_off_or_failing(teller: Teller) -> None:
    with wire(DOWN, DOWN, OK) as served:
        teller.channel(served.url)
        teller.fail(1)
        teller.look(after=GATHER)
        teller.ask_test()
        teller.look()
        *_, failed = teller.messages()
        assert (failed.is_test, failed.tries, failed.reason) == (True, 1, "refused")
        teller.look(after=2 * MINUTE)  # the alert; the test is not tried again
        with teller.runtime.database.write() as session:
            session.execute(update(AlertChannel).values(is_on=False))
        teller.fail(2)
        teller.ask_test()
        teller.look(after=MINUTE)
    assert [each["type"] for each in told(served)] == ["alerts", "test", "alerts", "test"]
    assert "test of the channel slack" in told(served)[-1]["text"]


def test_tests_do_not_count_for_the_cap(teller: Teller) -> None:
    with wire(OK) as served:
        teller.channel(served.url, hourly_cap=1)
        teller.ask_test()
        teller.look()
        teller.fail(1)
        teller.look(after=GATHER)
    assert [each["type"] for each in told(served)] == ["test", "alerts"]


def test_without_a_mail_server_the_channel_says_so(teller: Teller) -> None:
    teller.channel("anna@example.com", kind=ChannelKind.EMAIL)
    teller.ask_test()
    teller.look()
    assert teller.stored().reason == "unconfigured"
    assert "REFUND_SYNC_SMTP_URL" in teller.stored().detail


def test_a_target_that_no_key_opens_is_said(teller: Teller) -> None:
    teller.channel()
    teller.ask_test()
    teller.another(secret_keys=(Fernet.generate_key().decode(),)).look()
    assert teller.stored().reason == "unreadable"
    assert "REFUND_SYNC_SECRET_KEY" in teller.stored().detail


def test_what_nobody_foresaw_fails_the_channel_and_is_logged(teller: Teller, log: Log) -> None:
    teller.channel()
    teller.fail(1)
    with teller.runtime.database.write() as session:
        session.execute(update(Alert).values(subject="nonsense"))
    teller.look(after=GATHER)
    assert teller.stored().reason == "internal"
    assert [line["event"] for line in log] == ["crash", "alert_failed"]


def test_private_addresses_are_refused_outside_development(teller: Teller) -> None:
    with wire(OK) as served:
        teller.channel(served.url)
        teller.ask_test()
        teller.another(allow_private_urls=False).look()
    assert served.requests == []
    assert teller.stored().reason == "refused"


def test_a_ledger_that_fails_meanwhile_is_waited_for(teller: Teller, log: Log) -> None:
    channel = teller.channel()
    with teller.runtime.database.write() as session:
        session.execute(text("ALTER TABLE alert_channels RENAME TO gone"))
    teller.alerting().serve(channel.id)
    assert [(line["event"], line.get("channel")) for line in log] == [("alerts_unreachable", channel.id)]


# Running.


@contextmanager
def running(alerting: Alerting) -> Iterator[None]:
    """Let it tell in threads of its own."""
    thread = threading.Thread(target=alerting.run)
    thread.start()
    try:
        yield
    finally:
        alerting.stop()
        thread.join(20)
    assert not thread.is_alive()


def test_a_slow_receiver_holds_up_no_other(teller: Teller) -> None:
    go_on = threading.Event()

    def slowly(connection: socket.socket, over: threading.Event) -> None:
        assert go_on.wait(10)
        OK(connection, over)

    with wire(slowly) as slow, wire(OK) as quick:
        teller.channel(slow.url, name="a-slow")
        teller.channel(quick.url, name="quick")
        teller.now += GATHER
        with running(teller.alerting()):
            teller.fail(1)
            teller.now += GATHER
            until(lambda: slow.requests)
            until(lambda: len(quick.requests) == 1)
            teller.fail(2)
            teller.now += GATHER
            until(lambda: len(quick.requests) == 2)
            assert len(slow.requests) == 1
            go_on.set()


def test_what_is_left_when_it_stops_is_told_by_the_next(teller: Teller) -> None:
    stopping: list[Callable[[], None]] = []

    def stop(connection: socket.socket, over: threading.Event) -> None:
        stopping[0]()
        OK(connection, over)

    with wire(stop, OK) as served:
        teller.channel(served.url)
        teller.fail(1, 2)
        teller.now += GATHER
        alerting = teller.alerting()
        stopping.append(alerting.stop)
        alerting.share()
        alerting.serve(teller.stored().id)
        assert [each.sent_at is None for each in teller.messages()] == [False, True]
        assert teller.stored().lease_until is None
        alerting.share()  # it has been stopped
        teller.look()
    assert [subjects(each) for each in told(served)] == [[("raised", 1)], [("raised", 2)]]


def test_a_crash_ends_nothing_else(teller: Teller, log: Log) -> None:
    with wire(OK) as served:
        teller.channel(served.url, name="broken")
        teller.channel(served.url, name="sound")
        with teller.runtime.database.write() as session:
            broken = update(AlertChannel).where(AlertChannel.name == "broken")
            session.execute(broken.values(hourly_cap=0))  # no channel can be made so
        teller.fail(1)
        teller.now += GATHER
        with running(teller.alerting()):
            until(lambda: "crash" in [line["event"] for line in list(log)])
            until(lambda: served.requests)
    assert len(served.requests) == 1


def test_a_ledger_that_is_away_is_looked_for_again(teller: Teller, log: Log) -> None:
    def rename(old: str, new: str) -> None:
        with teller.runtime.database.write() as session:
            session.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))

    with wire(OK) as served:
        teller.channel(served.url)
        rename("alerts", "gone")
        with running(teller.alerting()):
            until(lambda: "alerts_unreachable" in [line["event"] for line in list(log)])
            rename("gone", "alerts")
            teller.fail(1)
            teller.now += GATHER
            until(lambda: served.requests)
