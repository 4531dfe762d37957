"""eBay as a platform of the sandbox: its URLs, who may call them, and how it words refusals."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, request

from sandbox.ebay import oauth
from sandbox.ebay.control import SellerControl
from sandbox.ebay.endpoints import Endpoint, endpoints
from sandbox.ebay.errors import BY_STATUS, EbayError, refusal
from sandbox.ebay.pushes import SigningKeys
from sandbox.ebay.seller import Ids, Seller
from sandbox.ebay.signatures import Signed, verify
from sandbox.ebay.visit import PLATFORM, Visit
from sandbox.gateway import Call
from sandbox.world import World

BREAKDOWNS: Final[Mapping[str, int]] = {
    "issueRefund": 34900,
    "getOrder": 30500,
    "getOrders": 30500,
    "getTransactions": 135000,
    "getPublicKey": 195000,
    "createSigningKey": 210000,
    "getSigningKey": 210000,
    "getSigningKeys": 210000,
}
"""The error by which each operation says that eBay itself broke down."""


class EbayManners:
    """How one operation words what the gateway says in eBay's name."""

    request_id_header = "rlogid"

    def __init__(self, operation: str, *, post_order: bool = False) -> None:
        self._operation = operation
        self._post_order = post_order

    def throttled(self) -> Response:
        """Answer that the day's calls are used up."""
        return refusal(EbayError(2001), post_order=self._post_order)

    def failed(self, status: int) -> Response:
        """Answer an HTTP error."""
        number = BREAKDOWNS.get(self._operation, 2003) if status >= HTTPStatus.INTERNAL_SERVER_ERROR else 2004
        error = EbayError(BY_STATUS.get(status, number), status=status)
        return refusal(error, post_order=self._post_order)

    def internal_error(self) -> Response:
        """Answer that eBay itself broke down."""
        return refusal(EbayError(BREAKDOWNS.get(self._operation, 2003)), post_order=self._post_order)


class EbayPlatform:
    """All simulated sellers."""

    name = PLATFORM

    def __init__(self, world: World) -> None:
        self._world = world
        self._sellers: dict[str, Seller] = {}
        self._keys = SigningKeys()

    def routes(self) -> Blueprint:
        """Return the APIs of every seller, to be mounted at ``/ebay``."""
        blueprint = Blueprint("ebay", __name__)
        blueprint.add_url_rule("/<seller_id>/identity/v1/oauth2/token", "token", self.token, methods=["POST"])
        for endpoint in endpoints(self._keys):
            blueprint.add_url_rule(
                f"/<seller_id>{endpoint.path}",
                endpoint.operation,
                self._view(endpoint),
                methods=[endpoint.method],
            )
        return blueprint

    def control(self) -> Blueprint:
        """Return the control routes, to be mounted at ``/_control/ebay``."""
        return SellerControl(self._world, self._sellers, Ids(), self._keys).blueprint()

    def reset(self) -> None:
        """Forget every seller."""
        self._sellers.clear()

    def token(self, seller_id: str) -> Response:
        """Answer ``POST /identity/v1/oauth2/token``."""
        seller = self._sellers.get(seller_id)
        if seller is None:
            return refusal(EbayError(2002))

        def grant() -> Response:
            with self._world.lock:
                authorization = request.headers.get("Authorization", "")
                return oauth.grant(seller, authorization, request.form.to_dict(), self._world.clock.now())

        call = Call(PLATFORM, seller_id, "token", EbayManners("token"), recorded=True)
        return self._world.gateway.run(call, grant)

    def _view(self, endpoint: Endpoint) -> Callable[..., Response]:
        """Return what Flask calls for an operation."""

        def view(seller_id: str, **names: str) -> Response:
            seller = self._sellers.get(seller_id)
            if seller is None:
                return refusal(EbayError(2002), post_order=endpoint.post_order)
            manners = EbayManners(endpoint.operation, post_order=endpoint.post_order)
            call = Call(PLATFORM, seller_id, endpoint.operation, manners, recorded=True)
            return self._world.gateway.run(call, lambda: self._serve(endpoint, seller, names))

        return view

    def _serve(self, endpoint: Endpoint, seller: Seller, names: Mapping[str, str]) -> Response:
        with self._world.lock:
            now = self._world.clock.now()
            order_id = names.get("order_id")
            others = (each for each in self._sellers.values() if each is not seller)
            strange = {"stranger": "yes"} if any(order_id in each.orders for each in others) else {}
            visit = Visit(
                world=self._world,
                seller=seller,
                now=now,
                names={**names, **(endpoint.names or {}), **strange},
                query=list(request.args.items(multi=True)),
                headers={name.lower(): value for name, value in request.headers.items()},
                body=request.get_data(),
                url=request.base_url,
            )
            try:
                self._let_in(endpoint, visit)
                seller.settle(now)
                return endpoint.handler(visit)
            except EbayError as error:
                return refusal(error, post_order=endpoint.post_order)

    def _let_in(self, endpoint: Endpoint, visit: Visit) -> None:
        """Let a call in by its token, its quota and its signature, in this order.

        Raises:
            EbayError: It has something to be refused for.
        """
        if self._sellers.get(visit.seller.id) is not visit.seller:  # the sandbox was reset meanwhile
            raise EbayError(1001)
        scheme = "IAF" if endpoint.post_order else "Bearer"
        given, _, text = visit.headers.get("authorization", "").partition(" ")
        if not text.strip():
            raise EbayError(1002)
        token = visit.seller.token(text.strip(), visit.now)
        if token is None or given.lower() != scheme.lower():
            raise EbayError(1001)
        if token.user != endpoint.user or not token.scopes & set(endpoint.scopes):
            raise EbayError(1100)
        if endpoint.post_order and not visit.headers.get("x-ebay-c-marketplace-id"):
            raise EbayError(2161)
        if not visit.seller.quotas.take(endpoint.quota, visit.now):
            raise EbayError(2001)
        if endpoint.signed and visit.seller.eu:
            self._check_signature(endpoint, visit)

    def _check_signature(self, endpoint: Endpoint, visit: Visit) -> None:
        """Check a digital signature over the address called, or over eBay's own that it stands in for."""
        called = request.environ.get("REQUEST_URI", request.path).partition("?")[0]
        own = called.partition(f"/{PLATFORM}/{visit.seller.id}")[2] or called
        signed = Signed(
            method=request.method,
            targets=((request.host, called), (endpoint.host, own), (request.host, own)),
            headers=visit.headers,
            body=visit.body,
        )
        verify(signed, {key.jwe: key for key in visit.seller.keys.values()}, visit.now)
