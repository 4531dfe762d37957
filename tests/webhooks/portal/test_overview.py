"""The overview."""

from dataclasses import replace
from datetime import timedelta

from flask import Flask
from sqlalchemy import event, update

from ledger import deliveries, polls
from ledger.clock import utcnow
from ledger.database import Database
from ledger.models import Account, Delivery, DeliveryState, Poll, Refund
from ledger.queue import Waker
from ledger.secrets import Vault
from ledger.settings import Settings
from ledger.states import State
from tests.support.ledger import make_delivery, make_refund, make_seen
from tests.webhooks.portal.conftest import Browser, text_of
from webhooks.app import create_app
from workers.worker import make_worker


def shop(database: Database, shop_id: int) -> Account:
    with database.read() as session:
        return session.get_one(Account, shop_id)


def add(browser: Browser, account: Account, number: int, **columns: object) -> None:
    """Add a refund that is where `columns` say."""
    with browser.database.write() as session:
        refund = make_refund(session, account, make_seen(refund_id=str(number)))
        session.execute(update(Refund).where(Refund.id == refund.id).values(columns))


def test_an_empty_installation_says_how_to_begin(viewer: Browser) -> None:
    text = text_of(viewer.get("/"))
    assert "0 Errors" in text
    assert "There are no accounts yet" in text
    assert "Deliveries accepted: 0" in text
    assert "No worker is running" in text


def test_what_needs_a_person_is_counted_and_explained(viewer: Browser, shop_id: int) -> None:
    account = shop(viewer.database, shop_id)
    for number, (state, reason) in enumerate(
        [
            (State.ERROR, "MAPPING_MISSING"),
            (State.ERROR, "MAPPING_MISSING"),
            (State.DISCREPANCY, "ORDER_DELETED"),
            (State.HELD, "REVIEW_FIRST"),
            (State.WAITING, "NOT_BILLED"),
        ]
    ):
        add(viewer, account, number, state=state, reason=reason)
    text = text_of(viewer.get("/"))
    for said in (
        "2 Errors",
        "1 Discrepancies",
        "1 Held for review",
        "shop (2)",
        "MAPPING_MISSING",
        "ORDER_DELETED",
    ):
        assert said in text
    assert "NOT_BILLED" not in text


def test_a_paused_account_is_said_to_be_paused_and_why(viewer: Browser, shop_id: int) -> None:
    with viewer.database.write() as session:
        session.execute(
            update(Account).values(
                paused_reason="BAD_CREDENTIALS", paused_detail="<i>no</i>", paused_at=utcnow()
            )
        )
    page = viewer.get("/")
    text = text_of(page)
    assert "1 Paused accounts" in text
    assert "Renew the account's credentials" in text
    assert "&lt;i&gt;no&lt;/i&gt;" in page.text
    assert shop_id


def test_deliveries_that_could_not_be_read_and_polls_that_failed_are_told(
    viewer: Browser, shop_id: int
) -> None:
    account = shop(viewer.database, shop_id)
    with viewer.database.write() as session:
        for number in range(3):
            deliveries.accept(session, make_delivery(account, key=f"k{number}"), now=utcnow())
        session.execute(
            update(Delivery)
            .where(Delivery.id == 1)
            .values(state=DeliveryState.QUARANTINED, reason="NOT_JSON")
        )
        session.execute(
            update(Delivery).where(Delivery.id == 2).values(state=DeliveryState.FAILED, reason="INTERNAL")
        )
        polls.ensure(session, now=utcnow())
        session.execute(update(Poll).values(failures=2, reason="RATE_LIMITED", ended_at=utcnow()))
    text = text_of(viewer.get("/"))
    for said in ("1 Quarantined deliveries", "1 Failed deliveries", "2 Failed polls", "2 times in a row"):
        assert said in text


def test_the_flow_of_the_last_day_is_drawn_and_told_as_a_table(viewer: Browser, shop_id: int) -> None:
    account, now = shop(viewer.database, shop_id), utcnow()
    with viewer.database.write() as session:
        deliveries.accept(session, make_delivery(account, key="new"), now=now)
        deliveries.accept(session, make_delivery(account, key="old"), now=now - timedelta(days=2))
    for number, seconds in enumerate([1, 2, 3, 40]):
        took = timedelta(seconds=seconds)
        add(viewer, account, number, state=State.POSTED, received_at=now - took, posted_at=now)
    page = viewer.get("/")
    text = text_of(page)
    assert "Deliveries accepted: 1" in text
    assert "Refunds posted: 4" in text
    assert "2.3 s from received to posted" in text  # the next bound of a bucket, a fifth above at most
    assert "42.5 s 99 of 100" in text
    assert "rounded up by 20% at most" in text
    assert "Counted are 4 of the 4 posted: those that waited for billing" in text
    assert f"{now:%H}:00 2.3 s 42.5 s" in text
    assert page.text.count('<rect class="bar"') == 48
    assert page.text.count('<rect class="half bar"') == page.text.count('<rect class="span"') == 1
    assert f"{now:%H}:00 4" in text


def test_each_account_is_shown_with_its_direction_and_health(viewer: Browser, shop_id: int) -> None:
    assert shop_id
    assert "shop Shopify NetSuite → storefront books Good" in text_of(viewer.get("/"))
    with viewer.database.write() as session:
        session.execute(update(Account).values(sync_enabled=False))
    assert "Switched off SYNC_OFF" in text_of(viewer.get("/"))
    with viewer.database.write() as session:
        session.execute(update(Account).values(sync_enabled=True))
        polls.ensure(session, now=utcnow())
        session.execute(update(Poll).values(failures=1, reason="RATE_LIMITED"))
    assert "Cannot be asked RATE_LIMITED" in text_of(viewer.get("/"))


def test_queues_and_workers_are_shown(viewer: Browser) -> None:
    Waker(viewer.redis).refunds("shopify", [1, 2])
    worker = make_worker("shopify", viewer.redis)
    worker.register_birth()  # type: ignore[no-untyped-call] # RQ annotates it not
    try:
        text = text_of(viewer.get("/"))
    finally:
        worker.register_death()  # type: ignore[no-untyped-call] # as above
    assert "Shopify 2 0 1" in text
    assert f"Shopify {worker.hostname}" in text
    assert "No worker is running" not in text


def test_the_page_is_there_when_redis_is_not(
    viewer: Browser, settings: Settings, database: Database, vault: Vault
) -> None:
    app: Flask = create_app(
        replace(settings, redis_url="redis://127.0.0.1:1"), database=database, vault=vault
    )
    cookie = viewer.client.get_cookie("refund-sync")
    assert cookie is not None
    client = app.test_client()
    client.set_cookie("refund-sync", cookie.value)
    answer = client.get("/")
    assert answer.status_code == 200
    assert "Redis cannot be reached" in answer.text


def test_the_number_of_questions_does_not_grow_with_what_there_is(
    viewer: Browser, app: Flask, shop_id: int
) -> None:
    account = shop(viewer.database, shop_id)
    asked: list[str] = []
    event.listen(
        app.extensions["portal"].database.engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_: asked.append(statement),
    )
    numbers = []
    for first in (0, 10):
        for number in range(first, first + 10):
            add(viewer, account, number, state=State.ERROR, reason="MAPPING_MISSING")
        asked.clear()
        assert viewer.get("/").status_code == 200
        numbers.append(len(asked))
    assert numbers[0] == numbers[1] <= 12
