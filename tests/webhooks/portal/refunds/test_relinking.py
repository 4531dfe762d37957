"""Linking an order to another NetSuite record."""

import pytest

from ledger.models import Account, OrderLink, OrderState
from ledger.states import State
from tests.support.transactions import make_link, make_transaction
from tests.webhooks.portal.conftest import Browser, text_of
from tests.webhooks.portal.refunds.conftest import Make, refund_of


@pytest.fixture
def ids(operator: Browser, shop: Account) -> tuple[int, int]:
    """A discrepancy and a waiting refund of an order that NetSuite deleted."""
    with operator.database.write() as session:
        link = make_link(session, shop)
        link.netsuite_state = OrderState.DELETED
        disputed = make_transaction(session, shop, 1, state=State.DISCREPANCY, link=link)
        waiting = make_transaction(session, shop, 2, state=State.WAITING, link=link)
        return disputed.id, waiting.id


def test_the_order_is_linked_anew_what_waited_goes_on_and_discrepancies_are_named(
    operator: Browser, ids: tuple[int, int]
) -> None:
    disputed, waiting = ids
    page = operator.get(f"/refunds/{disputed}/relink")
    assert "no longer to 60211" in text_of(page)
    done = operator.post(f"/refunds/{disputed}/relink", {"record_id": "60999", "record_type": "salesorder"})
    words = text_of(operator.follow(done))
    assert "The order is linked to NetSuite record 60999 now." in words
    assert f"Its discrepancies can be retried: {disputed}." in words
    with operator.database.read() as session:
        link = session.get_one(OrderLink, 1)
    assert (link.netsuite_order_id, link.netsuite_state) == ("60999", OrderState.OPEN)
    assert refund_of(operator.database, waiting).state is State.SCHEDULED
    assert refund_of(operator.database, disputed).state is State.DISCREPANCY
    assert operator.redis.llen("rq:queue:shopify") == 1


@pytest.mark.parametrize("form", [{"record_id": "SO-1", "record_type": "salesorder"}, {"record_id": "7"}])
def test_what_is_no_record_is_not_linked(
    operator: Browser, ids: tuple[int, int], form: dict[str, str]
) -> None:
    answer = operator.post(f"/refunds/{ids[0]}/relink", form)
    assert answer.status_code == 422
    with operator.database.read() as session:
        assert session.get_one(OrderLink, 1).netsuite_order_id == "60211"


def test_there_is_nothing_to_link_where_no_order_is_known(operator: Browser, make: Make) -> None:
    number = make()
    form = {"record_id": "7", "record_type": "salesorder"}
    for path in (f"/refunds/{number}/relink", "/refunds/99/relink"):
        assert operator.get(path).status_code == 404
        assert operator.post(path, form).status_code == 404
