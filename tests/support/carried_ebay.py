"""eBay through the real workers: what happens to orders and refunds, and where they stand."""

from typing import Any, Final

from ledger.events import OrderTouched
from ledger.models import Refund
from ledger.states import State
from tests.support.sandboxed import SHIRT, Books
from tests.support.sandboxed_ebay import EbaySeller
from tests.support.world import World, changed

Json = dict[str, Any]

LINES: Final = [
    {"sku": SHIRT, "title": "T-shirt, M", "quantity": 5, "price": "20.00"},
    {"sku": "MUG", "title": "Mug", "quantity": 1, "price": "9.50", "delivery": "5.00"},
]
"""What a buyer orders where one line is not enough."""


def touch(world: World, seller: EbaySeller, order: Json, **more: Any) -> None:  # noqa: ANN401 - see OrderTouched
    """Say that something happened to an order, as a push or a poll does."""
    world.tell(seller, OrderTouched(order["orderId"], **more))


def credited(world: World, netsuite: Books, order: Json, **more: Any) -> Refund:  # noqa: ANN401 - JSON may be anything
    """Credit a T-shirt of an order in NetSuite, and say so; return the refund."""
    memo = netsuite.refund(netsuite.order(order["orderId"]), **more)
    world.tell(netsuite, changed("creditmemo", memo))
    return world.refunds()[-1]


def standing(refund: Refund) -> tuple[State, str]:
    """Return where a refund is, and why."""
    return refund.state, refund.reason


def refund_by_another_application(seller: EbaySeller, order: Json) -> str:
    """Refund a T-shirt over the API without us; return the refund's id."""
    url = f"{seller.control.url}/ebay/{seller.tenant}"
    shown = seller.control.get(seller.path)
    form = {"grant_type": "refresh_token", "refresh_token": shown["refresh_token"]}
    app = (shown["client_id"], shown["client_secret"])
    session = seller.control.session
    token = session.post(f"{url}/identity/v1/oauth2/token", data=form, auth=app, timeout=10).json()[
        "access_token"
    ]
    item = {
        "lineItemId": order["lineItems"][0]["lineItemId"],
        "refundAmount": {"value": "20.00", "currency": "USD"},
    }
    made = session.post(
        f"{url}/sell/fulfillment/v1/order/{order['orderId']}/issue_refund",
        json={"reasonForRefund": "BUYER_RETURN", "refundItems": [item]},
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )
    return str(made.json()["refundId"])
