"""What eBay says of orders and refunds, for tests that need no eBay; and a seller of the sandbox."""

import itertools
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import pytest
import requests as web

from ledger.events import MoneyState
from ledger.money import Money
from ledger.policy import Policy
from tests.support.sandboxed_ebay import EbaySeller, open_ebay
from tests.workers.platforms.world import Control, usd
from workers.platforms.ebay_auth import SCOPES
from workers.platforms.ebay_merging import RefundFound
from workers.platforms.ebay_storefront import EbayStorefront
from workers.platforms.errors import PlatformError
from workers.platforms.http import Http
from workers.rules.views import StorefrontPlan, StorefrontPlanLine

Json = dict[str, Any]

ORDER: Final = "12-34567-89012"
KEY: Final = "rs-myshop-70"
DATE: Final = "2026-10-01T12:00:00.000Z"
AT: Final = datetime(2026, 10, 1, 12, tzinfo=UTC)

LINES: Final = [
    {"sku": "TSHIRT-M", "title": "T-shirt, M", "quantity": 5, "price": "20.00", "delivery": "5.00"},
    {"sku": "MUG", "title": "Mug", "quantity": 1, "price": "9.50", "tax": "0.80"},
]
"""What buyers of the sandbox order."""

LEAVE: Final = Policy(unrequested="post")
"""Nobody wants to know whether a refund was asked for."""

_NUMBERS: Final = itertools.count(1)


def amount(value: str, currency: str = "USD") -> Json:
    """Return an `Amount`."""
    return {"value": value, "currency": currency}


def line(number: str = "100", **more: Any) -> Json:  # noqa: ANN401 - JSON may be anything
    """Return a line of five T-shirts at 20.00 with 5.00 of shipping."""
    return {
        "lineItemId": number,
        "legacyItemId": f"11{number}",
        "sku": "TSHIRT-M",
        "title": "T-shirt, M",
        "quantity": 5,
        "lineItemCost": amount("100.0"),
        "deliveryCost": {"shippingCost": amount("5.0")},
        "taxes": [],
        "total": amount("105.0"),
        "refunds": [],
        **more,
    }


def mug(**more: Any) -> Json:  # noqa: ANN401 - JSON may be anything
    """Return a line of one mug at 9.50 with 0.80 of tax, shipped for nothing."""
    known = {
        "sku": "MUG",
        "title": "Mug",
        "quantity": 1,
        "lineItemCost": amount("9.5"),
        "deliveryCost": {"shippingCost": amount("0.0")},
        "taxes": [{"amount": amount("0.8")}],
        "total": amount("10.3"),
    }
    return line("200", **{**known, **more})


def order(*lines: Json, refunds: list[Json] | None = None, **more: Any) -> Json:  # noqa: ANN401 - JSON
    """Return an order as `getOrder` answers it, of one line unless told."""
    bought = list(lines) or [line()]
    worth = sum((Decimal(each["total"]["value"]) for each in bought), Decimal(0))
    return {
        "orderId": ORDER,
        "lastModifiedDate": "2026-10-02T00:00:00.000Z",
        "buyer": {"username": "buyer_one"},
        "cancelStatus": {"cancelState": "NONE_REQUESTED", "cancelRequests": []},
        "pricingSummary": {"total": amount(str(worth))},
        "paymentSummary": {"payments": [], "refunds": refunds or []},
        "lineItems": bought,
        **more,
    }


def refunded(value: str, reference: str = "R1", **more: Any) -> Json:  # noqa: ANN401 - JSON may be anything
    """Return a refund of `paymentSummary` that was issued."""
    known = {"refundStatus": "REFUNDED", "refundDate": DATE, "refundReferenceId": reference}
    return {"amount": amount(value), **known, **more}


def pending(value: str, status: str = "PENDING", **more: Any) -> Json:  # noqa: ANN401 - JSON may be anything
    """Return a refund of `paymentSummary` that was not issued."""
    return {"amount": amount(value), "refundStatus": status, **more}


def of_line(value: str, **more: Any) -> Json:  # noqa: ANN401 - JSON may be anything
    """Return a refund of a line."""
    return {"amount": amount(value), **more}


def found(
    value: str = "20.00",
    refund_id: str = "",
    reference: str = "",
    *,
    money: MoneyState = MoneyState.MOVED,
    at: datetime | None = AT,
    lines: dict[str, Money] | None = None,
) -> RefundFound:
    """Return a refund as it was read."""
    return RefundFound(refund_id, reference, usd(value), money, at, lines or {})


def open_seller(control: Control, **settings: Any) -> tuple[EbaySeller, dict[str, Any]]:  # noqa: ANN401 - JSON
    """Make a seller in the sandbox; return it with credentials."""
    seller_id = f"seller-{next(_NUMBERS)}"
    credentials: dict[str, Any] = {**open_ebay(control, seller_id, **settings)}
    return EbaySeller(control, seller_id, 0, seller_id), credentials


def storefront(seller: EbaySeller, http: Http, credentials: dict[str, Any]) -> EbayStorefront:
    """Return a client of a seller."""
    return EbayStorefront(seller.tenant, f"{seller.control.url}/ebay/{seller.tenant}", credentials, http)


def client(seller: EbaySeller, http: Http, **more: Any) -> EbayStorefront:  # noqa: ANN401 - JSON may be anything
    """Return a client with the credentials that the sandbox knows of the seller."""
    shown = seller.control.get(seller.path)
    known = {name: shown[name] for name in ("client_id", "client_secret", "refresh_token")}
    return storefront(seller, http, {**known, **more})


def plan_line(net: str = "20.00", line_id: str = "100", tax: str = "0.00") -> StorefrontPlanLine:
    """Return one unit of a line, to be given back."""
    return StorefrontPlanLine(line_id, 1, restock=False, position=0, net=usd(net), tax=usd(tax))


def plan(order: dict[str, Any], amount: str = "20.00", **more: Any) -> StorefrontPlan:  # noqa: ANN401 - as given
    """Return what is to be given back for the first line of an order, or as told."""
    known: dict[str, Any] = {
        "order_id": order["orderId"],
        "amount": usd(amount),
        "lines": (plan_line(amount, order["lineItems"][0]["lineItemId"]),),
        "shipping": None,
        "shipping_tax": None,
        "method": "original",
        "location_id": "",
        "notify": False,
        "note": f"NetSuite creditmemo {KEY}",
    }
    return StorefrontPlan(**{**known, **more})


def seen(
    ebay: EbayStorefront, order: dict[str, Any], policy: Policy = LEAVE
) -> list[tuple[str, str, MoneyState]]:
    """Return id, amount and state of the refunds an order has."""
    found = ebay.refunds(order["orderId"], policy=policy, mark_prefix="rs-myshop-")
    return [(each.refund_id, str(each.amount), each.money) for each in found]


def requested(ebay: EbayStorefront, order: dict[str, Any]) -> list[bool]:
    """Return whether each of the refunds an order has was asked for."""
    found = ebay.refunds(order["orderId"], policy=Policy(), mark_prefix="rs-myshop-")
    return [each.requested for each in found]


def searches(seller: EbaySeller) -> list[str]:
    """Return the searches for requests that were made."""
    return [each for each in seller.operations() if each.startswith("search")]


def refused(reason: str, call: Any, *args: Any, **more: Any) -> PlatformError:  # noqa: ANN401 - handed on
    """Make a call that is refused for a reason; return the refusal."""
    with pytest.raises(PlatformError) as caught:
        call(*args, **more)
    assert caught.value.reason == reason
    return caught.value


def signing_key(seller: EbaySeller, cipher: str) -> dict[str, str]:
    """Have eBay make a key, as a developer does."""
    url = f"{seller.control.url}/ebay/{seller.tenant}"
    shown = seller.control.get(seller.path)
    form = {"grant_type": "client_credentials", "scope": SCOPES[0]}
    app = (shown["client_id"], shown["client_secret"])
    token = web.post(f"{url}/identity/v1/oauth2/token", data=form, auth=app, timeout=10).json()[
        "access_token"
    ]
    made = web.post(
        f"{url}/developer/key_management/v1/signing_key",
        json={"signingKeyCipher": cipher},
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    ).json()
    return {"jwe": made["jwe"], "private_key": made["privateKey"]}
