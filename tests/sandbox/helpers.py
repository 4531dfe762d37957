"""What the sandbox's tests speak to it with, and what they listen with."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from tests.support.waiting import until

TIMEOUT = 10


@dataclass(frozen=True)
class Received:
    """A request that a receiver got."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401  # JSON may be anything
        return json.loads(self.body)

    @property
    def topic(self) -> str:
        return self.headers["X-Shopify-Topic"]


@dataclass
class Receiver:
    """An HTTP server that keeps what it gets and answers as it is told: the statuses in turn, then 200."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    requests: list[Received] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, received: Received) -> int:
        with self.lock:
            self.requests.append(received)
            return self.statuses.pop(0) if self.statuses else 200

    def wait(self, number: int) -> list[Received]:
        """Return the requests once there are so many of them."""
        until(lambda: len(self.requests) >= number)
        return list(self.requests)

    def of(self, topic: str, number: int = 1) -> list[Received]:
        """Return the requests of one Shopify topic once there are so many of them."""
        until(lambda: sum(each.topic == topic for each in list(self.requests)) >= number)
        return [each for each in list(self.requests) if each.topic == topic]


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # more webhooks than the default of 5 may arrive at the same moment


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver on a free loopback port."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = receiver.take(Received(self.path, dict(self.headers), body))
            self.send_response(status)
            if status // 100 == 3:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    with _Server(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield receiver
        server.shutdown()
        thread.join()


@dataclass(frozen=True)
class Control:
    """A client of the control API."""

    url: str

    def call(self, method: str, path: str, body: object = None) -> requests.Response:
        return requests.request(method, f"{self.url}/_control/{path}", json=body, timeout=TIMEOUT)

    def post(self, path: str, body: object = None) -> Any:  # noqa: ANN401  # JSON may be anything
        return self._good(self.call("POST", path, body or {}))

    def patch(self, path: str, body: object) -> Any:  # noqa: ANN401  # JSON may be anything
        return self._good(self.call("PATCH", path, body))

    def get(self, path: str) -> Any:  # noqa: ANN401  # JSON may be anything
        return self._good(self.call("GET", path))

    def delete(self, path: str) -> Any:  # noqa: ANN401  # JSON may be anything
        return self._good(self.call("DELETE", path))

    def refusal(self, method: str, path: str, body: object = None) -> str:
        """Return why a request is refused."""
        answer = self.call(method, path, body)
        assert answer.status_code == 400, answer.text
        reason: str = answer.json()["error"]
        return reason

    def fault(self, platform: str, operation: str, kind: str, **more: object) -> None:
        self.post("faults", {"platform": platform, "operation": operation, "kind": kind, **more})

    @staticmethod
    def _good(answer: requests.Response) -> Any:  # noqa: ANN401  # JSON may be anything
        assert answer.ok, answer.text
        return answer.json()


@dataclass(frozen=True)
class Shop:
    """A shop of the sandbox, with its app's token."""

    control: Control
    domain: str = "test.myshopify.com"
    token: str = "shpat_test"

    @property
    def path(self) -> str:
        return f"shopify/{self.domain}"

    def graphql_response(
        self,
        query: str,
        variables: object = None,
        *,
        version: str = "2026-10",
        token: str | None = None,
    ) -> requests.Response:
        return requests.post(
            f"{self.control.url}/{self.path}/admin/api/{version}/graphql.json",
            json={"query": query, "variables": variables or {}},
            headers={"X-Shopify-Access-Token": self.token if token is None else token},
            timeout=TIMEOUT,
        )

    def graphql(self, query: str, variables: object = None, *, version: str = "2026-10") -> Any:  # noqa: ANN401  # JSON
        """Return the ``data`` of an answer without errors."""
        answer = self.graphql_response(query, variables, version=version)
        body = answer.json()
        assert answer.status_code == 200, body
        assert "errors" not in body, body
        return body["data"]

    def errors(self, query: str, variables: object = None, *, version: str = "2026-10") -> list[Any]:
        """Return the ``errors`` of an answer."""
        answer = self.graphql_response(query, variables, version=version)
        assert answer.status_code == 200, answer.text
        found: list[Any] = answer.json()["errors"]
        return found

    def order(self, **description: object) -> Any:  # noqa: ANN401  # JSON may be anything
        lines = [{"sku": "PEN", "quantity": 3, "price": "10.00", "tax_rate": "0.10"}]
        return self.control.post(f"{self.path}/orders", {"lines": lines, "silent": True} | description)

    def refund(self, order: Any, **description: object) -> Any:  # noqa: ANN401  # JSON may be anything
        return self.control.post(f"{self.path}/orders/{order['id']}/refund", description)

    def state(self, order: Any) -> Any:  # noqa: ANN401  # JSON may be anything
        return self.control.get(f"{self.path}/orders/{order['id']}")


@dataclass(frozen=True)
class Books:
    """An account of the sandbox, logged in with a bearer token."""

    control: Control
    token: str
    account_id: str = "1234567_SB1"
    slug: str = "1234567-sb1"

    @property
    def path(self) -> str:
        return f"netsuite/{self.slug}"

    @property
    def rest(self) -> str:
        return f"{self.control.url}/{self.path}/services/rest"

    def call(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        """Call the record service."""
        return requests.request(
            method,
            f"{self.rest}/record/v1/{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.token}", **(headers or {})},
            timeout=TIMEOUT,
        )

    def get(self, path: str) -> Any:  # noqa: ANN401  # JSON may be anything
        """Return a record with its sublists."""
        answer = self.call("GET", f"{path}?expandSubResources=true")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def make(self, path: str, body: object, headers: Mapping[str, str] | None = None) -> str:
        """Post or put what makes a record; return its path."""
        answer = self.call("PUT" if "/eid:" in path and "!" not in path else "POST", path, body, headers)
        assert answer.status_code == 204, answer.text
        return answer.headers["Location"].partition("/record/v1/")[2]

    def detail(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Return the status and the first error detail of a refusal."""
        answer = self.call(method, path, body, headers)
        assert answer.status_code >= 400, answer.text
        assert answer.headers["Content-Type"] == "application/vnd.oracle.resource+json; type=error"
        return answer.status_code, answer.json()["o:errorDetails"][0]

    def query_response(
        self, q: str, params: list[object] | None = None, *, prefer: str | None = "transient", page: str = ""
    ) -> requests.Response:
        return requests.post(
            f"{self.rest}/query/v1/suiteql{page}",
            json={"q": q, "params": params or []},
            headers={"Authorization": f"Bearer {self.token}"} | ({"Prefer": prefer} if prefer else {}),
            timeout=TIMEOUT,
        )

    def query(self, q: str, *params: object) -> list[Any]:
        """Return the rows of a query, their links left out."""
        answer = self.query_response(q, list(params))
        assert answer.status_code == 200, answer.text
        return [
            {name: value for name, value in row.items() if name != "links"} for row in answer.json()["items"]
        ]

    def query_error(self, q: str, *params: object) -> str:
        """Return why a query is refused."""
        answer = self.query_response(q, list(params))
        assert answer.status_code == 400, answer.text
        (detail,) = answer.json()["o:errorDetails"]
        assert detail["o:errorCode"] == "INVALID_PARAMETER"
        text: str = detail["detail"]
        return text.removeprefix("Invalid search query. Detailed unprocessed description follows. ")

    def order(self, **description: object) -> Any:  # noqa: ANN401  # JSON may be anything
        lines = [
            {"sku": "PEN", "quantity": 3, "rate": "10.00", "taxRate": "0.10"},
            {"sku": "INK", "quantity": 1, "rate": "4.99"},
        ]
        whole = {"otherRefNum": "#1001", "currency": "USD", "lines": lines, "silent": True} | description
        return self.control.post(f"{self.path}/orders", whole)

    def records(self, kind: str) -> list[Any]:
        found: list[Any] = self.control.get(f"{self.path}/records?type={kind}")
        return found
