"""Control routes for stores: they play the merchant, the customers and the gateway."""

import concurrent.futures
from http import HTTPStatus

from flask import Blueprint, Response, request

from sandbox.control import body_fields, json_response
from sandbox.jsonish import ControlError, Json
from sandbox.magento import events
from sandbox.magento.admin import memo_by_hand
from sandbox.magento.model import CreditMemo, MemoState, Order
from sandbox.magento.orders import cancel_order, invoice_order, place_order
from sandbox.magento.render import invoice_json, memo_json, transaction_json
from sandbox.magento.render_order import order_json
from sandbox.magento.setup import make_store, set_store, store_json
from sandbox.magento.store import Store
from sandbox.world import World

STATES = {"open": MemoState.OPEN, "refunded": MemoState.REFUNDED, "canceled": MemoState.CANCELED}


class StoreControl:
    """The control routes of all stores.

    Args:
        world: Where the stores are.
        stores: The stores by tenant.
    """

    def __init__(self, world: World, stores: dict[str, Store]) -> None:
        self._world = world
        self._stores = stores

    def blueprint(self) -> Blueprint:
        """Return the routes, to be mounted at ``/_control/magento``."""
        blueprint = Blueprint("magento-control", __name__)
        order = "/<tenant>/orders/<int:order_id>"
        for method, path, handler in (
            ("POST", "/stores", self.add_store),
            ("PATCH", "/<tenant>", self.change_store),
            ("GET", "/<tenant>", self.show_store),
            ("POST", "/<tenant>/orders", self.add_order),
            ("GET", order, self.show_order),
            ("DELETE", order, self.delete_order),
            ("POST", f"{order}/invoice", self.invoice),
            ("POST", f"{order}/cancel", self.cancel),
            ("POST", f"{order}/creditmemo", self.add_memo),
            ("POST", "/<tenant>/creditmemos/<int:memo_id>/state", self.change_state),
            ("GET", "/<tenant>/webhooks", self.show_webhooks),
            ("POST", "/<tenant>/webhooks/<webhook_id>/redeliver", self.redeliver),
        ):
            blueprint.add_url_rule(path, handler.__name__, handler, methods=[method])
        return blueprint

    def _store(self, tenant: str) -> Store:
        if tenant not in self._stores:
            raise ControlError(f"There is no store {tenant}.")
        return self._stores[tenant]

    def _order(self, tenant: str, order_id: int) -> tuple[Store, Order]:
        store = self._store(tenant)
        if order_id not in store.orders:
            raise ControlError(f"There is no order {order_id}.")
        return store, store.orders[order_id]

    def _shown(self, store: Store) -> Json:
        return {**store_json(store), "in_flight": self._world.calls.in_flight(events.PLATFORM, store.tenant)}

    def add_store(self) -> Response:
        """Make a store with an integration."""
        store = make_store(body_fields())
        with self._world.lock:
            if store.tenant in self._stores:
                raise ControlError(f"The store {store.tenant} exists already.")
            self._stores[store.tenant] = store
            return json_response(self._shown(store), HTTPStatus.CREATED)

    def change_store(self, tenant: str) -> Response:
        """Change a store's settings; what is not given stays."""
        store = self._store(tenant)
        set_store(store, body_fields())
        return json_response(self._shown(store))

    def show_store(self, tenant: str) -> Response:
        """Show a store's settings."""
        with self._world.lock:
            return json_response(self._shown(self._store(tenant)))

    def add_order(self, tenant: str) -> Response:
        """Let a customer order, and the merchant invoice it."""
        fields = body_fields()
        with self._world.lock:
            store = self._store(tenant)
            silent = fields.flag("silent")
            order = place_order(store, fields, self._world.clock.now())
            if not silent:
                events.order_saved(self._world, store, order, new=True)
            return json_response(whole_order(store, order), HTTPStatus.CREATED)

    def show_order(self, tenant: str, order_id: int) -> Response:
        """Show all that is known of an order."""
        with self._world.lock:
            return json_response(whole_order(*self._order(tenant, order_id)))

    def delete_order(self, tenant: str, order_id: int) -> Response:
        """Remove an order as an extension does; nobody is told."""
        with self._world.lock:
            store, order = self._order(tenant, order_id)
            del store.orders[order.id]
            return json_response({"id": order_id, "deleted": True})

    def invoice(self, tenant: str, order_id: int) -> Response:
        """Let the merchant invoice lines of an order."""
        fields = body_fields()
        with self._world.lock:
            store, order = self._order(tenant, order_id)
            lines = fields.maybe_objects("lines")
            silent = fields.flag("silent")
            captured = fields.flag("captured") if fields.has("captured") else True
            qtys = None
            if lines is not None:
                wanted = [(each.text("sku"), each.decimal("qty")) for each in lines]
                qtys = {item.id: qty for item in order.items for sku, qty in wanted if item.sku == sku}
                for each in lines:
                    each.finish()
            fields.finish()
            invoice = invoice_order(store, order, qtys, self._world.clock.now(), captured=captured)
            if not silent:
                events.order_saved(self._world, store, order, new=False)
            return json_response(invoice_json(store, order, invoice), HTTPStatus.CREATED)

    def cancel(self, tenant: str, order_id: int) -> Response:
        """Let the merchant cancel an order."""
        fields = body_fields()
        with self._world.lock:
            store, order = self._order(tenant, order_id)
            silent = fields.flag("silent")
            fields.finish()
            cancel_order(store, order, self._world.clock.now())
            if not silent:
                events.order_saved(self._world, store, order, new=False)
            return json_response(whole_order(store, order))

    def add_memo(self, tenant: str, order_id: int) -> Response:
        """Let the merchant make a credit memo in the admin; blocked is answered as blocked."""
        fields = body_fields()
        with self._world.lock:
            store, order = self._order(tenant, order_id)
        made = memo_by_hand(self._world, store, order, fields)
        if isinstance(made, str):
            return json_response({"blocked": True, "message": made})
        with self._world.lock:
            return json_response(memo_json(store, order, made), HTTPStatus.CREATED)

    def _memo(self, tenant: str, memo_id: int) -> tuple[Store, Order, CreditMemo]:
        store = self._store(tenant)
        found = store.memo(memo_id)
        if found is None:
            raise ControlError(f"There is no credit memo {memo_id}.")
        return store, *found

    def change_state(self, tenant: str, memo_id: int) -> Response:
        """Save a credit memo with another state, as extensions do."""
        fields = body_fields()
        with self._world.lock:
            store, order, memo = self._memo(tenant, memo_id)
            state = STATES[fields.choice("state", tuple(STATES))]
            silent = fields.flag("silent")
            fields.finish()
            memo.state, memo.updated_at = state, self._world.clock.now()
            if not silent:
                events.memo_saved(self._world, store, order, memo, new=False)
            return json_response(memo_json(store, order, memo))

    def show_webhooks(self, tenant: str) -> Response:
        """Show every delivery, oldest first."""
        deliveries = self._world.courier.find(events.PLATFORM, self._store(tenant).tenant)
        topic = request.args.get("topic")
        return json_response([each.as_json() for each in deliveries if topic in {None, each.topic}])

    def redeliver(self, tenant: str, webhook_id: str) -> Response:
        """Send a delivery again, now, as often as asked."""
        fields = body_fields()
        times = fields.integer("times", 1)
        at_once = fields.flag("concurrently")
        fields.finish()
        courier = self._world.courier
        sent = courier.find(events.PLATFORM, self._store(tenant).tenant)
        found = next((each for each in sent if each.id == webhook_id), None)
        if found is None:
            raise ControlError(f"There is no delivery {webhook_id}.")
        with concurrent.futures.ThreadPoolExecutor(times if at_once else 1) as senders:
            statuses = list(senders.map(lambda _: courier.attempt(found), range(times)))
        return json_response({"id": webhook_id, "statuses": statuses})


def whole_order(store: Store, order: Order) -> Json:
    """Show an order with all that hangs on it."""
    return {
        **order_json(store, order),
        "invoices": [invoice_json(store, order, each) for each in order.invoices],
        "creditmemos": [memo_json(store, order, each) for each in order.memos],
        "transactions": [transaction_json(order, each) for each in order.transactions],
        "returned_to_stock": dict(order.returned_to_stock),
    }
