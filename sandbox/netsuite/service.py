"""The REST record service and the SuiteQL service: requests in, answers out.

https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/chapter_1540391670.html
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from flask import Response
from werkzeug.datastructures import Headers

from sandbox.jsonish import Json, dumps
from sandbox.netsuite.account import Account
from sandbox.netsuite.bodies import NAME_HEADER, BodyReader, read_json
from sandbox.netsuite.errors import CONTENT_TYPE, Detail, NetSuiteError, bad_request, no_record
from sandbox.netsuite.kinds import BY_REST, RecordType
from sandbox.netsuite.model import Transaction
from sandbox.netsuite.records import Records
from sandbox.netsuite.render import Renderer, collection, link
from sandbox.netsuite.suiteql import PREFIX, SuiteQLDatabase, page
from sandbox.netsuite.suiteql_dialect import SuiteQLError
from sandbox.netsuite.transforms import transform
from sandbox.world import World

LARGEST_PAGE: Final = 1000
MOST_ROWS: Final = 100_000
CONDITION: Final = re.compile(
    r'(?P<field>\w+)\s+(?P<op>IS|EQUAL)\s+(?:"(?P<text>[^"]*)"|(?P<bare>\S+))', re.IGNORECASE
)
JSON_TYPES: Final = ("application/json", "application/vnd.oracle.resource+json")


@dataclass(frozen=True)
class Incoming:
    """A request to one of the services.

    Attributes:
        method: HTTP method.
        path: Path below the service, without a slash at its start.
        query: Query parameters.
        headers: Headers, found whatever their case.
        body: The raw body.
        base: Address of the service, without a slash at its end.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Headers
    body: bytes
    base: str


def operation_name(method: str, path: str) -> str:
    """Return the name faults and the call log use for a record request."""
    if "!transform" in path:
        return "record:transform"
    names = {
        "POST": "record:create",
        "PUT": "record:upsert",
        "PATCH": "record:update",
        "DELETE": "record:delete",
    }
    return names.get(method, "record:get" if "/" in path else "record:list")


def resource(body: Json, kind: str) -> Response:
    """Answer a resource."""
    return Response(dumps(body), content_type=f"{CONTENT_TYPE}{kind}")


def no_content(location: str | None = None) -> Response:
    """Answer 204, with the address of what was made or changed."""
    response = Response(status=HTTPStatus.NO_CONTENT)
    del response.headers["Content-Type"]
    if location is not None:
        response.headers["Location"] = location
    return response


def _kind(name: str) -> RecordType:
    if name not in BY_REST:
        raise NetSuiteError(
            HTTPStatus.NOT_FOUND,
            Detail(f"Record type '{name}' does not exist.", "NONEXISTENT_RECORD_TYPE"),
        )
    return BY_REST[name]


def _check_headers(incoming: Incoming) -> None:
    if "respond-async" in incoming.headers.get("Prefer", ""):
        detail = "The sandbox does not process requests asynchronously."
        raise NetSuiteError(HTTPStatus.BAD_REQUEST, Detail(detail, "INVALID_HEADER", header="Prefer"))
    if incoming.body:
        content_type = incoming.headers.get("Content-Type", "").partition(";")[0].strip()
        if content_type not in JSON_TYPES:
            detail = f"Invalid content type: {content_type or 'none'}."
            raise NetSuiteError(
                HTTPStatus.BAD_REQUEST, Detail(detail, "INVALID_HEADER", header="Content-Type")
            )


class RecordService:
    """The record service of one account; the world's lock must be held.

    Args:
        world: Where the account is.
        account: The account.
        incoming: The request.
    """

    def __init__(self, world: World, account: Account, incoming: Incoming) -> None:
        self._records = Records(world, account)
        self._account = account
        self._incoming = incoming
        self._renderer = Renderer(account, incoming.base)

    def answer(self) -> Response:
        """Carry the request out.

        Raises:
            NetSuiteError: It is refused.
        """
        _check_headers(self._incoming)
        parts = self._incoming.path.split("/")
        kind = _kind(parts[0])
        rest = parts[1:]
        method = self._incoming.method
        if not rest:
            return self._one_of({"GET": self._list, "POST": self._create}, method, kind)
        if rest[1:2] == ["!transform"]:
            if method != "POST" or len(rest) != 3:  # noqa: PLR2004  # id, !transform, target
                raise _method_error()
            return self._transform(kind, rest[0], rest[2])
        if len(rest) > 1:
            return self._sublist(kind, rest)
        handlers = {"GET": self._get, "PUT": self._put, "PATCH": self._patch, "DELETE": self._delete}
        if method not in handlers:
            raise _method_error()
        return handlers[method](kind, rest[0])

    def _one_of(
        self, handlers: Mapping[str, Callable[[RecordType], Response]], method: str, kind: RecordType
    ) -> Response:
        if method not in handlers:
            raise _method_error()
        return handlers[method](kind)

    def _body(self, kind: RecordType) -> Json:
        mode = self._incoming.headers.get(NAME_HEADER, "Warning")
        return BodyReader(self._account, kind, mode).read(read_json(self._incoming.body))

    @property
    def _replaces(self) -> bool:
        return "item" in self._incoming.query.get("replace", "").split(",")

    def _flag(self, name: str) -> bool:
        return self._incoming.query.get(name, "false").lower() == "true"

    def _get(self, kind: RecordType, reference: str) -> Response:
        record = self._records.find(kind, reference)
        body = self._renderer.record(record, expanded=self._flag("expandSubResources"))
        wanted = self._incoming.query.get("fields")
        if wanted:
            body = {name: value for name, value in body.items() if name in {"links", *wanted.split(",")}}
        return resource(body, "singular-resource")

    def _sublist(self, kind: RecordType, rest: list[str]) -> Response:
        """Answer a sublist, or one of its lines."""
        record = self._records.find(kind, rest[0])
        expanded = self._flag("expandSubResources") or len(rest) > 2  # noqa: PLR2004  # a line is always written out
        body = self._renderer.sublist(record, rest[1], expanded=expanded)
        if body is None or self._incoming.method != "GET":
            raise no_record()
        if len(rest) == 2:  # noqa: PLR2004  # id and sublist
            return resource(body, "collection")
        lines = [each for each in body["items"] if str(each.get("line")) == rest[2]]
        if not lines:
            raise no_record()
        return resource(lines[0], "singular-resource")

    def _list(self, kind: RecordType) -> Response:
        """Answer the records of a type, all or those that ``q`` asks for."""
        found = [each for each in self._account.transactions.values() if each.type is kind]
        for match in _conditions(self._incoming.query.get("q", "")):
            text = match["text"] if match["text"] is not None else match["bare"]
            found = [each for each in found if _property(each, match["field"]) == text]
        items: list[Json] = [{"links": [link(self._renderer.url(each))], "id": each.id} for each in found]
        return resource(collection(items, f"{self._incoming.base}/{kind.rest}"), "collection")

    def _create(self, kind: RecordType) -> Response:
        return no_content(self._renderer.url(self._records.create(kind, self._body(kind))))

    def _put(self, kind: RecordType, reference: str) -> Response:
        """Upsert by external id; by internal id a record must be there.

        https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156335203191.html
        """
        body = self._body(kind)
        external_id = reference.removeprefix("eid:") if reference.startswith("eid:") else None
        if external_id is not None:
            if not re.fullmatch(r"[A-Za-z0-9_-]+", external_id):
                raise bad_request("INVALID_PARAMETER", "An external ID has letters, digits, _ and - only.")
            body["externalId"] = external_id
            if self._account.by_external_id(kind, external_id) is None:
                return no_content(self._renderer.url(self._records.create(kind, body, external_id)))
        record = self._records.find(kind, reference)
        self._records.update(record, body, replace=self._replaces)
        return no_content(self._renderer.url(record))

    def _patch(self, kind: RecordType, reference: str) -> Response:
        record = self._records.find(kind, reference)
        self._records.update(record, self._body(kind), replace=self._replaces)
        return no_content(self._renderer.url(record))

    def _delete(self, kind: RecordType, reference: str) -> Response:
        self._records.delete(self._records.find(kind, reference))
        return no_content()

    def _transform(self, kind: RecordType, reference: str, target_name: str) -> Response:
        source = self._records.find(kind, reference)
        target = _kind(target_name)
        made = transform(self._records, source, target, self._body(target), replace=self._replaces)
        return no_content(self._renderer.url(made))


def _method_error() -> NetSuiteError:
    return NetSuiteError(
        HTTPStatus.METHOD_NOT_ALLOWED,
        Detail("The method is not allowed for this resource.", "INVALID_METHOD"),
    )


def _conditions(query: str) -> list[re.Match[str]]:
    """Read the ``q`` parameter: conditions with IS or EQUAL, joined by AND."""
    if not query.strip():
        return []
    found = []
    for part in re.split(r"\s+AND\s+", query.strip(), flags=re.IGNORECASE):
        match = CONDITION.fullmatch(part.strip())
        if match is None:
            raise NetSuiteError(
                HTTPStatus.BAD_REQUEST,
                Detail(f"Invalid query condition: {part}", "INVALID_PARAMETER", query_param="q"),
            )
        found.append(match)
    return found


def _property(record: Transaction, name: str) -> str | None:
    """Return the value that a condition compares."""
    known = {
        "externalId": record.external_id,
        "tranId": record.tran_id,
        "otherRefNum": record.other_ref_num,
        "memo": record.memo,
        "id": record.id,
        **record.custom,
    }
    if name not in known:
        raise NetSuiteError(
            HTTPStatus.BAD_REQUEST,
            Detail(f"Invalid query condition: field {name}", "INVALID_PARAMETER", query_param="q"),
        )
    return known[name]


def suiteql(database: SuiteQLDatabase, incoming: Incoming) -> Response:
    """Answer a SuiteQL request.

    Raises:
        NetSuiteError: It is refused.
    """
    if "transient" not in [part.strip() for part in incoming.headers.get("Prefer", "").split(",")]:
        detail = "The required request header 'Prefer' is missing or its value is not 'transient'."
        raise NetSuiteError(HTTPStatus.BAD_REQUEST, Detail(detail, "INVALID_HEADER", header="Prefer"))
    _check_headers(incoming)
    body = read_json(incoming.body)
    unknown = sorted(set(body) - {"q", "params"})
    if unknown or not isinstance(body.get("q"), str) or not isinstance(body.get("params", []), list):
        raise bad_request(
            "INVALID_CONTENT", "Invalid content in the request body.", unknown[0] if unknown else "q"
        )
    limit = _number(incoming.query, "limit", LARGEST_PAGE)
    offset = _number(incoming.query, "offset", 0)
    if not 1 <= limit <= LARGEST_PAGE or offset % limit:
        wrong = "offset" if 1 <= limit <= LARGEST_PAGE else "limit"
        raise NetSuiteError(
            HTTPStatus.BAD_REQUEST,
            Detail(f"Invalid value of the query parameter {wrong}.", "INVALID_PARAMETER", query_param=wrong),
        )
    try:
        names, rows = database.run(body["q"], [_param(value) for value in body.get("params", [])])
    except SuiteQLError as error:
        raise NetSuiteError(
            HTTPStatus.BAD_REQUEST, Detail(f"{PREFIX}{error}", "INVALID_PARAMETER", query_param="q")
        ) from error
    return resource(page(names, rows[:MOST_ROWS], limit, offset, incoming.base), "collection")


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    return int(text) if text.isascii() and text.isdigit() else -1


def _param(value: object) -> str | int | float | None:
    """Turn a bound parameter into what the database takes."""
    if value is None or isinstance(value, str | int):
        return value
    return float(str(value))
