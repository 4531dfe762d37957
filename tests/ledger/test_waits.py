"""Whether a webhook told of a refund first, and whether it had to wait on its way."""

from datetime import timedelta

import pytest

from ledger import deliveries, refunds, waits
from ledger.clock import utcnow
from ledger.database import Database
from ledger.models import Account, Delivery, Refund
from ledger.polls import TOPIC
from ledger.secrets import Vault
from ledger.states import Transition
from tests.support.ledger import TRACE, make_account, make_delivery, make_refund, make_seen


@pytest.fixture
def refund(database: Database, vault: Vault) -> Refund:
    """A refund, recorded; a delivery bears its trace once `delivered` has made it."""
    with database.write() as session:
        return make_refund(session, make_account(session, vault), make_seen(), now=utcnow())


def delivered(database: Database, refund: Refund, *, topic: str = "refunds/create") -> Delivery:
    with database.write() as session:
        new = make_delivery(session.get_one(Account, refund.account_id), make_seen(), topic=topic, key=topic)
        number = deliveries.accept(session, new, now=utcnow())
        assert number is not None
        claimed = deliveries.claim(session, number, now=utcnow())
        assert claimed is not None
        return claimed


def came(database: Database, refund: Refund) -> bool:
    with database.read() as session:
        return waits.way_of(session, refund).by_webhook


def waited(database: Database, refund: Refund) -> bool:
    with database.read() as session:
        return waits.way_of(session, refund).has_waited


def test_only_what_a_webhook_told_of_first_came_by_one(database: Database, refund: Refund) -> None:
    assert refund.trace_id == TRACE
    assert not came(database, refund)  # found by a run: nothing was delivered
    delivered(database, refund, topic=TOPIC)
    assert not came(database, refund)
    delivered(database, refund, topic="refunds/create")
    assert came(database, refund)
    refund.trace_id = ""
    assert not came(database, refund)


@pytest.mark.parametrize(
    ("way", "is_wait"),
    [
        ((Transition.WAIT,), True),
        ((Transition.HOLD, Transition.POST_NOW), True),
        ((Transition.FAIL, Transition.RETRY), True),
        ((Transition.DISPUTE, Transition.RETRY), True),
        ((Transition.CANCEL, Transition.UNCANCEL), True),
        ((Transition.RETRY_LATER, Transition.BEGIN, Transition.POST), False),
        ((Transition.BEGIN, Transition.POST), False),
    ],
)
def test_a_refund_has_waited_that_was_somewhere_where_nobody_carries_it(
    database: Database, refund: Refund, way: tuple[Transition, ...], *, is_wait: bool
) -> None:
    delivered(database, refund)
    with database.write() as session:
        for each in way:
            refunds.move(session, refund, each, "POSTED", now=utcnow())
    assert waited(database, refund) is is_wait


@pytest.mark.parametrize("counts", [True, False])
def test_a_refund_has_waited_whose_delivery_was_put_off_for_no_failure(
    database: Database, refund: Refund, *, counts: bool
) -> None:
    delivery = delivered(database, refund)
    then = utcnow() + timedelta(minutes=1)
    with database.write() as session:
        deliveries.postpone(session, delivery, then, reason="ROWS_LATE", detail="", counts=counts)
    with database.write() as session:
        assert deliveries.claim(session, delivery.id, now=then)
    assert waited(database, refund) is not counts


def test_a_refund_has_waited_whose_delivery_a_person_replayed(database: Database, refund: Refund) -> None:
    delivery = delivered(database, refund)
    assert not waited(database, refund)
    with database.write() as session:
        row = session.get_one(Delivery, delivery.id)
        deliveries.replay(session, row, (make_seen(),), now=utcnow(), actor="portal:ada")
    assert waited(database, refund)
