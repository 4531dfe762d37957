"""Settings: accounts and NetSuite accounts: what is shown, credentials, test, secrets."""

import json
import re

import pytest
from sqlalchemy import select

from ledger import requests
from ledger.models import Account, AuditEntry, NetSuiteAccount, Request, RequestKind
from tests.support.ledger import NOW, SECRET, TRACE
from tests.webhooks.platforms import encoded, order, shopify_headers
from tests.webhooks.portal.conftest import Browser, text_of

SHOP = "/settings/accounts/shop"
BOOKS = "/settings/netsuite-accounts/books"
ONCE = re.compile(r'<p class="once"><code>([^<]+)</code>')
NEW = "a-new-secret-of-more-than-16-bytes"
PRIVATE_KEY = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"


def shop(browser: Browser) -> Account:
    with browser.database.read() as session:
        return session.scalars(select(Account)).one()


def books(browser: Browser) -> NetSuiteAccount:
    with browser.database.read() as session:
        return session.scalars(select(NetSuiteAccount)).one()


def asked(browser: Browser) -> list[Request]:
    with browser.database.read() as session:
        return list(session.scalars(select(Request).order_by(Request.id)))


def settle(browser: Browser, *, reason: str = "") -> None:
    """Let a worker have answered the last request."""
    with browser.database.write() as session:
        claimed = requests.claim(session, asked(browser)[-1].id, now=NOW)
        assert claimed is not None
        if reason:
            requests.fail(session, claimed, reason, "Shopify refuses the token.", now=NOW)
        else:
            requests.answer(session, claimed, {}, now=NOW)


def test_accounts_of_both_kinds_are_listed(admin: Browser, shop_id: int) -> None:
    assert shop_id
    assert f'href="{SHOP}"' in admin.get("/settings/accounts").text
    assert f'href="{BOOKS}"' in admin.get("/settings/netsuite-accounts").text


def test_the_address_and_topics_of_webhooks_are_told(admin: Browser, shop_id: int) -> None:
    assert shop_id
    page = text_of(admin.get(SHOP))
    assert "/webhooks/shopify/shop below the address" in page
    assert "refunds/create" in page
    assert "/webhooks/netsuite/books below the address" in text_of(admin.get(BOOKS))
    assert "refund-sync suitescript" in text_of(admin.get(BOOKS))


def test_credentials_are_written_tried_out_and_never_shown(admin: Browser, shop_id: int) -> None:
    assert shop_id
    answer = admin.post(f"{SHOP}/credentials", {"client_id": "my-app", "client_secret": "shpss_0123"})
    (request,) = asked(admin)
    assert (request.kind, request.actor) == (RequestKind.CHECK, "portal:admin@example.com")
    assert answer.headers["Location"] == f"{SHOP}?check={request.id}"
    page = admin.follow(answer)
    assert "A worker tries out the credentials." in text_of(page)
    assert 'hx-trigger="every 2s"' in page.text
    assert "shpss_0123" not in page.text
    assert "my-app" not in page.text
    assert "stored are: client_id, client_secret" in text_of(page)
    assert admin.vault.open(shop(admin).credentials) == {"client_id": "my-app", "client_secret": "shpss_0123"}
    assert admin.redis.llen("rq:queue:shopify") == 1
    with admin.database.read() as session:
        notes = session.scalars(select(AuditEntry.note).where(AuditEntry.action == "set")).all()
    assert notes == ["credentials"]


def test_a_part_that_is_not_given_stays(admin: Browser, shop_id: int) -> None:
    assert shop_id
    admin.post(f"{SHOP}/credentials", {"client_id": "my-app", "client_secret": "shpss_0123"})
    admin.post(f"{SHOP}/credentials", {"client_secret": "shpss_4567"})
    assert admin.vault.open(shop(admin).credentials) == {"client_id": "my-app", "client_secret": "shpss_4567"}


def test_the_outcome_of_a_test_is_shown(admin: Browser, shop_id: int) -> None:
    assert shop_id
    where = admin.post(f"{SHOP}/test").headers["Location"]
    settle(admin)
    assert "The credentials were accepted at 2026-03-14 15:09:26." in text_of(admin.get(where))
    where = admin.post(f"{SHOP}/test").headers["Location"]
    settle(admin, reason="AUTH_FAILED")
    page = text_of(admin.get(where))
    assert "The credentials were not accepted: Shopify refuses the token. AUTH_FAILED" in page


def test_the_outcome_is_shown_of_the_accounts_own_test_only(admin: Browser, shop_id: int) -> None:
    where = admin.post(f"{BOOKS}/test").headers["Location"]
    (request,) = asked(admin)
    assert (request.source, request.account_id) == ("netsuite", None)
    settle(admin)
    assert "were accepted" in text_of(admin.get(where))
    assert "were accepted" not in text_of(admin.get(f"{SHOP}?check={request.id}"))
    with admin.database.write() as session:
        account = session.get_one(Account, shop_id)
        other = requests.retrieve(session, account, "1", now=NOW, actor="test", trace_id=TRACE).id
    for number in (other, 999):
        assert "tries out" not in text_of(admin.get(f"{SHOP}?check={number}"))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "Nothing was given"),
        ({"client_id": "my-app"}, "Give all of these: client_id, client_secret; or access_token."),
    ],
)
def test_credentials_that_cannot_be_are_refused(
    admin: Browser, shop_id: int, values: dict[str, str], said: str
) -> None:
    assert shop_id
    answer = admin.post(f"{SHOP}/credentials", values)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert admin.vault.open(shop(admin).credentials) == {}
    assert asked(admin) == []


def test_netsuites_key_keeps_its_lines(admin: Browser, shop_id: int) -> None:
    assert shop_id
    values = {"client_id": "a", "certificate_id": "b", "private_key": PRIVATE_KEY}
    admin.post(f"{BOOKS}/credentials", values)
    assert admin.vault.open(books(admin).credentials) == {"auth": "oauth2", **values}


def test_after_a_rotation_both_secrets_are_live_until_the_older_is_dropped(
    admin: Browser, shop_id: int
) -> None:
    assert shop_id
    told = text_of(admin.follow(admin.post(f"{SHOP}/secret", {"secret": NEW})))
    assert "It and the one before are both good." in told
    assert "2: the newest, and the one before it" in told
    body = encoded(order())
    for secret in (NEW, SECRET):
        headers = shopify_headers("orders/updated", body, secret=secret)
        assert admin.client.post("/webhooks/shopify/shop", data=body, headers=headers).status_code == 200
    assert "Webhooks signed with an older secret are refused" in text_of(admin.get(f"{SHOP}/secret/drop"))
    told = text_of(admin.follow(admin.post(f"{SHOP}/secret/drop")))
    assert "Only the newest webhook secret of shop is good now." in told
    assert admin.vault.open(shop(admin).webhook_secrets) == [NEW]
    assert NEW not in admin.get(SHOP).text


@pytest.mark.parametrize(
    ("secret", "said"), [("", "Give the secret that the platform made."), ("short", "at least 16 bytes")]
)
def test_a_secret_that_cannot_be_is_refused(admin: Browser, shop_id: int, secret: str, said: str) -> None:
    assert shop_id
    answer = admin.post(f"{SHOP}/secret", {"secret": secret})
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert admin.vault.open(shop(admin).webhook_secrets) == [SECRET]


def test_a_secret_made_here_is_shown_once(admin: Browser, shop_id: int) -> None:
    assert shop_id
    shown = ONCE.search(admin.post(f"{BOOKS}/secret").text)
    assert shown is not None
    assert admin.vault.open(books(admin).webhook_secrets) == [shown[1], SECRET]
    assert shown[1] not in admin.get(BOOKS).text


def test_the_concurrency_of_a_netsuite_account_is_changed(admin: Browser, shop_id: int) -> None:
    assert shop_id
    admin.follow(admin.post(f"{BOOKS}/concurrency", {"concurrency": "12"}))
    assert books(admin).concurrency == 12
    answer = admin.post(f"{BOOKS}/concurrency", {"concurrency": "0"})
    assert answer.status_code == 422
    assert "Concurrency must be a whole number from 1 to 200" in text_of(answer)
    assert admin.post(f"{SHOP}/concurrency", {"concurrency": "12"}).status_code == 404


def test_stored_secrets_that_no_key_opens_are_replaced_as_a_whole(admin: Browser, shop_id: int) -> None:
    with admin.database.write() as session:
        account = session.get_one(Account, shop_id)
        account.credentials = account.webhook_secrets = b"sealed with a key that is gone"
    assert admin.get(SHOP).status_code == 200
    page = admin.follow(admin.post(f"{SHOP}/credentials", {"access_token": "shpat_0123"}))
    assert "could not be opened" in text_of(page)
    assert admin.vault.open(shop(admin).credentials) == {"access_token": "shpat_0123"}


@pytest.mark.parametrize("path", ["", "/secret/drop"])
@pytest.mark.parametrize("kind", ["accounts", "netsuite-accounts"])
def test_an_account_that_is_not_there_is_not_found(admin: Browser, kind: str, path: str) -> None:
    assert admin.get(f"/settings/{kind}/nowhere{path}").status_code == 404


def test_other_members_are_given_as_json(admin: Browser, shop_id: int) -> None:
    assert shop_id
    answer = admin.post(f"{SHOP}/credentials", {"more": json.dumps({"unknown": 1})})
    assert "These credentials have no unknown." in text_of(answer)
    answer = admin.post(f"{SHOP}/credentials", {"more": "{"})
    assert answer.status_code == 422
