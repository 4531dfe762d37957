"""Platforms that ask by GET who listens at an address, before they send anything there."""

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from ledger import accounts
from ledger.database import Database
from ledger.platforms import Platform
from ledger.secrets import Vault
from ledger.settings import Settings
from tests.support.ledger import make_account
from tests.webhooks.conftest import Line
from tests.webhooks.magento_pushes import CLIENT_ID
from webhooks.app import create_app
from webhooks.endpoints import Directory
from webhooks.sources import SOURCES

ASKED = "8ec8d794-e0ab-42df-9017-e3dada8e84f7"
ADDRESS = f"/webhooks/magento/shop?challenge={ASKED}"
NOT_FOUND = {"code": "not_found", "message": "Nothing matches the given URI"}


@pytest.fixture
def client(app: Flask, database: Database, vault: Vault) -> FlaskClient:
    """The web process, with shops on Magento of which one is sent events by Adobe, and one on Shopify."""
    with database.write() as session:
        for slug, credentials in (("shop", {"adobe_client_id": CLIENT_ID}), ("quiet", {})):
            make_account(
                session,
                vault,
                platform=Platform.MAGENTO,
                slug=slug,
                storefront_id=f"https://{slug}.example.com",
                credentials=credentials,
            )
        make_account(session, vault, slug="other")
    return app.test_client()


def is_nothing(answer: TestResponse) -> bool:
    return (answer.status_code, answer.json) == (404, NOT_FOUND)


def test_adobes_challenge_is_answered_with_itself(client: FlaskClient) -> None:
    answer = client.get(ADDRESS)
    assert (answer.status_code, answer.json) == (200, {"challenge": ASKED})
    assert answer.content_type == "application/json"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("challenge", ["a", "A-z_0.9~=", "x" * 200])
def test_a_challenge_need_not_be_a_uuid(client: FlaskClient, challenge: str) -> None:
    answer = client.get("/webhooks/magento/shop", query_string={"challenge": challenge})
    assert answer.json == {"challenge": challenge}


@pytest.mark.parametrize(
    "challenge", ["", " ", "x" * 201, "<script>alert(1)</script>", 'a"b', "a\nb", "\u00e9", "\x00", "a b"]
)
def test_nothing_is_said_back_that_could_do_harm(client: FlaskClient, challenge: str) -> None:
    assert is_nothing(client.get("/webhooks/magento/shop", query_string={"challenge": challenge}))


@pytest.mark.parametrize(
    "path",
    [
        "/webhooks/magento/shop",
        f"/webhooks/magento/shop?challenge_code={ASKED}",
        f"/webhooks/magento/shop?challenge=&x=challenge={ASKED}",
        f"/webhooks/magento/quiet?challenge={ASKED}",
        f"/webhooks/magento/nobody?challenge={ASKED}",
        f"/webhooks/magento/other?challenge={ASKED}",
        f"/webhooks/magento/shop%00?challenge={ASKED}",
        f"/webhooks/magento/%ff?challenge={ASKED}",
        f"/webhooks/shopify/other?challenge={ASKED}",
        f"/webhooks/netsuite/books?challenge={ASKED}",
        f"/webhooks/nobody/shop?challenge={ASKED}",
        f"/webhooks/magento?challenge={ASKED}",
    ],
)
def test_who_is_not_asked_this_way_answers_like_nobody(client: FlaskClient, path: str) -> None:
    assert is_nothing(client.get(path))


def test_a_challenge_leaves_nothing_behind(client: FlaskClient, database: Database, log: list[Line]) -> None:
    client.get(ADDRESS)
    with database.read() as session:
        assert session.execute(text("SELECT COUNT(*) FROM deliveries")).scalar() == 0
    assert log == []


def test_a_new_client_is_known_at_once(client: FlaskClient, database: Database, vault: Vault) -> None:
    with database.write() as session:
        account = accounts.by_slug(session, "quiet")
        account.credentials = vault.seal({"adobe_client_id": CLIENT_ID})
    assert client.get(ADDRESS.replace("shop", "quiet")).status_code == 200


def is_unavailable(client: FlaskClient, log: list[Line], reason: str) -> None:
    answer = client.get(ADDRESS)
    assert (answer.status_code, answer.json and answer.json["code"]) == (503, reason)
    (line,) = log
    assert (line["event"], line["log_level"]) == ("challenge", "error")
    assert (line["source"], line["account"]) == ("magento", "shop")


def test_with_credentials_nobody_can_open_the_platform_is_asked_to_come_again(
    client: FlaskClient, database: Database, log: list[Line]
) -> None:
    with database.write() as session:
        accounts.by_slug(session, "shop").credentials = b"sealed with a lost key"
    is_unavailable(client, log, "secret_unreadable")


def test_with_settings_of_another_version_the_platform_is_asked_to_come_again(
    client: FlaskClient, database: Database, log: list[Line]
) -> None:
    with database.write() as session:
        accounts.by_slug(session, "shop").settings = {"of_the_future": True}
    is_unavailable(client, log, "unknown_setting")


def test_without_the_ledger_the_platform_is_asked_to_come_again(
    settings: Settings, vault: Vault, log: list[Line]
) -> None:
    database = Database("postgresql+psycopg://x@127.0.0.1:1/x")
    client = create_app(settings, database=database, vault=vault).test_client()
    is_unavailable(client, log, "ledger_unreachable")


@pytest.mark.usefixtures("client")
def test_an_endpoint_knows_its_own_address(settings: Settings, database: Database, vault: Vault) -> None:
    public = replace(settings, public_url="https://sync.example.com")
    with database.read() as session:
        endpoint = Directory(vault, public.public_url).find(session, SOURCES["magento"], "shop")
    assert endpoint.url == "https://sync.example.com/webhooks/magento/shop"
    assert endpoint.credentials == {"adobe_client_id": CLIENT_ID}
    assert CLIENT_ID not in repr(endpoint)


@pytest.mark.usefixtures("client")
def test_a_platform_that_needs_no_credentials_is_given_none(database: Database, vault: Vault) -> None:
    with database.read() as session:
        endpoint = Directory(vault).find(session, SOURCES["shopify"], "other")
    assert endpoint.credentials == {}
