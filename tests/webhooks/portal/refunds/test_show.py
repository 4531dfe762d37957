"""One transaction: both sides, why it stands where it does, and everything that led to it."""

from datetime import timedelta

from ledger import actions, deliveries, lines
from ledger.models import Account
from ledger.refunds import load
from ledger.states import State
from tests.support.explaining import explained
from tests.support.ledger import NOW, TRACE, make_delivery
from tests.support.transactions import make_attempt, make_link, make_transaction
from tests.webhooks.portal.conftest import Browser, text_of
from tests.webhooks.portal.refunds.conftest import Make

NETSUITE = "https://1234567-sb1.app.netsuite.com/app/accounting/transactions/transaction.nl?id="
CALL = {
    "at": "2026-03-14T15:09:27+00:00",
    "method": "POST",
    "url": "https://1234567-sb1.suitetalk.api.netsuite.com/services/rest/query/v1/suiteql",
    "status": 400,
    "ms": 123,
    "request": '{"q":"SELECT 1"}',
    "response": '{"o:errorDetails":[{"detail":"<b>Invalid</b> 12.30","email":"***"}]}',
    "request_id": "ns-77",
}


def test_a_transaction_that_is_not_there_is_not_found(viewer: Browser) -> None:
    assert viewer.get("/refunds/7").status_code == 404


def test_both_sides_are_shown_with_links_into_each(viewer: Browser, shop: Account) -> None:
    with viewer.database.write() as session:
        refund = make_transaction(session, shop, state=State.POSTED, link=make_link(session, shop))
        refund.target_id, refund.transaction_type = "88001", "cash_refund"
    page = viewer.get(f"/refunds/{refund.id}")
    words = text_of(page)
    assert "Shopify: where it comes from" in words
    assert "NetSuite: where it goes" in words
    assert 'href="https://example.myshopify.com/admin/orders/4500000001"' in page.text
    for record_id in ("60211", "70311", "88001"):
        assert f'href="{NETSUITE}{record_id}" rel="noreferrer"' in page.text
    assert "Cash sale 70311" in words
    assert "Cash refund 88001" in words
    assert "rs-shop-9000000001" in words


def test_what_came_from_netsuite_goes_to_the_storefront(viewer: Browser, make: Make) -> None:
    page = viewer.get(f"/refunds/{make(origin='netsuite')}")
    assert "NetSuite: where it comes from" in text_of(page)
    assert "Shopify: where it goes" in text_of(page)
    assert f'href="{NETSUITE}9000000001"' in page.text


def test_the_reason_is_told_with_its_mend_and_what_comes_next(viewer: Browser, make: Make) -> None:
    number = make(state=State.WAITING)
    with viewer.database.write() as session:
        refund = load(session, number)
        refund.deadline_at, refund.due_at, refund.tries = (
            NOW + timedelta(days=30),
            NOW + timedelta(hours=1),
            3,
        )
    words = text_of(viewer.get(f"/refunds/{number}"))
    for each in (
        "The order has no cash sale or invoice in NetSuite yet.",
        "Bill the order in NetSuite; the refund is then posted by itself.",
        "Looked at next 2026-03-14 16:09:26",
        "Becomes an error 2026-04-13 15:09:26",
        "Failed tries 3",
    ):
        assert each in words


def test_amounts_and_lines_say_how_each_was_carried(viewer: Browser, make: Make) -> None:
    number = make(state=State.POSTED, amount="12.30")
    with viewer.database.write() as session:
        lines.map_all(session, load(session, number), {0: "line 1, item 55 x 1: 12.30 USD"})
    words = text_of(viewer.get(f"/refunds/{number}"))
    assert "T-shirt, M TSHIRT-M 1 12.30 USD 0.00 USD Yes line 1, item 55 x 1: 12.30 USD" in words
    assert "Total 12.30 USD 0.00 USD 12.30 USD in all" in words
    assert "179259969 Moved 12.30 USD" in words


def test_the_timeline_tells_who_did_what_and_why(viewer: Browser, make: Make) -> None:
    number = make(state=State.DISCREPANCY)
    with viewer.database.write() as session:
        actions.resolve(
            session, number, now=NOW, actor="portal:anna@example.com", note="Credit memo by hand."
        )
    words = text_of(viewer.get(f"/refunds/{number}")).partition("What happened")[2]
    assert "Dispute → Discrepancy by system" in words
    assert "Resolve → Resolved by portal:anna@example.com" in words
    assert "Credit memo by hand." in words


def test_every_attempt_is_shown_with_its_requests_and_answers_as_they_were_kept(
    viewer: Browser, shop: Account
) -> None:
    with viewer.database.write() as session:
        refund = make_transaction(session, shop)
        lost = {**CALL, "status": None, "response": "timed out", "request_id": ""}
        make_attempt(session, refund, [CALL, lost], detail="Invalid.")
    page = viewer.get(f"/refunds/{refund.id}")
    words = text_of(page)
    assert "Fail REFUSED , 2 requests" in words
    assert "HTTP 400 after 123 ms, the platform's id ns-77" in words
    assert "No answer after 123 ms" in words
    assert "timed out" in words
    assert "&lt;b&gt;Invalid&lt;/b&gt; 12.30" in page.text
    assert '"email": "***"' in words


def test_the_deliveries_behind_it_and_the_order_s_other_transactions_are_linked(
    viewer: Browser, shop: Account
) -> None:
    with viewer.database.write() as session:
        link = make_link(session, shop)
        refund = make_transaction(session, shop, 1, link=link)
        other = make_transaction(session, shop, 2, link=link, amount="3.21")
        deliveries.accept(session, make_delivery(shop), now=NOW)
        assert refund.trace_id == TRACE
    page = viewer.get(f"/refunds/{refund.id}")
    words = text_of(page)
    assert "refunds/create" in words
    assert f'href="/refunds/{other.id}"' in page.text
    assert "3.21 USD" in words


def test_what_no_delivery_told_of_says_where_it_came_from(viewer: Browser, make: Make) -> None:
    assert "None: it was found by a poll" in text_of(viewer.get(f"/refunds/{make()}"))


def test_only_what_may_be_done_is_offered_and_only_to_who_may(
    viewer: Browser, operator: Browser, make: Make
) -> None:
    cancelled = make(state=State.CANCELLED)
    page = operator.get(f"/refunds/{cancelled}").text
    assert f"/refunds/act?action=uncancel&amp;id={cancelled}&amp;next=/refunds/{cancelled}" in page
    assert f"/refunds/act?action=delete&amp;id={cancelled}&amp;next=/refunds" in page
    assert "action=cancel" not in page
    assert f'action="/refunds/{cancelled}/dry-run"' in page
    seen = viewer.get(f"/refunds/{cancelled}").text
    assert "/refunds/act" not in seen
    assert "dry-run" not in seen


def test_a_discrepancy_names_its_ways_out(viewer: Browser, make: Make) -> None:
    words = text_of(viewer.get(f"/refunds/{make(state=State.DISCREPANCY)}"))
    assert "Ways out" in words
    assert "The order was made again in NetSuite: link it anew, then retry it." in words


def test_a_transaction_is_read_by_indexes_in_few_queries(viewer: Browser, shop: Account) -> None:
    with viewer.database.write() as session:
        refund = make_transaction(session, shop, link=make_link(session, shop))
    plans: list[str] = []
    with explained(viewer.database.engine, plans):
        viewer.get(f"/refunds/{refund.id}")
    assert len(plans) <= 8
    for plan in plans:
        for table in ("refunds", "attempts", "audit_entries", "deliveries", "refund_lines"):
            assert f"Seq Scan on {table}" not in plan, plan
            assert f"SCAN {table}\n" not in f"{plan}\n", plan
