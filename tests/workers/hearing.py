"""A shop whose webhooks nobody gets, and the web process that a test hands them to."""

import json
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient

from ledger.clock import utcnow
from tests.support.ledger import SECRET
from tests.support.sandboxed import SHIRT, Books, Shop
from tests.support.world import World
from tests.webhooks.platforms import encoded, shopify_headers

ONE = [{"sku": SHIRT, "quantity": 1}]
Json = dict[str, Any]


def unheard_shop(world: World, netsuite: Books) -> Shop:
    """Return a shop whose refunds go to NetSuite, connected for an hour; nobody listens to its webhooks."""
    made = world.add_shop(netsuite, now=utcnow() - timedelta(hours=1))
    made.change(webhook={"url": f"{made.control.url}/nowhere", "secret": SECRET})
    return made


def refunded(netsuite: Books, shop: Shop) -> Json:
    """Give back a T-shirt of a billed order; return the webhook that tells of it, which nobody got."""
    order = shop.order(silent=True)
    netsuite.order(order["name"])
    shop.refund(order, lines=ONE)
    (told,) = [
        each for each in shop.control.get(f"{shop.path}/webhooks") if each["topic"] == "refunds/create"
    ]
    body: Json = json.loads(told["body"])
    return body


def hear(web: FlaskClient, shop: Shop, body: Json, *, topic: str = "refunds/create", **changes: str) -> str:
    """Deliver a webhook, its headers changed by names like `event_id`; return what became of it."""
    data = encoded(body)
    headers = shopify_headers(topic, data, {"shop_domain": shop.tenant, **changes})
    answer = web.post(f"/webhooks/shopify/{shop.slug}", data=data, headers=headers)
    assert answer.status_code == 200
    said: Json = answer.get_json()
    return str(said["outcome"])


def odd(body: Json) -> Json:
    """Return a webhook whose line has more digits than its currency, which is not read as money."""
    found: Json = json.loads(json.dumps(body))
    found["refund_line_items"][0]["subtotal_set"]["shop_money"]["amount"] = "20.001"
    return found
