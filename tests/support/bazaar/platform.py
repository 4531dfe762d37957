"""Bazaar, simulated: stalls with orders, refunds made at the stall, and pushes signed with its secret."""

import hmac
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, request

from sandbox.clock import iso_millis
from sandbox.jsonish import dumps
from sandbox.webhooks import Delivery
from sandbox.world import World

_NAME: Final = "bazaar"


def _answer(value: object, status: int = HTTPStatus.OK) -> Response:
    return Response(dumps(value), status=status, content_type="application/json")


class BazaarPlatform:
    """All stalls."""

    name = _NAME

    def __init__(self, world: World) -> None:
        self._world = world
        self._stalls: dict[str, dict[str, Any]] = {}

    def routes(self) -> Blueprint:
        """Return the API of every stall."""
        blueprint = Blueprint(_NAME, __name__)
        blueprint.add_url_rule("/<stall>", "stall", self.look)
        blueprint.add_url_rule("/<stall>/orders/<order>", "order", self.look)
        return blueprint

    def control(self) -> Blueprint:
        """Return what plays the stall's owner."""
        blueprint = Blueprint("bazaar-control", __name__)
        blueprint.add_url_rule("/stalls", "open", self.open, methods=["POST"])
        blueprint.add_url_rule("/<stall>/refunds", "refund", self.refund, methods=["POST"])
        return blueprint

    def reset(self) -> None:
        """Forget every stall."""
        self._stalls.clear()

    def look(self, stall: str, order: str = "") -> Response:
        """Answer for a stall, or an order of it."""
        found = self._stalls.get(stall)
        if found is None or request.headers.get("Authorization") != f"Bearer {found['key']}":
            return _answer({"error": "who are you"}, HTTPStatus.UNAUTHORIZED)
        return _answer(found["orders"].get(order, {}) if order else {"stall": stall})

    def open(self) -> Response:
        """Open a stall that has sold one order: five T-shirts at 20.00."""
        given = request.get_json()
        order = {"number": given["number"], "currency": "USD", "paid": "100.00", "refunds": []}
        self._stalls[given["stall"]] = {**given, "orders": {given["order"]: order}}
        return _answer({})

    def refund(self, stall: str) -> Response:
        """Give back one T-shirt, and tell of it; with another's secret, only tell."""
        found, given = self._stalls[stall], request.get_json()
        at = iso_millis(self._world.clock.now())
        refund = {"id": given["id"], "at": at, "sku": given["sku"], "quantity": "1", "amount": "20.00"}
        if "secret" not in given:
            found["orders"][given["order"]]["refunds"].append(refund)
        body = dumps({"order": given["order"], "refund": given["id"]})
        secret = given.get("secret", found["secret"])
        signature = hmac.digest(secret.encode(), body, "sha256").hex()
        delivery = Delivery(
            id=given["id"],
            platform=_NAME,
            tenant=stall,
            topic="refund",
            url=found["url"],
            body=body,
            sign=lambda _at: {"X-Bazaar-Signature": signature, "Content-Type": "application/json"},
            delays=(),
        )
        return _answer({"status": self._world.courier.attempt(delivery)})
