"""What a worker is asked for: retrieve, and what would be sent; and its answers in plain words."""

from typing import Any

import pytest
from sqlalchemy import func, select

from ledger import requests
from ledger.database import Database
from ledger.models import Account, Request, RequestKind, RequestState
from ledger.states import State
from tests.support.ledger import NOW, TRACE
from tests.webhooks.portal.conftest import Browser, text_of
from tests.webhooks.portal.refunds.conftest import Make, refund_of

FORM = {"account": "shop", "order": "1001", "side": ""}


def count(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count(Request.id))) or 0


def answered(database: Database, account: Account, result: dict[str, Any] | None, **failed: str) -> int:
    """Return a request to retrieve order 1001 that a worker has answered."""
    with database.write() as session:
        made = requests.retrieve(
            session, account, "1001", "netsuite", now=NOW, actor="portal:anna@example.com", trace_id=TRACE
        )
        requests.claim(session, made.id, now=NOW)
        claimed = requests.get(session, made.id)
        if result is None:
            requests.fail(session, claimed, failed["reason"], failed["detail"], now=NOW)
        else:
            requests.answer(session, claimed, result, now=NOW)
        return made.id


def test_the_dialog_offers_every_account_and_keeps_what_it_was_opened_with(
    operator: Browser, shop: Account, auctions: Account
) -> None:
    page = operator.get("/refunds/retrieve?account=auctions&order=12-34")
    assert 'id="confirm"' in page.text
    assert '<option value="auctions" selected>' in page.text
    assert '<option value="shop">' in page.text
    assert 'value="12-34"' in page.text


@pytest.mark.parametrize(("side", "asked_side"), [("", "netsuite"), ("storefront", "storefront")])
def test_a_worker_is_asked_and_woken_and_the_page_waits_for_it(
    operator: Browser, shop: Account, side: str, asked_side: str
) -> None:
    answer = operator.post("/refunds/retrieve", {**FORM, "order": " #1001 ", "side": side})
    assert answer.headers["Location"] == "/refunds/requests/1"
    with operator.database.read() as session:
        made = requests.get(session, 1)
    assert (made.kind, made.params) == (RequestKind.RETRIEVE, {"order": "#1001", "from": asked_side})
    assert (made.actor, made.state) == ("portal:operator@example.com", RequestState.QUEUED)
    assert operator.redis.llen("rq:queue:shopify") == 1
    page = operator.follow(answer)
    assert "A worker is reading it." in text_of(page)
    assert 'hx-trigger="every 1s"' in page.text


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"account": ""}, "Choose an account."),
        ({"account": "nowhere"}, "Choose an account."),
        ({"order": " "}, "Give the order's number"),
        ({"order": "x" * 121}, "Give the order's number"),
        ({"side": "both"}, "Choose a side."),
    ],
)
def test_a_wrong_wish_is_told_and_nobody_is_asked(
    operator: Browser, shop: Account, wrong: dict[str, str], says: str
) -> None:
    answer = operator.post("/refunds/retrieve", {**FORM, **wrong})
    assert answer.status_code == 422
    assert says in text_of(answer)
    assert count(operator.database) == 0


def test_what_was_retrieved_is_listed_and_the_page_looks_no_more(
    viewer: Browser, shop: Account, make: Make
) -> None:
    known, new = make(1, state=State.POSTED), make(2)
    number = answered(viewer.database, shop, {"refund_ids": [known, new], "new_ids": [new]})
    page = viewer.get(f"/refunds/requests/{number}")
    words = text_of(page)
    assert "2 refunds were read: 1 is new." in words
    assert f'href="/refunds/{new}"' in page.text
    assert "Known already" in words
    assert "hx-trigger" not in page.text.partition('id="outcome"')[2]


@pytest.mark.parametrize(
    ("reason", "detail", "mend"),
    [
        (
            "order_not_billed",
            "order #1001 has no cash sale or invoice in NetSuite yet",
            "Bill the order in NetSuite, then retrieve it again.",
        ),
        ("no_refund", "order #1001 of shop has no refund", "Make the refund first"),
        ("BAD_CREDENTIALS", "the platform refused the credentials", "Renew the account's credentials"),
        ("something_new", "it did not work", ""),
    ],
)
def test_why_nothing_was_retrieved_is_told_in_plain_words_with_the_mend(
    viewer: Browser, shop: Account, reason: str, detail: str, mend: str
) -> None:
    number = answered(viewer.database, shop, None, reason=reason, detail=detail)
    words = text_of(viewer.get(f"/refunds/requests/{number}"))
    assert f"{detail[0].upper()}{detail[1:]}" in words
    assert reason in words
    assert mend in words


PLAN = {
    "source_type": "cashsale",
    "source_id": "70311",
    "target_type": "cashrefund",
    "external_id": "rs-shop-9000000001",
    "lines": [
        {
            "order_line": 1,
            "item_id": "55",
            "quantity": "1",
            "amount": {"amount": "20.00", "currency": "USD"},
            "label": "T-shirt, M",
            "positions": [0],
        },
        {
            "order_line": None,
            "item_id": "77",
            "quantity": "1",
            "amount": {"amount": "-1.00", "currency": "USD"},
            "label": "Restocking fee",
            "positions": [1],
        },
    ],
    "memo": "",
    "location_id": "",
    "refund_account": "",
}
RESULT = {
    "action": "write",
    "reason": "POSTED",
    "detail": "",
    "target_type": "",
    "target_id": "",
    "plan": PLAN,
}


def dry_run(browser: Browser, refund_id: int, result: dict[str, Any]) -> str:
    """Ask for a dry run in the portal, answer it as a worker would, and return what the page says."""
    asked = browser.post(f"/refunds/{refund_id}/dry-run")
    assert "A worker is reading both sides." in text_of(browser.follow(asked))
    with browser.database.write() as session:
        requests.claim(session, 1, now=NOW)
        requests.answer(session, requests.get(session, 1), result, now=NOW)
    return text_of(browser.follow(asked))


def test_what_would_be_sent_is_shown_line_by_line_and_changes_nothing(operator: Browser, make: Make) -> None:
    number = make(state=State.HELD)
    words = dry_run(operator, number, RESULT)
    assert operator.redis.llen("rq:queue:shopify") == 1
    assert "It would be written to the other side." in words
    for each in (
        "Cash sale",
        "70311",
        "rs-shop-9000000001",
        "T-shirt, M",
        "20.00 USD",
        "Restocking fee",
        "-1.00 USD",
    ):
        assert each in words
    assert "Nothing was written anywhere." in words
    assert refund_of(operator.database, number).state is State.HELD


def test_what_would_be_sent_to_a_storefront_is_shown_too(operator: Browser, make: Make) -> None:
    amount = {"amount": "20.00", "currency": "USD"}
    line = {"line_id": "703", "quantity": 1, "restock": True, "position": 0, "net": amount, "tax": amount}
    plan: dict[str, Any] = {
        "order_id": "450",
        "amount": amount,
        "lines": [line],
        "shipping": None,
        "shipping_tax": None,
    }
    plan |= {"method": "original", "location_id": "", "notify": True, "note": "rs-shop-1", "asked_by": 1}
    words = dry_run(operator, make(origin="netsuite"), {**RESULT, "plan": plan})
    assert "Given back by original" in words
    assert "Tell the customer yes" in words
    assert "703 1 yes 20.00 USD 20.00 USD" in words


def test_what_would_not_be_sent_is_told_with_its_reason(operator: Browser, make: Make) -> None:
    result = {**RESULT, "action": "wait", "reason": "NOT_BILLED", "plan": None}
    words = dry_run(operator, make(), result)
    assert "It would wait, and nothing be written." in words
    assert "The order has no cash sale or invoice in NetSuite yet." in words


def test_a_transaction_that_is_not_there_cannot_be_tried(operator: Browser) -> None:
    assert operator.post("/refunds/7/dry-run").status_code == 404


def test_checks_of_credentials_are_not_shown_here(viewer: Browser, shop: Account) -> None:
    with viewer.database.write() as session:
        number = requests.check(session, shop, now=NOW, actor="x", trace_id=TRACE).id
    assert viewer.get(f"/refunds/requests/{number}").status_code == 404
    assert viewer.get("/refunds/requests/99").status_code == 404


def test_a_viewer_may_not_ask_a_worker(viewer: Browser, make: Make) -> None:
    number = make()
    assert viewer.post("/refunds/retrieve", FORM).status_code == 403
    assert viewer.post(f"/refunds/{number}/dry-run").status_code == 403
    assert count(viewer.database) == 0
