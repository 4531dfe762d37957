from datetime import datetime

from sqlalchemy.orm import Session

from ledger import actions, bulk
from ledger.bulk import Outcome
from ledger.database import Database
from ledger.models import Account, Refund
from ledger.states import State
from tests.support.ledger import make_refund, make_seen


def cancelled(database: Database, ids: list[int], now: datetime) -> list[Outcome]:
    def act(session: Session, number: int) -> Refund:
        return actions.cancel(session, number, now=now, actor="api:ci", note="settled")

    return list(bulk.each(database, ids, act))


def test_what_cannot_be_done_with_one_holds_up_no_other(
    database: Database, shop: Account, now: datetime
) -> None:
    with database.write() as session:
        first, second = (make_refund(session, shop, make_seen(refund_id=each)).id for each in ("1", "2"))
    cancelled(database, [second], now)
    outcomes = cancelled(database, [second, 4711, first], now)
    assert [(each.refund_id, each.error is None) for each in outcomes] == [
        (second, False),
        (4711, False),
        (first, True),
    ]
    assert [each.view["error"]["code"] for each in outcomes[:2]] == ["illegal_transition", "refund_not_found"]
    assert (outcomes[2].view["id"], outcomes[2].view["state"]) == (first, "cancelled")
    assert [each.due for each in outcomes] == [(), (), ()]


def test_a_refund_named_twice_is_acted_on_once(database: Database, refund_id: int, now: datetime) -> None:
    assert [each.error for each in cancelled(database, [refund_id, refund_id], now)] == [None]


def test_what_goes_on_is_due(database: Database, refund_id: int, now: datetime) -> None:
    cancelled(database, [refund_id], now)

    def act(session: Session, number: int) -> Refund:
        return actions.ACTIONS["uncancel"](session, number, now=now, actor="api:ci")

    (outcome,) = bulk.each(database, [refund_id], act)
    assert outcome.refund is not None
    assert outcome.refund.state is State.SCHEDULED
    assert outcome.due == ((refund_id, "shopify"),)
