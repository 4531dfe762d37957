"""Control routes for shops: they play the merchant, the customers and the app's settings."""

import concurrent.futures
from http import HTTPStatus

from flask import Blueprint, Response, request

from sandbox.control import body_fields, json_response
from sandbox.jsonish import ControlError, Fields, Json
from sandbox.shopify.events import EVENT_ID_HEADER, PLATFORM, announce, order_event, transaction_events
from sandbox.shopify.ids import Ids
from sandbox.shopify.merchant import (
    STATUSES,
    cancel,
    compliance_body,
    delete,
    refund_by_hand,
    set_status,
    uninstall,
)
from sandbox.shopify.model import Order, Transaction
from sandbox.shopify.money import rest_amount
from sandbox.shopify.orders import place_order
from sandbox.shopify.payloads.order import order_body
from sandbox.shopify.payloads.parts import moment
from sandbox.shopify.setup import make_shop, set_shop, shop_json
from sandbox.shopify.shop import COMPLIANCE_TOPICS, Shop
from sandbox.world import World


class ShopControl:
    """The control routes of all shops.

    Args:
        world: Where the shops are.
        shops: The shops by domain.
        ids: Where ids come from.
    """

    def __init__(self, world: World, shops: dict[str, Shop], ids: Ids) -> None:
        self._world = world
        self._shops = shops
        self._ids = ids

    def blueprint(self) -> Blueprint:
        """Return the routes, to be mounted at ``/_control/shopify``."""
        blueprint = Blueprint("shopify-control", __name__)
        for method, path, handler in (
            ("POST", "/shops", self.add_shop),
            ("PATCH", "/<domain>", self.change_shop),
            ("GET", "/<domain>", self.show_shop),
            ("POST", "/<domain>/orders", self.add_order),
            ("GET", "/<domain>/orders/<int:order_id>", self.show_order),
            ("DELETE", "/<domain>/orders/<int:order_id>", self.delete_order),
            ("POST", "/<domain>/orders/<int:order_id>/refund", self.refund_order),
            ("POST", "/<domain>/orders/<int:order_id>/cancel", self.cancel_order),
            ("POST", "/<domain>/transactions/<int:transaction_id>/status", self.change_status),
            ("POST", "/<domain>/uninstall", self.uninstall_app),
            ("POST", "/<domain>/compliance", self.send_compliance),
            ("GET", "/<domain>/webhooks", self.show_webhooks),
            ("POST", "/<domain>/webhooks/<webhook_id>/redeliver", self.redeliver),
        ):
            blueprint.add_url_rule(path, handler.__name__, handler, methods=[method])
        return blueprint

    def _shop(self, domain: str) -> Shop:
        if domain not in self._shops:
            raise ControlError(f"There is no shop {domain}.")
        return self._shops[domain]

    def _order(self, domain: str, order_id: int) -> tuple[Shop, Order]:
        shop = self._shop(domain)
        if order_id not in shop.orders:
            raise ControlError(f"There is no order {order_id}.")
        return shop, shop.orders[order_id]

    def _shown(self, shop: Shop) -> Json:
        """Show a shop's settings, and how many calls are under way."""
        return {**shop_json(shop), "in_flight": self._world.calls.in_flight(PLATFORM, shop.domain)}

    def add_shop(self) -> Response:
        """Make a shop with the app installed."""
        fields = body_fields()
        with self._world.lock:
            shop = make_shop(fields, self._ids, self._world.clock.now())
            if shop.domain in self._shops:
                raise ControlError(f"The shop {shop.domain} exists already.")
            self._shops[shop.domain] = shop
            return json_response(self._shown(shop), HTTPStatus.CREATED)

    def change_shop(self, domain: str) -> Response:
        """Change a shop's settings; what is not given stays."""
        fields = body_fields()
        with self._world.lock:
            shop = self._shop(domain)
            set_shop(shop, fields, self._world.clock.now())
            return json_response(self._shown(shop))

    def show_shop(self, domain: str) -> Response:
        """Show a shop's settings and subscriptions."""
        with self._world.lock:
            return json_response(self._shown(self._shop(domain)))

    def add_order(self, domain: str) -> Response:
        """Let a customer order and pay."""
        fields = body_fields()
        with self._world.lock:
            shop = self._shop(domain)
            silent = fields.flag("silent")
            order = place_order(shop, fields, self._world.clock.now())
            if not silent:
                events = [
                    order_event(shop, "orders/create", order),
                    *transaction_events(order, order.payments),
                ]
                announce(self._world, shop, events)
            return json_response(order_json(shop, order), HTTPStatus.CREATED)

    def show_order(self, domain: str, order_id: int) -> Response:
        """Show all that is known of an order."""
        with self._world.lock:
            return json_response(order_json(*self._order(domain, order_id)))

    def delete_order(self, domain: str, order_id: int) -> Response:
        """Let the merchant delete an order."""
        with self._world.lock:
            shop, order = self._order(domain, order_id)
            delete(self._world, shop, order)
            return json_response({"id": order_id, "deleted": True})

    def refund_order(self, domain: str, order_id: int) -> Response:
        """Let the merchant refund an order."""
        fields = body_fields()
        with self._world.lock:
            shop, order = self._order(domain, order_id)
            refund = refund_by_hand(self._world, shop, order, fields)
            transactions = [transaction_json(order, each) for each in refund.transactions]
            return json_response({"id": refund.id, "transactions": transactions}, HTTPStatus.CREATED)

    def cancel_order(self, domain: str, order_id: int) -> Response:
        """Let the merchant cancel an order."""
        fields = body_fields()
        with self._world.lock:
            shop, order = self._order(domain, order_id)
            reason = fields.text("reason", "customer")
            fields.finish()
            cancel(self._world, shop, order, reason)
            return json_response({"id": order_id, "cancelled_at": moment(order.cancelled_at)})

    def change_status(self, domain: str, transaction_id: int) -> Response:
        """Let a transaction come to an end."""
        fields = body_fields()
        with self._world.lock:
            status = fields.choice("status", STATUSES)
            fields.finish()
            transaction = set_status(self._world, self._shop(domain), transaction_id, status)
            return json_response({"id": transaction.id, "status": transaction.status})

    def uninstall_app(self, domain: str) -> Response:
        """Let the merchant uninstall the app."""
        with self._world.lock:
            uninstall(self._world, self._shop(domain))
            return json_response({"uninstalled": True})

    def send_compliance(self, domain: str) -> Response:
        """Send one of the mandatory compliance webhooks."""
        fields = body_fields()
        with self._world.lock:
            shop = self._shop(domain)
            topic = fields.choice("topic", COMPLIANCE_TOPICS)
            payload = fields.raw("payload")
            fields.finish()
            if payload is not None and not isinstance(payload, dict):
                raise ControlError("The body: payload must be an object.")
            announce(self._world, shop, [(topic, payload or compliance_body(shop, topic))])
            return json_response({"topic": topic})

    def show_webhooks(self, domain: str) -> Response:
        """Show every delivery, oldest first."""
        deliveries = self._world.courier.find(PLATFORM, self._shop(domain).domain)
        topic = request.args.get("topic")
        return json_response([each.as_json() for each in deliveries if topic in {None, each.topic}])

    def redeliver(self, domain: str, webhook_id: str) -> Response:
        """Send a delivery again, now, as often as asked."""
        fields = body_fields()
        times = fields.integer("times", 1)
        at_once = fields.flag("concurrently")
        without = frozenset({EVENT_ID_HEADER.lower()}) if fields.flag("drop_event_id") else frozenset()
        fields.finish()
        courier = self._world.courier
        found = [each for each in courier.find(PLATFORM, self._shop(domain).domain) if each.id == webhook_id]
        if not found:
            raise ControlError(f"There is no delivery {webhook_id}.")
        with concurrent.futures.ThreadPoolExecutor(times if at_once else 1) as senders:
            statuses = list(senders.map(lambda _: courier.attempt(found[0], without), range(times)))
        return json_response({"id": webhook_id, "statuses": statuses})


def transaction_json(order: Order, transaction: Transaction) -> Json:
    """Show a transaction."""
    currency = order.currencies.presentment
    return {
        "id": transaction.id,
        "kind": transaction.kind,
        "gateway": transaction.gateway,
        "status": transaction.status,
        "amount": rest_amount(transaction.amount.presentment, currency),
        "currency": currency,
        "parent_id": transaction.parent_id,
    }


def order_json(shop: Shop, order: Order) -> Json:
    """Show an order: its webhook body, and all its transactions."""
    return {
        **order_body(order, shop.domain),
        "transactions": [transaction_json(order, each) for each in order.transactions],
    }


__all__ = ["Fields", "ShopControl", "order_json", "transaction_json"]
