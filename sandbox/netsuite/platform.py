"""NetSuite as a platform of the sandbox: its URLs, its logins, and how it words refusals."""

from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, request

from sandbox.gateway import Call
from sandbox.jsonish import dumps
from sandbox.netsuite import oauth2, tba
from sandbox.netsuite.account import Account
from sandbox.netsuite.control import AccountControl
from sandbox.netsuite.errors import NetSuiteError, bad_login, error_response, status_error
from sandbox.netsuite.service import Incoming, RecordService, operation_name, suiteql
from sandbox.netsuite.setup import Office
from sandbox.netsuite.userevents import PLATFORM
from sandbox.world import World

RECORD_PATH: Final = "/services/rest/record/v1"
SUITEQL_PATH: Final = "/services/rest/query/v1/suiteql"
METHODS: Final = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class AccountManners:
    """How NetSuite words what the gateway says in its name."""

    request_id_header = "X-N-OperationId"

    def throttled(self) -> Response:
        """Answer that too many requests are in flight."""
        return error_response(status_error(HTTPStatus.TOO_MANY_REQUESTS))

    def failed(self, status: int) -> Response:
        """Answer an HTTP error."""
        return error_response(status_error(status))

    def internal_error(self) -> Response:
        """Answer that NetSuite itself broke down."""
        return error_response(status_error(HTTPStatus.INTERNAL_SERVER_ERROR))


class NetSuitePlatform:
    """All simulated accounts."""

    name = PLATFORM

    def __init__(self, world: World) -> None:
        self._world = world
        self._offices: dict[str, Office] = {}
        self._manners = AccountManners()

    def routes(self) -> Blueprint:
        """Return the REST services of every account, to be mounted at ``/netsuite``."""
        blueprint = Blueprint("netsuite", __name__)
        for path, handler, methods in (
            ("/<slug>/services/rest/auth/oauth2/v1/token", self.token, ["POST"]),
            (f"/<slug>{SUITEQL_PATH}", self.suiteql, ["POST"]),
            (f"/<slug>{RECORD_PATH}/<path:path>", self.record, METHODS),
        ):
            blueprint.add_url_rule(path, handler.__name__, handler, methods=methods)
        return blueprint

    def control(self) -> Blueprint:
        """Return the control routes, to be mounted at ``/_control/netsuite``."""
        return AccountControl(self._world, self._offices).blueprint()

    def reset(self) -> None:
        """Forget every account."""
        for office in self._offices.values():
            office.database.close()
        self._offices.clear()

    def token(self, slug: str) -> Response:
        """Answer ``POST /services/rest/auth/oauth2/v1/token``."""
        office = self._offices.get(slug)
        if office is None:
            return error_response(bad_login())
        call = Call(PLATFORM, slug, "token", self._manners, counted=False)
        return self._world.gateway.run(call, lambda: self._grant(office.account))

    def _grant(self, account: Account) -> Response:
        with self._world.lock:
            try:
                answer = oauth2.grant(
                    account, request.form.to_dict(), request.base_url, self._world.clock.now()
                )
            except oauth2.TokenRefusedError as error:
                refusal = dumps({"error": error.reason})
                return Response(refusal, HTTPStatus.BAD_REQUEST, content_type="application/json")
            return Response(dumps(answer), content_type="application/json")

    def suiteql(self, slug: str) -> Response:
        """Answer ``POST /services/rest/query/v1/suiteql``."""
        return self._run(slug, "suiteql", "")

    def record(self, slug: str, path: str) -> Response:
        """Answer anything under ``/services/rest/record/v1/``."""
        return self._run(slug, operation_name(request.method, path), path)

    def _run(self, slug: str, operation: str, path: str) -> Response:
        office = self._offices.get(slug)
        if office is None:
            return error_response(bad_login())
        call = Call(PLATFORM, slug, operation, self._manners, limit=office.account.concurrency)
        return self._world.gateway.run(call, lambda: self._serve(office, operation, path))

    def _serve(self, office: Office, operation: str, path: str) -> Response:
        service = SUITEQL_PATH if operation == "suiteql" else RECORD_PATH
        base = request.base_url.partition(service)[0] + service
        incoming = Incoming(
            method=request.method,
            path=path,
            query=request.args.to_dict(),
            headers=request.headers,
            body=request.get_data(),
            base=base,
        )
        with self._world.lock:
            try:
                self._check_open(office)
                self._authenticate(office.account)
                if operation == "suiteql":
                    return suiteql(office.database, incoming)
                return RecordService(self._world, office.account, incoming).answer()
            except NetSuiteError as error:
                return error_response(error)

    def _check_open(self, office: Office) -> None:
        """Refuse a request that was under way when the sandbox was reset."""
        if self._offices.get(office.account.slug) is not office:
            raise bad_login()

    def _authenticate(self, account: Account) -> None:
        """Let a request in by bearer token or by OAuth 1.0a signature.

        Raises:
            NetSuiteError: It has neither.
        """
        header = request.headers.get("Authorization", "")
        now = self._world.clock.now()
        if header.startswith("Bearer "):
            good = oauth2.bearer_is_good(account, header.removeprefix("Bearer ").strip(), now)
        else:
            target = request.environ.get("REQUEST_URI", request.full_path)
            url = f"{request.scheme}://{request.host}{target}"
            good = tba.is_good(account, header, request.method, url, now)
        if not good:
            raise bad_login()
