"""Shopify as a platform of the sandbox: its URLs, its tokens, and how it words refusals."""

import secrets
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, request

from sandbox.gateway import Call
from sandbox.jsonish import dumps, loads
from sandbox.shopify.control import ShopControl
from sandbox.shopify.events import PLATFORM
from sandbox.shopify.graphql.execute import GraphQLRequest, failure, read_request, run, throttled
from sandbox.shopify.graphql.root import Root
from sandbox.shopify.ids import Ids
from sandbox.shopify.shop import API_VERSIONS, TOKEN_LIFE, Shop
from sandbox.world import World

BAD_TOKEN: Final = "[API] Invalid API key or access token (unrecognized login or wrong password)"  # noqa: S105  # a message
NOT_FOUND: Final = "Not Found"


def answer(value: object, status: int = HTTPStatus.OK) -> Response:
    """Answer with JSON as the Admin API does."""
    return Response(dumps(value), status=status, content_type="application/json; charset=utf-8")


def not_found() -> Response:
    """Answer for a shop or an API version that is not there."""
    return answer({"errors": NOT_FOUND}, HTTPStatus.NOT_FOUND)


class ShopManners:
    """How one shop words what the gateway says in its name."""

    request_id_header = "X-Request-Id"

    def __init__(self, world: World, shop: Shop) -> None:
        self._world = world
        self._shop = shop

    def throttled(self) -> Response:
        """Answer that the points are used up: HTTP 200 with a THROTTLED error."""
        return answer(throttled(self._shop.bucket, None, self._world.clock.now()))

    def failed(self, status: int) -> Response:
        """Answer an HTTP error."""
        phrases = {each.value: each.phrase for each in HTTPStatus}
        return answer({"errors": phrases.get(status, "Error")}, status)

    def internal_error(self) -> Response:
        """Answer that Shopify itself broke down: HTTP 200 with an INTERNAL_SERVER_ERROR error."""
        message = "Internal error. Looks like something went wrong on our end."
        return answer(failure(message, "INTERNAL_SERVER_ERROR"))


class ShopifyPlatform:
    """All simulated shops."""

    name = PLATFORM

    def __init__(self, world: World) -> None:
        self._world = world
        self._shops: dict[str, Shop] = {}

    def routes(self) -> Blueprint:
        """Return the Admin API of every shop, to be mounted at ``/shopify``."""
        blueprint = Blueprint("shopify", __name__)
        blueprint.add_url_rule(
            "/<domain>/admin/api/<version>/graphql.json", "graphql", self.graphql, methods=["POST"]
        )
        blueprint.add_url_rule(
            "/<domain>/admin/oauth/access_token", "access_token", self.access_token, methods=["POST"]
        )
        return blueprint

    def control(self) -> Blueprint:
        """Return the control routes, to be mounted at ``/_control/shopify``."""
        return ShopControl(self._world, self._shops, Ids()).blueprint()

    def reset(self) -> None:
        """Forget every shop."""
        self._shops.clear()

    def graphql(self, domain: str, version: str) -> Response:
        """Answer ``POST /admin/api/{version}/graphql.json``."""
        shop = self._shops.get(domain)
        if shop is None:
            return not_found()
        asked = read_request(request.get_data())
        identity = object()
        world, keys = self._world, asked.keys

        def break_down() -> None:
            with world.lock:
                shop.keys.break_down(keys, world.clock.now())

        call = Call(
            platform=PLATFORM,
            tenant=domain,
            operation=asked.name,
            manners=ShopManners(world, shop),
            on_internal_error=break_down,
        )
        with world.lock:
            shop.keys.arrive(keys, identity)
        try:
            return world.gateway.run(
                call, lambda: self._execute(asked, Root(world, shop, version, identity, asked.variables))
            )
        finally:
            with world.lock:
                shop.keys.leave(keys, identity)

    def _execute(self, asked: GraphQLRequest, root: Root) -> Response:
        with self._world.lock:
            if root.version not in API_VERSIONS:
                return not_found()
            token = request.headers.get("X-Shopify-Access-Token", "")
            if not root.shop.knows_token(token, self._world.clock.now()):
                return answer({"errors": BAD_TOKEN}, HTTPStatus.UNAUTHORIZED)
            if asked.document is None and isinstance(asked.errors, dict):
                return answer({"errors": asked.errors}, HTTPStatus.BAD_REQUEST)
            response = answer(run(asked, root))
            response.headers["X-Shopify-API-Version"] = root.version
            return response

    def access_token(self, domain: str) -> Response:
        """Answer ``POST /admin/oauth/access_token``."""
        shop = self._shops.get(domain)
        if shop is None:
            return not_found()
        call = Call(PLATFORM, domain, "token", ShopManners(self._world, shop))
        return self._world.gateway.run(call, lambda: self._grant(shop))

    def _grant(self, shop: Shop) -> Response:
        """Give a token for client credentials.

        https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/client-credentials-grant
        """
        given = _token_request()
        if given.get("grant_type") != "client_credentials":
            return _refused("unsupported_grant_type", "The grant type is not supported.")
        with self._world.lock:
            if not shop.installed or given.get("client_id") != shop.client_id:
                return _refused("application_cannot_be_found", "The application cannot be found.")
            if not secrets.compare_digest(
                given.get("client_secret", "").encode(), shop.client_secret.encode()
            ):
                return _refused("invalid_client", "The client secret is not valid.")
            return answer(
                {
                    "access_token": shop.issue_token(self._world.clock.now()),
                    "scope": ",".join(shop.scopes),
                    "expires_in": int(TOKEN_LIFE.total_seconds()) - 1,
                }
            )


def _token_request() -> dict[str, str]:
    """Read the request for a token: a form, or a JSON object."""
    if not request.is_json:
        return request.form.to_dict()
    try:
        data = loads(request.get_data())
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in data.items()} if isinstance(data, dict) else {}


def _refused(error: str, description: str) -> Response:
    return answer({"error": error, "error_description": description}, HTTPStatus.BAD_REQUEST)
