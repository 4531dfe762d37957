"""Amazon as a platform of the sandbox: the URLs of all its hosts, and how a call is let in or refused."""

import re
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from flask import Blueprint, Response, request

from sandbox.amazon import feeds, lwa
from sandbox.amazon.answers import DENIED, RATE_HEADER, RATED, RefusedError, answer, invalid, refusal
from sandbox.amazon.control import SellerControl
from sandbox.amazon.finances import list_transactions
from sandbox.amazon.finances_v0 import list_events, list_events_between
from sandbox.amazon.hosts import Hosts
from sandbox.amazon.ids import Ids
from sandbox.amazon.model import Document
from sandbox.amazon.orders_api import get_order, search_orders
from sandbox.amazon.progress import catch_up
from sandbox.amazon.seller import PLATFORM, Seller
from sandbox.gateway import Call
from sandbox.jsonish import Json, loads
from sandbox.world import World

LONGEST_AGENT: Final = 500
_AGENT = re.compile(r"[^/()]+/[^()\s]+ \([^()]*\bLanguage=[^;()]+[^()]*\)")
NO_TOKEN: Final = "Access token is missing in the request header."  # noqa: S105  # a message
EXPIRED: Final = "The access token you provided has expired."
REVOKED: Final = "The access token you provided is revoked, malformed or invalid."

Handler = Callable[[Seller, datetime], tuple[Json, int]]


class SellerManners:
    """How the API words what the gateway says in its name."""

    request_id_header = "x-amzn-RequestId"

    def throttled(self) -> Response:
        """Answer that the usage plan is used up."""
        return refusal(RefusedError(HTTPStatus.TOO_MANY_REQUESTS))

    def failed(self, status: int) -> Response:
        """Answer an HTTP error."""
        try:
            return refusal(RefusedError(status))
        except KeyError:
            return answer({"errors": [{"code": "Error", "message": "Error", "details": ""}]}, status)

    def internal_error(self) -> Response:
        """Answer that Amazon broke down."""
        return refusal(RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR))


class AmazonPlatform:
    """All simulated sellers."""

    name = PLATFORM

    def __init__(self, world: World) -> None:
        self._world = world
        self._sellers: dict[str, Seller] = {}
        self._hosts = Hosts(world, self._sellers)

    def routes(self) -> Blueprint:
        """Return the paths of all of Amazon's hosts, below each seller, to be mounted at ``/amazon``."""
        blueprint = Blueprint("amazon", __name__)
        finances, orders = "/finances/2024-06-19/transactions", "/orders/2026-01-01/orders"
        feed, document = "/feeds/2021-06-30/feeds", "/feeds/2021-06-30/documents"
        for method, path, handler in (
            ("POST", "/auth/o2/token", self.token),
            ("GET", finances, self.list_transactions),
            ("GET", "/finances/v0/orders/<order_id>/financialEvents", self.list_events_of_order),
            ("GET", "/finances/v0/financialEvents", self.list_financial_events),
            ("GET", orders, self.search_orders),
            ("GET", f"{orders}/<order_id>", self.get_order),
            ("POST", document, self.create_document),
            ("GET", f"{document}/<document_id>", self.get_document),
            ("POST", feed, self.create_feed),
            ("GET", feed, self.get_feeds),
            ("GET", f"{feed}/<feed_id>", self.get_feed),
            ("DELETE", f"{feed}/<feed_id>", self.cancel_feed),
        ):
            blueprint.add_url_rule(f"/<seller_id>{path}", handler.__name__, handler, methods=[method])
        self._hosts.add_to(blueprint)
        blueprint.add_url_rule(
            "/<seller_id>/<path:rest>",
            "nothing",
            self.nothing,
            methods=["GET", "POST", "PUT", "DELETE", "PATCH"],
        )
        return blueprint

    def control(self) -> Blueprint:
        """Return the control routes, to be mounted at ``/_control/amazon``."""
        return SellerControl(self._world, self._sellers, Ids()).blueprint()

    def reset(self) -> None:
        """Forget every seller."""
        self._sellers.clear()

    def token(self, seller_id: str) -> Response:
        """Answer ``POST https://api.amazon.com/auth/o2/token``."""
        seller = self._sellers.get(seller_id)
        if seller is None:
            return _nowhere()
        call = Call(PLATFORM, seller_id, "token", SellerManners(), recorded=True)
        return self._world.gateway.run(call, lambda: self._grant(seller))

    def _grant(self, seller: Seller) -> Response:
        data = request.get_data().decode(errors="replace")
        form = dict(parse_qsl(data)) if request.mimetype == lwa.FORM else {}
        with self._world.lock:
            try:
                return answer(lwa.grant(seller, form, self._world.clock.now()))
            except lwa.DeniedError as error:
                body = {"error": error.reason, "error_description": error.description}
                return answer(body, error.status)

    def _api(self, seller_id: str, operation: str, handler: Handler) -> Response:
        """Run an operation of the Selling Partner API."""
        seller = self._sellers.get(seller_id)
        if seller is None:
            return _nowhere()
        call = Call(PLATFORM, seller_id, operation, SellerManners(), recorded=True)
        return self._world.gateway.run(call, lambda: self._answered(seller, operation, handler))

    def _answered(self, seller: Seller, operation: str, handler: Handler) -> Response:
        with self._world.lock:
            now = self._world.clock.now()
            catch_up(self._world, seller)
            rated = True
            try:
                _let_in(seller, operation, now)
                response = answer(*handler(seller, now))
            except RefusedError as error:
                response = refusal(error)
                rated = error.status in RATED
            if rated:
                response.headers[RATE_HEADER] = str(seller.plans[operation].rate)
            return response

    def list_transactions(self, seller_id: str) -> Response:
        """Answer ``listTransactions``."""
        args = request.args.to_dict()
        return self._api(
            seller_id, "listTransactions", lambda seller, now: (list_transactions(seller, args, now), 200)
        )

    def list_events_of_order(self, seller_id: str, order_id: str) -> Response:
        """Answer ``listFinancialEventsByOrderId`` of version 0."""
        args = request.args.to_dict()
        return self._api(
            seller_id,
            "listFinancialEventsByOrderId",
            lambda seller, now: (list_events(seller, order_id, args, now), 200),
        )

    def list_financial_events(self, seller_id: str) -> Response:
        """Answer ``listFinancialEvents`` of version 0."""
        args = request.args.to_dict()
        return self._api(
            seller_id,
            "listFinancialEvents",
            lambda seller, now: (list_events_between(seller, args, now), 200),
        )

    def search_orders(self, seller_id: str) -> Response:
        """Answer ``searchOrders``."""
        args = request.args
        return self._api(
            seller_id, "searchOrders", lambda seller, now: (search_orders(seller, args, now), 200)
        )

    def get_order(self, seller_id: str, order_id: str) -> Response:
        """Answer ``getOrder``."""
        args = request.args
        return self._api(seller_id, "getOrder", lambda seller, _now: (get_order(seller, order_id, args), 200))

    def create_document(self, seller_id: str) -> Response:
        """Answer ``createFeedDocument``."""

        def create(seller: Seller, now: datetime) -> tuple[Json, int]:
            document = feeds.create_document(seller, json_body(), now)
            url = self._hosts.document_url(seller, document, document.upload_key)
            return {"feedDocumentId": document.id, "url": url}, HTTPStatus.CREATED

        return self._api(seller_id, "createFeedDocument", create)

    def get_document(self, seller_id: str, document_id: str) -> Response:
        """Answer ``getFeedDocument``."""

        def get(seller: Seller, now: datetime) -> tuple[Json, int]:
            document: Document | None = seller.documents.get(document_id)
            if document is None or document.content is None:
                raise RefusedError(404, f"Feed document {document_id} was not found.")
            url = self._hosts.document_url(seller, document, feeds.download_key(document, now))
            shown: Json = {"feedDocumentId": document.id, "url": url}
            if document.gzipped:
                shown["compressionAlgorithm"] = "GZIP"
            return shown, HTTPStatus.OK

        return self._api(seller_id, "getFeedDocument", get)

    def create_feed(self, seller_id: str) -> Response:
        """Answer ``createFeed``."""

        def create(seller: Seller, now: datetime) -> tuple[Json, int]:
            feed = feeds.create_feed(seller, json_body(), now)
            self._world.writes.add(PLATFORM, seller.id, "createFeed")
            return {"feedId": feed.id}, HTTPStatus.ACCEPTED

        return self._api(seller_id, "createFeed", create)

    def get_feeds(self, seller_id: str) -> Response:
        """Answer ``getFeeds``."""
        args = request.args
        return self._api(seller_id, "getFeeds", lambda seller, now: (feeds.get_feeds(seller, args, now), 200))

    def get_feed(self, seller_id: str, feed_id: str) -> Response:
        """Answer ``getFeed``."""
        return self._api(
            seller_id,
            "getFeed",
            lambda seller, _now: (feeds.feed_json(feeds.feed_of(seller, feed_id)), 200),
        )

    def cancel_feed(self, seller_id: str, feed_id: str) -> Response:
        """Answer ``cancelFeed``."""

        def cancel(seller: Seller, now: datetime) -> tuple[Json, int]:
            feeds.cancel_feed(feeds.feed_of(seller, feed_id), now)
            return {}, HTTPStatus.OK

        return self._api(seller_id, "cancelFeed", cancel)

    def nothing(self, seller_id: str, rest: str) -> Response:
        """Answer at a path that the API does not have, as its gateway does."""
        seller = self._sellers.get(seller_id)
        if seller is None:
            return _nowhere()
        call = Call(PLATFORM, seller_id, f"unknown:{rest}", SellerManners(), recorded=True)
        error = RefusedError(HTTPStatus.FORBIDDEN, code="MissingAuthenticationToken")
        return self._world.gateway.run(call, lambda: refusal(error))


def _nowhere() -> Response:
    """Answer for a seller that is not there."""
    return refusal(RefusedError(HTTPStatus.NOT_FOUND))


def _let_in(seller: Seller, operation: str, now: datetime) -> None:
    """Check who calls, and how often.

    https://developer-docs.amazon.com/sp-api/docs/include-a-user-agent-header-in-all-requests

    Raises:
        RefusedError: The call is refused.
    """
    agent = request.headers.get("User-Agent", "")
    if len(agent) > LONGEST_AGENT or not _AGENT.fullmatch(agent):
        raise invalid("The user-agent header must name the application, its version and its language.")
    token = request.headers.get("x-amz-access-token", "")
    state = seller.token_state(token, now) if token else "missing"
    if state != "good":
        details = {"missing": NO_TOKEN, "expired": EXPIRED, "unknown": REVOKED}.get(state, DENIED)
        raise RefusedError(HTTPStatus.FORBIDDEN, details=details)
    if not seller.take(operation, now):
        raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS)


def json_body() -> Json:
    """Read the request's body as a JSON object.

    Raises:
        RefusedError: It is none.
    """
    if request.mimetype != "application/json":
        raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    try:
        body = loads(request.get_data())
    except ValueError as error:
        raise invalid("Invalid input") from error
    if not isinstance(body, dict):
        raise invalid("Invalid input")
    return body
