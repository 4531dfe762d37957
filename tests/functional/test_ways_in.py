"""Ways in that the demo does not go: the sandbox signs and pushes by its own code, the processes post."""

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Final

import pytest
import requests

from cli.demo.control import Json, Storefront
from cli.demo.platforms.amazon import Seller, open_amazon
from cli.demo.platforms.magento import Store
from cli.demo.platforms.netsuite import Books, make_login, open_books
from cli.demo.site import Site
from ledger.models.accounts import Direction
from ledger.states import State
from tests.functional.ground import PATIENCE, Ground, ground
from tests.support.databases import Clone
from tests.support.waiting import until

SAVED: Final = "observer.sales_order_creditmemo_save_after"
PLUGIN: Final = "plugin.magento.sales.api.creditmemo_repository.save"
UPDATE: Final = "TRANSACTION_UPDATE"
HOOK_SIGNATURE: Final = "x-adobe-commerce-webhook-signature"
RECORDS: Final = {"invoice": "creditMemo", "cashSale": "cashRefund"}
NUMBERS: Final = count(1)

pytestmark = pytest.mark.xdist_group("processes")


@dataclass(frozen=True)
class Told:
    """A refund of 35.00 that a platform tells of.

    Attributes:
        refund_id: Its id there.
        topic: What pushes that tell of it are called.
        went_this_way: Tells of such a push whether it went the way that is tested.
    """

    storefront: Storefront
    refund_id: str
    topic: str
    went_this_way: Callable[[Json], bool]


Way = Callable[[Ground, Books, str], Told]


@pytest.fixture(scope="module")
def here(sqlite: Clone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Web process and workers, with platforms that push to it; without a scheduler, nothing is polled."""
    with sqlite() as url, ground(tmp_path_factory.mktemp("ways"), url) as made:
        made.site.web_url = made.web_url
        for queue in ("amazon", "magento"):
            made.fleet.start(f"worker-{queue}", "worker", queue)
        until(lambda: requests.get(f"{made.web_url}/readyz", timeout=PATIENCE).ok, PATIENCE)
        yield made


@pytest.fixture(scope="module")
def login() -> tuple[str, str]:
    """What the service shows NetSuite who it is by."""
    return make_login()


@pytest.fixture
def books(here: Ground, login: tuple[str, str]) -> Books:
    """A NetSuite account that nothing was written to."""
    number = next(NUMBERS)
    return open_books(here.site, f"ways-{number}", f"{8_000_000 + number}_SB1", login)


def open_store(site: Site, books: Books, push: Json, **credentials: str) -> Store:
    """Open a Magento store and join it; whoever hooks onto its saving gets its public key first."""
    oauth = {
        name: secrets.token_hex(16)
        for name in ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
    }
    store = Store(site.control, f"store-of-{books.slug}", f"store-of-{books.slug}", books.slug)
    site.control.post("/magento/stores", tenant=store.name, oauth=oauth)

    def connect() -> Json:
        url = site.webhook_url("magento", store.slug)
        return site.control.patch(store.path, push={"url": url, **push})

    def join() -> None:
        domain = f"{store.name}.example.com"
        site.join(store, domain, Direction.TO_NETSUITE, {**oauth, **credentials}, secrets.token_hex(32))

    if push["via"] == "commerce_webhook":
        credentials["commerce_public_key"] = connect()["push"]["public_key"]
        join()
    else:  # Adobe calls back before it sends anything
        join()
        connect()
    return store


def credited(store: Store, books: Books, billed: str) -> str:
    """Sell two bags of a store that are billed in NetSuite, and credit one of them; return the memo's id."""
    number = f"{next(NUMBERS):09}"
    order = store.order({"sku": "BAG", "qty": "2", "price": "35.00"}, increment_id=number)
    books.order(number, [{"sku": "BAG", "quantity": 2, "rate": "35.00"}], billed=billed, silent=True)
    return store.refund(order, {"sku": "BAG", "qty": "1"}, shipping="0")


def by_hook(method: str) -> Way:
    """Return the way of a Commerce Webhook that hangs on a method."""

    def way(here: Ground, books: Books, billed: str) -> Told:
        store = open_store(here.site, books, {"via": "commerce_webhook", "method": method})
        memo = credited(store, books, billed)
        return Told(store, memo, method, lambda push: HOOK_SIGNATURE in push["headers"])

    return way


def by_io_events(here: Ground, books: Books, billed: str) -> Told:
    client_id = secrets.token_hex(16)
    store = open_store(
        here.site, books, {"via": "io_events", "client_id": client_id}, adobe_client_id=client_id
    )
    memo = credited(store, books, billed)
    return Told(store, memo, SAVED, lambda push: "x-adobe-digital-signature-2" in push["headers"])


def refunded(seller: Seller, books: Books, billed: str) -> str:
    """Sell two bags on Amazon that are billed in NetSuite, and refund one of them; return the refund's id."""
    order = seller.order({"sku": "BAG", "quantity": 2, "price": "35.00"})
    lines = [{"sku": "BAG", "quantity": 2, "rate": "35.00"}]
    books.order(order["id"], lines, billed=billed, silent=True)
    return seller.refund(order, {"sku": "BAG", "quantity": 1})


def by_bare_envelope(here: Ground, books: Books, billed: str) -> Told:
    seller = open_seller(here.site, books, "bare")
    refund = refunded(seller, books, billed)
    # Wrapped neither as EventBridge does it, nor as SNS.
    return Told(
        seller, refund, UPDATE, lambda push: not json.loads(push["body"]).keys() & {"detail", "Message"}
    )


def by_sns_version_1(here: Ground, books: Books, billed: str) -> Told:
    seller = open_seller(here.site, books, "sns")
    until(seller.is_subscribed, PATIENCE)
    refund = refunded(seller, books, billed)
    return Told(seller, refund, UPDATE, lambda push: json.loads(push["body"])["SignatureVersion"] == "1")


def open_seller(site: Site, books: Books, via: str) -> Seller:
    """Open a seller's account on Amazon that tells at once."""
    slug, seller_id = f"seller-of-{books.slug}", f"A{next(NUMBERS)}WAYS"
    seller = open_amazon(site, books, slug, seller_id, Direction.TO_NETSUITE, via, signature_version="1")
    site.once_up.pop()()
    return seller


@pytest.mark.parametrize(
    ("way", "billed"),
    [
        pytest.param(by_hook(SAVED), "invoice", id="commerce-webhook-observer"),
        pytest.param(by_hook(PLUGIN), "cashSale", id="commerce-webhook-plugin"),
        pytest.param(by_io_events, "invoice", id="adobe-io-events"),
        pytest.param(by_bare_envelope, "cashSale", id="amazon-bare-envelope"),
        pytest.param(by_sns_version_1, "invoice", id="amazon-sns-version-1"),
    ],
)
def test_what_a_platform_pushes_becomes_one_record_in_netsuite(
    here: Ground, books: Books, way: Way, billed: str
) -> None:
    told = way(here, books, billed)
    name = told.storefront.slug, told.storefront.platform, told.refund_id
    until(lambda: here.stand(name).state is State.POSTED, PATIENCE)
    made = [(kind, Decimal(str(each["total"]))) for kind in RECORDS.values() for each in books.records(kind)]
    assert made == [(RECORDS[billed], Decimal("35.00"))]
    assert books.writes() == {RECORDS[billed]: 1}
    until(lambda: not here.control.get("/webhooks/pending")["pending"], PATIENCE)
    pushes = here.control.get(f"{told.storefront.path}/webhooks?topic={told.topic}")
    assert pushes
    assert all(told.went_this_way(push) for push in pushes)
    assert {tried["status"] for push in pushes for tried in push["attempts"]} == {requests.codes.ok}
