"""Alerts on their whole way, from what raises them to who is told."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from ledger import refunds
from ledger.models import Account, ChannelKind, Refund
from ledger.states import Transition
from tests.support.ledger import make_refund, make_seen
from tests.support.mailbox import mailbox
from tests.support.telling import OK, Teller, subjects, told
from tests.workers.platforms.wire import wire
from workers.rules.telling import GATHER

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

Log = Sequence[Mapping[str, Any]]


def move(teller: Teller, number: int, *transitions: Transition) -> None:
    with teller.runtime.database.write() as session:
        for transition in transitions:
            refund = refunds.load(session, number)
            refunds.move(session, refund, transition, "REFUSED", now=teller.now, detail="422")


def test_a_refund_that_fails_is_told_of_once_and_again_when_it_is_settled(teller: Teller) -> None:
    with teller.runtime.database.write() as session:
        shop = session.scalars(select(Account)).one()
        number = make_refund(session, shop).id
    with wire(OK) as served:
        teller.channel(served.url)
        move(teller, number, Transition.FAIL)
        teller.look()
        assert served.requests == []
        teller.look(after=GATHER)
        move(teller, number, Transition.RETRY, Transition.FAIL)  # again, for the same reason
        teller.look(after=HOUR)
        move(teller, number, Transition.RETRY, Transition.BEGIN, Transition.POST)
        teller.look()
        teller.look(after=GATHER)
        teller.look(after=HOUR)
    failed, posted = told(served)
    assert subjects(failed) == [("raised", number)]
    assert failed["events"][0]["account"] == "shopify-shop"
    assert "The platform refused the request." in failed["text"]
    assert f"https://refunds.example.com/refunds/{number}" in failed["text"]
    assert subjects(posted) == [("cleared", number)]
    assert "is posted" in posted["text"]
    assert teller.counted() == {("webhook", "sent"): 2}
    assert teller.stored().told_at == teller.now - HOUR
    assert teller.stored().lease_until is None


def test_refunds_of_one_delivery_are_told_of_in_one_message_and_others_apart(teller: Teller) -> None:
    with teller.runtime.database.write() as session:
        shop = session.scalars(select(Account)).one()
        numbers = [make_refund(session, shop, make_seen(refund_id=each)).id for each in ("1", "2", "3")]
        session.execute(update(Refund).where(Refund.id == numbers[2]).values(trace_id="0" * 32))
    with wire(OK) as served:
        teller.channel(served.url)
        for number in numbers:
            move(teller, number, Transition.FAIL)
        teller.look(after=GATHER)
        teller.look(after=GATHER)
    said = [subjects(message) for message in told(served)]
    assert said == [[("raised", numbers[0]), ("raised", numbers[1])], [("raised", numbers[2])]]


def test_everybody_is_told_by_mail(teller: Teller) -> None:
    with mailbox() as box:
        settings = {"smtp_url": f"smtp://127.0.0.1:{box.port}", "mail_from": "refunds@example.com"}
        by_mail = teller.another(**settings)
        by_mail.channel("anna@example.com otto@example.com", kind=ChannelKind.EMAIL)
        box.refused.add("otto@example.com")
        by_mail.fail(17)
        by_mail.look(after=GATHER)
    (mail,) = box.mail
    assert mail.message["Subject"].startswith("[refund-sync] Refund 17 of order #1001")
    (message,) = teller.messages()
    assert mail.message["Message-ID"] == f"<{message.key}@example.com>"
    assert "otto@example.com (550" in teller.stored().detail
    assert (message.sent_at, message.detail) == (by_mail.now, teller.stored().detail)
    assert teller.counted() == {("email", "sent"): 1}


def test_many_at_once_are_one_message(teller: Teller) -> None:
    with wire(OK) as served:
        teller.channel(served.url)
        teller.fail(*range(1, 101))
        teller.look(after=GATHER)
    (message,) = told(served)
    assert len(message["events"]) == 50
    assert message["numbers"] == {"raised:error": 100}
    assert "100 alerts: 100 errors" in message["text"]
    assert "And 50 more." in message["text"]


def test_what_is_above_the_cap_comes_in_the_next_digest_with_numbers(teller: Teller) -> None:
    with wire(OK) as served:
        teller.channel(served.url, hourly_cap=2)
        for subject in (1, 2, 3, 4):
            teller.fail(subject)
            teller.look(after=GATHER)
        assert [subjects(each) for each in told(served)] == [[("raised", 1)], [("raised", 2)]]
        until_free = teller.stored().not_before
        assert until_free is not None
        teller.fail(5)
        teller.look(after=HOUR / 2)
        assert len(served.requests) == 2
        teller.look(after=until_free - teller.now)
    *_, digest = told(served)
    assert subjects(digest) == [("raised", 3), ("raised", 4), ("raised", 5)]
    assert "3 of them had to wait: this channel takes 2 messages an hour." in digest["text"]
    assert [(each.number, each.held) for each in teller.messages()] == [(1, 0), (1, 0), (3, 3)]


def test_a_digest_gathers_news(teller: Teller) -> None:
    with wire(OK) as served:
        teller.channel(served.url, digest_minutes=30)
        teller.fail(1)
        teller.look(after=29 * MINUTE)
        teller.fail(2)
        teller.look()
        assert served.requests == []
        teller.look(after=MINUTE)
    (digest,) = told(served)
    assert subjects(digest) == [("raised", 1), ("raised", 2)]
