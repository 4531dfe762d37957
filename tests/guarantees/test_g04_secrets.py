"""G4: two live secrets, over the bytes as they came, compared in a time that tells nothing."""

import hmac
import json
from collections.abc import Callable

import pytest

from ledger import accounts
from ledger.clock import utcnow
from ledger.models import Account, NetSuiteAccount
from ledger.platforms import Platform
from tests.guarantees.house import ON_SQLITE, House
from tests.support.ledger import SECRET, make_account
from tests.support.waiting import until
from tests.webhooks.amazon_pushes import secret_headers as amazon_headers
from tests.webhooks.ebay_pushes import LEGACY, SELLER, soap, stamp
from tests.webhooks.magento_pushes import secret_headers as magento_headers
from tests.webhooks.platforms import encoded, netsuite_headers, refund, shopify_headers

NEW = "whsec-fedcba9876543210fedcba9876543210"
NEWEST = "whsec-00112233445566778899aabbccddeeff"
SHOP = "/webhooks/shopify/shop"


def rotate(house: House, secret: str) -> None:
    with house.world.database.write() as session:
        vault = house.world.runtime.vault
        for account in (
            session.get_one(Account, house.shop.id),
            session.get_one(NetSuiteAccount, house.books.id),
        ):
            accounts.rotate_secret(session, vault, account, secret, now=utcnow(), actor="test")


def answered(house: House, secret: str) -> tuple[int, int]:
    """Return what the shop and the books are answered that sign with a secret."""
    body = encoded(refund())
    headers = shopify_headers("refunds/create", body, {"shop_domain": house.shop.tenant}, secret=secret)
    shop = house.post(SHOP, body, headers).status_code
    change = encoded({"id": secret, "type": "create", "recordType": "creditmemo", "internalId": "1"})
    signed = netsuite_headers(change, secret=secret, at=utcnow())
    return shop, house.post("/webhooks/netsuite/books", change, signed).status_code


def test_g04_the_newest_secret_and_the_one_before_it_are_live_and_no_older_one(house: House) -> None:
    assert [answered(house, each) for each in (SECRET, NEW)] == [(200, 200), (401, 401)]
    rotate(house, NEW)
    assert [answered(house, each) for each in (SECRET, NEW)] == [(200, 200)] * 2
    house.listen(secret=NEW)
    assert house.refund()["delivered"]
    rotate(house, NEWEST)
    assert [answered(house, each) for each in (NEW, NEWEST)] == [(200, 200), (200, 200)]
    until(lambda: answered(house, SECRET) == (401, 401))  # each process remembers it for a second


@ON_SQLITE
def test_g04_what_is_signed_are_the_bytes_as_they_came(house: House) -> None:
    value = refund(note="caf\u00e9")
    ways = [
        json.dumps(value).encode(),
        json.dumps(value, ensure_ascii=False, indent=2).encode(),
        b"\n " + json.dumps(value, separators=(",", ":")).encode() + b"\r\n",
    ]
    for number, body in enumerate(ways):
        named = {"shop_domain": house.shop.tenant, "event_id": str(number)}
        headers = shopify_headers("refunds/create", body, named)
        other = ways[number - 1]  # the same value in other bytes
        assert house.post(SHOP, other, headers).status_code == 401
        assert house.post(SHOP, body, headers).json() == {"outcome": "accepted"}
        assert house.deliveries()[-1].body == body


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What every comparison came to that takes as long whatever is compared."""
    results: list[bool] = []
    compare: Callable[[bytes, bytes], bool] = hmac.compare_digest

    def noted(one: bytes, other: bytes) -> bool:
        results.append(compare(one, other))
        return results[-1]

    monkeypatch.setattr(hmac, "compare_digest", noted)
    return results


@ON_SQLITE
def test_g04_every_live_secret_is_compared_whichever_is_right_in_a_time_that_tells_nothing(
    house: House, compared: list[bool]
) -> None:
    vault = house.world.runtime.vault
    with house.world.database.write() as session:
        make_account(session, vault, platform=Platform.AMAZON, slug="amazon")
        make_account(session, vault, platform=Platform.MAGENTO, slug="magento")
        ebay = {"legacy": dict(LEGACY)}
        make_account(
            session, vault, platform=Platform.EBAY, slug="ebay", storefront_id=SELLER, credentials=ebay
        )
        for slug in ("amazon", "magento"):
            account = accounts.by_slug(session, slug)
            accounts.rotate_secret(session, vault, account, NEW, now=utcnow(), actor="test")
    rotate(house, NEW)
    shop, change, pushed = encoded(refund()), b'{"id": "1"}', soap("<OrderID>1</OrderID>", at=stamp(utcnow()))
    named = {"shop_domain": house.shop.tenant}
    right = {
        SHOP: (shop, shopify_headers("refunds/create", shop, named)),
        "/webhooks/netsuite/books": (change, netsuite_headers(change, at=utcnow())),
        "/webhooks/amazon/amazon": (b"{}", amazon_headers()),
        "/webhooks/magento/magento": (b"{}", magento_headers()),
    }
    for path, (body, headers) in right.items():
        compared.clear()
        assert house.post(path, body, headers).status_code == 200
        assert sorted(compared) == [False, True], path  # the newest one, which is wrong, and the right one
        compared.clear()
        house.post(path, body, {name: "x" * len(text) for name, text in headers.items()} | named)
    compared.clear()
    headers = {"Content-Type": "text/xml", "SOAPACTION": '"FixedPriceTransaction"'}
    assert house.post("/webhooks/ebay/ebay", pushed, headers).status_code == 200
    assert compared == [True]
