"""Control routes for sellers: they play the seller, the buyers and the application's settings."""

import concurrent.futures
from http import HTTPStatus

from flask import Blueprint, Response, request

from sandbox.control import body_fields, json_response
from sandbox.ebay import asking, people
from sandbox.ebay.finances import STATUSES
from sandbox.ebay.model import REFUND_STATUSES, Order, Refund, Request
from sandbox.ebay.payloads import order_json
from sandbox.ebay.pushes import SIGNATURE_HEADER, SigningKeys, challenge
from sandbox.ebay.refunds import set_status
from sandbox.ebay.seller import Ids, Push, Seller
from sandbox.ebay.setup import make_seller, seller_json, set_seller
from sandbox.ebay.visit import PLATFORM
from sandbox.jsonish import ControlError, Json
from sandbox.world import World


class SellerControl:
    """The control routes of all sellers.

    Args:
        world: Where the sellers are.
        sellers: The sellers by id.
        ids: Where ids come from.
        keys: The keys that sign notifications.
    """

    def __init__(self, world: World, sellers: dict[str, Seller], ids: Ids, keys: SigningKeys) -> None:
        self._world = world
        self._sellers = sellers
        self._ids = ids
        self._keys = keys

    def blueprint(self) -> Blueprint:
        """Return the routes, to be mounted at ``/_control/ebay``."""
        blueprint = Blueprint("ebay-control", __name__)
        for method, path, handler in (
            ("POST", "/sellers", self.add_seller),
            ("PATCH", "/<seller_id>", self.change_seller),
            ("GET", "/<seller_id>", self.show_seller),
            ("POST", "/<seller_id>/challenge", self.challenge_again),
            ("POST", "/<seller_id>/orders", self.add_order),
            ("GET", "/<seller_id>/orders/<order_id>", self.show_order),
            ("POST", "/<seller_id>/orders/<order_id>/requests", self.add_request),
            ("POST", "/<seller_id>/orders/<order_id>/refund", self.refund_order),
            ("POST", "/<seller_id>/orders/<order_id>/cancel", self.cancel_order),
            ("POST", "/<seller_id>/requests/<number>/close", self.close_request),
            ("POST", "/<seller_id>/requests/<number>/escalate", self.escalate_request),
            ("POST", "/<seller_id>/refunds/<number>/status", self.change_status),
            ("POST", "/<seller_id>/account_deletion", self.delete_account),
            ("POST", "/<seller_id>/revoke", self.revoke),
            ("GET", "/<seller_id>/webhooks", self.show_webhooks),
            ("POST", "/<seller_id>/webhooks/<webhook_id>/redeliver", self.redeliver),
        ):
            blueprint.add_url_rule(path, handler.__name__, handler, methods=[method])
        return blueprint

    def _seller(self, seller_id: str) -> Seller:
        if seller_id not in self._sellers:
            raise ControlError(f"There is no seller {seller_id}.")
        seller = self._sellers[seller_id]
        seller.settle(self._world.clock.now())
        return seller

    def _order(self, seller_id: str, order_id: str) -> tuple[Seller, Order]:
        seller = self._seller(seller_id)
        if order_id not in seller.orders:
            raise ControlError(f"There is no order {order_id}.")
        return seller, seller.orders[order_id]

    def _request(self, seller_id: str, number: str) -> tuple[Seller, tuple[Order, Request]]:
        seller = self._seller(seller_id)
        for found in seller.requests():
            if found[1].id == number:
                return seller, found
        raise ControlError(f"There is no request {number}.")

    def _shown(self, seller: Seller) -> Json:
        """Show a seller's settings, and how many calls are under way."""
        return {**seller_json(seller), "in_flight": self._world.calls.in_flight(PLATFORM, seller.id)}

    def _prove(self, push: Push | None) -> None:
        """Let a destination answer its challenge; the lock is not held while it does."""
        if push is None:
            return
        status, right = challenge(push)
        with self._world.lock:
            push.challenge_status, push.verified, push.marked_down = status, right, False

    def add_seller(self) -> Response:
        """Make a seller whose application is connected."""
        fields = body_fields()
        with self._world.lock:
            seller = make_seller(fields, self._ids, self._keys)
            if seller.id in self._sellers:
                raise ControlError(f"The seller {seller.id} exists already.")
            self._sellers[seller.id] = seller
        if seller.push is not None and not seller.push.verified:
            self._prove(seller.push)
        return json_response(self._shown(seller), HTTPStatus.CREATED)

    def change_seller(self, seller_id: str) -> Response:
        """Change a seller's settings; what is not given stays."""
        fields = body_fields()
        with self._world.lock:
            seller = self._seller(seller_id)
            unproved = set_seller(seller, fields, self._keys)
        self._prove(unproved)
        return json_response(self._shown(seller))

    def show_seller(self, seller_id: str) -> Response:
        """Show a seller's settings."""
        with self._world.lock:
            return json_response(self._shown(self._seller(seller_id)))

    def challenge_again(self, seller_id: str) -> Response:
        """Let the destination answer a challenge once more."""
        body_fields().finish()
        with self._world.lock:
            push = self._seller(seller_id).push
        if push is None:
            raise ControlError(f"The seller {seller_id} has no destination.")
        self._prove(push)
        return json_response({"challenge_status": push.challenge_status, "status": push.status})

    def add_order(self, seller_id: str) -> Response:
        """Let a buyer order and pay."""
        fields = body_fields()
        with self._world.lock:
            seller = self._seller(seller_id)
            order = people.place_order(self._world, self._keys, seller, fields)
            return json_response(order_json(seller, order), HTTPStatus.CREATED)

    def show_order(self, seller_id: str, order_id: str) -> Response:
        """Show an order as ``getOrder`` does, with all its refunds and requests."""
        with self._world.lock:
            seller, order = self._order(seller_id, order_id)
            shown = order_json(seller, order)
            refunds = [refund_json(each) for each in order.refunds]
            return json_response(
                {**shown, "refunds": refunds, "requests": [request_json(each) for each in order.requests]}
            )

    def add_request(self, seller_id: str, order_id: str) -> Response:
        """Let the buyer ask for something."""
        fields = body_fields()
        with self._world.lock:
            seller, order = self._order(seller_id, order_id)
            made = asking.ask(self._world, self._keys, seller, order, fields)
            return json_response(request_json(made), HTTPStatus.CREATED)

    def refund_order(self, seller_id: str, order_id: str) -> Response:
        """Let the seller give money back in Seller Hub."""
        fields = body_fields()
        with self._world.lock:
            seller, order = self._order(seller_id, order_id)
            refund = people.refund_by_hand(self._world, self._keys, seller, order, fields)
            return json_response(refund_json(refund), HTTPStatus.CREATED)

    def cancel_order(self, seller_id: str, order_id: str) -> Response:
        """Let the seller cancel an order."""
        fields = body_fields()
        with self._world.lock:
            seller, order = self._order(seller_id, order_id)
            made = people.cancel(self._world, self._keys, seller, order, fields)
            return json_response(request_json(made), HTTPStatus.CREATED)

    def close_request(self, seller_id: str, number: str) -> Response:
        """Let a request be declined or withdrawn."""
        fields = body_fields()
        outcome = fields.choice("outcome", ("withdrawn", "declined"), "withdrawn")
        silent = fields.flag("silent")
        fields.finish()
        with self._world.lock:
            seller, found = self._request(seller_id, number)
            asking.close(self._world, self._keys, seller, found, outcome, silent=silent)
            return json_response(request_json(found[1]))

    def escalate_request(self, seller_id: str, number: str) -> Response:
        """Let the buyer turn a return or an inquiry into a case."""
        fields = body_fields()
        silent = fields.flag("silent")
        fields.finish()
        with self._world.lock:
            seller, found = self._request(seller_id, number)
            case = asking.escalate(self._world, self._keys, seller, found, silent=silent)
            return json_response(request_json(case), HTTPStatus.CREATED)

    def change_status(self, seller_id: str, number: str) -> Response:
        """Let a refund come to an end, or its money move."""
        fields = body_fields()
        with self._world.lock:
            seller = self._seller(seller_id)
            found = [each for each in seller.refunds() if each[1].number == number]
            if not found:
                raise ControlError(f"There is no refund {number}.")
            order, refund = found[0]
            status = fields.choice("status", REFUND_STATUSES, refund.status)
            refund.transaction_status = fields.choice(
                "transaction_status", STATUSES, refund.transaction_status
            )
            fields.finish()
            if status != refund.status:
                set_status(seller, order, refund, status, self._world.clock.now())
            return json_response(refund_json(refund))

    def delete_account(self, seller_id: str) -> Response:
        """Let a buyer close the account with eBay."""
        fields = body_fields()
        username = fields.text("username")
        fields.finish()
        with self._world.lock:
            people.delete_account(self._world, self._keys, self._seller(seller_id), username)
            return json_response({"username": username})

    def revoke(self, seller_id: str) -> Response:
        """Let the seller take the application's authorisation back."""
        fields = body_fields()
        silent = fields.flag("silent")
        fields.finish()
        with self._world.lock:
            people.revoke(self._world, self._keys, self._seller(seller_id), silent=silent)
            return json_response({"revoked": True})

    def show_webhooks(self, seller_id: str) -> Response:
        """Show every delivery, oldest first."""
        deliveries = self._world.courier.find(PLATFORM, self._seller(seller_id).id)
        topic = request.args.get("topic")
        return json_response([each.as_json() for each in deliveries if topic in {None, each.topic}])

    def redeliver(self, seller_id: str, webhook_id: str) -> Response:
        """Send a delivery again, now, as often as asked."""
        fields = body_fields()
        times = fields.integer("times", 1)
        at_once = fields.flag("concurrently")
        without = frozenset({SIGNATURE_HEADER.lower()}) if fields.flag("drop_signature") else frozenset()
        fields.finish()
        courier = self._world.courier
        found = [each for each in courier.find(PLATFORM, self._seller(seller_id).id) if each.id == webhook_id]
        if not found:
            raise ControlError(f"There is no delivery {webhook_id}.")
        with concurrent.futures.ThreadPoolExecutor(times if at_once else 1) as senders:
            statuses = list(senders.map(lambda _: courier.attempt(found[0], without), range(times)))
        return json_response({"id": webhook_id, "statuses": statuses})


def refund_json(refund: Refund) -> Json:
    """Show a refund."""
    return {
        "refund": refund.number,
        "by_api": refund.by_api,
        "amount": str(refund.amount),
        "lines": {name: str(amount) for name, amount in refund.lines.items()},
        "status": refund.status,
        "reason": refund.reason,
        "comment": refund.comment,
        "reference": refund.reference,
        "transaction_id": refund.transaction_id,
        "transaction_status": refund.transaction_status,
        "for": refund.request_id,
    }


def request_json(made: Request) -> Json:
    """Show a request."""
    return {
        "id": made.id,
        "kind": made.kind,
        "order_id": made.order_id,
        "amount": str(made.amount),
        "initiator": made.initiator,
        "open": made.open,
        "outcome": made.outcome,
    }
