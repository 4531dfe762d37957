"""What the client sends and reads, against the OpenAPI description of NetSuite's REST services."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from jsonschema import Draft202012Validator, ValidationError
from redis import Redis

from ledger.clock import utcnow
from tests.workers.platforms.books import ACCOUNT, KEY, SIGNED, Books, refund_body
from tests.workers.platforms.wire import answer, saying, wire
from tests.workers.platforms.world import usd
from workers.platforms.http import Http
from workers.platforms.netsuite import NetSuiteClient
from workers.platforms.slots import Slots

# Sent with any request; described by the security scheme and by HTTP itself.
COMMON = {
    "host",
    "user-agent",
    "accept",
    "accept-encoding",
    "connection",
    "content-type",
    "content-length",
    "authorization",
}
NO_ROWS = answer(b'{"items": [], "hasMore": false, "count": 0}')
CREATED = answer(b"", "204 No Content", "Location: https://x/services/rest/record/v1/creditMemo/7\r\n")
FOUND = answer(b'{"id": "7"}')


@dataclass(frozen=True)
class Description:
    """An OpenAPI document, closed: a property, parameter or header it does not know is an error."""

    document: dict[str, Any]

    @classmethod
    def read(cls, file: Path) -> "Description":
        document = json.loads(file.read_text())
        for schema in document["components"]["schemas"].values():
            if schema.get("type") == "object" and "properties" in schema:
                # Custom fields are the only properties a record may have beside its own.
                schema["patternProperties"] = {r"^cust(body|col)_?[a-z0-9_]+$": {}}
                schema["additionalProperties"] = False
        return cls(document)

    def check(self, request: bytes) -> None:
        """Refuse a request that is not described.

        Raises:
            ValidationError: If its body is not of the schema.
            LookupError: If there is no such operation, parameter or header.
        """
        head, _, body = request.decode().partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        method, target, _ = first.split(" ")
        url = urlsplit(target)
        operation = self._operation(method.lower(), url.path)
        parameters = {
            (each["in"], each["name"].lower()): each["schema"] for each in operation.get("parameters", [])
        }
        given = {("query", name): values[0] for name, values in parse_qs(url.query).items()}
        for line in lines:
            name, _, value = line.partition(": ")
            if name.lower() not in COMMON:
                given["header", name.lower()] = value
        for place, value in given.items():
            schema = parameters[place]
            self.validate(int(value) if schema["type"] == "integer" else value, schema)
        for each in operation.get("parameters", []):
            if each.get("required") and each["in"] != "path":
                assert (each["in"], each["name"].lower()) in given
        if body:
            content = operation["requestBody"]["content"]["application/json"]
            self.validate(json.loads(body), content["schema"])

    def _operation(self, method: str, path: str) -> dict[str, Any]:
        for template, operations in self.document["paths"].items():
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
            if re.fullmatch(pattern, path) and method in operations:
                found: dict[str, Any] = operations[method]
                return found
        raise LookupError(f"{method} {path}")

    def validate(self, value: object, schema: dict[str, Any]) -> None:
        """Refuse a value that is not of a schema of the document."""
        Draft202012Validator({**schema, "components": self.document["components"]}).validate(value)


@pytest.fixture(scope="session")
def description(specs_dir: Path) -> Description:
    return Description.read(specs_dir / "netsuite" / "netsuite_rest_2026_1_subset.oas3.json")


@pytest.fixture
def client_of(http: Http, redis: Redis) -> Callable[[str], NetSuiteClient]:
    return lambda url: NetSuiteClient(ACCOUNT, url, SIGNED, http, Slots(redis, "described", 5))


def test_queries_are_sent_as_described(
    description: Description, client_of: Callable[[str], NetSuiteClient]
) -> None:
    with wire(saying(NO_ROWS)) as server:
        client = client_of(server.url)
        client.order("#1001", match="custbody_shop_order", key=KEY, linked_id="60")
        client.refund("creditmemo", "70", match_fields=["other_ref_num", "external_id"])
        client.check()
    assert len(server.requests) == 3
    for request in server.requests:
        description.check(request)


def test_what_changed_is_asked_for_as_described(
    description: Description, client_of: Callable[[str], NetSuiteClient]
) -> None:
    clock = answer(b'{"items": [{"asked": "2026-03-14T08:09:26"}], "hasMore": false, "count": 1}')
    now = utcnow()
    with wire(saying(clock), saying(NO_ROWS)) as server:
        client = client_of(server.url)
        assert client.changes(now - timedelta(days=1), now) == ((), ())
        assert client.origins(["60", "70"], match="other_ref_num") == {}
        assert client.bills(["60", "70"]) == {}
    assert len(server.requests) == 5
    for request in server.requests:
        description.check(request)


@pytest.mark.parametrize(("source", "target"), [("cashsale", "cashrefund"), ("invoice", "creditmemo")])
def test_transforms_are_sent_as_described(
    description: Description,
    client_of: Callable[[str], NetSuiteClient],
    books: Books,
    source: str,
    target: str,
) -> None:
    with wire(saying(CREATED)) as server:
        client_of(server.url).transform(source, "60", target, refund_body(books) | {"account": {"id": "5"}})
    (request,) = server.requests
    description.check(request)
    head = request.decode().partition("\r\n\r\n")[0]
    assert "?replace=item HTTP/1.1" in head
    assert "X-NetSuite-PropertyNameValidation: Error" in head
    # Acts on asynchronous requests only; sending it would promise what it does not keep.
    assert "idempotency" not in head.lower()


def test_without_lines_none_are_replaced(
    description: Description, client_of: Callable[[str], NetSuiteClient]
) -> None:
    with wire(saying(CREATED)) as server:
        client_of(server.url).transform("invoice", "60", "creditmemo", {"externalId": KEY})
    description.check(server.requests[0])
    assert b"replace" not in server.requests[0]


@pytest.mark.parametrize("record_type", ["creditmemo", "cashrefund", "customerrefund"])
def test_records_are_looked_up_as_described(
    description: Description, client_of: Callable[[str], NetSuiteClient], record_type: str
) -> None:
    with wire(saying(FOUND)) as server:
        assert client_of(server.url).by_key(record_type, KEY) == "7"
    description.check(server.requests[0])


@pytest.mark.parametrize("record_type", ["creditmemo", "cashrefund"])
def test_totals_are_asked_for_as_described(
    description: Description, client_of: Callable[[str], NetSuiteClient], record_type: str
) -> None:
    with wire(saying(answer(b'{"total": 21.6}'))) as server:
        assert client_of(server.url).total(record_type, "7", currency="USD") == usd("21.60")
    description.check(server.requests[0])


@pytest.mark.parametrize(
    "body",
    [
        {"external_id": KEY},
        {"item": {"items": [{"quantity": "one"}]}},
        {"item": {"items": [{"qty": 1}]}},
        {"item": [{"quantity": 1}]},
    ],
)
def test_the_description_would_notice_a_mistake(
    description: Description, client_of: Callable[[str], NetSuiteClient], body: dict[str, Any]
) -> None:
    with wire(saying(CREATED)) as server:
        client_of(server.url).transform("invoice", "60", "creditmemo", body)
    with pytest.raises(ValidationError):
        description.check(server.requests[0])


def test_what_the_sandbox_answers_is_described(description: Description, books: Books, http: Http) -> None:
    books.order()
    books.client(http).check()
    client = books.client(http)
    client.order("#1001", match="other_ref_num", key=KEY)
    answered = json.loads(http.journal.entries()[1]["response"])
    description.validate(answered, {"$ref": "#/components/schemas/suiteqlResponse"})
