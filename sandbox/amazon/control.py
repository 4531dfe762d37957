"""Control routes for sellers: they play the seller, the buyers, and Amazon's back office."""

from datetime import timedelta
from http import HTTPStatus

from flask import Blueprint, Response, request

from sandbox.amazon.answers import moment
from sandbox.amazon.breakdowns import transaction_json
from sandbox.amazon.control_pushes import PushControl
from sandbox.amazon.feeds import feed_json
from sandbox.amazon.ids import Ids
from sandbox.amazon.model import (
    ENDED,
    ZERO,
    Feed,
    FeedStatus,
    FulfillmentStatus,
    LineFault,
    Order,
    Outcome,
)
from sandbox.amazon.notifications import (
    ORDER_CHANGE,
    offer_subscription,
    order_change,
    publish,
)
from sandbox.amazon.orders import DATASETS, order_json, place_order
from sandbox.amazon.progress import announce, catch_up
from sandbox.amazon.refunds import When, refund, refunds_from, release, ship
from sandbox.amazon.seller import PLATFORM, Seller
from sandbox.amazon.setup import make_seller, seller_json, set_seller
from sandbox.control import body_fields, json_response
from sandbox.jsonish import ControlError, Fields, Json
from sandbox.world import World


class SellerControl:
    """The control routes of all sellers.

    Args:
        world: Where the sellers are.
        sellers: The sellers by id.
        ids: Where ids come from.
    """

    def __init__(self, world: World, sellers: dict[str, Seller], ids: Ids) -> None:
        self._world = world
        self._sellers = sellers
        self._ids = ids

    def blueprint(self) -> Blueprint:
        """Return the routes, to be mounted at ``/_control/amazon``."""
        blueprint = Blueprint("amazon-control", __name__)
        for method, path, handler in (
            ("POST", "/sellers", self.add_seller),
            ("PATCH", "/<seller_id>", self.change_seller),
            ("GET", "/<seller_id>", self.show_seller),
            ("POST", "/<seller_id>/revoke", self.revoke),
            ("POST", "/<seller_id>/orders", self.add_order),
            ("GET", "/<seller_id>/orders/<order_id>", self.show_order),
            ("POST", "/<seller_id>/orders/<order_id>/ship", self.ship_order),
            ("POST", "/<seller_id>/orders/<order_id>/cancel", self.cancel_order),
            ("POST", "/<seller_id>/orders/<order_id>/refund", self.refund_order),
            ("POST", "/<seller_id>/orders/<order_id>/release", self.release_order),
            ("GET", "/<seller_id>/transactions", self.show_transactions),
            ("GET", "/<seller_id>/feeds", self.show_feeds),
            ("POST", "/<seller_id>/feeds/outcome", self.set_next_outcome),
            ("POST", "/<seller_id>/feeds/<feed_id>/outcome", self.set_outcome),
        ):
            blueprint.add_url_rule(path, handler.__name__, handler, methods=[method])
        PushControl(self._world, self._seller).add_to(blueprint)
        return blueprint

    def _seller(self, seller_id: str) -> Seller:
        if seller_id not in self._sellers:
            raise ControlError(f"There is no seller {seller_id}.")
        seller = self._sellers[seller_id]
        catch_up(self._world, seller)
        return seller

    def _order(self, seller_id: str, order_id: str) -> tuple[Seller, Order]:
        seller = self._seller(seller_id)
        if order_id not in seller.orders:
            raise ControlError(f"There is no order {order_id}.")
        return seller, seller.orders[order_id]

    def _shown(self, seller: Seller) -> Json:
        return {**seller_json(seller), "in_flight": self._world.calls.in_flight(PLATFORM, seller.id)}

    def add_seller(self) -> Response:
        """Make a seller with the app authorised."""
        fields = body_fields()
        with self._world.lock:
            seller = make_seller(fields, self._ids)
            if seller.id in self._sellers:
                raise ControlError(f"The seller {seller.id} exists already.")
            self._sellers[seller.id] = seller
            offer_subscription(self._world, seller)
            return json_response(self._shown(seller), HTTPStatus.CREATED)

    def change_seller(self, seller_id: str) -> Response:
        """Change a seller's settings; what is not given stays."""
        fields = body_fields()
        with self._world.lock:
            seller = self._seller(seller_id)
            before = seller.push
            set_seller(seller, fields)
            if seller.push is not before:
                offer_subscription(self._world, seller)
            return json_response(self._shown(seller))

    def show_seller(self, seller_id: str) -> Response:
        """Show a seller's settings."""
        with self._world.lock:
            return json_response(self._shown(self._seller(seller_id)))

    def revoke(self, seller_id: str) -> Response:
        """End every access token."""
        with self._world.lock:
            self._seller(seller_id).forget_tokens()
            return json_response({"revoked": True})

    def add_order(self, seller_id: str) -> Response:
        """Let a buyer order."""
        fields = body_fields()
        with self._world.lock:
            seller = self._seller(seller_id)
            silent = fields.flag("silent")
            late = fields.maybe_decimal("late_seconds")
            order = place_order(seller, fields, self._world.clock.now())
            if not silent:
                publish(self._world, seller, [(ORDER_CHANGE, order_change(seller, order))])
            if order.status is FulfillmentStatus.SHIPPED:
                self._ship(seller, order, None if late is None else float(late), silent=silent)
            return json_response(_order_json(seller, order), HTTPStatus.CREATED)

    def _ship(self, seller: Seller, order: Order, late: float | None, *, silent: bool) -> None:
        now = self._world.clock.now()
        when = When(now, seller.timing.late if late is None else late, silent=silent)
        announce(self._world, seller, [ship(seller, order, when)])

    def show_order(self, seller_id: str, order_id: str) -> Response:
        """Show all that is known of an order."""
        with self._world.lock:
            return json_response(_order_json(*self._order(seller_id, order_id)))

    def ship_order(self, seller_id: str, order_id: str) -> Response:
        """Let the order be shipped."""
        fields = body_fields()
        with self._world.lock:
            seller, order = self._order(seller_id, order_id)
            silent = fields.flag("silent")
            fields.finish()
            if order.status not in {FulfillmentStatus.PENDING, FulfillmentStatus.UNSHIPPED}:
                raise ControlError(f"The order {order_id} is {order.status.value}.")
            self._ship(seller, order, None, silent=silent)
            if not silent:
                publish(self._world, seller, [(ORDER_CHANGE, order_change(seller, order))])
            return json_response(_order_json(seller, order))

    def cancel_order(self, seller_id: str, order_id: str) -> Response:
        """Let the order be cancelled before it is shipped; no money moved, so none moves back."""
        fields = body_fields()
        with self._world.lock:
            seller, order = self._order(seller_id, order_id)
            reason, silent = fields.text("reason", "Buyer Requested Cancel"), fields.flag("silent")
            fields.finish()
            if order.status not in {FulfillmentStatus.PENDING, FulfillmentStatus.UNSHIPPED}:
                raise ControlError(f"The order {order_id} is {order.status.value}.")
            order.status, order.cancel_reason = FulfillmentStatus.CANCELLED, reason
            order.updated_at = self._world.clock.now()
            if not silent:
                publish(self._world, seller, [(ORDER_CHANGE, order_change(seller, order))])
            return json_response(_order_json(seller, order))

    def refund_order(self, seller_id: str, order_id: str) -> Response:
        """Let the seller refund an order in Seller Central."""
        fields = body_fields()
        with self._world.lock:
            seller, order = self._order(seller_id, order_id)
            if order.status is not FulfillmentStatus.SHIPPED:
                raise ControlError(f"The order {order_id} is {order.status.value}.")
            late, deferred = fields.maybe_decimal("late_seconds"), fields.maybe_decimal("deferred_seconds")
            ago = float(fields.decimal("seconds_ago", ZERO))
            split, silent = fields.flag("split_rows"), fields.flag("silent")
            wanted = refunds_from(order, fields)
            fields.finish()
            if ago < 0:
                raise ControlError("The body: seconds_ago must not be negative.")
            when = When(
                now=self._world.clock.now() - timedelta(seconds=ago),
                late=seller.timing.late if late is None else float(late),
                deferred=None if deferred is None else float(deferred),
                silent=silent,
            )
            posted = refund(seller, order, wanted, when, split=split)
            announce(self._world, seller, posted)
            shown = {
                "refund_id": posted[0].refund_id,
                "total": sum(each.total for each in posted),
                "transactions": [transaction_json(seller, each) for each in posted],
            }
            return json_response(shown, HTTPStatus.CREATED)

    def release_order(self, seller_id: str, order_id: str) -> Response:
        """Release what is held back of an order's money, before its time."""
        with self._world.lock:
            seller, order = self._order(seller_id, order_id)
            held = [
                each
                for each in seller.transactions
                if each.order is order and each.maturity and not each.releases and not each.released_by
            ]
            now = self._world.clock.now()
            posted = [release(seller, each, now) for each in held]
            announce(self._world, seller, posted)
            return json_response({"transactions": [transaction_json(seller, each) for each in posted]})

    def show_transactions(self, seller_id: str) -> Response:
        """Show every transaction, those that the API does not show yet too."""
        with self._world.lock:
            seller = self._seller(seller_id)
            order_id = request.args.get("order_id")
            rows = [
                {**transaction_json(seller, each), "visible_at": moment(each.visible_at)}
                for each in seller.transactions
                if order_id in {None, each.order.id}
            ]
            return json_response(rows)

    def show_feeds(self, seller_id: str) -> Response:
        """Show every feed, with the text that was sent and the report."""
        with self._world.lock:
            return json_response([_feed_json(each) for each in self._seller(seller_id).feeds.values()])

    def set_next_outcome(self, seller_id: str) -> Response:
        """Say how the next feeds shall end."""
        fields = body_fields()
        with self._world.lock:
            seller = self._seller(seller_id)
            times = fields.integer("times", 1)
            seller.outcome, seller.outcomes = outcome_from(fields), times
            return json_response({"times": times})

    def set_outcome(self, seller_id: str, feed_id: str) -> Response:
        """Say how a feed shall end; without more, it ends now."""
        fields = body_fields()
        with self._world.lock:
            seller = self._seller(seller_id)
            if feed_id not in seller.feeds:
                raise ControlError(f"There is no feed {feed_id}.")
            feed = seller.feeds[feed_id]
            if feed.status in ENDED:
                raise ControlError(f"The feed {feed_id} is {feed.status.value}.")
            feed.outcome = outcome_from(fields)
            if feed.outcome.status in ENDED:
                now = self._world.clock.now()
                feed.starts_at, feed.ends_at = min(feed.starts_at, now), now
            catch_up(self._world, seller)
            return json_response(_feed_json(feed))


def outcome_from(fields: Fields) -> Outcome:
    """Read how a feed shall end.

    Raises:
        ControlError: The description makes no sense.
    """
    faults = []
    for each in fields.objects("errors"):
        faults.append(
            LineFault(
                message_id=each.text("message_id"),
                code=each.text("code", "18028"),
                description=each.text("description", "The data you submitted is incomplete or invalid."),
                result=each.choice("result", ("Error", "Warning"), "Error"),
                item_id=each.text("item", ""),
            )
        )
        each.finish()
    status = FeedStatus(fields.choice("status", tuple(FeedStatus), FeedStatus.DONE))
    outcome = Outcome(status, fields.flag("executed"), faults)
    fields.finish()
    return outcome


def _order_json(seller: Seller, order: Order) -> Json:
    """Show an order: as the Orders API does, and by the ids of its lines."""
    return {
        "id": order.id,
        "seller_order_id": order.seller_order_id,
        "status": order.status.value,
        "currency": order.currency,
        "total": order.total,
        "network": order.network,
        "lines": [
            {
                "order_item_id": line.id,
                "sku": line.sku,
                "asin": line.asin,
                "quantity": line.quantity,
                "amounts": {part.value: amount for part, amount in line.amounts.items()},
                "refunded": {part.value: amount for part, amount in line.refunded.items()},
                "returned": line.returned,
            }
            for line in order.lines
        ],
        "order": order_json(seller, order, frozenset(DATASETS)),
    }


def _feed_json(feed: Feed) -> Json:
    sent = feed.input.content
    report = feed.report.content if feed.report is not None and not feed.report.gzipped else None
    return {
        **feed_json(feed),
        "content": None if sent is None else sent.decode(errors="replace"),
        "report": None if report is None else report.decode(errors="replace"),
    }
