"""Settings: connecting accounts: what the command line does, done by an administrator in the portal."""

import re
from collections.abc import Mapping
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import func, select

from cli.web_app import connectors
from ledger import accounts
from ledger.accounts import MOST_SECRETS
from ledger.clock import utcnow
from ledger.database import Database
from ledger.models import Account, AuditEntry, NetSuiteAccount, Request, RequestKind, Role
from ledger.models.accounts import Direction
from ledger.platforms import Platform
from ledger.secrets import Vault
from ledger.settings import Settings
from tests.webhooks.platforms import encoded, netsuite_headers, order, shopify_headers
from tests.webhooks.portal.conftest import Browser, Enter, text_of
from webhooks.app import create_app

ONCE = re.compile(r'<p class="once"><code>([^<]+)</code>')
KEY = (
    ec.generate_private_key(ec.SECP256R1())
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)
SHOP = {
    "slug": "new-shop",
    "storefront": "new-shop.myshopify.com",
    "netsuite": "books",
    "direction": "to_netsuite",
    "client_id": "my-app",
    "client_secret": "shpss_0123456789abcdef",
}
BOOKS = {
    "slug": "new-books",
    "account_id": "7654321_sb1",
    "concurrency": "7",
    "client_id": "a",
    "certificate_id": "b",
    "private_key": KEY,
}
TOKENS = {"consumer_key": "ck", "consumer_secret": "cs", "token_id": "ti", "token_secret": "ts"}
SELLER = {"client_id": "my-app", "client_secret": "cs-0123", "refresh_token": "rt-0123"}
OTHERS: Mapping[str, Mapping[str, str]] = {
    "amazon": {"storefront": "A2EXAMPLE", **SELLER, "more": '{"region": "eu"}'},
    "ebay": {"storefront": "seller_name", **SELLER},
    "magento": {"storefront": "shop.example.com", "access_token": "at-0123"},
}


def kept(browser: Browser, slug: str) -> Account:
    with browser.database.read() as session:
        return accounts.by_slug(session, slug)


def number_of(browser: Browser, table: type[Account | NetSuiteAccount]) -> int:
    with browser.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def beside(page: str, name: str) -> str:
    """Return what is said beside a field to be wrong with it; empty if nothing is."""
    found = re.search(rf'<p class="said bad" id="e-{name}">([^<]+)</p>', page)
    assert found is None or re.search(rf'name="{name}"[^>]*aria-invalid="true"', page)
    return found[1] if found else ""


def test_every_platform_is_offered(admin: Browser, shop_id: int) -> None:
    assert shop_id
    page = admin.get("/settings/accounts").text
    for source in Platform:
        assert f'href="/settings/connect/{source}"' in page
    assert 'href="/settings/connect/netsuite"' not in page
    assert 'href="/settings/connect/netsuite"' in admin.get("/settings/netsuite-accounts").text
    assert "never removed" in page


def test_a_shop_is_connected_and_its_webhooks_are_taken(admin: Browser, shop_id: int) -> None:
    assert shop_id
    answer = admin.post("/settings/connect/shopify", SHOP)
    page = text_of(admin.follow(answer))
    assert "new-shop is connected." in page
    assert "A worker tries out the credentials." in page
    for said in ("/webhooks/shopify/new-shop", "refunds/create", "Direction Storefront"):
        assert said in page
    made = kept(admin, "new-shop")
    assert (made.platform, made.direction, made.storefront_id) == (
        Platform.SHOPIFY,
        Direction.TO_NETSUITE,
        "new-shop.myshopify.com",
    )
    assert admin.vault.open(made.credentials) == {
        "client_id": "my-app",
        "client_secret": "shpss_0123456789abcdef",
    }
    body = encoded(order())
    from_shop = {"shop_domain": SHOP["storefront"]}
    signed = shopify_headers("orders/updated", body, from_shop, secret=SHOP["client_secret"])
    assert admin.client.post("/webhooks/shopify/new-shop", data=body, headers=signed).status_code == 200
    forged = shopify_headers("orders/updated", body, from_shop, secret="another-secret-of-16-bytes")
    assert admin.client.post("/webhooks/shopify/new-shop", data=body, headers=forged).status_code == 401
    with admin.database.read() as session:
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.subject == "account", AuditEntry.action == "add")
        ).all()[-1]
        (asked,) = session.scalars(select(Request))
    assert (entry.subject_id, entry.actor, entry.note) == (
        made.id,
        "portal:admin@example.com",
        "direction to_netsuite",
    )
    assert (asked.kind, asked.account_id) == (RequestKind.CHECK, made.id)
    assert admin.redis.llen("rq:queue:shopify") == 2


@pytest.mark.parametrize("source", sorted(OTHERS))
def test_an_account_of_each_platform_is_connected(admin: Browser, shop_id: int, source: str) -> None:
    assert shop_id
    page = admin.post(
        f"/settings/connect/{source}", {"slug": "another", "netsuite": "books", **OTHERS[source]}
    )
    secret = ONCE.search(page.text)
    assert secret is not None, text_of(page)
    made = kept(admin, "another")
    assert admin.vault.open(made.webhook_secrets) == [secret[1]]
    assert made.direction is accounts.DEFAULT_DIRECTION[Platform(source)]
    text = text_of(page)
    assert f"/webhooks/{source}/another" in text
    assert "Subscribe to these topics" in text
    assert secret[1] not in admin.get("/settings/accounts/another").text
    if source == "amazon":
        assert admin.vault.open(made.credentials) == {**SELLER, "region": "eu"}


def test_a_netsuite_account_is_connected_and_its_webhooks_are_taken(admin: Browser) -> None:
    page = admin.post("/settings/connect/netsuite", BOOKS)
    secret = ONCE.search(page.text)
    assert secret is not None, text_of(page)
    assert "refund-sync suitescript" in text_of(page)
    with admin.database.read() as session:
        made = accounts.netsuite_by_slug(session, "new-books")
    assert (made.account_id, made.concurrency) == ("7654321_SB1", 7)
    assert admin.vault.open(made.credentials) == {
        "auth": "oauth2",
        "client_id": "a",
        "certificate_id": "b",
        "private_key": KEY.strip(),
    }
    body = encoded({"type": "ping"})
    headers = netsuite_headers(body, at=utcnow(), secret=secret[1])
    assert admin.client.post("/webhooks/netsuite/new-books", data=body, headers=headers).status_code == 200


def test_netsuite_is_connected_by_tokens_too(admin: Browser) -> None:
    values = {"slug": "new-books", "account_id": "7654321", "concurrency": "5", **TOKENS}
    given = "a-secret-of-more-than-16-bytes"
    admin.follow(admin.post("/settings/connect/netsuite", {**values, "secret": given}))
    with admin.database.read() as session:
        made = accounts.netsuite_by_slug(session, "new-books")
    assert admin.vault.open(made.credentials) == {"auth": "tba", **TOKENS}
    assert admin.vault.open(made.webhook_secrets) == [given]


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"slug": "New Shop"}, "slug", "is not a name of lower-case letters"),
        ({"slug": "shop"}, "slug", "exists already"),
        ({"storefront": "shop.example.com"}, "storefront", "is not a shop such as"),
        ({"storefront": ""}, "storefront", "Give 1 to 255 characters."),
        ({"storefront": "a" * 256}, "storefront", "Give 1 to 255 characters."),
        ({"netsuite": "nowhere"}, "netsuite", "There is no NetSuite account"),
        ({"direction": "sideways"}, "direction", "There is no such direction."),
        ({"secret": "short"}, "secret", "at least 16 bytes"),
        ({"client_secret": ""}, "client_secret", "This belongs to it, too."),
        ({"client_secret": "caf\u00e9"}, "client_secret", "characters that no token has"),
        ({"client_id": "", "client_secret": "", "access_token": "shpat_1"}, "secret", "The platform makes"),
        ({"api_url": "http://127.0.0.1"}, "api_url", "for development only"),
    ],
)
def test_what_is_wrong_with_a_shop_is_told_beside_its_field(
    admin: Browser, shop_id: int, values: dict[str, str], field: str, said: str
) -> None:
    assert shop_id
    answer = admin.post("/settings/connect/shopify", {**SHOP, **values})
    assert answer.status_code == 422
    # Where the field is not shown, as the API's address outside of development, it is the form's own notice.
    assert said in (text_of(answer) if field == "api_url" else beside(answer.text, field))
    assert number_of(admin, Account) == 1
    assert SHOP["client_secret"] not in answer.text
    if "storefront" not in values:
        assert 'value="new-shop.myshopify.com"' in answer.text


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"account_id": "12 34"}, "account_id", "is not a NetSuite account id"),
        ({"concurrency": "0"}, "concurrency", "must be a whole number from 1 to 200"),
        ({"private_key": "MIIE"}, "private_key", "The private key is not in PEM format."),
        ({"certificate_id": ""}, "certificate_id", "This belongs to it, too."),
    ],
)
def test_what_is_wrong_with_netsuite_is_told_beside_its_field(
    admin: Browser, values: dict[str, str], field: str, said: str
) -> None:
    answer = admin.post("/settings/connect/netsuite", {**BOOKS, **values})
    assert answer.status_code == 422
    assert said in beside(answer.text, field)
    assert number_of(admin, NetSuiteAccount) == 0  # nothing of it is kept, not by half either
    assert "BEGIN PRIVATE KEY" not in answer.text


def test_what_is_no_json_is_told_beside_its_field(admin: Browser, shop_id: int) -> None:
    assert shop_id
    values = {"slug": "another", "netsuite": "books", **OTHERS["amazon"], "more": "["}
    answer = admin.post("/settings/connect/amazon", values)
    assert "This is not a JSON object" in beside(answer.text, "more")


@pytest.mark.parametrize("values", [{"client_id": "", "client_secret": ""}, {"access_token": "shpat_1"}])
def test_credentials_of_no_way_or_of_two_are_refused(
    admin: Browser, shop_id: int, values: dict[str, str]
) -> None:
    assert shop_id
    answer = admin.post("/settings/connect/shopify", {**SHOP, **values})
    assert answer.status_code == 422
    assert "Give all of these" in text_of(answer)
    assert number_of(admin, Account) == 1


def test_a_storefront_needs_books_first(admin: Browser) -> None:
    page = admin.get("/settings/connect/ebay").text
    assert 'href="/settings/connect/netsuite"' in page
    assert 'name="storefront"' not in page


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
@pytest.mark.parametrize("source", ["shopify", "netsuite"])
def test_only_an_administrator_connects(enter: Enter, shop_id: int, role: Role, source: str) -> None:
    assert shop_id
    browser = enter(role)
    assert browser.get(f"/settings/connect/{source}").status_code == 403
    values = BOOKS if source == "netsuite" else SHOP
    assert browser.post(f"/settings/connect/{source}", values).status_code == 403
    assert (number_of(browser, Account), number_of(browser, NetSuiteAccount)) == (1, 1)


def test_a_form_of_another_site_connects_nothing(admin: Browser, shop_id: int) -> None:
    assert shop_id
    assert admin.client.post("/settings/connect/shopify", data=SHOP).status_code in {400, 403}
    assert number_of(admin, Account) == 1


def test_a_platform_that_is_none_is_not_found(admin: Browser) -> None:
    assert admin.get("/settings/connect/woocommerce").status_code == 404
    assert admin.post("/settings/connect/woocommerce", SHOP).status_code == 404


def test_in_development_another_address_of_the_api_is_kept(
    settings: Settings, database: Database, vault: Vault, admin: Browser, shop_id: int
) -> None:
    assert shop_id
    development = replace(settings, allow_private_urls=True)
    app = create_app(development, database=database, vault=vault, connectors=connectors())
    cookie = admin.client.get_cookie("refund-sync")
    assert cookie is not None
    client = app.test_client()
    client.set_cookie("refund-sync", cookie.value)
    browser = replace(admin, client=client)
    browser.post("/settings/connect/shopify", {**SHOP, "api_url": "http://127.0.0.1:8/shop/"})
    assert kept(admin, "new-shop").api_url == "http://127.0.0.1:8/shop"
    wrong = browser.post("/settings/connect/shopify", {**SHOP, "slug": "other", "api_url": "nowhere"})
    assert "is not a web address" in beside(wrong.text, "api_url")


def test_where_no_client_is_known_the_command_line_is_named(
    settings: Settings, database: Database, vault: Vault, admin: Browser
) -> None:
    client = create_app(settings, database=database, vault=vault).test_client()
    cookie = admin.client.get_cookie("refund-sync")
    assert cookie is not None
    client.set_cookie("refund-sync", cookie.value)
    assert "refund-sync account add" in client.get("/settings/accounts").text
    assert client.get("/settings/connect/shopify").status_code == 404


def test_a_new_account_may_have_its_secret_rotated(admin: Browser, shop_id: int) -> None:
    assert shop_id < MOST_SECRETS
    admin.follow(admin.post("/settings/connect/shopify", SHOP))
    admin.follow(admin.post("/settings/accounts/new-shop/secret", {"secret": "whsec-0123456789abcdef"}))
    assert len(admin.vault.open(kept(admin, "new-shop").webhook_secrets)) == 2
