"""Manage data syncs: the switch, the direction, and pausing."""

import pytest
from sqlalchemy import select

from ledger.models import Account, AuditEntry, NetSuiteAccount
from ledger.models.accounts import Direction
from ledger.states import State
from tests.support.transactions import make_transaction
from tests.webhooks.portal.conftest import Browser, text_of


def shop(browser: Browser) -> Account:
    with browser.database.read() as session:
        return session.scalars(select(Account)).one()


def actions(browser: Browser) -> list[tuple[str, str]]:
    query = select(AuditEntry).where(AuditEntry.actor.like("portal:%")).order_by(AuditEntry.id)
    with browser.database.read() as session:
        return [(entry.action, entry.note) for entry in session.scalars(query)]


def waiting(browser: Browser, shop_id: int, number: int, state: State = State.WAITING) -> int:
    with browser.database.write() as session:
        return make_transaction(session, session.get_one(Account, shop_id), number, state=state).id


def test_each_account_is_shown_with_the_best_practice(viewer: Browser, shop_id: int) -> None:
    waiting(viewer, shop_id, 1)
    page = text_of(viewer.get("/syncs"))
    assert "shop Shopify · books On NetSuite → storefront 1" in page
    assert "Marketplaces (Amazon, eBay): refund there" in page
    assert "Carts (Shopify, Magento): refund in NetSuite" in page
    assert "Turn round" not in page


def test_what_one_may_not_do_is_not_offered(operator: Browser, shop_id: int) -> None:
    assert shop_id
    page = text_of(operator.get("/syncs"))
    assert "Pause" in page
    assert "Switch off" not in page


def test_an_account_is_turned_round(admin: Browser, shop_id: int) -> None:
    assert shop_id
    asked = text_of(admin.get("/syncs/shop/direction"))
    assert "Turn shop round?" in asked
    assert "For Shopify the other direction is the usual one" in asked
    told = admin.follow(admin.post("/syncs/shop/direction", {"to": "to_netsuite"}))
    assert "shop carries refunds Storefront → NetSuite from now on." in text_of(told)
    assert "Unusual for Shopify" in text_of(told)
    assert shop(admin).direction is Direction.TO_NETSUITE
    assert actions(admin) == [("set_direction", "from_netsuite -> to_netsuite")]


def test_a_direction_is_kept_while_refunds_are_under_way_and_they_are_named(
    admin: Browser, shop_id: int
) -> None:
    open_ids = [waiting(admin, shop_id, 1), waiting(admin, shop_id, 2, State.RETRYING)]
    settled = waiting(admin, shop_id, 3, State.CANCELLED)
    for answer, status in (
        (admin.get("/syncs/shop/direction"), 200),
        (admin.post("/syncs/shop/direction", {"to": "to_netsuite"}), 409),
    ):
        assert answer.status_code == status
        assert "2 refunds are under way" in text_of(answer)
        assert all(f'href="/refunds/{number}"' in answer.text for number in open_ids)
        assert f'href="/refunds/{settled}"' not in answer.text
        assert 'href="/refunds?account=shop"' in answer.text
    assert shop(admin).direction is Direction.FROM_NETSUITE


def test_a_direction_that_is_none_is_not_found(admin: Browser, shop_id: int) -> None:
    assert shop_id
    assert admin.post("/syncs/shop/direction", {"to": "both"}).status_code == 404


def test_the_switch_is_asked_for_and_thrown(admin: Browser, shop_id: int) -> None:
    assert shop_id
    assert "new refunds are ignored" in text_of(admin.get("/syncs/shop/switch?to=off"))
    told = text_of(admin.follow(admin.post("/syncs/shop/switch", {"to": "off"})))
    assert "The refund sync of shop is off." in told
    assert not shop(admin).sync_enabled
    admin.post("/syncs/shop/switch", {"to": "off"})
    assert actions(admin) == [("set", "sync on -> off")]
    admin.post("/syncs/shop/switch", {"to": "on"})
    assert shop(admin).sync_enabled
    assert admin.get("/syncs/shop/switch?to=half").status_code == 404
    assert admin.post("/syncs/shop/switch", {"to": "half"}).status_code == 404


def test_an_account_is_paused_with_a_note_and_resumed(operator: Browser, shop_id: int) -> None:
    assert shop_id
    assert "Why, for whoever looks at it" in text_of(operator.get("/syncs/storefront/shop/pause"))
    told = operator.follow(operator.post("/syncs/storefront/shop/pause", {"note": "stocktaking"}))
    assert "shop is paused." in text_of(told)
    assert "stocktaking" in text_of(told)
    assert shop(operator).paused_reason == "ACCOUNT_PAUSED"
    again = operator.follow(operator.post("/syncs/storefront/shop/pause", {"note": "x"}))
    assert "shop was paused already." in text_of(again)
    assert "Resume shop?" in text_of(operator.get("/syncs/storefront/shop/resume"))
    carried = operator.follow(operator.post("/syncs/storefront/shop/resume"))
    assert "shop carries on; 0 refunds and deliveries waited for it." in text_of(carried)
    assert shop(operator).paused_reason == ""
    assert "shop is not paused." in text_of(operator.follow(operator.post("/syncs/storefront/shop/resume")))
    assert [action for action, _ in actions(operator)] == ["pause", "resume"]


def test_a_netsuite_account_is_paused_too_and_its_accounts_say_so(operator: Browser, shop_id: int) -> None:
    assert shop_id
    page = operator.follow(operator.post("/syncs/netsuite/books/pause", {"note": "year end"}))
    assert "NetSuite paused" in text_of(page)
    with operator.database.read() as session:
        assert session.scalars(select(NetSuiteAccount)).one().paused_detail == "year end"
    operator.post("/syncs/netsuite/books/resume")
    assert "NetSuite paused" not in text_of(operator.get("/syncs"))


@pytest.mark.parametrize(
    "path",
    [
        "/syncs/x/direction",
        "/syncs/storefront/x/pause",
        "/syncs/netsuite/shop/pause",
        "/syncs/other/shop/pause",
    ],
)
def test_an_account_that_is_not_there_is_not_found(admin: Browser, shop_id: int, path: str) -> None:
    assert shop_id
    assert admin.get(path).status_code == 404


def test_without_accounts_the_page_says_how_to_connect_one(viewer: Browser) -> None:
    assert "refund-sync account add connects one" in text_of(viewer.get("/syncs"))
