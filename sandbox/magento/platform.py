"""Magento as a platform of the sandbox: the REST API, Adobe's tokens, and the keys Adobe publishes."""

import hmac
import secrets
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, request

from sandbox.gateway import Call
from sandbox.magento import keys
from sandbox.magento.control import StoreControl
from sandbox.magento.errors import MagentoError, answer, no_route, refusal
from sandbox.magento.events import PLATFORM
from sandbox.magento.service import Incoming, RestService, StoreManners, find_route
from sandbox.magento.store import IMS_TOKEN_LIFE, Ims, Store
from sandbox.world import World

METHODS: Final = ["GET", "POST", "PUT", "DELETE"]
ALL_STORES: Final = "all"


class MagentoPlatform:
    """All simulated stores."""

    name = PLATFORM

    def __init__(self, world: World) -> None:
        self._world = world
        self._stores: dict[str, Store] = {}
        self._manners = StoreManners()

    def routes(self) -> Blueprint:
        """Return the hosts of every store, to be mounted at ``/magento``."""
        blueprint = Blueprint("magento", __name__)
        blueprint.add_url_rule("/<tenant>/rest/<path:path>", "rest", self.rest, methods=METHODS)
        blueprint.add_url_rule("/<tenant>/V1/<path:path>", "cloud", self.cloud, methods=METHODS)
        blueprint.add_url_rule("/<tenant>/ims/token/v3", "token", self.token, methods=["POST"])
        blueprint.add_url_rule("/<tenant>/prod/keys/<name>", "keys", self.public_key, methods=["GET"])
        return blueprint

    def control(self) -> Blueprint:
        """Return the control routes, to be mounted at ``/_control/magento``."""
        return StoreControl(self._world, self._stores).blueprint()

    def reset(self) -> None:
        """Forget every store."""
        self._stores.clear()

    def rest(self, tenant: str, path: str) -> Response:
        """Answer ``/rest/{store code}/V1/…``; without a store code it is the default one's."""
        store = self._stores.get(tenant)
        if store is None:
            return refusal(no_route())
        code, _, rest = path.partition("/")
        if code in {*store.codes, ALL_STORES}:
            path = rest
        version, _, path = path.partition("/")
        return self._run(store, path if version == "V1" else "")

    def cloud(self, tenant: str, path: str) -> Response:
        """Answer ``/V1/…``, as Commerce as a Cloud Service has it: the store code is a header there."""
        store = self._stores.get(tenant)
        if store is None or store.ims is None:
            return refusal(no_route())
        return self._run(store, path)

    def _run(self, store: Store, path: str) -> Response:
        route, _ = find_route(request.method, path)
        operation = route.operation if route else f"{request.method} {path}"
        call = Call(PLATFORM, store.tenant, operation, self._manners, recorded=True)
        return self._world.gateway.run(call, lambda: self._serve(store, path))

    def _serve(self, store: Store, path: str) -> Response:
        target = request.environ.get("REQUEST_URI", request.full_path)
        incoming = Incoming(
            method=request.method,
            path=path,
            url=f"{request.scheme}://{request.host}{target}",
            query=list(request.args.items(multi=True)),
            headers=request.headers,
            body=request.get_data(),
        )
        try:
            with self._world.lock:
                if self._stores.get(store.tenant) is not store:
                    raise no_route()  # the sandbox was reset meanwhile
            return RestService(self._world, store, incoming).answer()
        except MagentoError as error:
            return refusal(error)

    def token(self, tenant: str) -> Response:
        """Answer ``POST /ims/token/v3``, which stands on ``ims-na1.adobelogin.com``."""
        store = self._stores.get(tenant)
        if store is None or store.ims is None:
            return refusal(no_route())
        ims = store.ims
        call = Call(PLATFORM, tenant, "token", self._manners, counted=False, recorded=True)
        return self._world.gateway.run(call, lambda: self._grant(ims))

    def _grant(self, ims: Ims) -> Response:
        """Give a token for client credentials.

        https://developer.adobe.com/developer-console/docs/guides/authentication/ServerToServerAuthentication/ims
        """
        given = request.form
        if given.get("grant_type") != "client_credentials":
            return answer({"error": "unsupported_grant_type"}, HTTPStatus.BAD_REQUEST)
        if given.get("client_id") != ims.client_id:
            description = "invalid client_id parameter"
            error = {"error": "invalid_client", "error_description": description}
            return answer(error, HTTPStatus.BAD_REQUEST)
        if not hmac.compare_digest(given.get("client_secret", "").encode(), ims.client_secret.encode()):
            description = "invalid client_secret parameter"
            error = {"error": "invalid_client", "error_description": description}
            return answer(error, HTTPStatus.UNAUTHORIZED)
        token = secrets.token_urlsafe(48)
        with self._world.lock:
            ims.tokens[token] = self._world.clock.now() + IMS_TOKEN_LIFE
        life = int(IMS_TOKEN_LIFE.total_seconds())
        return answer({"access_token": token, "token_type": "bearer", "expires_in": life})

    def public_key(self, tenant: str, name: str) -> Response:
        """Answer ``GET /prod/keys/pub-key-….pem``, which stands on ``static.adobeioevents.com``."""
        number = next((each for each in keys.EVENTS_KEYS if keys.key_file(each) == name), None)
        if tenant not in self._stores or number is None:
            return Response("Not Found", HTTPStatus.NOT_FOUND, content_type="text/plain")
        call = Call(PLATFORM, tenant, "keys", self._manners, counted=False)
        pem = keys.public_pem(keys.events_key(number))
        content_type = "application/x-x509-ca-cert"
        return self._world.gateway.run(call, lambda: Response(pem, content_type=content_type))
