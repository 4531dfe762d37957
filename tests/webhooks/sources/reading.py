"""Read a refund as the endpoint of a shop does."""

from ledger.events import Part, PartKind, RefundSeen
from ledger.money import Money
from ledger.policy import Policy
from tests.support.ledger import NOW
from tests.webhooks.platforms import Payload, encoded, shopify_headers
from webhooks.sources.protocol import Endpoint, Request
from webhooks.sources.shopify import Shopify

PRESENTMENT = Policy.of({"currency_mode": "presentment"})


def read(endpoint: Endpoint, payload: Payload) -> RefundSeen:
    body = encoded(payload)
    reading = Shopify().read(Request(shopify_headers("refunds/create", body), body, NOW), endpoint)
    (seen,) = reading.events
    assert isinstance(seen, RefundSeen)
    return seen


def usd(amount: str) -> Money:
    return Money.parse(amount, "USD")


def amounts(parts: tuple[Part, ...]) -> list[tuple[PartKind, str, str]]:
    return [(part.kind, str(part.net.amount), str(part.tax.amount)) for part in parts]
