"""G3: what is not verified has no effect, and nothing that grows without end is kept of it."""

import uuid

import pytest
from prometheus_client import REGISTRY

from ledger.platforms import Platform
from tests.guarantees.house import House
from tests.support.ledger import make_account
from tests.webhooks.platforms import PAYLOADS, encoded, shopify_headers
from webhooks.door import MAX_BODY

MANY = 25
REFUSED = {"shopify": 401, "netsuite": 401, "amazon": 401, "magento": 401, "ebay": 412}


@pytest.fixture
def addresses(house: House) -> dict[str, str]:
    """An account of every platform, by where it receives."""
    with house.world.database.write() as session:
        for platform in (Platform.AMAZON, Platform.MAGENTO, Platform.EBAY):
            make_account(session, house.world.runtime.vault, platform=platform, slug=platform.value)
    named = {name: f"/webhooks/{name}/{name}" for name in REFUSED}
    mine = {"shopify": house.shop.slug, "netsuite": house.books.slug}
    return named | {name: f"/webhooks/{name}/{slug}" for name, slug in mine.items()}


def series() -> int:
    """Return how many series of metrics the web process keeps."""
    return sum(len(metric.samples) for metric in REGISTRY.collect())


def forged() -> dict[str, dict[str, str]]:
    """Return headers that look like each platform's, none signed with a secret of ours."""
    nonce = uuid.uuid4().hex
    signed = shopify_headers("refunds/create", b"another body", {"event_id": nonce})
    return {
        "shopify": signed,
        "netsuite": {"X-NS-Timestamp": "1773500966", "X-NS-Signature": nonce},
        "amazon": {"X-Api-Key": nonce},
        "magento": {"X-Refund-Sync-Secret": nonce, "x-adobe-signature": nonce},
        "ebay": {"X-EBAY-SIGNATURE": nonce},
    }


def test_g03_what_is_not_signed_is_refused_and_leaves_nothing_behind(
    house: House, addresses: dict[str, str]
) -> None:
    body = encoded(PAYLOADS["refunds/create"])

    def attack() -> set[tuple[str, int]]:
        headers = forged()
        told = {(name, house.post(path, body, headers[name]).status_code) for name, path in addresses.items()}
        told |= {(name, house.post(path, body).status_code) for name, path in addresses.items()}
        # Made up addresses, too, which are all one to the metrics.
        made_up = f"/webhooks/{uuid.uuid4().hex}/{uuid.uuid4().hex}"
        assert house.post(made_up, body, headers["shopify"]).status_code == 404
        assert house.post(f"/webhooks/shopify/{uuid.uuid4().hex}", body).status_code == 404
        return told

    redis = house.world.runtime.redis
    assert attack() == set(REFUSED.items())
    kept = house.everything(), redis.dbsize(), series()
    for _ in range(MANY):
        assert attack() == set(REFUSED.items())
    assert house.post(addresses["shopify"], b"x" * (MAX_BODY + 1), forged()["shopify"]).status_code == 413
    assert house.deliveries() == []
    assert (house.everything(), redis.dbsize()) == kept[:2]
    assert series() <= kept[2] + 3  # one refusal more: it was too large
    house.settle()
    assert house.world.refunds() == []
