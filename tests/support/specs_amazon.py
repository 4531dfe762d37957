"""Checks what went to and fro with Amazon against its published models; what they do not know fails.

What has no model among the specifications is named in `UNMODELLED`, and nowhere else.
"""

import functools
import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

from jsonschema import Draft202012Validator

Schema = dict[str, Any]

_MODELS: Final = {
    "listTransactions": ("finances_2024-06-19.json", "/finances/2024-06-19/transactions"),
    "listFinancialEventsByOrderId": ("financesV0.json", "/finances/v0/orders/{orderId}/financialEvents"),
    "listFinancialEvents": ("financesV0.json", "/finances/v0/financialEvents"),
    "searchOrders": ("orders_2026-01-01.json", "/orders/2026-01-01/orders"),
    "getOrder": ("orders_2026-01-01.json", "/orders/2026-01-01/orders/{orderId}"),
}
UNMODELLED: Final = {
    "token": "https://developer-docs.amazon.com/sp-api/docs/connecting-to-the-selling-partner-api",
    "createFeedDocument": "https://developer-docs.amazon.com/sp-api/reference/createfeeddocument",
    "createFeed": "https://developer-docs.amazon.com/sp-api/reference/createfeed",
    "getFeed": "https://developer-docs.amazon.com/sp-api/reference/getfeed",
    "getFeeds": "https://developer-docs.amazon.com/sp-api/reference/getfeeds",
    "cancelFeed": "https://developer-docs.amazon.com/sp-api/reference/cancelfeed",
    "getFeedDocument": "https://developer-docs.amazon.com/sp-api/reference/getfeeddocument",
    "upload": "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html",
    "download": "https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html",
    "sns:certificate": "https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html",
    "sns:ConfirmSubscription": "https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html",
    "sns:Unsubscribe": "https://docs.aws.amazon.com/sns/latest/api/API_Unsubscribe.html",
}
"""What no model is published for among the specifications; the shapes here are written from these pages."""

_NOTIFICATIONS: Final = {
    "TRANSACTION_UPDATE": "TransactionUpdateNotification.json",
    "ORDER_CHANGE": "OrderChangeNotification.json",
    "FEED_PROCESSING_FINISHED": "FeedProcessingFinishedNotification.json",
}
_RATED: Final = {200, 201, 202, 400, 404}

_TEXT: Final = {"type": "string"}
_STATUSES: Final = ["CANCELLED", "DONE", "FATAL", "IN_PROGRESS", "IN_QUEUE"]
_LIST: Final = {"type": "array", "items": _TEXT}


def _object(required: str, **properties: object) -> Schema:
    return {
        "type": "object",
        "required": required.split(),
        "properties": properties,
        "additionalProperties": False,
    }


_ERROR: Final = _object("code message", code=_TEXT, message=_TEXT, details=_TEXT)
_ERRORS: Final = _object("errors", errors={"type": "array", "items": _ERROR})
_FEED: Final = _object(
    "createdTime feedId feedType processingStatus",
    feedId=_TEXT,
    feedType=_TEXT,
    marketplaceIds=_LIST,
    createdTime=_TEXT,
    processingStatus={"enum": _STATUSES},
    processingStartTime=_TEXT,
    processingEndTime=_TEXT,
    resultFeedDocumentId=_TEXT,
)
_FEED_OPTIONS: Final = {"type": "object", "additionalProperties": _TEXT}
_MARKETPLACES: Final = {**_LIST, "minItems": 1, "maxItems": 25}
_CREATE_FEED: Final = _object(
    "inputFeedDocumentId feedType marketplaceIds",
    feedType=_TEXT,
    marketplaceIds=_MARKETPLACES,
    inputFeedDocumentId=_TEXT,
    feedOptions=_FEED_OPTIONS,
)
_DOCUMENT: Final = _object(
    "feedDocumentId url", feedDocumentId=_TEXT, url=_TEXT, compressionAlgorithm={"enum": ["GZIP"]}
)
_FEEDS: Final = "/feeds/2021-06-30/feeds"
_DOCUMENTS: Final = "/feeds/2021-06-30/documents"

_FEED_OPERATIONS: Final[dict[str, tuple[str, str, int, Schema | None, Schema]]] = {
    "createFeedDocument": (
        "POST",
        _DOCUMENTS,
        201,
        _object("contentType", contentType=_TEXT),
        _object("feedDocumentId url", feedDocumentId=_TEXT, url=_TEXT),
    ),
    "createFeed": ("POST", _FEEDS, 202, _CREATE_FEED, _object("feedId", feedId=_TEXT)),
    "getFeed": ("GET", f"{_FEEDS}/{{feedId}}", 200, None, _FEED),
    "cancelFeed": ("DELETE", f"{_FEEDS}/{{feedId}}", 200, None, _object("")),
    "getFeeds": (
        "GET",
        _FEEDS,
        200,
        None,
        _object("feeds", feeds={"type": "array", "items": _FEED}, nextToken=_TEXT),
    ),
    "getFeedDocument": ("GET", f"{_DOCUMENTS}/{{feedDocumentId}}", 200, None, _DOCUMENT),
}
_FEED_QUERY: Final = {
    "feedTypes",
    "marketplaceIds",
    "pageSize",
    "processingStatuses",
    "createdSince",
    "createdUntil",
    "nextToken",
}
_GRANTS: Final = {
    "refresh_token": {"grant_type", "refresh_token", "client_id", "client_secret"},
    "client_credentials": {"grant_type", "scope", "client_id", "client_secret"},
}
_TOKEN: Final = _object(
    "access_token token_type expires_in",
    access_token=_TEXT,
    token_type={"const": "bearer"},
    expires_in={"const": 3600},
    refresh_token=_TEXT,
)
_TOKEN_ERROR: Final = _object("error error_description", error=_TEXT, error_description=_TEXT)


def check_calls(specs_dir: Path, calls: Iterable[Mapping[str, Any]]) -> None:
    """Check calls as the sandbox's log has them: `GET /_control/calls?platform=amazon`.

    Args:
        specs_dir: Where the published models are.
        calls: The calls, each with its `request` and `response`.

    Raises:
        AssertionError: Something is not of the documentation.
        jsonschema.ValidationError: A body is not of its schema.
    """
    calls = list(calls)
    check_requests(specs_dir, calls)
    check_answers(specs_dir, calls)


def check_requests_if_specified(calls: Iterable[Mapping[str, Any]]) -> None:
    """Check what was asked where `SPECS_DIR` says that there are specifications; see `check_requests`."""
    if specifications := os.environ.get("SPECS_DIR"):
        check_requests(Path(specifications), calls)


def check_requests(specs_dir: Path, calls: Iterable[Mapping[str, Any]]) -> None:
    """Check what was asked only, whatever was answered; arguments as for `check_calls`.

    Raises:
        AssertionError: Something is not of the documentation.
        jsonschema.ValidationError: A body is not of its schema.
    """
    for call in calls:
        operation = call["operation"]
        if operation in _MODELS:
            _check_modelled_request(specs_dir, call)
        elif operation in _FEED_OPERATIONS:
            _check_feed_request(call)
        elif operation == "token":
            _check_token_request(call)
        else:
            assert operation in UNMODELLED, f"{operation} is documented nowhere: {call['path']}"
            headers = call["request"]["headers"]
            assert "x-amz-access-token" not in headers, f"{operation} gives the token away"
            assert call["method"] == ("PUT" if operation == "upload" else "GET"), call["method"]


def check_answers(specs_dir: Path, calls: Iterable[Mapping[str, Any]]) -> None:
    """Check what was answered only, whatever was asked; arguments as for `check_calls`.

    Raises:
        AssertionError: Something is not of the documentation.
        jsonschema.ValidationError: A body is not of its schema.
    """
    for call in calls:
        operation, status = call["operation"], call["status"]
        if status is None or operation not in {*_MODELS, *_FEED_OPERATIONS, "token"}:
            continue
        body = json.loads(call["response"]["body"])
        rated = call["response"]["headers"].get("x-amzn-ratelimit-limit") is not None
        if operation == "token":
            if status in {200, 400, 401}:
                Draft202012Validator(_TOKEN if status == 200 else _TOKEN_ERROR).validate(body)
            continue
        assert rated or status >= 400, f"{operation} answers {status} without the rate"
        assert not rated or status in _RATED, f"{operation} answers {status} with the rate"
        if operation in _MODELS:
            name, template = _MODELS[operation]
            model = _load(specs_dir, name)
            answers = model["paths"][template][call["method"].lower()]["responses"]
            assert str(status) in answers or status > 500, f"{operation} does not answer {status}"
            _validate(model, answers.get(str(status), answers["500"])["schema"], body)
        else:
            _, _, success, _, answered = _FEED_OPERATIONS[operation]
            Draft202012Validator(answered if status == success else _ERRORS).validate(body)


def check_notification(specs_dir: Path, envelope: Mapping[str, Any]) -> None:
    """Check a notification, bare of what EventBridge or SNS wrap it in.

    Raises:
        jsonschema.ValidationError: It is not of its schema.
    """
    kind = envelope.get("NotificationType") or envelope["notificationType"]
    schema = _load(specs_dir, f"notification-schemas/{_NOTIFICATIONS[kind]}")
    Draft202012Validator(_strict(schema, schema)).validate(envelope)


def check_transaction(specs_dir: Path, transaction: Mapping[str, Any]) -> None:
    """Check a transaction of the Finances API 2024-06-19.

    Raises:
        jsonschema.ValidationError: It is not of its schema.
    """
    _validate(
        _load(specs_dir, "finances_2024-06-19.json"), {"$ref": "#/definitions/Transaction"}, transaction
    )


@functools.cache
def _load(specs_dir: Path, name: str) -> Schema:
    model: Schema = json.loads((specs_dir / "amazon" / name).read_text())
    return model


def _path_of(call: Mapping[str, Any]) -> str:
    """Return a call's path on Amazon's own host."""
    path: str = call["path"]
    return path.removeprefix(f"/amazon/{call['tenant']}")


def _fits(template: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) is not None


def _check_modelled_request(specs_dir: Path, call: Mapping[str, Any]) -> None:
    name, template = _MODELS[call["operation"]]
    model = _load(specs_dir, name)
    assert _fits(template, _path_of(call)), call["path"]
    operation = model["paths"][template][call["method"].lower()]
    assert operation["operationId"] == call["operation"]
    known = {each["name"]: each for each in operation["parameters"] if each["in"] == "query"}
    given = [parameter for parameter, _ in call["request"]["query"]]
    for parameter, value in call["request"]["query"]:
        assert parameter in known, f"{call['operation']} has no parameter {parameter}"
        _check_parameter(known[parameter], value)
    missing = {each for each, spec in known.items() if spec.get("required")} - set(given)
    assert not missing, f"{call['operation']} lacks {missing}"
    _check_headers(call)
    assert not call["request"]["body"], "a body is not expected"


def _check_parameter(spec: Schema, value: str) -> None:
    items = spec.get("items", spec)
    for each in value.split(",") if spec["type"] == "array" else [value]:
        assert each, f"{spec['name']} is empty"
        assert each in items.get("enum", [each]), f"{each} is no value of {spec['name']}"
        if items["type"] == "integer":
            assert spec.get("minimum", 1) <= int(each) <= spec.get("maximum", 100), spec["name"]
        if items.get("format") == "date-time":
            moment = r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?"
            assert re.fullmatch(moment, each), f"{spec['name']} is no ISO 8601 time: {each}"


def _check_headers(call: Mapping[str, Any]) -> None:
    assert call["request"]["headers"].get("x-amz-access-token"), "the access token is missing"
    assert re.search(r"/\S+ \(.*Language=", call["request"]["headers"]["user-agent"]), "no documented agent"


def _check_feed_request(call: Mapping[str, Any]) -> None:
    method, template, _, asked, _ = _FEED_OPERATIONS[call["operation"]]
    assert (call["method"], _fits(template, _path_of(call))) == (method, True), call["path"]
    _check_headers(call)
    query = {name for name, _ in call["request"]["query"]}
    assert query <= (_FEED_QUERY if call["operation"] == "getFeeds" else set()), query
    if asked is None:
        assert not call["request"]["body"], "a body is not expected"
    else:
        assert call["request"]["headers"]["content-type"].startswith("application/json")
        Draft202012Validator(asked).validate(json.loads(call["request"]["body"]))


def _check_token_request(call: Mapping[str, Any]) -> None:
    assert (call["method"], _path_of(call), call["request"]["query"]) == ("POST", "/auth/o2/token", [])
    content_type = call["request"]["headers"]["content-type"]
    assert content_type.startswith("application/x-www-form-urlencoded"), content_type
    form = parse_qs(call["request"]["body"], strict_parsing=True)
    assert set(form) == _GRANTS[form["grant_type"][0]], set(form)


def _validate(model: Schema, schema: Schema, value: object) -> None:
    Draft202012Validator(_strict(schema, model)).validate(value)


def _strict(schema: Schema, model: Schema) -> Schema:
    """Make a schema refuse what it does not name; parts joined by `allOf` are one object."""
    whole = _closed(schema, model)
    definitions = {name: _closed(each, model) for name, each in model.get("definitions", {}).items()}
    return {**whole, "definitions": definitions} if definitions else whole


def _closed(schema: object, model: Schema) -> Any:  # noqa: ANN401 - a schema holds any JSON
    if isinstance(schema, list):
        return [_closed(each, model) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "allOf" in schema:
        parts = [_resolved(each, model) for each in schema["allOf"]]
        properties = {name: each for part in parts for name, each in part.get("properties", {}).items()}
        required = [name for part in parts for name in part.get("required", [])]
        return _closed({"type": "object", "properties": properties, "required": required}, model)
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    closed: Schema = {
        name: {key: _closed(each, model) for key, each in value.items()}
        if name == "properties"
        else _closed(value, model)
        for name, value in schema.items()
        if name not in {"$id", "$schema", "example", "examples", "x-example", "format"}
    }
    if "properties" in closed:
        closed.setdefault("additionalProperties", False)
    return closed


def _resolved(schema: Schema, model: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    found: Schema = model["definitions"][schema["$ref"].removeprefix("#/definitions/")]
    return found
