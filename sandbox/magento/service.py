"""The REST API of one store: routes, who may use them, and what they answer."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from flask import Response
from werkzeug.datastructures import Headers

from sandbox.jsonish import Json
from sandbox.magento import events
from sandbox.magento.errors import (
    NOT_SAVED,
    MagentoError,
    answer,
    bad_request,
    internal_error,
    no_entity,
    no_route,
    status_error,
)
from sandbox.magento.inputs import read_body, read_comment, read_refund
from sandbox.magento.model import Comment, CreditMemo, Invoice, Order
from sandbox.magento.oauth import authorize
from sandbox.magento.refunds import Asked, GatewayDeclinedError, PhpDiedError, book, draft, preview
from sandbox.magento.render import comment_json, invoice_json, memo_json, store_configs, transaction_json
from sandbox.magento.render_order import order_json
from sandbox.magento.search import Row, chosen, find, read_criteria
from sandbox.magento.store import INVOICES, MEMOS, ORDERS, REFUND, STORES, TRANSACTIONS, Store
from sandbox.magento.webhook import BlockedError, ask
from sandbox.world import World

AFTER_SAVING: Final = "_save_after"


@dataclass(frozen=True)
class Incoming:
    """A request to the REST API.

    Attributes:
        path: Path behind ``/V1/``.
        url: The URL as called, with its query.
        query: Query parameters, in order.
    """

    method: str
    path: str
    url: str
    query: Sequence[tuple[str, str]]
    headers: Headers
    body: bytes


@dataclass(frozen=True)
class Route:
    """One route of the API.

    Attributes:
        operation: Name that faults and the log use.
        resource: The ACL resource it needs.
        answer: Name of the method of ``RestService`` that answers.
    """

    method: str
    path: re.Pattern[str]
    operation: str
    resource: str
    answer: str


def _route(method: str, path: str, operation: str, resource: str, name: str) -> Route:
    return Route(method, re.compile(path.replace("{id}", r"(?P<entity_id>\d+)")), operation, resource, name)


ROUTES: Final = (
    _route("GET", "orders", "orders:list", ORDERS, "list_orders"),
    _route("GET", "orders/{id}", "orders:get", ORDERS, "get_order"),
    _route("GET", "creditmemos", "creditmemos:list", MEMOS, "list_memos"),
    _route("GET", "creditmemo/{id}", "creditmemo:get", MEMOS, "get_memo"),
    _route("GET", "creditmemo/{id}/comments", "creditmemo:comments", MEMOS, "get_comments"),
    _route("POST", "creditmemo/{id}/comments", "creditmemo:comment", MEMOS, "add_comment"),
    _route("GET", "invoices", "invoices:list", INVOICES, "list_invoices"),
    _route("GET", "transactions", "transactions:list", TRANSACTIONS, "list_transactions"),
    _route("GET", "store/storeConfigs", "store:configs", STORES, "get_configs"),
    _route("POST", "order/{id}/refund", "order:refund", REFUND, "refund_order"),
    _route("POST", "invoice/{id}/refund", "invoice:refund", REFUND, "refund_invoice"),
)


def find_route(method: str, path: str) -> tuple[Route | None, dict[str, str]]:
    """Find the route of a request, and the ids in its path."""
    for route in ROUTES:
        found = route.path.fullmatch(path)
        if found is not None and route.method == method:
            return route, found.groupdict()
    return None, {}


class RestService:
    """Answers one request.

    Args:
        world: Where the store is.
        store: The store called.
        incoming: The request.
    """

    def __init__(self, world: World, store: Store, incoming: Incoming) -> None:
        self._world = world
        self._store = store
        self._incoming = incoming

    def answer(self) -> Response:
        """Carry the request out.

        Raises:
            MagentoError: It is refused.
        """
        route, ids = find_route(self._incoming.method, self._incoming.path)
        if route is None:
            raise no_route()
        self._negotiate()
        now = self._world.clock.now()
        with self._world.lock:
            header = self._incoming.headers.get("Authorization", "")
            authorize(self._store, header, route.method, self._incoming.url, route.resource, now)
        respond: Callable[..., object] = getattr(self, f"_{route.answer}")
        value = respond(**{name: int(value) for name, value in ids.items()})
        wanted = next((value for name, value in self._incoming.query if name == "fields"), "")
        return answer(chosen(value, wanted))

    def _negotiate(self) -> None:
        """Refuse a client that takes no JSON."""
        accepted = self._incoming.headers.get("Accept", "*/*")
        if not any(kind in accepted for kind in ("*/*", "application/*", "json")):
            message = (
                "Server cannot match any of the given Accept HTTP header media type(s) from the request: "
                f'"{accepted}" with media types from the config of response renderer.'
            )
            raise MagentoError(HTTPStatus.NOT_ACCEPTABLE, message)

    def _body(self) -> Json:
        return read_body(self._incoming.headers.get("Content-Type", ""), self._incoming.body)

    def _found(self, rows: Sequence[Row], show: Callable[[int], Json]) -> Json:
        """Answer a search over rows, whose entities are shown by their index."""
        criteria = read_criteria(self._incoming.query, self._store.most_per_page)
        indices, total = find(rows, criteria)
        return {
            "items": [show(index) for index in indices],
            "search_criteria": criteria.as_json(),
            "total_count": total,
        }

    def _list_orders(self) -> Json:
        with self._world.lock:
            shown = [order_json(self._store, order) for order in self._store.orders.values()]
        return self._found([columns(each) for each in shown], shown.__getitem__)

    def _get_order(self, entity_id: int) -> Json:
        with self._world.lock:
            return order_json(self._store, self._order(entity_id))

    def _order(self, entity_id: int) -> Order:
        if entity_id not in self._store.orders:
            raise no_entity()
        return self._store.orders[entity_id]

    def _memo(self, entity_id: int) -> tuple[Order, CreditMemo]:
        found = self._store.memo(entity_id)
        if found is None:
            raise no_entity()
        return found

    def _list_memos(self) -> Json:
        comments = self._store.listed_comments
        with self._world.lock:
            shown = [
                memo_json(self._store, order, memo, comments=comments) for order, memo in self._store.memos
            ]
        return self._found([columns(each) for each in shown], shown.__getitem__)

    def _get_memo(self, entity_id: int) -> Json:
        with self._world.lock:
            return memo_json(self._store, *self._memo(entity_id))

    def _get_comments(self, entity_id: int) -> Json:
        with self._world.lock:
            shown = [comment_json(each) for each in self._memo(entity_id)[1].comments]
        condition = {"field": "parent_id", "value": str(entity_id), "condition_type": "eq"}
        return {
            "items": shown,
            "search_criteria": {"filter_groups": [{"filters": [condition]}]},
            "total_count": len(shown),
        }

    def _add_comment(self, entity_id: int) -> Json:
        text, notified, visible = read_comment(self._body())
        with self._world.lock:
            _, memo = self._memo(entity_id)
            now = self._world.clock.now()
            number = self._store.next("creditmemo comment")
            comment = Comment(number, memo.id, text, now, notified=notified, visible=visible)
            memo.comments.append(comment)
            self._world.writes.add(events.PLATFORM, self._store.tenant, "comment")
            return comment_json(comment)

    def _list_invoices(self) -> Json:
        with self._world.lock:
            shown = [invoice_json(self._store, order, invoice) for order, invoice in self._store.invoices]
        return self._found([columns(each) for each in shown], shown.__getitem__)

    def _list_transactions(self) -> Json:
        with self._world.lock:
            shown = [
                transaction_json(order, each)
                for order in self._store.orders.values()
                for each in order.transactions
            ]
        return self._found([columns(each) for each in shown], shown.__getitem__)

    def _get_configs(self) -> list[Json]:
        return store_configs(self._store)

    def _refund_order(self, entity_id: int) -> int | str:
        asked = read_refund(self._body())
        with self._world.lock:
            order = self._order(entity_id)
        return self._refund(order, None, Asked(**{**vars(asked), "online": False}))

    def _refund_invoice(self, entity_id: int) -> int | str:
        asked = read_refund(self._body())
        with self._world.lock:
            found = self._store.invoice(entity_id)
        if found is None:
            raise no_entity()
        return self._refund(*found, asked)

    def _refund(self, order: Order, invoice: Invoice | None, asked: Asked) -> int | str:
        """Refund; the number is answered as a string where the store does so.

        Raises:
            MagentoError: It is refused, by Magento, by the gateway or by a webhook.
        """
        try:
            memo = refund(self._world, self._store, order, invoice, asked)
        except (GatewayDeclinedError, BlockedError) as error:
            raise bad_request(NOT_SAVED) from error
        except PhpDiedError as error:
            self._world.writes.add(events.PLATFORM, self._store.tenant, "gatewayRefund")
            raise internal_error() from error
        self._world.writes.add(events.PLATFORM, self._store.tenant, "creditmemo")
        if memo.transaction_id is not None:
            self._world.writes.add(events.PLATFORM, self._store.tenant, "gatewayRefund")
        return str(memo.id) if self._store.text_ids else memo.id


def refund(
    world: World,
    store: Store,
    order: Order,
    invoice: Invoice | None,
    asked: Asked,
    *,
    silent: bool = False,
) -> CreditMemo:
    """Refund an order, by whomever: check, ask the webhook, check again and book, tell.

    Raises:
        MagentoError: It is not allowed.
        GatewayDeclinedError: The gateway does not give the money back.
        BlockedError: A webhook does not let it pass.
    """
    with world.lock:
        proposed = draft(store, order, invoice, asked, world.clock.now())
        if store.push is not None and store.push.method.endswith(AFTER_SAVING):
            proposed = preview(store, order, invoice, asked, world.clock.now())
    if not silent:
        ask(world, store, order, proposed)
    with world.lock:
        now = world.clock.now()
        memo = book(store, order, draft(store, order, invoice, asked, now), asked, now)
        if not silent:
            events.memo_saved(world, store, order, memo, new=True)
    return memo


def columns(shown: Json) -> Row:
    """Return what can be searched of an entity: its own fields, not what hangs on it."""
    nothing: Row = dict.fromkeys(("transaction_id", "invoice_id", "parent_id"))
    return nothing | {name: each for name, each in shown.items() if not isinstance(each, list | dict)}


class StoreManners:
    """How Magento words what the gateway says in its name."""

    request_id_header = "X-Request-Id"

    def throttled(self) -> Response:
        """Answer that there were too many requests."""
        return self.failed(HTTPStatus.TOO_MANY_REQUESTS)

    def failed(self, status: int) -> Response:
        """Answer an HTTP error."""
        error = status_error(status)
        return answer(error.body(), error.status)

    def internal_error(self) -> Response:
        """Answer that Magento itself broke down."""
        return self.failed(HTTPStatus.INTERNAL_SERVER_ERROR)
