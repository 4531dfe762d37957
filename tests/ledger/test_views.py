import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from ledger import accounts, attempts, deliveries, details, orders, people, queries, refunds, requests, runs
from ledger.database import Database
from ledger.models import Account, Finding, NetSuiteAccount, Role, RunKind
from ledger.run_views import item_view, request_view, run_view, totals_view
from ledger.states import Transition
from ledger.views import account_view, moment, netsuite_view, token_view, user_view
from tests.support.ledger import TRACE, make_delivery, make_refund, make_seen

WHEN = "2026-03-14T15:09:26Z"
USD_20 = {"amount": "20.00", "currency": "USD"}


def test_a_moment_is_in_utc_to_the_second_and_none_is_none(now: datetime) -> None:
    assert moment(now + timedelta(microseconds=999)) == WHEN
    assert moment(None) is None


def detail(database: Database, number: int) -> dict[str, Any]:
    with database.read() as session:
        return details.refund_detail(session, queries.refund(session, number))


def test_everything_about_a_refund_is_json(database: Database, shop: Account, now: datetime) -> None:
    with database.write() as session:
        link = orders.ensure(session, shop.id, "450789469", now=now, name="#1001")
        refund = make_refund(session, shop, make_seen(), link)
        attempts.begin(session, refund, now=now)
        refunds.move(session, refund, Transition.FAIL, "MAPPING_MISSING", now=now, detail="item_shipping")
        deliveries.accept(session, make_delivery(shop), now=now)
    view = json.loads(json.dumps(detail(database, refund.id)))
    expected = {
        "account": "shopify-shop",
        "source_channel": "shopify",
        "order": "#1001",
        "direction": "to_netsuite",
        "amount": USD_20,
        "state": "error",
        "reason": "MAPPING_MISSING",
        "detail": "item_shipping",
        "received_at": WHEN,
        "posted_at": None,
        "trace_id": TRACE,
    }
    assert expected.items() <= view.items()
    assert view["order_link"]["storefront_name"] == "#1001"
    assert [line["net"] for line in view["lines"]] == [USD_20]
    assert [(each["started_at"], each["ended_at"]) for each in view["attempts"]] == [(WHEN, None)]
    assert [each["action"] for each in view["audit"]] == ["record", "fail"]
    assert [each["topic"] for each in view["deliveries"]] == ["refunds/create"]


def test_a_refund_without_an_order_has_none_and_an_order_without_a_name_is_called_by_its_id(
    database: Database, shop: Account
) -> None:
    with database.write() as session:
        number = make_refund(session, shop, make_seen(order_name="")).id
    view = detail(database, number)
    assert (view["order_link"], view["order"]) == (None, "450789469")


def test_a_delivery_is_told_without_its_body(database: Database, shop: Account, now: datetime) -> None:
    new = make_delivery(shop, make_seen(), headers={"x-shopify-topic": "refunds/create"})
    with database.write() as session:
        number = deliveries.accept(session, new, now=now)
        assert number is not None
        view = details.delivery_detail(session, queries.delivery(session, number))
    assert json.loads(json.dumps(view)) == view
    assert (view["account"], view["bytes"], view["received_at"]) == ("shopify-shop", len(new.body), WHEN)
    assert (view["headers"], len(view["events"]), view["audit"]) == (new.headers, 1, [])
    assert "body" not in view


def test_accounts_are_told_without_their_secrets(
    database: Database, shop: Account, books: NetSuiteAccount, refund_id: int
) -> None:
    assert refund_id
    with database.write() as session:
        account = session.get_one(Account, shop.id)
        on = account_view(account, under_way=accounts.counts(session))
        account.sync_enabled = False
        off = account_view(account, under_way={})
    assert (on["sync"], on["under_way"], off["sync"], off["under_way"]) == ("on", 1, "off", 0)
    assert (on["platform"], on["netsuite"]) == ("shopify", "books")
    assert netsuite_view(books)["account_id"] == "1234567_SB1"
    for view in (on, netsuite_view(books)):
        assert not {"credentials", "webhook_secrets"} & set(view)


def test_people_and_tokens_are_told_without_their_secrets(database: Database, now: datetime) -> None:
    with database.write() as session:
        user = people.add_user(session, "a@example.com", Role.ADMIN, "x" * 12, now=now, actor="test")
        token, text = people.add_token(session, "ci", Role.VIEWER, timedelta(days=1), now=now, actor="test")
    assert user_view(user) == {
        "email": "a@example.com",
        "role": "admin",
        "created_at": WHEN,
        "disabled_at": None,
    }
    assert token_view(token) == {
        "name": "ci",
        "role": "viewer",
        "created_at": WHEN,
        "expires_at": "2026-03-15T15:09:26Z",
        "revoked_at": None,
    }
    assert text not in str(token_view(token))


@pytest.mark.parametrize("has_both", [True, False])
def test_a_run_is_told_with_what_it_found(
    database: Database, shop: Account, now: datetime, *, has_both: bool
) -> None:
    netsuite = (
        {"netsuite_currency": "USD", "netsuite_exponent": 2, "netsuite_minor": 2000} if has_both else {}
    )
    with database.write() as session:
        run = runs.begin(
            session,
            shop,
            RunKind.RECONCILE,
            now - timedelta(days=1),
            now,
            actor="test",
            trace_id=TRACE,
            now=now,
        )
        amounts = {"currency": "USD", "currency_exponent": 2, "storefront_minor": 2000}
        runs.put(session, run, "shopify:1", finding=Finding.MATCHED, order_id="7", **amounts, **netsuite)
        (item,) = runs.items(session, run.id)
        told = run_view(runs.get(session, run.id))
        totals = totals_view(runs.totals(session, run.id))
    assert (told["account"], told["from"], told["to"]) == ("shopify-shop", "2026-03-13T15:09:26Z", WHEN)
    view = item_view(item)
    assert (view["id"], view["order"], view["storefront_amount"]) == (item.id, "7", USD_20)
    assert view["netsuite_amount"] == (USD_20 if has_both else None)
    nothing = {"amount": "0.00", "currency": "USD"}
    assert totals == [
        {
            "finding": "matched",
            "currency": "USD",
            "number": 1,
            "storefront_amount": USD_20,
            "netsuite_amount": USD_20 if has_both else nothing,
        }
    ]


def test_a_request_is_told_with_its_answer(
    database: Database, shop: Account, books: NetSuiteAccount, now: datetime
) -> None:
    with database.write() as session:
        of_shop = requests.retrieve(
            session, shop, "1001", "storefront", now=now, actor="api:ci", trace_id=TRACE
        )
        of_books = requests.check(session, books, now=now, actor="api:ci", trace_id=TRACE)
        claimed = requests.claim(session, of_shop.id, now=now)
        assert claimed is not None
        requests.answer(session, claimed, {"refund_ids": [3], "new_ids": []}, now=now)
        done, open_still = (request_view(requests.get(session, each.id)) for each in (of_shop, of_books))
    assert (done["account"], done["kind"], done["state"]) == ("shopify-shop", "retrieve", "done")
    assert (done["result"], done["ended_at"]) == ({"refund_ids": [3], "new_ids": []}, WHEN)
    assert (open_still["account"], open_still["result"], open_still["ended_at"]) == ("books", None, None)
