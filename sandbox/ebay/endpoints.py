"""The operations of eBay's APIs: where they are, who may call them, and what answers them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from flask import Response

from sandbox.ebay import finances, fulfillment, keys, postorder, refunds
from sandbox.ebay.errors import EbayError, answer
from sandbox.ebay.pushes import SigningKeys
from sandbox.ebay.seller import FINANCES, FULFILLMENT, FULFILLMENT_READ, SCOPE
from sandbox.ebay.visit import Visit

APIZ: Final = "apiz.ebay.com"
ORDER_PATH: Final = "/sell/fulfillment/v1/order"
KEY_PATH: Final = "/developer/key_management/v1/signing_key"


@dataclass(frozen=True)
class Endpoint:
    """An operation of the API.

    Attributes:
        operation: Its name in the documentation.
        method: HTTP method.
        path: Path below the base URL.
        handler: What answers it.
        scopes: Any of these lets a token in.
        quota: Which of the day's limits it counts towards.
        host: eBay's own host that serves it.
        user: Whether it needs a seller's token, and not the application's.
        signed: Whether it must be signed for sellers of the EU and the UK.
        names: Names that a path stands for, besides those in it.
    """

    operation: str
    method: str
    path: str
    handler: Callable[[Visit], Response]
    scopes: tuple[str, ...]
    quota: str
    host: str = "api.ebay.com"
    user: bool = True
    signed: bool = False
    names: Mapping[str, str] | None = None

    @property
    def post_order(self) -> bool:
        """Whether it is of the Post-Order API, which has manners of its own."""
        return self.path.startswith("/post-order/")


def _post_order(resource: str, plural: str, single: str) -> tuple[Endpoint, Endpoint]:
    names = {"resource": resource}
    path = f"/post-order/v2/{resource}"
    return (
        Endpoint(
            f"search{plural}", "GET", f"{path}/search", postorder.search, (SCOPE,), resource, names=names
        ),
        Endpoint(f"get{single}", "GET", f"{path}/<number>", postorder.get, (SCOPE,), resource, names=names),
    )


def _selling() -> tuple[Endpoint, ...]:
    """Return the operations on orders and money."""
    readers = (FULFILLMENT, FULFILLMENT_READ)
    order, refund = f"{ORDER_PATH}/<order_id>", f"{ORDER_PATH}/<order_id>/issue_refund"
    money = "/sell/finances/v1/transaction"
    paid, seen = (FINANCES,), finances.get_transactions
    return (
        Endpoint("getOrders", "GET", ORDER_PATH, fulfillment.get_orders, readers, "fulfillment"),
        Endpoint("getOrder", "GET", order, fulfillment.get_order, readers, "fulfillment"),
        Endpoint("issueRefund", "POST", refund, refunds.issue_refund, paid, "issue_refund", signed=True),
        Endpoint("getTransactions", "GET", money, seen, paid, "finances", APIZ, signed=True),
    )


def _keeping(signing: SigningKeys) -> tuple[Endpoint, ...]:
    """Return the operations on keys; they need the application's own token."""

    def public_key(visit: Visit) -> Response:
        found = signing.public(visit.names["kid"])
        if found is None:
            raise EbayError(195001)
        return answer(found)

    own, one = (SCOPE,), f"{KEY_PATH}/<key_id>"
    public = "/commerce/notification/v1/public_key/<kid>"
    return (
        Endpoint("createSigningKey", "POST", KEY_PATH, keys.create, own, "key_management", APIZ, user=False),
        Endpoint("getSigningKeys", "GET", KEY_PATH, keys.get_all, own, "key_management", APIZ, user=False),
        Endpoint("getSigningKey", "GET", one, keys.get, own, "key_management", APIZ, user=False),
        Endpoint("getPublicKey", "GET", public, public_key, own, "notification", user=False),
    )


def endpoints(signing: SigningKeys) -> tuple[Endpoint, ...]:
    """Return every operation but the one that gives tokens.

    Args:
        signing: eBay's own keys, whose public halves are served.
    """
    return (
        *_selling(),
        *_keeping(signing),
        *_post_order("return", "Returns", "Return"),
        *_post_order("cancellation", "Cancellations", "Cancellation"),
        *_post_order("inquiry", "Inquiries", "Inquiry"),
        *_post_order("casemanagement", "Cases", "Case"),
    )
