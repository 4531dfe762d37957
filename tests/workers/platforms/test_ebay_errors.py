import json
from pathlib import Path
from typing import Any

import pytest

from workers.platforms.ebay_errors import ERRORS, TOKEN_ERRORS, Said, said_by
from workers.platforms.errors import reason_of

USED = {
    "sell_fulfillment_v1_oas3.json": {
        ("/order", "get"),
        ("/order/{orderId}", "get"),
        ("/order/{order_id}/issue_refund", "post"),
    },
    "sell_finances_v1_oas3.json": {("/transaction", "get")},
}
WRITING = {
    34901: "REFUSED",
    34907: "REFUSED",
    34909: "CURRENCY_MIXED",
    34913: "NONEXISTENT_RECORD",
    34914: "STOREFRONT_LINE_NOT_FOUND",
    34915: "OVER_REFUND",
    34916: "BUYER_CASE_OPEN",
    34917: "OVER_REFUND",
    34918: "REFUSED",
    34919: "REFUSED",
    34920: "REFUSED",
    34921: "REFUSED",
    34922: "IN_PROGRESS",
    34923: "REFUSED",
    34924: "OVER_REFUND",
    34925: "REFUSED",
    34926: "REFUSED",
    34927: "REFUSED",
    34928: "REFUSED",
    34929: "TRANSIENT",
    34930: "REFUSED",
}


def said(error_id: int, message: str = "A message.", **more: Any) -> Said:  # noqa: ANN401 - JSON
    return said_by({"errors": [{"errorId": error_id, "message": message, **more}]}, "")


@pytest.mark.parametrize(("error_id", "reason"), WRITING.items())
def test_every_refusal_of_a_refund_has_its_reason(error_id: int, reason: str) -> None:
    assert reason_of(ERRORS, 400, said(error_id).code, "", write=True) == reason


@pytest.mark.parametrize(
    ("status", "error_id", "reason"),
    [
        (401, 1001, "BAD_CREDENTIALS"),
        (403, 1100, "NO_PERMISSION"),
        (403, 215000, "BAD_CREDENTIALS"),
        (403, 215122, "BAD_CREDENTIALS"),
        (429, 2001, "RATE_LIMITED"),
        (400, 30850, "REFUSED"),
        (500, 34900, "UNKNOWN_OUTCOME"),
        (400, 99999, "REFUSED"),
    ],
)
def test_errors_of_every_api_have_their_reasons(status: int, error_id: int, reason: str) -> None:
    assert reason_of(ERRORS, status, said(error_id).code, "", write=True) == reason


def test_ebays_own_failure_of_a_read_passes() -> None:
    assert reason_of(ERRORS, 500, "30500", "", write=False) == "TRANSIENT"


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (401, "invalid_client", "BAD_CREDENTIALS"),
        (400, "invalid_grant", "BAD_CREDENTIALS"),
        (400, "invalid_scope", "NO_PERMISSION"),
        (400, "unsupported_grant_type", "REFUSED"),
        (503, "", "TRANSIENT"),
    ],
)
def test_refusals_of_a_token_have_their_reasons(status: int, code: str, reason: str) -> None:
    assert reason_of(TOKEN_ERRORS, status, code, "", write=False) == reason


def test_the_long_message_is_told_with_its_parameters() -> None:
    parameters = [{"name": "orderId", "value": "x"}, "odd"]
    assert said(32100, longMessage="Invalid order ID: x", parameters=parameters) == Said(
        "32100", "Invalid order ID: x orderId=x"
    )


def test_of_several_errors_the_one_that_is_known_is_told() -> None:
    errors = [{"errorId": 1, "message": "One."}, {"errorId": 34916, "message": "A case."}]
    assert said_by({"errors": errors}, "") == Said("34916", "A case.")


def test_the_post_order_api_wraps_its_errors() -> None:
    error = {"errorId": 1100, "message": "Access denied", "parameter": []}
    assert said_by({"errorMessage": {"error": [error]}}, "") == Said("1100", "Access denied")


def test_oauths_errors_have_a_name() -> None:
    body = {"error": "invalid_grant", "error_description": "gone"}
    assert said_by(body, "") == Said("invalid_grant", "gone")


@pytest.mark.parametrize("body", [None, [], "text", {}, {"errors": []}, {"errors": ["x"]}, {"errors": {}}])
def test_an_answer_of_another_shape_is_told_as_it_came(body: object) -> None:
    assert said_by(body, "x" * 600) == Said("", "x" * 500)


def test_every_error_of_the_contracts_is_in_the_table(specs_dir: Path) -> None:
    known = {row.code for row in ERRORS}
    for name, operations in USED.items():
        paths = json.loads((specs_dir / "ebay" / name).read_text())["paths"]
        for path, method in operations:
            for status, answer in paths[path][method]["responses"].items():
                told = set((answer.get("x-response-codes") or {}).get("errors", {}))
                assert status == "500" or told <= known, told - known
