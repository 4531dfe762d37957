"""Discrepancies: each with both sides, its ways out and its history; and how those before were settled."""

import re

import pytest

from ledger import actions
from ledger.models import Account
from ledger.reasons import DISCREPANCIES
from ledger.states import State
from tests.support.explaining import explained
from tests.support.ledger import NOW
from tests.support.transactions import make_link, make_transaction
from tests.webhooks.portal.conftest import Browser, text_of
from tests.webhooks.portal.refunds.conftest import Make
from webhooks.portal import ways_out
from webhooks.portal.acting import VERBS


def shown(text: str) -> list[int]:
    return [int(number) for number in re.findall(r'id="d-(\d+)"', text)]


def test_no_discrepancy_is_good_news(viewer: Browser, make: Make) -> None:
    make(state=State.ERROR)
    assert "There is no discrepancy." in text_of(viewer.get("/discrepancies"))


def test_a_discrepancy_says_why_and_shows_both_sides_and_the_ways_out(
    operator: Browser, shop: Account
) -> None:
    with operator.database.write() as session:
        link = make_link(session, shop)
        number = make_transaction(
            session, shop, state=State.DISCREPANCY, link=link, detail="It was 60211."
        ).id
    page = operator.get("/discrepancies")
    words = text_of(page)
    for each in (
        "The order was deleted on the other side, so there is nothing to refund against.",
        "It was 60211.",
        "Shopify: where it comes from",
        "NetSuite: where it goes",
        "Sales order 60211",
        "The order was made again in NetSuite: link it anew, then retry it.",
        "Dispute → Discrepancy by system",
    ):
        assert each in words
    assert f"/refunds/act?action=resolve&amp;id={number}&amp;next=/discrepancies" in page.text
    assert f"/refunds/{number}/relink" in page.text


def test_a_viewer_sees_everything_and_is_offered_nothing(viewer: Browser, make: Make) -> None:
    number = make(state=State.DISCREPANCY)
    page = viewer.get("/discrepancies").text
    assert shown(page) == [number]
    assert "/refunds/act" not in page


def test_what_was_resolved_is_kept_with_the_note(viewer: Browser, make: Make) -> None:
    number, other = make(1, state=State.DISCREPANCY), make(2, state=State.DISCREPANCY)
    with viewer.database.write() as session:
        actions.resolve(session, number, now=NOW, actor="portal:anna@example.com", note="Paid in cash.")
    assert shown(viewer.get("/discrepancies").text) == [other]
    settled = viewer.get("/discrepancies?settled=1")
    assert shown(settled.text) == [number]
    assert "Resolve → Resolved by portal:anna@example.com" in text_of(settled)
    assert "Paid in cash." in text_of(settled)


def test_discrepancies_are_filtered_and_paged(viewer: Browser, make: Make, auctions: Account) -> None:
    made = [make(number, state=State.DISCREPANCY) for number in range(1, 23)]
    other = make(50, auctions, state=State.DISCREPANCY, reason="BUYER_REQUEST_MISSING")
    page = viewer.get("/discrepancies")
    assert shown(page.text) == [other, *made[:2:-1]]
    assert 'rel="next" href="/discrepancies?after=4"' in page.text
    assert shown(viewer.get("/discrepancies?after=4").text) == made[2::-1]
    assert shown(viewer.get("/discrepancies?reason=BUYER_REQUEST_MISSING").text) == [other]
    assert shown(viewer.get("/discrepancies?account=auctions").text) == [other]
    assert shown(viewer.get("/discrepancies?q=1050").text) == [other]
    wrong = viewer.get("/discrepancies?account=nowhere")
    assert shown(wrong.text) == []
    assert "There is no account of that name." in text_of(wrong)


@pytest.mark.parametrize("code", sorted(DISCREPANCIES))
def test_every_discrepancy_has_a_way_out_that_ends_it(code: str) -> None:
    verbs = [way.verb for way in ways_out.of(code)]
    assert set(verbs) <= set(VERBS)
    assert {"resolve", "cancel"} & set(verbs)


def test_discrepancies_are_read_by_indexes_in_few_queries(viewer: Browser, make: Make) -> None:
    for number in range(1, 6):
        make(number, state=State.DISCREPANCY)
    plans: list[str] = []
    with explained(viewer.database.engine, plans):
        viewer.get("/discrepancies")
    assert len(plans) <= 8
    for plan in plans:
        for table in ("refunds", "audit_entries", "refund_lines", "order_links"):
            assert f"Seq Scan on {table}" not in plan, plan
            assert f"SCAN {table}\n" not in f"{plan}\n", plan
