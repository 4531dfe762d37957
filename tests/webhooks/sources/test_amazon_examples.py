"""Amazon's own schemas: their examples are read as documented, and what the tests send is of them."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from ledger.events import OrderSeen
from ledger.models import OrderState
from ledger.policy import Policy
from tests.support.ledger import NOW
from tests.webhooks.amazon_pushes import feed_finished, order_change, transaction, wrappings
from tests.webhooks.platforms import Payload, encoded
from webhooks.sources.amazon import Amazon
from webhooks.sources.protocol import Endpoint, Reading, Request

ENDPOINT = Endpoint("amazon", "amazon-shop", "A3TH9S8BH6GOGM", 1, 1, Policy())


def schema(specs_dir: Path, name: str) -> dict[str, Any]:
    path = specs_dir / "amazon" / "notification-schemas" / f"{name}Notification.json"
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def read(payload: object) -> Reading:
    return Amazon().read(Request({}, encoded(payload), NOW), ENDPOINT)


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        ("TransactionUpdate", transaction()),
        ("OrderChange", order_change("Canceled")),
        ("FeedProcessingFinished", feed_finished()),
    ],
)
def test_what_the_tests_send_is_of_amazons_schema(specs_dir: Path, name: str, whole: Payload) -> None:
    Draft7Validator(schema(specs_dir, name)).validate(whole)


def test_the_official_transaction_is_a_shipment_and_touches_nothing(specs_dir: Path) -> None:
    (example,) = schema(specs_dir, "TransactionUpdate")["examples"]
    for body in wrappings(example).values():
        reading = read(body)
        assert (reading.events, reading.order_ref) == ((), "8129762527551")


def test_the_official_order_is_open(specs_dir: Path) -> None:
    (example,) = schema(specs_dir, "OrderChange")["examples"]
    for body in wrappings(example).values():
        (seen,) = read(body).events
        assert isinstance(seen, OrderSeen)
        assert (seen.order_id, seen.state) == ("903-8868176-2219830", OrderState.OPEN)
        assert seen.seen_at.isoformat() == "2020-01-11T00:09:53.109000+00:00"


def test_the_official_feeds_tell_nothing(specs_dir: Path) -> None:
    examples = schema(specs_dir, "FeedProcessingFinished")["examples"]
    assert len(examples) == 2
    for example in examples:
        assert {read(body).events for body in wrappings(example).values()} == {()}
