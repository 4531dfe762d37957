from typing import Any

import pytest

from workers.platforms.errors import reason_of
from workers.platforms.shopify_errors import (
    ERRORS,
    TOKEN_ERRORS,
    graphql_refusal,
    http_refusal,
    key_is_used_up,
    user_refusal,
)

BAD_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"
# One for each row of the table, in its order: the answer's status, code and message, and the reason.
DOCUMENTED = [
    (401, "", BAD_TOKEN, "BAD_CREDENTIALS"),
    (402, "", "Unavailable Shop", "SHOP_INACTIVE"),
    (403, "", "Forbidden", "SHOP_INACTIVE"),
    (423, "", "Locked", "SHOP_INACTIVE"),
    (400, "SHOP_INACTIVE", "This shop is not active.", "SHOP_INACTIVE"),
    (400, "ACCESS_DENIED", "Access denied for order field. Required access: `read_orders`.", "NO_PERMISSION"),
    (400, "THROTTLED", "Throttled", "RATE_LIMITED"),
    (400, "IDEMPOTENCY_CONCURRENT_REQUEST", "Busy", "IN_PROGRESS"),
    (400, "", "This request is currently in progress, please try again.", "IN_PROGRESS"),
    (400, "IDEMPOTENCY_KEY_PARAMETER_MISMATCH", "Other parameters", "REFUSED"),
    (
        400,
        "",
        "The same idempotency key cannot be used with different operation parameters.",
        "REFUSED",
    ),
    (400, "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", "Failed before", "REFUSED"),
    (
        400,
        "",
        "A previous request with this idempotency key failed. Retry with a new idempotency key.",
        "REFUSED",
    ),
    (400, "RESOURCE_NOT_FOUND", "Invalid id: gid://shopify/Order/x", "NONEXISTENT_RECORD"),
    (400, "", "Order does not exist", "NONEXISTENT_RECORD"),
    (400, "", "Line item does not exist", "STOREFRONT_LINE_NOT_FOUND"),
    (400, "", "Refund amount $99.00 is greater than net payment received $50.00", "OVER_REFUND"),
    (400, "", "Location must be specified for items being restocked", "MAPPING_MISSING"),
    (400, "", "Currency must match the presentment currency of the order", "CURRENCY_MIXED"),
]
VARIANTS = [
    (400, "", "Quantity cannot refund more items than were purchased", "OVER_REFUND"),
    (400, "", "cannot exceed sales cap", "OVER_REFUND"),
    (400, "", "The amount exceeds what is refundable", "OVER_REFUND"),
    (400, "", "Amount must be greater than zero", "REFUSED"),
    (400, "", "Quantity must be greater than 0", "REFUSED"),
    (400, "", "Gateway was not used to pay for the order", "REFUSED"),
    (400, "MAX_COST_EXCEEDED", "Query cost is 1200", "REFUSED"),
    (404, "", "Not Found", "REFUSED"),
    (429, "", "Too Many Requests", "RATE_LIMITED"),
    (502, "", "Bad Gateway", "UNKNOWN_OUTCOME"),
    (400, "", "The order exceedingly matters", "REFUSED"),
]


def test_every_row_has_an_example() -> None:
    first = [
        next(row for row in ERRORS if row.describes(status, code, text))
        for status, code, text, _ in DOCUMENTED
    ]
    assert first == list(ERRORS)


@pytest.mark.parametrize(("status", "code", "text", "reason"), DOCUMENTED + VARIANTS)
def test_a_documented_error_has_its_reason(status: int, code: str, text: str, reason: str) -> None:
    assert reason_of(ERRORS, status, code, text, write=True) == reason


@pytest.mark.parametrize(
    ("body", "text", "code", "said"),
    [
        ({"errors": BAD_TOKEN}, "", "", BAD_TOKEN),
        ({"errors": [{"message": "Bad", "extensions": {"code": "X"}}]}, "", "X", "Bad"),
        ({"errors": [{"message": "Bad"}]}, "", "", "Bad"),
        ({"errors": ["Bad"]}, "", "", "Bad"),
        ({"errors": []}, "odd", "", ""),
        ({"errors": {"query": "missing"}}, "", "", "{'query': 'missing'}"),
        ({}, "odd", "", "odd"),
        ({"error": "invalid_client", "error_description": "no"}, "", "invalid_client", "invalid_client: no"),
        (None, "<html>", "", "<html>"),
        ([], "[]", "", "[]"),
    ],
)
def test_any_http_error_can_be_read(body: object, text: str, code: str, said: str) -> None:
    refusal = http_refusal(400, body, text)
    assert (refusal.status, refusal.code, refusal.text, refusal.began) == (400, code, said, False)


def error(message: str, code: str = "") -> dict[str, Any]:
    return {"message": message, **({"extensions": {"code": code}} if code else {})}


def test_a_refused_request_had_not_begun() -> None:
    refusal = graphql_refusal(
        {"errors": [error("Field 'x' doesn't exist on type 'Order'", "undefinedField")]}
    )
    assert (refusal.status, refusal.code, refusal.began) == (400, "undefinedField", False)


def test_an_error_beside_data_came_after_the_beginning() -> None:
    refusal = graphql_refusal({"data": {"refundCreate": None}, "errors": [error("Odd")]})
    assert (refusal.status, refusal.began) == (400, True)


def test_an_internal_error_is_a_server_error() -> None:
    refusal = graphql_refusal({"errors": [error("Internal error.", "INTERNAL_SERVER_ERROR")]})
    assert (refusal.status, refusal.began) == (500, True)


def test_of_several_errors_the_known_one_counts() -> None:
    refusal = graphql_refusal({"errors": [error("Odd"), error("Throttled", "THROTTLED")]})
    assert refusal.code == "THROTTLED"


@pytest.mark.parametrize("errors", ["Odd", [], [None], [{"extensions": "odd"}], {"a": 1}])
def test_any_graphql_errors_can_be_read(errors: object) -> None:
    assert graphql_refusal({"errors": errors}).status == 400


def test_user_errors_are_all_said_the_known_one_first() -> None:
    errors: list[dict[str, Any]] = [
        {"field": ["a"], "message": "Odd"},
        {"field": None, "message": "Order does not exist"},
        {"message": "Also odd"},
    ]
    assert user_refusal(errors).text == "Order does not exist; Odd; Also odd"
    assert user_refusal(errors[:1]).text == "Odd"


def test_a_used_up_key_is_known_by_code_and_by_text() -> None:
    assert key_is_used_up("A previous request with this idempotency key failed. Retry with a new one.")
    assert key_is_used_up("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED ")
    assert not key_is_used_up("This request is currently in progress, please try again.")


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, "app_not_installed", "APP_UNINSTALLED"),
        (400, "application_cannot_be_found", "BAD_CREDENTIALS"),
        (400, "invalid_client", "BAD_CREDENTIALS"),
        (400, "invalid_request", "BAD_CREDENTIALS"),
        (400, "shop_not_permitted", "BAD_CREDENTIALS"),
        (401, "", "BAD_CREDENTIALS"),
        (402, "", "SHOP_INACTIVE"),
        (423, "", "SHOP_INACTIVE"),
    ],
)
def test_a_refused_token_has_its_reason(status: int, code: str, reason: str) -> None:
    assert reason_of(TOKEN_ERRORS, status, code, "", write=False) == reason


def test_every_row_for_tokens_has_an_example() -> None:
    examples = [(400, row.code) if row.code else (row.status or 0, "") for row in TOKEN_ERRORS]
    assert len(examples) == 8
