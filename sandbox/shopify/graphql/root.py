"""The root fields of the Admin API, answered from one shop."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeAlias

from graphql import DirectiveNode, GraphQLError, GraphQLResolveInfo, StringValueNode, VariableNode

from sandbox.jsonish import Json
from sandbox.shopify.events import PLATFORM, announce
from sandbox.shopify.graphql.connection import Page, connection
from sandbox.shopify.graphql.refund_create import check_key, create, fingerprint, payload
from sandbox.shopify.graphql.refund_views import order_view, refund_view
from sandbox.shopify.graphql.search import parse_search
from sandbox.shopify.graphql.views import location_view, shop_view, subscription_view
from sandbox.shopify.graphql.wishes import UserError
from sandbox.shopify.idempotency import IdempotencyError
from sandbox.shopify.ids import number_of
from sandbox.shopify.merchant import refund_events
from sandbox.shopify.model import Order, Refund
from sandbox.shopify.shop import Shop
from sandbox.world import World

EPOCH: Final = datetime.fromtimestamp(0, UTC)
SORT_KEYS: Final[dict[str, Callable[[Order], tuple[datetime, int]]]] = {
    "PROCESSED_AT": lambda order: (order.created_at, order.id),
    "CREATED_AT": lambda order: (order.created_at, order.id),
    "UPDATED_AT": lambda order: (order.updated_at, order.id),
    "ORDER_NUMBER": lambda order: (EPOCH, order.number),
    "ID": lambda order: (EPOCH, order.id),
}
Info: TypeAlias = GraphQLResolveInfo[None]
ACCESS_DOCS: Final = "https://shopify.dev/api/usage/access-scopes"


def idempotency_key(directive: DirectiveNode, variables: Mapping[str, object]) -> str | None:
    """Return the key an ``@idempotent`` directive holds."""
    for argument in directive.arguments or ():
        value = argument.value
        if isinstance(value, StringValueNode):
            return value.value
        if isinstance(value, VariableNode):
            given = variables.get(value.name.value)
            return given if isinstance(given, str) else None
    return None


@dataclass(frozen=True)
class Root:
    """What one request may ask of a shop.

    Attributes:
        world: Where the shop is.
        shop: The shop.
        version: API version asked.
        request: The request, as the idempotency memory knows it.
        variables: The request's variables.
    """

    world: World
    shop: Shop
    version: str
    request: object
    variables: Mapping[str, object]

    def value(self) -> Json:
        """Return the root value for the executor: a resolver for every root field."""
        return {
            "shop": lambda _info: shop_view(self.shop),
            "order": self.order,
            "orders": self.orders,
            "refund": self.refund,
            "location": self.location,
            "locations": self.locations,
            "webhookSubscription": self.webhook_subscription,
            "webhookSubscriptions": self.webhook_subscriptions,
            "refundCreate": self.refund_create,
        }

    def _need(self, scope: str, field: str) -> None:
        if not self.shop.allows(scope):
            raise GraphQLError(
                f"Access denied for {field} field. Required access: `{scope}` access scope.",
                extensions={
                    "code": "ACCESS_DENIED",
                    "documentation": ACCESS_DOCS,
                    "requiredAccess": f"`{scope}` access scope.",
                },
            )

    def _number(self, gid: str, kind: str) -> int:
        number = number_of(gid, kind)
        if number is None:
            raise GraphQLError(f"Invalid id: {gid}", extensions={"code": "RESOURCE_NOT_FOUND"})
        return number

    def order(self, _info: object, **arguments: str) -> Json | None:
        """Answer ``order(id:)``."""
        self._need("read_orders", "order")
        order = self.shop.orders.get(self._number(arguments["id"], "Order"))
        return None if order is None else order_view(self.shop, order)

    def orders(
        self,
        _info: object,
        query: str | None = None,
        sortKey: str = "PROCESSED_AT",  # noqa: N803  # GraphQL's own argument name
        **page: object,
    ) -> Json:
        """Answer ``orders(first:, query:)``."""
        self._need("read_orders", "orders")
        if sortKey not in SORT_KEYS:
            raise GraphQLError(f"The sandbox does not sort orders by {sortKey}")
        wanted = parse_search(query)
        found = [each for each in self.shop.orders.values() if wanted(each)]
        found.sort(key=SORT_KEYS[sortKey])
        return connection(found, lambda each: order_view(self.shop, each), _page(page))

    def refund(self, _info: object, **arguments: str) -> Json | None:
        """Answer ``refund(id:)``."""
        self._need("read_orders", "refund")
        number = self._number(arguments["id"], "Refund")
        found = self._find_refund(number)
        return None if found is None else refund_view(self.shop, *found)

    def _find_refund(self, number: int) -> tuple[Order, Refund] | None:
        return next(
            (
                (order, refund)
                for order in self.shop.orders.values()
                for refund in order.refunds
                if refund.id == number
            ),
            None,
        )

    def location(self, _info: object, **arguments: str | None) -> Json | None:
        """Answer ``location(id:)``; without an id the shop's first."""
        self._need("read_locations", "location")
        gid = arguments.get("id")
        number = None if gid is None else self._number(gid, "Location")
        found = (each for each in self.shop.locations if number in {None, each.id})
        place = next(found, None)
        return None if place is None else location_view(self.shop, place)

    def locations(self, _info: object, **page: object) -> Json:
        """Answer ``locations(first:)``."""
        self._need("read_locations", "locations")
        return connection(self.shop.locations, lambda each: location_view(self.shop, each), _page(page))

    def webhook_subscription(self, _info: object, **arguments: str) -> Json | None:
        """Answer ``webhookSubscription(id:)``."""
        number = self._number(arguments["id"], "WebhookSubscription")
        found = (each for each in self.shop.subscriptions.values() if each.id == number)
        subscription = next(found, None)
        return None if subscription is None else subscription_view(subscription, self.shop.webhook_version)

    def webhook_subscriptions(
        self,
        _info: object,
        topics: list[str] | None = None,
        uri: str | None = None,
        **page: object,
    ) -> Json:
        """Answer ``webhookSubscriptions(first:)``."""
        views = [
            subscription_view(each, self.shop.webhook_version) for each in self.shop.subscriptions.values()
        ]
        found = [
            each for each in views if (not topics or each["topic"] in topics) and uri in {None, each["uri"]}
        ]
        return connection(found, lambda each: each, _page(page))

    def refund_create(self, info: Info, **arguments: Json) -> Json:
        """Carry out ``refundCreate(input:) @idempotent(key:)``."""
        self._need("write_orders", "refundCreate")
        given = arguments["input"]
        directives = [
            each for each in info.field_nodes[0].directives or () if each.name.value == "idempotent"
        ]
        key = idempotency_key(directives[0], self.variables) if directives else None
        key = check_key(key, self.version)
        now = self.world.clock.now()
        if key is not None:
            try:
                known = self.shop.keys.recall(key, fingerprint(given), self.request, now)
            except IdempotencyError as error:
                return payload(None, None, [UserError(None, str(error))])
            if known is not None:
                return self._replay(known)
        order = self.shop.orders.get(number_of(str(given["orderId"]), "Order") or 0)
        if order is None:
            return payload(None, None, [UserError(("orderId",), "Order does not exist")])
        refund, errors = create(self.shop, order, given, now)
        if refund is None:
            return payload(order_view(self.shop, order), None, errors)
        if key is not None:
            self.shop.keys.remember(key, fingerprint(given), refund.id, now)
        self.world.writes.add(PLATFORM, self.shop.domain, "refundCreate")
        announce(self.world, self.shop, refund_events(self.shop, order, refund))
        return payload(order_view(self.shop, order), refund_view(self.shop, order, refund), [])

    def _replay(self, refund_id: int) -> Json:
        """Answer a repeated request from what the shop holds now."""
        found = self._find_refund(refund_id)
        if found is None:
            return payload(None, None, [])
        return payload(order_view(self.shop, found[0]), refund_view(self.shop, *found), [])


def _page(arguments: Mapping[str, object]) -> Page:
    return Page(**arguments)  # type: ignore[arg-type]  # GraphQL checked them
