"""Judges what was said to eBay and by it: every request and response must be of eBay's own contracts.

The Sell, Commerce and Developer APIs have OpenAPI contracts; what is below `WITHOUT_CONTRACT` has none, so
that what its documentation lists is written down, Post-Order's in `specs_ebay_post_order`.
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

from jsonschema import Draft202012Validator

from tests.support.specs_ebay_post_order import POST_ORDER, POST_ORDER_ERROR, POST_ORDER_QUERY

CONTRACTS: Final = (
    "sell_fulfillment_v1_oas3.json",
    "sell_finances_v1_oas3.json",
    "developer_key_management_v1_oas3.json",
    "commerce_notification_v1_oas3.json",
)

_TOKEN_PATH: Final = "/identity/v1/oauth2/token"
_POST_ORDER_PATH: Final = "/post-order/v2/"
WITHOUT_CONTRACT: Final = (_TOKEN_PATH, _POST_ORDER_PATH)
"""The paths for which no published contract is at hand."""

Json = dict[str, Any]

OK: Final = 200
MULTIPLE_CHOICES: Final = 300
TOKEN_SECONDS: Final = 7200

ENUMS: Final[Mapping[str, set[str]]] = {
    "orderPaymentStatus": {"FAILED", "FULLY_REFUNDED", "PAID", "PARTIALLY_REFUNDED", "PENDING"},
    "orderFulfillmentStatus": {"FULFILLED", "IN_PROGRESS", "NOT_STARTED"},
    "refundStatus": {"FAILED", "PENDING", "REFUNDED"},
    "cancelState": {"CANCELED", "IN_PROGRESS", "NONE_REQUESTED"},
    "cancelRequestState": {"COMPLETED", "REJECTED", "REQUESTED"},
    "reasonForRefund": {
        "BUYER_CANCEL",
        "SELLER_CANCEL",
        "ITEM_NOT_RECEIVED",
        "BUYER_RETURN",
        "ITEM_NOT_AS_DESCRIBED",
        "OTHER_ADJUSTMENT",
        "SHIPPING_DISCOUNT",
    },
    "transactionType": {
        "SALE",
        "REFUND",
        "CREDIT",
        "DISPUTE",
        "NON_SALE_CHARGE",
        "SHIPPING_LABEL",
        "TRANSFER",
    },
    "transactionStatus": {
        "PAYOUT",
        "FUNDS_PROCESSING",
        "FUNDS_AVAILABLE_FOR_PAYOUT",
        "FUNDS_ON_HOLD",
        "COMPLETED",
        "FAILED",
    },
    "bookingEntry": {"CREDIT", "DEBIT"},
    "signingKeyCipher": {"ED25519", "RSA"},
}
"""What the fields' documentation allows; the contracts call them plain strings."""

REQUIRED: Final[Mapping[str, set[str]]] = {
    "Order": {"orderId", "cancelStatus", "paymentSummary", "lineItems", "pricingSummary", "lastModifiedDate"},
    "PaymentSummary": {"payments", "refunds"},
    "OrderRefund": {"amount", "refundStatus"},
    "CancelStatus": {"cancelState", "cancelRequests"},
    "LineItem": {"lineItemId", "taxes", "appliedPromotions", "total"},
    "DeliveryCost": {"shippingCost"},
    "Transaction": {"amount", "transactionId", "transactionType", "transactionStatus", "transactionDate"},
    "Transactions": {"href", "limit", "offset", "total", "transactions"},
    "Refund": {"refundStatus"},
    "IssueRefundRequest": {"reasonForRefund"},
    "CreateSigningKeyRequest": {"signingKeyCipher"},
    "PublicKey": {"key", "algorithm", "digest"},
}
"""What is documented as always there; the contracts require nothing."""

_TOKEN: Final = {"access_token": "string", "expires_in": "integer", "token_type": "string"}
_TOKEN_REFUSAL: Final = {"error": "string", "error_description": "string"}


def check_calls(specs_dir: Path, calls: Iterable[Json]) -> None:
    """Check what the sandbox's log has of eBay, requests and answers.

    Args:
        specs_dir: The directory of the platforms' published specifications.
        calls: Rows of `GET /_control/calls?platform=ebay`.

    Raises:
        AssertionError: Something is not of the contract: a path, a parameter, a field, a value.
    """
    for call in calls:
        _check(specs_dir, call)


def check_answers(specs_dir: Path, calls: Iterable[Json]) -> None:
    """Check the answers alone, of calls that may be wrong on purpose; otherwise as `check_calls`."""
    for call in calls:
        _check(specs_dir, call, requests=False)


def check_requests(specs_dir: Path, calls: Iterable[Json]) -> None:
    """Check the requests alone, of calls that may be answered wrongly; otherwise as `check_calls`."""
    for call in calls:
        _check(specs_dir, call, answers=False)


def check_body(specs_dir: Path, contract: str, schema: str, body: object) -> None:
    """Check a body against one of a contract's schemas, unknown fields failing."""
    strict = _strict(specs_dir, contract)
    validator = Draft202012Validator({"$ref": f"#/schemas/{schema}", "schemas": strict})
    errors = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)]
    assert not errors, (schema, errors)
    _check_enums(body)


def _check(specs_dir: Path, call: Json, *, requests: bool = True, answers: bool = True) -> None:
    path = re.sub(r"^/ebay/[^/]+", "", call["path"])
    text = call["response"]["body"] if call["response"] and answers else ""
    body = json.loads(text) if text else None
    if path == _TOKEN_PATH:
        if requests:
            _check_token_request(call["request"])
        if answers:
            _check_token_answer(call["status"], body)
    elif path.startswith(_POST_ORDER_PATH):
        resource, _, number = path.removeprefix(_POST_ORDER_PATH).partition("/")
        key = f"{resource}/search" if number == "search" else f"{resource}/"
        if requests:
            _check_post_order_request(call["request"], key)
        error = {"errorMessage": {"error": [POST_ORDER_ERROR]}}
        if body is not None:
            _check_shape(body, POST_ORDER[key] if call["status"] == OK else error)
    else:
        contract, operation = _operation(specs_dir, call["method"], path)
        if requests:
            _check_contract_request(specs_dir, call["request"], contract, operation)
        if body is not None:
            _check_contract_answer(specs_dir, call["status"], body, contract, operation)


def _check_token_request(request: Json) -> None:
    form = {name: values[0] for name, values in parse_qs(request["body"]).items()}
    assert form.keys() <= {"grant_type", "scope", "refresh_token"}, form.keys()
    assert request["headers"]["content-type"].startswith("application/x-www-form-urlencoded")
    assert request["headers"]["authorization"].startswith("Basic ")


def _check_token_answer(status: int, body: Any) -> None:  # noqa: ANN401 - JSON may be anything
    if status == OK:
        _check_shape(body, _TOKEN)
        assert body["expires_in"] == TOKEN_SECONDS
    elif body is not None and "errors" not in body:
        _check_shape(body, _TOKEN_REFUSAL)


def _check_post_order_request(request: Json, key: str) -> None:
    sent = {name for name, _ in request["query"]}
    assert sent <= POST_ORDER_QUERY[key], (key, sent)
    assert not request["body"], key
    assert request["headers"]["authorization"].startswith("IAF ")
    assert request["headers"]["x-ebay-c-marketplace-id"].startswith("EBAY")


def _check_contract_request(specs_dir: Path, request: Json, contract: str, operation: Json) -> None:
    known = {each["name"] for each in operation.get("parameters", []) if each["in"] == "query"}
    sent = {name for name, _ in request["query"]}
    assert sent <= known, (operation["operationId"], sent - known)
    assert request["headers"]["authorization"].startswith("Bearer ")
    schema = _schema(operation.get("requestBody"))
    if schema is None:
        assert not request["body"], operation["operationId"]
        return
    assert request["headers"].get("content-type", "").startswith("application/json")
    check_body(specs_dir, contract, schema, json.loads(request["body"]))


def _check_contract_answer(
    specs_dir: Path,
    status: int,
    body: Any,  # noqa: ANN401 - JSON may be anything
    contract: str,
    operation: Json,
) -> None:
    if status < MULTIPLE_CHOICES:
        check_body(specs_dir, contract, str(_schema(operation["responses"].get(str(status)))), body)
        return
    assert body.keys() == {"errors"}, body
    for error in body["errors"]:
        check_body(specs_dir, contract, "Error", error)


def _operation(specs_dir: Path, method: str, path: str) -> tuple[str, Json]:
    """Return the contract and the operation of a path."""
    for name in CONTRACTS:
        contract = contract_of(specs_dir, name)
        base = contract["servers"][0]["variables"]["basePath"]["default"]
        for template, operations in contract["paths"].items():
            pattern = re.sub(r"\{[^}]+\}", "[^/]+", base + template)
            if re.fullmatch(pattern, path) and method.lower() in operations:
                return name, operations[method.lower()]
    raise AssertionError(f"eBay has no {method} {path}.")


def _schema(node: Json | None) -> str | None:
    """Return the name of the schema of a request body or a response."""
    content = (node or {}).get("content", {}).get("application/json", {})
    reference = content.get("schema", {}).get("$ref")
    return None if reference is None else str(reference).rpartition("/")[2]


@cache
def contract_of(specs_dir: Path, name: str) -> Json:
    contract: Json = json.loads((specs_dir / "ebay" / name).read_text())
    return contract


@cache
def _strict(specs_dir: Path, name: str) -> Json:
    """Return a contract's schemas, closed to unknown fields and with what is always there required."""
    text = json.dumps(contract_of(specs_dir, name)["components"]["schemas"])
    schemas: Json = json.loads(text.replace("#/components/schemas/", "#/schemas/"))
    for title, schema in schemas.items():
        schema["additionalProperties"] = False
        schema["required"] = sorted(REQUIRED.get(title, ()))
    return schemas


def _check_enums(node: object) -> None:
    if isinstance(node, list):
        for each in node:
            _check_enums(each)
    elif isinstance(node, dict):
        for name, value in node.items():
            assert name not in ENUMS or value in ENUMS[name], (name, value)
            _check_enums(value)


def _check_shape(node: Any, shape: Any) -> None:  # noqa: ANN401 - JSON may be anything
    """Check JSON against a transcribed shape: no unknown field, every value of its kind."""
    if isinstance(shape, list):
        assert isinstance(node, list), node
        for each in node:
            _check_shape(each, shape[0])
    elif isinstance(shape, dict):
        assert isinstance(node, dict), node
        assert node.keys() <= shape.keys(), node.keys() - shape.keys()
        for name, value in node.items():
            _check_shape(value, shape[name])
    else:
        kinds: dict[str, type | tuple[type, ...]] = {"string": str, "integer": int, "number": (int, float)}
        assert isinstance(node, kinds[shape]), (shape, node)
        assert not isinstance(node, bool), (shape, node)
