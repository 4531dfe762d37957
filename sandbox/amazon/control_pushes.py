"""Control routes for what a seller's notifications go through: SNS, EventBridge and their deliveries."""

import concurrent.futures
from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Response, request

from sandbox.amazon import sns
from sandbox.amazon.answers import moment, moment_of
from sandbox.amazon.notifications import end_subscription, offer_subscription, send
from sandbox.amazon.seller import PLATFORM, Seller
from sandbox.amazon.setup import push_json
from sandbox.control import body_fields, json_response
from sandbox.jsonish import ControlError, Fields, Json
from sandbox.world import World


class PushControl:
    """The control routes of all sellers' notifications.

    Args:
        world: Where they are sent from.
        find: Returns a seller, brought to the present time; to be called under the lock.
    """

    def __init__(self, world: World, find: Callable[[str], Seller]) -> None:
        self._world = world
        self._find = find

    def add_to(self, blueprint: Blueprint) -> None:
        """Add the routes, below each seller."""
        for method, path, handler in (
            ("POST", "/sns/sign", self.sign),
            ("POST", "/sns/subscribe", self.subscribe),
            ("POST", "/sns/unsubscribe", self.unsubscribe),
            ("GET", "/webhooks", self.show_webhooks),
            ("POST", "/webhooks/<webhook_id>/redeliver", self.redeliver),
            ("POST", "/notifications/<notification_id>/duplicate", self.duplicate),
        ):
            blueprint.add_url_rule(f"/<seller_id>{path}", handler.__name__, handler, methods=[method])

    def sign(self, seller_id: str) -> Response:
        """Sign a message of SNS's and return it, with its headers, without sending it."""
        fields = body_fields()
        with self._world.lock:
            seller = self._find(seller_id)
            now = self._world.clock.now()
            return json_response(signed_message(seller, fields, now))

    def subscribe(self, seller_id: str) -> Response:
        """Ask the endpoint again to confirm its subscription."""
        with self._world.lock:
            seller = self._find(seller_id)
            if seller.push is None or seller.push.via != "sns":
                raise ControlError("The seller's notifications do not go by way of SNS.")
            seller.push.confirmed = False
            offer_subscription(self._world, seller)
            return json_response({"push": push_json(seller.push)})

    def unsubscribe(self, seller_id: str) -> Response:
        """End the subscription, and tell the endpoint."""
        with self._world.lock:
            seller = self._find(seller_id)
            end_subscription(self._world, seller)
            return json_response({"push": push_json(seller.push)})

    def show_webhooks(self, seller_id: str) -> Response:
        """Show every delivery, oldest first."""
        with self._world.lock:
            deliveries = self._world.courier.find(PLATFORM, self._find(seller_id).id)
        topic = request.args.get("topic")
        return json_response([each.as_json() for each in deliveries if topic in {None, each.topic}])

    def redeliver(self, seller_id: str, webhook_id: str) -> Response:
        """Send a delivery again, now, as often as asked, as a retry does: nothing in it changes."""
        fields = body_fields()
        times, at_once = fields.integer("times", 1), fields.flag("concurrently")
        fields.finish()
        courier = self._world.courier
        with self._world.lock:
            mine = courier.find(PLATFORM, self._find(seller_id).id)
        found = [each for each in mine if each.id == webhook_id]
        if not found:
            raise ControlError(f"There is no delivery {webhook_id}.")
        with concurrent.futures.ThreadPoolExecutor(times if at_once else 1) as senders:
            statuses = list(senders.map(lambda _: courier.attempt(found[0]), range(times)))
        return json_response({"id": webhook_id, "statuses": statuses})

    def duplicate(self, seller_id: str, notification_id: str) -> Response:
        """Deliver a notification once more under its own id, in a new message of SNS's or EventBridge's."""
        with self._world.lock:
            seller = self._find(seller_id)
            if notification_id not in seller.notifications:
                raise ControlError(f"There is no notification {notification_id}.")
            send(self._world, seller, *seller.notifications[notification_id])
            return json_response({"id": notification_id})


def signed_message(seller: Seller, fields: Fields, now: datetime) -> Json:
    """Sign a notification as SNS would, whatever it says.

    Raises:
        ControlError: The description makes no sense.
    """
    push = seller.push
    topic = fields.text("topic_arn", push.topic_arn if push else None)
    version = fields.choice("signature_version", ("1", "2"), push.signature_version if push else "1")
    at = moment_of("timestamp", fields.text("timestamp", moment(now)))
    arn = push.subscription_arn if push else f"{topic}:0"
    kind = fields.choice("type", ("Notification", "SubscriptionConfirmation"), "Notification")
    text = fields.text("message")
    fields.finish()
    if kind == "Notification":
        message = sns.notification(text, topic, arn, version, at)
    else:
        message = sns.confirmation(kind, topic, text, push.token if push else "token", version, at)
    return {"headers": sns.headers(message, arn), "body": sns.as_bytes(message).decode()}
