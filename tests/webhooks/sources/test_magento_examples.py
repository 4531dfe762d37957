"""The payloads that Adobe documents for its events are read, with every documented field and no other."""

import json
from pathlib import Path
from typing import Any

import pytest

from ledger.events import OrderSeen, OrderTouched
from ledger.models import OrderState
from ledger.policy import Policy
from tests.support.ledger import NOW
from tests.webhooks.magento_pushes import KEY_PATHS, cloud_event
from tests.webhooks.platforms import encoded
from webhooks.sources.magento import Magento
from webhooks.sources.protocol import Endpoint, Reading, Request

SHOP = Endpoint("magento", "shop", "https://magento.example.com", 1, 1, Policy())
AT = "2026-03-14 15:09:26"
_TIMES = {"created_at", "updated_at"}
_SAMPLES = {"int": 5, "float": 20.5, "string": "text", "boolean": True, "array": [], "mixed": "mixed"}


def sample(shape: Any, name: str = "") -> Any:  # noqa: ANN401 - JSON may be anything
    """Return a value of a documented shape."""
    if isinstance(shape, dict):
        return {key: sample(inner, key) for key, inner in shape.items()}
    if isinstance(shape, list):
        return [sample(inner) for inner in shape]
    if shape == "string" and name in _TIMES:
        return AT
    if shape.endswith("[]"):
        return []
    return {} if shape == "object{}" else _SAMPLES[shape]


def read(specs_dir: Path, event: str) -> Reading:
    shapes = json.loads((specs_dir / "magento" / "commerce_event_payload_shapes.json").read_text())
    body = encoded(cloud_event(f"com.adobe.commerce.{event}", sample(shapes[event])))
    return Magento().read(Request({"x-adobe-public-key1-path": KEY_PATHS[0]}, body, NOW), SHOP)


def test_the_documented_credit_memo(specs_dir: Path) -> None:
    reading = read(specs_dir, "observer.sales_order_creditmemo_save_after")
    assert reading.events == (OrderTouched("5", NOW),)


@pytest.mark.parametrize(
    "event", ["observer.sales_order_save_after", "observer.sales_order_save_commit_after"]
)
def test_the_documented_order_names_itself_only_in_its_parts(specs_dir: Path, event: str) -> None:
    reading = read(specs_dir, event)
    assert reading.events == (OrderSeen("5", "text", OrderState.OPEN, NOW),)
    assert reading.person_ref == "5"
